"""Faults leave a trace: what is logged while a submission is judged travels with the reply and ends in `grader.log`.

Messages and tracebacks may hold text that a student chose: it is cleaned, and indented so that it cannot pass for an
entry of its own.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from gradlings.model.text import encodable, without_control_characters

FILE = "grader.log"
_MAX_ENTRIES = 20  # of one submission
_MAX_ENTRY_CHARS = 20_000
_PACKAGE = logging.getLogger("gradlings")


class _Collector(logging.Handler):
    """Keeps the first entries as text."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.entries: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.entries) < _MAX_ENTRIES:
            self.entries.append(_shortened(self.format(record)))


def _shortened(text: str) -> str:
    """Return at most `_MAX_ENTRY_CHARS` characters: a traceback says most at its two ends."""
    half = _MAX_ENTRY_CHARS // 2
    return text if len(text) <= 2 * half else f"{text[:half]}\n... (cut)\n{text[-half:]}"


@contextmanager
def collected_log() -> Iterator[list[str]]:
    """Give a list that receives what the package logs from level WARNING on, each with its traceback."""
    collector = _Collector()
    _PACKAGE.addHandler(collector)
    try:
        yield collector.entries
    finally:
        _PACKAGE.removeHandler(collector)


class CleanFormatter(logging.Formatter):
    """Formats an entry with its time; further lines of it are indented, control characters are question marks."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry without a line feed at its end."""
        return encodable(without_control_characters(super().format(record))).replace("\n", "\n    ")


class _PrivateFile(logging.FileHandler):
    """Appends to a file for its owner only, which is made with the first entry."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, delay=True)

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        return open(os.open(self.baseFilename, flags, 0o600), "a", encoding="utf-8")

    def emit(self, record: logging.LogRecord) -> None:
        try:
            super().emit(record)
        except OSError:  # the file cannot be opened: logging reports it on stderr, and grading goes on
            self.handleError(record)


@contextmanager
def logged_to(folder: Path, *, verbose: bool = False) -> Iterator[None]:
    """Append what the package logs from level WARNING on to `grader.log` in a folder; `verbose`: to stderr, too."""
    handlers: list[logging.Handler] = [_PrivateFile(folder / FILE), *([logging.StreamHandler()] if verbose else [])]
    for handler in handlers:
        handler.setLevel(logging.WARNING)
        handler.setFormatter(CleanFormatter())
        _PACKAGE.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            _PACKAGE.removeHandler(handler)
            handler.close()
