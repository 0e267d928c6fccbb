"""Keep a check server ready and let it check what was saved; start a new server when one is used up or dies."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from gradlings.learning.watch.messages import TIMEOUT_MESSAGE, CheckRequest, MessageKind, ServerMessage
from gradlings.model.errors import InputError

_log = logging.getLogger(__name__)

_START_TIMEOUT_SECONDS = 60.0  # in which a server is ready even on a slow machine
_STOP_TIMEOUT_SECONDS = 1.0  # in which it ends by itself
_MAX_FAILED_STARTS = 3  # in a row

OnMessage = Callable[["CheckServer", ServerMessage | None], None]
"""Is given a server and its message; None: the server has ended."""


class CheckServer:
    """One server process. Its messages are handed to `on_message`, from a thread."""

    def __init__(self, root: Path, checks_files: list[Path], fork: bool, on_message: OnMessage) -> None:
        self.ready = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (read when the process dies)
        mode = "fork" if fork else "once"
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "gradlings.learning.watch.server", mode, *map(str, checks_files)],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,  # Ctrl-C is for the command, which ends the server by closing its input
        )
        assert self._popen.stdin is not None
        self._requests = self._popen.stdin
        threading.Thread(target=self._listen, args=(on_message,), daemon=True).start()

    def _listen(self, on_message: OnMessage) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            try:
                on_message(self, ServerMessage.decode(line))
            except msgspec.DecodeError:  # possible where there is no fork
                _log.info("the student's code wrote into the pipe of messages")
        self._popen.wait()
        on_message(self, None)

    def send(self, request: CheckRequest) -> None:
        """Send a request; if the server has just died, `on_message` reports that."""
        try:
            self._requests.write(request.encode())
            self._requests.flush()
        except OSError as error:
            _log.info("the check server has ended: %s", error)

    def last_error(self) -> str:
        """Return the last line the server wrote to standard error, or its exit code."""
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self._popen.poll()}"

    def stop(self) -> None:
        """Close the server's input, upon which it stops what it runs and ends; kill it if it does not."""
        try:
            self._requests.close()
        except OSError as error:
            _log.info("the check server has ended: %s", error)
        try:
            self._popen.wait(_STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


class CheckClient:
    """Has submissions checked, one at a time; a new request stops the one before.

    The checks in `checks_files` are collected at once, others when they are first asked for.
    """

    def __init__(self, root: Path, checks_files: list[Path], on_message: OnMessage) -> None:
        # GRADLINGS_FORK=0 asks for the way of the other systems
        self._fork = sys.platform == "linux" and os.environ.get("GRADLINGS_FORK") != "0"
        self._failed_starts = 0
        self._pending: CheckRequest | None = None
        self._deadline = 0.0
        self._busy: CheckServer | None = None
        self._start = partial(CheckServer, root, checks_files, self._fork, on_message)
        self._spare = self._start()

    def check(self, request: CheckRequest) -> None:
        """Have a submission checked; the messages about it come through `relevant`."""
        self._pending = request
        if self._busy is not None and not self._fork:
            self._busy.stop()
        self._busy = self._spare
        self._busy.send(request)
        if not self._fork:
            self._spare = self._start()
            self._deadline = time.monotonic() + _START_TIMEOUT_SECONDS + request.first_seconds + request.rest_seconds

    def stop_overdue(self) -> ServerMessage | None:
        """Stop a check that takes too long; a server that forks does this itself."""
        if self._fork or self._pending is None or self._busy is None or time.monotonic() < self._deadline:
            return None
        self._busy.stop()
        late, self._pending, self._busy = self._pending, None, None
        text = TIMEOUT_MESSAGE.format(late.first_seconds + late.rest_seconds)
        return ServerMessage(MessageKind.ENDED, late.number, text=text)

    def relevant(self, server: CheckServer, message: ServerMessage | None) -> ServerMessage | None:
        """Return the message if it is about the latest request or the server itself.

        Raises:
            InputError: no server can be started.
        """
        if server not in (self._busy, self._spare):
            return None
        if message is None:
            return self._ended(server)
        if message.kind is MessageKind.READY:
            server.ready, self._failed_starts = True, 0
            return message
        if message.number not in (0, self._pending.number if self._pending else 0):
            return None
        if message.kind in (MessageKind.REST, MessageKind.ENDED):
            self._pending = None
        return message

    def _ended(self, server: CheckServer) -> ServerMessage | None:
        lost = None
        if server is self._busy:
            lost, self._pending, self._busy = self._pending, None, None
        if server is self._spare:
            if not server.ready:
                self._failed_starts += 1
            if self._failed_starts >= _MAX_FAILED_STARTS:
                raise InputError(f"The checks cannot be run: {server.last_error()}")
            self._spare = self._start()
        if lost is None:
            return None
        text = "Your code ended the process that checks it. A function must return its answer."
        return ServerMessage(MessageKind.ENDED, lost.number, text=text)

    def restart(self) -> None:
        """Start a new server: the checks were edited."""
        self.close()
        self._spare, self._busy, self._pending = self._start(), None, None

    def close(self) -> None:
        """Stop the servers."""
        for server in (self._busy, self._spare):
            if server is not None:
                server.stop()
