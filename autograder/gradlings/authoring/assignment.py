"""An assignment as its author keeps it: sources, checks and catalogues."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gradlings.authoring.catalogue import CatalogueEntry, load_catalogue, load_misconceptions, merge_misconceptions
from gradlings.authoring.equivalent import FILE as EQUIVALENT
from gradlings.authoring.source import SourceFile, read_source
from gradlings.checks.hidden_probes import FILE as HIDDEN
from gradlings.checks.hidden_probes import Hidden, checks_of, read_hidden
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise, path_of, place_of
from gradlings.model.misconceptions import Misconception

_NO_SOURCES = ("misconceptions", "variants", Path(HIDDEN).stem, Path(EQUIVALENT).stem)


@dataclass(frozen=True)
class Assignment:
    """One assignment as its author keeps it."""

    id: str
    solutions: Path
    folder: Path
    sources: tuple[SourceFile, ...]

    @property
    def main(self) -> SourceFile:
        """The source that has solutions to hide; a warm-up has none."""
        return next((source for source in self.sources if source.has_solutions), self.sources[0])

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """The exercises of all sources, in the order in which they are done."""
        in_order = sorted(self.sources, key=lambda source: place_of(source.exercises))
        return tuple(exercise for source in in_order for exercise in source.exercises)

    def catalogue(self, name: str) -> tuple[CatalogueEntry, ...]:
        """Read the entries of `misconceptions` or `variants`.

        Raises:
            InputError: an entry belongs to no exercise, defines none of its functions, or has no name to be known by.
        """
        path = self.solutions / f"{name}.py"
        entries = (load_misconceptions if name == "misconceptions" else load_catalogue)(path)
        functions = {exercise.id: exercise.functions for exercise in self.main.exercises}
        for entry in entries:
            if entry.function not in functions.get(entry.exercise, ()):
                raise InputError(f"{path}: {entry.name!r} defines {entry.function}, not of exercise {entry.exercise}")
        return entries

    def misconceptions(self) -> tuple[Misconception, ...]:
        """Read the named misconceptions, each with the hint that its author wrote.

        Raises:
            InputError: a misconception has no hint.
        """
        found = merge_misconceptions(self.catalogue("misconceptions"))
        without = ", ".join(each.id for each in found if not each.hint)
        if without:
            raise InputError(
                f"{self.solutions / 'misconceptions.py'}: no hint for {without}. "
                'Add hint="..." there: something to try that uncovers the misconception, never the solution.'
            )
        return found

    def hidden(self) -> Hidden:
        """Read the hidden probes of the assignment; none if it has no `hidden.py`.

        Raises:
            InputError: they cannot be used.
        """
        path = self.solutions / HIDDEN
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        return read_hidden(text, path, checks_of(self.main.exercises))


def find_assignments(root: Path, ids: tuple[str, ...] = ()) -> list[Assignment]:
    """Read the assignments under `root/solutions`: all, or those with the given ids.

    Raises:
        InputError: an id is unknown, a source is not as it must be, or an assignment is on a path.
    """
    present = {path.name: path for path in sorted((root / "solutions").glob("[0-9]*")) if path.is_dir()}
    if not present:
        raise InputError(f"There is no solutions/ folder with assignments in {root}. Run this where it is.")
    unknown = [id for id in ids if id not in present]
    if unknown:
        raise InputError(f"No assignment {', '.join(unknown)} in {root / 'solutions'}; there are {', '.join(present)}.")
    return [_read_assignment(root, present[id]) for id in (ids or tuple(present))]


def _read_assignment(root: Path, solutions: Path) -> Assignment:
    folder = root / "assignments" / solutions.name
    if on := path_of(folder):
        raise InputError(
            f"{folder} is on the path {on.name}. Run this where all exercises are to be done; there `course --path "
            f"{on.name}` makes a course of the path."
        )
    paths = [path for path in sorted(solutions.glob("*.py")) if path.stem not in _NO_SOURCES]
    if not paths:
        raise InputError(f"{solutions} holds no source")
    sources = tuple(read_source(path, folder / f"test_{path.stem}.py") for path in paths)
    return Assignment(solutions.name, solutions, folder, sources)
