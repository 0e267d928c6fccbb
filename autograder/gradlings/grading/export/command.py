"""`gradlings export canvas results/ --roster gradebook.csv`: marks and feedback go back to where students see them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gradlings.model.errors import InputError


class Form(StrEnum):
    """What is written."""

    CANVAS = "canvas"
    MOODLE = "moodle"
    BRIGHTSPACE = "brightspace"
    BLACKBOARD = "blackboard"
    GRADESCOPE = "gradescope"
    CSV = "csv"
    JSON = "json"
    JUNIT = "junit"


class Marks(StrEnum):
    """With late penalties, or before them."""

    FINAL = "final"
    RAW = "raw"


_NAMES = {Form.CSV: "marks.csv", Form.JSON: "marks.json", Form.JUNIT: "junit.xml"}


def export(
    form: Annotated[Form, typer.Argument(metavar="FORM", help=f"One of: {', '.join(Form)}.")],
    results: Annotated[Path, typer.Argument(help="The folder that `gradlings grade --to` wrote.")],
    roster: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The file that the LMS exported; csv takes any class list.")
    ] = None,
    column: Annotated[
        str, typer.Option(metavar="TITLE", help="The assignment's column, if there are several: its title or number.")
    ] = "",
    marks: Annotated[Marks, typer.Option(help="raw: before late penalties, for an LMS that takes them itself.")] = (
        Marks.FINAL
    ),
    feedback: Annotated[
        bool, typer.Option("--feedback", help="The zip of feedback pages in place of marks: canvas, moodle.")
    ] = False,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Where; in the results folder if not given.")] = None,
) -> None:
    """Write marks into the file that your LMS exported, ready to import; or feedback, CSV, JSON, JUnit."""
    from rich.console import Console

    from gradlings.grading.export.writing import exported
    from gradlings.model.text import without_control_characters

    if roster is not None and form in (Form.JSON, Form.JUNIT):
        raise InputError(f"`gradlings export {form}` takes no --roster.")
    name = f"{form}-feedback.zip" if feedback else _NAMES.get(form, f"{form}.csv")
    target = to or results / name
    if roster is not None and target.resolve() == roster.resolve():
        raise InputError(f"--to {target} would overwrite the file that the LMS exported. Give another one.")
    written = exported(form, results, roster, column=column, marks=marks, feedback=feedback)
    written.save(target)
    console = Console(stderr=True, highlight=False, markup=False)
    for line in written.lines:
        console.print(without_control_characters(" ".join(line.splitlines())), soft_wrap=True)  # students choose names
    console.print(f"Written: {target}", soft_wrap=True)
    if written.put:
        console.print(f"Import it: {written.put}", soft_wrap=True)
