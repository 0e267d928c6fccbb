"""What a save changed: the text of each exercise's cells, before and after. Nothing is executed or compiled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from autograder.cells import Cell, decode, module_cells, notebook_cells
from autograder.course import Place


@dataclass(frozen=True)
class Snapshot:
    """A module and a notebook as they were at one moment."""

    texts: tuple[bytes | None, ...] = ()
    """The bytes of each file; None where there is none."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        pairs = zip(self.texts, _SUFFIXES, strict=False)
        return tuple(cell for data, suffix in pairs if data for cell in _cells(data, suffix))

    def of(self, place: Place) -> tuple[str, ...]:
        """The text of the cells that define an exercise's functions."""
        return tuple(cell.source for cell in self.cells if any(cell.defines(name) for name in place.exercise.functions))

    def looks_unfinished(self, before: Snapshot) -> bool:
        """Whether a file that had something in it is empty or gone: an editor may be in the middle of saving it."""
        return any(old and not new for old, new in zip(before.texts, self.texts, strict=False))


_SUFFIXES = (".py", ".ipynb")


@lru_cache(maxsize=8)
def _cells(data: bytes, suffix: str) -> tuple[Cell, ...]:
    text, path = decode(data), Path(f"file{suffix}")
    try:
        return notebook_cells(text, path) if suffix == ".ipynb" else module_cells(text, str(path))
    except ValueError:  # a notebook that is half written
        return ()


def snapshot(place: Place) -> Snapshot:
    return Snapshot(tuple(_read(place.checks_file.with_name(place.topic + suffix)) for suffix in _SUFFIXES))


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def changed(before: Snapshot, after: Snapshot, places: tuple[Place, ...]) -> tuple[Place, ...]:
    """The exercises whose own cells differ."""
    old, new = ({cell.source: cell for cell in each.cells} for each in (before, after))
    cells = [cell for source, cell in (old | new).items() if (source in old) != (source in new)]
    return tuple(
        place for place in places if any(cell.defines(name) for cell in cells for name in place.exercise.functions)
    )
