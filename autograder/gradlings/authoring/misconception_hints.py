"""The named misconceptions of an assignment with their hints, and what a hint must not show."""

from __future__ import annotations

from collections.abc import Iterable

from gradlings.authoring.catalogue import CatalogueEntry
from gradlings.model.misconceptions import Misconception

_TELLING = 10  # characters of a line of code that is worth keeping back


def misconceptions(entries: Iterable[CatalogueEntry]) -> tuple[Misconception, ...]:
    """Entries that say the same of one exercise are one misconception.

    It has the name of the first and the hint of whichever has one. The hint is empty where the author wrote none.
    """
    found: dict[tuple[str, str], Misconception] = {}
    for entry in entries:
        known = found.get((entry.exercise, entry.sentence))
        name, hint = (known.name, known.hint or entry.hint) if known else (entry.name, entry.hint)
        found[entry.exercise, entry.sentence] = Misconception(entry.exercise, name, entry.sentence, hint)
    return tuple(found.values())


def leaks(text: str, solution: str) -> str:
    """The first line of a solution that a hint contains, white space aside; "" if there is none.

    Short lines without any computation in them (`else:`, `return loss`) give nothing away.
    """
    squeezed = "".join(text.split())
    for line in solution.splitlines():
        code = "".join(line.split())
        if len(code) >= _TELLING and any(sign in code for sign in "=([*/+-@") and code in squeezed:
            return line.strip()
    return ""
