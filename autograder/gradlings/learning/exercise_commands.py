"""The commands about one exercise: `watch`, `hint`, `try`, `solution` and `reset`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradlings.model.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from gradlings.learning.curriculum import Curriculum
    from gradlings.progress.summary import ExerciseProgress

Kit = Annotated[Path, typer.Option("--root", help="A folder in the kit; the nearest one with assignments/ counts.")]
Wanted = Annotated[str, typer.Argument(metavar="EXERCISE", help="The exercise, e.g. 3.5, or a function of it.")]


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def _exercise(root: Path, wanted: str) -> tuple[Curriculum, ExerciseProgress]:
    from gradlings.learning.curriculum import find_root, read_curriculum

    curriculum = read_curriculum(find_root(root))
    return curriculum, curriculum.exercise(wanted)


def watch(
    wanted: Annotated[str, typer.Argument(metavar="[NN or EXERCISE]", help="Where to start, e.g. 03 or 3.5.")] = "",
    root: Annotated[Path, typer.Option("--root", help="The kit; the one around this folder if not given.")] = Path(),
    plain: Annotated[bool, typer.Option("--plain", help="Print line after line; no screen of its own.")] = False,
) -> None:
    """Show the next exercise and check it on every save."""
    from gradlings.learning.watch.loop import watch as watch_kit

    watch_kit(root, wanted, plain=plain)


def hint(
    wanted: Wanted,
    level: Annotated[int | None, typer.Option(min=1, max=3, help="1 nudge, 2 formula, 3 plan.")] = None,
    root: Kit = Path(),
) -> None:
    """Show a hint: the one that fits your last misconception, else the next step. Never the solution.

    Once the exercise is right, show why it works and where it leads.
    """
    from gradlings.learning.views.hint import hint_lines, solved_lines
    from gradlings.progress.hints import ladder_hint, next_hint, text_once_solved
    from gradlings.progress.record import record_hint
    from gradlings.rendering.terminal import can_show

    curriculum, exercise = _exercise(root, wanted)
    kit, history = curriculum.root, curriculum.history
    console = _console()
    solved = "" if level else text_once_solved(kit, exercise.id, history)
    if solved:
        for line in solved_lines(exercise.id, solved, plain=not can_show(console.encoding)):
            console.print(line)
        return
    chosen = ladder_hint(kit, exercise.id, level) if level else next_hint(kit, exercise.id, history)
    misconception = chosen.misconception.id if chosen.misconception else ""
    unrecorded = record_hint(kit, exercise.id, level=chosen.level, misconception=misconception)
    for line in hint_lines(chosen, remembered=not unrecorded, plain=not can_show(console.encoding)):
        console.print(line)
    for problem in filter(None, (history.problem, unrecorded)):
        console.print(problem, style="yellow")


def try_call(
    wanted: Wanted,
    pdb: Annotated[bool, typer.Option("--pdb", help="Stop in your function, with Python's debugger.")] = False,
    root: Kit = Path(),
) -> None:
    """Run the first call that fails, as a script you can edit: its inputs, got and expected."""
    from gradlings.learning.try_call import debug_trial, run_trial, write_trial
    from gradlings.submission.reader import shown

    curriculum, exercise = _exercise(root, wanted)
    trial = write_trial(curriculum.root, exercise)
    console = _console()
    if trial.script is None:
        console.print(" ".join(filter(None, [trial.sentence, f"({trial.place})" if trial.place else ""])))
        return
    console.print(f"{trial.call}   {trial.place}", soft_wrap=True)
    if trial.sentence:
        console.print(trial.sentence, style="yellow")
    if pdb:
        debug_trial(trial.script, exercise)
        return
    if trial.endless:
        console.print(
            f"It ran out of time. `gradlings try {exercise.id} --pdb` stops in it, step by step.", style="red"
        )
    else:
        console.print(run_trial(trial.script).rstrip(), soft_wrap=True)
    console.print(f"\nmade by {shown(trial.script)}: change it, run it with python", style="dim", soft_wrap=True)


def solution(wanted: Wanted, root: Kit = Path()) -> None:
    """Show a solution and others, once yours is right or after three attempts."""
    from gradlings.learning.solution_gate import why_not_yet
    from gradlings.submission.exercise_text import answers

    curriculum, exercise = _exercise(root, wanted)
    refusal = why_not_yet(exercise)
    if refusal:
        raise InputError(f"{refusal} Until then: gradlings hint {exercise.id}")
    console = _console()
    for answer in answers(curriculum.root, exercise.assignment, exercise.source_name, exercise.id):
        console.print(f"{answer.name}\n", style="bold", soft_wrap=True)
        console.print(f"{answer.code}\n", style="cyan", soft_wrap=True)
    console.print("Many others are as good.", style="dim")


def reset(wanted: Wanted, root: Kit = Path()) -> None:
    """Put the stub of an exercise back. The file as it was is kept beside it."""
    from gradlings.learning.reset import reset_exercise
    from gradlings.submission.reader import shown

    _, exercise = _exercise(root, wanted)
    done = reset_exercise(exercise)
    console = _console()
    if done.kept is None:
        console.print(f"{exercise.id} is untouched in {shown(done.path)}: there is nothing to reset.", soft_wrap=True)
        return
    console.print(f"{exercise.id} {exercise.name} is a stub again in {shown(done.path)}.", soft_wrap=True)
    console.print(f"The file as it was: {shown(done.kept)}", soft_wrap=True)
    if done.path.suffix == ".ipynb":
        console.print("Where the notebook is open, reload it from disk before you save it.")
