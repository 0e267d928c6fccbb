"""`gradlings similarity 03 submissions/ --to DIR`: which submissions are more alike than chance makes them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gradlings.model.errors import InputError

PAGE, TABLE, DATA = "similarity.html", "pairs.csv", "similarity.json"


class Detector(StrEnum):
    """A program that compares files, and reads what is exported for it."""

    JPLAG = "jplag"
    DOLOS = "dolos"


def similarity(
    assignment: Annotated[str, typer.Argument(metavar="NN", help="The assignment, e.g. 03.")],
    submissions: Annotated[Path, typer.Argument(help="Submissions, in any form that `gradlings grade` takes.")],
    to: Annotated[Path, typer.Option(help="The folder for the page, the table and the JSON.")],
    results: Annotated[
        Path | None,
        typer.Option("--results", metavar="DIR", help="What `gradlings grade` wrote: weighs shared mistakes, too."),
    ] = None,
    detector: Annotated[
        Detector | None, typer.Option("--for", help="Also write the files as JPlag or Dolos read them.")
    ] = None,
    root: Annotated[Path, typer.Option("--root", help="The folder that holds assignments/.")] = Path(),
) -> None:
    """Show which submissions are more alike than chance makes them: side by side, and no verdict."""
    import msgspec
    from rich.console import Console

    from gradlings.grading.class_inputs import assignment_folder, graded_source_name
    from gradlings.model.files import write_atomically
    from gradlings.reports.kit_texts import kit_texts
    from gradlings.reports.similarity.export import command_for, exported
    from gradlings.reports.similarity.gather import gather
    from gradlings.reports.similarity.page import similarity_page
    from gradlings.reports.similarity.remarked import compare
    from gradlings.reports.similarity.similarity_report import similarity_report
    from gradlings.reports.similarity.summary import summary_lines
    from gradlings.reports.similarity.tables import pairs_table

    root = root.resolve()
    folder = assignment_folder(root / "assignments", assignment)
    source_name = graded_source_name(folder)
    with Console(stderr=True).status("Reading the submissions ...", spinner="line"):
        work = gather(folder, source_name, submissions, results)
        report = similarity_report(work, compare(work), kit_texts(root, assignment).misconceptions)
    console = Console(highlight=False, markup=False, emoji=False)
    for line in summary_lines(report):
        console.print(line, soft_wrap=True)
    files = {
        PAGE: similarity_page(report).encode("utf-8", "replace"),
        TABLE: f"\ufeff{pairs_table(report)}".encode("utf-8", "replace"),
        DATA: msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n",
    }
    if detector is not None:
        files |= exported(work, detector)
    for name, data in files.items():
        try:
            write_atomically(to / name, data)
        except OSError as error:
            raise InputError(
                f"{to / name} cannot be written ({error.strerror}). Name another folder with --to."
            ) from None
    for name in (PAGE, TABLE, DATA):
        console.print(f"written: {to / name}", soft_wrap=True)
    if detector is not None:
        console.print(f"compare with: {command_for(detector, to)}", soft_wrap=True)
