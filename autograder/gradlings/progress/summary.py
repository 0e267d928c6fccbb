"""What the record says of each exercise: points, attempts, misconceptions met and overcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gradlings.model.exercise import Exercise
from gradlings.model.kit_paths import KIT_FOLDER
from gradlings.progress.record import Attempt, HintShown, History, declared


def attempts(history: History, exercise: str) -> tuple[Attempt, ...]:
    """All recorded attempts at an exercise, oldest first; a return to the untouched stub is none."""
    return tuple(entry for entry in history.attempts if entry.exercise == exercise and entry.attempted)


def last_misconception(history: History, exercise: str) -> str:
    """The name of the misconception in the latest attempt at an exercise; "" if that was right or has no name."""
    made = attempts(history, exercise)
    return made[-1].misconceptions[0] if made and made[-1].misconceptions else ""


def hints_shown(history: History, exercise: str) -> tuple[HintShown, ...]:
    """The hints that were shown for an exercise, oldest first."""
    return tuple(hint for hint in history.hints if hint.exercise == exercise)


@dataclass(frozen=True)
class Tally:
    """One exercise, and what is on record of it."""

    assignment: str
    exercise: Exercise
    points: int = 0
    """Of its last line."""
    solved: bool = False
    attempts: int = 0
    overcome: tuple[str, ...] = ()
    """Misconceptions that were made and are gone from the latest attempt."""
    open: tuple[str, ...] = ()
    """Misconceptions of the latest attempt."""
    hints: int = 0


def tallies(root: Path, history: History) -> tuple[Tally, ...]:
    """Every exercise of a kit in its order, with what is on record of it. Warm-ups (worth nothing) are left out.

    Raises:
        InputError: a file of checks cannot be read.
    """
    found = [
        _tally(folder.name, exercise, history)
        for folder in sorted((root / KIT_FOLDER).glob("[0-9]*"))
        for _, exercise in declared(folder)
        if exercise.points
    ]
    return tuple(found)


def points_over_time(history: History) -> tuple[tuple[datetime, int], ...]:
    """The total after each moment at which something was checked; an exercise counts with its last line until then."""
    points: dict[str, int] = {}
    totals: dict[datetime, int] = {}
    for attempt in history.attempts:
        points[attempt.exercise] = attempt.points
        totals[attempt.when] = sum(points.values())
    return tuple(sorted(totals.items()))


def _tally(assignment: str, exercise: Exercise, history: History) -> Tally:
    lines = [entry for entry in history.attempts if entry.exercise == exercise.id]
    made = attempts(history, exercise.id)
    if not lines:
        return Tally(assignment, exercise, hints=len(hints_shown(history, exercise.id)))
    met = dict.fromkeys(name for attempt in made for name in attempt.misconceptions)
    return Tally(
        assignment,
        exercise,
        points=lines[-1].points,
        solved=lines[-1].solved,
        attempts=len(made),
        overcome=tuple(name for name in met if name not in lines[-1].misconceptions),
        open=lines[-1].misconceptions,
        hints=len(hints_shown(history, exercise.id)),
    )
