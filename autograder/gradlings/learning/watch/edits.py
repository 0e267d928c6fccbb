"""What a save changed: the text of each exercise's cells, before and after. Nothing is executed or compiled."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gradlings.learning.curriculum import Place
from gradlings.submission.cells import Cell, decode, module_cells, notebook_cells
from gradlings.submission.reader import source_name_of


@dataclass(frozen=True)
class Snapshot:
    """A module and a notebook as they were at one moment."""

    texts: tuple[bytes | None, ...] = ()
    """The bytes of each file; None where there is none."""

    @property
    def cells(self) -> tuple[Cell, ...]:
        pairs = zip(self.texts, _SUFFIXES, strict=False)
        return tuple(cell for data, suffix in pairs if data for cell in _cells(data, suffix))

    def looks_unfinished(self, before: Snapshot) -> bool:
        """Whether a file that had something in it is empty or gone: an editor may be in the middle of saving it."""
        return any(old and not new for old, new in zip(before.texts, self.texts, strict=False))


_SUFFIXES = (".py", ".ipynb")
_PATIENCE = 0.25  # seconds in which an editor may be in the middle of saving


@lru_cache(maxsize=32)
def _cells(data: bytes, suffix: str) -> tuple[Cell, ...]:
    text, path = decode(data), Path(f"file{suffix}")
    try:
        return notebook_cells(text, path) if suffix == ".ipynb" else module_cells(text, str(path))
    except ValueError:  # a notebook that is half written
        return ()


def _snapshot(checks_file: Path) -> Snapshot:
    source_name = source_name_of(checks_file)
    return Snapshot(tuple(_read(checks_file.with_name(source_name + suffix)) for suffix in _SUFFIXES))


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


class Sources:
    """The modules and notebooks of a kit as they were when somebody last looked, by their file of checks."""

    def __init__(self, places: tuple[Place, ...]) -> None:
        self._places: dict[Path, list[Place]] = {}
        for place in places:
            self._places.setdefault(place.checks_file, []).append(place)
        self._seen = {checks_file: _snapshot(checks_file) for checks_file in self._places}
        self._doubted_until = 0.0

    def behind(self, paths: set[Path]) -> list[Path]:
        """The files of checks whose module or notebook is among some paths."""
        stems = {(path.parent, path.stem) for path in paths if path.suffix in _SUFFIXES}
        return [file for file in self._places if (file.parent, file.stem.removeprefix("test_")) in stems]

    def look(self, checks_file: Path) -> tuple[str, ...] | None:
        """Ids of the exercises whose own cells are new; None if nothing in the files is, or they are being saved."""
        before, now = self._seen[checks_file], _snapshot(checks_file)
        if now != before and now.looks_unfinished(before):
            self._doubted_until = self._doubted_until or time.monotonic() + _PATIENCE
            if time.monotonic() < self._doubted_until:
                return None
        self._doubted_until = 0.0
        if now == before:
            return None
        self._seen[checks_file] = now
        return _changed(before, now, self._places[checks_file])

    def pause(self) -> float:
        """Seconds until it is time to look again, even if nothing is heard of a save."""
        return max(0.01, self._doubted_until - time.monotonic()) if self._doubted_until else 1.0


def _changed(before: Snapshot, after: Snapshot, places: list[Place]) -> tuple[str, ...]:
    old, new = ({cell.source: cell for cell in each.cells} for each in (before, after))
    cells = [cell for source, cell in (old | new).items() if (source in old) != (source in new)]
    return tuple(
        place.exercise.id
        for place in places
        if any(cell.defines(name) for cell in cells for name in place.exercise.functions)
    )
