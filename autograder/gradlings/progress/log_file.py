"""Append to and repair `progress.jsonl`. A lock and a single write let two processes write at once without loss.

Nothing here knows what a line means. A damaged file is copied, and its readable lines are kept.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

_log = logging.getLogger(__name__)

_BINARY = getattr(os, "O_BINARY", 0)
_LOCKED_BYTE = 1 << 40  # Windows locks bytes, and reading a locked byte fails: take one far behind the end


@contextlib.contextmanager
def locked(path: Path) -> Iterator[int]:
    """Open a file for reading and appending, create it if it is missing, and lock out other processes until the end.

    Yields:
        The file descriptor.

    Raises:
        OSError: it cannot be opened for writing.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY, 0o644)
    try:
        try:
            _lock(descriptor)
        except OSError as error:  # a file system without locks: one write with O_APPEND is the best there is
            _log.info("%s cannot be locked: %s", path, error)
        yield descriptor
    finally:
        os.close(descriptor)  # releases the lock, too


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)


def content(descriptor: int) -> bytes:
    """Read all bytes of an open file."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    parts = []
    while part := os.read(descriptor, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def split_lines(data: bytes) -> list[bytes]:
    """Return the lines that are not blank."""
    return [line for line in data.split(b"\n") if line.strip()]


def append(descriptor: int, lines: bytes) -> None:
    """Append whole lines in one write; if that fails half-way, the file is left as it was.

    Raises:
        OSError: there is no room.
    """
    before = os.lseek(descriptor, 0, os.SEEK_END)
    if before:
        os.lseek(descriptor, before - 1, os.SEEK_SET)
        if os.read(descriptor, 1) != b"\n":  # a process was killed while it wrote this line
            lines = b"\n" + lines
    if os.write(descriptor, lines) < len(lines):
        os.ftruncate(descriptor, before)
        raise OSError("no space left")


def set_aside(path: Path, readable: Callable[[bytes], bool]) -> str:
    """Copy a damaged file to `progress.damaged-1.jsonl` (2, 3, ...) and keep only its readable lines.

    Returns:
        What was done, in a sentence; "" if every line is readable after all.

    Raises:
        OSError: the folder cannot be written.
    """
    with locked(path) as descriptor:
        data = content(descriptor)
        lines = split_lines(data)
        kept = [line for line in lines if readable(line)]
        if len(kept) == len(lines):
            return ""
        copy = _copy_of(path, data)
        os.ftruncate(descriptor, 0)
        append(descriptor, b"".join(line + b"\n" for line in kept))
    damaged = len(lines) - len(kept)
    what = "1 line" if damaged == 1 else f"{damaged} lines"
    return f"{what} of {path.name} cannot be read. The file is kept as {copy.name}; all other lines are carried on."


def _copy_of(path: Path, data: bytes) -> Path:
    number = 1
    while True:
        copy = path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")
        try:
            with copy.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            return copy
        except FileExistsError:
            number += 1
