"""Which hint to give: the one that fits the last mistake, else the next step of the ladder. None shows the solution."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gradlings.model.errors import InputError
from gradlings.model.misconceptions import Mistake, shipped_mistakes
from gradlings.progress.record import History
from gradlings.progress.summary import hints_shown, last_mistake


@dataclass(frozen=True)
class Hint:
    """One hint."""

    exercise: str
    text: str
    """Markdown with maths in `$...$`."""
    level: int = 0
    """The step of the ladder, from 1; 0 for a hint that was chosen by the mistake."""
    levels: int = 3
    mistake: Mistake | None = None
    """The mistake it was chosen by."""
    following: int = 0
    """The step that the next call gives; 0 after the last one."""


def next_hint(root: Path, exercise: str, history: History) -> Hint:
    """The hint for the mistake in the latest attempt, once; then the ladder, one step at a call, its last step again.

    Raises:
        InputError: there is no such exercise below `root/assignments`.
    """
    ladder = read_ladder(root, exercise)
    shown = hints_shown(history, exercise)
    reached = max((hint.level for hint in shown), default=0)
    name = last_mistake(history, exercise)
    if name and name not in {hint.mistake for hint in shown}:
        mistake = _mistake(root, exercise, name)
        if mistake is not None:
            return Hint(exercise, mistake.hint, 0, len(ladder), mistake, min(reached + 1, len(ladder)))
    return step(root, exercise, min(reached + 1, len(ladder)))


def step(root: Path, exercise: str, level: int) -> Hint:
    """One step of an exercise's ladder, from 1.

    Raises:
        InputError: there is no such exercise below `root/assignments`.
    """
    ladder = read_ladder(root, exercise)
    following = level + 1 if level < len(ladder) else 0
    return Hint(exercise, ladder[level - 1], level, len(ladder), None, following)


def _mistake(root: Path, exercise: str, name: str) -> Mistake | None:
    folders = sorted((root / "assignments").glob("[0-9]*"))
    known = (mistake for folder in folders for mistake in shipped_mistakes(folder))
    return next((mistake for mistake in known if (mistake.exercise, mistake.name) == (exercise, name)), None)


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
