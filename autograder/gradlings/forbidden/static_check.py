"""Find forbidden calls that an exercise's functions surely make, in their source. Imports no torch.

Only what runs in every call counts: calls of imported functions by their names, and `@`, in statements that no
condition stands before, in the named functions and in those of the file and its helpers that they call in this way. It
is read before student code runs, which therefore cannot take it back. All else is for the run-time recorder.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache

from gradlings.model.rule_table import rules_named
from gradlings.model.rules import Breach, Rule, short_name
from gradlings.submission.cells import Cell, compiled
from gradlings.submission.helpers.files import MAX_HELPERS, NO_HELPERS, Helpers
from gradlings.submission.helpers.imports import cell_of

_MAIN = ""
"""Stands for the submission itself, among the modules that are its helpers."""
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_EXITS = ast.Return | ast.Raise | ast.Break | ast.Continue
_PERHAPS = ast.Lambda | ast.IfExp | ast.BoolOp | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def breaches_in_cells(
    cells: Sequence[Cell], functions: Collection[str], rules: Collection[str], helpers: Helpers = NO_HELPERS
) -> tuple[Breach, ...]:
    """Return what the functions of an exercise surely use although the rules forbid it, in helpers, too.

    Cells are given and breaches returned in the order in which they run. A cell that cannot be read is left out.

    Raises:
        ValueError: there is no rule of that name.
    """
    return _breaches(tuple(cells), tuple(functions), rules_named(rules), helpers)


@lru_cache(maxsize=256)  # every check of an exercise asks the same
def _breaches(
    cells: tuple[Cell, ...], functions: tuple[str, ...], rules: tuple[Rule, ...], helpers: Helpers
) -> tuple[Breach, ...]:
    found: dict[Breach, None] = {}
    with contextlib.suppress(RecursionError):  # nested deeper than Python can follow: the recorder sees the rest
        modules = {name: (cell_of(helper),) for name, helper in helpers.by_module().items()} | {_MAIN: cells}
        waiting, reached = [(_MAIN, name) for name in functions], set[tuple[str, str]]()
        while waiting and rules:
            module, name = waiting.pop()
            program = _program(modules[module])
            if (module, name) not in reached and name not in program.functions and name in program.imports:
                waiting += _in_helper(program.imports[name], modules)
            if (module, name) in reached or name not in program.functions:
                continue
            reached.add((module, name))
            cell, function = program.functions[name]
            hidden = _bound_in(function)
            known = program.imports | _imports(function.body)
            imports = {alias: path for alias, path in known.items() if alias not in hidden}
            for node in _surely_evaluated(function.body):
                if isinstance(node, ast.Call):
                    waiting += _in_helper(_path(node.func, imports), modules)
                    if isinstance(node.func, ast.Name) and node.func.id not in hidden:
                        waiting.append((module, node.func.id))
                for rule, what in _broken(node, rules, imports, program.own_products):
                    line = (node.func.end_lineno if isinstance(node, ast.Call) else None) or node.lineno
                    code = cell.source.split("\n")[line - cell.first_line].strip()
                    found[Breach(rule.name, what, line, cell.file, code)] = None
    position = {file: index for index, file in enumerate([*(c.file for c in cells), *(h.file for h in helpers.files)])}
    return tuple(sorted(found, key=lambda breach: (position[breach.file], breach.line, breach.rule, breach.what)))


def _in_helper(path: str, modules: Collection[str]) -> list[tuple[str, str]]:
    """Return the helper and the function that a dotted name stands for; nothing if it is none of a helper."""
    module, _, name = path.rpartition(".")
    return [(module, name)] if module and module in modules else []


def _broken(
    node: ast.expr | ast.stmt, rules: Iterable[Rule], imports: dict[str, str], own_products: bool
) -> Iterator[tuple[Rule, str]]:
    if isinstance(node, ast.Call):
        path = _path(node.func, imports)
        yield from ((rule, short_name(path)) for rule in rules if path and rule.covers(path))
    elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult) and not own_products:
        yield from ((rule, "the @ operator") for rule in rules if "__matmul__" in rule.methods)


class _Program:
    """The top level of a submission: functions by name, the last of several; imports of names bound once."""

    def __init__(self, cells: Iterable[tuple[Cell, ast.stmt]]) -> None:
        found = list(cells)
        statements = [statement for _, statement in found]
        times = Counter(name for statement in statements for name in _names_bound_at_top_level(statement))
        definitions = [(cell, node) for cell, node in found if isinstance(node, _FUNCTIONS)]
        defined = Counter(node.name for _, node in definitions)
        self.functions = {
            node.name: (cell, node) for cell, node in definitions if times[node.name] == defined[node.name]
        }
        imports = {name: f"builtins.{name}" for name in dir(builtins) if not times[name]} | _imports(statements)
        self.imports = {name: path for name, path in imports.items() if times[name] <= 1}
        self.own_products = any(name.endswith("matmul__") for name in times)


@lru_cache(maxsize=MAX_HELPERS + 1)  # the exercises of a submission are asked about one after the other
def _program(cells: tuple[Cell, ...]) -> _Program:
    def readable() -> Iterator[tuple[Cell, ast.stmt]]:
        for cell in cells:
            with contextlib.suppress(SyntaxError, RecursionError, MemoryError):
                yield from ((cell, statement) for statement in compiled(cell).body)

    return _Program(readable())


def _names_bound_at_top_level(statement: ast.stmt) -> Iterator[str]:
    if not isinstance(statement, _FUNCTIONS):
        yield from _names_bound_by(statement)
        return
    yield statement.name
    for node in _inner_statements(statement):
        if isinstance(node, ast.Global):
            yield from node.names


def _inner_statements(statement: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements inside a statement, not their expressions, which are many more."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        for part in getattr(statement, name, ()):
            if isinstance(part, ast.stmt):
                yield part
            yield from _inner_statements(part)


def _names_bound_by(statement: ast.stmt) -> Iterator[str]:
    """Yield each name that a statement may bind, once for each time; parameters and those inside its functions, too."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, _FUNCTIONS | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)


