"""The commands `gradlings new course`, `gradlings new assignment`, `gradlings new exercise`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

new = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Begin a course, an assignment or an exercise of your own.",
)
_Root = Annotated[Path, typer.Option("--root", help="The folder that holds assignments/ and solutions/.")]


@new.command()
def course(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, outside any other kit.")],
) -> None:
    """Make a kit of your own: an assignment with one exercise that verifies, hidden probes, a README."""
    from gradlings.authoring.new.course import write_course

    _built(folder.resolve(), write_course(folder.resolve()), "01")
    _say("Next, in that folder: gradlings verify; then change solutions/01/basics.py. See README.md there.")


@new.command()
def assignment(
    id: Annotated[str, typer.Argument(metavar="NN", help="Two digits that are free, e.g. 07.")],
    topic: Annotated[str, typer.Argument(help="The name of the module that students write, e.g. attention.")],
    root: _Root = Path(),
) -> None:
    """Add an assignment with one exercise that verifies, to be changed."""
    from gradlings.authoring.new.course import write_assignment

    _built(root.resolve(), write_assignment(root.resolve(), id, topic), id)
    _say(f"Next: gradlings verify {id}; then change solutions/{id}/{topic}.py.")


@new.command()
def exercise(
    id: Annotated[str, typer.Argument(metavar="ID", help="A free id, e.g. 3.13.")],
    name: Annotated[str, typer.Argument(help="The function that students write, e.g. count_zeros.")],
    root: _Root = Path(),
) -> None:
    """Add the skeleton of an exercise in its four places; `gradlings verify ID` names what is still to be written."""
    from gradlings.authoring.assignment import find_assignments
    from gradlings.authoring.new.exercise import write_exercise
    from gradlings.authoring.verify import wrong_total
    from gradlings.submission.reader import shown

    for path in write_exercise(root.resolve(), id, name):
        _say(f"appended: {shown(path)}")
    (changed,) = find_assignments(root.resolve(), (f"{int(id.partition('.')[0]):02d}",))
    _say(f"Next: write what the lines with `TODO {id}:` say; gradlings build {changed.id}; gradlings verify {id}")
    if sentence := wrong_total(changed):
        _say(f"Points: {sentence}. Take them from other exercises, or set total_points in the first cell.")


def _built(root: Path, written: list[Path], id: str) -> None:
    """Build an assignment that was written, and say what there is now."""
    from gradlings.authoring.assignment import find_assignments
    from gradlings.authoring.build import build
    from gradlings.submission.reader import shown

    (made,) = find_assignments(root, (id,))
    paths = [*written, *(result.path for result in build(made))]
    _say(f"{shown(root)}: {len(paths)} files written.")


def _say(text: str) -> None:
    from rich.console import Console

    Console(highlight=False, markup=False).print(text, soft_wrap=True)
