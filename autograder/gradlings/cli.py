"""The `gradlings` command. Each command is a few lines over a function of the package."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gradlings.grading.command import grade
from gradlings.learning.commands import hint, init, progress, watch, where_am_i
from gradlings.model.errors import InputError

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
)
Ids = Annotated[list[str] | None, typer.Argument(metavar="[NN]...", help="Assignments, e.g. 03; all if none.")]
Root = Annotated[Path, typer.Option("--root", help="The folder that holds assignments/ and solutions/.")]


def main() -> None:
    """Entry point: bad input is one clear sentence and exit code 2, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that lacks a character shows another one, and goes on
    try:
        app()
    except InputError as error:
        Console(stderr=True, highlight=False, markup=False).print(f"gradlings: {error}", soft_wrap=True)
        sys.exit(2)


@app.callback(invoke_without_command=True)
def nothing_asked(context: typer.Context) -> None:
    """Auto-graded exercises that teach the basics of LLMs in PyTorch. Alone: where you are and what to do next."""
    if context.invoked_subcommand is None:
        where_am_i(Path())


app.command()(init)
app.command()(watch)


@app.command()
def build(
    ids: Ids = None,
    check: Annotated[bool, typer.Option(help="Write nothing; exit 1 naming each stale file.")] = False,
    force: Annotated[bool, typer.Option(help="Overwrite files that were edited, too.")] = False,
    root: Root = Path(),
) -> None:
    """Make the stubs, notebooks, hints and shipped data in assignments/ from solutions/."""
    from gradlings.authoring.build import build as build_assignment
    from gradlings.authoring.build import find_assignments
    from gradlings.submission.reader import shown

    console = Console(highlight=False, markup=False)
    failed = False
    for assignment in find_assignments(root.resolve(), tuple(ids or ())):
        for outcome in build_assignment(assignment, check=check, force=force):
            if outcome.state == "kept":
                console.print(f"kept: {shown(outcome.path)} was edited (--force overwrites it)", soft_wrap=True)
            elif outcome.state != "current":
                console.print(f"{outcome.state}: {shown(outcome.path)}", soft_wrap=True)
            failed |= outcome.state in ("stale", "kept")
    if check and failed:
        console.print("Run `gradlings build` and commit the result.")
    raise typer.Exit(int(failed))


@app.command()
def course(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The nbgrader course; it is made if it is not there.")],
    ids: Ids = None,
    force: Annotated[bool, typer.Option(help="Overwrite files that were edited, too.")] = False,
    root: Root = Path(),
) -> None:
    """Make an nbgrader course: notebooks with solutions in source/, and a short nbgrader_config.py."""
    from gradlings.authoring.build import find_assignments
    from gradlings.authoring.nbgrader_course import write_course
    from gradlings.submission.reader import shown

    console = Console(highlight=False, markup=False)
    states = []
    for outcome in write_course(folder.resolve(), find_assignments(root.resolve(), tuple(ids or ())), force=force):
        states.append(outcome.state)
        if outcome.state == "kept":
            console.print(f"kept: {shown(outcome.path)} was edited (--force overwrites it)", soft_wrap=True)
    console.print(
        f"{shown(folder.resolve())}: {states.count('written')} files written, {states.count('current')} current."
    )
    console.print("Next, in that folder: nbgrader generate_assignment NN", soft_wrap=True)


@app.command()
def verify(
    ids: Ids = None,
    seeds: Annotated[int, typer.Option(min=0, help="Fresh seeds that must not change a verdict.")] = 20,
    root: Root = Path(),
) -> None:
    """Prove that the checks catch every named misconception and pass every correct variant."""
    from gradlings.authoring.verify import verified_with_progress
    from gradlings.authoring.verify_report import show_proofs

    proofs = verified_with_progress(root.resolve(), ids or [], seeds)
    show_proofs(proofs, seeds)
    raise typer.Exit(0 if all(proof.holds for proof in proofs) else 1)


app.command()(grade)


app.command()(hint)
app.command()(progress)


if __name__ == "__main__":
    main()