def _bound_in(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Return the parameters of a function and the names that it binds other than by one import."""
    imported = _imports(function.body)
    times = Counter(_names_bound_by(function))
    return {name for name, count in times.items() if count > 1 or name not in imported}


def _imports(body: Iterable[ast.stmt]) -> dict[str, str]:
    """Return what the import statements of a block, but not of blocks in it, stand for."""
    found = {}
    for statement in body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                top = alias.name.partition(".")[0]
                found[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            found |= {alias.asname or alias.name: f"{statement.module}.{alias.name}" for alias in statement.names}
    return found


def _surely_evaluated(body: Iterable[ast.stmt]) -> Iterator[ast.expr | ast.stmt]:
    """Yield what every run through a block evaluates; it ends where the block may be left."""
    for statement in body:
        if isinstance(statement, _FUNCTIONS | ast.ClassDef):
            continue
        waiting: list[ast.AST] = [statement]
        if isinstance(statement, ast.With):
            waiting = [item.context_expr for item in statement.items]
        elif isinstance(statement, ast.If | ast.While | ast.For | ast.AsyncFor | ast.Try | ast.Match | ast.AsyncWith):
            waiting = [part for part in (getattr(statement, "test", None), getattr(statement, "iter", None)) if part]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.expr | ast.stmt):
                yield node
            waiting += [] if isinstance(node, _PERHAPS) else ast.iter_child_nodes(node)
        if isinstance(statement, ast.With):
            yield from _surely_evaluated(statement.body)
        if any(isinstance(node, _EXITS) for node in (statement, *_inner_statements(statement))):
            return


def _path(node: ast.expr, imports: dict[str, str]) -> str:
    """Return "torch.nn.functional.silu" for `F.silu`; "" where the name's meaning is not sure."""
    if isinstance(node, ast.Attribute):
        owner = _path(node.value, imports)
        return f"{owner}.{node.attr}" if owner else ""
    return imports.get(node.id, "") if isinstance(node, ast.Name) else ""
