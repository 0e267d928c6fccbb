"""The warm process where there is a safe fork (Linux): a child for every request, killed when the next one comes."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

import msgspec

from gradlings.learning.watch.checks_cache import Checks, run
from gradlings.learning.watch.messages import TOO_LONG, Answer, Kind, Request, answer, line, request
from gradlings.model.errors import InputError

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A request that is being answered."""

    request: Request
    pid: int
    pipe: int
    deadline: float
    seconds: float
    missing: int
    """How many answers are to come."""
    received: bytes = b""


def serve(checks: Checks, answers: BinaryIO) -> None:
    """Answers requests until standard input ends."""
    waiting = b""
    child: Child | None = None
    idle = True
    """Whether there is something to rehearse."""
    while True:
        sources = [0] if child is None else [0, child.pipe]
        patience = max(child.deadline - time.monotonic(), 0) if child else 0 if idle else None
        ready, _, _ = select.select(sources, [], [], patience)
        if child is None and not ready:
            idle = checks.rehearse()
            continue
        if child is not None and not ready:
            _end(child)
            answers.write(line(Answer(Kind.ENDED, child.request.number, message=TOO_LONG.format(child.seconds))))
            child = None
        elif child is not None and child.pipe in ready:
            child = _relay(child, answers)
        elif 0 in ready:
            data = os.read(0, 1 << 16)
            if child is not None:
                _end(child)
                child = None
            if not data:
                return
            *lines, waiting = (waiting + data).split(b"\n")
            if lines:  # only the newest counts
                wanted = request(lines[-1])
                try:
                    checks.of(Path(wanted.checks).parent)
                except InputError as error:
                    answers.write(line(Answer(Kind.FAILED, wanted.number, message=str(error))))
                    continue
                idle = True
                child = _fork(checks, wanted, answers)


def _fork(checks: Checks, wanted: Request, answers: BinaryIO) -> Child:
    reading, writing = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _be_child(checks, wanted, writing, answers, parent)
    os.close(writing)
    missing = bool(wanted.first) + bool(wanted.rest)
    return Child(wanted, pid, reading, time.monotonic() + wanted.seconds, wanted.seconds, missing)


def _be_child(checks: Checks, wanted: Request, writing: int, answers: BinaryIO, parent: int) -> NoReturn:
    """Whatever goes wrong, the child never comes back into the warm process's loop."""
    try:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # an endless loop must not outlive the warm process
        if os.getppid() != parent:  # it died before that was settled
            os._exit(1)
        os.setsid()  # what the student's code starts is killed with it
        answers.close()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        sys.stdin = os.fdopen(os.dup(nowhere))
        run(checks, wanted, lambda made: _write(writing, line(made)))
    finally:
        os._exit(0)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _relay(child: Child, answers: BinaryIO) -> Child | None:
    """Passes complete answers on; None once the child has ended."""
    data = os.read(child.pipe, 1 << 16)
    *lines, child.received = (child.received + data).split(b"\n")
    for text in lines:
        with contextlib.suppress(msgspec.DecodeError):  # the student's code wrote into our pipe
            made = answer(text)
            answers.write(line(made))
            child.missing -= 2 if made.kind is Kind.ENDED else 1
        child.seconds = child.request.seconds_rest
        child.deadline = time.monotonic() + child.seconds
    if data and child.missing > 0:
        return child
    status = _end(child)
    if child.missing > 0:
        answers.write(line(Answer(Kind.ENDED, child.request.number, message=_how_it_ended(status))))
    return None


def _end(child: Child) -> int:
    """Kills the child and what it started; its exit status, negative for a signal."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGKILL)
    os.close(child.pipe)
    _, status = os.waitpid(child.pid, 0)
    return os.waitstatus_to_exitcode(status)


def _how_it_ended(status: int) -> str:
    if status >= 0:
        return "Your code ended the program. A function must return its answer."
    name = signal.Signals(-status).name
    return f"Your code made Python crash ({name}). Is the memory used up, or an extension misused?"
