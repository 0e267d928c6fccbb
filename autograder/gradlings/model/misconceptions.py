"""The named misconceptions of an assignment as they ship: names, sentences and hints. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FILE = "misconceptions.json"


@dataclass(frozen=True)
class Misconception:
    """One misconception of an exercise, without the code and the outcomes by which it is recognized."""

    exercise: str
    name: str
    """Short and stable: it stands in the record of progress."""
    sentence: str
    """The fact and the question a student is shown."""
    hint: str
    """What helps somebody who makes this misconception; never the solution."""


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
    """The misconceptions of an assignment's folder; none if its catalogue is missing or damaged."""
    import msgspec  # deferred: what has no misconception to name does without it

    try:
        data = msgspec.json.decode((folder / FILE).read_bytes(), type=_Shipped)
        return tuple(
            Misconception(row.exercise, row.name, data.sentences[row.says], row.hint) for row in data.misconceptions
        )
    except (OSError, msgspec.DecodeError, IndexError):
        return ()


def name_of(misconceptions: tuple[Misconception, ...], exercise: str, sentence: str) -> str:
    """The name of the misconception a student was told of; the sentence itself where the catalogue does not know it."""
    found = (
        misconception.name
        for misconception in misconceptions
        if (misconception.exercise, misconception.sentence) == (exercise, sentence)
    )
    return next(found, sentence)
