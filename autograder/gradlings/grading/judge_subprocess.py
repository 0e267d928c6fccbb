"""A bench in a process of its own, for a program that has other work to do meanwhile: nbgrader.

Submissions are handed over when they are known and their results taken when they are needed. Both processes are ours
and trusted; submissions run in the bench's locked-down workers, as always.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from contextlib import ExitStack
from multiprocessing.connection import Connection
from typing import Any

from gradlings.grading.judge_session import AssignmentBundle, JudgeReply, JudgeSession
from gradlings.model.errors import InputError

_DIED = JudgeReply(fault="the judge's own process died while this was graded")


class JudgeProcess:
    """Starts at once and is ready later; answers come in the order of the questions."""

    def __init__(self, brief: AssignmentBundle) -> None:
        mine, its = socket.socketpair()
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gradlings.grading.judge_subprocess", str(its.fileno())],
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        self._connection = Connection(mine.detach())
        self._connection.send(brief)
        self._protection: str | None = None
        self._refusal = ""
        self._waiting: deque[Any] = deque()
        self._done: dict[Any, JudgeReply] = {}

    def protection(self) -> str:
        """What locks submissions in; waits until the bench is ready.

        Raises:
            InputError: grading for marks is refused here, or the checks cannot be used.
        """
        if self._protection is None and not self._refusal:
            try:
                ready, text = self._connection.recv()
            except EOFError:
                ready, text = False, "The judge's process died while it started. Is there enough memory?"
            self._protection, self._refusal = (text, "") if ready else (None, text)
        if self._protection is None:
            raise InputError(self._refusal)
        return self._protection

    def knows(self, key: Any) -> bool:
        """Whether a submission was handed over and its result not taken yet."""
        return key in self._waiting or key in self._done

    def hand_over(self, key: Any, data: bytes, filename: str, seed: int) -> None:
        """Arguments as `JudgeSession.judged`; `key` is what its result is taken by."""
        self._waiting.append(key)
        try:
            self._connection.send((data, filename, seed))
        except OSError:
            return  # said when the result is taken

    def take(self, key: Any) -> JudgeReply:
        """Waits for the result of a submission that was handed over. Never raises."""
        while key not in self._done:
            try:
                self._done[self._waiting[0]] = self._connection.recv()
                self._waiting.popleft()
            except (EOFError, OSError):
                self._waiting.remove(key)
                return _DIED
        return self._done.pop(key)

    @property
    def died(self) -> bool:
        """Whether it ended after it had been ready: another one may do better."""
        return self._protection is not None and self._process.poll() is not None

    def close(self) -> None:
        """Hangs up. The process tidies up and ends by itself; nobody has to wait for that."""
        self._connection.close()
        threading.Thread(target=self._process.wait, daemon=True).start()


def serve(connection: Connection) -> None:
    """In the process: a brief comes first, then submissions until the other side hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that hands over
    with ExitStack() as opened:
        try:
            bench = opened.enter_context(JudgeSession(connection.recv()))
        except InputError as error:
            connection.send((False, str(error)))
            return
        connection.send((True, bench.protection.sentence()))
        while True:
            try:
                data, filename, seed = connection.recv()
                connection.send(bench.judged(data, filename, seed))
            except (EOFError, OSError):
                return


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
