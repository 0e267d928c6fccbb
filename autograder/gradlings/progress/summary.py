"""What the record says of each exercise: points, attempts, misconceptions met and overcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from gradlings.model.exercise import Exercise
from gradlings.model.kit_paths import KIT_FOLDER
from gradlings.progress.record import Attempt, HintShown, History, declared_exercises
from gradlings.submission.reader import source_name_of


def attempts(history: History, exercise: str) -> tuple[Attempt, ...]:
    """Return all recorded attempts at an exercise, oldest first; a return to the untouched stub is none."""
    return tuple(line for line in history.attempts if line.exercise == exercise and line.attempted)


def last_misconception(history: History, exercise: str) -> str:
    """Return the id of the misconception in the latest attempt; "" if that was right or shows none we know."""
    found = attempts(history, exercise)
    return found[-1].misconceptions[0] if found and found[-1].misconceptions else ""


def solved_exercises(history: History) -> frozenset[str]:
    """Return the ids of the exercises that were solved at their latest check."""
    last = {attempt.exercise: attempt for attempt in history.attempts}
    return frozenset(id for id, attempt in last.items() if attempt.solved)


def hints_shown(history: History, exercise: str) -> tuple[HintShown, ...]:
    """Return the hints that were shown for an exercise, oldest first."""
    return tuple(hint for hint in history.hints if hint.exercise == exercise)


@dataclass(frozen=True)
class ExerciseProgress:
    """An exercise of a kit, and what is on record of it."""

    declared: Exercise
    """What its file of checks declares."""
    checks_file: Path
    """`assignments/NN/test_SOURCE.py`."""
    points: int = 0
    """Points at the last check."""
    solved: bool = False
    waits: bool = False
    """Whether nothing keeps it from being solved but an earlier exercise that its code calls."""
    attempts: int = 0
    """How many different answers were checked."""
    overcome: tuple[str, ...] = ()
    """Ids of the misconceptions of earlier attempts that are gone from the latest one."""
    open: tuple[str, ...] = ()
    """Ids of the misconceptions of the latest attempt."""
    hints: int = 0
    """How many hints were shown."""

    @property
    def id(self) -> str:
        """The exercise's id, e.g. "3.5"."""
        return self.declared.id

    @property
    def name(self) -> str:
        """The functions to write."""
        return ", ".join(self.declared.functions)

    @property
    def assignment(self) -> str:
        """The id of the assignment, e.g. "03"."""
        return self.checks_file.parent.name

    @property
    def source_name(self) -> str:
        """The stem of the module and the notebook that hold the exercise: "autodiff" for `test_autodiff.py`."""
        return source_name_of(self.checks_file)


class Totals(NamedTuple):
    """Sums over exercises."""

    points: int
    max_points: int
    solved: int
    attempts: int
    overcome: int
    """Misconceptions that are gone from the latest attempts."""
    met: int
    """Misconceptions of all attempts."""


def totals(exercises: Sequence[ExerciseProgress]) -> Totals:
    """Return the sums over some exercises."""
    overcome = sum(len(each.overcome) for each in exercises)
    return Totals(
        points=sum(each.points for each in exercises),
        max_points=sum(each.declared.points for each in exercises),
        solved=sum(each.solved for each in exercises),
        attempts=sum(each.attempts for each in exercises),
        overcome=overcome,
        met=overcome + sum(len(each.open) for each in exercises),
    )


def summarize(root: Path, history: History) -> tuple[ExerciseProgress, ...]:
    """Return the progress in every exercise of a kit, in their order. Warm-ups (worth nothing) are left out.

    Raises:
        InputError: a file of checks cannot be read.
    """
    return tuple(
        _progress(exercise, checks_file, history)
        for folder in sorted((root / KIT_FOLDER).glob("[0-9]*"))
        for checks_file, exercise in declared_exercises(folder)
        if exercise.points
    )


def points_over_time(history: History) -> tuple[tuple[datetime, int], ...]:
    """Return the total of points after each moment of a check; an exercise counts with its last line until then."""
    points: dict[str, int] = {}
    totals: dict[datetime, int] = {}
    for attempt in history.attempts:
        points[attempt.exercise] = attempt.points
        totals[attempt.when] = sum(points.values())
    return tuple(sorted(totals.items()))


def _progress(declared: Exercise, checks_file: Path, history: History) -> ExerciseProgress:
    lines = [line for line in history.attempts if line.exercise == declared.id]
    hints = len(hints_shown(history, declared.id))
    if not lines:
        return ExerciseProgress(declared, checks_file, hints=hints)
    found = attempts(history, declared.id)
    met = dict.fromkeys(id for attempt in found for id in attempt.misconceptions)
    return ExerciseProgress(
        declared,
        checks_file,
        points=lines[-1].points,
        solved=lines[-1].solved,
        waits=lines[-1].waits,
        attempts=len(found),
        overcome=tuple(id for id in met if id not in lines[-1].misconceptions),
        open=lines[-1].misconceptions,
        hints=hints,
    )
