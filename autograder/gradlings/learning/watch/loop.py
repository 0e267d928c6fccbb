"""The loop of `gradlings watch`: wait for keys, saves and messages, and draw."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
from collections.abc import Callable
from pathlib import Path

from gradlings.learning.curriculum import find_root, read_curriculum
from gradlings.learning.watch import terminal
from gradlings.learning.watch.client import CheckClient, CheckServer
from gradlings.learning.watch.file_events import FileWatcher
from gradlings.learning.watch.messages import ServerMessage
from gradlings.learning.watch.plain_output import new_parts
from gradlings.learning.watch.screen import frame
from gradlings.learning.watch.session import Session
from gradlings.learning.watch.state import WatchState
from gradlings.model.kit_paths import KIT_FOLDER
from gradlings.rendering.terminal import can_show, render_lines

Event = Callable[[], object]
"""What is to be done in the main thread."""


def watch(start: Path, wanted: str, *, plain: bool) -> None:
    """Watch the kit around a folder until the student quits; `plain` prints line after line on any terminal.

    Begin with `wanted`: an assignment ("03"), an exercise ("3.5"), or "" for the first that is not solved.

    Raises:
        InputError: there is no kit, no such exercise, or the checks cannot be run.
    """
    curriculum = read_curriculum(find_root(start))
    exercise = curriculum.find(wanted) if wanted else curriculum.next or curriculum.exercises[0]
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()  # may be filled from a signal handler

    def on_key(name: str) -> None:
        events.put(lambda: session.on_key(name))

    def on_change(paths: set[Path]) -> None:
        events.put(lambda: session.on_save(paths))

    def on_message(server: CheckServer, message: ServerMessage | None) -> None:
        events.put(lambda: session.on_message(client.relevant(server, message)))

    def on_pause() -> None:
        session.on_save(set())
        session.on_message(client.stop_overdue())

    output: ScreenOutput | PlainOutput
    if plain or not terminal.interactive():
        output, keys = PlainOutput(), terminal.line_input(on_key)
    else:
        screen = ScreenOutput()
        output, keys = screen, terminal.full_screen(on_key, lambda: events.put(screen.forget))
    with (
        contextlib.suppress(KeyboardInterrupt),
        terminal.exit_on_signals(),
        contextlib.closing(CheckClient(curriculum.root, [exercise.checks_file], on_message)) as client,
        contextlib.closing(FileWatcher(curriculum.root / KIT_FOLDER, on_change)),
    ):
        session = Session(curriculum, exercise, client.check, client.restart, skip_solved=not wanted)
        with keys:
            _loop(session, events, on_pause, output)
        terminal.write(session.farewell + "\n")


def _loop(
    session: Session, events: queue.SimpleQueue[Event], on_pause: Event, output: ScreenOutput | PlainOutput
) -> None:
    output.draw(session.state)
    while session.open:
        event = on_pause
        with contextlib.suppress(queue.Empty):
            event = events.get(timeout=session.pause())
        event()
        with contextlib.suppress(queue.Empty):
            while session.open and isinstance(output, ScreenOutput):  # plain output prints after every event
                events.get_nowait()()
        output.draw(session.state)
        session.record_results()


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

    def draw(self, state: WatchState) -> None:
        """Print what is new in the state."""
        width = terminal.size()[0]
        parts = new_parts(self._before, state, plain=self._plain, width=width, keys=self._keys)
        text = "\n".join(line.rstrip() for line in render_lines(parts, width=width, color=False))
        if text:
            terminal.write(text + "\n")
        self._before = state
