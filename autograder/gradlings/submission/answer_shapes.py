"""The shape of a function: its syntax tree without what renaming, comments and annotations change.

Two functions of one shape that is large were hardly written twice. It decides nothing: whoever gives the marks reads a
note.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping

MIN_STEPS = 20
"""So many statements, calls and operations has a function that two people hardly write alike. A shorter one has one
natural form: whoever derives the sigmoid's gradient writes `sigmoid(z) * (1 - sigmoid(z))`."""
_STEPS = (ast.stmt, ast.Call, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.Subscript, ast.Attribute)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def shapes(statements: Iterable[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Yield name and shape of each function among statements."""
    for statement in statements:
        if isinstance(statement, _Function):
            yield statement.name, shape_of(statement)


def like_answers(shapes: Mapping[str, str], answers: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return what to note of functions whose shapes are those of answers, by name: one sentence, or none."""
    alike = [name for name in answers if shapes.get(name) in answers[name]]
    return (f"As a shipped answer, but for names and comments: {', '.join(alike)}.",) if alike else ()


def shape_of(function: _Function) -> str:
    """Return the shape of a function as a hex digest; "" if it has too few steps to tell anything."""
    if sum(isinstance(node, _STEPS) for statement in function.body for node in ast.walk(statement)) < MIN_STEPS:
        return ""
    return hashlib.sha256("\n".join(_lines(function)).encode("utf-8", "surrogatepass")).hexdigest()


def _lines(function: _Function) -> Iterable[str]:
    """Yield the tree, one node a line in the order of the text; a name of the function's own as a number."""
    own = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    own |= {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    inner = {node.name for node in ast.walk(function) if isinstance(node, _Function)}
    numbers: dict[str, int] = {}

    def shown(name: str) -> str:
        return str(numbers.setdefault(name, len(numbers))) if name in own | inner else name

    todo: list[tuple[int, ast.AST]] = [(0, function)]
    while todo:  # no recursion: a stranger's tree is as deep as he likes
        depth, node = todo.pop()
        match node:
            case ast.Name() | ast.arg():
                yield f"{depth} {shown(node.id if isinstance(node, ast.Name) else node.arg)}"
                continue
            case ast.Constant():
                value = node.value  # Python refuses to write a long number in decimal
                yield f"{depth} {hex(value) if type(value) is int else repr(value)}"
            case ast.alias():
                yield f"{depth} import {node.name}"
            case ast.Attribute():
                yield f"{depth} .{node.attr}"
            case ast.keyword():
                yield f"{depth} {node.arg}="
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield f"{depth} {type(node).__name__} {shown(node.name) if node is not function else ''}"
            case _:
                yield f"{depth} {type(node).__name__}"
        todo += [(depth + 1, child) for child in reversed(_children(node))]


def _children(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, _Function):
        body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
        return [node.args, *body]
    if isinstance(node, ast.AnnAssign):
        return [node.target, *([node.value] if node.value else [])]
    return [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr_context)]
