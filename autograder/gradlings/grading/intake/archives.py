"""Zips: the download of a class, and the zips that students hand in. Nothing is ever extracted to disk.

A zip is what a stranger made: its own table of contents is weighed before Python reads it, and every member is read
under a cap, whatever it says of its size.
"""

from __future__ import annotations

import contextlib
import io
import stat
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from gradlings.grading.intake.found import (
    EMPTY_FOLDER,
    ENVIRONMENT,
    KINDS,
    MAX_DEPTH,
    MAX_FOLDER_ENTRIES,
    POINTS_OUT,
    FoundFile,
    Refused,
    Source,
    is_junk,
    too_large,
)
from gradlings.model.errors import InputError

_MAX_ZIP_MEMBERS = 200_000
_MAX_CONTENTS_BYTES = 2_000_000
"""Of the table of contents of a student's zip; Python makes an object of some hundred bytes of every 46."""
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others can ask for gigabytes to decompress
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


class ZipSource:
    """A zip file. Members are read into memory one at a time.

    Raises:
        InputError: it has too many members.
        zipfile.BadZipFile, OSError, ValueError, NotImplementedError: it is no zip that can be read.
    """

    def __init__(self, file: Path | io.BytesIO, max_members: int = _MAX_ZIP_MEMBERS) -> None:
        self._zip = zipfile.ZipFile(file)
        self._members = self._zip.infolist()
        if len(self._members) > max_members:
            shown = file if isinstance(file, Path) else "It"
            raise InputError(f"{shown} has {len(self._members):,} members; at most {max_members:,} are read.")

    def entries(self) -> Iterator[FoundFile]:
        """See `Source.entries`."""
        names = [_member_name(info) for info in self._members]
        environments = {PurePosixPath(name).parent for name in names if PurePosixPath(name).name == ENVIRONMENT}
        kept, emptied = [], {}
        for index, name in enumerate(names):
            parts = tuple(part for part in name.split("/") if part not in ("", "."))
            ends = [i for i, part in enumerate(parts) if is_junk(part)]
            ends += [len(folder.parts) for folder in environments.intersection(PurePosixPath(name).parents)]
            if not ends and parts:
                kept.append((index, name, parts))
            elif ends and parts[: min(ends)]:
                emptied[parts[: min(ends)]] = index
        filled = {parent for _, name, _ in kept for parent in PurePosixPath(name).parents}
        for index, name, parts in kept:
            info = self._members[index]
            refused = _why_refused(info, name)
            if name.endswith("/") and not refused:
                if PurePosixPath(name) in filled:
                    continue
                refused = EMPTY_FOLDER
            elif len(parts) > MAX_DEPTH and not refused:
                refused = "lies too deep to be looked at"
            yield FoundFile(parts, info.file_size, _zip_time(info), refused, index)
        present = {parts[: len(parts) - end] for _, _, parts in kept for end in range(len(parts))}
        for parts, index in emptied.items():
            if parts not in present:  # who handed in nothing else is not forgotten
                yield FoundFile(parts, refused=EMPTY_FOLDER, member=index)

    def read(self, entry: FoundFile, max_bytes: int) -> bytes:
        """See `Source.read`."""
        info = self._members[entry.member]
        try:
            if info.file_size > max_bytes:
                raise Refused(too_large(entry, max_bytes))
            with self._zip.open(info) as file:
                return file.read(max_bytes)  # never more than the member says it holds
        except _UNREADABLE as error:
            raise Refused(f"{entry.shown} is damaged and cannot be unpacked ({error}).") from None


class WithZips:
    """A source in which the zips of students are open: what is in them is found as in a folder, one level deep.

    Args:
        source: what holds them.
        max_bytes: what is larger is not opened.
        total: of all zips together that are read, in bytes.
    """

    def __init__(self, source: Source, max_bytes: int, total: int) -> None:
        self._source, self._max_bytes, self._total = source, max_bytes, total
        self._kept = threading.local()  # the zip that this thread opened last: its files are read one after the other

    def entries(self) -> Iterator[FoundFile]:
        """See `Source.entries`. A zip that cannot be opened is an entry that says why."""
        left = self._total
        for entry in self._source.entries():
            if entry.refused or not entry.parts[-1].lower().endswith(".zip"):
                yield entry
                continue
            left -= entry.size
            try:
                if left < 0:
                    raise Refused(f"{entry.shown} is not opened: all zips together are too large.")
                yield from self._inside(entry)
            except Refused as refused:
                yield replace(entry, refused=str(refused).removeprefix(f"{entry.shown} ").removesuffix("."))

    def _inside(self, entry: FoundFile) -> Iterator[FoundFile]:
        found = list(self._opened(entry).entries())
        if not found:
            raise Refused(f"{entry.shown} is an empty zip.")
        for inner in found:
            refused = inner.refused
            if inner.parts[-1].lower().endswith(".zip") and not refused:
                refused = "is a zip inside a zip, which is not opened"
            yield replace(inner, parts=(*entry.parts, *inner.parts), refused=refused, zip=entry)

    def read(self, entry: FoundFile, max_bytes: int) -> bytes:
        """See `Source.read`."""
        return (self._opened(entry.zip) if entry.zip else self._source).read(entry, max_bytes)

    def _opened(self, entry: FoundFile) -> ZipSource:
        kept: tuple[FoundFile, ZipSource] | None = getattr(self._kept, "zip", None)
        if kept is None or kept[0] != entry:
            self._kept.zip = kept = entry, self._open(entry)
        return kept[1]

    def _open(self, entry: FoundFile) -> ZipSource:
        data = self._source.read(entry, self._max_bytes)
        try:
            if _contents_bytes(data) > _MAX_CONTENTS_BYTES:
                raise Refused(f"{entry.shown} has too many members to be opened.")
            return ZipSource(io.BytesIO(data), MAX_FOLDER_ENTRIES)
        except InputError as error:
            raise Refused(f"{entry.shown} is not opened: it {str(error).removeprefix('It ')}") from None
        except _UNREADABLE as error:
            raise Refused(f"{entry.shown} is no zip file that can be read ({error}).") from None


def _contents_bytes(data: bytes) -> int:
    """Return how many bytes Python would read as the table of contents of a zip."""
    end = len(data) - 22
    if data[end : end + 4] != b"PK\x05\x06" or data[-2:] != b"\0\0":
        end = data.rfind(b"PK\x05\x06", max(0, len(data) - (1 << 16) - 22))
    if end < 0:
        return 0  # no zip, as Python will say
    if data[max(0, end - 20) : end][:4] == b"PK\x06\x07":  # the sizes of 64 bits stand elsewhere; no student needs them
        return _MAX_CONTENTS_BYTES + 1
    return int.from_bytes(data[end + 12 : end + 16], "little")


def _member_name(info: zipfile.ZipInfo) -> str:
    name = info.filename
    if not info.flag_bits & 0x800:  # not marked as UTF-8; macOS writes UTF-8 all the same
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")  # as some zippers on Windows write paths


def _why_refused(info: zipfile.ZipInfo, name: str) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == 3 else 0
    if name.startswith("/") or ".." in name.split("/") or (len(name) > 1 and name[1] == ":"):
        return POINTS_OUT
    if kind in KINDS:
        return f"is {KINDS[kind]}"
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
