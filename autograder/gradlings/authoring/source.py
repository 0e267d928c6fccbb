"""Read the single source of an assignment, and derive stub module and hints from it.

The source is a Python module in jupytext's percent format. Cell options say what a cell is:

    # %% [markdown] exercise="3.5"     prose of an exercise; its first line is the heading
    # %% [markdown] exercise="3.5" objective="Derive ..."  also what a student can do afterwards, for teachers
    # %% solution="3.5"                one function, its body between ### BEGIN SOLUTION and ### END SOLUTION
    # %% [markdown] hints="3.5"        the hint ladder: a numbered list of three
    # %% [markdown] solved="3.5"       what is told once it is solved (`solved_cells.py`); may be left out
    # %% [markdown] picture="below"    prose; in the notebook, a cell below it draws the assignment's picture
    # %% [markdown] total_points="30"  in the first cell: how many points the assignment has, if not 100

Every other cell is shipped as it is.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from gradlings.authoring.solved_cells import solved_text
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise, all_exercises
from gradlings.model.rule_table import RULES
from gradlings.runners.final_picture.draw import MODULE as PICTURE

_REGION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION\n?", re.MULTILINE | re.DOTALL)
_OPTIONS = {"exercise", "objective", "solution", "hints", "solved", "picture", "total_points"}
_HINT_STEPS = 3
_DEFAULT_TOTAL_POINTS = 100
_MAX_LINE_CHARS = 118
"""Of a line of prose, without the comment sign in front of it."""


@dataclass(frozen=True)
class SourceFile:
    """A parsed source with its checks: the cells students get, with solutions still in them, and what is told later."""

    path: Path
    title: str
    cells: tuple[Any, ...]
    hints: Mapping[str, tuple[str, ...]]
    solved: Mapping[str, str]
    """What is told of an exercise once it is solved, by its id."""
    total_points: int
    """How many points the exercises of the assignment must have together."""
    checks_file: Path
    exercises: tuple[Exercise, ...]

    @property
    def text(self) -> str:
        """The unchanged text of the file, which is the solution as a submission."""
        return self.path.read_text(encoding="utf-8")

    def solution_of(self, exercise: str) -> str:
        """Return the solution regions of an exercise: the lines that students do not get."""
        cells = (cell.source for cell in self.cells if cell.metadata.get("solution") == exercise)
        return "\n".join(region.group() for cell in cells for region in _REGION.finditer(cell + "\n"))

    @property
    def has_solutions(self) -> bool:
        """Whether any cell is a solution; a warm-up has none."""
        return any("solution" in cell.metadata for cell in self.cells)


def read_source(path: Path, checks_file: Path) -> SourceFile:
    """Parse a source and validate it against the exercises that its checks declare.

    Raises:
        InputError: something is missing, doubled or unknown; the message names the file and the remedy.
    """
    if not checks_file.is_file():
        raise InputError(f"{path} has no checks: {checks_file} is missing")
    exercises = all_exercises(checks_file)
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    cells = [cell for cell in notebook.cells if cell.source.strip()]
    for cell in cells:
        unknown = set(cell.metadata) - _OPTIONS - {"lines_to_next_cell"}
        if unknown:
            raise InputError(f"{path}: unknown cell option {sorted(unknown)}; known are {sorted(_OPTIONS)}")
    ids = {exercise.id for exercise in exercises}
    hints = {id: _ladder(text, path) for id, text in _told(cells, "hints", ids, path).items()}
    solved = {id: solved_text(text, path, id) for id, text in _told(cells, "solved", ids, path).items()}
    shipped = tuple(cell for cell in cells if not {"hints", "solved"} & set(cell.metadata))
    title, points = _title(path, shipped), _total_points(path, shipped)
    source = SourceFile(path, title, shipped, hints, solved, points, checks_file, exercises)
    if source.has_solutions:
        _validate(source)
    return source


def _told(cells: list[Any], option: str, ids: set[str], path: Path) -> dict[str, str]:
    """Return the text of the cells with an option by their exercise."""
    found: dict[str, str] = {}
    for cell in cells:
        if option in cell.metadata:
            id = cell.metadata[option]
            if id in found or id not in ids:
                raise InputError(f"{path}: {option} for exercise {id} twice, or for an exercise that no check declares")
            found[id] = cell.source
    return found


def _title(path: Path, cells: tuple[Any, ...]) -> str:
    for cell in cells:
        if cell.cell_type == "markdown" and cell.source.startswith("# "):
            heading: str = cell.source.splitlines()[0].removeprefix("# ").strip()
            return heading.removeprefix(path.parent.name).strip()
    raise InputError(f"{path}: the first markdown cell must start with a heading, `# # {path.parent.name} Title`")


def _total_points(path: Path, cells: tuple[Any, ...]) -> int:
    declared = [cell.metadata["total_points"] for cell in cells if "total_points" in cell.metadata]
    if len(declared) > 1 or not all(str(points).isdecimal() for points in declared):
        raise InputError(f"{path}: total_points is one whole number in one cell, not {declared}")
    return int(declared[0]) if declared else _DEFAULT_TOTAL_POINTS


def _ladder(text: str, path: Path) -> tuple[str, ...]:
    steps = [step.strip() for step in re.split(r"^\d+\. ", text, flags=re.MULTILINE) if step.strip()]
    if len(steps) != _HINT_STEPS:
        raise InputError(
            f"{path}: a hint ladder has {_HINT_STEPS} numbered steps, this one has {len(steps)}: {text[:60]}"
        )
    return tuple(steps)


def _validate(source: SourceFile) -> None:
    for exercise in source.exercises:
        prose = [cell.source for cell in source.cells if cell.metadata.get("exercise") == exercise.id]
        solutions = [cell.source for cell in source.cells if cell.metadata.get("solution") == exercise.id]
        written = [function_of(code, source.path) for code in solutions]
        where = f"{source.path}: exercise {exercise.id}"
        if len(prose) != 1 or not prose[0].startswith(f"## {exercise.id} "):
            raise InputError(f"{where} needs one prose cell headed `## {exercise.id} ...`")
        if sorted(written) != sorted(exercise.functions):
            raise InputError(f"{where} declares {list(exercise.functions)}, its solution cells define {written}")
        if exercise.id not in source.hints:
            raise InputError(f"{where} has no hints cell")
    declared = {exercise.id for exercise in source.exercises}
    for cell in source.cells:
        drawing = source.checks_file.with_name(PICTURE)
        if "picture" in cell.metadata and not drawing.is_file():
            raise InputError(f"{source.path}: picture=... needs {drawing}, which draws it. Write it, or take it out.")
        if "objective" in cell.metadata and "exercise" not in cell.metadata:
            raise InputError(f'{source.path}: objective="{cell.metadata["objective"]}" belongs beside exercise="..."')
        for option in ("exercise", "solution"):
            if option in cell.metadata and cell.metadata[option] not in declared:
                raise InputError(f"{source.path}: no check declares exercise {cell.metadata[option]}")


def function_of(code: str, path: Path) -> str:
    """Return the name of the one function that a solution cell defines.

    Raises:
        InputError: the cell is not Python, or does not hold one function with one solution region.
    """
    try:
        names = [node.name for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]
    except SyntaxError as error:
        raise InputError(f"{path}: a solution cell is not Python: {error.msg}: {(error.text or '').strip()}") from None
    if len(names) != 1 or len(_REGION.findall(code)) != 1:
        raise InputError(f"{path}: a solution cell holds one function with one solution region, this one: {names}")
    return names[0]


def stub_module(source: SourceFile) -> str:
    """Return the student's module in percent format."""
    notebook = nbformat.v4.new_notebook(cells=[student_cell(source, cell) for cell in source.cells])
    notebook.metadata["jupytext"] = {"notebook_metadata_filter": "-all", "cell_metadata_filter": "-all"}
    text: str = jupytext.writes(notebook, fmt="py:percent")
    return text


