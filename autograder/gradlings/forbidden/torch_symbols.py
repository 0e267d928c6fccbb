"""The functions and operations of the installed PyTorch that a set of rules forbids."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import torch

from gradlings.model.rule_table import rules_named
from gradlings.model.rules import Rule, is_class

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
_OPERATION_NAMES = {"lift_fresh": "a new tensor", "empty": "a new tensor"}
"""How messages call operations that nobody calls by their name."""


@dataclass(frozen=True, eq=False)
class Match:
    """A rule that a call breaks, and how a message calls what was called."""

    rule: Rule
    what: str


@dataclass(eq=False)
class SymbolTable:
    """What to watch for, by the very objects that PyTorch hands to its modes."""

    rules: tuple[Rule, ...]
    functions: dict[Any, tuple[Match, ...]] = field(default_factory=dict)
    """Python-level functions; operators of `torch.ops` are added as they are met."""
    operations: dict[Any, tuple[Match, ...]] = field(default_factory=dict)
    """Operations of the dispatcher, added as they are met."""
    wrapped: list[tuple[Any, str, Match]] = field(default_factory=list)
    """Owner and attribute name of the Python functions to wrap."""

    def operator_matches(self, operator: Any) -> tuple[Match, ...]:
        """Return what a call of an operator of `torch.ops` by its name breaks."""
        name = _short_name(operator)
        breaks = [rule for rule in self.rules if name in rule.aten | rule.methods or rule.covers_word(name)]
        self.functions[operator] = tuple(Match(rule, f"torch.ops.aten.{name}") for rule in breaks)
        return self.functions[operator]

    def operation_matches(self, operation: Any) -> tuple[Match, ...]:
        """Return what an operation that reached the dispatcher breaks."""
        if operation not in self.operations:
            name = _short_name(operation)
            what = _OPERATION_NAMES.get(name, f"torch.{name.strip('_')}")
            self.operations[operation] = tuple(Match(rule, what) for rule in self.rules if name in rule.aten)
        return self.operations[operation]


@functools.lru_cache(maxsize=32)
def symbol_table(names: tuple[str, ...]) -> SymbolTable:
    """Return the table of the rules of these names. What this version of PyTorch does not have is left out."""
    table = SymbolTable(rules_named(names))
    for rule in table.rules:
        if rule.methods or rule.aten:
            for what, function in _forbidden_functions(rule):
                matches = table.functions.get(function, ())
                if all(match.rule is not rule for match in matches):
                    table.functions[function] = (*matches, Match(rule, what))
        for path, what in rule.wrapped.items():
            owner = _object_at(path.rpartition(".")[0])
            name = path.rpartition(".")[2]
            if hasattr(owner, name):
                table.wrapped.append((owner, name, Match(rule, what)))
    return table


def _forbidden_functions(rule: Rule) -> Iterator[tuple[str, Any]]:
    for path, prefix in _NAMESPACES:
        namespace = _object_at(path)
        for name in dir(namespace):
            wanted = name in rule.methods if prefix == "x" else rule.covers_word(name) and not is_class(name)
            function = getattr(namespace, name, None) if wanted else None
            if callable(function) and not isinstance(function, type):
                operator = " or the @ operator" if name == "matmul" and prefix == "x" else ""
                yield f"{prefix}.{name}{operator}", function


def _object_at(path: str) -> Any:
    owner: Any = torch
    for part in path.split(".")[1:]:
        owner = getattr(owner, part, None)
    try:
        return owner if owner is not None else import_module(path)
    except ImportError:  # this version of PyTorch has no such module
        return None


def _short_name(operation: Any) -> str:
    """Return "sigmoid" for aten.sigmoid.default."""
    parts = str(operation).split(".")
    return parts[1] if len(parts) > 1 else parts[0]
