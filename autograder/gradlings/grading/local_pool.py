"""Several judges at once, each in a process of its own with a judge session.

The pool of this machine is here; `dask_pool` does the same over a cluster. Judges are trusted: submissions run in their
locked-down workers. A judge that dies or hangs concerns the one submission that it has, and no other judge.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import queue
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from gradlings.grading.judge_session import AssignmentBundle, JudgeReply, JudgeSession
from gradlings.grading.parent_watch import end_with_parent
from gradlings.model.errors import InputError
from gradlings.submission.helpers.files import NO_HELPERS, Helpers

T = TypeVar("T")
_log = logging.getLogger(__name__)
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

    def judge(self, data: bytes, filename: str, seed: int, helpers: Helpers = NO_HELPERS) -> JudgeReply:
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


def _answer_calls(connection: Connection, bundle: AssignmentBundle, scratch: str) -> None:
    """Be a judge: make the calls that come over a connection, until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that hands out the work
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    tempfile.tempdir = scratch
    end_with_parent()  # and with a judge its zygote and workers
    add_bundle("local", bundle)
    with suppress(EOFError):
        while True:
            call, args = connection.recv()
            try:
                reply = True, in_session("local", call, *args)
            except Exception as error:
                error.add_note(f"In a judge's process:\n{traceback.format_exc()}")
                reply = False, error
            connection.send(reply)


def _serve(connection: Connection, bundle: AssignmentBundle, scratch: str) -> None:
    """Answer calls in a judge's process; if that itself fails, end, which the other side notices and reports."""
    try:
        _answer_calls(connection, bundle, scratch)
    except Exception:  # no memory is left, say, not even for an answer; the terminal is for sentences
        os._exit(1)


# In the process that hands out the work


class _JudgeProcess:
    """One judge, which is started at the first call and again when it has died; it does one thing at a time.

    A connection of its own, in place of an executor, spares each call four changes of thread.
    """

    def __init__(self, bundle: AssignmentBundle, scratch: str) -> None:
        self._arguments = bundle, scratch
        self._process: SpawnProcess | None = None
        self._connection: Connection
        self._ending = threading.Lock()
        self._closed = False

    def call(self, call: Callable[..., T], *args: Any) -> T:
        """Call a method of the session in the process.

        Raises:
            EOFError: the process died over it, or the pool was closed.
            Exception: what the method raised.
        """
        with self._ending:
            if self._closed:
                raise EOFError
            if self._process is None or self._connection.poll():  # it says nothing unasked: it has died
                self._end()
                self._start()
        try:
            self._connection.send((call, args))
            returned, value = self._connection.recv()
        except OSError:  # in the middle of a message
            raise EOFError from None
        if not returned:
            raise value
        result: T = value
        return result

    def close(self) -> None:
        """End the process now."""
        with self._ending:
            self._closed = True
            self._end()

    def _start(self) -> None:
        if sys.platform == "win32":
            raise NotImplementedError
        fresh = multiprocessing.get_context("spawn")  # inherits nothing of this process, least of all its threads
        self._connection, its_end = fresh.Pipe()
        with its_end:
            self._process = fresh.Process(target=_serve, args=(its_end, *self._arguments), daemon=True)
            self._process.start()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()


def _cannot_start(error: Exception) -> InputError:
    _log.error("A judge could not be started.", exc_info=error)
    return InputError(f"The judges cannot be started here: {error or type(error).__name__}")


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
        self._opened = ExitStack()

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
        """Start the judges side by side, in the background; submissions may be handed over at once.

        Raises:
            InputError: the system gives no folder for temporary files, no process, or no thread.
        """
        try:
            folder = tempfile.TemporaryDirectory(prefix="gradlings-", ignore_cleanup_errors=True)
            scratch = self._opened.enter_context(folder)  # judges that are ended have no time to tidy up
            os.chmod(scratch, 0o755)  # what judges keep in it must not seem protected because of where it lies
            self._threads = ThreadPoolExecutor(self._number)  # one that has a result goes on with the next submission
            self._opened.callback(self._threads.shutdown)
            self._judges = [_JudgeProcess(self.bundle, scratch) for _ in range(self._number)]
            self._free = queue.SimpleQueue()
            for judge in self._judges:
                self._opened.callback(judge.close)
                self._free.put(judge)
            self._opened.callback(self._threads.shutdown, wait=False, cancel_futures=True)
            starts = [self._threads.submit(self._call, JudgeSession.active_protection) for _ in self._judges]
            self._first_start = starts[0]
        except (OSError, RuntimeError) as error:  # also that no thread can be started
            raise _cannot_start(error) from None

    def wait_until_ready(self) -> None:
        """Wait for the first judge, and set `protection` and `notes`.

        Raises:
            InputError: grading for marks is refused here, or the checks cannot be used.
        """
        try:
            self.protection, self.notes = self._first_start.result()
        except EOFError:
            raise InputError("A judge's process died while it started. Is there enough memory?") from None
        except (OSError, RuntimeError, ImportError, MemoryError) as error:
            raise _cannot_start(error) from None

    def close(self) -> None:
        """End all judges now: what one may still be doing is not wanted any more."""
        self._opened.close()

    def submit(self, call: Callable[..., T], *args: Any) -> Future[T]:
        """See `JudgePool.submit`."""
        return self._threads.submit(call, *args)

    def judge(self, data: bytes, filename: str, seed: int, helpers: Helpers = NO_HELPERS) -> JudgeReply:
        """See `JudgePool.judge`. If the judge dies over it, another one tries once more."""
        try:
            return self._call(JudgeSession.judge, data, filename, seed, helpers)
        except EOFError:
            fault = "the judge's own process died, twice, while this was graded"
            return JudgeReply(fault=fault, protection=self.protection)

    def code_digest(self, data: bytes, filename: str) -> str:
        """See `JudgePool.code_digest`."""
        return self._call(JudgeSession.code_digest, data, filename)

    def _call(self, call: Callable[..., T], *args: Any) -> T:
        with self._free_judge() as judge:
            for _ in range(_MAX_DEATHS - 1):
                with suppress(EOFError):
                    return judge.call(call, *args)
            return judge.call(call, *args)

    @contextmanager
    def _free_judge(self) -> Iterator[_JudgeProcess]:
        judge = self._free.get()
        try:
            yield judge
        finally:
            self._free.put(judge)
