"""The commands that read the record: `gradlings hint` and `gradlings progress`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gradlings.model.errors import InputError

Kit = Annotated[Path, typer.Option("--root", help="A folder in the kit; the nearest one with assignments/ counts.")]


def hint(
    exercise: Annotated[str, typer.Argument(help="The exercise, e.g. 3.5.")],
    level: Annotated[int | None, typer.Option(min=1, max=3, help="1 nudge, 2 formula, 3 plan.")] = None,
    root: Kit = Path(),
) -> None:
    """Show a hint: the one that fits your last misconception, else the next step. Never the solution."""
    from gradlings.learning.curriculum import find_root
    from gradlings.learning.views.hint import hint_lines
    from gradlings.progress.hints import next_hint, step
    from gradlings.progress.record import history, record_hint
    from gradlings.rendering.terminal import can_show

    kit = find_root(root)
    past = history(kit)
    chosen = step(kit, exercise, level) if level else next_hint(kit, exercise, past)
    unrecorded = record_hint(
        kit, exercise, level=chosen.level, misconception=chosen.misconception.name if chosen.misconception else ""
    )
    console = Console(highlight=False, markup=False, emoji=False)
    for line in hint_lines(chosen, remembered=not unrecorded, plain=not can_show(console.encoding)):
        console.print(line)
    for problem in filter(None, (past.problem, unrecorded)):
        console.print(problem, style="yellow")


def progress(
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with pictures to this file.")] = None,
    root: Kit = Path(),
) -> None:
    """Show points, attempts, and misconceptions met and overcome; --html makes a page of it."""
    from gradlings.learning.curriculum import find_root
    from gradlings.learning.views.progress_table import progress_parts
    from gradlings.progress.record import history
    from gradlings.progress.summary import points_over_time, tallies
    from gradlings.rendering.terminal import can_show
    from gradlings.submission.manifest import assignment_title

    kit = find_root(root)
    past = history(kit)
    standing = tallies(kit, past)
    titles = {id: assignment_title(kit / "assignments" / id) for id in {tally.assignment for tally in standing}}
    console = Console(highlight=False, markup=False, emoji=False)
    if past.problem:
        console.print(past.problem, style="yellow")
    if html is not None:
        from gradlings.learning.views.progress_page import progress_page

        here = [(when.astimezone(), points) for when, points in points_over_time(past)]
        page = progress_page(standing, titles, here)
        try:
            html.write_text(page, encoding="utf-8", newline="\n")
        except OSError as error:
            raise InputError(f"{html} cannot be written ({error.strerror}). Name another file.") from None
        console.print(f"written: {html}", soft_wrap=True)
        return
    for part in progress_parts(standing, titles, plain=not can_show(console.encoding) or console.is_dumb_terminal):
        console.print(part)
    if not past.attempts:
        console.print("Nothing is checked yet: run pytest assignments/01 after your first exercise.")
