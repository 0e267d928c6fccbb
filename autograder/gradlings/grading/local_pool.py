"""Several judges at once: submissions go out to processes that each hold a bench, results come back as they are done.

The embedded pool of this machine is here; `dask_engine` does the same over a cluster. Judges are ours and trusted: what
they send is theirs to send. A judge that dies takes nothing with it but its own time.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from gradlings.grading.judge_session import AssignmentBundle, JudgeReply, JudgeSession
from gradlings.grading.parent_watch import end_with_parent
from gradlings.model.errors import InputError

_ALONE = 2
"""How often a submission may take down a judge that has nothing else to do, before that is said of it."""


@dataclass(frozen=True)
class Job:
    """One submission to be graded."""

    student: str
    filename: str
    data: bytes


class JudgePool(Protocol):
    """Whoever has submissions judged."""

    brief: AssignmentBundle
    protection: str
    """Names what is active, for the record of a run."""
    notes: tuple[str, ...]
    """What an instructor should know of it."""

    def judged(self, jobs: Iterable[Job], seed: int) -> Iterator[tuple[Job, JudgeReply]]:
        """Every job with its result, in the order in which they are done. Jobs are taken as there is room for them."""

    def code_digest(self, data: bytes, filename: str) -> str:
        """See `JudgeSession.code_digest`."""


# In a judge's process

_held: dict[str, AssignmentBundle] = {}
_benches: dict[str, JudgeSession] = {}
_one_at_a_time = threading.Lock()


def hold(key: str, brief: AssignmentBundle) -> None:
    """Keeps what this process may have to grade. Nothing is started yet."""
    _held[key] = brief


def let_go(key: str) -> None:
    """Ends the bench for a brief, if there is one."""
    with _one_at_a_time:
        _held.pop(key, None)
        if bench := _benches.pop(key, None):
            bench.__exit__(None, None, None)


def set_up(key: str) -> tuple[str, tuple[str, ...]]:
    """Starts the bench. Returns the protection that is active and what else is worth knowing.

    Raises:
        InputError: grading is refused, or the checks cannot be used.
    """
    with _one_at_a_time:
        protection = _bench(key).protection
    return protection.sentence().rstrip("."), protection.notes()


def judge(key: str, data: bytes, filename: str, seed: int) -> JudgeReply:
    """Grades one submission here."""
    with _one_at_a_time:
        return _bench(key).judged(data, filename, seed)


def digest(key: str, data: bytes, filename: str) -> str:
    """The digest of a submission's code; "" if it has none."""
    with _one_at_a_time, suppress(ValueError):
        return _bench(key).code_digest(data, filename)
    return ""


def _bench(key: str) -> JudgeSession:
    if key not in _benches:
        _benches[key] = JudgeSession(_held[key]).__enter__()
    return _benches[key]


def _start(key: str, brief: AssignmentBundle, scratch: str) -> None:
    """In a process of the pool, first of all."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that hands out the work
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    tempfile.tempdir = scratch
    end_with_parent()  # and with a judge its zygote and workers
    hold(key, brief)


# In the process that hands out the work


def flow(
    jobs: Iterable[Job], submit: Callable[[Job], Future[JudgeReply]], window: int
) -> Iterator[tuple[Job, Future[JudgeReply]]]:
    """Every job with its future once that is done; never more than `window` are under way."""
    running: dict[Future[JudgeReply], Job] = {}
    for job in jobs:
        running[submit(job)] = job
        if len(running) >= window:
            yield from _done(running)
    while running:
        yield from _done(running)


def _done(running: dict[Future[JudgeReply], Job]) -> Iterator[tuple[Job, Future[JudgeReply]]]:
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        yield running.pop(future), future


class LocalPool:
    """Judges in processes of this machine.

    Args:
        judges: how many; each has a zygote of its own.
    """

    def __init__(self, brief: AssignmentBundle, judges: int) -> None:
        self.brief, self._judges = brief, judges
        self.protection = ""
        self.notes: tuple[str, ...] = ()
        self._pool: ProcessPoolExecutor
        self._scratch: tempfile.TemporaryDirectory[str]
        """Holds the temporary files of judges, which have no time to tidy up when they are ended."""

    def __enter__(self) -> Self:
        """Raises `InputError` where grading for marks is refused or the checks cannot be used."""
        self._scratch = tempfile.TemporaryDirectory(prefix="gradlings-", ignore_cleanup_errors=True)
        os.chmod(self._scratch.name, 0o755)  # what judges keep in it must not seem protected because of where it lies
        self._pool = self._new_pool()
        try:
            ready = [self._pool.submit(set_up, "local") for _ in range(self._judges)]  # all start side by side
            self.protection, self.notes = ready[0].result()
        except BrokenExecutor:
            raise InputError("A judge's process died while it started. Is there enough memory?") from None
        finally:
            if not self.protection:
                self._close()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._close()

    def judged(self, jobs: Iterable[Job], seed: int) -> Iterator[tuple[Job, JudgeReply]]:
        for job, future in flow(jobs, lambda job: self._submit(job, seed), 2 * self._judges):
            try:
                yield job, future.result()
            except BrokenExecutor:
                yield job, self._alone(job, seed)

    def code_digest(self, data: bytes, filename: str) -> str:
        return self._pool.submit(digest, "local", data, filename).result()

    def _submit(self, job: Job, seed: int) -> Future[JudgeReply]:
        try:
            return self._pool.submit(judge, "local", job.data, job.filename, seed)
        except BrokenExecutor as error:
            lost = Future[JudgeReply]()
            lost.set_exception(error)
            return lost

    def _alone(self, job: Job, seed: int) -> JudgeReply:
        """A judge died while this was among what was being graded: nobody else is, now, so that it shows whose doing
        that was.
        """
        deaths = 0
        while deaths < _ALONE:
            try:
                future = self._pool.submit(judge, "local", job.data, job.filename, seed)
            except BrokenExecutor:
                self._start_anew()
                continue
            try:
                return future.result()
            except BrokenExecutor:
                deaths += 1
        return JudgeReply(
            fault="the judge's own process died, twice, while this was graded", protection=self.protection
        )

    def _new_pool(self) -> ProcessPoolExecutor:
        fresh = multiprocessing.get_context("spawn")  # nothing of this process, threads least of all, is taken along
        return ProcessPoolExecutor(self._judges, fresh, _start, ("local", self.brief, self._scratch.name))

    def _start_anew(self) -> None:
        self._stop()
        self._pool = self._new_pool()

    def _close(self) -> None:
        self._stop()
        self._scratch.cleanup()

    def _stop(self) -> None:
        """Ends all judges now: whatever one is still doing is not wanted any more."""
        processes = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()
        for process in processes:
            process.join()
