"""The hint ladders that ship with an assignment, in `hints.md`."""

from __future__ import annotations

import re
from pathlib import Path

from autograder.errors import InputError


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
