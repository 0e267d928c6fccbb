"""The `gradlings` command: its subcommands, gathered from the rooms that they belong to.

They are imported when the command runs, not with this module: a judge's process imports the main module of the process
that started it, which is this one, and needs none of them. And each is built when it is called: `gradlings hint` need
not wait for the options of `gradlings grade`.
"""

import inspect
import io
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from gradlings.model.errors import InputError

if TYPE_CHECKING:
    import typer

_COMMANDS = {
    "For learners": {
        "init": "learning.kit_commands:init",
        "update": "learning.kit_commands:update",
        "watch": "learning.exercise_commands:watch",
        "list": "learning.kit_commands:list_exercises",
        "hint": "learning.exercise_commands:hint",
        "try": "learning.exercise_commands:try_call",
        "solution": "learning.exercise_commands:solution",
        "reset": "learning.exercise_commands:reset",
        "progress": "learning.kit_commands:progress",
    },
    "For instructors": {
        "grade": "reports.command:grade_and_report",
        "marks": "grading.marks.command:marks",
        "export": "grading.export.command:export",
        "report": "reports.command:report",
        "similarity": "reports.similarity.command:similarity",
        "course": "authoring.commands:course",
        "gradescope": "grading.platforms.commands:gradescope",
        "github": "grading.platforms.commands:github",
        "outline": "authoring.outline.commands:outline",
    },
    "For authors": {
        "new": "authoring.new.commands:new",
        "build": "authoring.commands:build",
        "verify": "authoring.commands:verify",
    },
}
"""For whom, the names of the commands, and the module and the name of what each one runs."""

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
        from gradlings.submission.shipped_kit import in_a_clone

        needed = f"This needs {package}, which is not installed: {in_a_clone(f'.[{_EXTRAS[package]}]')}"
        print(f"gradlings: {needed}", file=sys.stderr)
        sys.exit(2)


def _app() -> "typer.Typer":
    import typer
    from typer.core import TyperCommand, TyperGroup

    from gradlings import __version__

    def built(place: str) -> Any:
        found = _found(place)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False, rich_markup_mode=None)
            alone.command()(found)
            found = alone
        return typer.main.get_command(found)

    class Commands(TyperGroup):
        """The commands by their names; the signatures are click's, which typer brings along under changing names."""

        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            self._places = {name: place for panel in _COMMANDS.values() for name, place in panel.items()}
            self.commands = {name: TyperCommand(name) for name in self._places}

        def get_command(self, _: Any, name: str) -> Any:
            if name in self._places:
                self.commands[name] = built(self._places.pop(name))
                self.commands[name].name = name
            return self.commands.get(name)

        def format_commands(self, _: Any, formatter: Any) -> None:
            for panel, commands in _COMMANDS.items():
                with formatter.section(panel):
                    formatter.write_dl(list(_described(commands)))

    # Rich's help pages take longer than all else that `gradlings --help` does, and have boxes around every option
    app = typer.Typer(cls=Commands, pretty_exceptions_enable=False, rich_markup_mode=None)

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
            from gradlings.learning.kit_commands import where_am_i

            where_am_i(Path())

    return app


def _found(place: str) -> Any:
    """Import what a command runs: a function, or an app that has commands of its own."""
    module, _, name = place.partition(":")
    return getattr(import_module(f"gradlings.{module}"), name)


def _described(commands: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the names of commands and what each one does, from the first paragraph of its docstring."""
    for name, place in commands.items():
        found = _found(place)
        text = inspect.getdoc(found) if inspect.isfunction(found) else found.info.help
        yield name, " ".join((text or "").partition("\n\n")[0].split())


if __name__ == "__main__":
    main()