def hints_page(source: SourceFile) -> str:
    """Return all hint ladders as one Markdown page, which `gradlings hint` reads."""
    lines = [f"# Hints: {source.title}", ""]
    for exercise, ladder in source.hints.items():
        lines += [f"## {exercise}", ""] + [f"{level}. {step}" for level, step in enumerate(ladder, 1)] + [""]
    return "\n".join(lines)


def solved_page(source: SourceFile) -> str:
    """Return what is told of solved exercises as one Markdown page."""
    sections = [f"## {exercise}\n\n{text}\n" for exercise, text in source.solved.items()]
    return "\n".join([f"# Once it is right: {source.title}\n", *sections])


def student_cell(source: SourceFile, cell: Any, *, solved: bool = False) -> Any:
    """Return the notebook cell for a cell of the source: a stub, or with `solved` the solution and its markers."""
    text, options = cell.source, cell.metadata
    if cell.cell_type == "markdown":
        if "exercise" in options:
            by_id = {exercise.id: exercise for exercise in source.exercises}
            text = _with_facts(text, by_id[options["exercise"]])
        return nbformat.v4.new_markdown_cell(text)
    if "solution" in options and not solved:
        text = _as_stub(text, options["solution"], source.path)
    return nbformat.v4.new_code_cell(text)


def _as_stub(code: str, exercise: str, path: Path) -> str:
    name = function_of(code, path)
    return _REGION.sub(rf'\1raise NotImplementedError("Exercise {exercise}: {name}")' + "\n", code + "\n").rstrip()


def _with_facts(text: str, exercise: Exercise) -> str:
    """Add what the checks declare under the heading: points, time, difficulty, what is not allowed."""
    facts = f"{exercise.points} points · about {exercise.minutes} minutes · difficulty {exercise.difficulty} of 3"
    if exercise.builds_on:
        facts += f" · builds on {', '.join(exercise.builds_on)}"
    facts = f"*{facts}*"
    if exercise.forbids:
        rules = "*Not allowed here: " + "; ".join(RULES[rule].label for rule in exercise.forbids) + ".*"
        facts += "\n\n" + textwrap.fill(rules, _MAX_LINE_CHARS, break_on_hyphens=False)
    heading, _, rest = text.partition("\n")
    return f"{heading}\n\n{facts}\n\n{rest.lstrip()}"
