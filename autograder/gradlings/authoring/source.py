"""Reads the single source of an assignment, and derives stub module and hints from it.

The source is a Python module in jupytext's percent format. Cell options say what a cell is:

    # %% [markdown] exercise="3.5"     prose of an exercise; its first line is the heading
    # %% solution="3.5"                one function, its body between ### BEGIN SOLUTION and ### END SOLUTION
    # %% [markdown] hints="3.5"        the hint ladder: a numbered list of three

Every other cell is shipped as it is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise
from gradlings.model.rule_table import RULES

_REGION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION\n?", re.MULTILINE | re.DOTALL)
_OPTIONS = {"exercise", "solution", "hints"}
_LEVELS = 3


@dataclass(frozen=True)
class Source:
    """A parsed source: the cells students get, with solutions still in them, and the hints."""

    path: Path
    title: str
    cells: tuple[Any, ...]
    hints: Mapping[str, tuple[str, ...]]

    @property
    def text(self) -> str:
        """The source as it stands: the solution as a submission."""
        return self.path.read_text(encoding="utf-8")

    def solution_of(self, exercise: str) -> str:
        """The lines that students do not get."""
        cells = (cell.source for cell in self.cells if cell.metadata.get("solution") == exercise)
        return "\n".join(region.group() for cell in cells for region in _REGION.finditer(cell + "\n"))

    @property
    def has_solutions(self) -> bool:
        return any("solution" in cell.metadata for cell in self.cells)


def read_source(path: Path, exercises: tuple[Exercise, ...]) -> Source:
    """Parses and validates a source against the exercises its checks declare.

    Raises:
        InputError: something is missing, doubled or unknown; the message names the file and the remedy.
    """
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    cells = [cell for cell in notebook.cells if cell.source.strip()]
    for cell in cells:
        unknown = set(cell.metadata) - _OPTIONS - {"lines_to_next_cell"}
        if unknown:
            raise InputError(f"{path}: unknown cell option {sorted(unknown)}; known are {sorted(_OPTIONS)}")
    hints: dict[str, tuple[str, ...]] = {}
    for cell in cells:
        if "hints" in cell.metadata:
            id = cell.metadata["hints"]
            if id in hints or id not in {exercise.id for exercise in exercises}:
                raise InputError(f"{path}: hints for exercise {id} twice, or for an exercise that no check declares")
            hints[id] = _ladder(cell.source, path)
    shipped = tuple(cell for cell in cells if "hints" not in cell.metadata)
    source = Source(path, _title(path, shipped), shipped, hints)
    if source.has_solutions:
        _validate(source, exercises)
    return source


def _title(path: Path, cells: tuple[Any, ...]) -> str:
    for cell in cells:
        if cell.cell_type == "markdown" and cell.source.startswith("# "):
            heading = cell.source.splitlines()[0].removeprefix("# ").strip()
            return heading.removeprefix(path.parent.name).strip()
    raise InputError(f"{path}: the first markdown cell must start with a heading, `# # {path.parent.name} Title`")


def _ladder(text: str, path: Path) -> tuple[str, ...]:
    steps = [step.strip() for step in re.split(r"^\d+\. ", text, flags=re.MULTILINE) if step.strip()]
    if len(steps) != _LEVELS:
        raise InputError(f"{path}: a hint ladder has {_LEVELS} numbered steps, this one has {len(steps)}: {text[:60]}")
    return tuple(steps)


def _validate(source: Source, exercises: tuple[Exercise, ...]) -> None:
    for exercise in exercises:
        prose = [cell for cell in source.cells if cell.metadata.get("exercise") == exercise.id]
        written = [
            name
            for cell in source.cells
            if cell.metadata.get("solution") == exercise.id
            for name in [function_of(cell.source, source.path)]
        ]
        if len(prose) != 1 or not prose[0].source.startswith(f"## {exercise.id} "):
            raise InputError(
                f"{source.path}: exercise {exercise.id} needs one prose cell headed `## {exercise.id} ...`"
            )
        if sorted(written) != sorted(exercise.functions):
            raise InputError(
                f"{source.path}: exercise {exercise.id} declares {list(exercise.functions)}, "
                f"its solution cells define {written}"
            )
        if exercise.id not in source.hints:
            raise InputError(f"{source.path}: exercise {exercise.id} has no hints cell")
    declared = {exercise.id for exercise in exercises}
    for cell in source.cells:
        for option in ("exercise", "solution"):
            if cell.metadata.get(option, next(iter(declared))) not in declared:
                raise InputError(f"{source.path}: no check declares exercise {cell.metadata[option]}")


def function_of(code: str, path: Path) -> str:
    """The one function that a solution cell defines."""
    try:
        names = [node.name for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]
    except SyntaxError as error:
        raise InputError(f"{path}: a solution cell is not Python: {error.msg}: {(error.text or '').strip()}") from None
    if len(names) != 1 or len(_REGION.findall(code)) != 1:
        raise InputError(f"{path}: a solution cell holds one function with one solution region, this one: {names}")
    return names[0]


def stub_module(source: Source, exercises: tuple[Exercise, ...]) -> str:
    """The student's module in percent format."""
    notebook = nbformat.v4.new_notebook(cells=student_cells(source, exercises))
    notebook.metadata["jupytext"] = {"notebook_metadata_filter": "-all", "cell_metadata_filter": "-all"}
    return jupytext.writes(notebook, fmt="py:percent")


def hints_page(source: Source) -> str:
    """All ladders as one Markdown page, read by `gradlings hint`."""
    lines = [f"# Hints: {source.title}", ""]
    for exercise, ladder in source.hints.items():
        lines += [f"## {exercise}", ""] + [f"{level}. {step}" for level, step in enumerate(ladder, 1)] + [""]
    return "\n".join(lines)


def student_cells(source: Source, exercises: tuple[Exercise, ...], *, solved: bool = False) -> list[Any]:
    """The cells of a notebook or module, one for each of the source's: stubs, or solutions with their markers."""
    by_id = {exercise.id: exercise for exercise in exercises}
    cells = []
    for cell in source.cells:
        if cell.cell_type == "markdown":
            text = cell.source
            if "exercise" in cell.metadata:
                text = _with_facts(text, by_id[cell.metadata["exercise"]])
            cells.append(nbformat.v4.new_markdown_cell(text))
        else:
            text = cell.source
            if "solution" in cell.metadata and not solved:
                text = _as_stub(text, cell.metadata["solution"], source.path)
            cells.append(nbformat.v4.new_code_cell(text))
    return cells


def _as_stub(code: str, exercise: str, path: Path) -> str:
    name = function_of(code, path)
    return _REGION.sub(rf'\1raise NotImplementedError("Exercise {exercise}: {name}")' + "\n", code + "\n").rstrip()


def _with_facts(text: str, exercise: Exercise) -> str:
    """The prose with what its checks declare under the heading: points, time, difficulty, what is not allowed."""
    facts = [
        f"{exercise.points} points",
        f"about {exercise.minutes} minutes",
        f"difficulty {exercise.difficulty} of 3",
    ]
    if exercise.builds_on:
        facts.append("builds on " + ", ".join(exercise.builds_on))
    line = f"*{' · '.join(facts)}*"
    if exercise.forbids:
        line += "\n\n*Not allowed here: " + "; ".join(RULES[rule].label for rule in exercise.forbids) + ".*"
    heading, _, rest = text.partition("\n")
    return f"{heading}\n\n{line}\n\n{rest.lstrip()}"
