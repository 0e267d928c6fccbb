"""`gradlings watch`: waits for keys, saves and answers, and draws."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
from dataclasses import dataclass
from pathlib import Path

from autograder.course import find_root, read_course
from autograder.rendering.terminal import can_show
from autograder.rendering.watch_screen import frame
from autograder.watching import terminal
from autograder.watching.runner import Heard, Runner
from autograder.watching.saves import Saves
from autograder.watching.session import Session


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


def watch(start: Path, wanted: str) -> None:
    """Watches the kit around a folder until somebody quits.

    Args:
        wanted: an assignment ("03"), an exercise ("3.5"), or "" for the first that is not solved.

    Raises:
        InputError: there is no kit, no such exercise, or the checks cannot be run.
    """
    course = read_course(find_root(start))
    place = course.find(wanted) if wanted else course.next or course.places[0]
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()  # may be filled from a signal handler
    runner = Runner(course.root, [place.checks_file], events.put)
    saves = Saves(course.root / "assignments", lambda paths: events.put(Saved(frozenset(paths))))
    try:
        session = Session(course, place, runner.check, runner.restart)
        with (
            terminal.ended_by_signals(),
            terminal.screen(lambda key: events.put(Key(key)), lambda: events.put(Redraw())),
        ):
            _loop(session, runner, events)
    except KeyboardInterrupt:
        pass
    finally:
        saves.close()
        runner.close()


def _loop(session: Session, runner: Runner, events: queue.SimpleQueue[Event]) -> None:
    screen = Screen()
    screen.draw(session)
    while session.open:
        try:
            event: Event | None = events.get(timeout=session.pause())
        except queue.Empty:
            event = None
        _handle(session, runner, event)
        with contextlib.suppress(queue.Empty):
            while True:
                _handle(session, runner, events.get_nowait())
        screen.draw(session)


def _handle(session: Session, runner: Runner, event: Event | None) -> None:
    if event is None:
        session.saved(set())
    elif isinstance(event, Saved):
        session.saved(set(event.paths))
    elif isinstance(event, Key):
        session.pressed(event.name)
    elif isinstance(event, Heard):
        answer = runner.heard(event)
        if answer is not None:
            session.answered(answer)


class Screen:
    """Draws a session on the whole terminal; only what differs is written."""

    def __init__(self) -> None:
        self._plain = not can_show(sys.stdout.encoding or "utf-8")
        self._drawn: list[str] = []
        self._size = (0, 0)

    def draw(self, session: Session) -> None:
        width, height = terminal.size()
        colour = "NO_COLOR" not in os.environ
        lines = frame(session.shown, width=width, height=height, colour=colour, plain=self._plain)
        if (width, height) != self._size:
            self._drawn, self._size = [""] * height, (width, height)
            terminal.put("\x1b[2J")
        parts = [
            f"\x1b[{number};1H{new}\x1b[0m\x1b[K"
            for number, (new, old) in enumerate(zip(lines, self._drawn, strict=False), 1)
            if new != old
        ]
        terminal.put("".join(parts))
        self._drawn = lines
