"""What a kit was handed out as, kept beside it: so an update can tell what its student wrote from what is older."""

from __future__ import annotations

import ast
import logging
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from gradlings.model.errors import InputError
from gradlings.model.exercise import read_exercises
from gradlings.submission.manifest import MANIFEST, digest, read_manifest

_log = logging.getLogger(__name__)

RECORD = Path(".gradlings", "kit.json")
"""Below the kit's folder."""


@dataclass(frozen=True)
class Declared:
    """An exercise as a version of its checks declares it."""

    name: str
    """The function to write, the first of several."""
    points: int
    checks: str
    """The digest of its class of checks."""


@dataclass(frozen=True)
class KitRecord:
    """A kit as it was last written."""

    gradlings: str = ""
    """The version that wrote it; "" where there is no record, as in a folder that a teacher handed out."""
    whole: bool = False
    """Whether `gradlings init` made it, so that all assignments belong to it."""
    files: dict[str, str] = field(default_factory=dict)
    """The digest of each file."""
    cells: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of each file that students edit: the digests of its cells by their keys."""
    exercises: dict[str, Declared] = field(default_factory=dict)


def read_record(root: Path) -> KitRecord:
    """Return the record of a kit; where there is none, what the manifests of its assignments say of its files."""
    files: dict[str, str] = {}
    for manifest in (root / "assignments").glob(f"*/{MANIFEST}"):
        for name, value in read_manifest(manifest.parent).get("text", {}).items():
            files[f"assignments/{manifest.parent.name}/{name}"] = value
    try:
        found = msgspec.json.decode((root / RECORD).read_bytes(), type=KitRecord)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        _log.info("no record of an earlier kit in %s: %s", root, error)
        return KitRecord(files=files)
    return replace(found, files=files | found.files)


def declared_in(checks: Path) -> dict[str, Declared]:
    """Return the exercises of a file of checks by their ids; none if it is not there or cannot be read."""
    try:
        exercises = read_exercises(checks)
        text = checks.read_text(encoding="utf-8")
    except (OSError, InputError, UnicodeDecodeError):
        return {}
    lines = text.split("\n")
    classes = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)}
    found = {}
    for exercise in exercises:
        node = classes[exercise.class_name]
        first = min(decorator.lineno for decorator in node.decorator_list)
        checked = digest("\n".join(lines[first - 1 : node.end_lineno]))[:16]
        found[exercise.id] = Declared(exercise.functions[0], exercise.points, checked)
    return found
