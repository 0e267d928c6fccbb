"""What `gradlings update` and `gradlings init` say of a kit that was there before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from gradlings.learning.kit_changes import ExerciseChange
from gradlings.model.text import counted

_MAX_NAMES = 12


def change_lines(changes: Sequence[ExerciseChange]) -> Iterator[Text]:
    """Return lines, top to bottom: the exercises that are new, different or gone, by what became of them."""
    groups = {
        "New": [change for change in changes if change.what == ("new",)],
        "Changed": [change for change in changes if change.what[0] not in ("new", "gone") and not change.yours],
        "Changed, and you worked on it: yours stays": [change for change in changes if change.yours],
        "No longer among the exercises; yours stays": [change for change in changes if change.what == ("gone",)],
    }
    width = max((len(change.name) for change in changes), default=0)
    for heading, members in groups.items():
        if members:
            yield Text(heading, style="bold")
        for change in members:
            yield Text(f"  {change.id:<5} {change.name:<{width}}  {_what(change)}".rstrip())


def _what(change: ExerciseChange) -> str:
    if change.what == ("new",):
        return counted(change.points, "point")
    what = ", ".join(change.what) if change.what != ("gone",) else ""
    return f"{what}; the new text: {change.yours}" if change.yours else what


def name_lines(names: Sequence[str]) -> Iterator[str]:
    """Return names, one a line, and how many more there are."""
    yield from (f"  {name}" for name in names[:_MAX_NAMES])
    if len(names) > _MAX_NAMES:
        yield f"  and {len(names) - _MAX_NAMES} more"
