"""The paths through the exercises by their names, and the one that a kit is on.

`assignments/paths.toml` lists them, a line for each: `core = ["1.5", "2.6"]`. The settings of a kit, `gradlings.toml`,
name the one that it is on:

    [path]
    name = "core"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradlings.model.errors import InputError
from gradlings.model.exercise import all_exercises, path_of
from gradlings.model.kit_paths import KIT_FOLDER
from gradlings.model.text import listed
from gradlings.submission.reader import shown

PATHS_FILE = "paths.toml"
SETTINGS_FILE = "gradlings.toml"
EVERYTHING = "all"
"""What takes the place of a path's name where all exercises are to be done."""
_ABOUT = "# Settings of this kit. After a change: gradlings init .\n\n"


@dataclass(frozen=True)
class NamedPath:
    """A path through all exercises of a kit."""

    name: str
    exercises: tuple[str, ...]
    """The ids of those to be done, in their order; of the others the code is given."""

    def of(self, assignment: Path) -> tuple[str, ...]:
        """Return the ids of those in an assignment's folder."""
        declared = {exercise.id for file in assignment.glob("test_*.py") for exercise in all_exercises(file)}
        return tuple(id for id in self.exercises if id in declared)


def path_names(assignments: Path) -> tuple[str, ...]:
    """Return the names of the paths in a folder of assignments; raises as `named_path`."""
    return tuple(_paths(assignments / PATHS_FILE))


def named_path(assignments: Path, name: str) -> NamedPath | None:
    """Return the path of this name in a folder of assignments; None for "all".

    Raises:
        InputError: there is none, or it names an exercise that is not there.
    """
    if name == EVERYTHING:
        return None
    file = assignments / PATHS_FILE
    paths = _paths(file)
    if name not in paths:
        there = f"there is {listed(sorted(paths))}" if paths else "there is none"
        raise InputError(f"There is no path {name}: {there}, and all for the whole. {shown(file)} lists them.")
    ids = paths[name]
    if not isinstance(ids, list) or not ids or not all(isinstance(id, str) for id in ids):
        raise InputError(f'{shown(file)}: {name} must be a list of exercises, such as ["1.5", "2.6"].')
    declared = [each.id for checks in sorted(assignments.glob("[0-9]*/test_*.py")) for each in all_exercises(checks)]
    if unknown := [id for id in ids if id not in declared]:
        raise InputError(f"{shown(file)}: {name} names {listed(unknown)}, which no file of checks declares.")
    return NamedPath(name, tuple(ids))


def setting(root: Path) -> str:
    """Return the name of the path that the settings in a folder name: "all" if they name none, "" if there are none.

    Raises:
        InputError: they cannot be read.
    """
    file = root / SETTINGS_FILE
    if not file.is_file():
        return ""
    table = _read(file).get("path", {})
    name = table.get("name") if isinstance(table, dict) else None
    if table and not isinstance(name, str):
        raise InputError(f'{shown(file)}: below [path] there must be a line such as name = "core".')
    return name or EVERYTHING


def settings_text(name: str) -> str:
    """Return the text of the settings that name a path."""
    return f'{_ABOUT}[path]\nname = "{name}"\n'


def path_of_kit(root: Path) -> str:
    """Return the name of the path that the assignments of a kit were written for, "all" where that is not one.

    Raises:
        InputError: its settings name a path that is not there, or another one.
    """
    name, written = setting(root), {}
    for folder in sorted((root / KIT_FOLDER).glob("[0-9]*")):
        path = path_of(folder)
        written[folder.name] = path.name if path else EVERYTHING
    for number, other in written.items():
        if name and other != name:
            named_path(root / KIT_FOLDER, name)
            raise InputError(
                f"{shown(root / SETTINGS_FILE)} asks for {_shown_path(name)}, and assignment {number} was written for "
                f"{_shown_path(other)}. `gradlings init . --path NAME` in the kit writes it for one of them."
            )
    return next(iter(written.values())) if len(set(written.values())) == 1 else EVERYTHING


def _shown_path(name: str) -> str:
    return "all exercises" if name == EVERYTHING else f"the path {name}"


def _paths(file: Path) -> Mapping[str, Any]:
    paths = _read(file)
    for name in paths:
        if name == EVERYTHING or not re.fullmatch(r"[A-Za-z0-9_-]+", name):
            raise InputError(f"{shown(file)}: {name!r} cannot name a path; take letters, digits, - and _, and not all.")
    return paths


def _read(file: Path) -> Mapping[str, Any]:
    """Return what a TOML file holds; nothing if it is not there."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InputError(f"{shown(file)} cannot be read as TOML: {error}") from None
