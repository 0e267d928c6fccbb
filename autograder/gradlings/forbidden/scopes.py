"""Which statements of a student's source can run, and which names they bind in which scope. Imports no torch."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Library:
    """Something reached through an import or a builtin name, by its full dotted name."""

    path: str


@dataclass(frozen=True)
class Own:
    """A function, lambda or class written in the file."""

    node: ast.AST
    scope: Scope


@dataclass(frozen=True)
class Instance:
    """An object of a class written in the file."""

    of: Own


@dataclass(frozen=True)
class Method:
    """An attribute of some object that is neither a library nor the file's own."""

    name: str
    surely_tensor: bool


@dataclass(frozen=True)
class Text:
    """A string known from the source."""

    value: str


@dataclass(frozen=True)
class Tensor:
    """Surely a tensor or an array: what a tensor library's function returned, or a parameter annotated so."""


@dataclass(frozen=True)
class Plain:
    """Surely no tensor: a number, a list, a dict ..."""


Meaning = Library | Own | Instance | Method | Text | Tensor | Plain
Meanings = frozenset[Meaning]
UNKNOWN: Meanings = frozenset()


@dataclass(frozen=True)
class Binding:
    """One place that gives a name its value."""

    value: ast.AST | Meanings | None
    """An expression, or what is known at once; None where it is only part of something or comes from a call."""
    scope: Scope | None = None
    certain: bool = True
    """False inside `if`, `try` and loops: it may not happen, so that earlier bindings still count."""
    origin: ast.expr | None = None
    """What it is part of: the iterable of a loop, the right side of an unpacking."""


@dataclass(eq=False)
class Scope:
    """The names of a module, function, lambda, class body or comprehension."""

    node: ast.AST
    parent: Scope | None = None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    """Modules whose names were imported by `*`."""
    outward: set[str] = field(default_factory=set)
    """Names declared `global` here."""

    @property
    def module(self) -> Scope:
        return self if self.parent is None else self.parent.module

    def bind(self, name: str, binding: Binding) -> None:
        if name in self.outward:
            self.module.bindings.setdefault(name, []).append(replace(binding, certain=False))
        else:
            self.bindings.setdefault(name, []).append(binding)

    def owner(self, name: str) -> Scope | None:
        """The scope that `name` belongs to when it is read here; class bodies are invisible from inside functions."""
        scope: Scope | None = self
        while scope is not None:
            visible = scope is self or not isinstance(scope.node, ast.ClassDef)
            if visible and name in scope.bindings and name not in scope.outward:
                return scope
            scope = scope.parent
        return None


def live(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a block that can run: not those of `if False`, nor those after a `return` or `raise`."""
    for statement in body:
        if isinstance(statement, ast.If) and (known := truth(statement.test)) is not None:
            chosen = list(live(statement.body if known else statement.orelse))
            yield from chosen
            if ends(chosen):
                return
            continue
        yield statement
        if ends([statement]):
            return


def truth(test: ast.expr) -> bool | None:
    """Whether a condition is constantly true or false; None if that depends."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.Name | ast.Attribute):
        return False if (test.id if isinstance(test, ast.Name) else test.attr) == "TYPE_CHECKING" else None
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        known = truth(test.operand)
        return None if known is None else not known
    if isinstance(test, ast.BoolOp):
        decisive = isinstance(test.op, ast.Or)
        known_values = [truth(value) for value in test.values]
        if decisive in known_values:
            return decisive
        return None if None in known_values else not decisive
    match test:
        case ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]):
            return False  # a submission is imported, never run as the main program
    return None


def ends(body: list[ast.stmt]) -> bool:
    """Whether nothing after this block can run. A `with` never ends one: it may swallow what was raised."""
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
    """The blocks of statements inside a compound statement, in order; none for definitions."""
    if isinstance(statement, DEFINITIONS):
        return []
    found = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
    parts = [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]
    if isinstance(statement, ast.While) and truth(statement.test) is False:
        found[0] = []
    return [block for block in (*found, *(part.body for part in parts)) if block]


def own_expressions(statement: ast.stmt) -> list[ast.expr]:
    """The expressions of a statement itself, without those of its blocks; none for definitions."""
    if isinstance(statement, DEFINITIONS):
        return []
    found = [child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.expr)]
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.withitem | ast.ExceptHandler | ast.match_case):
            found += [inner for inner in ast.iter_child_nodes(child) if isinstance(inner, ast.expr)]
    return found


def collect(body: Iterable[ast.stmt], scope: Scope, certain: bool = True) -> None:
    """Binds every name that the live statements of a block bind, nested blocks included, inner functions not."""
    for statement in live(body):
        for name in statement.names if isinstance(statement, ast.Global) else ():
            scope.outward.add(name)
    for statement in live(body):
        _collect_statement(statement, scope, certain)
        for expression in own_expressions(statement):
            for node in ast.walk(expression):
                if isinstance(node, ast.NamedExpr) and isinstance(node.target, ast.Name):
                    scope.bind(node.target.id, Binding(node.value, scope, certain=False))
        for block in blocks(statement):
            collect(block, scope, certain and isinstance(statement, ast.With | ast.AsyncWith))


