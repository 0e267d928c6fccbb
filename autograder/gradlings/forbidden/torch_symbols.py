"""The functions, operations and entry points of the installed PyTorch that a set of rules is about."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import torch

from gradlings.model.rules import Rule, chosen, is_class

_NAMESPACES = (  # where functions are found, under the name that a message uses; the first name wins
    ("torch", "torch"),
    ("torch.Tensor", "x"),
    ("torch.nn.functional", "F"),
    ("torch.special", "torch.special"),
    ("torch.linalg", "torch.linalg"),
    ("torch.sparse", "torch.sparse"),
    ("torch.autograd", "torch.autograd"),
    ("torch._C._VariableFunctions", "torch"),
    ("torch._C._nn", "torch._C._nn"),
)
_WRITTEN = {"lift_fresh": "a new tensor", "empty": "a new tensor"}


@dataclass(frozen=True, eq=False)
class Hit:
    """A forbidden thing: its rule, and how a message calls it."""

    rule: Rule
    what: str


@dataclass(eq=False)
class Table:
    """What to watch for, by the very objects that PyTorch hands to its modes."""

    rules: tuple[Rule, ...]
    functions: dict[Any, tuple[Hit, ...]] = field(default_factory=dict)
    """Python-level functions; operators of `torch.ops` are added as they are met."""
    operations: dict[Any, tuple[Hit, ...]] = field(default_factory=dict)
    """Operations of the dispatcher, added as they are met."""
    entries: list[tuple[Any, str, Hit]] = field(default_factory=list)
    """Owner and attribute name of the Python functions to wrap."""

    @property
    def engine(self) -> tuple[Hit, ...]:
        return tuple(Hit(rule, "a backward pass") for rule in self.rules if rule.engine)

    @property
    def below_python(self) -> bool:
        """Whether operations of the dispatcher matter at all."""
        return any(rule.aten or rule.engine for rule in self.rules)

    def called(self, operation: Any) -> tuple[Hit, ...]:
        """The hits of an operator of `torch.ops` that was called by name."""
        if operation not in self.functions:
            name = _name(operation)
            self.functions[operation] = tuple(
                Hit(rule, f"torch.ops.aten.{name}")
                for rule in self.rules
                if name in rule.aten or name in rule.methods or rule.covers_word(name)
            )
        return self.functions[operation]

    def dispatched(self, operation: Any) -> tuple[Hit, ...]:
        """The hits of an operation that reached the dispatcher."""
        if operation not in self.operations:
            name = _name(operation)
            said = _WRITTEN.get(name, f"torch.{name.strip('_')}")
            self.operations[operation] = tuple(Hit(rule, said) for rule in self.rules if name in rule.aten)
        return self.operations[operation]


@functools.lru_cache(maxsize=32)
def table_of(names: tuple[str, ...]) -> Table:
    """The table of some rules. What this version of PyTorch does not have is left out."""
    table = Table(chosen(names))
    for rule in table.rules:
        if rule.methods or rule.aten:
            for said, function in _functions(rule):
                hits = table.functions.get(function, ())
                if all(hit.rule is not rule for hit in hits):
                    table.functions[function] = (*hits, Hit(rule, said))
        for path, said in rule.entries.items():
            owner = _found(path.rpartition(".")[0])
            name = path.rpartition(".")[2]
            if hasattr(owner, name):
                table.entries.append((owner, name, Hit(rule, said)))
    return table


def _functions(rule: Rule) -> Iterator[tuple[str, Any]]:
    for path, said in _NAMESPACES:
        namespace = _found(path)
        for name in dir(namespace):
            wanted = name in rule.methods if said == "x" else rule.covers_word(name) and not is_class(name)
            function = getattr(namespace, name, None) if wanted else None
            if callable(function) and not isinstance(function, type):
                yield f"{said}.{name}" + (" or the @ operator" if name == "matmul" and said == "x" else ""), function


def _found(path: str) -> Any:
    owner: Any = torch
    for part in path.split(".")[1:]:
        owner = getattr(owner, part, None)
    try:
        return owner if owner is not None else import_module(path)
    except ImportError:
        return None


def _name(operation: Any) -> str:
    """ "sigmoid" for aten.sigmoid.default."""
    parts = str(operation).split(".")
    return parts[1] if len(parts) > 1 else parts[0]
