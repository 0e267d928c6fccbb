"""Find what keeps a wrong implementation of the catalogue from failing at the edge, and what it is without that.

An author who runs an entry sees it stop at an empty list or at a text of a single window, and guards it:
`max(1, n - 1)`, `f(x) if x else ()`. A student who makes the mistake does not think of the edge, and gives the answers
of the entry without the guard. Nothing names these unless that is an entry, too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from gradlings.authoring.catalogue import CatalogueEntry
from gradlings.checks.misconception_match import observed, same_observed
from gradlings.model.observation import Examination

_NAME = re.compile(r"\b(?!(?:if|else|not|len|max|min)\b)[A-Za-z_]\w*")
_MIN_SAME = 0.8
"""Share of the results that an entry has with and without what guards it. With fewer, it is no edge that is guarded."""


@dataclass(frozen=True)
class Unguarded:
    """An entry without one of its guards."""

    guard: str
    """The guard as source text."""
    entry: CatalogueEntry


def unguarded(entry: CatalogueEntry, right_code: str) -> Iterator[Unguarded]:
    """Take the guards away from an entry's function, one at a time.

    A guard is `max` or `min` with a whole number, or a conditional expression that asks whether something is empty,
    None or 0. What `right_code` has, too, under whatever names, belongs to the exercise and guards nothing.
    """
    right = _without_names(right_code)
    for node in ast.walk(ast.parse(entry.code).body[-1]):
        sign, parts = _taken_apart(node)
        for part in parts if _without_names(sign) not in right else ():
            code = _replaced(entry.code, node, f"({ast.unparse(part)})")
            yield Unguarded(ast.unparse(node), replace(entry, code=code))


def is_edge(guarded: Sequence[Examination], without: Sequence[Examination]) -> bool:
    """Return whether what was observed with and without a guard differs at few calls, and shows the same mistake."""
    right = [right for examination in guarded for right in examination.right]
    same = list(map(same_observed, observed(guarded), observed(without)))
    shows = any(alike and not fine for alike, fine in zip(same, right, strict=False))
    return shows and sum(same) >= _MIN_SAME * len(same)


def _taken_apart(node: ast.AST) -> tuple[str, list[ast.expr]]:
    """Return what is peculiar to a guard as source text, and the expressions that may be left of it; none if none."""
    if isinstance(node, ast.IfExp) and _asks_for_nothing(node.test):
        return f"if {ast.unparse(node.test)} else {ast.unparse(node.orelse)}", [node.body, node.orelse]
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("max", "min") and any(map(_is_int, node.args)):
        return ast.unparse(node), node.args
    return "", []


def _asks_for_nothing(condition: ast.expr) -> bool:
    if isinstance(condition, ast.UnaryOp) and isinstance(condition.op, ast.Not):
        return _asks_for_nothing(condition.operand)
    if isinstance(condition, ast.Compare):
        return any(isinstance(side, ast.Constant) and side.value in (0, None) for side in condition.comparators)
    return isinstance(condition, ast.Name | ast.Attribute) or ast.unparse(condition).startswith("len(")


def _is_int(node: ast.expr) -> bool:
    try:
        return type(ast.literal_eval(node)) is int
    except ValueError:
        return False


def _without_names(code: str) -> str:
    return "".join(_NAME.sub("_", code).split())


def _replaced(code: str, node: Any, by: str) -> str:
    """Return the code with another text in the place of an expression."""
    text = code.encode()
    starts = list(accumulate(map(len, text.splitlines(keepends=True)), initial=0))
    start, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
    return (text[:start] + by.encode() + text[end:]).decode()
