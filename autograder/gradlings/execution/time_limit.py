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
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

_PATIENCE = 10  # alarms before a run that cannot be stopped is ended
_AGAIN = 0.2  # seconds between alarms
_MOST = 3  # a limit is put off by at most so many times its own length
UNSTOPPABLE = "Your code catches every exception and goes on: it cannot be stopped. The run ends here."


class TimeUp(BaseException):
    """The code ran longer than it may. Not an `Exception`, so that `except Exception` lets it through."""


_last_words: list[Callable[[], None]] = []


def before_the_end_of_a_run(show: Callable[[], None]) -> None:
    """Registers what to show when a run has to be ended because student code cannot be stopped."""
    _last_words[:] = [show]


def _end_of_run() -> NoReturn:
    """Better no more exercises than a terminal that hangs for ever; what is known is shown first."""
    sys.setrecursionlimit(100_000)  # the alarm may have come in a recursion that has used it up
    sys.settrace(None)
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        for show in _last_words or [lambda: print(UNSTOPPABLE, file=sys.stderr, flush=True)]:
            show()
    finally:
        os._exit(1)


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises `TimeUp` in the body after `seconds` of wall time. Main thread only where signals are used.

    Time in which the body could not run because the machine was busy does not count, where the kernel tells (Linux).
    """
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        with _alarm(seconds):
            yield
    else:
        with _timer_thread(seconds):
            yield


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    fired = 0
    tracer = sys.gettrace()
    known, reserve = _waited(), _MOST * seconds

    def on_alarm(_number: int, frame: FrameType | None) -> None:
        nonlocal fired, known, reserve
        if frame is not None and frame.f_code.co_filename in _NOT_TO_BE_INTERRUPTED:
            return  # there will be another alarm, unless the code is done
        if not fired:
            before, known = known, _waited() or known
            waited = min(known - before, reserve)
            if waited > 0.01:
                reserve -= waited
                signal.setitimer(signal.ITIMER_REAL, waited, _AGAIN)
                return
        fired += 1
        if fired > _PATIENCE:
            _end_of_run()
        if fired > 1:  # the first one was swallowed
            sys.settrace(_ignore)  # a local trace function only runs while a global one is set
            while frame is not None and frame.f_code.co_filename not in _OURS:
                frame.f_trace = _raise_always
                frame = frame.f_back
        raise TimeUp

    before = signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.settrace(tracer)
        signal.signal(signal.SIGALRM, before)


def _waited() -> float:
    """Seconds that the main thread was ready to run but had no processor; 0 where that is unknown."""
    try:
        with open("/proc/self/schedstat", "rb") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError, RecursionError):  # the alarm may have come deep in a recursion
        return 0.0


# Beginning and end of a limit: what was begun here has to be put back, however late it is.
_NOT_TO_BE_INTERRUPTED = {__file__, contextlib.__file__}
# Frames from here outwards are not the student's: raising there would break the clean-up.
_OURS = {__file__, str(Path(__file__).with_name("local_runner.py")), contextlib.__file__}


def _ignore(_frame: FrameType, _event: str, _argument: Any) -> None:
    return None


def _raise_always(_frame: FrameType, event: str, _argument: Any) -> Any:
    """Raises at the next line: in an `except` block that is outside the `try` that swallowed the alarm."""
    if event == "line":
        raise TimeUp
    return _raise_always


@contextlib.contextmanager
def _timer_thread(seconds: float) -> Iterator[None]:
    thread = ctypes.c_ulong(threading.get_ident())
    done = threading.Event()

    def wait() -> None:
        fired = 0
        while not done.wait(_AGAIN if fired else seconds):
            fired += 1
            if fired > _PATIENCE:
                _end_of_run()
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(TimeUp))

    timer = threading.Thread(target=wait, daemon=True)
    timer.start()
    try:
        yield
    finally:
        done.set()
        timer.join()
