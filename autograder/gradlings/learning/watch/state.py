"""The state of watch mode: all that its screen depends on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gradlings.learning.curriculum import Course, Place
from gradlings.model.scorecard import ExerciseScore
from gradlings.progress.hints import Hint
from gradlings.submission.exercise_text import Prose


class View(StrEnum):
    """What fills the screen."""

    EXERCISE = "exercise"
    LIST = "list"
    SOLUTION = "solution"


@dataclass(frozen=True)
class Shown:
    """Everything the screen depends on."""

    course: Course
    place: Place
    prose: Prose
    where: str = ""
    """`file:line` of the function to write."""
    score: ExerciseScore | None = None
    """The last verdict; None while there is none."""
    problems: tuple[str, ...] = ()
    """What is wrong with the file as a whole, or with the check."""
    busy: str = ""
    """What is going on, in a word or two."""
    note: str = ""
    """One line about the last key, until the next."""
    hints: tuple[Hint, ...] = ()
    """Those that were asked for, in their order."""
    solution: str = ""
    view: View = View.EXERCISE
    scroll: int = 0
    cursor: int = 0
    """The chosen line of the list."""


def list_entries(course: Course, assignment: str) -> list[Place | str]:
    """What can be chosen in the list, top to bottom: assignments by id, exercises of the present one."""
    entries: list[Place | str] = []
    for other in course.assignments:
        entries.append(other)
        if other == assignment:
            entries.extend(course.of(other))
    return entries
