"""The misconceptions of an assignment as they ship: id, sentence and hint. No torch.

A misconception is its id, such as "3.5/sign-of-dw": that is what is stored and compared. Its sentence is only how it is
told, and may be told better any day.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path

FILE = "misconceptions.json"
MAX_NAME_CHARS = 40

_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
_ID = re.compile(rf"\d+\.\d+/({_NAME.pattern})")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Misconception:
    """One misconception of an exercise, without the code and the outcomes by which it is recognized."""

    id: str
    """Such as "3.5/sign-of-dw"."""
    sentence: str
    """The fact and the question a student is shown."""
    hint: str
    """What helps a student who has this misconception; never the solution."""


@dataclass(frozen=True)
class _Row:
    sentence: str
    hint: str


@dataclass(frozen=True)
class _Shipped:
    misconceptions: dict[str, _Row]


def is_name(text: str) -> bool:
    """Return whether a text can be the part of an id after the exercise: "sign-of-dw", lower-case and short."""
    return _NAME.fullmatch(text) is not None and len(text) <= MAX_NAME_CHARS


def name_made_of(text: str) -> str:
    """Return the words of a text as a name, which may be too long: "sign-of-dw" of "The sign of dw"."""
    words = re.findall(r"[a-z0-9]+", text.lower().replace("'", ""))
    return "-".join(word for word in words if word not in ("a", "an", "the"))


def in_words(id: str) -> str:
    """Return an id as a short list shows it, "sign of dw"; what is no id as it is."""
    found = _ID.fullmatch(id)
    return found[1].replace("-", " ") if found else id


def shipped_misconceptions(folder: Path) -> dict[str, Misconception]:
    """Return the misconceptions of an assignment's folder by id; none if its catalogue is missing or damaged."""
    import msgspec  # deferred: what has no misconception to tell does without it

    try:
        data = msgspec.json.decode((folder / FILE).read_bytes(), type=_Shipped)
    except (OSError, msgspec.DecodeError) as error:
        _log.info("no misconceptions in %s: %s", folder / FILE, error)
        return {}
    return {id: Misconception(id, row.sentence, row.hint) for id, row in data.misconceptions.items()}
