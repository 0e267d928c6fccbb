"""The screen of watch mode: a pure function of what there is to show."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from gradlings.learning.watch.state import Shown, View, list_entries
from gradlings.progress.hints import Hint
from gradlings.rendering.markdown import markdown_lines
from gradlings.rendering.terminal import exercise_lines

_WIDEST = 100


KEYS = {"n": "next", "p": "previous", "h": "hint", "l": "list", "s": "solution", "q": "quit"}


def frame(shown: Shown, *, width: int, height: int, colour: bool, plain: bool) -> list[str]:
    """Exactly `height` lines for a terminal: heading, as much of the body as fits, keys."""
    width = min(width, _WIDEST)
    head = as_lines([_heading(shown, width, plain), _rule(width, plain)], width=width, colour=colour)
    foot = as_lines([_rule(width, plain), _keys(shown, width)], width=width, colour=colour)
    lines = as_lines(list(body(shown, plain, width)), width=width, colour=colour)
    room = max(height - len(head) - len(foot), 1)
    top = max(min(shown.scroll, len(lines) - room), 0)  # the last page is full
    window = lines[top : top + room]
    if top + room < len(lines) and window:
        more = Text(f"  {len(lines) - top - room + 1} more lines: space, arrow keys", style="dim")
        window[-1] = as_lines([more], width=width, colour=colour)[0]
    whole = [*head, *window, *[""] * (room - len(window)), *foot][:height]
    return [line.replace("\u2026", "~") for line in whole] if plain else whole


def as_lines(parts: list[RenderableType], *, width: int, colour: bool) -> list[str]:
    """Renders to lines no wider than `width`."""
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
    for part in parts:
        console.print(part)
    return buffer.getvalue().split("\n")[:-1]


def _heading(shown: Shown, width: int, plain: bool) -> Text:
    dot = "-" if plain else "\u00b7"
    place = shown.place
    inside = shown.course.of(place.assignment)
    solved = sum(other.solved for other in inside)
    title = shown.course.title(place.assignment)
    line = Text(f"{place.assignment} {dot} {title}", style="bold", no_wrap=True, overflow="ellipsis")
    right = shown.busy or f"{solved} of {len(inside)} solved"
    line.truncate(width - len(right) - 2, overflow="ellipsis", pad=True)
    return line.append(f"  {right}", style="yellow" if shown.busy else "green" if solved else "dim")


def _rule(width: int, plain: bool) -> Text:
    return Text(("-" if plain else "\u2500") * width, style="dim")


def _keys(shown: Shown, width: int) -> Text:
    if shown.note:
        return Text(shown.note, style="yellow", no_wrap=True, overflow="ellipsis")
    keys = {"arrows": "choose", "enter": "go there", "l": "back", "q": "quit"} if shown.view is View.LIST else KEYS
    if shown.view is View.SOLUTION:
        keys = {"s": "back"} | {key: word for key, word in KEYS.items() if key != "s"}
    line = Text(no_wrap=True, overflow="ellipsis")
    for key, word in keys.items():
        line.append(f"{key} ", style="bold cyan").append(f"{word}   ", style="dim")
    return line


def body(shown: Shown, plain: bool, width: int) -> Iterator[RenderableType]:
    """What is between the heading and the keys."""
    if shown.view is View.LIST:
        yield from _list(shown, plain)
    elif shown.view is View.SOLUTION:
        yield Text(f"One solution of {shown.place.exercise.id}; many others are as good.", style="bold")
        yield Text("")
        for line in shown.solution.split("\n"):
            yield Text(line, style="cyan")
    else:
        yield from _exercise(shown, plain, width)


def _exercise(shown: Shown, plain: bool, width: int) -> Iterator[RenderableType]:
    yield from _title(shown)
    yield from verdict_lines(shown, plain, width)
    yield from hint_lines(shown.hints, plain)
    yield from markdown_lines(shown.prose.text, plain=plain)


def verdict_lines(shown: Shown, plain: bool, width: int, *, pictures: bool = True) -> Iterator[RenderableType]:
    """What the last check found, or what is on record of an earlier one."""
    for problem in shown.problems:
        yield Text(problem, style="red")
        yield Text("")
    place, score = shown.place, shown.score
    if score is None and place.attempts and shown.busy:
        yield Text(f"Last time: {place.points} of {place.exercise.points} points. Checking again ...", style="dim")
        yield Text("")
    if score is not None and score.attempted:
        yield from exercise_lines(score, plain=plain, pictures=pictures, width=width)
        if score.solved:
            yield Padding(Text("right: n goes on, s shows another solution", style="green"), (0, 0, 0, 6))
        yield Text("")


def hint_lines(hints: tuple[Hint, ...], plain: bool) -> Iterator[RenderableType]:
    """The newest first, as it was asked for just now."""
    for hint in reversed(hints):
        fits = "A hint for what your last attempt shows"
        yield Text(fits if hint.misconception else f"Hint {hint.level} of {hint.levels}", style="bold yellow")
        yield from markdown_lines(hint.text, plain=plain)


def _title(shown: Shown) -> Iterator[RenderableType]:
    yield Text(f"{shown.place.exercise.id} {shown.prose.title or shown.place.name}", style="bold")
    if shown.where and (shown.score is None or not shown.score.attempted):
        yield Text(f"write {shown.place.name} in ", style="dim").append(shown.where, style="not dim cyan")
    yield Text("")


def _list(shown: Shown, plain: bool) -> Iterator[RenderableType]:
    """The exercises of this assignment, and the other assignments in a line each."""
    mark, full = (">", "x") if plain else ("\u25b6", "\u2588")
    for number, entry in enumerate(list_entries(shown.course, shown.place.assignment)):
        line = Text(
            f" {mark if number == shown.cursor else ' '} ", style="bold cyan", no_wrap=True, overflow="ellipsis"
        )
        chosen = "reverse" if number == shown.cursor else ""
        if isinstance(entry, str):
            places = shown.course.of(entry)
            solved = sum(place.solved for place in places)
            line.append(f"{entry} {shown.course.title(entry)}", style=f"bold {chosen}")
            yield line.append(f"   {solved} of {len(places)} solved", style="dim")
            continue
        state = "solved" if entry.solved else "tried" if entry.attempts else ""
        sign = full if entry.solved else "~" if entry.attempts else " "
        line.append(f"  {sign} ", style="green" if entry.solved else "yellow")
        line.append(f"{entry.exercise.id:<5} {entry.name:<34}", style=chosen)
        yield line.append(f" {entry.points:>2}/{entry.exercise.points:<2} {state}", style="dim")
