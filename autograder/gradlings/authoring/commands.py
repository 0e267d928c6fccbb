"""The commands of authors and instructors: `gradlings build`, `gradlings course`, `gradlings verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_Ids = Annotated[list[str] | None, typer.Argument(metavar="[NN]...", help="Assignments, e.g. 03; all if none.")]
_Force = Annotated[bool, typer.Option(help="Overwrite files that were edited, too.")]
_Root = Annotated[Path, typer.Option("--root", help="The folder that holds assignments/ and solutions/.")]


def build(
    ids: _Ids = None,
    check: Annotated[bool, typer.Option(help="Write nothing; exit 1 naming each stale file.")] = False,
    force: _Force = False,
    root: _Root = Path(),
) -> None:
    """Make the stubs, notebooks, hints and shipped data in assignments/ from solutions/."""
    from rich.console import Console

    from gradlings.authoring.assignment import find_assignments
    from gradlings.authoring.build import build as build_assignment
    from gradlings.submission.reader import shown

    console = Console(highlight=False, markup=False)
    failed = False
    for assignment in find_assignments(root.resolve(), tuple(ids or ())):
        for result in build_assignment(assignment, check=check, force=force):
            if result.state == "kept":
                console.print(f"kept: {shown(result.path)} was edited (--force overwrites it)", soft_wrap=True)
            elif result.state != "current":
                console.print(f"{result.state}: {shown(result.path)}", soft_wrap=True)
            failed |= result.state in ("stale", "kept")
    if check and failed:
        console.print("Run `gradlings build` and commit the result.")
    raise typer.Exit(int(failed))


def course(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The nbgrader course; it is made if it is not there.")],
    ids: _Ids = None,
    path: Annotated[
        str, typer.Option(metavar="NAME", help="Only the exercises of a path (core) are to be done, the others given.")
    ] = "",
    force: _Force = False,
    root: _Root = Path(),
) -> None:
    """Make an nbgrader course: notebooks with solutions in source/, and a short nbgrader_config.py."""
    from rich.console import Console

    from gradlings.authoring.assignment import find_assignments
    from gradlings.authoring.nbgrader_course import write_course
    from gradlings.submission.reader import shown

    console = Console(highlight=False, markup=False)
    states = []
    assignments = find_assignments(root.resolve(), tuple(ids or ()))
    for result in write_course(folder.resolve(), assignments, path, force=force):
        states.append(result.state)
        if result.state == "kept":
            console.print(f"kept: {shown(result.path)} was edited (--force overwrites it)", soft_wrap=True)
    console.print(
        f"{shown(folder.resolve())}: {states.count('written')} files written, {states.count('current')} current."
    )
    console.print("Next, in that folder: nbgrader generate_assignment NN", soft_wrap=True)


def verify(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NN or EXERCISE]...", help="Assignments or exercises, e.g. 03 or 3.5; all if none."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=0, help="Fresh seeds that must not change a verdict.")] = 20,
    mutants: Annotated[bool, typer.Option("--mutants", help="Try small changes of the solutions instead.")] = False,
    sample: Annotated[int | None, typer.Option(min=1, help="With --mutants: so many of each exercise.")] = None,
    root: _Root = Path(),
) -> None:
    """Prove that the checks catch every named misconception and pass every correct variant; or every small mistake."""
    if mutants:
        from gradlings.authoring.mutants.prove import prove_by_mutants
        from gradlings.authoring.mutants.report import show_mutants

        raise typer.Exit(int(show_mutants(prove_by_mutants(root.resolve(), ids or [], sample)) > 0))
    from gradlings.authoring.verify_all import verify_all
    from gradlings.authoring.verify_report import show_verification

    results, wrong_totals, of_assignments = verify_all(root.resolve(), ids or [], seeds)
    breaches = show_verification(results, wrong_totals, of_assignments, seeds)
    raise typer.Exit(int(breaches > 0))
