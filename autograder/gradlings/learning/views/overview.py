"""The page that `gradlings` alone shows: where you are and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from gradlings.learning.curriculum import Curriculum, where
from gradlings.progress.summary import totals
from gradlings.rendering.terminal import bar, padded, width_of
from gradlings.submission.reader import shown


def overview(curriculum: Curriculum, *, plain: bool) -> Iterator[Text]:
    """Return lines, top to bottom: one for each assignment, then the next exercise and the commands to go on with."""
    yield Text("")
    width = width_of(curriculum.titles.values())
    for assignment in curriculum.titles:
        yield _line(curriculum, assignment, width, plain)
    yield Text("")
    if curriculum.path:
        yield Text(f"  {curriculum.path}", style="dim")
        yield Text("")
    following = curriculum.next
    if following is None:
        yield Text("  Every exercise is solved: well done.", style="bold green")
        yield Text("  What you met on the way: gradlings progress")
        yield Text("")
        return
    yield Text("  next: ").append(f"{following.id} {following.name}", style="bold")
    effort = f"{following.declared.points} points, about {following.declared.minutes} minutes"
    yield Text(f"        {where(following)}, {effort}", style="dim")
    yield Text("")
    folder = shown(following.checks_file.parent).replace("\\", "/")
    commands = {
        "gradlings watch": "shows it, and checks it on every save",
        f"gradlings hint {following.id}": "a nudge",
        f"pytest {folder}": f"checks all of assignment {following.assignment}",
        "gradlings --help": "all commands",
    }
    width = width_of(commands)
    for command, meaning in commands.items():
        yield Text("  ").append(padded(command, width), style="cyan").append(f"  {meaning}", style="dim")
    yield Text("")


def _line(curriculum: Curriculum, assignment: str, width: int, plain: bool) -> Text:
    exercises = curriculum.of(assignment)
    sums = totals(exercises)
    style = "green" if sums.solved == len(exercises) else "yellow" if sums.points else "dim"
    line = Text(f"  {assignment}  {padded(curriculum.titles[assignment], width)}  ")
    line.append_text(bar(sums.points, sums.max_points, style, plain=plain))
    line.append(f"  {sums.solved:>2} of {len(exercises):<2} solved", style=style)
    return line.append(f"  {sums.points:>3}/{sums.max_points}", style="dim")
