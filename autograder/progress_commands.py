"""The commands that read the record: `gradlings hint` and `gradlings progress`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

Kit = Annotated[Path, typer.Option("--root", help="A folder in the kit; the nearest one with assignments/ counts.")]


def hint(
    exercise: Annotated[str, typer.Argument(help="The exercise, e.g. 3.5.")],
    level: Annotated[int | None, typer.Option(min=1, max=3, help="1 nudge, 2 formula, 3 plan.")] = None,
    root: Kit = Path(),
) -> None:
    """Show a hint: the one that fits your last mistake, else the next step. Never the solution."""
    from autograder.course import find_root
    from autograder.hints import next_hint, step
    from autograder.progress import history, record_hint
    from autograder.rendering.hint import hint_lines
    from autograder.rendering.terminal import can_show

    kit = find_root(root)
    past = history(kit)
    chosen = step(kit, exercise, level) if level else next_hint(kit, exercise, past)
    unrecorded = record_hint(kit, exercise, level=chosen.level, mistake=chosen.mistake.name if chosen.mistake else "")
    console = Console(highlight=False, markup=False, emoji=False)
    for line in hint_lines(chosen, remembered=not unrecorded, plain=not can_show(console.encoding)):
        console.print(line)
    for problem in filter(None, (past.problem, unrecorded)):
        console.print(problem, style="yellow")
