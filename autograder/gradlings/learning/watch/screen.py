"""The screen of watch mode: a pure function of the state."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from gradlings.learning.watch.state import View, WatchState, list_entries
from gradlings.progress.hints import Hint
from gradlings.rendering.markdown import markdown_lines
from gradlings.rendering.terminal import exercise_lines, render_lines

KEYS = {"n": "next", "p": "previous", "h": "hint", "l": "list", "s": "solution", "q": "quit"}
_LIST_KEYS = {"arrows": "choose", "enter": "go there", "l": "back", "q": "quit"}
_SOLUTION_KEYS = {"s": "back"} | {key: word for key, word in KEYS.items() if key != "s"}
_MAX_WIDTH = 100


def frame(state: WatchState, *, width: int, height: int, color: bool, plain: bool) -> list[str]:
    """Return exactly `height` lines for a terminal: heading, as much of the body as fits, keys."""
    width = min(width, _MAX_WIDTH)
    head = render_lines([_heading(state, width, plain), _rule(width, plain)], width=width, color=color)
    foot = render_lines([_rule(width, plain), _keys(state)], width=width, color=color)
    lines = render_lines(body(state, plain, width), width=width, color=color)
    room = max(height - len(head) - len(foot), 1)
    top = max(min(state.scroll, len(lines) - room), 0)  # the last page is full
    window = lines[top : top + room]
    if top + room < len(lines) and window:
        more = Text(f"  {len(lines) - top - room + 1} more lines: space, arrow keys", style="dim")
        window[-1] = render_lines([more], width=width, color=color)[0]
    whole = [*head, *window, *[""] * (room - len(window)), *foot][:height]
    return [line.replace("\u2026", "~") for line in whole] if plain else whole


def _heading(state: WatchState, width: int, plain: bool) -> Text:
    dot = "-" if plain else "\u00b7"
    assignment = state.exercise.assignment
    title = state.curriculum.titles[assignment]
    line = Text(f"{assignment} {dot} {title}", style="bold", no_wrap=True, overflow="ellipsis")
    right = state.busy or state.curriculum.solved_of(assignment)
    line.truncate(width - len(right) - 2, overflow="ellipsis", pad=True)
    solved = any(exercise.solved for exercise in state.curriculum.of(assignment))
    return line.append(f"  {right}", style="yellow" if state.busy else "green" if solved else "dim")


def _rule(width: int, plain: bool) -> Text:
    return Text(("-" if plain else "\u2500") * width, style="dim")


def _keys(state: WatchState) -> Text:
    if state.note:
        return Text(state.note, style="yellow", no_wrap=True, overflow="ellipsis")
    keys = {View.EXERCISE: KEYS, View.LIST: _LIST_KEYS, View.SOLUTION: _SOLUTION_KEYS}[state.view]
    line = Text(no_wrap=True, overflow="ellipsis")
    for key, word in keys.items():
        line.append(f"{key} ", style="bold cyan").append(f"{word}   ", style="dim")
    return line


def body(state: WatchState, plain: bool, width: int) -> Iterator[RenderableType]:
    """Return what is between the heading and the keys."""
    if state.view is View.LIST:
        yield from _list(state, plain)
    elif state.view is View.SOLUTION:
        yield Text(f"Answers to {state.exercise.id}; many others are as good.", style="bold")
        for answer in state.answers:
            yield Text("")
            yield Text(answer.name, style="bold")
            for line in answer.code.split("\n"):
                yield Text(line, style="cyan")
    else:
        yield from _title(state)
        yield from result_parts(state, plain, width)
        yield from hint_parts(state.hints, plain)
        yield from markdown_lines(state.prose.text, plain=plain)


def result_parts(state: WatchState, plain: bool, width: int, *, pictures: bool = True) -> Iterator[RenderableType]:
    """Return what the last check found, or what is on record of an earlier one."""
    for problem in state.problems:
        yield Text(problem, style="red")
        yield Text("")
    exercise, score = state.exercise, state.score
    if score is None and exercise.attempts and state.busy:
        points = f"{exercise.points} of {exercise.declared.points} points"
        yield Text(f"Last time: {points}. Checking again ...", style="dim")
        yield Text("")
    if score is not None and score.attempted:
        yield from exercise_lines(score, plain=plain, pictures=pictures, width=width)
        if score.solved:
            yield Padding(Text("right: n goes on, s shows other solutions", style="green"), (0, 0, 0, 6))
        yield Text("")
        if score.solved and state.solved:
            yield from markdown_lines(state.solved, plain=plain)
            yield Text("")


def hint_parts(hints: tuple[Hint, ...], plain: bool) -> Iterator[RenderableType]:
    """Return the hints, the newest first, as the student has just asked for it."""
    for hint in reversed(hints):
        fits = "A hint for what your last attempt shows"
        yield Text(fits if hint.misconception else f"Hint {hint.level} of {hint.levels}", style="bold yellow")
        yield from markdown_lines(hint.text, plain=plain)


def _title(state: WatchState) -> Iterator[RenderableType]:
    yield Text(f"{state.exercise.id} {state.prose.title or state.exercise.name}", style="bold")
    if state.where and (state.score is None or not state.score.attempted):
        yield Text(f"write {state.exercise.name} in ", style="dim").append(state.where, style="not dim cyan")
    yield Text("")


def _list(state: WatchState, plain: bool) -> Iterator[RenderableType]:
    """Return the exercises of this assignment, and a line for each other assignment."""
    cursor_mark, solved_mark = (">", "x") if plain else ("\u25b6", "\u2588")
    for number, entry in enumerate(list_entries(state)):
        mark = cursor_mark if number == state.cursor else " "
        line = Text(f" {mark} ", style="bold cyan", no_wrap=True, overflow="ellipsis")
        chosen = "reverse" if number == state.cursor else ""
        exercise = state.curriculum.by_id.get(entry)
        if exercise is None:
            line.append(f"{entry} {state.curriculum.titles[entry]}", style=f"bold {chosen}")
            yield line.append(f"   {state.curriculum.solved_of(entry)}", style="dim")
            continue
        word = "solved" if exercise.solved else "tried" if exercise.attempts else ""
        mark = solved_mark if exercise.solved else "~" if exercise.attempts else " "
        line.append(f"  {mark} ", style="green" if exercise.solved else "yellow")
        line.append(f"{exercise.id:<5} {exercise.name:<34}", style=chosen)
        yield line.append(f" {exercise.points:>2}/{exercise.declared.points:<2} {word}", style="dim")
