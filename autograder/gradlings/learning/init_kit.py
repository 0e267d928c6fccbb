"""Write the kit that ships with the package into a folder, or bring one up to date, and keep whatever was edited."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from gradlings import __version__
from gradlings.learning.kit_record import read_record
from gradlings.learning.kit_update import KitResult, KitUpdate
from gradlings.model.errors import InputError
from gradlings.submission import shipped_kit
from gradlings.submission.manifest import assignment_title


def write_kit(folder: Path, *, solutions: bool = False) -> KitResult:
    """Write the kit into a folder, which is made if it is not there. One that is in it is brought up to date.

    Raises:
        InputError: the folder cannot be used.
    """
    before = read_record(folder)
    if not before.gradlings and _titles(folder / "assignments") and not _ours_in(folder):
        raise InputError(f"The assignments in {folder.resolve()} are those of another course. Choose another folder.")
    return _write(folder, dict(_shipped(solutions)), whole=True)


def update_kit(root: Path) -> KitResult:
    """Bring a kit up to date: all of one that `gradlings init` made, else the assignments that are there.

    Raises:
        InputError: the folder cannot be used, or no assignment in it comes with this package.
    """
    before = read_record(root)
    shipped = dict(_shipped(solutions=False))
    if any(name.startswith("solutions/") for name in before.files):
        with contextlib.suppress(InputError):  # the answers are not installed any more
            shipped = dict(_shipped(solutions=True))
    if not before.whole:
        there = _ours_in(root)
        if not there:
            raise InputError(
                f"No assignment in {root.resolve()} comes with gradlings {__version__}. "
                "Ask for new exercises where you got these from."
            )
        shipped = {name: path for name, path in shipped.items() if PurePosixPath(name).parts[1:2] in there}
    return _write(root, shipped, whole=before.whole)


def _write(folder: Path, shipped: dict[str, Path], *, whole: bool) -> KitResult:
    if shipped_kit.assignments() == folder.resolve() / "assignments":
        raise InputError(f"{folder.resolve()} is where gradlings itself comes from. Choose another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return KitUpdate(folder, shipped).run(whole=whole)
    except OSError as error:
        where = error.filename or folder
        raise InputError(
            f"{where} cannot be written: {error.strerror}. Choose a folder in which you may write, or make room there."
        ) from None


def _ours_in(root: Path) -> set[tuple[str, ...]]:
    """Return the assignments of a folder that come with this package, as parts of a path."""
    there = _titles(root / "assignments").items()
    return {(id,) for id, title in _titles(shipped_kit.assignments()).items() if (id, title) in there}


def _titles(assignments: Path) -> dict[str, str]:
    """Return the titles of built assignments by their ids."""
    titles = {folder.name: assignment_title(folder) for folder in assignments.glob("[0-9]*")}
    return {id: title for id, title in titles.items() if title}


def _shipped(solutions: bool) -> Iterator[tuple[str, Path]]:
    """Yield each file of the kit: its name there, and where it lies here."""
    for path in shipped_kit.BESIDE:
        yield path.name, path
    folders = {"assignments": shipped_kit.assignments()} | ({"solutions": shipped_kit.solutions()} if solutions else {})
    for name, folder in folders.items():
        for path in sorted(folder.glob("[0-9]*/**/*")):
            if path.is_file() and "__pycache__" not in path.parts and not _is_output_of_checks(path):
                yield f"{name}/{path.relative_to(folder).as_posix()}", path


def _is_output_of_checks(path: Path) -> bool:
    """Return whether a .gitignore names a file: a checkout may hold files that exercises have written."""
    listed = path.with_name(".gitignore")
    return listed.is_file() and path.name in listed.read_text(encoding="utf-8").split()
