"""The command `gradlings outline`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def outline(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[NN]...", help="Assignments, e.g. 03; all if none.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON in place of Markdown.")] = False,
    root: Annotated[Path, typer.Option("--root", help="The folder that holds assignments/ and solutions/.")] = Path(),
) -> None:
    """Print what a teacher plans with: objectives, minutes, misconceptions, and three quiz questions an assignment."""
    from gradlings.authoring.assignment import find_assignments
    from gradlings.authoring.outline.chapter_parts import parts_by_exercise
    from gradlings.authoring.outline.course_outline import outline_of
    from gradlings.authoring.outline.page import page
    from gradlings.authoring.outline.quiz import questions

    chapter = root / "docs" / "chapter.md"
    parts = parts_by_exercise(chapter.read_text(encoding="utf-8") if chapter.is_file() else "")
    assignments = find_assignments(root.resolve(), tuple(ids or ()))
    outlines = [outline_of(each, parts, questions(each)) for each in assignments]
    if as_json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(outlines), indent=1).decode())
    else:
        typer.echo(page(outlines), nl=False)
