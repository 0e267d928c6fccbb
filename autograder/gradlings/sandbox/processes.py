"""Starts and watches the processes of a judge: one zygote, and the workers it forks."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

from gradlings.model.text import without_control_characters
from gradlings.sandbox import bubblewrap
from gradlings.sandbox.inside.exit_status import EXIT_REASONS, NEEDS_LATE_IMPORTS, WORKER_FAILED, reported
from gradlings.sandbox.inside.zygote import MAX_MESSAGE_BYTES
from gradlings.sandbox.private_uids import PrivateUids
from gradlings.sandbox.settings import NOT_ASKED_FOR, ZYGOTE_ENVIRONMENT, ProtectionLayers, WorkerLimits
from gradlings.sandbox.worker_bundle import write_worker_bundle

_log = logging.getLogger(__name__)
_MAX_DRIVERS_CHARS = 1 << 17
_MAX_PRINTED_BYTES = 1 << 20
_MAX_STATUSES = 4096
_STARTUP_TIMEOUT_SECONDS = 120.0
_FORK_TIMEOUT_SECONDS = 30.0
_CLOSE_TIMEOUT_SECONDS = 5.0
_STATUS_TIMEOUT_SECONDS = 5.0
_EXIT_TIMEOUT_SECONDS = 0.5


class ZygoteDied(Exception):
    """The process that workers are forked from could not be started, or is gone."""


class WorkerFailed(Exception):
    """Our own code failed in a worker: no fault of the submission, as far as can be told from outside."""


class WorkerDied(Exception):
    """A worker ended before it replied: a clause about the process, and a status as `Popen.returncode` or None."""

    def __init__(self, text: str, status: int | None) -> None:
        super().__init__(text)
        self.status = status


_FAILED = (
    "Our own code failed in a worker, so the score stays blank. If it does so at the next run, too, read the "
    "submission: code can bring this about on purpose.\n%s"
)


class Zygote:
    """A running zygote, which forks one worker after the other. Not thread-safe.

    It starts in the background while the judge imports torch; `startup` waits for it. The recorders of `rules`, those
    that exercises name, are set up before any fork; without `late_imports` see `import_late`.
    """

    def __init__(
        self, layers: ProtectionLayers, limits: WorkerLimits, rules: Sequence[tuple[str, ...]], *, late_imports: bool
    ) -> None:
        self._control, zygote_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._uids = PrivateUids() if layers.private_uid and os.geteuid() == 0 else None
        prefix = bubblewrap.command_prefix() if layers.bubblewrap else []
        self._no_bubblewrap = "not installed" if layers.bubblewrap else NOT_ASKED_FOR
        self.in_bubblewrap = bool(prefix)
        self._stderr = os.memfd_create("stderr")
        self._forked, self._drivers = 0, ""
        self._statuses: dict[int, int] = {}
        self._late_imports = late_imports
        self._may_ask: set[int] = set()  # workers that end where they would have to import what the zygote left out
        self.needs_late_imports = False  # whether one of them did
        bundle = write_worker_bundle()
        command = [*prefix, sys.executable, "-I", f"/proc/self/fd/{bundle}", str(zygote_end.fileno())]
        with zygote_end:
            self._process = subprocess.Popen(
                command,
                pass_fds=[zygote_end.fileno(), bundle],
                env=ZYGOTE_ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._stderr,
                start_new_session=True,
            )
        os.close(bundle)
        config: dict[str, Any] = {"layers": asdict(layers), "limits": asdict(limits), "rules": list(rules)}
        config |= {"in_bubblewrap": self.in_bubblewrap, "late_imports": late_imports}
        with contextlib.suppress(OSError):  # it died at once; `startup` raises
            self._control.send(json.dumps(config).encode())

    @cached_property
    def startup(self) -> dict[str, Any]:
        """Wait until it is ready; return the active layers, its process id and its number of threads.

        Raises:
            ZygoteDied: it could not be started.
        """
        facts, (pidfd,) = self._receive(_STARTUP_TIMEOUT_SECONDS)
        if not self.in_bubblewrap:
            facts["missing"] |= {"bubblewrap": self._no_bubblewrap}
        facts |= {"bubblewrap": self.in_bubblewrap, "private_uid": self._uids is not None, "pid": _pid_of(pidfd)}
        os.close(pidfd)
        return facts

    @property
    def alive(self) -> bool:
        """Whether its process has not ended."""
        return self._process.poll() is None

    def fork(self, drivers: str = "", *, ends_at_late_imports: bool = True) -> WorkerProcess:
        """Fork a worker that locks itself down and waits for requests; `drivers` are compiled once for all of them.

        With `ends_at_late_imports` it ends where it would have to import what the zygote left out.

        Raises:
            ZygoteDied: the zygote has ended.
        """
        assert self.startup, "its first message is no reply to a request"
        self._forked = number = self._forked + 1
        judge_end, worker_end = socket.socketpair()
        output = os.memfd_create("output")
        uid, word = self._uids.next() if self._uids else None, secrets.token_hex(16)
        try:
            with worker_end:
                new = drivers if drivers != self._drivers and len(drivers) < _MAX_DRIVERS_CHARS else ""
                request = {"do": "fork", "worker": number, "uid": uid, "drivers": new, "ends": ends_at_late_imports}
                data = json.dumps(request | {"word": word}).encode()
                socket.send_fds(self._control, [data], [worker_end.fileno(), output])
            self._drivers = drivers or self._drivers
            self._may_ask |= {number} if ends_at_late_imports else set()
            while True:
                message, descriptors = self._receive(_FORK_TIMEOUT_SECONDS)
                if message["worker"] == number and descriptors:
                    return WorkerProcess(self, number, descriptors[0], judge_end, output, word)
                self._store_status(message)
        except (OSError, ZygoteDied) as error:
            judge_end.close()
            os.close(output)
            raise error if isinstance(error, ZygoteDied) else ZygoteDied(f"{error}: {self.stderr_text()}") from None

    def import_late(self) -> None:
        """Have it import what torch imports at the first use of an optimizer or of `torch.func`.

        Raises:
            ZygoteDied: it has ended, or runs several threads after this, so that its forks could hang.
        """
        message: dict[str, Any] = {}
        with contextlib.suppress(OSError):  # it has ended, and `_receive` raises
            self._control.send(b'{"do": "import"}')
        while "threads" not in message:
            message, _ = self._receive(_STARTUP_TIMEOUT_SECONDS)
            self._store_status(message)
        if message["threads"] != 1:
            raise ZygoteDied(f"it runs {message['threads']} threads")
        self._late_imports, self.needs_late_imports = True, False

    def exit_status(self, number: int, seconds: float) -> int | None:
        """Wait for the exit status of a worker, as `Popen.returncode`; None if it does not come in time."""
        deadline = time.monotonic() + seconds
        while number not in self._statuses:
            try:
                self._store_status(self._receive(deadline - time.monotonic())[0])
            except ZygoteDied as error:
                _log.warning("How worker %d ended is not known: %s", number, error)
                return None
        return self._statuses.pop(number)

    def stderr_text(self) -> str:
        """Return the end of what the zygote wrote to its standard error."""
        size = os.fstat(self._stderr).st_size
        return os.pread(self._stderr, 4000, max(0, size - 4000)).decode("utf-8", "replace").strip()

    def close(self) -> None:
        """Close the socket, at which the zygote and its workers end."""
        self._control.close()
        try:
            self._process.wait(_CLOSE_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            _log.warning("The zygote did not end within %g s and is killed", _CLOSE_TIMEOUT_SECONDS)
            self._process.kill()
            self._process.wait()
        if self._uids is not None:
            self._uids.close()
        with contextlib.suppress(OSError):
            os.close(self._stderr)

    def _store_status(self, message: dict[str, Any]) -> None:
        if "status" in message:
            if message["status"] == NEEDS_LATE_IMPORTS and message["worker"] in self._may_ask:
                self.needs_late_imports = not self._late_imports
            self._may_ask.discard(message["worker"])
            self._statuses[message["worker"]] = message["status"]
            if len(self._statuses) > _MAX_STATUSES:
                del self._statuses[min(self._statuses)]

    def _receive(self, seconds: float) -> tuple[dict[str, Any], list[int]]:
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        if not poll.poll(max(0.0, seconds) * 1000):
            raise ZygoteDied("no answer in time")
        try:
            data, descriptors, *_ = socket.recv_fds(self._control, MAX_MESSAGE_BYTES, 4)
        except ConnectionResetError:  # it ended before it read what it was sent
            data, descriptors = b"", []
        except OSError as error:
            raise ZygoteDied(str(error)) from None
        if not data:
            raise ZygoteDied(self.stderr_text() or "it ended without a word")
        return json.loads(data), descriptors


def _pid_of(pidfd: int) -> int:
    """Return the id that a process has in this namespace."""
    found = re.search(r"^Pid:\s*(-?\d+)$", Path(f"/proc/self/fdinfo/{pidfd}").read_text(encoding="ascii"), re.MULTILINE)
    if found is None:
        raise ZygoteDied("it is gone")
    return int(found[1])


class WorkerProcess:
    """One worker: its channel, its output, and a pidfd to kill it by, which no later process can inherit."""

    def __init__(
        self, zygote: Zygote, number: int, pidfd: int, judge_end: socket.socket, output: int, word: str
    ) -> None:
        self._zygote, self._number, self._pidfd, self._socket, self._output = zygote, number, pidfd, judge_end, output
        self._word = word
        """What only our own code has, to tell its failure from an end that the submission brought about."""
        self._printed_before = 0
        self._queue_wait = 0.0
        self._open = True
        from gradlings.sandbox.wire.channel import Channel  # imports torch, which the zygote does at the same time

        self.channel = Channel(judge_end.fileno())

    def printed(self) -> str:
        """Return what was printed since the last call."""
        start, size = self._printed_before, min(os.fstat(self._output).st_size, _MAX_PRINTED_BYTES)
        if size <= start:
            return ""
        self._printed_before = size
        return os.pread(self._output, size - start, start).decode("utf-8", "replace")

    def signal_time_up(self) -> None:
        """Send the signal at which a running call raises `TimeUp`."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGALRM)

    def new_queue_wait(self) -> float:
        """Return the seconds in the run queue, ready but without a processor, since the last call; 0 if unknown."""
        with contextlib.suppress(OSError, ValueError, IndexError, ZygoteDied):
            schedule = Path(f"/proc/{_pid_of(self._pidfd)}/schedstat").read_text(encoding="ascii")
            before, self._queue_wait = self._queue_wait, int(schedule.split()[1]) / 1e9
            return self._queue_wait - before
        return 0.0

    def kill(self) -> None:
        """Kill it, if it has not ended."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def exit_reason(self) -> WorkerDied:
        """Return how it ended, once its channel is closed. One that still runs without its channel is killed.

        Raises:
            WorkerFailed: our own code failed in it.
        """
        if not select.select([self._pidfd], [], [], _EXIT_TIMEOUT_SECONDS)[0]:
            self.kill()
            return WorkerDied("it closed its channel to the grader", None)
        status = self._zygote.exit_status(self._number, _STATUS_TIMEOUT_SECONDS)
        if status is None:
            return WorkerDied("its process is gone", None)
        if status == WORKER_FAILED and (traceback := without_control_characters(reported(self._word, self._output))):
            _log.error(_FAILED, traceback)
            raise WorkerFailed(f"the grader failed in the process of this submission: {traceback.splitlines()[-1]}")
        return WorkerDied(EXIT_REASONS.get(status, f"its process ended with status {status}"), status)

    def close(self) -> None:
        """Kill it and close its descriptors."""
        if self._open:
            self._open = False
            self.kill()
            self._socket.close()
            os.close(self._pidfd)
            os.close(self._output)
