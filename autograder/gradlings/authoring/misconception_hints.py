"""Merge catalogue entries into misconceptions with one hint each, and find hints that show the solution."""

from __future__ import annotations

from collections.abc import Iterable

from gradlings.authoring.catalogue import CatalogueEntry
from gradlings.model.misconceptions import Misconception

_MIN_REVEALING_CHARS = 10
"""A shorter line of code, white space not counted, gives nothing away."""


def misconceptions(entries: Iterable[CatalogueEntry]) -> tuple[Misconception, ...]:
    """Merge the entries of an exercise that have the same sentence into one misconception.

    It has the name of the first entry and the first hint; the hint is empty where the author wrote none.
    """
    found: dict[tuple[str, str], Misconception] = {}
    for entry in entries:
        first = found.get((entry.exercise, entry.sentence))
        name, hint = (first.name, first.hint or entry.hint) if first else (entry.name, entry.hint)
        found[entry.exercise, entry.sentence] = Misconception(entry.exercise, name, entry.sentence, hint)
    return tuple(found.values())


def leaked_line(text: str, solution: str) -> str:
    """Return the first line of a solution that a hint contains, ignoring white space; "" if there is none.

    Short lines and lines without any computation (`else:`, `return loss`) give nothing away.
    """
    squeezed = "".join(text.split())
    for line in solution.splitlines():
        code = "".join(line.split())
        if len(code) >= _MIN_REVEALING_CHARS and any(operator in code for operator in "=([*/+-@") and code in squeezed:
            return line.strip()
    return ""
