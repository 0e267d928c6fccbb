"""The check server where a fork is safe (Linux): a child for each request, killed when the next request comes."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import select
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

import msgspec

from gradlings.learning.watch.checks_cache import ChecksCache, run_request
from gradlings.learning.watch.messages import TIMEOUT_MESSAGE, CheckRequest, MessageKind, ServerMessage
from gradlings.model.errors import InputError

_log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_READ_BYTES = 1 << 16


@dataclass
class _Child:
    """A process that answers a request."""

    request: CheckRequest
    pid: int
    pipe: int
    """The file descriptor of its messages."""
    deadline: float
    seconds: float
    """The time limit of what it does now."""
    missing: int
    """How many messages are still to come."""
    received: bytes = b""


def serve(checks: ChecksCache, messages: BinaryIO) -> None:
    """Answer requests until standard input ends."""
    unread = b""
    child: _Child | None = None
    can_rehearse = True
    while True:
        sources = [0] if child is None else [0, child.pipe]
        timeout = max(child.deadline - time.monotonic(), 0) if child else 0 if can_rehearse else None
        ready, _, _ = select.select(sources, [], [], timeout)
        if child is not None and child.pipe in ready:
            child = _relay(child, messages)
        elif child is not None and not ready:
            _kill(child)
            _report_end(child, TIMEOUT_MESSAGE.format(child.seconds), messages)
            child = None
        elif not ready:
            can_rehearse = checks.rehearse()
        else:
            data = os.read(0, _READ_BYTES)
            if child is not None:
                _kill(child)
                child = None
            if not data:
                return
            *lines, unread = (unread + data).split(b"\n")
            if lines:  # only the newest counts
                request = CheckRequest.decode(lines[-1])
                try:
                    checks.grader(Path(request.checks_file).parent)
                except InputError as error:
                    messages.write(ServerMessage(MessageKind.FAILED, request.number, text=str(error)).encode())
                    continue
                can_rehearse = True
                child = _fork(checks, request, messages)


def _fork(checks: ChecksCache, request: CheckRequest, messages: BinaryIO) -> _Child:
    if sys.platform == "win32":
        raise NotImplementedError
    reading, writing = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _answer_and_exit(checks, request, writing, messages, parent)
    os.close(writing)
    missing = bool(request.first) + bool(request.rest)
    return _Child(request, pid, reading, time.monotonic() + request.first_seconds, request.first_seconds, missing)


def _answer_and_exit(
    checks: ChecksCache, request: CheckRequest, writing: int, messages: BinaryIO, parent: int
) -> NoReturn:
    """Run a request in the child. Whatever goes wrong, the child never returns to the server's loop."""
    if sys.platform == "win32":
        raise NotImplementedError
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # an endless loop must not outlive the server
        if os.getppid() != parent:  # the server died before that took effect
            os._exit(1)
        os.setsid()  # so that what the student's code starts is killed with it
        messages.close()
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        sys.stdin = os.fdopen(os.dup(null))
        run_request(checks, request, lambda message: _write(writing, message.encode()))
    finally:
        os._exit(0)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _relay(child: _Child, messages: BinaryIO) -> _Child | None:
    """Pass complete messages on; return None once the child has ended."""
    data = os.read(child.pipe, _READ_BYTES)
    *lines, child.received = (child.received + data).split(b"\n")
    for line in lines:
        try:
            message = ServerMessage.decode(line)
        except msgspec.DecodeError:
            _log.info("the student's code wrote into the pipe of messages")
        else:
            messages.write(message.encode())
            child.missing -= 2 if message.kind is MessageKind.ENDED else 1
        child.seconds = child.request.rest_seconds
        child.deadline = time.monotonic() + child.seconds
    if data and child.missing > 0:
        return child
    status = _kill(child)
    if child.missing > 0:
        _report_end(child, _how_it_ended(status), messages)
    return None


def _report_end(child: _Child, text: str, messages: BinaryIO) -> None:
    messages.write(ServerMessage(MessageKind.ENDED, child.request.number, text=text).encode())


def _kill(child: _Child) -> int:
    """Kill the child and what it started; return its exit status, negative for a signal."""
    if sys.platform == "win32":
        raise NotImplementedError
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
