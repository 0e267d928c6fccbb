"""Bind the names that the statements of a student's source bind, each in its scope. Imports no torch."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from itertools import zip_longest

from gradlings.forbidden.control_flow import DEFINITIONS, Comprehension, FunctionNode, blocks, live, own_expressions
from gradlings.forbidden.scopes import Definition, Instance, Library, NonTensor, Scope, Tensor


def bind_block(body: Iterable[ast.stmt], scope: Scope, certain: bool = True) -> None:
    """Bind every name that the live statements of a block bind: nested blocks included, inner functions not."""
    for statement in live(body):
        _bind_statement(statement, scope, certain)
        for expression in own_expressions(statement):
            _bind_walrus(expression, scope)
        for block in blocks(statement):
            bind_block(block, scope, certain and isinstance(statement, ast.With | ast.AsyncWith))


def function_scope(node: FunctionNode, parent: Scope) -> Scope:
    """Return the scope of a function's body; its first parameter is the object when it is a method."""
    scope = Scope(node, parent)
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip_longest(reversed(positional), reversed(arguments.defaults))]
    for parameter, default in [*pairs, *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]:
        if parameter.annotation is not None and _mentions_tensor(parameter.annotation):
            scope.bind(parameter.arg, Tensor())
        scope.bind(parameter.arg, default, scope=parent)
    for extra in (arguments.vararg, arguments.kwarg):
        if extra is not None:
            scope.bind(extra.arg, NonTensor())
    if isinstance(node, ast.Lambda):
        _bind_walrus(node.body, scope)
        return scope
    if isinstance(parent.node, ast.ClassDef) and positional:
        decorators = {name.id for name in node.decorator_list if isinstance(name, ast.Name)}
        owner = Definition(parent.node, parent.parent or parent)
        if "staticmethod" not in decorators:
            scope.bind(positional[0].arg, owner if "classmethod" in decorators else Instance(owner))
    bind_block(node.body, scope)
    return scope


def comprehension_scope(node: Comprehension, parent: Scope) -> Scope:
    """Return the scope of a comprehension: its loop variables."""
    scope = Scope(node, parent)
    for generator in node.generators:
        _bind_loop(generator.target, generator.iter, scope)
    return scope


def _bind_walrus(expression: ast.expr, scope: Scope) -> None:
    for node in ast.walk(expression):
        if isinstance(node, ast.NamedExpr):
            scope.bind(node.target.id, node.value)


def _bind_statement(node: ast.stmt, scope: Scope, certain: bool) -> None:
    if isinstance(node, ast.Global):
        scope.global_names.update(node.names)
    elif isinstance(node, DEFINITIONS):
        scope.bind(node.name, Definition(node, scope), certain)
    elif isinstance(node, ast.Import):
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            scope.bind(name, Library(alias.name if alias.asname else name), certain)
    elif isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name == "*":
                scope.star_imports.append(module)
            else:
                scope.bind(alias.asname or alias.name, Library(f"{module}.{alias.name}"), certain)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            _bind_target(target, node.value, scope, certain)
    elif isinstance(node, ast.AugAssign):
        _bind_target(node.target, None, scope, False, node)
    elif isinstance(node, ast.For | ast.AsyncFor):
        _bind_loop(node.target, node.iter, scope)
    elif isinstance(node, ast.With | ast.AsyncWith):
        for item in node.items:
            if item.optional_vars is not None:
                _bind_target(item.optional_vars, None, scope, certain, item.context_expr)
    elif isinstance(node, ast.Try):
        for handler in node.handlers:
            if handler.name:
                scope.bind(handler.name, None)
    elif isinstance(node, ast.Match):
        for inner in ast.walk(node):
            if isinstance(inner, ast.MatchAs | ast.MatchStar) and inner.name:
                scope.bind(inner.name, None)


def _bind_target(
    target: ast.expr,
    value: ast.expr | None,
    scope: Scope,
    certain: bool,
    origin: ast.expr | ast.AugAssign | None = None,
) -> None:
    if isinstance(target, ast.Name):
        scope.bind(target.id, value, certain, origin)
    elif isinstance(target, ast.Starred):
        _bind_target(target.value, None, scope, certain, value or origin)
    elif isinstance(target, ast.Tuple | ast.List):
        parts: list[ast.expr | None] = [None] * len(target.elts)
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(parts):
            parts = list(value.elts)
        for part, part_value in zip(target.elts, parts, strict=True):
            _bind_target(part, part_value, scope, certain, value or origin)


def _bind_loop(target: ast.expr, iterable: ast.expr, scope: Scope) -> None:
    if isinstance(iterable, ast.Tuple | ast.List | ast.Set) and iterable.elts:
        for element in iterable.elts:
            _bind_target(target, element, scope, certain=False)
    else:
        _bind_target(target, None, scope, False, iterable)


def _mentions_tensor(annotation: ast.expr) -> bool:
    names = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(annotation) if isinstance(node, ast.Attribute)}
    return bool(names & {"Tensor", "ndarray"}) and not names & {"Callable", "list", "dict", "List", "Dict", "Sequence"}
