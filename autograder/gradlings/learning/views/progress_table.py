"""The table that `gradlings progress` shows on the terminal; an assignment that is not begun takes one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from gradlings.learning.curriculum import Curriculum
from gradlings.model.misconceptions import in_words
from gradlings.progress.summary import ExerciseProgress, totals
from gradlings.rendering.terminal import bar

_BAR_WIDTH = 8


def progress_parts(curriculum: Curriculum, *, plain: bool) -> Iterator[Table | Text]:
    """Return Rich renderables, top to bottom, for 80 columns; `plain` for terminals that show only ASCII."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", no_wrap=True, max_width=31, overflow="crop" if plain else "ellipsis")
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("tries", justify="right", no_wrap=True)
    table.add_column("misconceptions", overflow="fold")
    for assignment, title in curriculum.titles.items():
        inside = curriculum.of(assignment)
        if table.rows:
            table.add_section()
        table.add_row(*_heading(f"{assignment} {title}".strip(), inside, plain))
        if any(exercise.attempts for exercise in inside):
            for exercise in inside:
                table.add_row(*_row(exercise))
    yield Text("")
    yield table
    yield Text("")
    if curriculum.path:
        yield Text(curriculum.path, style="dim")
    yield _summary(curriculum.exercises, plain)
    yield Text("")


def _heading(title: str, exercises: Sequence[ExerciseProgress], plain: bool) -> tuple[Text, Text, Text, Text]:
    sums = totals(exercises)
    style = "green" if sums.solved == len(exercises) else "yellow" if sums.points else "dim"
    drawn = bar(sums.points, sums.max_points, style, width=_BAR_WIDTH, plain=plain)
    return (
        Text(title, style="bold"),
        Text(f"{sums.points}/{sums.max_points}", style="bold"),
        Text(""),
        drawn.append(f"  {sums.solved} of {len(exercises)} solved", style="dim"),
    )


def _row(exercise: ExerciseProgress) -> tuple[Text, Text, Text, Text]:
    style = "green" if exercise.solved else "yellow" if exercise.points else "red" if exercise.attempts else "dim"
    misconceptions = []
    if exercise.waits:
        misconceptions.append(Text("waits for what it calls", style="dim"))
    if exercise.past_points:
        misconceptions.append(Text(f"stub is back; {exercise.past_points} points before", style="dim"))
    if exercise.open:
        misconceptions.append(Text("now: ").append(_listed(exercise.open), style="red"))
    if exercise.unsettled:
        misconceptions.append(Text("met before: ", style="dim").append(_listed(exercise.unsettled), style="yellow"))
    if exercise.overcome:
        misconceptions.append(Text("overcome: ", style="dim").append(_listed(exercise.overcome), style="green"))
    return (
        Text(f"  {exercise.id:<5}").append(exercise.name, style="" if exercise.attempts else "dim"),
        Text(f"{exercise.points}/{exercise.declared.points}", style=style),
        Text(str(exercise.attempts or "")),
        Text("\n").join(misconceptions),
    )


def _listed(misconceptions: Sequence[str]) -> str:
    return ", ".join(map(in_words, misconceptions))


def _summary(exercises: Sequence[ExerciseProgress], plain: bool) -> Text:
    sums = totals(exercises)
    dot = "-" if plain else "\u00b7"
    line = Text(f"{sums.points} of {sums.max_points} points", style="bold")
    line.append(f" {dot} {sums.solved} of {len(exercises)} exercises solved", style="not bold")
    if sums.met:
        line.append(f" {dot} {sums.overcome} of {sums.met} misconceptions overcome", style="not bold")
    return line
