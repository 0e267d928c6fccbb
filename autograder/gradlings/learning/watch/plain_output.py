"""Watch mode for terminals that can only print line after line, and for output into a file."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from gradlings.learning.watch.screen import KEYS, body, hint_parts, result_parts
from gradlings.learning.watch.state import View, WatchState

_MAX_RULE_WIDTH = 40


def new_parts(
    before: WatchState | None, after: WatchState, *, plain: bool, width: int, keys: bool
) -> Iterator[RenderableType]:
    """Return what to print after a change of the state; `before` is None at the start.

    `keys` says whether keys can be sent, each followed by Enter.
    """
    rule_width = min(width, _MAX_RULE_WIDTH)
    if before is None or before.exercise.id != after.exercise.id or before.view != after.view:
        yield Text("=" * rule_width)
        yield from body(after, plain, width)
        if keys:
            names = ", ".join(f"{key} {word}" for key, word in KEYS.items())
            yield Text(f"Keys, each followed by Enter: {names}; a number such as {after.exercise.id} goes there")
        elif after.view is View.EXERCISE:
            yield Text("Save the file to check it. Ctrl-C ends.")
        return
    if after.view is View.LIST and before.cursor != after.cursor:
        yield from body(after, plain, width)
    if (after.score, after.problems) != (before.score, before.problems) or (before.busy and not after.busy):
        parts = list(result_parts(after, plain, width, pictures=False))
        if parts:
            yield Text("-" * rule_width)
            yield from parts
    if len(after.hints) > len(before.hints):
        yield from hint_parts(after.hints[-1:], plain)
    for said, said_before in ((after.note, before.note), (after.warning, before.warning)):
        if said and said != said_before:
            yield Text(said)
