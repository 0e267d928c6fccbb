"""A time limit around student code in this process, for the self-check on a student's own machine.

pytest-timeout's portable method ends the whole run, and its signal method can be swallowed by `except Exception` in a
loop; here the other exercises must go on. Where there are signals, an alarm raises `TimeUp`; if the code swallows it,
a trace function raises it again at every further line. Elsewhere (Windows) a timer thread raises it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from types import FrameType
from typing import Any, NoReturn

from gradlings.submission.helpers.imports import HelperImports

_MAX_ALARMS = 10  # the run is ended when code has swallowed so many
_SECONDS_BETWEEN_ALARMS = 0.2
_MAX_EXTENSION_FACTOR = 3  # waiting for a processor extends a limit by at most so many times its own length
_MIN_WAIT_SECONDS = 0.01  # shorter waits for a processor are not compensated
_MAX_IMPORT_PERIODS = 6  # imports extend a limit by at most so many times its own length
_OWN_FILES = {__file__, contextlib.__file__}  # a limit begins and ends here, and must restore what it set
_IMPORT_SYSTEM = "<frozen importlib._bootstrap>"
UNSTOPPABLE = "Your code catches every exception and goes on: it cannot be stopped. The run ends here."


class TimeUp(BaseException):
    """The code ran longer than it may. Not an `Exception`, so that `except Exception` lets it through."""


_shown_at_end: list[Callable[[], None]] = [lambda: print(UNSTOPPABLE, file=sys.stderr, flush=True)]


def before_the_end_of_a_run(show: Callable[[], None]) -> None:
    """Register what to show when a run has to be ended because student code cannot be stopped."""
    _shown_at_end[:] = [show]


def _end_of_run() -> NoReturn:
    """End the process, as a terminal that hangs is worse; what is known so far is shown first."""
    sys.setrecursionlimit(100_000)  # the alarm may have come in a recursion that has used it up
    sys.settrace(None)
    if sys.platform != "win32" and hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        for show in _shown_at_end:
            show()
    finally:
        os._exit(1)


@contextlib.contextmanager
def time_limit(seconds: float, *, runner_files: Collection[str] = ()) -> Iterator[None]:
    """Raise `TimeUp` in the body after some wall time. Signals are used in the main thread only.

    Args:
        seconds: the limit. Time in which the body could not run because the machine was busy does not count, where the
            kernel reports it (Linux). A limit in which modules were imported begins anew: the first use of some
            functions of torch imports for seconds, and an import that is broken off spoils the module for good.
        runner_files: `__file__` of the modules that call student code in the body. Their frames and those outside of
            them are not interrupted a second time: raising there would break the clean-up.
    """
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        with _alarm(seconds, {*_OWN_FILES, *runner_files}):
            yield
    else:
        with _timer_thread(seconds):
            yield


@contextlib.contextmanager
def _alarm(seconds: float, untraced_files: set[str]) -> Iterator[None]:
    if sys.platform == "win32":
        raise NotImplementedError
    fired = 0
    tracer = sys.gettrace()
    waited_before, reserve = _waited(), _MAX_EXTENSION_FACTOR * seconds
    imports = _Imports()

    def on_alarm(_number: int, frame: FrameType | None) -> None:
        if sys.platform == "win32":
            raise NotImplementedError
        nonlocal fired, waited_before, reserve
        if frame is not None and frame.f_code.co_filename in _OWN_FILES:
            return  # there will be another alarm, unless the code is done
        if not fired:
            waited_now = _waited() or waited_before
            extension = min(waited_now - waited_before, reserve)
            waited_before = waited_now
            if extension > _MIN_WAIT_SECONDS:
                reserve -= extension
                signal.setitimer(signal.ITIMER_REAL, extension, _SECONDS_BETWEEN_ALARMS)
                return
            if imports.took_time(frame):
                signal.setitimer(signal.ITIMER_REAL, seconds, _SECONDS_BETWEEN_ALARMS)
                return
        fired += 1
        if fired > _MAX_ALARMS:
            _end_of_run()
        if fired > 1:  # the first one was swallowed
            sys.settrace(lambda *_: None)  # a local trace function only runs while a global one is set
            while frame is not None and frame.f_code.co_filename not in untraced_files:
                frame.f_trace = _raise_always
                frame = frame.f_back
        raise TimeUp

    before = signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, seconds, _SECONDS_BETWEEN_ALARMS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.settrace(tracer)
        signal.signal(signal.SIGALRM, before)


class _Imports:
    """Tells whether a limit that is over was spent on imports."""

    def __init__(self) -> None:
        self._periods = _MAX_IMPORT_PERIODS
        self._modules = len(sys.modules)

    def took_time(self, frame: FrameType | None) -> bool:
        """Return whether modules were imported since the last call, or one is being imported in a frame."""
        before, self._modules = self._modules, len(sys.modules)
        imported = self._modules != before
        while frame is not None and not imported:
            if isinstance(frame.f_globals.get("__loader__"), HelperImports):
                break  # a helper's own code runs, which is the student's
            imported = frame.f_code.co_filename == _IMPORT_SYSTEM
            frame = frame.f_back
        self._periods -= imported
        return imported and self._periods >= 0


def _waited() -> float:
    """Return the seconds that the main thread was ready to run but had no processor; 0 where that is unknown."""
    try:
        with open("/proc/self/schedstat", "rb") as file:
            return int(file.read().split()[1]) / 1e9  # nanoseconds
    except (OSError, ValueError, IndexError, RecursionError):  # the alarm may have come deep in a recursion
        return 0.0


def _raise_always(_frame: FrameType, event: str, _argument: Any) -> Any:
    """Raise at the next line: in an `except` block that is outside the `try` that swallowed the alarm."""
    if event == "line":
        raise TimeUp
    return _raise_always


@contextlib.contextmanager
def _timer_thread(seconds: float) -> Iterator[None]:
    thread = ctypes.c_ulong(threading.get_ident())
    done = threading.Event()

    imports, watched = _Imports(), threading.get_ident()

    def wait() -> None:
        fired = 0
        while not done.wait(_SECONDS_BETWEEN_ALARMS if fired else seconds):
            if not fired and imports.took_time(sys._current_frames().get(watched)):
                continue
            fired += 1
            if fired > _MAX_ALARMS:
                _end_of_run()
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(TimeUp))

    timer = threading.Thread(target=wait, daemon=True)
    timer.start()
    try:
        yield
    finally:
        done.set()
        timer.join()
