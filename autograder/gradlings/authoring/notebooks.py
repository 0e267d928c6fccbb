"""Write notebooks from the source of an assignment: the student's own, and the one that nbgrader releases.

Both hold the same cells under the same ids, so that a build gives the same bytes every time. After each exercise comes
a cell that checks it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nbformat

from gradlings.authoring.source import SourceFile, function_of, student_cells
from gradlings.model.cell_ids import grade_id
from gradlings.model.exercise import Exercise

_NBGRADER_SCHEMA_VERSION = 3


def stub_notebook(source: SourceFile, exercises: tuple[Exercise, ...]) -> str:
    """Return the student's notebook as JSON."""
    cells = list(_cells(source, exercises, student_cells(source, exercises)))
    folder = source.path.parent.name
    closing = f"That was the last one. `pytest assignments/{folder}` in a terminal shows all scores on one page."
    cells.append(nbformat.v4.new_markdown_cell(closing, id="closing"))
    return _to_json(cells)


def course_notebook(source: SourceFile, exercises: tuple[Exercise, ...]) -> str:
    """Return the notebook for `source/` of an nbgrader course: solutions between markers, nbgrader's metadata."""
    points = {grade_id(exercise.id): exercise.points for exercise in exercises}
    cells = list(_cells(source, exercises, student_cells(source, exercises, solved=True)))
    for cell in cells:
        id = cell["id"]
        if id in points:
            cell.metadata["nbgrader"] = _metadata(id, grade=True, locked=True, points=points[id])
        elif id == "check":
            cell.metadata["nbgrader"] = _metadata(id, locked=True)
        elif any(id.startswith(f"{name}-") for name in points):
            cell.metadata["nbgrader"] = _metadata(id, solution=True)
    return _to_json(cells)


def _cells(source: SourceFile, exercises: tuple[Exercise, ...], shipped: list[Any]) -> Iterator[Any]:
    """Yield the cells with their ids: `ex-3-5-manual_gradients` defines a function, `ex-3-5` checks the exercise."""
    last = {
        cell.metadata["solution"]: number for number, cell in enumerate(source.cells) if "solution" in cell.metadata
    }
    first = next(number for number, cell in enumerate(source.cells) if "exercise" in cell.metadata)
    for number, (written, cell) in enumerate(zip(source.cells, shipped, strict=True)):
        if number == first:
            yield nbformat.v4.new_markdown_cell(_ABOUT.format(exercise=exercises[0].id), id="about-check")
            yield nbformat.v4.new_code_cell("from gradlings import check", id="check")
        solution = written.metadata.get("solution")
        if solution:
            cell["id"] = f"{grade_id(solution)}-{function_of(written.source, source.path)}"
        elif "exercise" in written.metadata:
            cell["id"] = "about-" + grade_id(written.metadata["exercise"])
        else:
            cell["id"] = f"cell-{number + 1}"
        yield cell
        if solution and last[solution] == number:
            yield nbformat.v4.new_code_cell(f'check("{solution}")', id=grade_id(solution))


_ABOUT = """After each exercise there is a cell such as `check("{exercise}")`. Run it to see what is right, what is not,
and why. It looks at what you have defined by then: run your own cell first, and again after every change."""


def _metadata(id: str, **flags: Any) -> dict[str, Any]:
    defaults = {
        "grade": False,
        "grade_id": id,
        "locked": False,
        "schema_version": _NBGRADER_SCHEMA_VERSION,
        "solution": False,
        "task": False,
    }
    return defaults | flags


def _to_json(cells: list[Any]) -> str:
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook = nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}}
    )
    nbformat.validate(notebook)
    return f"{nbformat.writes(notebook)}\n"
