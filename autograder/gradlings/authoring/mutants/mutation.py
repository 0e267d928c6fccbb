"""The mutants of a function: its text with one small change, each described as `before -> after`."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from gradlings.authoring.mutants.operators import first_statements, other_defaults, replacements

_Path = tuple[tuple[str, int | None], ...]
"""From a node down to one below it: fields, each with an index where the field is a list."""


@dataclass(frozen=True)
class Mutant:
    """One solution function with one change."""

    function: str
    operator: str
    change: str
    """`before -> after`: the smallest piece around the change whose text occurs only once in the function."""
    line: int
    """Where the changed piece is in the source file; 1-based."""
    code: str
    """The whole function, changed."""


def mutants_of(source: str, functions: Sequence[str]) -> list[Mutant]:
    """Return all mutants of some top-level functions of a source, in its order. No two have the same code."""
    found: dict[str, Mutant] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name in functions:
            function = _without_docstring(node)
            original = ast.unparse(function)
            for mutant in _mutants(function):
                if mutant.code != original and _is_python(mutant.code):
                    found.setdefault(mutant.code, mutant)
    return list(found.values())


def _mutants(function: ast.FunctionDef) -> Iterator[Mutant]:
    pieces = [node for statement in function.body for node in ast.walk(statement)]
    # an expression that is a statement is one piece, not two
    texts = Counter(chain.from_iterable(set(_texts(node)) for node in pieces if not isinstance(node, ast.Expr)))
    for path, node in _below(function):
        if path[0][0] == "body":
            for operator, new in replacements(node):
                yield _mutant(function, path, operator, new, texts)
        elif path[0][0] == "args" and isinstance(node, ast.expr) and path[1][0] in ("defaults", "kw_defaults"):
            for operator, new in other_defaults(node):
                yield _default(function, path, operator, new)
    for operator, first in first_statements(function):
        changed = copy.copy(function)
        changed.body = [first, *function.body]  # type: ignore[list-item]
        text = ast.unparse(first).replace(" = ", " -> ", 1)
        yield Mutant(function.name, operator, text, function.lineno, _unparsed(changed))


def _below(node: ast.AST, path: _Path = ()) -> Iterator[tuple[_Path, ast.AST]]:
    """Yield every node below one, with its path; what is raised or annotated is left out, since nobody compares it."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_comment") or (isinstance(node, ast.Raise) and field == "exc"):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST):
                below = (*path, (field, index))
                yield below, child
                yield from _below(child, below)


def _child(node: ast.AST, step: tuple[str, int | None]) -> ast.AST:
    value = getattr(node, step[0])
    found: ast.AST = value if step[1] is None else value[step[1]]
    return found


def _replaced(node: ast.AST, path: _Path, new: ast.AST) -> ast.AST:
    """Return a copy of a tree with another node at the end of a path; what is not on the path is shared."""
    if not path:
        return new
    (field, index), changed = path[0], copy.copy(node)
    below = _replaced(_child(node, path[0]), path[1:], new)
    if index is None:
        setattr(changed, field, below)
    else:
        items = list(getattr(node, field))
        items[index] = below
        setattr(changed, field, items)
    return changed


def _mutant(function: ast.FunctionDef, path: _Path, operator: str, new: ast.AST, texts: Counter[str]) -> Mutant:
    changed = _replaced(function, path, new)
    before, after, line = function, changed, function.lineno
    described: tuple[str, str] | None = None
    for step in path:
        before, after = _child(before, step), _child(after, step)  # type: ignore[assignment]
        line = getattr(before, "lineno", line)
        pairs = list(zip(_texts(before), _texts(after), strict=True))
        unique = [pair for pair in pairs if _says_enough(before) and texts[pair[0]] == 1]
        if unique or described is None:
            described = (unique or pairs)[0]
    assert described is not None
    return Mutant(function.name, operator, " -> ".join(described), line, _unparsed(changed))


def _says_enough(node: ast.AST) -> bool:
    """Whether the text of a node, alone, tells a reader which place is meant: a number or a name does not."""
    is_number = isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.stmt | ast.expr) and not isinstance(node, ast.Constant | ast.Name) and not is_number


def _default(function: ast.FunctionDef, path: _Path, operator: str, new: ast.AST) -> Mutant:
    changed = _replaced(function, path, new)
    arguments, index = function.args, path[1][1] or 0
    names = arguments.args[-len(arguments.defaults) :] if path[1][0] == "defaults" else arguments.kwonlyargs
    name, old = names[index].arg, _child(arguments, path[1])
    text = f"{name}={_unparsed(old)} -> {name}={_unparsed(new)}"
    return Mutant(function.name, operator, text, function.lineno, _unparsed(changed))


def _texts(node: ast.AST) -> tuple[str, str]:
    """Return the source of a node on one line: of a compound statement its first line, and its first two."""
    if isinstance(node, ast.Pass):
        return "nothing", "nothing"
    lines = [line.strip() for line in _unparsed(node).splitlines()] or [""]
    return lines[0], " ".join(lines[:2])


def _unparsed(node: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(node))


def _without_docstring(function: ast.FunctionDef) -> ast.FunctionDef:
    changed = copy.deepcopy(function)
    if ast.get_docstring(function) is not None:
        changed.body = changed.body[1:] or [ast.Pass()]
    return changed


def _is_python(code: str) -> bool:
    try:
        compile(code, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True
