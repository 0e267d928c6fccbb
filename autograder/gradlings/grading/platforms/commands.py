"""The commands that prepare a platform: `gradlings gradescope`, `gradlings github`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_Assignment = Annotated[str, typer.Argument(metavar="NN", help="The assignment, e.g. 03.")]
_Root = Annotated[Path, typer.Option("--root", help="The folder that holds assignments/ and solutions/.")]


def gradescope(
    assignment: _Assignment,
    to: Annotated[Path, typer.Option(metavar="FILE", help="The zip to write.")] = Path("autograder.zip"),
    hidden: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A folder with a hidden.py of your own, or with NN/hidden.py.")
    ] = None,
    stand_ins: Annotated[
        bool, typer.Option(help="Judge right code that calls wrong code; --no-stand-ins leaves the solution out.")
    ] = True,
    allow_weaker: Annotated[
        bool, typer.Option("--allow-weaker", help="Go on where the isolation is weaker than it should be.")
    ] = False,
    root: _Root = Path(),
) -> None:
    """Write the autograder of an assignment for Gradescope: one zip to upload."""
    from gradlings.grading.class_inputs import assignment_folder, graded_source_name, hidden_file
    from gradlings.grading.platforms.gradescope import autograder_zip

    root = root.resolve()
    source_name = graded_source_name(assignment_folder(root / "assignments", assignment))
    secret = hidden_file(root / "solutions", hidden, assignment)
    data = autograder_zip(root, assignment, source_name, hidden=secret, stand_ins=stand_ins, allow_weaker=allow_weaker)
    _write(to, data)
    with_hidden = f"with the hidden probes of {secret}" if secret else "without hidden probes"
    _say(f"{to}: {len(data) / 1e6:.1f} MB, {with_hidden}. It holds answers and checks: give it to Gradescope only.")
    _say("Try it there with a right, a wrong and an empty submission before students see it: docs/platforms.md.")
    weaker = "submissions could then read what every user of the container may" if allow_weaker else "it grades nothing"
    _say(f"Weaker than a machine of your own: a container whose kernel is not known. Without Landlock there, {weaker}.")


def github(
    assignment: _Assignment,
    to: Annotated[Path, typer.Option(metavar="DIR", help="The top of the repository.")] = Path(),
    root: _Root = Path(),
) -> None:
    """Write a GitHub Actions workflow that grades an assignment at every push; Classroom 50 runs it, too."""
    from gradlings.grading.class_inputs import assignment_folder
    from gradlings.grading.platforms.github import workflow_files
    from gradlings.submission.reader import shown

    root = root.resolve()
    assignment_folder(root / "assignments", assignment)
    written = []
    for file in workflow_files(root, assignment):
        _write(to / file.name, file.data)
        written.append(file.name)
    _say(f"{shown(to.resolve())}: {len(written)} files below .github/, first of all {written[0]}.")
    _say(
        "Weaker than `gradlings grade`: who may push to the repository may change workflow, checks and result, and "
        "there are no hidden probes. Take its points for orientation: docs/platforms.md."
    )


def _write(path: Path, data: bytes) -> None:
    from gradlings.model.errors import InputError
    from gradlings.model.files import write_atomically

    try:
        write_atomically(path, data)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}).") from None


def _say(text: str) -> None:
    from rich.console import Console

    Console(highlight=False, markup=False).print(text, soft_wrap=True)
