"""`Judge`: owns a zygote and turns the bytes of a submission into one that runs in a locked-down worker."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise
from gradlings.sandbox.settings import CLOCK, LAYERS, LIMITS, Clock, Layers, WorkerLimits

if TYPE_CHECKING:  # what these import exists on Linux only
    from gradlings.sandbox.processes import WorkerProcess, Zygote
    from gradlings.sandbox.remote_runner import RemoteRunner
    from gradlings.sandbox.self_check import Protection

_ONLY_LINUX = (
    "Grading for marks needs Linux: {} has nothing that locks a process down from the inside. Grade on a Linux machine "
    "or in a Linux container; `pytest assignments/NN` checks one's own code everywhere."
)


def check_system() -> None:
    """Raises `InputError` on a system that has nothing to lock a process down with."""
    if sys.platform != "linux":
        raise InputError(_ONLY_LINUX.format({"darwin": "macOS", "win32": "Windows"}.get(sys.platform, "this system")))


class Judge:
    """Runs submissions in locked-down workers, one at a time; a judge belongs to one thread.

        with Judge(exercises) as judge:
            remote = judge.load(data, "autodiff.py", drivers)
            grader.check(remote, checks_file, seed=secret)

    Entering it starts the zygote and has a worker try what must not work.

    Args:
        exercises: those that will be graded; what they forbid is read from a submission before it runs.
        closed: files and folders that no worker may read (solutions, hidden checks), for the self-check.
        allow_weaker: go on when the self-check finds something open.
        limits, clock: what a worker may use, and how long.
        layers: which layers of protection to put on; all there are, unless a test wants less.
    """

    def __init__(
        self,
        exercises: Sequence[Exercise] = (),
        *,
        closed: Sequence[Path] = (),
        allow_weaker: bool = False,
        limits: WorkerLimits = LIMITS,
        clock: Clock = CLOCK,
        layers: Layers = LAYERS,
    ) -> None:
        self._exercises = tuple(exercise for exercise in exercises if exercise.forbids)
        self._closed, self._allow_weaker = tuple(closed), allow_weaker
        self._limits, self._clock, self._layers = limits, clock, layers
        self._zygote: Zygote | None = None
        self._current: RemoteRunner | None = None
        self.protection: Protection
        """What is really active; known once the judge is entered."""

    def __enter__(self) -> Self:
        """Raises `selfcheck.Unprotected` where workers are not locked down and that was not allowed."""
        check_system()
        try:
            self._running()
            from gradlings.sandbox.self_check import Unprotected, protection  # imports torch, as the zygote does now

            self.protection = protection(self.load, self._hello(), self._limits, self._closed)
            if not self.protection.holds and not self._allow_weaker:
                raise Unprotected(self.protection.refusal())
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def load(self, data: bytes, filename: str, drivers: str = "") -> RemoteRunner:
        """Reads and runs a submission in a new worker; the one before is ended.

        Args:
            data: the bytes of the file, as they came.
            filename: what messages show; `.ipynb` means a notebook.
            drivers: source text of the judge's own `drivers.py`.

        Raises:
            ZygoteDied: no worker can be started (that is no fault of the submission).
        """
        from gradlings.sandbox.remote_runner import RemoteRunner
        from gradlings.sandbox.source_facts import Material

        if self._current is not None:
            self._current.close()
        material = Material(data, filename, drivers, self._exercises)
        self._current = RemoteRunner(material, lambda: self._fork(drivers), self._clock)
        return self._current

    def code_digest(self, data: bytes, filename: str) -> str:
        """`submission.digest_of_code`, computed in a worker of its own.

        Raises:
            ValueError: the file is no notebook, or cannot be read in time.
        """
        from gradlings.sandbox.source_facts import digest_in_worker

        worker = self._fork()
        try:
            return digest_in_worker(worker, data, filename, self._clock.cells)
        finally:
            worker.close()

    def close(self) -> None:
        """Ends the worker and the zygote."""
        if self._current is not None:
            self._current.close()
            self._current = None
        self._stop()

    @property
    def process_id(self) -> int:
        """Of the zygote; one that died is started anew."""
        return self._running().process_id

    def _hello(self) -> dict[str, Any]:
        """What the zygote says of itself; without bubblewrap where that is installed but does not work."""
        from gradlings.sandbox.processes import ZygoteDied

        try:
            return self._running().hello
        except ZygoteDied:
            if not self._running().in_bubble:
                raise
            self._stop()
            self._layers = replace(self._layers, bubblewrap=False)
            return self._running().hello

    def _fork(self, drivers: str = "") -> WorkerProcess:
        """A new worker; a zygote that died is started anew, once."""
        from gradlings.sandbox.processes import ZygoteDied

        try:
            return self._running().fork(drivers)
        except ZygoteDied:
            self._stop()
            return self._running().fork(drivers)

    def _running(self) -> Zygote:
        from gradlings.sandbox.processes import Zygote

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
