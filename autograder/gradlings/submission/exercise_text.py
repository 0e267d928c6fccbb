"""The texts of an exercise: its prose, what is told once it is solved, and the code of answers. Nothing is executed."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gradlings.model.errors import InputError
from gradlings.submission import shipped_kit
from gradlings.submission.cells import decode, module_cells, notebook_sources

SOLVED = "solved.md"
"""The file of an assignment with what is told of its exercises once they are solved."""

_MAX_VARIANTS = 2
"""Of a function; more would be a list to scroll through."""

_MARKS = re.compile(r"^\s*### (BEGIN|END) SOLUTION\s*$")


@dataclass(frozen=True)
class Answer:
    """An answer of an exercise."""

    name: str
    """What sets it apart."""
    code: str


@dataclass(frozen=True)
class Prose:
    """An exercise's title and its text in Markdown, without the heading."""

    title: str
    text: str


def exercise_prose(folder: Path, source_name: str, exercise: str) -> Prose:
    """Return an exercise's text from the assignment's module or notebook, else from the kit that ships; else empty."""
    heading = re.compile(rf"^#+ {re.escape(exercise)}\s+(.*)$")
    for path in _files(folder, source_name):
        for text in _markdown(path):
            first, _, rest = text.strip().partition("\n")
            found = heading.match(first)
            if found:
                return Prose(found[1].strip(), rest.strip())
    return Prose("", "")


def _files(folder: Path, source_name: str) -> Iterator[Path]:
    yield folder / f"{source_name}.py"
    yield folder / f"{source_name}.ipynb"
    with contextlib.suppress(InputError):
        yield shipped_kit.assignments() / folder.name / f"{source_name}.py"


def _markdown(path: Path) -> Iterator[str]:
    with contextlib.suppress(OSError, ValueError):  # it is not there, or a damaged notebook
        text = decode(path.read_bytes())
        if path.suffix == ".ipynb":
            yield from (source for _, source in notebook_sources(text, "markdown"))
            return
        for cell in module_cells(text, str(path)):
            marker, _, body = cell.source.partition("\n")
            if "[markdown]" in marker:
                yield "\n".join(line.removeprefix("#").removeprefix(" ") for line in body.split("\n"))


def solved_texts(folder: Path) -> dict[str, str]:
    """Return what is told of the exercises of an assignment's folder once they are solved, in Markdown, by id.

    There may be nothing: it need not be written, and an nbgrader course does not release it.
    """
    try:
        page = decode((folder / SOLVED).read_bytes())
    except (OSError, ValueError):
        return {}
    sections = [section.partition("\n") for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]]
    return {id.strip(): text.strip() for id, _, text in sections}


def answers(root: Path, assignment: str, source_name: str, exercise: str) -> tuple[Answer, ...]:
    """Return the solution of an exercise and two variants of each of its functions, where they are installed.

    Raises:
        InputError: there is no solution.
    """
    solution = Answer("One solution", solution_code(root, assignment, source_name, exercise))
    return (solution, *_variants(root, assignment, exercise))


def _variants(root: Path, assignment: str, exercise: str) -> Iterator[Answer]:
    for folder in _solutions(root):
        path = folder / assignment / "variants.py"
        if path.is_file():
            text = decode(path.read_bytes())
            found = [entry for entry in _entries(text) if entry[0] == exercise]
            for function in dict.fromkeys(node.name for _, _, node in found):
                own = [(name, node) for _, name, node in found if node.name == function]
                for name, node in own[:_MAX_VARIANTS]:
                    yield Answer(f"Another one: {name}", ast.get_source_segment(text, node) or "")
            return


def _entries(text: str) -> Iterator[tuple[str, str, ast.FunctionDef]]:
    """Yield exercise, name and function of each entry of a catalogue."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                match decorator:
                    case ast.Call(args=[ast.Constant(value=str(exercise)), ast.Constant(value=str(name)), *_]):
                        yield exercise, name, node


def solution_code(root: Path, assignment: str, source_name: str, exercise: str) -> str:
    """Return the code that solves an exercise: from the kit's own `solutions/`, else from those that ship.

    Raises:
        InputError: there is no solution.
    """
    marker = re.compile(rf'^# %% .*\bsolution="{re.escape(exercise)}"')
    for folder in _solutions(root):
        path = folder / assignment / f"{source_name}.py"
        if path.is_file():
            text = decode(path.read_bytes())
            found = [cell.source for cell in module_cells(text, str(path)) if marker.match(cell.source)]
            if found:
                cells = [_without_docstrings(source.partition("\n")[2].strip()) for source in found]
                return without_marks("\n\n".join(cells))
    raise InputError(f"There is no solution of exercise {exercise} in {root / 'solutions'}.")


def without_marks(code: str) -> str:
    """Return code without the marks around its solutions."""
    return "\n".join(line for line in code.split("\n") if not _MARKS.match(line))


def _solutions(root: Path) -> Iterator[Path]:
    yield root / "solutions"
    yield shipped_kit.solutions()


def _without_docstrings(code: str) -> str:
    removed: set[int] = set()  # line numbers
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            text = node.body[0]
            removed.update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return "\n".join(line for number, line in enumerate(code.split("\n"), 1) if number not in removed)
