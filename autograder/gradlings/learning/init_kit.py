"""Write the kit that ships with the package into a folder, and keep every file that was edited."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gradlings import __version__
from gradlings.model.errors import InputError
from gradlings.model.exercise import PATH_FILE
from gradlings.model.files import write_atomically
from gradlings.submission import shipped_kit
from gradlings.submission.cells import decode
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
from gradlings.submission.manifest import MANIFEST, digest, read_manifest

_log = logging.getLogger(__name__)

_NEVER_EDITED = (MANIFEST, PATH_FILE)
_MODE = 0o666  # the umask takes away what the user does not want, as for any file a user makes

RECORD = Path(".gradlings", "kit.json")
"""Below the kit's folder: the digest of each file as it was last written. Tells an edited file from an older one."""


@dataclass
class InitResult:
    """What `write_kit` did, by path relative to the kit."""

    written: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """Files that differ from what ships because they were edited."""
    path: NamedPath | None = None
    """The one that the kit is on; None if all exercises are to be done."""


def write_kit(folder: Path, *, solutions: bool = False, path: str = "") -> InitResult:
    """Write the kit into a folder, which is made if it is not there. Files of an older kit are brought up to date.

    Args:
        folder: the kit's.
        solutions: whether to write the answers, too.
        path: the name of the path that the kit is to be on, or "all"; the one that it is on if none.

    Raises:
        InputError: the folder cannot be used, there is no such path, or no answer to take given code from.
    """
    if shipped_kit.assignments() == folder.resolve() / "assignments":
        raise InputError(f"{folder.resolve()} is where gradlings itself comes from. Choose another folder.")
    name = path or setting(folder) or path_of_kit(folder)
    result = InitResult(path=named_path(shipped_kit.assignments(), name))
    texts = _texts(solutions, result.path)
    if name != (setting(folder) or EVERYTHING):
        texts[SETTINGS_FILE] = settings_text(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = _digests_when_written(folder)
        now = {}
        for name, text in texts.items():
            now[name] = digest(text)
            _write(folder, name, text, before.get(name), result)
        if result.path is None:
            for file in (folder / "assignments").glob(f"[0-9]*/{PATH_FILE}"):
                file.unlink()
        record = json.dumps({"gradlings": __version__, "files": before | now}, indent=1) + "\n"
        write_atomically(folder / RECORD, record.encode(), mode=_MODE)
    except OSError as error:
        where = error.filename or folder
        raise InputError(
            f"{where} cannot be written: {error.strerror}. Choose a folder in which you may write, or make room there."
        ) from None
    return result


def _texts(solutions: bool, path: NamedPath | None) -> dict[str, str]:
    """Return the texts of all files of the kit, by path relative to it."""
    texts = {name: decode(file.read_bytes()) for name, file in _files(solutions)}
    for folder in sorted(shipped_kit.assignments().glob("[0-9]*")) if path else ():
        if path and any(folder.glob("test_*.py")):
            texts |= {f"assignments/{folder.name}/{file}": text for file, text in files_on_path(folder, path).items()}
    return texts


def _files(solutions: bool) -> Iterator[tuple[str, Path]]:
    for path in shipped_kit.BESIDE:
        yield path.name, path
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


def _digests_when_written(folder: Path) -> dict[str, str]:
    """Return the digests of the files as they were written: from the record, or if it has none from the manifests."""
    digests: dict[str, str] = {}
    for manifest in (folder / "assignments").glob(f"*/{MANIFEST}"):
        for name, value in read_manifest(manifest.parent).get("text", {}).items():
            digests[f"assignments/{manifest.parent.name}/{name}"] = value
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        digests.update({str(name): str(value) for name, value in record["files"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        _log.info("no record of an earlier kit in %s: %s", folder, error)
    return digests


def _write(folder: Path, name: str, text: str, when_written: str | None, result: InitResult) -> None:
    path = folder / name
    if not os.path.lexists(path):
        names = result.written
    elif path.is_symlink() or not path.is_file():
        names = result.kept
    else:
        current = digest(decode(path.read_bytes()))
        if current == digest(text):
            return
        # the manifest is never edited, and belongs to what ships; so does what says of the path
        ours = path.name in _NEVER_EDITED or name == SETTINGS_FILE
        names = result.updated if current == when_written or ours else result.kept
    if names is not result.kept:
        write_atomically(path, text.encode("utf-8"), mode=_MODE)
    names.append(name)
