"""The settings that Python keeps for the whole process: how each is read, and how it is put back."""

from __future__ import annotations

import contextlib
import io
import locale
import logging
import os
import random
import sys
from collections.abc import Callable
from typing import Any, NamedTuple


class Setting(NamedTuple):
    """One setting of the whole process."""

    name: str
    """As students are told of it, with the subject "your file changes"; empty if no answer can depend on it."""
    read: Callable[[], Any]
    write: Callable[[Any], object]
    standard: Callable[[Any], Any] | None = None
    """Gives the value of a fresh process, from the value now; None where that does not matter to a check."""


_chdir, _getcwd = os.chdir, os.getcwd  # student code may replace them, and a worker does
_setlocale = locale.setlocale
_set_recursion_limit = sys.setrecursionlimit
_PYTHONS_RECURSION_LIMIT = 1000
_replaced_streams: list[Any] = []


def ensure_recursion_limit() -> None:
    """Raise a recursion limit that is too low for our own code, which runs after every cell, to Python's own."""
    _set_recursion_limit(max(sys.getrecursionlimit(), _PYTHONS_RECURSION_LIMIT))


def _read_folder() -> str:
    try:
        return _getcwd()
    except OSError:  # it was deleted
        return ""


def _write_folder(folder: str) -> None:
    if folder and _read_folder() != folder:
        with contextlib.suppress(OSError):  # it was deleted meanwhile
            _chdir(folder)


def _read_locale() -> str:
    return _setlocale(locale.LC_ALL)


def _write_locale(value: str) -> None:
    if _read_locale() != value:
        _setlocale(locale.LC_ALL, value)


def _read_logging() -> tuple[Any, ...]:
    root = logging.root
    return root.level, list(root.handlers), list(root.filters), root.manager.disable


def _write_logging(value: tuple[Any, ...]) -> None:
    if _read_logging() != value:
        level, logging.root.handlers[:], logging.root.filters[:], logging.root.manager.disable = value
        logging.root.setLevel(level)  # the last, since it makes all loggers forget what they know of levels


def _read_streams() -> tuple[Any, ...]:
    return sys.stdin, sys.stdout, sys.stderr


def _write_streams(value: tuple[Any, ...]) -> None:
    for stream, ours in zip(_read_streams(), value, strict=True):
        if stream is not ours:
            # a wrapper around our stream would close that when it is collected
            _replaced_streams.append(stream)
            if type(stream) is io.TextIOWrapper and not stream.closed:
                stream.flush()
    sys.stdin, sys.stdout, sys.stderr = value


PYTHON_SETTINGS = (
    Setting("the recursion limit", sys.getrecursionlimit, _set_recursion_limit),
    Setting("the working folder", _read_folder, _write_folder),
    Setting("the locale", _read_locale, _write_locale),
    Setting("", _read_logging, _write_logging),
    Setting("", _read_streams, _write_streams),
    Setting("", random.getstate, random.setstate),
)
"""In the order in which they are put back. Warning filters are not among them: `catch_warnings` keeps those."""
