"""Places that hold submissions: a folder, a zip, a single file. Lists what is there and reads single files, safely.

Nothing is unpacked to disk, no link is followed, nothing but regular files is opened, and every read is capped.
Sources say what they found; whose it is, and which of it counts, is decided in `collect.py` and `choose.py`.
"""

from __future__ import annotations

import contextlib
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

from gradlings.grading.intake.archives import WithZips, ZipSource
from gradlings.grading.intake.found import (
    EMPTY_FOLDER,
    ENVIRONMENT,
    KINDS,
    MAX_DEPTH,
    MAX_FOLDER_ENTRIES,
    FoundFile,
    ReadLimits,
    Refused,
    Source,
    is_junk,
    too_large,
)
from gradlings.model.errors import InputError

# Windows has none of them but O_BINARY, which only Windows has
_FOLDER, _NO_LINKS = getattr(os, "O_DIRECTORY", 0), getattr(os, "O_NOFOLLOW", 0)
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)

_MAX_ENTRIES_BELOW = {1: 200_000, 2: 20_000}
"""By depth, how much is listed below a folder in all: the first may be one around a whole class."""


def open_source(path: Path, limits: ReadLimits) -> Source:
    """Return the source at a path that the instructor gave (which may itself be a link), with students' zips open.

    Raises:
        InputError: there is nothing, or nothing that can hold submissions.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}). Give a folder or zip of submissions.") from None
    if stat.S_ISDIR(mode):
        return WithZips(FolderSource(path), limits.file, limits.total)
    if not stat.S_ISREG(mode):
        raise InputError(f"{path} is neither a folder nor a file. Give a folder or zip of submissions.")
    if path.suffix.lower() in (".py", ".ipynb"):
        return FileSource(path)
    try:
        return WithZips(ZipSource(path), limits.file, limits.total)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"{path} is no zip file that can be read ({error}). Give a folder or zip of it.") from None


class FolderSource:
    """A folder on disk. Every step down is taken without following links.

    Raises:
        InputError: this system opens no file by its place in an open folder (Windows).
    """

    def __init__(self, path: Path) -> None:
        if os.open not in os.supports_dir_fd:
            raise InputError(f"{path}: folders of submissions are read on Linux and macOS only. Give a zip of it.")
        self._path = path

    def entries(self) -> Iterator[FoundFile]:
        """See `Source.entries`."""
        with _opened(str(self._path), _FOLDER) as fd:
            yield from self._walk(fd, ())

    def _walk(self, fd: int, parents: tuple[str, ...]) -> Iterator[FoundFile]:
        names = sorted(os.listdir(fd))
        if parents and len(names) > MAX_FOLDER_ENTRIES:
            yield FoundFile(parents, refused=f"holds more than {MAX_FOLDER_ENTRIES:,} files")
            return
        kept = [] if parents and ENVIRONMENT in names else [name for name in names if not is_junk(name)]
        if parents and not kept:
            yield FoundFile(parents, refused=EMPTY_FOLDER)
        for name in kept:
            yield from self._one(fd, (*parents, name))

    def _one(self, fd: int, parts: tuple[str, ...]) -> Iterator[FoundFile]:
        try:
            status = os.stat(parts[-1], dir_fd=fd, follow_symlinks=False)
            if stat.S_ISREG(status.st_mode):
                yield FoundFile(parts, status.st_size, status.st_mtime)
            elif not stat.S_ISDIR(status.st_mode):
                yield FoundFile(parts, refused=f"is {KINDS.get(stat.S_IFMT(status.st_mode), 'not a file')}")
            elif len(parts) >= MAX_DEPTH:
                yield FoundFile(parts, refused="is a folder too deep to look into")
            else:
                with _opened(parts[-1], _FOLDER | _NO_LINKS, fd) as inner:
                    limit = _MAX_ENTRIES_BELOW.get(len(parts), MAX_FOLDER_ENTRIES)
                    for number, entry in enumerate(self._walk(inner, parts)):
                        if number == limit:
                            yield FoundFile(parts, refused=f"holds more than {limit:,} files")
                            break
                        yield entry
        except OSError as error:
            yield FoundFile(parts, refused=f"cannot be read ({error.strerror})")

    def read(self, entry: FoundFile, max_bytes: int) -> bytes:
        """See `Source.read`."""
        with contextlib.ExitStack() as stack:
            try:
                fd = stack.enter_context(_opened(str(self._path), _FOLDER))
                for part in (*entry.wrapper, *entry.parts[:-1]):
                    fd = stack.enter_context(_opened(part, _FOLDER | _NO_LINKS, fd))
                fd = stack.enter_context(_opened(entry.parts[-1], _NO_LINKS, fd))
                return _read_regular(fd, entry, max_bytes)
            except OSError as error:
                raise Refused(f"{entry.shown} cannot be read ({error.strerror}).") from None


class FileSource:
    """One file: the submission of one student."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self) -> Iterator[FoundFile]:
        """See `Source.entries`."""
        status = self._path.stat()
        yield FoundFile((self._path.name,), status.st_size, status.st_mtime)

    def read(self, entry: FoundFile, max_bytes: int) -> bytes:
        """See `Source.read`."""
        try:
            with _opened(str(self._path), 0) as fd:
                return _read_regular(fd, entry, max_bytes)
        except OSError as error:
            raise Refused(f"{entry.shown} cannot be read ({error.strerror}).") from None


@contextlib.contextmanager
def _opened(name: str, flags: int, folder: int | None = None) -> Iterator[int]:
    fd = os.open(name, _READ | flags, dir_fd=folder)
    try:
        yield fd
    finally:
        os.close(fd)


def _read_regular(fd: int, entry: FoundFile, max_bytes: int) -> bytes:
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):  # it was replaced since it was listed
        raise Refused(f"{entry.shown} is {KINDS.get(stat.S_IFMT(status.st_mode), 'not a file')}.")
    if status.st_size > max_bytes:
        raise Refused(too_large(entry, max_bytes))
    with open(fd, "rb", closefd=False) as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:  # it grew while it was read
        raise Refused(too_large(entry, max_bytes))
    return data
