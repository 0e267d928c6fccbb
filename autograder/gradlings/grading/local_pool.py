"""Several judges at once: submissions go to processes with a judge session each, results come back as they are done.

The pool of this machine is here; `dask_pool` does the same over a cluster. Judges are trusted: submissions run in their
locked-down workers. A judge that dies loses no result: what it was grading is graded again.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from gradlings.grading.judge_session import AssignmentBundle, JudgeReply, JudgeSession
from gradlings.grading.parent_watch import end_with_parent
from gradlings.model.errors import InputError

T = TypeVar("T")
_log = logging.getLogger(__name__)
_MAX_DEATHS = 2
"""How often a submission may end a judge that grades nothing else, before the submission gets no score."""


@dataclass(frozen=True)
class Job:
    """One submission to be graded."""

    student: str
    filename: str
    data: bytes


class JudgePool(Protocol):
    """Judges that grade side by side."""

    bundle: AssignmentBundle
    protection: str
    """The isolation that is active, for the record of a run."""
    notes: tuple[str, ...]
    """What an instructor should know of it."""

    def judge(self, jobs: Iterable[Job], seed: int) -> Iterator[tuple[Job, JudgeReply]]:
        """Yield every job with its reply, in the order in which they are done; take jobs as there is room for them."""

    def code_digest(self, data: bytes, filename: str) -> str:
        """See `JudgeSession.code_digest`."""


# In a judge's process

_bundles: dict[str, AssignmentBundle] = {}
_sessions: dict[str, JudgeSession] = {}
_one_at_a_time = threading.Lock()


def add_bundle(key: str, bundle: AssignmentBundle) -> None:
    """Keep what this process may have to grade. Nothing is started yet."""
    _bundles[key] = bundle


def remove_bundle(key: str) -> None:
    """End the judge session for a bundle, if there is one."""
    with _one_at_a_time:
        _bundles.pop(key, None)
        if session := _sessions.pop(key, None):
            session.__exit__(None, None, None)


def in_session(key: str, call: Callable[..., T], *args: Any) -> T:
    """Call a method of the judge session for a bundle, which is started if it is not there yet.

    Raises:
        InputError: grading is refused, or the checks cannot be used.
    """
    with _one_at_a_time:
        if key not in _sessions:
            _sessions[key] = JudgeSession(_bundles[key]).__enter__()
        return call(_sessions[key], *args)


def _start_process(bundle: AssignmentBundle, scratch: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that hands out the work
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    tempfile.tempdir = scratch
    end_with_parent()  # and with a judge its zygote and workers
    add_bundle("local", bundle)


# In the process that hands out the work


def completed(
    jobs: Iterable[Job], submit: Callable[[Job], Future[JudgeReply]], max_running: int
) -> Iterator[tuple[Job, Future[JudgeReply]]]:
    """Yield every job with its future once that is done, and have at most `max_running` of them under way."""
    running: dict[Future[JudgeReply], Job] = {}
    for job in jobs:
        running[submit(job)] = job
        if len(running) >= max_running:
            yield from _next_completed(running)
    while running:
        yield from _next_completed(running)


def _next_completed(running: dict[Future[JudgeReply], Job]) -> Iterator[tuple[Job, Future[JudgeReply]]]:
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        yield running.pop(future), future


def _cannot_start(error: Exception) -> InputError:
    _log.error("A judge could not be started.", exc_info=error)
    return InputError(f"The judges cannot be started here: {error or type(error).__name__}")


class LocalPool:
    """Judges in processes of this machine. Use it as a context manager, or call `start` and `close`.

    Args:
        judges: how many; each has a zygote of its own.
    """

    def __init__(self, bundle: AssignmentBundle, judges: int) -> None:
        self.bundle, self._judges = bundle, judges
        self.protection = ""
        self.notes: tuple[str, ...] = ()
        self._executor: ProcessPoolExecutor
        self._first_start: Future[tuple[str, tuple[str, ...]]]
        self._opened = ExitStack()
        self._scratch = ""
        """A folder for the temporary files of judges, which have no time to tidy up when they are ended."""

    def __enter__(self) -> Self:
        """Start and wait until the first judge is ready; see `wait_until_ready`."""
        try:
            self.start()
            self.wait_until_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """Start the judges side by side, in the background; submissions may be handed over at once.

        Raises:
            InputError: the system gives no folder for temporary files, no process, or no thread.
        """
        try:
            folder = tempfile.TemporaryDirectory(prefix="gradlings-", ignore_cleanup_errors=True)
            self._scratch = self._opened.enter_context(folder)
            os.chmod(self._scratch, 0o755)  # what judges keep in it must not seem protected because of where it lies
            self._executor = self._new_executor()
            self._opened.callback(self._stop)
            self._first_start = self._submit(JudgeSession.active_protection)
            with suppress(BrokenExecutor):  # `wait_until_ready` reports it
                for _ in range(self._judges - 1):
                    self._submit(JudgeSession.active_protection)
        except (OSError, RuntimeError) as error:  # also that no thread can be started
            raise _cannot_start(error) from None

    def wait_until_ready(self) -> None:
        """Wait for the first judge, and set `protection` and `notes`.

        Raises:
            InputError: grading for marks is refused here, or the checks cannot be used.
        """
        try:
            self.protection, self.notes = self._first_start.result()
        except BrokenExecutor:
            raise InputError("A judge's process died while it started. Is there enough memory?") from None
        except (OSError, RuntimeError, ImportError, MemoryError) as error:
            raise _cannot_start(error) from None

    def close(self) -> None:
        """End all judges now: what one may still be doing is not wanted any more."""
        self._opened.close()

    def judge(self, jobs: Iterable[Job], seed: int) -> Iterator[tuple[Job, JudgeReply]]:
        """See `JudgePool.judge`."""
        for job, future in completed(jobs, lambda job: self.submit(job, seed), 2 * self._judges):
            yield job, self.reply(job, future, seed)

    def code_digest(self, data: bytes, filename: str) -> str:
        """See `JudgePool.code_digest`."""
        return self._submit(JudgeSession.code_digest, data, filename).result()

    def submit(self, job: Job, seed: int) -> Future[JudgeReply]:
        """Hand over one submission; `reply` then gives what became of it. For callers that set their own pace."""
        try:
            return self._submit(JudgeSession.judge, job.data, job.filename, seed)
        except BrokenExecutor as error:
            lost = Future[JudgeReply]()
            lost.set_exception(error)
            return lost

    def reply(self, job: Job, future: Future[JudgeReply], seed: int) -> JudgeReply:
        """Wait for the reply to a job that was handed over; grade it again if a judge died meanwhile."""
        try:
            return future.result()
        except BrokenExecutor:
            return self._judge_alone(job, seed)

    def _judge_alone(self, job: Job, seed: int) -> JudgeReply:
        """Grade this one alone, to see whether it is the cause of the death of a judge with several under way."""
        deaths = 0
        while deaths < _MAX_DEATHS:
            try:
                future = self._submit(JudgeSession.judge, job.data, job.filename, seed)
            except BrokenExecutor:
                self._stop()
                self._executor = self._new_executor()
                continue
            try:
                return future.result()
            except BrokenExecutor:
                deaths += 1
        fault = "the judge's own process died, twice, while this was graded"
        return JudgeReply(fault=fault, protection=self.protection)

    def _submit(self, call: Callable[..., T], *args: Any) -> Future[T]:
        return self._executor.submit(in_session, "local", call, *args)

    def _new_executor(self) -> ProcessPoolExecutor:
        fresh = multiprocessing.get_context("spawn")  # inherits nothing of this process, least of all its threads
        return ProcessPoolExecutor(self._judges, fresh, _start_process, (self.bundle, self._scratch))

    def _stop(self) -> None:
        processes = list((self._executor._processes or {}).values())
        self._executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()
        for process in processes:
            process.join()
