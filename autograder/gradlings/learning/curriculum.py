"""Where somebody is in a kit: every exercise, and what is known of it. No torch, and nothing is run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise
from gradlings.model.kit_paths import KIT_FOLDER, kit_root
from gradlings.progress.record import declared, history
from gradlings.progress.summary import tallies
from gradlings.submission.manifest import assignment_title
from gradlings.submission.reader import read_submission, shown, source_name_of


@dataclass(frozen=True)
class Place:
    """An exercise in a kit, and how far it is."""

    exercise: Exercise
    checks_file: Path
    points: int = 0
    """Points at the last check."""
    solved: bool = False
    attempts: int = 0
    """How many different answers were checked."""

    @property
    def assignment(self) -> str:
        return self.checks_file.parent.name

    @property
    def source_name(self) -> str:
        """`test_autodiff.py` checks `autodiff.py` or `autodiff.ipynb`."""
        return source_name_of(self.checks_file)

    @property
    def name(self) -> str:
        return ", ".join(self.exercise.functions)


@dataclass(frozen=True)
class Course:
    """All exercises of a kit, in their order."""

    root: Path
    places: tuple[Place, ...]
    problem: str = ""
    """One sentence to show if the record of progress is damaged."""

    @property
    def assignments(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(place.assignment for place in self.places))

    def of(self, assignment: str) -> tuple[Place, ...]:
        return tuple(place for place in self.places if place.assignment == assignment)

    def title(self, assignment: str) -> str:
        return self._titles[assignment]

    @cached_property
    def _titles(self) -> dict[str, str]:
        return {place.assignment: assignment_title(place.checks_file.parent) for place in self.places}

    def neighbour(self, place: Place, step: int) -> Place | None:
        """The exercise that many steps on; None beyond either end."""
        at = self.index(place) + step
        return self.places[at] if 0 <= at < len(self.places) else None

    def index(self, place: Place) -> int:
        return next(at for at, other in enumerate(self.places) if other.exercise.id == place.exercise.id)

    def updated(self, place: Place) -> Course:
        """With another state of one exercise."""
        at = self.index(place)
        return replace(self, places=(*self.places[:at], place, *self.places[at + 1 :]))

    @cached_property
    def next(self) -> Place | None:
        """The first exercise that is not solved; None when all are."""
        return next((place for place in self.places if not place.solved), None)

    def find(self, wanted: str) -> Place:
        """The exercise with an id ("3.5"), or the first that is not solved of an assignment ("03").

        Raises:
            InputError: there is no such thing.
        """
        for place in self.places:
            if place.exercise.id == wanted:
                return place
        number = wanted.zfill(2)
        inside = self.of(number)
        if inside:
            return next((place for place in inside if not place.solved), inside[0])
        raise InputError(
            f"There is no assignment or exercise {wanted}. There are the assignments {', '.join(self.assignments)}; "
            f"an exercise is written as {self.places[-1].exercise.id}."
        )


def find_root(start: Path) -> Path:
    """The kit that a folder is in.

    Raises:
        InputError: there is none.
    """
    root = kit_root(start)
    if root is None or not any((root / KIT_FOLDER).glob("[0-9]*/test_*.py")):
        raise InputError(
            f"There is no kit in {start.resolve()}. `gradlings init my-kit` makes one; then change into it (cd my-kit)."
        )
    return root


def read_course(root: Path) -> Course:
    """Every exercise of a kit, but for warm-ups (worth nothing), with what is on record of it.

    Raises:
        InputError: a file of checks cannot be read.
    """
    record = history(root)
    files = {
        exercise.id: path
        for folder in sorted((root / KIT_FOLDER).glob("[0-9]*"))
        for path, exercise in declared(folder)
    }
    places = [
        Place(tally.exercise, files[tally.exercise.id], tally.points, tally.solved, tally.attempts)
        for tally in tallies(root, record)
    ]
    return Course(root, tuple(places), record.problem)


def where(place: Place) -> str:
    """`file:line` of the function to write, in the file that somebody works in; the file alone if it is not there."""
    submission = read_submission(place.checks_file.parent, place.source_name)
    for name in place.exercise.functions:
        if name in submission.functions:
            return f"{shown(submission.functions[name].file)}:{submission.functions[name].line}"
    return shown(submission.path)
