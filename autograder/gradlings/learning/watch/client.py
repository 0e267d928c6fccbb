"""Keeps a warm process at hand and has it check what was saved; starts another when one is used up or dies."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gradlings.learning.watch.messages import TOO_LONG, Answer, Kind, Request, answer, line
from gradlings.model.errors import InputError

_STARTING = 60.0  # seconds in which a warm process is ready, even on a slow machine
_FAREWELL = 1.0  # seconds in which it ends by itself
_TRIES = 3  # warm processes in a row that may die before they are ready


def can_fork() -> bool:
    """Whether children may be forked: on Linux, unless GRADLINGS_FORK=0 asks for the way of the other systems."""
    return sys.platform == "linux" and os.environ.get("GRADLINGS_FORK") != "0"


@dataclass(frozen=True)
class Heard:
    """What a warm process said; None: it has ended."""

    process: Warm
    answer: Answer | None


class Warm:
    """One warm process. What it says is handed to `hear`, from a thread."""

    def __init__(self, root: Path, checks: list[Path], fork: bool, hear: Callable[[Heard], None]) -> None:
        self.ready = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (read when it dies)
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "gradlings.learning.watch.server", "fork" if fork else "once", *map(str, checks)],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,  # Ctrl-C is for the command, which ends us by closing our input
        )
        threading.Thread(target=self._listen, args=(hear,), daemon=True).start()

    def _listen(self, hear: Callable[[Heard], None]) -> None:
        assert self._popen.stdout is not None
        for text in self._popen.stdout:
            try:
                hear(Heard(self, answer(text)))
            except msgspec.DecodeError:  # student code can find its way to this channel where there is no fork
                continue
        self._popen.wait()
        hear(Heard(self, None))

    def ask(self, request: Request) -> None:
        assert self._popen.stdin is not None
        with contextlib.suppress(OSError):  # it has just died: `hear` is told
            self._popen.stdin.write(line(request))
            self._popen.stdin.flush()

    def last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self._popen.poll()}"

    def end(self) -> None:
        """Closes its input, upon which it stops what it runs and ends; one that does not is killed."""
        if self._popen.stdin is not None:
            with contextlib.suppress(OSError):
                self._popen.stdin.close()
        try:
            self._popen.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


class Runner:
    """Has submissions checked, one at a time; a new request stops the one before.

    Args:
        root: the kit; messages show paths below it.
        checks: files of checks to collect at once. Others are collected when they are first asked for.
        hear: is told what warm processes say, from threads.
    """

    def __init__(self, root: Path, checks: list[Path], hear: Callable[[Heard], None]) -> None:
        self._root, self._checks, self._hear = root, checks, hear
        self._fork = can_fork()
        self._failures = 0
        self._asked: Request | None = None
        self._deadline = 0.0
        self._busy: Warm | None = None
        self._spare = self._start()

    @property
    def ready(self) -> bool:
        return self._spare.ready or (self._busy is not None and self._busy.ready)

    def check(self, request: Request) -> None:
        self._asked = request
        if self._fork:
            self._busy = self._spare
            self._busy.ask(request)
            return
        if self._busy is not None:
            self._busy.end()
        self._busy = self._spare
        self._busy.ask(request)
        self._spare = self._start()
        self._deadline = time.monotonic() + _STARTING + request.seconds + request.seconds_rest

    def overdue(self) -> Answer | None:
        """Ends a check that takes too long; a warm process that forks does this itself."""
        if self._fork or self._asked is None or self._busy is None or time.monotonic() < self._deadline:
            return None
        late, self._asked = self._asked, None
        self._busy.end()
        self._busy = None
        return Answer(Kind.ENDED, late.number, message=TOO_LONG.format(late.seconds + late.seconds_rest))

    def heard(self, heard: Heard) -> Answer | None:
        """The answer, if it is one to the latest request or about the warm process.

        Raises:
            InputError: no warm process can be started.
        """
        if heard.process not in (self._busy, self._spare):
            return None
        if heard.answer is None:
            return self._ended(heard.process)
        if heard.answer.kind is Kind.READY:
            heard.process.ready, self._failures = True, 0
            return heard.answer
        if heard.answer.number not in (0, self._asked.number if self._asked else 0):
            return None
        if heard.answer.kind in (Kind.REST, Kind.ENDED):
            self._asked = None
        return heard.answer

    def _ended(self, process: Warm) -> Answer | None:
        lost, self._asked = self._asked, None if process is self._busy else self._asked
        if process is self._busy:
            self._busy = None
        if process is self._spare:
            if not process.ready:
                self._failures += 1
            if self._failures >= _TRIES:
                raise InputError(f"The checks cannot be run: {process.last_words()}")
            self._spare = self._start()
        if lost is not None and self._asked is None:
            message = "Your code ended the process that checks it. A function must return its answer."
            return Answer(Kind.ENDED, lost.number, message=message)
        return None

    def restart(self) -> None:
        """Reads the checks anew: they were edited."""
        self.close()
        self._spare, self._busy, self._asked = self._start(), None, None

    def close(self) -> None:
        for process in (self._busy, self._spare):
            if process is not None:
                process.end()

    def _start(self) -> Warm:
        return Warm(self._root, self._checks, self._fork, self._hear)
