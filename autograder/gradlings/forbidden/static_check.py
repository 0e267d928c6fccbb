"""Forbidden names in the code that an exercise's functions can reach. Reads the syntax tree; imports no torch.

Only what can run counts: the last top-level definition of each named function and, from there, every function, class,
lambda and module-level value it uses. Where the source does not tell (a method `backward` of an object that may be a
tensor or of a class of the file, a name put together while running), the run-time layer decides.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from gradlings.forbidden.resolver import Names
from gradlings.forbidden.scopes import (
    Comprehension,
    FunctionNode,
    Instance,
    Library,
    Meanings,
    Method,
    Own,
    Scope,
    Text,
    blocks,
    collect,
    comprehension_scope,
    function_scope,
    in_force,
    live,
    own_expressions,
    truth,
)
from gradlings.model.rules import Breach, Rule, chosen, written

_LONG = 24
"""A receiver longer than this is left out of a message."""


def breaches_in_source(
    source: str, functions: Collection[str], rules: Collection[str], file: str
) -> tuple[Breach, ...]:
    """What one file uses that the rules forbid, as far as its functions can reach it.

    Args:
        source: the text of the file.
        functions: names of the exercise's functions.
        rules: names in `gradlings.model.rules.RULES`.
        file: the name to report.

    Returns:
        Breaches in line order; none if the source cannot be parsed.

    Raises:
        ValueError: there is no rule of that name.
    """
    return breaches_in_sources([(file, source)], functions, rules)


def breaches_in_sources(
    sources: Sequence[tuple[str, str]], functions: Collection[str], rules: Collection[str]
) -> tuple[Breach, ...]:
    """As `breaches_in_source`, for files (the cells of a notebook) that run one after the other in one namespace.

    Args:
        sources: the name and the text of each file, in the order in which they run. One that cannot be parsed
            is passed over.
    """
    return _read(tuple(sources), tuple(functions), chosen(rules))


@lru_cache(maxsize=256)  # every check of an exercise asks the same
def _read(
    sources: tuple[tuple[str, str], ...], functions: tuple[str, ...], rules: tuple[Rule, ...]
) -> tuple[Breach, ...]:
    if not rules:
        return ()
    try:
        program = _parsed(sources)
    except RecursionError:
        return ()  # nested deeper than Python can follow: run time sees it
    reader = _Reader(program, rules)
    reader.read(functions)
    breaches = []
    for rule, line, what in sorted(set(reader.found), key=lambda found: (found[1], found[0])):
        index = bisect_right(program.starts, line - 1) - 1
        line_there = line - program.starts[index]
        breaches.append(Breach(rule, what, line_there, sources[index][0], program.lines[line - 1].strip()))
    return tuple(breaches)


@dataclass(frozen=True)
class _Program:
    """All files of a submission as one tree, and what is known of the whole of it."""

    lines: list[str]
    starts: list[int]
    """How many lines come before each file: one line count for all, so that a line number tells the file, too."""
    own_members: frozenset[str]
    changes: Mapping[str, list[ast.stmt]]
    module: Scope
    """The names at top level; shared by all that read this program."""
    functions: dict[tuple[FunctionNode, Scope], Scope]
    """The scopes of functions that were looked into; is added to."""

    def scope_of(self, function: FunctionNode, parent: Scope) -> Scope:
        if (function, parent) not in self.functions:
            self.functions[function, parent] = function_scope(function, parent)
        return self.functions[function, parent]


@lru_cache(maxsize=2)  # the exercises of a submission are read one after the other
def _parsed(sources: tuple[tuple[str, str], ...]) -> _Program:
    body: list[ast.stmt] = []
    lines: list[str] = []
    starts: list[int] = []
    for _, source in sources:
        starts.append(len(lines))
        body += _statements(source, offset=len(lines))
        lines += source.split("\n")
    tree = ast.Module(body, [])
    nodes = list(ast.walk(tree))
    module = Scope(tree)
    collect(body, module)
    if any(isinstance(node, ast.Global) for node in nodes):
        for node in nodes:
            if isinstance(node, FunctionNode) and any(isinstance(inner, ast.Global) for inner in ast.walk(node)):
                function_scope(node, module)  # for what it binds at top level
    return _Program(lines, starts, _members_of_own_classes(nodes), _changes_by_name(body), module, {})


def _statements(source: str, offset: int) -> list[ast.stmt]:
    try:
        tree = ast.parse(source)
        if offset:
            ast.increment_lineno(tree, offset)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return tree.body


class _Reader:
    """Walks over the reachable code of one submission and notes every breach."""

    def __init__(self, program: _Program, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self.found: list[tuple[str, int, str]] = []
        self._names = Names()
        self._program = program
        self._module = program.module
        self._own_members = program.own_members
        self._seen: set[ast.AST] = set()
        """Functions, lambdas and classes that are reached."""
        self._evaluated: set[ast.AST] = set()
        """Top-level statements and values that count."""
        self._waiting: list[Own] = []
        self._attributes: set[str] = set()
        self._classes: list[Own] = []

    def read(self, functions: Collection[str]) -> None:
        """Follows the named functions to everything they reach."""
        try:
            for name in functions:
                if name in self._module.bindings:
                    self._name(name, self._module)
                    self._reach(self._names.lookup(name, self._module))
            while self._waiting:
                self._define(self._waiting.pop())
        except RecursionError:
            pass  # nested deeper than Python can follow: what was found so far counts, run time sees the rest

    # What is reached

    def _reach(self, meanings: Meanings) -> None:
        for meaning in meanings:
            own = meaning.of if isinstance(meaning, Instance) else meaning
            if isinstance(own, Own) and own.node not in self._seen:
                self._seen.add(own.node)
                self._waiting.append(own)

    def _define(self, own: Own) -> None:
        node, scope = own.node, own.scope
        if isinstance(node, ast.ClassDef):
            self._class(node, own)
        elif isinstance(node, FunctionNode):
            inner = self._program.scope_of(node, scope)
            for default in (*node.args.defaults, *node.args.kw_defaults):
                if default is not None:
                    self._value(default, scope)
            if isinstance(node, ast.Lambda):
                self._expression(node.body, inner)
            else:
                for decorator in node.decorator_list:
                    self._expression(decorator, scope, called=True)
                self._block(node.body, inner)

    def _class(self, node: ast.ClassDef, own: Own) -> None:
        for expression in (*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)):
            self._expression(expression, own.scope, called=True)  # an object of it is one of its base
        inner = Scope(node, own.scope)
        collect(node.body, inner)
        self._block(node.body, inner)
        self._classes.append(own)
        bases = [meaning for base in node.bases for meaning in self._names.resolve(base, own.scope)]
        inherits = len(bases) < len(node.bases) or not all(isinstance(base, Own) for base in bases)
        for statement in live(node.body):
            name = getattr(statement, "name", "")
            if inherits or name.startswith("__") or name in self._attributes:  # a library's base calls what it likes
                self._reach_member(own, name)

    def _reach_member(self, own: Own, name: str) -> None:
        member = self._names.member(own, name)
        self._reach(frozenset({member} if member else ()))

    def _attribute_used(self, name: str) -> None:
        if name not in self._attributes:
            self._attributes.add(name)
            for own in self._classes:
                self._reach_member(own, name)

    # Statements

    def _block(self, body: Sequence[ast.stmt], scope: Scope) -> None:
        for statement in live(body):
            self._statement(statement, scope)
            for block in blocks(statement):
                self._block(block, scope)

    def _statement(self, node: ast.stmt, scope: Scope) -> None:
        """The statement itself, without the blocks inside it. A definition counts only once its name is used."""
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                self._expression(target, scope)
            plain = all(isinstance(target, ast.Name | ast.Tuple | ast.List) for target in targets)
            if plain and not isinstance(scope.node, ast.ClassDef):
                self._value(node.value, scope)
            else:
                self._expression(node.value, scope)
        elif isinstance(node, ast.AugAssign):
            if isinstance(node.op, ast.MatMult):
                self._operator("@", node.lineno)
            self._expression(node.target, scope)
            self._expression(node.value, scope)
        elif not isinstance(node, ast.AnnAssign):
            for expression in own_expressions(node):
                self._expression(expression, scope)

    def _value(self, node: ast.expr, scope: Scope) -> None:
        """A value that gets a name: where it is only another name for something, the breach is where that is used."""
        if isinstance(node, ast.Tuple | ast.List):
            for part in node.elts:
                self._value(part, scope)
        elif isinstance(node, ast.Lambda):
            return
        elif any(isinstance(meaning, Library | Own) for meaning in self._names.resolve(node, scope)):
            self._names_in(node, scope)
        else:
            self._expression(node, scope)

    def _name(self, name: str, scope: Scope) -> None:
        """A name is read: at top level, what gives it its value or changes that value counts, too."""
        if scope.owner(name) is not self._module:
            return
        for binding in in_force(self._module, name):
            value = binding.value if isinstance(binding.value, ast.expr) else binding.origin
            if value is not None and value not in self._evaluated:
                self._evaluated.add(value)
                self._value(value, self._module)
                if any(isinstance(node, ast.Attribute) and node.attr == "grad" for node in ast.walk(value)):
                    self._changed_by(self._program.changes[".backward"])  # whoever called it, that filled in .grad
        imported = any(isinstance(meaning, Library) for meaning in self._names.lookup(name, self._module))
        for statement in self._program.changes[name]:
            if not (imported and isinstance(statement, ast.Expr)):  # torch.allclose(...) tried out changes nothing
                self._changed_by([statement])
        self._changed_by(self._program.changes[f"setattr {name}"])

    def _changed_by(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            if statement not in self._evaluated:
                self._evaluated.add(statement)
                self._statement(statement, self._module)

    # Expressions

    def _expression(self, node: ast.AST, scope: Scope, called: bool = False) -> None:
        """Everything that evaluating the expression uses. `called`: the expression is what a call calls."""
        meanings: Meanings = frozenset()
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            return
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.Lambda):
            meanings = self._names.resolve(node, scope)
            self._judge(node, meanings, called)
            self._reach(meanings)
        match node:
            case ast.Name():
                self._name(node.id, scope)
            case ast.Lambda():
                pass  # reached above
            case ast.Attribute() if any(isinstance(meaning, Library) for meaning in meanings):
                self._names_in(node, scope)
            case ast.Call():
                self._call(node, scope)
            case ast.Compare():
                for side in (node.left, *node.comparators):  # `f is torch.exp` asks, it does not use
                    if any(isinstance(meaning, Library) for meaning in self._names.resolve(side, scope)):
                        self._names_in(side, scope)
                    else:
                        self._expression(side, scope)
            case ast.BoolOp():
                for value in node.values:
                    self._expression(value, scope)
                    if truth(value) is isinstance(node.op, ast.Or):
                        break
            case ast.IfExp() if (known := truth(node.test)) is not None:
                self._expression(node.body if known else node.orelse, scope)
            case _:
                if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
                    self._operator("@", node.lineno)
                inner = comprehension_scope(node, scope) if isinstance(node, Comprehension) else scope
                for child in ast.iter_child_nodes(node):
                    self._expression(child, inner)

    def _names_in(self, node: ast.AST, scope: Scope) -> None:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name):
                self._name(inner.id, scope)

    def _call(self, node: ast.Call, scope: Scope) -> None:
        self._expression(node.func, scope, called=True)
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        for meaning in self._names.resolve(node.func, scope):
            path = meaning.path if isinstance(meaning, Library) else ""
            if path in ("builtins.isinstance", "builtins.issubclass"):
                arguments = arguments[:1]
            elif path in ("operator.methodcaller", "operator.attrgetter"):
                for argument in arguments:
                    for text in self._names.resolve(argument, scope):
                        if isinstance(text, Text):
                            self._judge(node, frozenset({Method(text.value, surely_tensor=True)}), called=True)
        for argument in arguments:
            self._expression(argument, scope)

    # Breaches

    def _judge(self, node: ast.expr, meanings: Meanings, called: bool) -> None:
        line = node.lineno
        if isinstance(node, ast.Attribute):
            line = node.end_lineno or line  # where a chain over several lines goes wrong, as in tracebacks
        for meaning in meanings:
            if isinstance(meaning, Library):
                for rule in self.rules:
                    if rule.covers(meaning.path, called):
                        self.found.append((rule.name, line, _as_written(node, meaning.path)))
            elif isinstance(meaning, Method):
                self._attribute_used(meaning.name)
                if not meaning.surely_tensor and meaning.name in self._own_members:
                    continue  # may be the file's own: the run-time layer knows
                for rule in self.rules:
                    if (called and meaning.name in rule.methods) or meaning.name in rule.attributes:
                        self.found.append((rule.name, line, _as_written(node, meaning.name)))

    def _operator(self, symbol: str, line: int) -> None:
        for rule in self.rules:
            if symbol in rule.operators:
                self.found.append((rule.name, line, f"the {symbol} operator"))


def _as_written(node: ast.expr, name: str) -> str:
    """ "x.sigmoid" where that is what stands there, else the full name."""
    last = name.rpartition(".")[2]
    if isinstance(node, ast.Attribute) and node.attr == last:
        receiver = ast.unparse(node.value)
        return f"{receiver}.{last}" if len(receiver) <= _LONG else f".{last}"
    return written(name) if "." in name else f".{name}"


def _changes_by_name(body: Sequence[ast.stmt]) -> defaultdict[str, list[ast.stmt]]:
    """The top-level statements that change what a name stands for without binding it, by that name.

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
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _members_of_own_classes(nodes: Sequence[ast.AST]) -> frozenset[str]:
    """Every method and attribute name that the file gives to some object of its own."""
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
