"""The table that `gradlings progress` shows on the terminal; an assignment that is not begun takes one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from gradlings.progress.summary import ExerciseProgress
from gradlings.rendering.terminal import bar

_BAR_WIDTH = 8


def progress_parts(
    exercises: Sequence[ExerciseProgress], titles: Mapping[str, str], *, plain: bool = False
) -> Iterator[Table | Text]:
    """Return Rich renderables, top to bottom, for 80 columns.

    Args:
        exercises: all of the kit, in their order.
        titles: of the assignments, by their ids, in their order.
        plain: use ASCII only, for terminals that cannot show more.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", no_wrap=True, max_width=31, overflow="crop" if plain else "ellipsis")
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("tries", justify="right", no_wrap=True)
    table.add_column("misconceptions", overflow="fold")
    for number, (assignment, title) in enumerate(titles.items()):
        inside = [exercise for exercise in exercises if exercise.assignment == assignment]
        if number:
            table.add_section()
        table.add_row(*_heading(f"{assignment} {title}".strip(), inside, plain))
        if any(exercise.attempts for exercise in inside):
            for exercise in inside:
                table.add_row(*_row(exercise))
    yield Text("")
    yield table
    yield Text("")
    yield _summary(exercises, plain)
    yield Text("")


def _heading(title: str, exercises: Sequence[ExerciseProgress], plain: bool) -> tuple[Text, Text, Text, Text]:
    points, max_points, solved = _totals(exercises)
    style = "green" if solved == len(exercises) else "yellow" if points else "dim"
    solved_of = Text(f"  {solved} of {len(exercises)} solved", style="dim")
    return (
        Text(title, style="bold"),
        Text(f"{points}/{max_points}", style="bold"),
        Text(""),
        bar(points, max_points, style, width=_BAR_WIDTH, plain=plain).append_text(solved_of),
    )


def _row(exercise: ExerciseProgress) -> tuple[Text, Text, Text, Text]:
    style = "green" if exercise.solved else "yellow" if exercise.points else "red" if exercise.attempts else "dim"
    misconceptions = []
    if exercise.open:
        misconceptions.append(Text("now: ").append(", ".join(exercise.open), style="red"))
    if exercise.overcome:
        misconceptions.append(Text("overcome: ", style="dim").append(", ".join(exercise.overcome), style="green"))
    return (
        Text(f"  {exercise.id:<5}").append(exercise.name, style="" if exercise.attempts else "dim"),
        Text(f"{exercise.points}/{exercise.declared.points}", style=style),
        Text(str(exercise.attempts) if exercise.attempts else ""),
        Text("\n").join(misconceptions),
    )


def _summary(exercises: Sequence[ExerciseProgress], plain: bool) -> Text:
    points, max_points, solved = _totals(exercises)
    overcome = sum(len(exercise.overcome) for exercise in exercises)
    met = overcome + sum(len(exercise.open) for exercise in exercises)
    dot = "-" if plain else "\u00b7"
    line = Text(f"{points} of {max_points} points", style="bold")
    line.append(f" {dot} {solved} of {len(exercises)} exercises solved", style="not bold")
    if met:
        line.append(f" {dot} {overcome} of {met} misconceptions overcome", style="not bold")
    return line


def _totals(exercises: Sequence[ExerciseProgress]) -> tuple[int, int, int]:
    """Return the points, the points that can be earned, and the number of solved exercises."""
    points = sum(exercise.points for exercise in exercises)
    return points, sum(exercise.declared.points for exercise in exercises), sum(each.solved for each in exercises)
