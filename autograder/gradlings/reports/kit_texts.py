"""What the kit at hand says of an assignment: its title, its exercises, its misconceptions, the part of the chapter."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise, read_exercises
from gradlings.model.kit_paths import KIT_FOLDER
from gradlings.model.misconceptions import Misconception, shipped_misconceptions
from gradlings.submission import shipped_kit
from gradlings.submission.manifest import assignment_title

_CHAPTER = {
    "Pre-training": "6.1 6.2 6.3 6.4 6.13 6.14 6.15 6.16 7.* 8.* 9.*",
    "Components and configuration": "2.* 6.5 6.6 6.7 6.8 6.9 6.10 6.11 6.12",
    "Tensors": "1.*",
    "Automatic differentiation": "3.*",
    "Back-propagation in larger networks": "4.* 5.*",
}
"""The parts of docs/chapter.md, and the exercises that belong to each. 1.11 is named in two: it is one of tensors."""
_PART_OF = {exercise: part for part, exercises in _CHAPTER.items() for exercise in exercises.split()}


@dataclass(frozen=True)
class KitTexts:
    """The texts of one assignment; empty where the kit at hand does not have it."""

    title: str = ""
    exercises: Mapping[str, Exercise] = field(default_factory=dict)
    misconceptions: Mapping[str, Misconception] = field(default_factory=dict)


def kit_texts(root: Path, assignment: str) -> KitTexts:
    """Read the texts of an assignment of the kit in a folder, or else of the one that ships."""
    folders = [root / KIT_FOLDER]
    with contextlib.suppress(InputError):
        folders.append(shipped_kit.assignments())
    folder = next((each / assignment for each in folders if (each / assignment).is_dir()), None)
    if folder is None:
        return KitTexts()
    exercises: dict[str, Exercise] = {}
    for checks in sorted(folder.glob("test_*.py")):
        with contextlib.suppress(InputError, OSError, UnicodeDecodeError):  # figures need no texts
            exercises |= {exercise.id: exercise for exercise in read_exercises(checks)}
    return KitTexts(assignment_title(folder), exercises, shipped_misconceptions(folder))


def chapter_part(exercise: str) -> str:
    """Return the part of the chapter that an exercise belongs to; "" if there is none."""
    return _PART_OF.get(exercise) or _PART_OF.get(f"{exercise.partition('.')[0]}.*", "")
