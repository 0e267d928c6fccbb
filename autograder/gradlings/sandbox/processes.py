"""The judge's side of processes: one zygote, and the workers it forks."""

from __future__ import annotations

import contextlib
import json
import os
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

from gradlings.sandbox import bubblewrap
from gradlings.sandbox.private_uids import PrivateUids
from gradlings.sandbox.settings import ProtectionLayers, WorkerLimits
from gradlings.sandbox.worker_bundle import write_worker_bundle

_LARGEST = 1 << 20
_WARM_UP = 120.0
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/",
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # huge pages: a fork copies fewer page-table entries
    "TORCHINDUCTOR_CACHE_DIR": "/",  # else the first optimiser looks for a folder to write to
    "MPLBACKEND": "Agg",
}


_NOT_LOCKED = 70
"""The status of a worker that failed before, or outside of, student code."""


class ZygoteDied(Exception):
    """The process that workers are forked from could not be started, or is gone."""


class WorkerDied(Exception):
    """A worker ended before it answered; the text says how."""

    def __init__(self, text: str, status: int | None) -> None:
        super().__init__(text)
        self.status = status


_HOW_IT_ENDED = {
    0: "it ended its own process (os._exit)",
    -signal.SIGSEGV: "it crashed (segmentation fault): recursion without an end, or memory that is not its own",
    -signal.SIGABRT: "it crashed (abort)",
    -signal.SIGBUS: "it crashed (bus error)",
    -signal.SIGFPE: "it crashed (arithmetic fault)",
    -signal.SIGKILL: "it was stopped: it used up its memory or its processor time",
    -signal.SIGXCPU: "it used up its processor time",
    -signal.SIGSYS: "it was stopped at a system call of another architecture",
}


class Zygote:
    """A running zygote. Its workers are forked one after the other; not for use from several threads at once.

    It imports torch while whoever made it does the same; `hello` waits for it.
    """

    def __init__(self, layers: ProtectionLayers, limits: WorkerLimits, rules: Sequence[tuple[str, ...]]) -> None:
        mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = mine
        self._uids = PrivateUids() if layers.private_uid and os.geteuid() == 0 else None
        self._bubble = bubblewrap.prefix() if layers.bubblewrap else []
        self._complaints = os.memfd_create("complaints")
        self._forked = 0
        self._drivers = ""
        self._statuses: dict[int, int] = {}
        kit = write_worker_bundle()
        command = [*self._bubble, sys.executable, "-I", f"/proc/self/fd/{kit}", str(its.fileno())]
        with its:
            self._process = subprocess.Popen(
                command,
                pass_fds=[its.fileno(), kit],
                env=_ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._complaints,
                start_new_session=True,
            )
        os.close(kit)
        config = {
            "layers": asdict(layers),
            "limits": asdict(limits),
            "rules": list(rules),
            "in_bubble": self.in_bubble,
            "warm": [],
        }
        with contextlib.suppress(OSError):  # it died at once; `hello` says so
            self._control.send(json.dumps(config).encode())

    @cached_property
    def hello(self) -> dict[str, Any]:
        """What it says of itself once it is warm.

        Raises:
            ZygoteDied: it could not be started.
        """
        said, (itself,) = self._message(_WARM_UP)
        self._process_id = _pid_behind(itself)
        os.close(itself)
        return {**said, "bubblewrap": self.in_bubble, "private_uid": self._uids is not None}

    @property
    def in_bubble(self) -> bool:
        return bool(self._bubble)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def process_id(self) -> int:
        """Of the zygote itself, which may be a grandchild of this process."""
        assert self.hello
        return self._process_id

    def fork(self, drivers: str = "") -> WorkerProcess:
        """A new worker, locked down and waiting.

        Args:
            drivers: text of the judge's own that the worker will use; the zygote compiles it once for all.

        Raises:
            ZygoteDied: there is no zygote any more.
        """
        assert self.hello, "the first message is not an answer to a request"
        self._forked += 1
        number = self._forked
        mine, its = socket.socketpair()
        output = os.memfd_create("output")
        uid = self._uids.next() if self._uids else None
        with its:
            try:
                new = drivers if drivers != self._drivers and len(drivers) < _LARGEST // 8 else ""
                request = json.dumps({"worker": number, "uid": uid, "drivers": new}).encode()
                socket.send_fds(self._control, [request], [its.fileno(), output])
            except OSError as error:
                mine.close()
                os.close(output)
                raise ZygoteDied(f"{error}: {self.complaints()}") from None
        self._drivers = drivers or self._drivers
        try:
            while True:
                message, descriptors = self._message(30.0)
                if message["worker"] == number and descriptors:
                    return WorkerProcess(self, number, descriptors[0], mine, output)
                self._note(message)
        except ZygoteDied:
            mine.close()
            os.close(output)
            raise

    def status(self, number: int, seconds: float) -> int | None:
        """How a worker ended, as `Popen.returncode`; None if that is not known in time."""
        end = time.monotonic() + seconds
        while number not in self._statuses:
            try:
                self._note(self._message(end - time.monotonic())[0])
            except ZygoteDied:
                return None
        return self._statuses.pop(number)

    def complaints(self) -> str:
        """What the zygote wrote to its standard error, its end."""
        size = os.fstat(self._complaints).st_size
        return os.pread(self._complaints, 4000, max(0, size - 4000)).decode("utf-8", "replace").strip()

    def close(self) -> None:
        """Hangs up; the zygote ends, and its workers with it."""
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._uids is not None:
            self._uids.close()
        with contextlib.suppress(OSError):
            os.close(self._complaints)

    def _note(self, message: dict[str, Any]) -> None:
        if "status" in message:
            self._statuses[message["worker"]] = message["status"]
            if len(self._statuses) > 4096:
                del self._statuses[min(self._statuses)]

    def _message(self, seconds: float) -> tuple[dict[str, Any], list[int]]:
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        if not poll.poll(max(0.0, seconds) * 1000):
            raise ZygoteDied("no answer in time")
        try:
            data, descriptors, *_ = socket.recv_fds(self._control, _LARGEST, 4)
        except OSError as error:
            raise ZygoteDied(str(error)) from None
        if not data:
            raise ZygoteDied(self.complaints() or "it ended without a word")
        return json.loads(data), descriptors


