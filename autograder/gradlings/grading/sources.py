"""Places that hold submissions: a folder, a zip, a single file. Lists what is there and reads single files, safely.

Nothing is unpacked to disk, no link is followed, nothing but regular files is opened, and every read is capped.
Sources say what they found; whose it is, and which of it counts, is decided in `collect.py`.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from gradlings.model.errors import InputError

MEGABYTE = 1_000_000
_MAX_DEPTH = 4  # student / assignment / file, and one folder around them all
_MAX_FOLDER_ENTRIES = 5_000
_MAX_ZIP_MEMBERS = 200_000
JUNK = frozenset({"__MACOSX", "__pycache__", ".DS_Store", ".ipynb_checkpoints", "Thumbs.db", "desktop.ini"})
"""Names that operating systems and programs leave: never a student's."""
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others can ask for gigabytes to decompress
_KINDS = {
    stat.S_IFLNK: "a link, and links are not followed",
    stat.S_IFIFO: "a named pipe, not a file",
    stat.S_IFSOCK: "a socket, not a file",
    stat.S_IFCHR: "a device, not a file",
    stat.S_IFBLK: "a device, not a file",
}


@dataclass(frozen=True)
class ReadLimits:
    """How much is read at most, in bytes."""

    file: int = 50 * MEGABYTE
    student: int = 80 * MEGABYTE
    total: int = 4_000 * MEGABYTE


@dataclass(frozen=True)
class FoundFile:
    """One thing that was found: a file, or something that is refused."""

    parts: tuple[str, ...]
    """Its path below the folder that holds the students, as the file system or the zip spells it."""
    size: int = 0
    modified: float = 0.0
    """Seconds since 1970; times in a zip are local and exact to two seconds."""
    refused: str = ""
    """Why it is not read, as the end of a sentence ("is a link, ..."); empty for a file."""
    member: int = -1
    """Its index in a zip."""
    wrapper: tuple[str, ...] = ()
    """The single folder around all students, where there is one."""

    @property
    def shown(self) -> str:
        """The path as messages show it."""
        return "/".join(readable(part) for part in self.parts)


class Refused(Exception):
    """A file that is not read; the text is a sentence that names it."""


class Source(Protocol):
    """A place that holds submissions."""

    def entries(self) -> Iterator[FoundFile]:
        """Yield everything that is there except junk of operating systems."""
        ...

    def read(self, entry: FoundFile, max_bytes: int) -> bytes:
        """Return the bytes of a file.

        Raises:
            Refused: it is larger than `max_bytes`, damaged, no longer there, or no longer a plain file.
        """
        ...


def open_source(path: Path) -> Source:
    """Return the source at a path that the instructor gave (which may itself be a link).

    Raises:
        InputError: there is nothing, or nothing that can hold submissions.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}). Give a folder or zip of submissions.") from None
    if stat.S_ISDIR(mode):
        return FolderSource(path)
    if not stat.S_ISREG(mode):
        raise InputError(f"{path} is neither a folder nor a file. Give a folder or zip of submissions.")
    if path.suffix.lower() in (".py", ".ipynb"):
        return FileSource(path)
    try:
        return ZipSource(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"{path} is no zip file that can be read ({error}). Give a folder or zip of it.") from None


class FolderSource:
    """A folder on disk. Every step down is taken without following links."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self) -> Iterator[FoundFile]:
        """See `Source.entries`."""
        with _opened(str(self._path), os.O_DIRECTORY) as fd:
            yield from self._walk(fd, ())

    def _walk(self, fd: int, parents: tuple[str, ...]) -> Iterator[FoundFile]:
        names = sorted(os.listdir(fd))
        if parents and len(names) > _MAX_FOLDER_ENTRIES:
            yield FoundFile(parents, refused=f"holds more than {_MAX_FOLDER_ENTRIES:,} files")
            return
        if parents and not names:
            yield FoundFile(parents, refused="is an empty folder")
        for name in names:
            if name not in JUNK and not name.startswith("._"):
                yield from self._one(fd, (*parents, name))

    def _one(self, fd: int, parts: tuple[str, ...]) -> Iterator[FoundFile]:
        try:
            status = os.stat(parts[-1], dir_fd=fd, follow_symlinks=False)
            if stat.S_ISREG(status.st_mode):
                yield FoundFile(parts, status.st_size, status.st_mtime)
            elif not stat.S_ISDIR(status.st_mode):
                yield FoundFile(parts, refused=f"is {_KINDS.get(stat.S_IFMT(status.st_mode), 'not a file')}")
            elif len(parts) >= _MAX_DEPTH:
                yield FoundFile(parts, refused="is a folder too deep to look into")
            else:
                with _opened(parts[-1], os.O_DIRECTORY | os.O_NOFOLLOW, fd) as inner:
                    yield from self._walk(inner, parts)
        except OSError as error:
            yield FoundFile(parts, refused=f"cannot be read ({error.strerror})")

    def read(self, entry: FoundFile, max_bytes: int) -> bytes:
        """See `Source.read`."""
        with contextlib.ExitStack() as stack:
            try:
                fd = stack.enter_context(_opened(str(self._path), os.O_DIRECTORY))
                for part in (*entry.wrapper, *entry.parts[:-1]):
                    fd = stack.enter_context(_opened(part, os.O_DIRECTORY | os.O_NOFOLLOW, fd))
                fd = stack.enter_context(_opened(entry.parts[-1], os.O_NOFOLLOW, fd))
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


