"""Prepares a locked-down worker for student code: no environment variables, no input, one thread, limited output."""

from __future__ import annotations

import builtins
import io
import logging
import os
import signal
import sys
from typing import Any

import torch

from gradlings.execution.time_limit import TimeUp
from gradlings.submission.cell_runner import Nothing

_MAX_PRINTED_BYTES = 64 << 10


class LimitedOutput(io.RawIOBase):
    """A stream that drops what exceeds `max_bytes`, so that a submission that prints too much does not fail.

    It cannot be closed, as a text stream that student code put around it would do at its end.
    """

    def __init__(self, descriptor: int, max_bytes: int) -> None:
        self._descriptor, self._left = descriptor, max_bytes

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def close(self) -> None:
        """Do nothing."""

    def write(self, data: Any) -> int:
        """Write what the limit allows, and report all of it as written."""
        written = memoryview(data).cast("B")
        kept = written[: max(self._left, 0)]
        self._left -= len(kept)
        if kept:
            try:
                os.write(self._descriptor, kept)
            except OSError:
                self._left = 0
        return len(written)


class Alarm:
    """Raises `TimeUp` in the body when the judge signals that time is up, to learn which line was running.

    Code that catches it, or replaces the signal handler, is killed a moment later.
    """

    def __init__(self) -> None:
        self._active = False

    def install(self) -> None:
        """Handle the judge's signal, SIGALRM."""
        signal.signal(signal.SIGALRM, self._ring)

    def __enter__(self) -> None:
        self._active = True

    def __exit__(self, *_: object) -> None:
        self._active = False

    def _ring(self, _number: int, _frame: object) -> None:
        if self._active:
            self._active = False
            raise TimeUp


def prepare_for_student_code() -> None:
    """Clear the environment, and replace what a worker cannot provide: input, IPython, threads, unlimited output."""
    os.environ.clear()
    sys.argv[:] = ["submission"]
    sys.dont_write_bytecode = True
    builtins.input = _no_input
    for name in ("IPython", "IPython.display"):  # notebooks import it to display things; nothing is displayed here
        sys.modules[name] = Nothing()  # type: ignore[assignment] # any attribute of it can be called
    for name in ("set_num_threads", "set_num_interop_threads"):  # threads are refused; asking for them is no error
        for owner in (torch, torch._C):
            if hasattr(owner, name):
                setattr(owner, name, lambda _count: None)
    for name in ("chdir", "fchdir"):  # no folder of the student's is here; a file that is missing says so itself
        setattr(os, name, lambda _folder: None)
    sys.stdout = sys.__stdout__ = _text(LimitedOutput(1, _MAX_PRINTED_BYTES))  # type: ignore[misc] # the stubs: final
    sys.stderr = sys.__stderr__ = _text(LimitedOutput(2, 0))  # type: ignore[misc]
    vars(logging)["FileHandler"]._open = lambda _self: _text(LimitedOutput(2, 0))  # there is nowhere to write


def _text(output: LimitedOutput) -> io.TextIOWrapper:
    return io.TextIOWrapper(output, encoding="utf-8", errors="replace", write_through=True)  # type: ignore[arg-type]


def _no_input(*_: object) -> str:
    raise EOFError("input() has nobody to ask while your code is checked")