def _collect_statement(node: ast.stmt, scope: Scope, certain: bool) -> None:
    if isinstance(node, DEFINITIONS):
        scope.bind(node.name, Binding(frozenset({Own(node, scope)}), certain=certain))
    elif isinstance(node, ast.Import):
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            path = alias.name if alias.asname else name
            scope.bind(name, Binding(frozenset({Library(path)}), certain=certain))
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            origin = "." * node.level + (node.module or "")
            if alias.name == "*":
                scope.stars.append(origin)
            else:
                meaning = Library(f"{origin}.{alias.name}")
                scope.bind(alias.asname or alias.name, Binding(frozenset({meaning}), certain=certain))
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            _collect_target(target, node.value, scope, certain)
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        _collect_target(node.target, node.value, scope, certain)
    elif isinstance(node, ast.AugAssign):
        changed = ast.copy_location(ast.BinOp(node.value, node.op, node.value), node)
        _collect_target(node.target, None, scope, False, changed)
    elif isinstance(node, ast.For | ast.AsyncFor):
        _collect_loop(node.target, node.iter, scope)
    elif isinstance(node, ast.With | ast.AsyncWith):
        for item in node.items:
            if item.optional_vars is not None:
                _collect_target(item.optional_vars, None, scope, certain, item.context_expr)
    elif isinstance(node, ast.Try):
        for handler in node.handlers:
            if handler.name:
                scope.bind(handler.name, Binding(None, certain=False))
    elif isinstance(node, ast.Match):
        for inner in ast.walk(node):
            if isinstance(inner, ast.MatchAs | ast.MatchStar) and inner.name:
                scope.bind(inner.name, Binding(None, certain=False))


def _collect_target(
    target: ast.expr, value: ast.expr | None, scope: Scope, certain: bool, origin: ast.expr | None = None
) -> None:
    if isinstance(target, ast.Name):
        scope.bind(target.id, Binding(value, scope, certain, origin))
    elif isinstance(target, ast.Starred):
        _collect_target(target.value, None, scope, certain, value or origin)
    elif isinstance(target, ast.Tuple | ast.List):
        parts: list[ast.expr | None] = [None] * len(target.elts)
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(parts):
            parts = list(value.elts)
        for part, part_value in zip(target.elts, parts, strict=True):
            _collect_target(part, part_value, scope, certain, value or origin)


def _collect_loop(target: ast.expr, iterable: ast.expr, scope: Scope) -> None:
    if isinstance(iterable, ast.Tuple | ast.List | ast.Set) and iterable.elts:
        for element in iterable.elts:
            _collect_target(target, element, scope, certain=False)
    else:
        _collect_target(target, None, scope, False, iterable)


def function_scope(node: FunctionNode, parent: Scope) -> Scope:
    """The scope of a function's body; its first parameter is the object when it is a method."""
    scope = Scope(node, parent)
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    pairs = [*zip(positional, [*defaults, *arguments.defaults], strict=True)]
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    for parameter, default in pairs:
        if parameter.annotation is not None and _mentions_tensor(parameter.annotation):
            scope.bind(parameter.arg, Binding(frozenset({Tensor()})))
        scope.bind(parameter.arg, Binding(default, parent, certain=False))
    for extra in (arguments.vararg, arguments.kwarg):
        if extra is not None:
            scope.bind(extra.arg, Binding(frozenset({Plain()})))
    if isinstance(parent.node, ast.ClassDef) and positional and not isinstance(node, ast.Lambda):
        marks = {name.id for name in node.decorator_list if isinstance(name, ast.Name)}
        owner = Own(parent.node, parent.parent or parent)
        if "staticmethod" not in marks:
            first: Meaning = owner if "classmethod" in marks else Instance(owner)
            scope.bind(positional[0].arg, Binding(frozenset({first})))
    if isinstance(node, ast.Lambda):
        for inner in ast.walk(node.body):
            if isinstance(inner, ast.NamedExpr) and isinstance(inner.target, ast.Name):
                scope.bind(inner.target.id, Binding(inner.value, scope, certain=False))
    else:
        collect(node.body, scope)
    return scope


def comprehension_scope(node: Comprehension, parent: Scope) -> Scope:
    """The scope of a comprehension: its loop variables."""
    scope = Scope(node, parent)
    for generator in node.generators:
        _collect_loop(generator.target, generator.iter, scope)
    return scope


def _mentions_tensor(annotation: ast.expr) -> bool:
    names = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(annotation) if isinstance(node, ast.Attribute)}
    return bool(names & {"Tensor", "ndarray"}) and not names & {"Callable", "list", "dict", "List", "Dict", "Sequence"}


def in_force(owner: Scope, name: str) -> list[Binding]:
    """The bindings of a name that may hold: at top level the last certain one and what may follow it, else all."""
    bindings = owner.bindings[name]
    if owner.parent is not None:
        return bindings
    last = max((i for i, binding in enumerate(bindings) if binding.certain), default=0)
    return bindings[last:]
