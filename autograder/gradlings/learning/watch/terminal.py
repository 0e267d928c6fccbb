"""The terminal: single keys, a screen of its own, and everything put back as it was on any exit."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator

_ENTER_SCREEN, _LEAVE_SCREEN = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"  # a screen of its own; no cursor
_NAMED = {
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
_WINDOWS = {"H": "up", "P": "down", "I": "page up", "Q": "page down", "M": "n", "K": "p"}


def interactive() -> bool:
    """Whether single keys can be read and a screen of its own be drawn."""
    return (
        sys.stdin.isatty()
        and sys.stdout.isatty()
        and os.environ.get("TERM", "" if sys.platform != "win32" else "windows") not in ("", "dumb", "unknown")
    )


def split_keys(text: str) -> list[str]:
    """The names of the keys in what a terminal sent: letters as they are, others by name, unknown ones left out."""
    found = []
    while text:
        known = next((code for code in sorted(_NAMED, key=len, reverse=True) if text.startswith(code)), "")
        if known == "\x1b" and len(text) > 1:  # a sequence we have no name for
            at = 2
            while at < len(text) and not text[at].isalpha() and text[at] != "~":
                at += 1
            text = text[at + 1 :]
            continue
        found.append(_NAMED[known] if known else text[0])
        text = text[len(known) or 1 :]
    return found


@contextlib.contextmanager
def screen(tell: Callable[[str], None], redraw: Callable[[], None]) -> Iterator[None]:
    """A screen of its own, with keys told to `tell` from a thread; the terminal is put back at the end, whatever it is.

    Args:
        redraw: called when the size has changed, or after the command was stopped (Ctrl-Z) and goes on.
    """
    with _raw_windows() if sys.platform == "win32" else _raw_posix(redraw):
        threading.Thread(target=_read, args=(tell,), daemon=True).start()
        yield


@contextlib.contextmanager
def lines(tell: Callable[[str], None]) -> Iterator[None]:
    """Keys from a terminal that sends whole lines, or from a file: one a line."""

    def read() -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in sys.stdin:
                tell(line.strip().lower() or "enter")

    if sys.stdin is not None:
        threading.Thread(target=read, daemon=True).start()
    yield


def _read(tell: Callable[[str], None]) -> None:
    if sys.platform == "win32":
        import msvcrt

        while True:
            code = msvcrt.getwch()
            tell(_WINDOWS.get(msvcrt.getwch(), "")) if code in "\x00\xe0" else tell(_NAMED.get(code, code))
    while True:
        try:
            data = os.read(0, 1024)
        except OSError:
            return
        if not data:
            return
        for key in split_keys(data.decode("utf-8", "ignore")):
            tell(key)


def put(text: str) -> None:
    """Writes to the terminal at once; what its encoding cannot show becomes a question mark."""
    with contextlib.suppress(OSError):  # the terminal is gone
        if sys.platform == "win32":
            sys.stdout.write(text)
            sys.stdout.flush()
            return
        data = text.encode(sys.stdout.encoding or "utf-8", "replace")
        while data:  # past Python's buffer, which must not be entered again from a signal handler
            data = data[os.write(1, data) :]


def size() -> tuple[int, int]:
    """Columns and lines."""
    try:
        columns, lines = os.get_terminal_size(1)
    except (OSError, ValueError):
        columns = lines = 0
    if not (columns and lines):
        columns, lines = shutil.get_terminal_size((80, 24))
    return columns, lines


@contextlib.contextmanager
def _raw_posix(redraw: Callable[[], None]) -> Iterator[None]:
    import termios
    import tty

    before = termios.tcgetattr(0)

    def enter() -> None:
        tty.setcbreak(0)  # Ctrl-C and Ctrl-Z stay signals
        put(_ENTER_SCREEN)

    def leave() -> None:
        put(_LEAVE_SCREEN)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, before)

    def stop(*_: object) -> None:
        leave()
        os.kill(os.getpid(), signal.SIGSTOP)
        enter()
        redraw()

    handlers = {signal.SIGTSTP: stop, signal.SIGWINCH: lambda *_: redraw()}
    kept = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    enter()
    try:
        yield
    finally:
        leave()
        for number, handler in kept.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _raw_windows() -> Iterator[None]:
    os.system("")  # makes the console understand ANSI sequences
    put(_ENTER_SCREEN)
    try:
        yield
    finally:
        put(_LEAVE_SCREEN)


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the command as an exception does, so that everything is put back."""

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    kept = {name: signal.signal(getattr(signal, name), end) for name in names}
    try:
        yield
    finally:
        for name, handler in kept.items():
            signal.signal(getattr(signal, name), handler)
