"""The loop of `gradlings watch`: wait for keys, saves and messages, and draw."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
from dataclasses import dataclass
from pathlib import Path

from gradlings.learning.curriculum import find_root, read_curriculum
from gradlings.learning.watch import terminal
from gradlings.learning.watch.client import CheckClient, MessageReceived
from gradlings.learning.watch.file_events import FileWatcher
from gradlings.learning.watch.plain_output import new_parts
from gradlings.learning.watch.screen import frame
from gradlings.learning.watch.session import Session
from gradlings.learning.watch.state import WatchState
from gradlings.model.kit_paths import KIT_FOLDER
from gradlings.rendering.terminal import can_show, render_lines


@dataclass(frozen=True)
class FilesSaved:
    """Files below the assignments changed."""

    paths: frozenset[Path]


@dataclass(frozen=True)
class KeyPressed:
    """A key, by its name in `terminal.split_keys`."""

    name: str


@dataclass(frozen=True)
class Redraw:
    """The terminal has another size, or another program has used it."""


Event = FilesSaved | KeyPressed | Redraw | MessageReceived
Events = queue.SimpleQueue[Event]  # may be filled from a signal handler


def watch(start: Path, wanted: str, *, plain: bool = False) -> None:
    """Watch the kit around a folder until the student quits.

    Args:
        start: the folder.
        wanted: an assignment ("03"), an exercise ("3.5"), or "" for the first that is not solved.
        plain: print line after line even if the terminal can do more.

    Raises:
        InputError: there is no kit, no such exercise, or the checks cannot be run.
    """
    curriculum = read_curriculum(find_root(start))
    exercise = curriculum.find(wanted) if wanted else curriculum.next or curriculum.exercises[0]
    events: Events = queue.SimpleQueue()

    def on_key(name: str) -> None:
        events.put(KeyPressed(name))

    output: ScreenOutput | PlainOutput
    if plain or not terminal.interactive():
        output, keys = PlainOutput(), terminal.line_input(on_key)
    else:
        output, keys = ScreenOutput(), terminal.full_screen(on_key, lambda: events.put(Redraw()))
    with contextlib.suppress(KeyboardInterrupt), terminal.exit_on_signals():
        client = CheckClient(curriculum.root, [exercise.checks_file], events.put)
        watcher = FileWatcher(curriculum.root / KIT_FOLDER, lambda paths: events.put(FilesSaved(frozenset(paths))))
        try:
            session = Session(curriculum, exercise, client.check, client.restart, skip_solved=not wanted)
            with keys:
                _loop(session, client, events, output)
            terminal.write(session.farewell + "\n")
        finally:
            watcher.close()
            client.close()


def _loop(session: Session, client: CheckClient, events: Events, output: ScreenOutput | PlainOutput) -> None:
    output.draw(session.state)
    while session.open:
        try:
            event: Event | None = events.get(timeout=session.pause())
        except queue.Empty:
            event = None
        _handle(session, client, event)
        with contextlib.suppress(queue.Empty):
            while session.open and isinstance(output, ScreenOutput):  # plain output prints after every event
                _handle(session, client, events.get_nowait())
        if isinstance(event, Redraw):
            output.forget()
        output.draw(session.state)
        session.record_results()


def _handle(session: Session, client: CheckClient, event: Event | None) -> None:
    message = None
    if event is None:
        session.on_save(set())
        message = client.stop_overdue()
    elif isinstance(event, FilesSaved):
        session.on_save(set(event.paths))
    elif isinstance(event, KeyPressed):
        session.on_key(event.name)
    elif isinstance(event, MessageReceived):
        message = client.relevant(event)
    if message is not None:
        session.on_message(message)


class ScreenOutput:
    """Draws on the whole terminal; only lines that differ are written."""

    def __init__(self) -> None:
        self._plain = not can_show(sys.stdout.encoding or "utf-8")
        self._color = not os.environ.get("NO_COLOR")
        self._drawn: list[str] = []

    def forget(self) -> None:
        """Draw everything the next time."""
        self._drawn = []

    def draw(self, state: WatchState) -> None:
        """Draw the state."""
        width, height = terminal.size()
        lines = frame(state, width=width, height=height, color=self._color, plain=self._plain)
        parts = []
        if len(self._drawn) != height:
            self._drawn = [""] * height
            parts.append("\x1b[2J")
        for number, (new, old) in enumerate(zip(lines, self._drawn, strict=False), 1):
            if new != old:
                parts.append(f"\x1b[{number};1H{new}\x1b[0m\x1b[K")
        terminal.write("".join(parts))
        self._drawn = lines


class PlainOutput:
    """Prints what is new, line after line."""

    def __init__(self) -> None:
        self._plain = not can_show(sys.stdout.encoding or "utf-8")
        self._keys = sys.stdin is not None and not sys.stdin.closed
        self._before: WatchState | None = None

    def forget(self) -> None:
        """Do nothing: printed lines are not drawn again."""

    def draw(self, state: WatchState) -> None:
        """Print what is new in the state."""
        width = terminal.size()[0]
        parts = new_parts(self._before, state, plain=self._plain, width=width, keys=self._keys)
        text = "\n".join(line.rstrip() for line in render_lines(parts, width=width, color=False))
        if text:
            terminal.write(text + "\n")
        self._before = state
