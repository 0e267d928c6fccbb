"""The named misconceptions of an assignment as they ship: names, sentences and hints. No torch."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

FILE = "misconceptions.json"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Misconception:
    """One misconception of an exercise, without the code and the outcomes by which it is recognized."""

    exercise: str
    name: str
    """Short and stable: it is written to the record of progress."""
    sentence: str
    """The fact and the question a student is shown."""
    hint: str
    """What helps a student who has this misconception; never the solution."""


@dataclass(frozen=True)
class _Row:
    exercise: str
    name: str
    says: int
    hint: str


@dataclass(frozen=True)
class _Shipped:
    sentences: tuple[str, ...]
    misconceptions: tuple[_Row, ...] = ()


def shipped_misconceptions(folder: Path) -> tuple[Misconception, ...]:
    """Return the misconceptions of an assignment's folder; none if its catalogue is missing or damaged."""
    import msgspec  # deferred: what has no misconception to name does without it

    try:
        data = msgspec.json.decode((folder / FILE).read_bytes(), type=_Shipped)
        return tuple(
            Misconception(row.exercise, row.name, data.sentences[row.says], row.hint) for row in data.misconceptions
        )
    except (OSError, msgspec.DecodeError, IndexError) as error:
        _log.info("no misconceptions in %s: %s", folder / FILE, error)
        return ()


def name_of(misconceptions: tuple[Misconception, ...], exercise: str, sentence: str) -> str:
    """Return the name of the misconception with a sentence; the sentence itself if the catalogue does not have it."""
    found = (each.name for each in misconceptions if (each.exercise, each.sentence) == (exercise, sentence))
    return next(found, sentence)
