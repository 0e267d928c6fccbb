"""The commands that read the record of progress: `gradlings hint` and `gradlings progress`."""

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
    from gradlings.progress.hints import ladder_hint, next_hint
    from gradlings.progress.record import read_history, record_hint
    from gradlings.rendering.terminal import can_show

    kit = find_root(root)
    history = read_history(kit)
    chosen = ladder_hint(kit, exercise, level) if level else next_hint(kit, exercise, history)
    misconception = chosen.misconception.name if chosen.misconception else ""
    unrecorded = record_hint(kit, exercise, level=chosen.level, misconception=misconception)
    console = Console(highlight=False, markup=False, emoji=False)
    for line in hint_lines(chosen, remembered=not unrecorded, plain=not can_show(console.encoding)):
        console.print(line)
    for problem in filter(None, (history.problem, unrecorded)):
        console.print(problem, style="yellow")


def progress(
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with pictures to this file.")] = None,
    root: Kit = Path(),
) -> None:
    """Show points, attempts, and misconceptions met and overcome; --html makes a page of it."""
    from gradlings.learning.curriculum import Curriculum, find_root
    from gradlings.learning.views.progress_table import progress_parts
    from gradlings.progress.record import read_history
    from gradlings.progress.summary import points_over_time, summarize
    from gradlings.rendering.terminal import can_show

    kit = find_root(root)
    history = read_history(kit)
    curriculum = Curriculum(kit, summarize(kit, history), history.problem)
    console = Console(highlight=False, markup=False, emoji=False)
    if curriculum.problem:
        console.print(curriculum.problem, style="yellow")
    if html is not None:
        from gradlings.learning.views.progress_page import progress_page

        totals = [(when.astimezone(), points) for when, points in points_over_time(history)]
        page = progress_page(curriculum.exercises, curriculum.titles, totals)
        try:
            html.write_text(page, encoding="utf-8", newline="\n")
        except OSError as error:
            raise InputError(f"{html} cannot be written ({error.strerror}). Name another file.") from None
        console.print(f"written: {html}", soft_wrap=True)
        return
    plain = not can_show(console.encoding) or console.is_dumb_terminal
    for part in progress_parts(curriculum.exercises, curriculum.titles, plain=plain):
        console.print(part)
    if not history.attempts:
        console.print("Nothing is checked yet: run pytest assignments/01 after your first exercise.")
