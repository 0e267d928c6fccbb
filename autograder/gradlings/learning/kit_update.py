"""Bring the files of a kit up to date: what nobody edited is replaced, and what is new comes into the rest."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PurePosixPath

import msgspec

from gradlings import __version__
from gradlings.learning.kit_cells import digests_of, exercises_that_differ, functions_of, kit_cells, merge, written
from gradlings.learning.kit_changes import ExerciseChange, changes_of
from gradlings.learning.kit_record import RECORD, Declared, KitRecord, declared_in, read_record
from gradlings.model.exercise import PATH_FILE
from gradlings.model.files import write_atomically
from gradlings.submission.cells import decode_file, encode_file
from gradlings.submission.given.named_paths import SETTINGS_FILE, NamedPath
from gradlings.submission.manifest import MANIFEST, digest

_MODE = 0o666  # the umask takes away what the user does not want, as for any file a user makes
_OURS = (MANIFEST, PATH_FILE, SETTINGS_FILE)
"""Files that are written anew, whatever is in them."""
_OTHER_FORM = {".py": ".ipynb", ".ipynb": ".py"}


@dataclass
class KitResult:
    """What was done to a kit. Files are named by their path relative to it."""

    before: KitRecord
    """What it was handed out as."""
    written: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Files that differ from what ships because they were edited, whether something new has come into them or not."""
    beside: list[str] = field(default_factory=list)
    """What lies beside a file now: a newer version of an edited one, or an earlier one that may have been edited."""
    changes: tuple[ExerciseChange, ...] = ()
    """In a kit that was there before: what is new, different or gone."""
    path: NamedPath | None = None
    """The one that it is on; None if all exercises are to be done."""


class KitUpdate:
    """One update of a kit, or its first writing. `OSError` where a file cannot be read or written."""

    def __init__(self, root: Path, shipped: Mapping[str, Path]) -> None:
        self._root = root
        self._texts = {name: decode_file(path.read_bytes()) for name, path in shipped.items()}
        self._cells = {name: kit_cells(name, text) for name, text in self._texts.items() if self._is_for_students(name)}
        self._checks = {name: path for name, path in shipped.items() if PurePosixPath(name).match("test_*.py")}
        self._result = KitResult(read_record(root))
        self._different: set[str] = set()
        """The exercises whose text or stub is not what it was."""
        self._stays: dict[str, str] = {}
        """Of the exercises whose text is different, but stays as the student has it: the file."""

    def run(self, *, whole: bool) -> KitResult:
        """Write what is to be written, the record last: a run that is interrupted is made up for by the next one."""
        before = self._result.before
        old, new = dict(before.exercises), dict[str, Declared]()
        for name, path in self._checks.items():
            new |= declared_in(path)
            old |= {} if before.exercises else declared_in(self._root / name)
        for name in self._texts:
            self._bring(name)
        if old:
            places = {id: self._newer_beside(name) for id, name in self._stays.items()}
            self._result.changes = changes_of(old, new, self._different, places)
        record = KitRecord(
            __version__,
            whole,
            before.files | {name: digest(text) for name, text in self._texts.items()},
            before.cells | {name: digests_of(cells) for name, cells in self._cells.items()},
            new,
        )
        self._put(RECORD.as_posix(), msgspec.json.format(msgspec.json.encode(record), indent=1).decode() + "\n")
        return self._result

    def _is_for_students(self, name: str) -> bool:
        """Return whether students write into a file: whether the build has recorded its code."""
        folder, _, file = name.rpartition("/")
        return name.endswith(tuple(_OTHER_FORM)) and f'"{file}"' in self._texts.get(f"{folder}/{MANIFEST}", "")

    def _bring(self, name: str) -> None:
        path = self._root / name
        if not os.path.lexists(path):
            self._put(name, self._texts[name])
            self._result.written.append(name)
        elif path.is_symlink() or not path.is_file():
            self._result.kept.append(name)
        else:
            data = path.read_bytes()
            self._bring_into(name, decode_file(data), "\r\n" if b"\r\n" in data else "\n")

    def _bring_into(self, name: str, mine: str, line_end: str) -> None:
        """Bring a file that is there up to date; `mine` is its text with line feeds."""
        text, before = self._texts[name], self._result.before
        handed_out = before.files.get(name)
        untouched = digest(mine) == handed_out or PurePosixPath(name).name in _OURS
        cells = before.cells.get(name, {})
        if name in self._cells and untouched and not cells:
            cells = digests_of(kit_cells(name, mine))
        if cells:
            self._different |= exercises_that_differ(cells, self._cells.get(name, []))
        if digest(mine) == digest(text):
            return
        if untouched:
            self._put(name, text)
            self._result.updated.append(name)
        elif name in self._cells:
            self._result.kept.append(name)
            if handed_out != digest(text):
                self._merge(name, mine, cells, line_end)
        elif handed_out is None and not before.gradlings and name.startswith("assignments/"):
            # without a record nobody knows whether it was edited; a newer file of checks is needed
            self._put_beside(self._free_name(name), mine)
            self._put(name, text)
            self._result.updated.append(name)
        else:
            self._result.kept.append(name)
            if handed_out not in (None, digest(text)):
                self._put_beside(f"{name}.new", text)

    def _merge(self, name: str, mine: str, before: Mapping[str, str], line_end: str) -> None:
        new = self._cells[name]
        try:
            merged = merge(kit_cells(name, mine, functions_of(new)), new, before)
        except ValueError:  # it is no notebook
            self._put_beside(f"{name}.new", self._texts[name])
            return
        if merged.added or merged.replaced:
            self._put(name, written(name, merged.cells, mine), line_end)
        self._different |= (merged.added | merged.replaced | merged.stays) - {""}
        self._stays |= dict.fromkeys(merged.stays, name)

    def _newer_beside(self, name: str) -> str:
        """Return where the newer text of an edited file is: in its other form, if that is untouched, or beside it."""
        path = PurePosixPath(name)
        other = str(path.with_suffix(_OTHER_FORM[path.suffix]))
        if other in self._cells and other not in self._result.kept:
            return other
        beside = f"{name}.new"
        if beside not in self._result.beside:
            self._put_beside(beside, self._texts[name])
        return beside

    def _free_name(self, name: str) -> str:
        names = (f"{name}.before-update-{number}" for number in count(1))
        return next(each for each in names if not os.path.lexists(self._root / each))

    def _put_beside(self, name: str, text: str) -> None:
        self._put(name, text)
        self._result.beside.append(name)

    def _put(self, name: str, text: str, line_end: str = "\n") -> None:
        write_atomically(self._root / name, encode_file(text, line_end), mode=_MODE)
