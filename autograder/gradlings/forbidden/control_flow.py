"""Which statements of a student's source can run. Imports no torch."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def live(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a block that can run: not those of `if False`, nor those after a `return` or `raise`."""
    for statement in body:
        taken = [statement]
        if isinstance(statement, ast.If) and (known := truth(statement.test)) is not None:
            taken = list(live(statement.body if known else statement.orelse))
        yield from taken
        if ends(taken):
            return


def truth(test: ast.expr) -> bool | None:
    """Return whether a condition is constantly true or false; None if that depends on the run."""
    match test:
        case ast.Constant():
            return bool(test.value)
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return False
        case ast.UnaryOp(op=ast.Not()):
            known = truth(test.operand)
            return None if known is None else not known
        case ast.BoolOp():
            decisive = isinstance(test.op, ast.Or)
            known_values = [truth(value) for value in test.values]
            if decisive in known_values:
                return decisive
            return None if None in known_values else not decisive
        case ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]):
            return False  # a submission is imported, never run as the main program
    return None


def ends(body: list[ast.stmt]) -> bool:
    """Return whether nothing after this block can run. A `with` never ends one: it may swallow what was raised."""
    last = body[-1] if body else None
    if isinstance(last, ast.Return | ast.Raise | ast.Continue | ast.Break):
        return True
    if isinstance(last, ast.If):
        return ends(list(live(last.body))) and ends(list(live(last.orelse)))
    if isinstance(last, ast.While):
        return truth(last.test) is True and not any(isinstance(node, ast.Break) for node in ast.walk(last))
    if isinstance(last, ast.Try):
        tried = ends(list(live(last.body))) or ends(list(live(last.orelse)))
        return ends(last.finalbody) or (tried and all(ends(list(live(h.body))) for h in last.handlers))
    return False


def blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """Return the blocks of statements inside a compound statement, in order; none for definitions."""
    if isinstance(statement, DEFINITIONS):
        return []
    found = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
    parts = [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]
    if isinstance(statement, ast.While) and truth(statement.test) is False:
        found[0] = []
    return [block for block in (*found, *(part.body for part in parts)) if block]


def own_expressions(statement: ast.stmt) -> list[ast.expr]:
    """Return the expressions of a statement itself, without those of its blocks; none for definitions."""
    if isinstance(statement, DEFINITIONS):
        return []
    found: list[ast.AST] = []
    for child in ast.iter_child_nodes(statement):
        is_part = isinstance(child, ast.withitem | ast.ExceptHandler | ast.match_case)
        found += ast.iter_child_nodes(child) if is_part else [child]
    return [node for node in found if isinstance(node, ast.expr)]
