"""The named mistakes of an assignment as they ship, without torch: their names, what is said of each, and its hint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FILE = "misconceptions.json"


@dataclass(frozen=True)
class Mistake:
    """One misconception of an exercise, without the code and the outcomes by which it is recognised."""

    exercise: str
    name: str
    """Short and stable: it stands in the record of progress."""
    sentence: str
    """The fact and the question a student is shown."""
    hint: str
    """What helps somebody who makes this mistake; never the solution."""


@dataclass(frozen=True)
class _Row:
    exercise: str
    name: str
    says: int
    hint: str


@dataclass(frozen=True)
class _Shipped:
    sentences: tuple[str, ...]
    mistakes: tuple[_Row, ...] = ()


def shipped_mistakes(folder: Path) -> tuple[Mistake, ...]:
    """The mistakes of an assignment's folder; none if its catalogue is missing or damaged."""
    import msgspec  # deferred: what has no mistake to name does without it

    try:
        data = msgspec.json.decode((folder / FILE).read_bytes(), type=_Shipped)
        return tuple(Mistake(row.exercise, row.name, data.sentences[row.says], row.hint) for row in data.mistakes)
    except (OSError, msgspec.DecodeError, IndexError):
        return ()


def name_of(mistakes: tuple[Mistake, ...], exercise: str, sentence: str) -> str:
    """The name of the mistake a student was told of; the sentence itself where the catalogue does not know it."""
    found = (mistake.name for mistake in mistakes if (mistake.exercise, mistake.sentence) == (exercise, sentence))
    return next(found, sentence)
