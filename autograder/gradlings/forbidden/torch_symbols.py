"""The functions and operators of the installed PyTorch that a set of rules forbids."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import GetSetDescriptorType
from typing import Any

import torch

from gradlings.model.rule_table import rules_named
from gradlings.model.rules import Rule

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
    """Functions of the Python layer. What is met besides them is added, with what it breaks: most often nothing."""

    def operator_matches(self, operator: Any) -> tuple[Match, ...]:
        """Return what an operator of `torch.ops` breaks, whoever calls it."""
        if operator not in self.functions:
            name = str(operator).split(".")[1]  # "sigmoid" for aten.sigmoid.default
            breaks = [rule for rule in self.rules if name in rule.methods or rule.covers_word(name)]
            self.functions[operator] = tuple(Match(rule, f"torch.ops.aten.{name}") for rule in breaks)
        return self.functions[operator]


@functools.lru_cache(maxsize=32)
def symbol_table(names: tuple[str, ...]) -> SymbolTable:
    """Return the table of the rules of these names. What this version of PyTorch does not have is left out."""
    table = SymbolTable(rules_named(names))
    for rule in table.rules:
        for what, function in _forbidden_functions(rule):
            matches = table.functions.get(function, ())
            if all(match.rule is not rule for match in matches):
                table.functions[function] = (*matches, Match(rule, what))
    return table


def _forbidden_functions(rule: Rule) -> Iterator[tuple[str, Any]]:
    for path, prefix in _NAMESPACES:
        namespace = functools.reduce(getattr, path.split(".")[1:], torch)
        for name in dir(namespace):
            wanted = name in rule.methods if prefix == "x" else rule.covers_word(name)
            function: Any = getattr(namespace, name, None) if wanted else None
            if isinstance(function, GetSetDescriptorType | property):
                yield f"{prefix}.{name}", function.__get__  # the mode sees an attribute being read
            elif callable(function) and not isinstance(function, type):
                operator = " or the @ operator" if name == "matmul" and prefix == "x" else ""
                yield f"{prefix}.{name}{operator}", function
