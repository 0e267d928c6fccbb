"""Watch mode for terminals that can only print one line after the other, and for output into a file."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from gradlings.learning.watch.screen import KEYS, body, hint_lines, verdict_lines
from gradlings.learning.watch.state import Shown, View


def news(before: Shown | None, after: Shown, *, plain: bool, width: int, keys: bool) -> Iterator[RenderableType]:
    """What to print now that the state is another one; nothing if nobody needs to know.

    Args:
        keys: whether keys can be sent, each followed by Enter.
    """
    if before is None or before.place.exercise.id != after.place.exercise.id or before.view != after.view:
        yield Text("=" * min(width, 40))
        yield from body(after, plain, width)
        if keys:
            names = ", ".join(f"{key} {word}" for key, word in KEYS.items())
            yield Text(f"Keys, each followed by Enter: {names}; a number such as {after.place.exercise.id} goes there")
        elif after.view is View.EXERCISE:
            yield Text("Save the file to check it. Ctrl-C ends.")
        return
    if after.view is View.LIST and before.cursor != after.cursor:
        yield from body(after, plain, width)
    if (after.score, after.problems) != (before.score, before.problems) or (before.busy and not after.busy):
        verdict = list(verdict_lines(after, plain, width, pictures=False))
        if verdict:
            yield Text("-" * min(width, 40))
            yield from verdict
    if len(after.hints) > len(before.hints):
        yield from hint_lines(after.hints[-1:], plain)
    if after.note and after.note != before.note:
        yield Text(after.note)
