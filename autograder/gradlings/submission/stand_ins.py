"""Take the definitions of some functions out of a submission's text, so that right ones can stand in for them.

Whatever refers to such a name (an alias, a default, a closure) then refers to the right one.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from gradlings.submission.cells import Cell
from gradlings.submission.helpers.files import Helper
from gradlings.submission.helpers.imports import cell_of
from gradlings.submission.reader import Submission, from_cells

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def without_definitions(submission: Submission, names: Collection[str]) -> Submission:
    """Return a submission whose text does not define some functions; every other line stays where it is.

    A helper loses those that the submission imports from it by their names; what else is called like them is its own.
    """
    cells = tuple(_without(cell, frozenset(names)) for cell in submission.cells)
    known = [submission.functions[name] for name in names if name in submission.functions]
    files = tuple(
        _helper_without(helper, frozenset(function.name for function in known if function.file == helper.file))
        for helper in submission.helpers.files
    )
    return from_cells(submission.path, cells, replace(submission.helpers, files=files))


def _helper_without(helper: Helper, names: frozenset[str]) -> Helper:
    if not names:
        return helper
    text = _without(cell_of(helper), names).source
    return replace(helper, data=text.encode(), replaced=tuple(sorted(names)))


def _without(cell: Cell, names: frozenset[str]) -> Cell:
    if not any(name in cell.source for name in names):
        return cell
    try:
        body = ast.parse(cell.source).body
    except (SyntaxError, ValueError, RecursionError):
        return cell
    lines = cell.source.split("\n")
    for statement in _statements(body):
        if _defines(statement, names):
            blank(lines, statement)
    return replace(cell, source="\n".join(lines))


def blank(lines: list[str], statement: ast.stmt) -> None:
    """Put `pass` in the place of a statement, decorators included; every other line stays where it is."""
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)]) - 1
    indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
    count = (statement.end_lineno or first + 1) - first
    lines[first : first + count] = [f"{indent}pass", *[""] * (count - 1)]


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of the top level, those in its blocks, too."""
    for statement in body:
        yield statement
        for field in ("body", "orelse", "finalbody"):
            if not isinstance(statement, _Definition):
                yield from _statements(getattr(statement, field, []))
        for handler in getattr(statement, "handlers", []):
            yield from _statements(handler.body)


def _defines(statement: ast.stmt, names: frozenset[str]) -> bool:
    if isinstance(statement, _Definition):
        return statement.name in names
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        (target,) = statement.targets
        return isinstance(target, ast.Name) and target.id in names
    return False