def _pid_behind(pidfd: int) -> int:
    """The id, as this process sees it, of a process in another namespace."""
    for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == "Pid":
            return int(value)
    raise ZygoteDied("it is gone")


class WorkerProcess:
    """One worker: its channel, its output, and a handle to kill it by that no other process can ever have."""

    def __init__(self, zygote: Zygote, number: int, pidfd: int, mine: socket.socket, output: int) -> None:
        self._zygote, self._number, self._pidfd, self._socket, self._output = zygote, number, pidfd, mine, output
        self._shown = 0
        self._waited = 0.0
        self._open = True
        from gradlings.sandbox.wire.channel import (
            Channel,  # deferred: a zygote is started before torch is imported here
        )

        self.channel = Channel(mine.fileno())

    def printed(self) -> str:
        """What was printed since this was last asked."""
        size = min(os.fstat(self._output).st_size, 1 << 20)
        if size <= self._shown:
            return ""
        text = os.pread(self._output, size - self._shown, self._shown)
        self._shown = size
        return text.decode("utf-8", "replace")

    def tell_the_time(self) -> None:
        """Lets a worker that is at work know that its time is up."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGALRM)

    def newly_waited(self) -> float:
        """Seconds that it was ready to run but had no processor, since this was last asked; 0 where that is unknown."""
        with contextlib.suppress(OSError, ValueError, IndexError, ZygoteDied):
            schedule = Path(f"/proc/{_pid_behind(self._pidfd)}/schedstat").read_text(encoding="ascii")
            before, self._waited = self._waited, int(schedule.split()[1]) / 1e9
            return self._waited - before
        return 0.0

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def gone(self) -> WorkerDied:
        """How it ended, once its channel is closed. One that lives on without its channel is killed."""
        if not select.select([self._pidfd], [], [], 0.5)[0]:
            self.kill()
            return WorkerDied("it closed its channel to the grader", None)
        status = self._zygote.status(self._number, 5.0)
        if status is None:
            return WorkerDied("its process is gone", None)
        if status == _NOT_LOCKED and (complaint := self.printed().strip().splitlines()):
            return WorkerDied(f"its process could not be locked down ({complaint[-1]})", status)
        return WorkerDied(_HOW_IT_ENDED.get(status, f"its process ended with status {status}"), status)

    def close(self) -> None:
        """Kills it and lets go of everything."""
        if self._open:
            self._open = False
            self.kill()
            self._socket.close()
            os.close(self._pidfd)
            os.close(self._output)
