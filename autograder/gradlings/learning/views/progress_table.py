"""`gradlings progress` on the terminal: one table; an assignment that nobody has begun is one line of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from gradlings.progress.summary import Tally

_BAR = 8


def progress_parts(
    tallies: Sequence[Tally], titles: Mapping[str, str], *, plain: bool = False
) -> Iterator[Table | Text]:
    """Rich renderables, top to bottom, for 80 columns.

    Args:
        titles: of the assignments, by their ids.
        plain: uses ASCII only, for terminals that cannot show more.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", no_wrap=True, max_width=31, overflow="crop" if plain else "ellipsis")
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("tries", justify="right", no_wrap=True)
    table.add_column("misconceptions", overflow="fold")
    for number, assignment in enumerate(dict.fromkeys(tally.assignment for tally in tallies)):
        inside = [tally for tally in tallies if tally.assignment == assignment]
        if number:
            table.add_section()
        table.add_row(*_heading(assignment, titles.get(assignment, ""), inside, plain))
        if any(tally.attempts for tally in inside):
            for tally in inside:
                table.add_row(*_exercise(tally))
    yield Text("")
    yield table
    yield Text("")
    yield _summary(tallies, plain)
    yield Text("")


def _heading(assignment: str, title: str, inside: Sequence[Tally], plain: bool) -> tuple[Text, Text, Text, Text]:
    points, most = sum(tally.points for tally in inside), sum(tally.exercise.points for tally in inside)
    solved = sum(tally.solved for tally in inside)
    full, empty = ("#", "-") if plain else ("\u2588", "\u2591")
    filled = _BAR * points // max(most, 1)
    colour = "green" if solved == len(inside) else "yellow" if points else "dim"
    bar = Text(full * filled, style=colour).append(empty * (_BAR - filled), style="dim")
    return (
        Text(f"{assignment} {title}".strip(), style="bold"),
        Text(f"{points}/{most}", style="bold"),
        Text(""),
        bar.append(f"  {solved} of {len(inside)} solved", style="dim"),
    )


def _exercise(tally: Tally) -> tuple[Text, Text, Text, Text]:
    colour = "green" if tally.solved else "yellow" if tally.points else "red" if tally.attempts else "dim"
    name = Text(f"  {tally.exercise.id:<5}").append(
        ", ".join(tally.exercise.functions), style="" if tally.attempts else "dim"
    )
    told = []
    if tally.open:
        told.append(Text("now: ").append(", ".join(tally.open), style="red"))
    if tally.overcome:
        told.append(Text("overcome: ", style="dim").append(", ".join(tally.overcome), style="green"))
    return (
        name,
        Text(f"{tally.points}/{tally.exercise.points}", style=colour),
        Text(str(tally.attempts) if tally.attempts else ""),
        Text("\n").join(told),
    )


def _summary(tallies: Sequence[Tally], plain: bool) -> Text:
    points, most = sum(tally.points for tally in tallies), sum(tally.exercise.points for tally in tallies)
    solved = sum(tally.solved for tally in tallies)
    overcome = sum(len(tally.overcome) for tally in tallies)
    met = overcome + sum(len(tally.open) for tally in tallies)
    dot = "-" if plain else "\u00b7"
    line = Text(f"{points} of {most} points", style="bold")
    line.append(f" {dot} {solved} of {len(tallies)} exercises solved", style="not bold")
    if met:
        line.append(f" {dot} {overcome} of {met} misconceptions overcome", style="not bold")
    return line
