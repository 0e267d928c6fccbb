"""The terminal: read single keys, use the alternate screen, and restore everything on any exit."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_log = logging.getLogger(__name__)

_ENTER_SCREEN, _LEAVE_SCREEN = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"  # the alternate screen; no cursor
_KEY_NAMES = {
    "\x1b[A": "up",
    "\x1b[B": "down",
    "\x1bOA": "up",
    "\x1bOB": "down",
    "\x1b[5~": "page up",
    "\x1b[6~": "page down",
    "\x1b[C": "n",
    "\x1b[D": "p",
    "\x1b": "escape",
    "\r": "enter",
    "\n": "enter",
    " ": "page down",
    "\x03": "q",
    "\x04": "q",
}
_KEY_SEQUENCE = re.compile(r"\x1b[\[O][^A-Za-z~]*[A-Za-z~]?|\x1b.|.", re.DOTALL)
_WINDOWS_KEY_NAMES = {"H": "up", "P": "down", "I": "page up", "Q": "page down", "M": "n", "K": "p"}


def interactive() -> bool:
    """Return whether single keys can be read and the whole screen can be drawn."""
    return (
        sys.stdin.isatty()
        and sys.stdout.isatty()
        and os.environ.get("TERM", "windows" if sys.platform == "win32" else "") not in ("", "dumb", "unknown")
    )


def split_keys(text: str) -> list[str]:
    """Return the names of the keys that a terminal sent: letters as they are, unknown escape sequences left out."""
    names = [_KEY_NAMES.get(sequence, sequence) for sequence in _KEY_SEQUENCE.findall(text)]
    return [name for name in names if not name.startswith("\x1b")]


@contextlib.contextmanager
def full_screen(on_key: Callable[[str], None], redraw: Callable[[], None]) -> Iterator[None]:
    """Use the whole screen and read single keys; the terminal is restored at the end, whatever ends it.

    `on_key` is called with the name of each key, from a thread; `redraw` when the size has changed, or when the command
    continues after it was stopped (Ctrl-Z).
    """
    with _raw_windows() if sys.platform == "win32" else _raw_posix(redraw):
        threading.Thread(target=_read, args=(on_key,), daemon=True).start()
        yield


@contextlib.contextmanager
def line_input(on_key: Callable[[str], None]) -> Iterator[None]:
    """Read keys from a terminal that sends whole lines, or from a file: one on each line."""

    def read() -> None:
        try:
            for line in sys.stdin:
                on_key(line.strip().lower() or "enter")
        except (OSError, ValueError) as error:
            _log.info("standard input cannot be read any more: %s", error)

    if sys.stdin is not None:
        threading.Thread(target=read, daemon=True).start()
    yield


def _read(on_key: Callable[[str], None]) -> None:
    if sys.platform == "win32":
        import msvcrt

        while True:
            code = msvcrt.getwch()
            on_key(_WINDOWS_KEY_NAMES.get(msvcrt.getwch(), "") if code in "\x00\xe0" else _KEY_NAMES.get(code, code))
    while True:
        try:
            data = os.read(0, 1024)
        except OSError as error:
            _log.info("the terminal cannot be read any more: %s", error)
            return
        if not data:
            return
        for key in split_keys(data.decode("utf-8", "ignore")):
            on_key(key)


def write(text: str) -> None:
    """Write to the terminal at once; what its encoding cannot show becomes a question mark."""
    with contextlib.suppress(OSError):  # the terminal is gone
        if sys.platform == "win32":
            sys.stdout.write(text)
            sys.stdout.flush()
            return
        data = text.encode(sys.stdout.encoding or "utf-8", "replace")
        while data:  # without Python's buffer, which is not reentrant in a signal handler
            data = data[os.write(1, data) :]


def size() -> tuple[int, int]:
    """Return the columns and lines of the terminal."""
    try:
        columns, lines = os.get_terminal_size(1)
    except (OSError, ValueError):
        columns = lines = 0
    if not (columns and lines):
        columns, lines = shutil.get_terminal_size((80, 24))
    return columns, lines


@contextlib.contextmanager
def _raw_posix(redraw: Callable[[], None]) -> Iterator[None]:
    if sys.platform == "win32":
        raise NotImplementedError
    import termios
    import tty

    before = termios.tcgetattr(0)

    def enter() -> None:
        tty.setcbreak(0)  # Ctrl-C and Ctrl-Z stay signals
        write(_ENTER_SCREEN)

    def leave() -> None:
        write(_LEAVE_SCREEN)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, before)

    def stop(*_: object) -> None:
        leave()
        os.kill(os.getpid(), signal.SIGSTOP)
        enter()
        redraw()

    with _handled({signal.SIGTSTP: stop, signal.SIGWINCH: lambda *_: redraw()}):
        enter()
        try:
            yield
        finally:
            leave()


@contextlib.contextmanager
def _raw_windows() -> Iterator[None]:
    os.system("")  # lets the console understand ANSI sequences
    write(_ENTER_SCREEN)
    try:
        yield
    finally:
        write(_LEAVE_SCREEN)


@contextlib.contextmanager
def exit_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise `SystemExit`, so that everything is restored."""

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    with _handled({getattr(signal, name): end for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)}):
        yield


@contextlib.contextmanager
def _handled(handlers: Mapping[signal.Signals, Callable[[int, Any], None]]) -> Iterator[None]:
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
