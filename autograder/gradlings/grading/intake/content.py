"""What a file holds: code, a notebook or something else, and which assignment's functions it defines.

Bytes are searched for `def name`, never parsed: these are a stranger's, and this process decides scores.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from gradlings.grading.intake.names import suffix_of
from gradlings.model.errors import InputError
from gradlings.model.exercise import all_exercises
from gradlings.submission.cells import UTF_16

_DEFINED = re.compile(rb"(?:\b|\\[nrt])(?:def|class)[ \t]+([A-Za-z_][A-Za-z0-9_]*)")  # in JSON a line begins after \n
_FOREIGN = (
    (b"PK\x03\x04", "is a Word document or another kind of zip"),
    (b"%PDF", "is a PDF"),
    (b"{\\rtf", "is a text document (RTF)"),
    (b"\xd0\xcf\x11\xe0", "is an old Word document"),
    (b"\x89PNG", "is a picture"),
    (b"\xff\xd8\xff", "is a picture"),
    (b"\x1f\x8b", "is a compressed archive"),
    (b"7z\xbc\xaf", "is a compressed archive"),
    (b"Rar!", "is a compressed archive"),
    (b"<!doctype html", "is a web page"),
    (b"<html", "is a web page"),
)

_MAX_DEFINITIONS = 20_000
"""That are looked at in a file; a judge reads no file with so many."""
_TELLING = 3
"""So many functions of another assignment make a file one of it; a helper may have one called `sigmoid`."""


@dataclass(frozen=True)
class Content:
    """What is in a file."""

    suffix: str
    """Of what it is, whatever its name says: ".py" or ".ipynb"."""
    functions: int = 0
    """How many of the assignment's functions it defines."""
    of_another: str = ""
    """The assignment that it belongs to, if that is another."""
    empty: bool = False
    foreign: str = ""
    """Why it can be no submission, as the end of a sentence; empty for text."""


def content_of(data: bytes, name: str, folder: Path) -> Content:
    """Return what a file of this name holds, for the assignment in a folder."""
    if data.startswith(UTF_16):
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    start = data[:2000].removeprefix(b"\xef\xbb\xbf").lstrip()
    foreign = next((what for mark, what in _FOREIGN if start[:20].lower().startswith(mark.lower())), "")
    if foreign:
        return Content(suffix_of(name), foreign=f"{foreign}, not Python")
    known = functions_by_assignment(folder.parent)
    wanted = frozenset[str]().union(*known.values())
    names = (found[1].decode() for found in islice(_DEFINED.finditer(data), _MAX_DEFINITIONS))
    defined = {name for name in names if name in wanted}
    counts = {assignment: len(functions & defined) for assignment, functions in known.items()}
    own = counts.pop(folder.name, 0)
    other = max(counts, key=lambda assignment: counts[assignment], default="")
    enough = min(_TELLING, len(known.get(other, ())))
    of_another = other if other and counts[other] >= enough and counts[other] > own else ""
    return Content(_suffix(start, data, name), own, of_another, empty=not data.strip())


def _suffix(start: bytes, data: bytes, name: str) -> str:
    if start.startswith(b"{") and b'"cells"' in data:
        return ".ipynb"
    if suffix_of(name) == ".ipynb" and (start.startswith((b"{", b"[")) or not _DEFINED.search(data)):
        return ".ipynb"  # a damaged one, which the judge will say
    return ".py"


@lru_cache(maxsize=4)
def functions_by_assignment(assignments: Path) -> Mapping[str, frozenset[str]]:
    """Return the names of the functions that are worth points, by assignment, from the checks of all of them."""
    found: dict[str, frozenset[str]] = {}
    for checks in sorted(assignments.glob("*/test_*.py")):
        try:
            exercises = all_exercises(checks)
        except (InputError, OSError, SyntaxError, ValueError):
            continue  # another assignment's checks, which may be unfinished
        names = {name for exercise in exercises if exercise.points for name in exercise.functions}
        found[checks.parent.name] = found.get(checks.parent.name, frozenset()) | names
    return found
