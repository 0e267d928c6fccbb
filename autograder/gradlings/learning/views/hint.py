"""A hint on the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.padding import Padding
from rich.text import Text

from gradlings.progress.hints import Hint
from gradlings.rendering.markdown import markdown_lines


def solved_lines(exercise: str, text: str, *, plain: bool) -> Iterator[Padding | Text]:
    """Return Rich renderables of what is told of an exercise once it is solved."""
    yield Text(f"{exercise} is right.", style="bold green")
    yield Text("")
    yield from markdown_lines(text, plain=plain)
    yield Text("")
    yield Text(f"The hints, all the same: gradlings hint {exercise} --level 1", style="dim")


def hint_lines(hint: Hint, *, remembered: bool, plain: bool) -> Iterator[Padding | Text]:
    """Return Rich renderables, top to bottom; one that is not `remembered` says how to ask for the next level."""
    if hint.misconception is not None:
        yield Text(f"A hint for what your last attempt at {hint.exercise} shows", style="bold")
        yield Text(hint.misconception.sentence, style="yellow")
    else:
        yield Text(f"Hint {hint.level} of {hint.levels} for exercise {hint.exercise}", style="bold")
    yield from markdown_lines(hint.text, plain=plain)
    if hint.next_level:
        level = "" if remembered else f" --level {hint.next_level}"
        yield Text(f"More: gradlings hint {hint.exercise}{level}", style="dim")
    elif hint.level == hint.levels:
        again = " or ".join(f"--level {level}" for level in range(1, hint.levels))
        yield Text(f"That was the last one. Again: gradlings hint {hint.exercise} {again}", style="dim")
