"""Walk over the code that an exercise's functions can reach, and note what breaks a rule. Imports no torch."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Sequence

from gradlings.forbidden.bindings import bind_block, comprehension_scope, function_scope
from gradlings.forbidden.control_flow import Comprehension, FunctionNode, blocks, live, own_expressions, truth
from gradlings.forbidden.program import Program
from gradlings.forbidden.resolver import Resolver
from gradlings.forbidden.scopes import Definition, Instance, Library, Meaning, Member, Scope, String
from gradlings.model.rules import Breach, Rule, short_name

_MAX_RECEIVER_CHARS = 24
"""A receiver longer than this is left out of a message."""


class ReachableCode:
    """What some functions of a program reach, and every breach of the rules in it."""

    def __init__(self, program: Program, rules: Sequence[Rule]) -> None:
        self.breaches: set[Breach] = set()
        self._rules = rules
        self._program = program
        self._module = program.module
        self._resolver = Resolver()
        self._reached: set[ast.AST] = set()
        """Functions, lambdas and classes."""
        self._evaluated: set[ast.AST] = set()
        """Top-level statements and values that count."""
        self._waiting: list[Definition] = []
        self._used_attributes: set[str] = set()
        self._classes: list[Definition] = []

    def follow(self, functions: Collection[str]) -> None:
        """Follow the named functions to all they reach; if a RecursionError ends this, `breaches` has those found."""
        for name in functions:
            if name in self._module.bindings:
                self._name(name, self._module)
                self._reach(self._resolver.lookup(name, self._module))
        while self._waiting:
            self._define(self._waiting.pop())

    # What is reached

    def _reach(self, meanings: Iterable[Meaning]) -> None:
        for meaning in meanings:
            definition = meaning.of if isinstance(meaning, Instance) else meaning
            if isinstance(definition, Definition) and definition.node not in self._reached:
                self._reached.add(definition.node)
                self._waiting.append(definition)

    def _define(self, definition: Definition) -> None:
        node, scope = definition.node, definition.scope
        if isinstance(node, ast.ClassDef):
            self._class(node, definition)
        elif isinstance(node, FunctionNode):
            inner = function_scope(node, scope)
            for default in filter(None, (*node.args.defaults, *node.args.kw_defaults)):
                self._value(default, scope)
            if isinstance(node, ast.Lambda):
                self._expression(node.body, inner)
            else:
                for decorator in node.decorator_list:
                    self._expression(decorator, scope, called=True)
                self._block(node.body, inner)

    def _class(self, node: ast.ClassDef, definition: Definition) -> None:
        for expression in (*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)):
            self._expression(expression, definition.scope, called=True)  # an object of it is one of its base
        inner = Scope(node, definition.scope)
        bind_block(node.body, inner)
        self._block(node.body, inner)
        self._classes.append(definition)
        bases = [meaning for base in node.bases for meaning in self._resolver.resolve(base, definition.scope)]
        inherits = len(bases) < len(node.bases) or not all(isinstance(base, Definition) for base in bases)
        for statement in live(node.body):
            name = getattr(statement, "name", "")
            if inherits or name.startswith("__") or name in self._used_attributes:  # a library's base calls anything
                self._reach_member(definition, name)

    def _reach_member(self, owner: Definition, name: str) -> None:
        if member := self._resolver.member(owner, name):
            self._reach([member])

    def _use_attribute(self, name: str) -> None:
        if name not in self._used_attributes:
            self._used_attributes.add(name)
            for definition in self._classes:
                self._reach_member(definition, name)

    # Statements

    def _block(self, body: Sequence[ast.stmt], scope: Scope) -> None:
        for statement in live(body):
            self._statement(statement, scope)
            for block in blocks(statement):
                self._block(block, scope)

    def _statement(self, node: ast.stmt, scope: Scope) -> None:
        """Walk over a statement without the blocks inside it. A definition counts only once its name is used."""
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                self._expression(target, scope)
            plain = all(isinstance(target, ast.Name | ast.Tuple | ast.List) for target in targets)
            if plain and not isinstance(scope.node, ast.ClassDef):
                self._value(node.value, scope)
            else:
                self._expression(node.value, scope)
        elif not isinstance(node, ast.AnnAssign):
            if isinstance(node, ast.AugAssign):
                self._operator(node)
            for expression in own_expressions(node):
                self._expression(expression, scope)

    def _value(self, node: ast.expr, scope: Scope) -> None:
        """Walk over a value that gets a name: if it only renames something, the breach is where the name is used."""
        if isinstance(node, ast.Tuple | ast.List):
            for part in node.elts:
                self._value(part, scope)
        elif isinstance(node, ast.Lambda):
            return
        elif any(isinstance(meaning, Library | Definition) for meaning in self._resolver.resolve(node, scope)):
            self._names_in(node, scope)
        else:
            self._expression(node, scope)

    def _name(self, name: str, scope: Scope) -> None:
        """Follow a name that is read: at top level, what gives it its value or changes that value counts, too."""
        if scope.owner(name) is not self._module:
            return
        for binding in self._module.bindings_in_force(name):
            value = binding.value if isinstance(binding.value, ast.expr) else binding.origin
            if value is None or value in self._evaluated:
                continue
            self._evaluated.add(value)
            if isinstance(value, ast.AugAssign):
                self._statement(value, self._module)
            else:
                self._value(value, self._module)
            if any(isinstance(node, ast.Attribute) and node.attr == "grad" for node in ast.walk(value)):
                self._changed_by(self._program.changes.get(".backward", ()))  # that filled in .grad
        imported = Library in {type(meaning) for meaning in self._resolver.lookup(name, self._module)}
        for statement in self._program.changes.get(name, ()):
            if not (imported and isinstance(statement, ast.Expr)):  # torch.allclose(...) tried out changes nothing
                self._changed_by([statement])
        self._changed_by(self._program.changes.get(f"setattr {name}", ()))

    def _changed_by(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            if statement not in self._evaluated:
                self._evaluated.add(statement)
                self._statement(statement, self._module)

    # Expressions

    def _expression(self, node: ast.AST, scope: Scope, called: bool = False) -> None:
        """Walk over everything that evaluating an expression uses. `called`: the expression is what a call calls."""
        meanings: frozenset[Meaning] = frozenset()
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            return
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.Lambda):
            meanings = self._resolver.resolve(node, scope)
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
                    if any(isinstance(meaning, Library) for meaning in self._resolver.resolve(side, scope)):
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
                if isinstance(node, ast.BinOp):
                    self._operator(node)
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
        for meaning in self._resolver.resolve(node.func, scope):
            path = meaning.path if isinstance(meaning, Library) else ""
            if path in ("builtins.isinstance", "builtins.issubclass"):
                arguments = arguments[:1]
            elif path in ("operator.methodcaller", "operator.attrgetter"):
                for argument in arguments:
                    for text in self._resolver.resolve(argument, scope):
                        if isinstance(text, String):
                            self._judge(node, [Member(text.value, surely_tensor=True)], called=True)
        for argument in arguments:
            self._expression(argument, scope)

    # Breaches

    def _judge(self, node: ast.expr, meanings: Iterable[Meaning], called: bool) -> None:
        for meaning in meanings:
            if isinstance(meaning, Library):
                for rule in self._rules:
                    if rule.covers(meaning.path, called):
                        self._note(rule, node, _as_written(node, meaning.path))
            elif isinstance(meaning, Member):
                self._use_attribute(meaning.name)
                if not meaning.surely_tensor and meaning.name in self._program.own_members:
                    continue  # may be the file's own: the run-time recorder knows
                for rule in self._rules:
                    if (called and meaning.name in rule.methods) or meaning.name in rule.attributes:
                        self._note(rule, node, _as_written(node, meaning.name))

    def _operator(self, node: ast.BinOp | ast.AugAssign) -> None:
        for rule in self._rules:
            if isinstance(node.op, ast.MatMult) and "__matmul__" in rule.methods:
                self._note(rule, node, "the @ operator")

    def _note(self, rule: Rule, node: ast.expr | ast.stmt, what: str) -> None:
        line = node.lineno
        if isinstance(node, ast.Attribute):
            line = node.end_lineno or line  # where a chain over several lines goes wrong, as in tracebacks
        cell = self._program.cells[node]
        code = cell.source.split("\n")[line - cell.first_line].strip()
        self.breaches.add(Breach(rule.name, what, line, cell.file, code))


def _as_written(node: ast.expr, name: str) -> str:
    """Return "x.sigmoid" where that is what stands there, else the full name."""
    last = name.rpartition(".")[2]
    if isinstance(node, ast.Attribute) and node.attr == last:
        receiver = ast.unparse(node.value)
        return f"{receiver}.{last}" if len(receiver) <= _MAX_RECEIVER_CHARS else f".{last}"
    return short_name(name) if "." in name else f".{name}"