class ZipSource:
    """A zip file. Members are read into memory one at a time; nothing is ever extracted."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        self._members = self._zip.infolist()
        if len(self._members) > _MAX_ZIP_MEMBERS:
            raise InputError(f"{path} has {len(self._members):,} members; at most {_MAX_ZIP_MEMBERS:,} are read.")

    def entries(self) -> Iterator[FoundFile]:
        """See `Source.entries`."""
        names = [_member_name(info) for info in self._members]
        filled = {parent for name in names for parent in PurePosixPath(name).parents}
        for index, (info, name) in enumerate(zip(self._members, names, strict=True)):
            parts = tuple(part for part in name.split("/") if part not in ("", "."))
            if not parts or JUNK.intersection(parts) or parts[-1].startswith("._"):
                continue
            refused = _why_refused(info, name)
            if name.endswith("/") and not refused:
                if PurePosixPath(name) in filled:
                    continue
                refused = "is an empty folder"
            elif len(parts) > _MAX_DEPTH and not refused:
                refused = "lies too deep to be looked at"
            yield FoundFile(parts, info.file_size, _zip_time(info), refused, index)

    def read(self, entry: FoundFile, max_bytes: int) -> bytes:
        """See `Source.read`."""
        info = self._members[entry.member]
        try:
            if info.file_size > max_bytes:
                raise Refused(too_large(entry, max_bytes))
            with self._zip.open(info) as file:
                return file.read(max_bytes)  # never more than the member says it holds
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as e:
            raise Refused(f"{entry.shown} is damaged and cannot be unpacked ({e}).") from None


def readable(name: str) -> str:
    r"""Return a name that can be shown: what does not print is spelled out as `\x1b`, undecodable bytes as `\xe9`."""
    undecodable = any("\ud800" <= c <= "\udfff" for c in name)
    decoded = os.fsencode(name).decode("utf-8", "backslashreplace") if undecodable else name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in decoded)


@contextlib.contextmanager
def _opened(name: str, flags: int, folder: int | None = None) -> Iterator[int]:
    fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY | flags, dir_fd=folder)
    try:
        yield fd
    finally:
        os.close(fd)


def _read_regular(fd: int, entry: FoundFile, max_bytes: int) -> bytes:
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):  # it was replaced since it was listed
        raise Refused(f"{entry.shown} is {_KINDS.get(stat.S_IFMT(status.st_mode), 'not a file')}.")
    if status.st_size > max_bytes:
        raise Refused(too_large(entry, max_bytes))
    with open(fd, "rb", closefd=False) as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:  # it grew while it was read
        raise Refused(too_large(entry, max_bytes))
    return data


def too_large(entry: FoundFile, max_bytes: int) -> str:
    """Return what to say of a file that is not read for its size."""
    size = f"{entry.size / MEGABYTE:,.0f} MB" if entry.size > max_bytes else "too large"
    return f"{entry.shown} is {size}; at most {max_bytes / MEGABYTE:,.0f} MB are read."


def _member_name(info: zipfile.ZipInfo) -> str:
    name = info.filename
    if not info.flag_bits & 0x800:  # not marked as UTF-8; macOS writes UTF-8 all the same
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")  # as some zippers on Windows write paths


def _why_refused(info: zipfile.ZipInfo, name: str) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == 3 else 0
    if name.startswith("/") or ".." in name.split("/") or (len(name) > 1 and name[1] == ":"):
        return "points out of the zip"
    if kind in _KINDS:
        return f"is {_KINDS[kind]}"
    if info.flag_bits & 0x1:
        return "is encrypted"
    if info.compress_type not in _COMPRESSIONS:
        return "is compressed in a way that is not read (deflate and stored are)"
    return ""


def _zip_time(info: zipfile.ZipInfo) -> float:
    try:
        return time.mktime((*info.date_time, 0, 0, -1))
    except (ValueError, OverflowError):
        return 0.0
