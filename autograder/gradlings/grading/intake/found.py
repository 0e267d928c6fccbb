"""What is found where submissions lie: files and what is refused, their names as messages show them, and the caps."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

MEGABYTE = 1_000_000
MAX_DEPTH = 12
MAX_FOLDER_ENTRIES = 5_000
JUNK = frozenset(
    {
        *("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"),
        *("__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".cache"),
        *(".git", ".hg", ".svn", ".idea", ".vscode", ".venv", "site-packages", "node_modules"),
    }
)
"""Names that operating systems and programs leave: never a student's."""
ENVIRONMENT = "pyvenv.cfg"
"""The file that makes a folder a virtual environment, whatever the folder's name."""
EMPTY_FOLDER = "is an empty folder"
POINTS_OUT = "points out of the zip"
KINDS = {
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
    """The folders around all students, where there are any."""
    zip: FoundFile | None = None
    """The zip among the submissions that it lies in; `parts` then begins with the path of that zip."""

    @property
    def shown(self) -> str:
        """The path as messages show it."""
        return "/".join(readable(part) for part in self.parts)

    @property
    def path(self) -> tuple[str, ...]:
        """The whole path, with the folders around all students."""
        return (*self.wrapper, *self.parts)

    @property
    def is_loose(self) -> bool:
        """Whether it lies in no student's folder: its first part is the name of a file, or of a zip that holds it."""
        outer = len(self.zip.path) if self.zip and len(self.zip.path) > len(self.wrapper) else len(self.path)
        return outer - len(self.wrapper) == 1

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders it lies in below the student's own; a zip is none."""
        inner = [part for part in self.parts[:-1] if not (self.zip and part == self.zip.parts[-1])]
        return tuple(inner if self.is_loose else inner[1:])

    def without_first(self) -> FoundFile:
        """Return the same with the first folder of its path taken as one around all students."""
        return replace(self, parts=self.parts[1:], wrapper=(*self.wrapper, self.parts[0]))


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


def readable(name: str) -> str:
    r"""Return a name that can be shown: what does not print is spelled out as `\x1b`, undecodable bytes as `\xe9`."""
    undecodable = any("\ud800" <= c <= "\udfff" for c in name)
    decoded = os.fsencode(name).decode("utf-8", "backslashreplace") if undecodable else name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in decoded)


def is_junk(name: str) -> bool:
    """Return whether a file or folder of this name is never a student's work."""
    return name in JUNK or name.startswith("._")


def too_large(entry: FoundFile, max_bytes: int) -> str:
    """Return what to say of a file that is not read for its size."""
    size = f"{entry.size / MEGABYTE:,.0f} MB" if entry.size > max_bytes else "too large"
    return f"{entry.shown} is {size}; at most {max_bytes / MEGABYTE:,.0f} MB are read."
