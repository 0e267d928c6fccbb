"""Write notebooks from the source of an assignment: the student's own, and the one that nbgrader releases.

Both hold the same cells under the same ids, so that a build gives the same bytes every time. After each exercise comes
a cell that checks it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from typing import Any

import nbformat

from gradlings.authoring.source import SourceFile, function_of, student_cell
from gradlings.model.exercise import grade_id
from gradlings.submission.exercise_text import without_marks
from gradlings.submission.given.named_paths import NamedPath
from gradlings.submission.given.on_path import prose_on_path

_NBGRADER_SCHEMA_VERSION = 3
_IMPORT = "from gradlings import check, hint, try_call"
# once gradlings is on PyPI: `%pip install --quiet gradlings`, and no sentence before it
_INSTALL = f"""try:
    {_IMPORT}
except ModuleNotFoundError:  # in Colab or Kaggle, say
    print("gradlings is not on PyPI yet. If gradlings-*.whl lies beside this notebook, it is installed from there now;")
    print("if not, ask your teacher for it, or make it (`pip wheel --no-deps CLONE`); upload it, and run this again.")
    %pip install --quiet ./gradlings-*.whl
    {_IMPORT}"""
_ON_GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")
_BADGE = "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
_ABOUT = """After each exercise there is a cell such as `check("{exercise}")`. Run it to see what is right, what is not,
and why. It looks at what you have defined by then: run your own cell first, and again after every change.

`check()` checks all exercises, `hint("{exercise}")` gives a hint, and `try_call("{exercise}")` makes a cell of the call
that fails."""


def stub_notebook(source: SourceFile) -> str:
    """Return the student's notebook as JSON. Its first cell of code installs gradlings where it is missing."""
    folder = source.path.parent.name
    closing = f"That was the last one. `pytest assignments/{folder}` in a terminal shows all scores on one page."
    badge = [nbformat.v4.new_markdown_cell(text, id="colab")] if (text := _badge(source)) else []
    cells = _cells(source, solved=False, first=_INSTALL)
    return _to_json([*badge, *cells, nbformat.v4.new_markdown_cell(closing, id="closing")])


def _badge(source: SourceFile) -> str:
    """Return what opens the notebook in Colab, if `[project.urls]` of the kit says that it is on GitHub; else ""."""
    *_, root = source.path.resolve().parents[:3]
    try:
        settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        repository = _ON_GITHUB.fullmatch(str(settings["project"]["urls"]["Repository"]))
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    path = f"assignments/{source.path.parent.name}/{source.path.stem}.ipynb"
    return f"{_BADGE}(https://colab.research.google.com/github/{repository[1]}/blob/main/{path})" if repository else ""


def course_notebook(source: SourceFile, path: NamedPath | None = None) -> str:
    """Return the notebook for `source/` of an nbgrader course: solutions between markers, nbgrader's metadata.

    What is not on the path is given: its code has no markers, its cells are locked, and nothing checks them.
    """
    asked = path.exercises if path else tuple(exercise.id for exercise in source.exercises)
    points = {grade_id(exercise.id): exercise.points for exercise in source.exercises if exercise.id in asked}
    given = [grade_id(exercise.id) for exercise in source.exercises if exercise.id not in asked]
    cells = [cell for cell in _cells(source, solved=True, first=_IMPORT, asked=asked) if cell["id"] not in given]
    for cell in cells:
        id = cell["id"]
        if id in points:
            cell.metadata["nbgrader"] = _metadata(id, grade=True, locked=True, points=points[id])
        elif id == "check":
            cell.metadata["nbgrader"] = _metadata(id, locked=True)
        elif path and any(id.startswith(f"{name}-") for name in given):
            cell.source = without_marks(cell.source)
            cell.metadata["nbgrader"] = _metadata(id, locked=True)
        elif path and any(id == f"about-{name}" for name in given):
            cell.source = prose_on_path(cell.source, path, asked)
        elif any(id.startswith(f"{name}-") for name in points):
            cell.metadata["nbgrader"] = _metadata(id, solution=True)
    return _to_json(cells)


def _cells(source: SourceFile, *, solved: bool, first: str, asked: Collection[str] = ()) -> Iterator[Any]:
    """Yield the cells with their ids: `ex-3-5-manual_gradients` defines a function, `ex-3-5` checks the exercise.

    `first` is the cell that imports what the others call.
    """
    example = next(exercise.id for exercise in source.exercises if not asked or exercise.id in asked)
    solutions = [cell.metadata.get("solution") for cell in source.cells]
    # before all other code: that may import what comes with gradlings
    start = next(n for n, cell in enumerate(source.cells) if cell.cell_type == "code" or "exercise" in cell.metadata)
    for number, (written, solution) in enumerate(zip(source.cells, solutions, strict=True)):
        if number == start:
            yield nbformat.v4.new_markdown_cell(_ABOUT.format(exercise=example), id="about-check")
            yield nbformat.v4.new_code_cell(first, id="check")
        cell = student_cell(source, written, solved=solved)
        if solution:
            cell["id"] = f"{grade_id(solution)}-{function_of(written.source, source.path)}"
        elif "exercise" in written.metadata:
            cell["id"] = "about-" + grade_id(written.metadata["exercise"])
        else:
            cell["id"] = f"cell-{number + 1}"
        yield cell
        if solution and solution not in solutions[number + 1 :]:
            yield nbformat.v4.new_code_cell(f'check("{solution}")', id=grade_id(solution))
        if "picture" in written.metadata:
            yield nbformat.v4.new_code_cell("from gradlings import picture\n\npicture()", id="picture")


def _metadata(id: str, **settings: Any) -> dict[str, Any]:
    flags = dict.fromkeys(("grade", "locked", "solution", "task"), False)
    return {"grade_id": id, "schema_version": _NBGRADER_SCHEMA_VERSION, **flags, **settings}


def _to_json(cells: list[Any]) -> str:
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.validate(notebook)
    return f"{nbformat.writes(notebook)}\n"
