"""Several judges at once, each in a process of its own with a judge session.

The pool of this machine is here; `dask_pool` does the same over a cluster. Judges are trusted: submissions run in their
locked-down workers. A judge that dies or hangs concerns the one submission that it has, and no other judge.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from gradlings.grading.judge_session import AssignmentBundle, JudgeReply, JudgeSession
from gradlings.grading.parent_watch import end_with_parent
from gradlings.model.errors import InputError

T = TypeVar("T")
_MAX_DEATHS = 2
"""How often a submission may end the judge that has it, before the submission gets no score."""


class JudgePool(Protocol):
    """Judges that grade side by side."""

    bundle: AssignmentBundle
    protection: str
    """The isolation that is active, for the record of a run."""
    notes: tuple[str, ...]
    """What an instructor should know of it."""
    capacity: int
    """How many calls keep all judges busy; `submit` takes any number."""

    def submit(self, call: Callable[..., T], *args: Any) -> Future[T]:
        """Make a call that waits for judges, such as `judge`, side by side with others."""

    def judge(self, data: bytes, filename: str, seed: int) -> JudgeReply:
        """See `JudgeSession.judge`; wait for a judge that is free. For any thread."""

    def code_digest(self, data: bytes, filename: str) -> str:
        """See `JudgeSession.code_digest`; the same holds."""


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


class _JudgeProcess:
    """One judge, which is started again when it dies; it does one thing at a time."""

    def __init__(self, bundle: AssignmentBundle, scratch: str) -> None:
        self._arguments = bundle, scratch
        self._replacing = threading.Lock()
        self._closed = False
        self._executor = self._new_executor()

    def submit(self, call: Callable[..., T], *args: Any) -> Future[T]:
        """Call a method of the session in the process; one that died since the last call is replaced.

        Raises:
            BrokenExecutor: the pool is closed.
        """
        try:
            return self._executor.submit(in_session, "local", call, *args)
        except BrokenExecutor:
            self.replace()
            return self._executor.submit(in_session, "local", call, *args)

    def replace(self) -> None:
        """End the process, whatever it does, and start another at the next call.

        Raises:
            BrokenExecutor: the pool is closed.
        """
        with self._replacing:
            if self._closed:
                raise BrokenExecutor("the judges were ended")
            self._end()
            self._executor = self._new_executor()

    def close(self) -> None:
        """End the process now."""
        with self._replacing:
            self._closed = True
            self._end()

    def _new_executor(self) -> ProcessPoolExecutor:
        fresh = multiprocessing.get_context("spawn")  # inherits nothing of this process, least of all its threads
        return ProcessPoolExecutor(1, fresh, _start_process, self._arguments)

    def _end(self) -> None:
        processes = list((self._executor._processes or {}).values())
        self._executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()
            process.join()


class LocalPool:
    """Judges in processes of this machine. Use it as a context manager, or call `start` and `close`.

    Args:
        judges: how many; each has a zygote of its own.
    """

    def __init__(self, bundle: AssignmentBundle, judges: int) -> None:
        self.bundle, self._number = bundle, judges
        self.capacity = 2 * judges  # while one is judged, the next is read
        self.protection = ""
        self.notes: tuple[str, ...] = ()
        self._judges: list[_JudgeProcess]
        self._free: queue.SimpleQueue[_JudgeProcess]
        self._threads: ThreadPoolExecutor
        self._first_start: Future[tuple[str, tuple[str, ...]]]
        self._scratch: tempfile.TemporaryDirectory[str]
        """Holds the temporary files of judges, which have no time to tidy up when they are ended."""

    def __enter__(self) -> Self:
        """Start and wait until the first judge is ready; see `wait_until_ready`."""
        self.start()
        try:
            self.wait_until_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """Start the judges side by side, in the background; submissions may be handed over at once."""
        self._scratch = tempfile.TemporaryDirectory(prefix="gradlings-", ignore_cleanup_errors=True)
        os.chmod(self._scratch.name, 0o755)  # what judges keep in it must not seem protected because of where it lies
        self._threads = ThreadPoolExecutor(self.capacity)
        self._judges = [_JudgeProcess(self.bundle, self._scratch.name) for _ in range(self._number)]
        self._free = queue.SimpleQueue()
        self._first_start, *_ = [judge.submit(JudgeSession.active_protection) for judge in self._judges]
        for judge in self._judges:
            self._free.put(judge)

    def wait_until_ready(self) -> None:
        """Wait for the first judge, and set `protection` and `notes`.

        Raises:
            InputError: grading for marks is refused here, or the checks cannot be used.
        """
        try:
            self.protection, self.notes = self._first_start.result()
        except BrokenExecutor:
            raise InputError("A judge's process died while it started. Is there enough memory?") from None

    def close(self) -> None:
        """End all judges now: what one may still be doing is not wanted any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for judge in self._judges:
            judge.close()
        self._threads.shutdown()
        self._scratch.cleanup()

    def submit(self, call: Callable[..., T], *args: Any) -> Future[T]:
        """See `JudgePool.submit`."""
        return self._threads.submit(call, *args)

    def judge(self, data: bytes, filename: str, seed: int) -> JudgeReply:
        """See `JudgePool.judge`. If the judge dies over it, another one tries once more."""
        try:
            return self._call(JudgeSession.judge, data, filename, seed)
        except BrokenExecutor:
            fault = "the judge's own process died, twice, while this was graded"
            return JudgeReply(fault=fault, protection=self.protection)

    def code_digest(self, data: bytes, filename: str) -> str:
        """See `JudgePool.code_digest`."""
        return self._call(JudgeSession.code_digest, data, filename)

    def _call(self, call: Callable[..., T], *args: Any) -> T:
        with self._free_judge() as judge:
            for _ in range(_MAX_DEATHS):
                try:
                    return judge.submit(call, *args).result()
                except BrokenExecutor:
                    judge.replace()
        raise BrokenExecutor("the judge died each time")

    @contextmanager
    def _free_judge(self) -> Iterator[_JudgeProcess]:
        judge = self._free.get()
        try:
            yield judge
        finally:
            self._free.put(judge)
