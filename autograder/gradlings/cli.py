"""The `gradlings` command: its subcommands, gathered from the rooms that they belong to.

They are imported when the command runs, not with this module: a judge's process imports the main module of the process
that started it, which is this one, and needs none of them.
"""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from gradlings.model.errors import InputError

if TYPE_CHECKING:
    import typer

_EXTRAS = {
    "jupytext": "author",
    "nbformat": "author",
    "nbgrader": "class",
    "sqlalchemy": "class",
    "yaml": "class",
}
"""What a student's install leaves out: the extra of gradlings that brings a package."""


def main() -> None:
    """Run the command line; bad input is one clear sentence and exit code 2, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that lacks a character shows "?" instead of failing
    try:
        _app()()
    except InputError as error:
        from rich.console import Console

        Console(stderr=True, highlight=False, markup=False).print(f"gradlings: {error}", soft_wrap=True)
        sys.exit(2)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRAS:
            raise
        needed = f"This needs {package}, which is not installed: pip install 'gradlings[{_EXTRAS[package]}]'"
        print(f"gradlings: {needed}", file=sys.stderr)
        sys.exit(2)


def _app() -> "typer.Typer":
    import typer

    from gradlings import __version__
    from gradlings.authoring.commands import build, course, verify
    from gradlings.authoring.new.commands import new
    from gradlings.authoring.outline.commands import outline
    from gradlings.grading.command import grade
    from gradlings.grading.export.command import export
    from gradlings.grading.marks.command import marks
    from gradlings.grading.platforms.commands import github, gradescope
    from gradlings.learning.exercise_commands import hint, reset, solution, try_call, watch
    from gradlings.learning.kit_commands import init, list_exercises, progress, update, where_am_i
    from gradlings.reports.command import report, with_class_page
    from gradlings.reports.similarity.command import similarity

    app = typer.Typer(pretty_exceptions_enable=False)

    def show_version(asked: bool) -> None:
        if asked:
            typer.echo(f"gradlings {__version__}")
            raise typer.Exit

    @app.callback(invoke_without_command=True)
    def no_command(
        context: typer.Context,
        version: Annotated[
            bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and exit.")
        ] = False,
    ) -> None:
        """Auto-graded exercises that teach the basics of LLMs in PyTorch. Alone: where you are and what to do next."""
        if context.invoked_subcommand is None:
            where_am_i(Path())

    learner: dict[str, Callable[..., None]] = {"init": init, "watch": watch, "list": list_exercises, "hint": hint}
    learner |= {"update": update, "try": try_call, "solution": solution, "reset": reset, "progress": progress}
    instructor: dict[str, Callable[..., None]] = {"build": build, "verify": verify, "course": course}
    instructor["outline"] = outline
    instructor |= {"grade": with_class_page(grade), "marks": marks, "export": export, "report": report}
    instructor |= {"similarity": similarity, "gradescope": gradescope, "github": github}
    for panel, commands in (("For learners", learner), ("For instructors", instructor)):
        for name, command in commands.items():
            app.command(name, rich_help_panel=panel)(command)
    app.add_typer(new, name="new", rich_help_panel="For instructors")
    return app


if __name__ == "__main__":
    main()
