"""`Judge`: owns a zygote and turns the bytes of a submission into one that runs in a locked-down worker."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from autograder.exercise import Exercise
from autograder.judging.lockdown import Layers, Limits
from autograder.judging.process import WorkerProcess, Zygote, ZygoteDied
from autograder.judging.remote import Clock, Material, RemoteSubmission


class Judge:
    """Runs submissions in workers, one judge a thread.

        with Judge(exercises) as judge, with_checks(...):
            remote = judge.load(data, "autodiff.py", drivers)
            grader.grade_loaded(remote, checks_file, seed=secret)

    Args:
        exercises: those that will be graded; what they forbid is read from a submission before it runs.
        limits, clock: what a worker may use, and how long.
        layers: which layers of protection to put on; all there are, unless a test wants less.
    """

    def __init__(
        self,
        exercises: Sequence[Exercise] = (),
        *,
        limits: Limits = Limits(),
        clock: Clock = Clock(),
        layers: Layers = Layers(),
    ) -> None:
        self._exercises = tuple(exercise for exercise in exercises if exercise.forbids)
        self._limits, self._clock, self._layers = limits, clock, layers
        self._zygote: Zygote | None = None
        self._current: RemoteSubmission | None = None

    def __enter__(self) -> Self:
        self._running()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def load(self, data: bytes, filename: str, drivers: str = "") -> RemoteSubmission:
        """Reads and runs a submission in a new worker; the one before is ended.

        Args:
            data: the bytes of the file, as they came.
            filename: what messages show; `.ipynb` means a notebook.
            drivers: source text of the judge's own `drivers.py`.
        """
        if self._current is not None:
            self._current.close()
        self._current = RemoteSubmission(Material(data, filename, drivers, self._exercises), self.fork, self._clock)
        return self._current

    def fork(self) -> WorkerProcess:
        """A new worker; a zygote that died is started anew."""
        try:
            return self._running().fork()
        except ZygoteDied:
            self._stop()
            return self._running().fork()

    def close(self) -> None:
        if self._current is not None:
            self._current.close()
            self._current = None
        self._stop()

    def _running(self) -> Zygote:
        if self._zygote is not None and not self._zygote.alive:
            self._stop()
        if self._zygote is None:
            rules = sorted({exercise.forbids for exercise in self._exercises})
            self._zygote = Zygote(self._layers, self._limits, rules)
        return self._zygote

    def _stop(self) -> None:
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None
