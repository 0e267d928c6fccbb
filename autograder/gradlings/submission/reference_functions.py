"""Right functions of an assignment, cut from its solution: each the text of a module of its own.

Such a text holds the function and what it needs of the solution's top level, and nothing of a later exercise.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from gradlings.model.errors import InputError
from gradlings.model.given import Given
from gradlings.submission import shipped_kit
from gradlings.submission.answer_shapes import shapes
from gradlings.submission.cells import decode

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def stand_ins_for(root: Path | None, assignment: str, source_name: str, names: Collection[str]) -> dict[str, str]:
    """Return right functions of an assignment, as `cut` does: from the kit's own `solutions/`, else from the shipped.

    There are none where no solution is installed, or where it does not define them.
    """
    path = solution_file(root, assignment, source_name)
    return cut(decode(path.read_bytes()), names) if path else {}


def answer_shapes(
    root: Path | None, assignment: str, source_name: str, names: Collection[str]
) -> dict[str, frozenset[str]]:
    """Return for functions the shapes of the solution and of its variants, of those that are large enough to tell."""
    path = solution_file(root, assignment, source_name)
    found: dict[str, frozenset[str]] = {}
    for file in (path, path.with_name("variants.py")) if path else ():
        if file.is_file():
            for name, shape in shapes(ast.parse(decode(file.read_bytes())).body):
                if shape and name in names:
                    found[name] = found.get(name, frozenset()) | {shape}
    return found


def solution_file(root: Path | None, assignment: str, source_name: str) -> Path | None:
    """Return the solution of an assignment: the kit's own, else the one that is installed; None if there is neither."""
    folders = [root / "solutions"] if root else []
    with contextlib.suppress(InputError):
        folders.append(shipped_kit.solutions())
    paths = (folder / assignment / f"{source_name}.py" for folder in folders)
    return next(filter(Path.is_file, paths), None)


def cut(source: str, names: Collection[str]) -> dict[str, str]:
    """Return for each function the text of a module that defines it, with what it needs of the source's top level.

    Docstrings and comments are left out, and so is a function that the source does not define.
    """
    defined_by, order = _definitions(source)
    needed = {name: _with_needs(name, defined_by, order) for name in names if name in defined_by}
    return {name: _unparsed(statements) for name, statements in needed.items()}


def given_code(source: str, given: Collection[str], own: Collection[str]) -> Given:
    """Return the code of functions that are given, cut from a solution; none of the students' `own` is part of it.

    It needs those, too: then it calls what the student's module has by their names. The same holds for classes, of
    which there must not be two.
    """
    defined_by, order = _definitions(source)
    needed = {each for name in given for each in _with_needs(name, defined_by, order, frozenset(own))}
    statements = sorted(needed, key=order.__getitem__)
    used = {node.id for each in statements for node in ast.walk(each) if isinstance(node, ast.Name)}
    classes = [each.name for each in statements if isinstance(each, ast.ClassDef)]
    borrows = (*classes, *(name for name in own if name in used))
    return Given(tuple(name for name in given if name in defined_by), borrows, _unparsed(statements))


def written(source: str, name: str) -> list[str]:
    """Return the text of each top-level statement that defines a name, or what it needs, as it stands in the source."""
    lines = source.split("\n")
    texts = []
    for statement in _with_needs(name, *_definitions(source)):
        decorators = getattr(statement, "decorator_list", [])
        first = min([statement.lineno, *(decorator.lineno for decorator in decorators)]) - 1
        while first and lines[first - 1].startswith("#"):
            first -= 1
        texts.append("\n".join(lines[first : statement.end_lineno]))
    return texts


def _definitions(source: str) -> tuple[dict[str, list[ast.stmt]], dict[ast.stmt, int]]:
    """Return the top-level statements of a source by the names that they bind, and their order."""
    defined_by: dict[str, list[ast.stmt]] = {}
    order: dict[ast.stmt, int] = {}
    for index, statement in enumerate(ast.parse(source).body):
        order[statement] = index
        for name in bound_names(statement):
            defined_by.setdefault(name, []).append(statement)
    return defined_by, order


def _with_needs(
    name: str,
    defined_by: Mapping[str, list[ast.stmt]],
    order: Mapping[ast.stmt, int],
    without: Collection[str] = (),
) -> list[ast.stmt]:
    """Return the statements that define a name and what they need, in their order, but what defines those `without`."""
    needed: set[ast.stmt] = set()
    todo = [name]
    while todo:
        name = todo.pop()
        for statement in defined_by.get(name, []):
            if statement not in needed and name not in without:
                needed.add(statement)
                todo += [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
    return sorted(needed, key=order.__getitem__)


def _unparsed(statements: Iterable[ast.stmt]) -> str:
    body = [_without_docstring(statement) for statement in statements]
    return ast.unparse(ast.fix_missing_locations(ast.Module(body, [])))


def _without_docstring(statement: ast.stmt) -> ast.stmt:
    if not isinstance(statement, _Definition) or ast.get_docstring(statement) is None:
        return statement
    return type(statement)(**{**vars(statement), "body": statement.body[1:] or [ast.Pass()]})


def bound_names(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement at the top level binds."""
    if isinstance(statement, _Definition):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
    elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        yield from (
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        )
