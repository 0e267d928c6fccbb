"""Which hint to give: the one for the last misconception, else the next level of the ladder. Never the solution."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gradlings.model.errors import InputError
from gradlings.model.kit_paths import KIT_FOLDER
from gradlings.model.misconceptions import Misconception, shipped_misconceptions
from gradlings.progress.record import History
from gradlings.progress.summary import hints_shown, last_misconception, solved_exercises
from gradlings.submission.exercise_text import solved_texts


@dataclass(frozen=True)
class Hint:
    """One hint."""

    exercise: str
    text: str
    """Markdown with formulas in `$...$`."""
    level: int = 0
    """The level of the ladder, from 1; 0 for a hint that was chosen by the misconception."""
    levels: int = 3
    misconception: Misconception | None = None
    """The misconception it was chosen by."""
    next_level: int = 0
    """The level that the next call gives; 0 after the last one."""


def next_hint(root: Path, exercise: str, history: History) -> Hint:
    """Return the hint for the misconception in the latest attempt, once; then the ladder, one level a call.

    Raises:
        InputError: there is no such exercise below `root/assignments`.
    """
    levels = len(_ladder(root, exercise))
    shown = hints_shown(history, exercise)
    level = min(max((hint.level for hint in shown), default=0) + 1, levels)
    id = last_misconception(history, exercise)
    if id and id not in {hint.misconception for hint in shown}:
        for folder in sorted((root / KIT_FOLDER).glob("[0-9]*")):
            found = shipped_misconceptions(folder).get(id)
            if found:
                return Hint(exercise, found.hint, 0, levels, found, level)
    return ladder_hint(root, exercise, level)


def ladder_hint(root: Path, exercise: str, level: int) -> Hint:
    """Return one level of an exercise's ladder, from 1.

    Raises:
        InputError: there is no such exercise below `root/assignments`.
    """
    ladder = _ladder(root, exercise)
    next_level = level + 1 if level < len(ladder) else 0
    return Hint(exercise, ladder[level - 1], level, len(ladder), None, next_level)


def text_once_solved(root: Path, exercise: str, history: History) -> str:
    """Return what is told of an exercise once it is solved; "" if its last check was not right or nothing is told."""
    if exercise not in solved_exercises(history):
        return ""
    found = (solved_texts(folder).get(exercise, "") for folder in sorted((root / KIT_FOLDER).glob("[0-9]*")))
    return next(filter(None, found), "")


def _ladder(root: Path, exercise: str) -> tuple[str, ...]:
    """Return the hints of an exercise, the one that says least first."""
    pages = sorted((root / KIT_FOLDER).glob("*/hints.md"))
    if not pages:
        raise InputError(f"There is no assignments/ folder with hints in {root.resolve()}. Run this where it is.")
    exercises = []
    for page in pages:
        sections = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        for section in sections:
            heading, _, text = section.partition("\n")
            exercises.append(heading.strip())
            if heading.strip() == exercise:
                levels = re.split(r"^\d+\. ", text, flags=re.MULTILINE)
                return tuple(level.strip() for level in levels if level.strip())
    raise InputError(f"There is no exercise {exercise}; there are {', '.join(exercises)}.")
