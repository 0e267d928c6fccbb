"""An assignment as it is on a path, in a folder of its own: what the grader reads there is what students were given."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradlings.model.errors import InputError
from gradlings.model.exercise import path_of
from gradlings.model.kit_paths import KIT_FOLDER
from gradlings.submission.given.named_paths import EVERYTHING, named_path
from gradlings.submission.given.on_path import files_on_path

_LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*")


@contextmanager
def folder_on_path(folder: Path, name: str) -> Iterator[Path]:
    """Yield an assignment's folder on the path of this name: itself, if it is on it, else one that lasts for the body.

    Beside that one lie the solution and the checks of the other assignments, by which their files are recognized.

    Raises:
        InputError: there is no such path, it leaves nothing to do in the assignment, or the assignment is on another.
    """
    path, present = named_path(folder.parent, name), path_of(folder)
    if name == (present.name if present else EVERYTHING):
        yield folder
        return
    if path is None or present:
        raise InputError(
            f"{folder} is on the path {present.name if present else ''}, so it cannot be graded on {name}."
        )
    if not path.of(folder):
        raise InputError(f"The path {name} has no exercise of assignment {folder.name}: all of it is given.")
    root = folder.parent.parent
    with tempfile.TemporaryDirectory(prefix="gradlings-") as kit:
        made = Path(kit, KIT_FOLDER, folder.name)
        shutil.copytree(folder, made, ignore=_LEFT_OUT)
        for file, text in files_on_path(folder, path, root).items():
            (made / file).write_text(text, encoding="utf-8", newline="\n")
        for checks in folder.parent.glob("*/test_*.py"):
            if checks.parent != folder:
                (made.parent / checks.parent.name).mkdir(exist_ok=True)
                shutil.copy(checks, made.parent / checks.parent.name)
        if (root / "solutions" / folder.name).is_dir():
            shutil.copytree(root / "solutions" / folder.name, Path(kit, "solutions", folder.name), ignore=_LEFT_OUT)
        yield made
