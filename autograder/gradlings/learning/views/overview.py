"""What `gradlings` alone shows: where you are and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from gradlings.learning.curriculum import Course, where
from gradlings.submission.reader import shown

_BAR = 10


def overview(course: Course, *, plain: bool = False) -> Iterator[Text]:
    """Lines, top to bottom: one an assignment, then the next exercise and the commands to go on with.

    Args:
        plain: uses ASCII only, for terminals that cannot show more.
    """
    yield Text("")
    width = max(len(course.title(assignment)) for assignment in course.assignments)
    for assignment in course.assignments:
        yield _line(course, assignment, width, plain)
    yield Text("")
    following = course.next
    if following is None:
        yield Text("  Every exercise is solved: well done.", style="bold green")
        yield Text("  What you met on the way: gradlings progress")
        yield Text("")
        return
    exercise = following.exercise
    yield Text("  next: ").append(f"{exercise.id} {following.name}", style="bold")
    yield Text(f"        {where(following)}, {exercise.points} points, about {exercise.minutes} minutes", style="dim")
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


def _line(course: Course, assignment: str, width: int, plain: bool) -> Text:
    places = course.of(assignment)
    solved = sum(place.solved for place in places)
    points = sum(place.points for place in places)
    most = sum(place.exercise.points for place in places)
    full, empty = ("#", "-") if plain else ("\u2588", "\u2591")
    filled = _BAR * points // max(most, 1)
    colour = "green" if solved == len(places) else "yellow" if points else "dim"
    line = Text(f"  {assignment}  {course.title(assignment):<{width}}  ")
    line.append(full * filled, style=colour).append(empty * (_BAR - filled), style="dim")
    line.append(f"  {solved:>2} of {len(places):<2} solved", style=colour)
    return line.append(f"  {points:>3}/{most}", style="dim")
