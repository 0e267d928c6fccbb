"""Write files whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

UNFINISHED = ".unfinished"
"""The suffix of a file that is being written. One that a killed process left may be removed."""
_MAX_NAME_CHARS = 80


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644, durable: bool = False) -> None:
    """Write a file so that readers, also after a crash, find either the old content or the new, never a part of it.

    Folders on the way are made. `mode` holds for a file that is new. `durable` waits for the disk, so that the content
    outlasts a power cut.

    Raises:
        OSError: the file cannot be written; the old content is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name[:_MAX_NAME_CHARS]}{secrets.token_hex(4)}{UNFINISHED}")
    try:
        with open(unfinished, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    if durable and hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)  # so that a power cut cannot undo the new name
        finally:
            os.close(folder)
