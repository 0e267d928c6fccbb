"""Mutants that are right, too: an author declares them in `solutions/NN/equivalent.py`, each with the reason.

That file defines one tuple, and says for each mutant why no check can catch it:

    EQUIVALENT = (
        Equivalent("relu", "comparison shifted", "x > 0 -> x >= 0", "At 0 both branches give 0."),
    )
"""

from __future__ import annotations

import runpy
from dataclasses import dataclass
from pathlib import Path

from gradlings.model.errors import InputError

FILE = "equivalent.py"


@dataclass(frozen=True)
class Equivalent:
    """A mutant that gives what the exercise asks for."""

    function: str
    operator: str
    change: str
    """`before -> after`, as `gradlings verify --mutants` prints it."""
    reason: str
    """Why it is right; a sentence."""


def read_equivalents(path: Path) -> tuple[Equivalent, ...] | None:
    """Read what an author declared; None if there is no such file.

    Raises:
        InputError: the file cannot be run, defines no tuple `EQUIVALENT`, or declares a mutant twice or without reason.
    """
    if not path.is_file():
        return None
    try:
        declared = runpy.run_path(str(path)).get("EQUIVALENT")
    except Exception as error:
        raise InputError(f"{path} cannot be run: {type(error).__name__}: {error}") from None
    if not isinstance(declared, tuple) or not all(isinstance(each, Equivalent) for each in declared):
        raise InputError(
            f"{path}: it must define EQUIVALENT, a tuple of Equivalent(function, operator, change, reason)"
        )
    seen = set()
    for each in declared:
        what = (each.function, each.operator, each.change)
        if what in seen or not each.reason.strip():
            problem = "is declared twice" if what in seen else "has no reason"
            raise InputError(f"{path}: {each.function}, {each.operator}: {each.change} {problem}")
        seen.add(what)
    return declared
