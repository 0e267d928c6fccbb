"""What an expression in a student's source stands for: a library's function, a definition of the file, a tensor.

Expressions are resolved without running anything: imports and their aliases, assignments, `getattr` with a constant
name. What cannot be known stays unknown. A name that is put together from more than constants and `+` (a join, an
f-string, a reversed text) is left to run time, where the recorder sees the call itself. Imports no torch.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterable, Iterator

from gradlings.forbidden.control_flow import DEFINITIONS, Comprehension, live
from gradlings.forbidden.scopes import Definition, Instance, Library, Meaning, Member, NonTensor, Scope, String, Tensor
from gradlings.model.rules import LIBRARIES, is_class

_MAX_NAME_CHARS = 200
"""A longer sum of strings is no name; sums of sums would double without end."""


class Resolver:
    """A resolver for the expressions of one submission; what it found is cached."""

    def __init__(self) -> None:
        self._cache: dict[tuple[ast.AST, Scope], frozenset[Meaning]] = {}

    def resolve(self, node: ast.AST, scope: Scope) -> frozenset[Meaning]:
        """Return everything the expression may stand for, as far as the source shows; empty if it does not."""
        if (node, scope) not in self._cache:
            self._cache[node, scope] = frozenset()  # while it is being resolved: x = x + 1
            self._cache[node, scope] = frozenset(self._resolve(node, scope))
        return self._cache[node, scope]

    def _resolve(self, node: ast.AST, scope: Scope) -> Iterable[Meaning]:
        match node:
            case ast.Name():
                return self.lookup(node.id, scope)
            case ast.Attribute():
                return self._attribute(self.resolve(node.value, scope), node.attr)
            case ast.Call():
                return self._call(node, scope)
            case ast.Subscript():
                return self._item(node, scope)
            case ast.NamedExpr():
                return self.resolve(node.value, scope)
            case ast.Lambda():
                return [Definition(node, scope)]
            case ast.UnaryOp():
                return self.resolve(node.operand, scope) & {Tensor()}
            case ast.BinOp():
                return self._operation(node, scope)
            case ast.Constant(value=str(value)):
                return [String(value)]
        if isinstance(node, ast.Constant | ast.List | ast.Tuple | ast.Dict | ast.Set | Comprehension):
            return [NonTensor()]
        return []

    def lookup(self, name: str, scope: Scope) -> Iterator[Meaning]:
        """Yield what a name may stand for where it is read. Earlier top-level bindings give way to the last one."""
        owner = scope.owner(name)
        if owner is None:
            if name == "__builtins__":
                yield Library("builtins")
            elif hasattr(builtins, name):
                yield Library(f"builtins.{name}")
            else:
                yield from (Library(f"{module}.{name}") for module in scope.module.star_imports)
            return
        for binding in owner.bindings_in_force(name):
            if isinstance(binding.value, ast.AST):
                yield from self.resolve(binding.value, binding.scope)
            elif binding.value is not None:
                yield binding.value

    def member(self, owner: Definition, name: str) -> Definition | None:
        """Return the method `name` of a class of the file or of its bases there; None if there is none."""
        if not isinstance(owner.node, ast.ClassDef):
            return None
        for statement in live(owner.node.body):
            if isinstance(statement, DEFINITIONS) and statement.name == name:
                return Definition(statement, Scope(owner.node, owner.scope))
        for base in owner.node.bases:
            for meaning in self.resolve(base, owner.scope):
                if isinstance(meaning, Definition) and (found := self.member(meaning, name)):
                    return found
        return None

    def _attribute(self, base: frozenset[Meaning], name: str) -> Iterator[Meaning]:
        if not base:
            yield Member(name, surely_tensor=False)
        for meaning in base:
            if isinstance(meaning, Library):
                yield meaning if name == "__dict__" else Library(f"{meaning.path}.{name}")
            elif isinstance(meaning, Definition | Instance):
                owner = meaning if isinstance(meaning, Definition) else meaning.of
                yield self.member(owner, name) or Member(name, surely_tensor=False)
            elif isinstance(meaning, Tensor | Member):
                yield Member(name, surely_tensor=isinstance(meaning, Tensor))

    def _call(self, node: ast.Call, scope: Scope) -> Iterator[Meaning]:
        for function in self.resolve(node.func, scope):
            if isinstance(function, Definition) and isinstance(function.node, ast.ClassDef):
                yield Instance(function)
            elif isinstance(function, Member) and function.surely_tensor:
                yield Tensor()
            elif isinstance(function, Library):
                yield from self._library_call(function.path, node, scope)

    def _library_call(self, path: str, node: ast.Call, scope: Scope) -> Iterable[Meaning]:
        if path == "builtins.getattr" and len(node.args) > 1:
            name = self._string(node.args[1], scope)
            return [] if name is None else self._attribute(self.resolve(node.args[0], scope), name)
        if path == "builtins.vars" and node.args:
            return self.resolve(node.args[0], scope)
        if path in ("importlib.import_module", "builtins.__import__") and node.args:
            name = self._string(node.args[0], scope)
            top = path == "builtins.__import__" and not (len(node.args) > 3 or node.keywords)
            return [] if name is None else [Library(name.partition(".")[0] if top else name)]
        if path in ("builtins.globals", "builtins.locals"):
            return [Library("<module>")]
        top_level, last = path.split(".")[0], path.split(".")[-1]
        if top_level in sys.stdlib_module_names and is_class(last):
            return [NonTensor()]
        if top_level in LIBRARIES - {"operator"} and (not is_class(last) or last == "Tensor"):
            return [Tensor()]
        return []

    def _operation(self, node: ast.BinOp, scope: Scope) -> Iterable[Meaning]:
        if Tensor() in self.resolve(node.left, scope) | self.resolve(node.right, scope):
            return [Tensor()]
        left, right = self._string(node.left, scope), self._string(node.right, scope)
        if left is None or right is None or not isinstance(node.op, ast.Add) or len(left + right) > _MAX_NAME_CHARS:
            return []
        return [String(left + right)]

    def _item(self, node: ast.Subscript, scope: Scope) -> Iterator[Meaning]:
        """Resolve `vars(torch)["exp"]`, `torch.__dict__["exp"]`, `sys.modules["torch"]`, `globals()["f"]`."""
        name = self._string(node.slice, scope)
        for meaning in self.resolve(node.value, scope):
            if isinstance(meaning, Tensor):
                yield meaning
            elif isinstance(meaning, Library) and name is not None:
                if meaning.path == "<module>":
                    yield from self.lookup(name, scope.module)
                else:
                    yield Library(name if meaning.path == "sys.modules" else f"{meaning.path}.{name}")

    def _string(self, node: ast.AST, scope: Scope) -> str | None:
        """Return the string that an expression surely is; None if it may be another or none."""
        strings = [meaning.value for meaning in self.resolve(node, scope) if isinstance(meaning, String)]
        return strings[0] if len(strings) == 1 else None
