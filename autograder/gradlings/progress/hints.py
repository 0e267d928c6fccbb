"""Which hint to give: the one for the last misconception, else the next step of the ladder. Never the solution."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gradlings.model.errors import InputError
from gradlings.model.misconceptions import Misconception, shipped_misconceptions
from gradlings.progress.record import History
from gradlings.progress.summary import hints_shown, last_misconception


@dataclass(frozen=True)
class Hint:
    """One hint."""

    exercise: str
    text: str
    """Markdown with maths in `$...$`."""
    level: int = 0
    """The step of the ladder, from 1; 0 for a hint that was chosen by the misconception."""
    levels: int = 3
    misconception: Misconception | None = None
    """The misconception it was chosen by."""
    following: int = 0
    """The step that the next call gives; 0 after the last one."""


def next_hint(root: Path, exercise: str, history: History) -> Hint:
    """The hint for the misconception in the latest attempt, once; then the ladder, one step a call.

    Raises:
        InputError: there is no such exercise below `root/assignments`.
    """
    ladder = read_ladder(root, exercise)
    shown = hints_shown(history, exercise)
    reached = max((hint.level for hint in shown), default=0)
    name = last_misconception(history, exercise)
    if name and name not in {hint.misconception for hint in shown}:
        misconception = _misconception(root, exercise, name)
        if misconception is not None:
            return Hint(exercise, misconception.hint, 0, len(ladder), misconception, min(reached + 1, len(ladder)))
    return step(root, exercise, min(reached + 1, len(ladder)))


def step(root: Path, exercise: str, level: int) -> Hint:
    """One step of an exercise's ladder, from 1.

    Raises:
        InputError: there is no such exercise below `root/assignments`.
    """
    ladder = read_ladder(root, exercise)
    following = level + 1 if level < len(ladder) else 0
    return Hint(exercise, ladder[level - 1], level, len(ladder), None, following)


def _misconception(root: Path, exercise: str, name: str) -> Misconception | None:
    folders = sorted((root / "assignments").glob("[0-9]*"))
    known = (misconception for folder in folders for misconception in shipped_misconceptions(folder))
    return next(
        (misconception for misconception in known if (misconception.exercise, misconception.name) == (exercise, name)),
        None,
    )


def read_ladder(root: Path, exercise: str) -> tuple[str, ...]:
    """The hints of an exercise, gentlest first.

    Raises:
        InputError: there is no such exercise below `root/assignments`.
    """
    pages = sorted((root / "assignments").glob("*/hints.md"))
    if not pages:
        raise InputError(f"There is no assignments/ folder with hints in {root.resolve()}. Run this where it is.")
    known = []
    for page in pages:
        sections = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        for section in sections:
            heading, _, text = section.partition("\n")
            known.append(heading.strip())
            if heading.strip() == exercise:
                steps = re.split(r"^\d+\. ", text, flags=re.MULTILINE)
                return tuple(step.strip() for step in steps if step.strip())
    raise InputError(f"There is no exercise {exercise}; there are {', '.join(known)}.")
