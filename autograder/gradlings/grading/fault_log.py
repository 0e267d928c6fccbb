"""Faults leave a trace: what is logged while a submission is judged travels with the reply and ends in `grader.log`.

Messages and tracebacks may hold text that a student chose: it is cleaned, and indented so that it cannot pass for an
entry of its own.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradlings.model.text import encodable, without_control_characters

FILE = "grader.log"
_MAX_ENTRIES = 20  # of one submission
_MAX_ENTRY_CHARS = 20_000


class _Collector(logging.Handler):
    """Keeps the first entries as text, of long ones the two ends, where a traceback says most."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.entries) < _MAX_ENTRIES:
            text, half = self.format(record), _MAX_ENTRY_CHARS // 2
            self.entries.append(text if len(text) <= 2 * half else f"{text[:half]}\n... (cut)\n{text[-half:]}")


class CleanFormatter(logging.Formatter):
    """Formats an entry with its time; further lines of it are indented, control characters are question marks."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry without a line feed at its end."""
        return encodable(without_control_characters(super().format(record))).replace("\n", "\n    ")


class _PrivateFile(logging.Handler):
    """Appends to `grader.log` in a folder, which is made with the first entry, for its owner only."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._path = folder / FILE

    def emit(self, record: logging.LogRecord) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        try:
            with open(os.open(self._path, flags, 0o600), "a", encoding="utf-8") as file:
                file.write(f"{self.format(record)}\n")
        except OSError:  # logging reports it on stderr, and grading goes on
            self.handleError(record)


@contextmanager
def _attached(*handlers: logging.Handler) -> Iterator[None]:
    package = logging.getLogger("gradlings")
    for handler in handlers:
        handler.setLevel(logging.WARNING)
        package.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            package.removeHandler(handler)


@contextmanager
def collected_log() -> Iterator[list[str]]:
    """Give a list that receives what the package logs from level WARNING on, each with its traceback."""
    collector = _Collector()
    with _attached(collector):
        yield collector.entries


@contextmanager
def logged_to(folder: Path, *, verbose: bool = False) -> Iterator[None]:
    """Append what the package logs from level WARNING on to `grader.log` in a folder; `verbose`: to stderr, too."""
    handlers = [_PrivateFile(folder), *([logging.StreamHandler()] if verbose else [])]
    for handler in handlers:
        handler.setFormatter(CleanFormatter("%(asctime)s %(levelname)s %(message)s"))
    with _attached(*handlers):
        yield
