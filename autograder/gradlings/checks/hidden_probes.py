"""Hidden probes: further inputs of existing checks, which submissions meet only when they are graded for marks.

They lie in a file of their own that students do not get (`solutions/NN/hidden.py`, or one an instructor keeps):

    PROBES = {"3.5::test_one_example": [scalars(-4.0, 0.5, 1.0, 0.0)]}

Each key is a check, each value a list of argument tuples for it. No oracle is needed: the check's own decides, so an
honest answer scores the same at home and when it is graded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise

FILE = "hidden.py"
Hidden = Mapping[str, Sequence[tuple[Any, ...]]]
"""Argument tuples by "exercise::check"."""
NOTHING_HIDDEN: Hidden = {}


def checks_of(exercises: Iterable[Exercise]) -> set[str]:
    """Return every "exercise::check" of some exercises."""
    return {f"{exercise.id}::{check.name}" for exercise in exercises for check in exercise.checks}


def read_hidden(source: str, path: Path, checks: Collection[str]) -> Hidden:
    """Run the text of a file of hidden probes, which is the instructor's own, and return the probes.

    An empty text hides nothing. Messages name `path`; `checks` is every "exercise::check" that may have probes.

    Raises:
        InputError: it cannot be run, or what it defines fits no check.
    """
    if not source.strip():
        return {}
    namespace: dict[str, Any] = {"__name__": "hidden", "__file__": str(path)}
    try:
        exec(compile(source, str(path), "exec"), namespace)
        found = namespace["PROBES"]
    except KeyError:
        raise InputError(f"{path} defines no PROBES: a dict of argument tuples by exercise::check.") from None
    except Exception as error:
        raise InputError(f"{path} cannot be run: {type(error).__name__}: {error}") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: PROBES is a {type(found).__name__}; it must be a dict by exercise::check.")
    for name, probes in found.items():
        if name not in checks:
            near = [check for check in sorted(checks) if str(name).partition("::")[0] == check.partition("::")[0]]
            raise InputError(f"{path}: there is no check {name}" + (f"; there are {', '.join(near)}." if near else "."))
        if not isinstance(probes, list) or not all(isinstance(probe, tuple) for probe in probes):
            raise InputError(f"{path}: the probes of {name} must be a list of tuples, one tuple a call.")
    return found
