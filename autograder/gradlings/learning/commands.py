"""The commands for self-learners: `gradlings` alone, `init`, `watch`, `hint` and `progress`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gradlings.model.errors import InputError
from gradlings.submission.reader import shown

_MAX_KEPT_NAMES = 12

Kit = Annotated[Path, typer.Option("--root", help="A folder in the kit; the nearest one with assignments/ counts.")]


def where_am_i(root: Path) -> None:
    """Show where you are in the kit around a folder and what to do next; without a kit, how to get one."""
    from gradlings.learning.curriculum import find_root, read_curriculum
    from gradlings.learning.views.overview import overview
    from gradlings.rendering.terminal import can_show

    console = Console(highlight=False, markup=False, emoji=False)
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
) -> None:
    """Write the exercises into a folder. Files that you edited are kept."""
    from gradlings.learning.init_kit import write_kit

    result = write_kit(folder, solutions=solutions)
    console = Console(highlight=False, markup=False, emoji=False)
    here = folder.resolve() == Path.cwd()
    name = "this folder" if here else shown(folder)
    if result.kept:
        console.print(f"kept, because you edited {'it' if len(result.kept) == 1 else 'them'}:", soft_wrap=True)
        for path in result.kept[:_MAX_KEPT_NAMES]:
            console.print(f"  {path}", soft_wrap=True)
        if len(result.kept) > _MAX_KEPT_NAMES:
            console.print(f"  and {len(result.kept) - _MAX_KEPT_NAMES} more")
    if result.updated:
        console.print(f"brought up to date: {_files(len(result.updated))}")
    if not (result.written or result.updated):
        console.print(f"The kit in {name} is up to date.", soft_wrap=True)
    elif result.written:
        console.print(f"The kit is in {name}: {_files(len(result.written), 'new ')}.", soft_wrap=True)
    steps = {} if here else {f"cd {shown(folder)}": ""}
    steps |= {
        "pytest assignments/01": "what is right so far",
        "gradlings watch": "the next exercise, checked on every save",
    }
    width = max(map(len, steps))
    console.print()
    for command, meaning in steps.items():
        console.print(f"  {command:<{width}}  {meaning}".rstrip(), soft_wrap=True)


def _files(count: int, kind: str = "") -> str:
    return f"{count} {kind}file{'s' if count != 1 else ''}"


def watch(
    wanted: Annotated[str, typer.Argument(metavar="[NN or EXERCISE]", help="Where to start, e.g. 03 or 3.5.")] = "",
    root: Annotated[Path, typer.Option("--root", help="The kit; the one around this folder if not given.")] = Path(),
    plain: Annotated[bool, typer.Option("--plain", help="Print line after line; no screen of its own.")] = False,
) -> None:
    """Show the next exercise and check it on every save."""
    from gradlings.learning.watch.loop import watch as watch_kit

    watch_kit(root, wanted, plain=plain)


def hint(
    exercise: Annotated[str, typer.Argument(help="The exercise, e.g. 3.5.")],
    level: Annotated[int | None, typer.Option(min=1, max=3, help="1 nudge, 2 formula, 3 plan.")] = None,
    root: Kit = Path(),
) -> None:
    """Show a hint: the one that fits your last misconception, else the next step. Never the solution.

    Once the exercise is right, show why it works and where it leads.
    """
    from gradlings.learning.curriculum import find_root
    from gradlings.learning.views.hint import hint_lines, solved_lines
    from gradlings.progress.hints import ladder_hint, next_hint, text_once_solved
    from gradlings.progress.record import read_history, record_hint
    from gradlings.rendering.terminal import can_show

    kit = find_root(root)
    history = read_history(kit)
    solved = "" if level else text_once_solved(kit, exercise, history)
    if solved:
        console = Console(highlight=False, markup=False, emoji=False)
        for line in solved_lines(exercise, solved, plain=not can_show(console.encoding)):
            console.print(line)
        return
    chosen = ladder_hint(kit, exercise, level) if level else next_hint(kit, exercise, history)
    misconception = chosen.misconception.id if chosen.misconception else ""
    unrecorded = record_hint(kit, exercise, level=chosen.level, misconception=misconception)
    console = Console(highlight=False, markup=False, emoji=False)
    for line in hint_lines(chosen, remembered=not unrecorded, plain=not can_show(console.encoding)):
        console.print(line)
    for problem in filter(None, (history.problem, unrecorded)):
        console.print(problem, style="yellow")


def progress(
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with pictures to this file.")] = None,
    root: Kit = Path(),
) -> None:
    """Show points, attempts, and misconceptions met and overcome; --html makes a page of it."""
    from gradlings.learning.curriculum import find_root, read_curriculum
    from gradlings.learning.views.progress_table import progress_parts
    from gradlings.rendering.terminal import can_show

    curriculum = read_curriculum(find_root(root))
    console = Console(highlight=False, markup=False, emoji=False)
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
