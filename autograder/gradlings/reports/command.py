"""`gradlings report results/`: what a class misunderstood, who needs help, what the catalogue does not know yet."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gradlings.grading.command import grade
from gradlings.model.errors import InputError

PAGE = "class.html"
"""What `gradlings grade` writes beside the scores."""
_log = logging.getLogger(__name__)


def report(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULTS...", help="Folders that `gradlings grade --to` wrote.")
    ],
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page.")] = None,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write all of it as JSON.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="DIR", help="Write tables into this folder.")] = None,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Numbers in place of names.")] = False,
    unnamed: Annotated[
        bool, typer.Option("--unnamed", help="Print mistakes without a name as entries for misconceptions.py.")
    ] = False,
    root: Annotated[Path, typer.Option("--root", help="The folder that holds assignments/.")] = Path(),
) -> None:
    """Report on a class: misconceptions, exercises, who needs help. One assignment twice: what changed."""
    from rich.console import Console

    from gradlings.reports.class_report import class_report
    from gradlings.reports.read_results import read_run

    found = class_report([read_run(folder) for folder in results], root.resolve(), anonymous=anonymous)
    written = []
    if html is not None:
        from gradlings.reports.page import class_page

        written += _write({html: class_page(found)})
    if json is not None:
        import msgspec

        written += _write({json: msgspec.json.format(msgspec.json.encode(found), indent=1).decode() + "\n"})
    if csv is not None:
        from gradlings.reports.tables import tables

        written += _write({csv / name: f"\ufeff{text}" for name, text in tables(found).items()})
    console = Console(highlight=False, markup=False, emoji=False)
    if unnamed:
        from gradlings.reports.unnamed import entries

        typer.echo("\n\n".join(entries([cluster for each in found.assignments for cluster in each.unnamed.clusters])))
        return
    if not written:
        from gradlings.reports.summary import summary_lines

        for line in summary_lines(found):
            console.print(line, soft_wrap=True)
    for path in written:
        console.print(f"written: {path}", soft_wrap=True)


def _write(texts: Mapping[Path, str]) -> list[Path]:
    from gradlings.model.files import write_atomically

    for path, text in texts.items():
        try:
            write_atomically(path, text.encode("utf-8", "replace"))
        except OSError as error:
            raise InputError(f"{path} cannot be written ({error.strerror}). Name another file or folder.") from None
    return list(texts)


def with_class_page(grade: Callable[..., None]) -> Callable[..., None]:
    """Return the command `grade` with one thing more at its end: the report on the class, beside the scores.

    The scores are there by then: whatever fails in a report is said, and is no failure of the command.
    """

    @functools.wraps(grade)
    def command(**options: Any) -> None:
        from rich.console import Console

        grade(**options)
        folder, root = options["to"], options["root"]
        console = Console(stderr=True, highlight=False, markup=False)
        try:
            from gradlings.reports.class_report import class_report
            from gradlings.reports.page import class_page
            from gradlings.reports.read_results import read_run

            _write({folder / PAGE: class_page(class_report([read_run(folder)], root.resolve()))})
        except Exception as error:
            _log.debug("no report on the class", exc_info=True)
            console.print(
                f"The report on the class could not be made ({type(error).__name__}: {error}).", soft_wrap=True
            )
            return
        console.print(f"What the class misunderstood: {folder / PAGE}", soft_wrap=True)

    return command


grade_and_report = with_class_page(grade)
