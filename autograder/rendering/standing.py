"""What `gradlings` alone shows: where you are and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from autograder.standing import Standing, submission_of
from autograder.submission import shown

_BAR = 10


def overview(standing: Standing, *, plain: bool = False) -> Iterator[Text]:
    """Lines, top to bottom: one an assignment, then the next exercise and the commands to go on with.

    Args:
        plain: uses ASCII only, for terminals that cannot show more.
    """
    yield Text("")
    width = max(len(standing.title(assignment)) for assignment in standing.assignments)
    for assignment in standing.assignments:
        yield _line(standing, assignment, width, plain)
    yield Text("")
    following = standing.next
    if following is None:
        yield Text("  Every exercise is solved: well done.", style="bold green")
        yield Text("  What you met on the way: gradlings progress")
        yield Text("")
        return
    exercise = following.exercise
    yield Text("  next: ").append(f"{exercise.id} {following.name}", style="bold")
    submission = submission_of(following)
    function = next((f for name, f in submission.functions.items() if name in exercise.functions), None)
    place = f"{shown(function.file)}:{function.line}" if function else shown(submission.path)
    yield Text(f"        {place}, {exercise.points} points, about {exercise.minutes} minutes", style="dim")
    yield Text("")
    test = shown(following.checks_file.parent).replace("\\", "/")
    commands = {
        "gradlings watch": "shows it, and checks it on every save",
        f"gradlings hint {exercise.id}": "a nudge",
        f"pytest {test}": f"checks all of assignment {following.assignment}",
        "gradlings --help": "all commands",
    }
    wide = max(map(len, commands))
    for command, meaning in commands.items():
        yield Text("  ").append(f"{command:<{wide}}", style="cyan").append(f"  {meaning}", style="dim")
    yield Text("")


def _line(standing: Standing, assignment: str, width: int, plain: bool) -> Text:
    places = [place for place in standing.of(assignment) if place.exercise.points]
    solved = sum(place.solved for place in places)
    points = sum(place.points for place in places)
    most = sum(place.exercise.points for place in places)
    full, empty = ("#", "-") if plain else ("\u2588", "\u2591")
    filled = _BAR * points // max(most, 1)
    colour = "green" if solved == len(places) else "yellow" if points else "dim"
    line = Text(f"  {assignment}  {standing.title(assignment):<{width}}  ")
    line.append(full * filled, style=colour).append(empty * (_BAR - filled), style="dim")
    line.append(f"  {solved:>2} of {len(places):<2} solved", style=colour)
    return line.append(f"  {points:>3}/{most}", style="dim")
