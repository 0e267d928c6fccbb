"""Find out what a save changed: the cells of each exercise, before and after. Nothing is executed or compiled."""

from __future__ import annotations

import logging
import time
from functools import lru_cache
from pathlib import Path

from gradlings.progress.summary import ExerciseProgress
from gradlings.submission.cells import Cell, decode, module_cells, notebook_cells
from gradlings.submission.helpers.files import helpers_beside
from gradlings.submission.reader import source_name_of

_log = logging.getLogger(__name__)

_SUFFIXES = (".py", ".ipynb")
_SAVING_SECONDS = 0.25  # how long an editor may take to save
_POLL_SECONDS = 1.0


@lru_cache(maxsize=32)
def _cells(data: bytes, suffix: str) -> tuple[Cell, ...]:
    text, path = decode(data), Path(f"file{suffix}")
    try:
        return notebook_cells(text, path) if suffix == ".ipynb" else module_cells(text, str(path))
    except ValueError as error:  # a notebook that is half written
        _log.info("a notebook cannot be read: %s", error)
        return ()


def _contents(checks_file: Path) -> dict[str, bytes | None]:
    """Return the bytes of the module and the notebook by their suffix; None for a file that cannot be read.

    The files that they import are there by their paths.
    """
    paths = {suffix: checks_file.with_name(source_name_of(checks_file) + suffix) for suffix in _SUFFIXES}
    found = {suffix: _read(path) for suffix, path in paths.items()}
    imported = (helpers_beside(paths[suffix], data).files for suffix, data in found.items() if data)
    return found | {helper.path: helper.data for helpers in imported for helper in helpers}


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _cells_by_text(contents: dict[str, bytes | None]) -> dict[str, Cell]:
    return {cell.source: cell for suffix in _SUFFIXES if (data := contents[suffix]) for cell in _cells(data, suffix)}


class EditDetector:
    """Compares the modules and notebooks of a kit with what they were at the last look, by their file of checks."""

    def __init__(self, exercises: tuple[ExerciseProgress, ...]) -> None:
        self._exercises: dict[Path, list[ExerciseProgress]] = {}
        for exercise in exercises:
            self._exercises.setdefault(exercise.checks_file, []).append(exercise)
        self._seen = {checks_file: _contents(checks_file) for checks_file in self._exercises}
        self._unfinished_until = 0.0

    def checks_files_of(self, paths: set[Path]) -> list[Path]:
        """Return the files of checks whose module or notebook is among `paths`, or a file that these may import."""
        sources = {(path.parent, path.stem) for path in paths if path.suffix in _SUFFIXES}
        folders = {folder for path in paths if path.suffix == ".py" for folder in path.parents}
        return [
            file for file in self._exercises if (file.parent, source_name_of(file)) in sources or file.parent in folders
        ]

    def edited_exercises(self, checks_file: Path) -> tuple[str, ...] | None:
        """Return the ids of the exercises whose cells changed; None if nothing changed, or a save is not finished."""
        before, now = self._seen[checks_file], _contents(checks_file)
        if any(old and not now.get(file) for file, old in before.items()):  # emptied: perhaps by an editor that saves
            self._unfinished_until = self._unfinished_until or time.monotonic() + _SAVING_SECONDS
            if time.monotonic() < self._unfinished_until:
                return None
        self._unfinished_until = 0.0
        if now == before:
            return None
        self._seen[checks_file] = now
        old, new = _cells_by_text(before), _cells_by_text(now)
        changed = [cell for source, cell in (old | new).items() if (source in old) != (source in new)]
        return tuple(
            exercise.id
            for exercise in self._exercises[checks_file]
            if any(cell.defines(name) for cell in changed for name in exercise.declared.functions)
        )

    def pause(self) -> float:
        """Return the seconds until it is time to look again, even if no change is reported."""
        return max(0.01, self._unfinished_until - time.monotonic()) if self._unfinished_until else _POLL_SECONDS
