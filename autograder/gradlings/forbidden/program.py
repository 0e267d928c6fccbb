"""The cells of a submission as one program: its top-level names, and facts about the whole. Imports no torch."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from gradlings.forbidden.bindings import bind_block, function_scope
from gradlings.forbidden.control_flow import FunctionNode, blocks, live
from gradlings.forbidden.scopes import Scope
from gradlings.submission.cells import Cell, compiled


@dataclass(frozen=True)
class Program:
    """All readable cells of a submission, in the order in which they run in one namespace."""

    cells: Mapping[ast.AST, Cell]
    """The cell that a node of the syntax trees stands in."""
    own_members: frozenset[str]
    """Names of all methods and attributes that the submission gives to some object."""
    changes: Mapping[str, list[ast.stmt]]
    """The statements at top level that change what a name stands for without binding it; see `_changes_by_name`."""
    module: Scope
    """The names at top level."""


@lru_cache(maxsize=2)  # the exercises of a submission are asked about one after the other
def program_of(cells: tuple[Cell, ...]) -> Program:
    """Return the program that the cells make up. A cell that Python cannot read does not run and is left out.

    Raises:
        RecursionError: it is nested deeper than Python can follow.
    """
    body: list[ast.stmt] = []
    cell_of: dict[ast.AST, Cell] = {}
    for cell in cells:
        try:
            statements = compiled(cell).body
        except (SyntaxError, RecursionError, MemoryError):
            continue
        body += statements
        cell_of.update((node, cell) for statement in statements for node in ast.walk(statement))
    module = Scope(ast.Module(body, []))
    bind_block(body, module)
    for node in cell_of:
        if isinstance(node, FunctionNode) and any(isinstance(inner, ast.Global) for inner in ast.walk(node)):
            function_scope(node, module)  # for what it binds at top level
    return Program(cell_of, _members_of_own_classes(cell_of), _changes_by_name(body), module)


def _changes_by_name(body: Sequence[ast.stmt]) -> defaultdict[str, list[ast.stmt]]:
    """Return the top-level statements that change what a name stands for without binding it, by that name.

    `TABLE["s"] = f` and `TABLE.append(f)` under "TABLE"; `setattr(torch, ...)` under "setattr torch"; every
    `....backward()` under ".backward".
    """
    found: defaultdict[str, list[ast.stmt]] = defaultdict(list)
    for statement in live(body):
        for target in getattr(statement, "targets", [getattr(statement, "target", None)]):
            if isinstance(target, ast.Attribute | ast.Subscript):
                found[_root(target)].append(statement)
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            if isinstance(call.func, ast.Attribute):
                found[_root(call.func)].append(statement)
                if call.func.attr == "backward":
                    found[".backward"].append(statement)
            elif isinstance(call.func, ast.Name) and call.func.id == "setattr" and call.args:
                found[f"setattr {_root(call.args[0])}"].append(statement)
        for block in blocks(statement):
            for name, statements in _changes_by_name(block).items():
                found[name] += statements
    return found


def _root(node: ast.expr) -> str:
    """Return "x" for `x.a[0]().b`; "" where it does not start with a name."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _members_of_own_classes(nodes: Collection[ast.AST]) -> frozenset[str]:
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
        elif isinstance(node, ast.ClassDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                    names.add(inner.name)
                elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                    names.add(inner.id)
    return frozenset(names)
