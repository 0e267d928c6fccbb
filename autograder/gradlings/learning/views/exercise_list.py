"""The list of all exercises that `gradlings list` shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from gradlings.learning.curriculum import Curriculum
from gradlings.progress.summary import ExerciseProgress, totals


def exercise_list(curriculum: Curriculum, assignments: Sequence[str]) -> Iterator[Text]:
    """Return lines, top to bottom: a heading for each of these assignments, and a line for each of its exercises."""
    width = max(cell_len(exercise.name) for exercise in curriculum.exercises)
    if curriculum.path:
        yield Text(curriculum.path, style="dim")
        yield Text("")
    for assignment in assignments:
        exercises = curriculum.of(assignment)
        sums = totals(exercises)
        yield Text(f"{assignment} {curriculum.titles[assignment]}", style="bold").append(
            f"   {curriculum.solved_of(assignment)}, {sums.points} of {sums.max_points} points", style="not bold dim"
        )
        for exercise in exercises:
            yield _line(exercise, width)
        yield Text("")


def _line(exercise: ExerciseProgress, width: int) -> Text:
    style = "green" if exercise.solved else "yellow" if exercise.attempts else "dim"
    line = Text(f"  {exercise.id:<5} ").append(exercise.name, style="" if exercise.attempts else "dim")
    line.append(" " * (width - cell_len(exercise.name)))
    line.append(f"  {exercise.points:>2}/{exercise.declared.points:<2}", style=style)
    line.append(f"  {_word(exercise)}", style=style)
    line.rstrip()
    return line


def _word(exercise: ExerciseProgress) -> str:
    if exercise.solved:
        return "solved"
    if exercise.waits:
        return "waits for what it calls"
    return f"{exercise.attempts} attempt{'s' if exercise.attempts != 1 else ''}" if exercise.attempts else ""
