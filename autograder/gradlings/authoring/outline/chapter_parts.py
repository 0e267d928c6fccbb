"""Which part of `docs/chapter.md` an exercise belongs to, read from the paragraphs that say so.

Each part of that page ends with a paragraph such as "**Exercises.** ... ranks and shapes (1.1, 1.2), counts (2.3 to
2.9)".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_PARTS = re.compile(r"^## ", re.MULTILINE)
_RANGE = re.compile(r"(\d+)\.(\d+)(?:\s+to\s+\1\.(\d+))?")


def parts_by_exercise(page: str) -> Mapping[str, tuple[str, ...]]:
    """Return for each exercise that a page names the headings of its parts, in the order of the page."""
    found: dict[str, tuple[str, ...]] = {}
    for part in _PARTS.split(page)[1:]:
        heading, _, text = part.partition("\n")
        _, _, paragraph = text.partition("**Exercises.**")
        for exercise in dict.fromkeys(_exercises_in(paragraph)):
            found[exercise] = (*found.get(exercise, ()), heading.strip())
    return found


def anchor(heading: str) -> str:
    """Return the name by which a link finds a heading of a page, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _exercises_in(text: str) -> Iterator[str]:
    for assignment, first, last in _RANGE.findall(text):
        for number in range(int(first), int(last or first) + 1):
            yield f"{assignment}.{number}"
