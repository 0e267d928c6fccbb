"""The state of watch mode: all that its screen depends on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gradlings.learning.curriculum import Curriculum
from gradlings.model.scorecard import ExerciseScore
from gradlings.progress.hints import Hint
from gradlings.progress.summary import ExerciseProgress
from gradlings.submission.exercise_text import Answer, Prose


class View(StrEnum):
    """What fills the screen."""

    EXERCISE = "exercise"
    LIST = "list"
    SOLUTION = "solution"


@dataclass(frozen=True)
class WatchState:
    """Everything the screen depends on."""

    curriculum: Curriculum
    exercise: ExerciseProgress
    """The exercise that is shown."""
    prose: Prose
    where: str = ""
    """`file:line` of the function to write."""
    score: ExerciseScore | None = None
    """The result of the last check; None before the first."""
    problems: tuple[str, ...] = ()
    """What is wrong with the file as a whole, or with the check."""
    busy: str = ""
    """What is going on, in a word or two."""
    note: str = ""
    """One line about the last key, until the next."""
    hints: tuple[Hint, ...] = ()
    """The hints the student asked for, oldest first."""
    solved: str = ""
    """What is told of the exercise once it is solved, in Markdown."""
    answers: tuple[Answer, ...] = ()
    """The solution and variants of it, once they were asked for."""
    view: View = View.EXERCISE
    scroll: int = 0
    """Lines of the body above the screen."""
    cursor: int = 0
    """The chosen line of the list."""


def list_entries(state: WatchState) -> list[str]:
    """Return the ids in the list, top to bottom: of all assignments, and of the exercises of the current one."""
    entries: list[str] = []
    for assignment in state.curriculum.titles:
        entries.append(assignment)
        if assignment == state.exercise.assignment:
            entries.extend(exercise.id for exercise in state.curriculum.of(assignment))
    return entries
