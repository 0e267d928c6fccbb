"""`gradlings watch`: waits for keys, saves and answers, and draws."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
from dataclasses import dataclass
from pathlib import Path

from gradlings.learning.curriculum import find_root, read_course
from gradlings.learning.watch import terminal
from gradlings.learning.watch.client import Heard, Runner
from gradlings.learning.watch.file_events import Saves
from gradlings.learning.watch.plain_output import news
from gradlings.learning.watch.screen import as_lines, frame
from gradlings.learning.watch.session import Session
from gradlings.learning.watch.state import Shown
from gradlings.model.kit_paths import KIT_FOLDER
from gradlings.rendering.terminal import can_show


@dataclass(frozen=True)
class Saved:
    paths: frozenset[Path]


@dataclass(frozen=True)
class Key:
    name: str


@dataclass(frozen=True)
class Redraw:
    """The terminal has another size, or was used by something else."""


Event = Saved | Key | Redraw | Heard


def watch(start: Path, wanted: str, *, plain: bool = False) -> None:
    """Watches the kit around a folder until somebody quits.

    Args:
        wanted: an assignment ("03"), an exercise ("3.5"), or "" for the first that is not solved.
        plain: prints one line after the other in any case, not only where the terminal can do no more.

    Raises:
        InputError: there is no kit, no such exercise, or the checks cannot be run.
    """
    course = read_course(find_root(start))
    place = course.find(wanted) if wanted else course.next or course.places[0]
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()  # may be filled from a signal handler

    def key(name: str) -> None:
        events.put(Key(name))

    screen: Screen | Lines = Lines() if plain or not terminal.interactive() else Screen()
    keys = terminal.screen(key, lambda: events.put(Redraw())) if isinstance(screen, Screen) else terminal.lines(key)
    with contextlib.suppress(KeyboardInterrupt), terminal.ended_by_signals():
        runner = Runner(course.root, [place.checks_file], events.put)
        saves = Saves(course.root / KIT_FOLDER, lambda paths: events.put(Saved(frozenset(paths))))
        try:
            session = Session(course, place, runner.check, runner.restart, free=not wanted)
            with keys:
                _loop(session, runner, events, screen)
            terminal.put(session.farewell + "\n")
        finally:
            saves.close()
            runner.close()


def _loop(session: Session, runner: Runner, events: queue.SimpleQueue[Event], screen: Screen | Lines) -> None:
    screen.draw(session.shown)
    while session.open:
        try:
            event: Event | None = events.get(timeout=session.pause())
        except queue.Empty:
            event = None
        _handle(session, runner, event)
        with contextlib.suppress(queue.Empty):
            while session.open and isinstance(screen, Screen):  # lines are printed for every event
                _handle(session, runner, events.get_nowait())
        if isinstance(event, Redraw):
            screen.forget()
        screen.draw(session.shown)
        session.settle()


def _handle(session: Session, runner: Runner, event: Event | None) -> None:
    if event is None:
        session.saved(set())
        late = runner.overdue()
        if late is not None:
            session.answered(late)
    elif isinstance(event, Saved):
        session.saved(set(event.paths))
    elif isinstance(event, Key):
        session.pressed(event.name)
    elif isinstance(event, Heard):
        answer = runner.heard(event)
        if answer is not None:
            session.answered(answer)


class Screen:
    """Draws on the whole terminal; only lines that differ are written."""

    def __init__(self) -> None:
        self._plain = not can_show(sys.stdout.encoding or "utf-8")
        self._colour = not os.environ.get("NO_COLOR")
        self._drawn: list[str] = []

    def forget(self) -> None:
        """Draws everything the next time."""
        self._drawn = []

    def draw(self, shown: Shown) -> None:
        width, height = terminal.size()
        lines = frame(shown, width=width, height=height, colour=self._colour, plain=self._plain)
        parts = []
        if len(self._drawn) != height:
            self._drawn = [""] * height
            parts.append("\x1b[2J")
        for number, (new, old) in enumerate(zip(lines, self._drawn, strict=False), 1):
            if new != old:
                parts.append(f"\x1b[{number};1H{new}\x1b[0m\x1b[K")
        terminal.put("".join(parts))
        self._drawn = lines


class Lines:
    """Prints what is new, one line after the other."""

    def __init__(self) -> None:
        self._plain = not can_show(sys.stdout.encoding or "utf-8")
        self._keys = sys.stdin is not None and not sys.stdin.closed
        self._before: Shown | None = None

    def forget(self) -> None:
        """There is nothing to draw again."""

    def draw(self, shown: Shown) -> None:
        width = terminal.size()[0]
        parts = news(self._before, shown, plain=self._plain, width=width, keys=self._keys)
        text = "\n".join(line.rstrip() for line in as_lines(list(parts), width=width, colour=False))
        if text:
            terminal.put(text + "\n")
        self._before = shown
