"""What an expression in a student's source stands for: a library's function, something of the file's own, a tensor.

Expressions are resolved without running anything: imports and their aliases, assignments, `getattr` with a constant
name. What cannot be told stays unknown. Imports no torch.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterable

from gradlings.forbidden.scopes import (
    DEFINITIONS,
    UNKNOWN,
    Comprehension,
    Instance,
    Library,
    Meaning,
    Meanings,
    Method,
    Own,
    Plain,
    Scope,
    Tensor,
    Text,
    in_force,
    live,
)
from gradlings.model.rules import LIBRARIES, is_class


class Names:
    """Resolves the expressions of one submission."""

    def __init__(self) -> None:
        self._known: dict[tuple[ast.AST, Scope], Meanings] = {}

    def resolve(self, node: ast.AST, scope: Scope) -> Meanings:
        """Everything the expression may stand for, as far as the source tells; empty if it does not."""
        if (node, scope) not in self._known:
            self._known[node, scope] = UNKNOWN  # while it is being resolved: x = x + 1
            self._known[node, scope] = self._resolve(node, scope)
        return self._known[node, scope]

    def _resolve(self, node: ast.AST, scope: Scope) -> Meanings:
        match node:
            case ast.Name():
                return self.lookup(node.id, scope)
            case ast.Attribute():
                return self.attribute(self.resolve(node.value, scope), node.attr)
            case ast.Call():
                return self._call(node, scope)
            case ast.Subscript():
                return self._item(node, scope)
            case ast.NamedExpr():
                return self.resolve(node.value, scope)
            case ast.Lambda():
                return frozenset({Own(node, scope)})
            case ast.UnaryOp():
                return self.resolve(node.operand, scope) & {Tensor()}
            case ast.BinOp():
                both = self.resolve(node.left, scope), self.resolve(node.right, scope)
                if Tensor() in both[0] | both[1]:
                    return frozenset({Tensor()})
        text = self.text(node, scope)
        if text is not None:
            return frozenset({Text(text)})
        if isinstance(node, ast.Constant | ast.List | ast.Tuple | ast.Dict | ast.Set | Comprehension):
            return frozenset({Plain()})
        return UNKNOWN

    def lookup(self, name: str, scope: Scope) -> Meanings:
        """What a name may stand for where it is read. Earlier top-level bindings give way to the last one."""
        owner = scope.owner(name)
        if owner is None:
            if name == "__builtins__":
                return frozenset({Library("builtins")})
            if hasattr(builtins, name):
                return frozenset({Library(f"builtins.{name}")})
            return frozenset(Library(f"{star}.{name}") for star in scope.module.stars)
        found: set[Meaning] = set()
        for binding in in_force(owner, name):
            if isinstance(binding.value, frozenset):
                found |= binding.value
            elif binding.value is not None:
                found |= self.resolve(binding.value, binding.scope or owner)
        return frozenset(found)

    def attribute(self, base: Meanings, name: str) -> Meanings:
        """What `.name` of something is."""
        found: set[Meaning] = set()
        for meaning in base:
            if isinstance(meaning, Library):
                path = meaning.path
                found.add(Library(path if name == "__dict__" else f"{path}.{name}"))
            elif isinstance(meaning, Own | Instance):
                own = meaning if isinstance(meaning, Own) else meaning.of
                member = self.member(own, name)
                found.add(member or Method(name, surely_tensor=False))
            elif isinstance(meaning, Tensor):
                found.add(Method(name, surely_tensor=True))
            elif isinstance(meaning, Method):
                found.add(Method(name, surely_tensor=False))
        return frozenset(found) if base else frozenset({Method(name, surely_tensor=False)})

    def member(self, owner: Own, name: str) -> Own | None:
        """The method `name` of a class of the file or of its bases there."""
        if not isinstance(owner.node, ast.ClassDef):
            return None
        for statement in live(owner.node.body):
            if isinstance(statement, DEFINITIONS) and statement.name == name:
                return Own(statement, Scope(owner.node, owner.scope))
        for base in owner.node.bases:
            for meaning in self.resolve(base, owner.scope):
                if isinstance(meaning, Own) and (found := self.member(meaning, name)):
                    return found
        return None

    def _call(self, node: ast.Call, scope: Scope) -> Meanings:
        found: set[Meaning] = set()
        for function in self.resolve(node.func, scope):
            if isinstance(function, Own):
                found |= {Instance(function)} if isinstance(function.node, ast.ClassDef) else set()
            elif isinstance(function, Method):
                found |= {Tensor()} if function.surely_tensor else set()
            elif isinstance(function, Library):
                found |= self._library_call(function.path, node, scope)
        return frozenset(found)

    def _library_call(self, path: str, node: ast.Call, scope: Scope) -> Meanings:
        if path == "builtins.getattr" and len(node.args) > 1:
            name = self.text(node.args[1], scope)
            return UNKNOWN if name is None else self.attribute(self.resolve(node.args[0], scope), name)
        if path == "builtins.vars" and node.args:
            return self.resolve(node.args[0], scope)
        if path in ("importlib.import_module", "builtins.__import__") and node.args:
            name = self.text(node.args[0], scope)
            top = path == "builtins.__import__" and not (len(node.args) > 3 or node.keywords)
            return UNKNOWN if name is None else frozenset({Library(name.partition(".")[0] if top else name)})
        if path in ("builtins.globals", "builtins.locals"):
            return frozenset({Library("<module>")})
        root, _, last = path.rpartition(".")
        if path.partition(".")[0] in sys.stdlib_module_names and is_class(last):
            return frozenset({Plain()})
        if path.partition(".")[0] in LIBRARIES and (not is_class(last) or last == "Tensor") and root != "operator":
            return frozenset({Tensor()})
        return UNKNOWN

    def _item(self, node: ast.Subscript, scope: Scope) -> Meanings:
        """`vars(torch)["exp"]`, `torch.__dict__["exp"]`, `sys.modules["torch"]`, `globals()["f"]`."""
        base = self.resolve(node.value, scope)
        name = self.text(node.slice, scope)
        found: set[Meaning] = set()
        for meaning in base:
            if isinstance(meaning, Tensor):
                found.add(Tensor())
            if not isinstance(meaning, Library) or name is None:
                continue
            if meaning.path == "<module>":
                found |= self.lookup(name, scope.module)
            elif meaning.path == "sys.modules":
                found.add(Library(name))
            else:
                found.add(Library(f"{meaning.path}.{name}"))
        return frozenset(found)

    def text(self, node: ast.AST, scope: Scope) -> str | None:
        """The string that an expression surely is: constants, their sums, f-strings, joins and reversals."""
        match node:
            case ast.Constant(value=str(value)):
                return value
            case ast.Name():
                texts = {m.value for m in self.resolve(node, scope) if isinstance(m, Text)}
                return texts.pop() if len(texts) == 1 else None
            case ast.BinOp(op=ast.Add()):
                return self._joined([node.left, node.right], "", scope)
            case ast.JoinedStr():
                parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
                return self._joined(parts, "", scope)
            case ast.Call(func=ast.Attribute(value=glue, attr="join"), args=[ast.List() | ast.Tuple() as pieces]):
                between = self.text(glue, scope)
                return None if between is None else self._joined(pieces.elts, between, scope)
            case ast.Call(func=ast.Attribute(value=inner, attr="lower"), args=[]):
                known = self.text(inner, scope)
                return None if known is None else known.lower()
            case ast.Subscript(
                slice=ast.Slice(lower=None, upper=None, step=ast.UnaryOp(operand=ast.Constant(value=1)))
            ):
                known = self.text(node.value, scope)
                return None if known is None else known[::-1]
        return None

    def _joined(self, parts: Iterable[ast.expr], between: str, scope: Scope) -> str | None:
        texts = [self.text(part, scope) for part in parts]
        known = [text for text in texts if text is not None]
        return between.join(known) if len(known) == len(texts) else None
