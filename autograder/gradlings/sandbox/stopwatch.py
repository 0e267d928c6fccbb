"""Measures the time of one request to a worker: wall time without the time that the worker waited for a processor.

An honest submission must not lose points because many judges share a machine. The kernel counts how long a process was
in the run queue (/proc/PID/schedstat); a submission can raise that count only by really waiting.
"""

from __future__ import annotations

import signal
import time
from typing import Any

from gradlings.sandbox.budget import Budget
from gradlings.sandbox.processes import WorkerProcess
from gradlings.sandbox.wire.channel import ChannelClosed, Frame, ReplyTimeout

_GRACE_SECONDS = 0.5
"""For a worker that was signaled that time is up, to reply which line was running; then it is killed."""
_MAX_EXTENSION_FACTOR = 3
"""Waiting for a processor extends a request by at most so many times its limit."""


class Stopwatch:
    """The time limit of some requests: `seconds` for all replies together; `frame` waits for the next of them.

    It stands still between replies, while the judge works. What it waits for, and how large that is, counts against the
    `budget` of the submission.
    """

    def __init__(self, worker: WorkerProcess, seconds: float, budget: Budget) -> None:
        self._worker, self._budget = worker, budget
        seconds = max(min(seconds, budget.wait_seconds), 0.0)
        self._left = seconds
        self._end = 0.0
        self._reserve = _MAX_EXTENSION_FACTOR * seconds
        self._signaled = False

    def value(self) -> Any:
        """Wait for the next message and decode it; raises what `frame` raises."""
        frame = self.frame()
        with self._budget.judging():
            value = frame.value()
        self._budget.check()
        return value

    def frame(self) -> Frame:
        """Wait for the next message.

        Raises:
            ReplyTimeout: time is up, and the worker did not report that itself.
            WorkerDied: the worker has ended.
            MalformedMessage: the message is too large.
            OverBudget: all messages together are too large.
        """
        start = time.monotonic()
        self._end = start + self._left
        try:
            frame = self._next_frame()
        finally:
            now = time.monotonic()
            self._left = self._end - now
            self._budget.wait_seconds -= now - start
        self._budget.charge_frame(frame)
        return frame

    def _next_frame(self) -> Frame:
        while True:
            try:
                return self._worker.channel.frame(deadline=self._end)
            except ChannelClosed:
                died = self._worker.exit_reason()
                if self._signaled and died.status == -signal.SIGALRM:  # it had removed our handler
                    raise ReplyTimeout from None
                raise died from None
            except ReplyTimeout:
                if not self._extend():
                    raise

    def _extend(self) -> bool:
        """Move the deadline by what the worker waited for a processor, or once to let it report where it was."""
        waited = min(self._worker.new_queue_wait(), self._reserve)
        if waited > 0.01:
            self._reserve -= waited
            self._end = time.monotonic() + waited
            self._budget.wait_seconds += waited
            return True
        if self._signaled:
            return False
        self._signaled = True
        self._worker.signal_time_up()
        self._end = time.monotonic() + _GRACE_SECONDS
        return True
