"""`gradlings init`: writes the kit that ships with the package, and keeps every file that somebody edited."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gradlings import __version__
from gradlings.model.errors import InputError
from gradlings.model.files import write_atomically
from gradlings.submission import shipped_kit
from gradlings.submission.cells import decode
from gradlings.submission.manifest import MANIFEST, digest, read_manifest

RECORD = Path(".gradlings", "kit.json")
"""What was written last, below the kit's folder: file name -> digest. Tells an edited file from an older one."""


@dataclass
class Started:
    """What `start` did, by path relative to the kit."""

    written: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Files that differ from what ships because somebody edited them."""


def start(folder: Path, *, solutions: bool = False) -> Started:
    """Writes the kit into a folder, which is made if it is not there. Files of an older kit are brought up to date.

    Args:
        solutions: writes the answers, too.

    Raises:
        InputError: the folder cannot be used.
    """
    if shipped_kit.assignments() == folder.resolve() / "assignments":
        raise InputError(f"{folder.resolve()} is where gradlings itself comes from. Choose another folder.")
    done = Started()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        known = _recorded(folder)
        now = {}
        for name, source in _files(solutions):
            text = decode(source.read_bytes())
            now[name] = digest(text)
            _place(folder, name, text, known.get(name), done)
        record = json.dumps({"gradlings": __version__, "files": known | now}, indent=1) + "\n"
        write_atomically(folder / RECORD, record.encode())
    except OSError as error:
        where = error.filename or folder
        raise InputError(
            f"{where} cannot be written: {error.strerror}. Choose a folder in which you may write, or make room there."
        ) from None
    return done


def _files(solutions: bool) -> Iterator[tuple[str, Path]]:
    for path in shipped_kit.BESIDE:
        yield path.name, path
    for folder in (shipped_kit.assignments(), shipped_kit.solutions()) if solutions else (shipped_kit.assignments(),):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and not _is_made_by_checks(path):
                yield f"{folder.name}/{path.relative_to(folder).as_posix()}", path


def _is_made_by_checks(path: Path) -> bool:
    """A checkout may hold what exercises leave behind: their .gitignore names it."""
    listed = path.with_name(".gitignore")
    return listed.is_file() and path.name in listed.read_text(encoding="utf-8").split()


def _recorded(folder: Path) -> dict[str, str]:
    """Digests of untouched files: by the record, and for a kit that was handed out without one by its manifests."""
    known: dict[str, str] = {}
    for manifest in (folder / "assignments").glob(f"*/{MANIFEST}"):
        for name, value in read_manifest(manifest.parent).get("text", {}).items():
            known[f"assignments/{manifest.parent.name}/{name}"] = value
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        known.update({str(name): str(value) for name, value in record["files"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return known


def _place(folder: Path, name: str, text: str, known: str | None, done: Started) -> None:
    path = folder / name
    if not os.path.lexists(path):
        write_atomically(path, text.encode("utf-8"))
        done.written.append(name)
        return
    if path.is_symlink() or not path.is_file():
        done.kept.append(name)
        return
    current = digest(decode(path.read_bytes()))
    if current == digest(text):
        return
    if current == known or path.name == MANIFEST:  # the manifest is never edited, and belongs to what ships
        write_atomically(path, text.encode("utf-8"))
        done.updated.append(name)
    else:
        done.kept.append(name)
