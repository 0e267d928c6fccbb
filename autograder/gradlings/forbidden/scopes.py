"""What a name in a student's source may stand for, and the scopes that bind names. Imports no torch."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Library:
    """Something reached through an import or a builtin name, by its full dotted name."""

    path: str


@dataclass(frozen=True)
class Definition:
    """A function, lambda or class written in the file."""

    node: ast.AST
    scope: Scope


@dataclass(frozen=True)
class Instance:
    """An object of a class written in the file."""

    of: Definition


@dataclass(frozen=True)
class Member:
    """A method or attribute of some object that is neither a library nor written in the file."""

    name: str
    surely_tensor: bool
    """Whether the object is known to be a tensor or an array."""


@dataclass(frozen=True)
class String:
    """A string known from the source."""

    value: str


@dataclass(frozen=True)
class Tensor:
    """Surely a tensor or an array: what a tensor library's function returned, or a parameter annotated so."""


@dataclass(frozen=True)
class NonTensor:
    """Surely no tensor: a number, a list, a dict ..."""


Meaning = Library | Definition | Instance | Member | String | Tensor | NonTensor


@dataclass(frozen=True)
class Binding:
    """One place that gives a name its value."""

    value: ast.AST | Meaning | None
    """An expression, or its meaning; None where it is only part of something or comes from a call."""
    scope: Scope
    """Where the expression is evaluated."""
    certain: bool
    """False inside `if`, `try` and loops: it may not happen, so that earlier bindings still count."""
    origin: ast.expr | ast.AugAssign | None
    """What the value is part of: the iterable of a loop, the right side of an unpacking, `x += 1` as a whole."""


@dataclass(eq=False)
class Scope:
    """The names of a module, function, lambda, class body or comprehension."""

    node: ast.AST
    parent: Scope | None = None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    star_imports: list[str] = field(default_factory=list)
    """Modules whose names were imported by `*`."""
    global_names: set[str] = field(default_factory=set)
    """Names declared `global` here."""

    @property
    def module(self) -> Scope:
        """The outermost scope."""
        return self.parent.module if self.parent else self

    def bind(
        self,
        name: str,
        value: ast.AST | Meaning | None,
        certain: bool = False,
        origin: ast.expr | ast.AugAssign | None = None,
        scope: Scope | None = None,
    ) -> None:
        """Add a binding here or, for a name declared `global`, at top level; see `Binding` for the fields."""
        is_global = name in self.global_names
        binding = Binding(value, scope or self, certain and not is_global, origin)
        (self.module if is_global else self).bindings.setdefault(name, []).append(binding)

    def owner(self, name: str) -> Scope | None:
        """Return the scope that binds `name` as read here; class bodies are invisible from inside functions."""
        scope: Scope | None = self
        while scope is not None:
            visible = scope is self or not isinstance(scope.node, ast.ClassDef)
            if visible and name in scope.bindings and name not in scope.global_names:
                return scope
            scope = scope.parent
        return None

    def bindings_in_force(self, name: str) -> list[Binding]:
        """Return the bindings that may hold: at top level the last certain one and what follows it, else all."""
        bindings = self.bindings[name]
        if self.parent is not None:
            return bindings
        last = max((i for i, binding in enumerate(bindings) if binding.certain), default=0)
        return bindings[last:]
