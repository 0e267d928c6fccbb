"""Write the kit that ships with the package into a folder, or bring one up to date, and keep whatever was edited."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from gradlings import __version__
from gradlings.learning.kit_record import read_record
from gradlings.learning.kit_update import KitResult, KitUpdate
from gradlings.model.errors import InputError
from gradlings.model.exercise import PATH_FILE, path_of
from gradlings.submission import shipped_kit
from gradlings.submission.given.named_paths import (
    EVERYTHING,
    PATHS_FILE,
    SETTINGS_FILE,
    NamedPath,
    named_path,
    path_of_kit,
    setting,
    settings_text,
)
from gradlings.submission.given.on_path import files_on_path
from gradlings.submission.manifest import assignment_title


def write_kit(folder: Path, *, solutions: bool = False, path: str = "") -> KitResult:
    """Write the kit into a folder, which is made if it is not there. One that is in it is brought up to date.

    Args:
        folder: the kit's.
        solutions: whether to write the answers, too.
        path: the name of the path that the kit is to be on, or "all"; the one that it is on if none.

    Raises:
        InputError: the folder cannot be used, there is no such path, or no answer to take given code from.
    """
    before = read_record(folder)
    if not before.gradlings and _titles(folder / "assignments") and not _ours_in(folder):
        raise InputError(f"The assignments in {folder.resolve()} are those of another course. Choose another folder.")
    return _write(folder, dict(_shipped(solutions)), whole=True, path=path or setting(folder) or path_of_kit(folder))


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
    return _write(root, shipped, whole=before.whole, path=setting(root) or path_of_kit(root))


def _write(folder: Path, shipped: dict[str, Path], *, whole: bool, path: str) -> KitResult:
    if shipped_kit.assignments() == folder.resolve() / "assignments":
        raise InputError(f"{folder.resolve()} is where gradlings itself comes from. Choose another folder.")
    on = named_path(shipped_kit.assignments(), path)
    before = [path_of(each) for each in (folder / "assignments").glob("[0-9]*")]
    try:
        with tempfile.TemporaryDirectory(prefix="gradlings-") as made:
            if on:
                _put_on_path(Path(made), shipped, on)
            if path != (setting(folder) or EVERYTHING):
                shipped[SETTINGS_FILE] = Path(made, SETTINGS_FILE)
                shipped[SETTINGS_FILE].write_text(settings_text(path), encoding="utf-8")
            folder.mkdir(parents=True, exist_ok=True)
            result = KitUpdate(folder, shipped).run(whole=whole)
        if on is None:
            for file in (folder / "assignments").glob(f"[0-9]*/{PATH_FILE}"):
                file.unlink()
        result.path = on
        if any((each.name if each else EVERYTHING) != path for each in before):
            result.changes = ()  # it is another path that asks for other exercises, not a newer version
        return result
    except OSError as error:
        where = error.filename or folder
        raise InputError(
            f"{where} cannot be written: {error.strerror}. Choose a folder in which you may write, or make room there."
        ) from None


def _put_on_path(made: Path, shipped: dict[str, Path], path: NamedPath) -> None:
    """Have the files of assignments come from a folder in which these are on a path."""
    folders = set()
    for name in [name for name in shipped if PurePosixPath(name).match("assignments/*/*")]:
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shipped[name], made / name)
        shipped[name] = made / name
        folders.add(PurePosixPath(name).parts[1])
    for number in sorted(folders):
        for file, text in files_on_path(shipped_kit.assignments() / number, path).items():
            shipped[f"assignments/{number}/{file}"] = made / "assignments" / number / file
            shipped[f"assignments/{number}/{file}"].write_text(text, encoding="utf-8", newline="\n")


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
    if (shipped_kit.assignments() / PATHS_FILE).is_file():
        yield f"assignments/{PATHS_FILE}", shipped_kit.assignments() / PATHS_FILE
    folders = {"assignments": shipped_kit.assignments()} | ({"solutions": shipped_kit.solutions()} if solutions else {})
    for name, folder in folders.items():
        for path in sorted(folder.glob("[0-9]*/**/*")):
            if path.is_file() and "__pycache__" not in path.parts and not _is_output_of_checks(path):
                yield f"{name}/{path.relative_to(folder).as_posix()}", path


def _is_output_of_checks(path: Path) -> bool:
    """Return whether a .gitignore names a file: a checkout may hold files that exercises have written."""
    listed = path.with_name(".gitignore")
    return listed.is_file() and path.name in listed.read_text(encoding="utf-8").split()
