"""The commands about a whole kit: `gradlings` alone, `init`, `update`, `list` and `progress`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradlings.model.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from gradlings.learning.kit_update import KitResult

Kit = Annotated[Path, typer.Option("--root", help="A folder in the kit; the nearest one with assignments/ counts.")]


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def where_am_i(root: Path) -> None:
    """Show where you are in the kit around a folder and what to do next; without a kit, how to get one."""
    from gradlings.learning.curriculum import find_root, read_curriculum
    from gradlings.learning.views.overview import overview
    from gradlings.rendering.terminal import can_show

    console = _console()
    try:
        kit = find_root(root)
    except InputError:
        console.print("Auto-graded exercises that teach the basics of LLMs in PyTorch.\n")
        console.print("There is no kit in this folder. Make one:\n")
        console.print("  gradlings init my-kit\n  cd my-kit\n  gradlings watch\n", style="cyan")
        console.print("All commands: gradlings --help", style="dim")
        return
    for line in overview(read_curriculum(kit), plain=not can_show(console.encoding)):
        console.print(line, soft_wrap=True)


def init(
    folder: Annotated[Path, typer.Argument(help="Where; it is made if it is not there.")] = Path(),
    solutions: Annotated[bool, typer.Option("--solutions", help="Write the answers, too.")] = False,
    path: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Only the exercises of a path (core) are to be done, the others given; or all."
        ),
    ] = "",
) -> None:
    """Write the exercises into a folder. Files that you edited are kept."""
    from gradlings.learning.init_kit import write_kit
    from gradlings.learning.views.update_lines import name_lines
    from gradlings.model.text import counted
    from gradlings.rendering.terminal import padded, width_of
    from gradlings.submission.reader import shown

    result = write_kit(folder, solutions=solutions, path=path)
    console = _console()
    here = folder.resolve() == Path.cwd()
    name = "this folder" if here else shown(folder)
    if result.kept:
        console.print(f"kept, because you edited {'it' if len(result.kept) == 1 else 'them'}:", soft_wrap=True)
        for line in name_lines(result.kept):
            console.print(line, soft_wrap=True)
    _say_what_changed(console, result)
    if not (result.written or result.updated):
        console.print(f"The kit in {name} is up to date.", soft_wrap=True)
    elif result.written:
        console.print(f"The kit is in {name}: {counted(len(result.written), 'new file')}.", soft_wrap=True)
    if result.path:
        to_do = counted(len(result.path.exercises), "exercise")
        console.print(
            f"Its path is {result.path.name}: {to_do} to do; of all others the code is given.", soft_wrap=True
        )
    steps = {} if here else {f"cd {shown(folder)}": ""}
    steps |= {
        "pytest assignments/01": "what is right so far",
        "gradlings watch": "the next exercise, checked on every save",
    }
    width = width_of(steps)
    console.print()
    for command, meaning in steps.items():
        console.print(f"  {padded(command, width)}  {meaning}".rstrip(), soft_wrap=True)


def update(root: Kit = Path()) -> None:
    """Bring your kit up to date with the installed gradlings. What you wrote stays, and so does your progress."""
    from gradlings import __version__
    from gradlings.learning.curriculum import find_root
    from gradlings.learning.init_kit import update_kit
    from gradlings.model.text import counted

    result = update_kit(find_root(root))
    console = _console()
    before = result.before.gradlings
    version = f"gradlings {__version__}" + (f" (the kit was at {before})" if before not in ("", __version__) else "")
    if not (result.changes or result.written or result.updated or result.beside):
        console.print(f"The kit is up to date with {version}.")
        return
    console.print(f"The kit is now that of {version}.\n", soft_wrap=True)
    _say_what_changed(console, result)
    if result.written:
        console.print(f"new: {counted(len(result.written), 'file')}")
    console.print("What you wrote and your progress are as they were.", style="dim")
    if any(name.endswith(".ipynb") for name in (*result.updated, *result.kept)):
        console.print("Where a notebook is open, reload it from disk before you save it.", style="dim")


def _say_what_changed(console: Console, result: KitResult) -> None:
    from gradlings.learning.views.update_lines import change_lines, name_lines
    from gradlings.model.text import counted

    for change in change_lines(result.changes):
        console.print(change, soft_wrap=True)
    if result.updated:
        console.print(f"brought up to date: {counted(len(result.updated), 'file')}")
    if result.beside:
        console.print("beside the files that you edited, for you to compare:")
        for line in name_lines(result.beside):
            console.print(line, soft_wrap=True)


def list_exercises(
    assignment: Annotated[str, typer.Argument(metavar="[NN]", help="An assignment, e.g. 03; all if none.")] = "",
    root: Kit = Path(),
) -> None:
    """List the exercises, with points and attempts."""
    from gradlings.learning.curriculum import find_root, read_curriculum
    from gradlings.learning.views.exercise_list import exercise_list

    curriculum = read_curriculum(find_root(root))
    wanted = [assignment.zfill(2)] if assignment else list(curriculum.titles)
    if wanted[0] not in curriculum.titles:
        raise InputError(f"There is no assignment {assignment}; there are {', '.join(curriculum.titles)}.")
    console = _console()
    for line in exercise_list(curriculum, wanted):
        console.print(line, soft_wrap=True)


def progress(
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with pictures to this file.")] = None,
    path: Annotated[str, typer.Option(metavar="NAME", help="Count the exercises of this path only, e.g. core.")] = "",
    root: Kit = Path(),
) -> None:
    """Show points, attempts, and misconceptions met and overcome; --html makes a page of it."""
    from gradlings.learning.curriculum import find_root, read_curriculum
    from gradlings.learning.views.progress_table import progress_parts
    from gradlings.rendering.terminal import can_show

    curriculum = read_curriculum(find_root(root), path)
    console = _console()
    if curriculum.history.problem:
        console.print(curriculum.history.problem, style="yellow")
    if html is not None:
        from gradlings.learning.views.progress_page import progress_page

        page = progress_page(curriculum)
        try:
            html.write_text(page, encoding="utf-8", newline="\n")
        except OSError as error:
            raise InputError(f"{html} cannot be written ({error.strerror}). Name another file.") from None
        console.print(f"written: {html}", soft_wrap=True)
        return
    plain = not can_show(console.encoding) or console.is_dumb_terminal
    for part in progress_parts(curriculum, plain=plain):
        console.print(part)
    if not curriculum.history.attempts:
        console.print("Nothing is checked yet: run pytest assignments/01 after your first exercise.")
