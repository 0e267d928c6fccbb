"""The judge's clock for one request to a worker: wall time, but for what the worker waited for a busy processor.

An honest submission must not lose points because many judges share a machine. How long a process stood in the queue is
the kernel's own count, which a submission cannot push up except by being kept waiting.
"""

from __future__ import annotations

import signal
import time

from gradlings.sandbox.processes import WorkerProcess
from gradlings.sandbox.wire.channel import ChannelClosed, Frame, ReplyTimeout

GRACE = 0.5
"""Seconds that a worker has, once it was told that time is up, to say on which line it was; then it is killed."""
_MOST = 3
"""A request takes at most so many times longer than it may on a machine of its own."""


class Stopwatch:
    """Started when a request is sent; `frame` waits for the answers to it.

    Args:
        seconds: how long all answers together may take.
    """

    def __init__(self, worker: WorkerProcess, seconds: float) -> None:
        self._worker = worker
        self._end = time.monotonic() + max(seconds, 0.0)
        self._reserve = _MOST * max(seconds, 0.0)
        self._told = False

    def frame(self) -> Frame:
        """The next message.

        Raises:
            ReplyTimeout: time is up, and the worker did not say so itself.
            WorkerDied: the worker has ended.
            MalformedMessage: it is no message.
        """
        while True:
            try:
                return self._worker.channel.frame(deadline=self._end)
            except ChannelClosed:
                gone = self._worker.gone()
                if self._told and gone.status == -signal.SIGALRM:  # it had taken our handler away
                    raise ReplyTimeout from None
                raise gone from None
            except ReplyTimeout:
                if not self._more():
                    raise

    def _more(self) -> bool:
        """Moves the end on: by what the worker was kept waiting, or once for its last words."""
        waited = min(self._worker.newly_waited(), self._reserve)
        if waited > 0.01:
            self._reserve -= waited
            self._end = time.monotonic() + waited
            return True
        if self._told:
            return False
        self._told = True
        self._worker.tell_the_time()
        self._end = time.monotonic() + GRACE
        return True
