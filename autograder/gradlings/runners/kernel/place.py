"""Where the checks of a notebook are: beside it, in the kit around it, or, for a notebook alone, in this package."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise, given_sentence, read_exercises
from gradlings.model.kit_paths import KIT_FOLDER, kit_of, kit_root
from gradlings.submission import shipped_kit


@dataclass(frozen=True)
class Place:
    """A file of checks, and where the notebook lies that it is for."""

    checks_file: Path
    notebook_folder: Path
    ships: bool = False
    """Whether the checks are those of this package, in whose folder nothing of a student's is kept."""

    @property
    def folder(self) -> Path:
        """The assignment's, with checks, drivers and hints."""
        return self.checks_file.parent

    @property
    def texts(self) -> Path:
        """The kit that hints are read from, or the folder of an assignment that is in none."""
        return kit_of(self.folder) or self.folder

    @property
    def kit(self) -> Path | None:
        """The student's kit, which keeps progress; None if there is none."""
        return None if self.ships else kit_of(self.folder)

    @cached_property
    def exercises(self) -> tuple[Exercise, ...]:
        """What the file of checks declares."""
        return read_exercises(self.checks_file)


def folders(shell: Any) -> list[Path]:
    """Return where the notebook may lie: the current folder, and the one that the editor names."""
    named = (shell.user_ns.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME"))  # VS Code, Jupyter
    return [Path.cwd(), *(Path(path).parent for path in named if isinstance(path, str) and os.path.isabs(path))]


def place_of(exercise: str, folders: Sequence[Path]) -> Place:
    """Return the place of an exercise.

    Raises:
        InputError: it is nowhere, or given on the path of the kit; the message says which there are.
    """
    known: list[str] = []
    for place in _places(folders):
        ids = [found.id for found in place.exercises]
        if exercise in ids:
            return place
        if said := given_sentence(place.folder, exercise):
            raise InputError(said)
        known += ids
    assignment = exercise.partition(".")[0]
    near = [id for id in known if id.partition(".")[0] == assignment] or known
    raise InputError(f"There is no exercise {exercise} here; there are {', '.join(near)}.")


def place_of_notebook(folders: Sequence[Path], names: Iterable[str]) -> Place:
    """Return the place of a notebook that defines these names: the one whose functions it defines most of.

    Raises:
        InputError: it defines none.
    """
    defined = set(names)
    counts = {place: len(defined.intersection(functions(place.exercises))) for place in _places(folders)}
    best = max(counts, key=counts.__getitem__, default=None)
    if best is None or not counts[best]:
        raise InputError("Nothing of this assignment is defined yet. Run the cells above first.")
    return best


def functions(exercises: Iterable[Exercise]) -> list[str]:
    """Return the names of the functions that exercises ask for."""
    return [name for exercise in exercises for name in exercise.functions]


def require_its_notebook(place: Place, exercise: str, names: Iterable[str]) -> None:
    """Make sure that a notebook alone is one of this package, not of a course with other exercises by these numbers.

    Raises:
        InputError: it defines no function of the exercise.
    """
    asked = functions(found for found in place.exercises if found.id == exercise)
    if place.ships and not set(names).intersection(asked):
        raise InputError(
            f"Exercise {exercise} asks for {' and '.join(asked)}, and no such function is defined here: run its cell "
            "first. If this is a notebook of another course, get the whole folder of its assignment (test_*.py) and "
            f"open it there: beside it, in {place.notebook_folder}, there are no checks."
        )


def _places(folders: Sequence[Path]) -> Iterator[Place]:
    """Yield the places of checks: those beside the notebook; only if there are none, those around it, then our own."""
    for folder in folders:
        beside = sorted(folder.glob("test_*.py"))
        if beside:
            yield from (Place(path, folder) for path in beside)
            return
    last = folders[-1]
    around = kit_root(last)
    if around is not None:
        yield from (Place(path, last) for path in _checks_in(around / KIT_FOLDER))
    yield from (Place(path, last, ships=True) for path in _checks_in(shipped_kit.assignments()))


def _checks_in(assignments: Path) -> list[Path]:
    return sorted(assignments.glob("[0-9]*/test_*.py"))
