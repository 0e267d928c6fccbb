"""What one submission may still use of the judge, in sum over all its workers.

Limits on a single message bound one answer; these bound a submission, whatever it splits its answers into.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from gradlings.sandbox.settings import SubmissionLimits
from gradlings.sandbox.wire.channel import Frame


class OverBudget(Exception):
    """A submission has used up one of its sums; the text is a sentence for the student."""


class Budget:
    """The sums that are left to one submission. Once one of them is used up, it stays so."""

    def __init__(self, limits: SubmissionLimits) -> None:
        self.limits = limits
        self.wait_seconds = limits.wait_seconds
        """Time that the judge may still wait for its workers."""
        self._judge_seconds = limits.judge_seconds
        self._kept_bytes = limits.kept_bytes
        self._structure_bytes, self._data_bytes = limits.structure_bytes, limits.data_bytes
        self._workers = limits.workers
        self.exceeded = ""
        """Which sum is used up, as a sentence; "" if none."""

    def charge_frame(self, frame: Frame) -> None:
        """Count a message from a worker, before it is decoded. A value takes at least one byte of the structure.

        Raises:
            OverBudget: all of them together are too large.
        """
        self._structure_bytes -= len(frame.header)
        self._data_bytes -= len(frame.body)
        if self._data_bytes < 0:
            mb = self.limits.data_bytes >> 20
            self._exceed(f"All that your code gives back may take {mb} MB together; it gave back more.")
        if self._structure_bytes < 0:
            self._exceed("All that your code gives back holds too many separate values.")

    def charge_worker(self) -> None:
        """Count a worker that is about to be started.

        Raises:
            OverBudget: there were too many.
        """
        self._workers -= 1
        if self._workers < 0:
            self._exceed(f"Your code ended or blocked its process {self.limits.workers} times; it is not run again.")

    def charge_cells(self, count: int) -> None:
        """Check the number of cells of a submission.

        Raises:
            OverBudget: there are too many.
        """
        if count > self.limits.cells:
            self._exceed(f"Your file has {count:,} cells; at most {self.limits.cells:,} are run.")

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Count the processor time of the body, which is the judge's own work on what this submission gave back.

        Used up, it ends the submission at the next `check`.
        """
        start = time.thread_time()
        try:
            yield
        finally:
            self._judge_seconds -= time.thread_time() - start

    def check(self) -> None:
        """Check that nothing is used up.

        Raises:
            OverBudget: something is.
        """
        if self._judge_seconds < 0:
            self._exceed("Comparing what your code gives back takes too long: it is too large or too deeply nested.")
        if self.exceeded:
            raise OverBudget(self.exceeded)

    def keep(self, count: int) -> bool:
        """Return whether a result that takes so many bytes of memory may be kept after it was judged, and count it."""
        if count > min(self._kept_bytes, self.limits.kept_bytes // 8):
            return False
        self._kept_bytes -= count
        return True

    def open_reserve(self) -> None:
        """Let the hidden probes have at least the time that is kept for them."""
        self.wait_seconds = max(self.wait_seconds, self.limits.hidden_seconds)

    def _exceed(self, sentence: str) -> None:
        self.exceeded = self.exceeded or sentence
        raise OverBudget(self.exceeded)
