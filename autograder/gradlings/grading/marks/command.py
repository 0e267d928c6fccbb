"""`gradlings marks results/`: what a person set by hand, and what being late costs, applied to a class."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def marks(
    results: Annotated[Path, typer.Argument(help="The folder that `gradlings grade --to` wrote.")],
    due: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it was due, e.g. 2026-03-01T23:59; `none` takes it back.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What being late costs, as TOML; `none` takes it back.")
    ] = None,
    times_of_files: Annotated[
        bool | None, typer.Option(help="Where the LMS does not say when, go by the files' own times.")
    ] = None,
) -> None:
    """Apply overrides.csv and a late policy to graded results: no submission is run again."""
    from rich.console import Console

    from gradlings.grading.marks.apply import apply_marks
    from gradlings.grading.marks.late_report import late_lines
    from gradlings.grading.marks.marking import LateOptions
    from gradlings.grading.marks.overrides import FILE
    from gradlings.grading.marks.score_table import FILE as SCORES
    from gradlings.model.text import counted

    applied = apply_marks(results, LateOptions(due, policy, times_of_files))
    console = Console(stderr=True, highlight=False, markup=False)
    by_hand = [mark for mark in applied.marks if mark.is_by_hand]
    lines = late_lines(applied.marks, applied.deadline)
    for mark in by_hand:
        lines.append(f"{mark.student}: {' '.join(mark.notes)}".rstrip(": "))
    if not by_hand:
        state = "sets nothing" if (results / FILE).exists() else "is not there"
        lines.append(f"Nothing is set by hand: {results / FILE} {state}.")
    lines.append(f"{counted(len(applied.pages), 'page')} of feedback changed. Scores: {results / SCORES}")
    for line in lines:
        console.print(line, soft_wrap=True)
