"""The kit that ships with the package: assignments, the files beside them, and, where they are installed, the answers.

A wheel carries `assignments/` in `kit/`; a checkout has it, and `solutions/`, at its top. Elsewhere the answers come
with a distribution of their own, gradlings-answers.
"""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from pathlib import Path

from gradlings.model.errors import InputError

_KIT = Path(__file__).parents[1] / "kit"
_CHECKOUT = Path(__file__).parents[3]
BESIDE = tuple(_KIT / name for name in ("README.md", "pyproject.toml"))
"""Files at the top of every kit."""


def assignments() -> Path:
    """Return the folder of the assignments as they ship.

    Raises:
        InputError: the package was installed without them.
    """
    for folder in (_KIT / "assignments", _CHECKOUT / "assignments"):
        if _has_modules(folder):
            return folder
    raise InputError(f"This installation of gradlings carries no assignments. Install it again: {in_a_clone('.')}")


def handed_out(assignment: str) -> tuple[str, ...]:
    """Return the names of the files of Python that come with an assignment; of one that does not ship, none."""
    with contextlib.suppress(InputError):
        return tuple(path.name for path in (assignments() / assignment).glob("*.py"))
    return ()


def solutions() -> Path:
    """Return the folder of the answers. Workers must not read it: the self-check tries.

    Raises:
        InputError: they are not installed.
    """
    found = find_spec("gradlings_answers")
    installed = [Path(folder) for folder in found.submodule_search_locations or ()] if found else []
    for folder in (_CHECKOUT / "solutions", *installed):
        if _has_modules(folder):
            return folder
    raise InputError(f"The answers are not installed: {in_a_clone('./solutions')}")


def in_a_clone(what: str) -> str:
    """Return how to install gradlings, or more of it: "./solutions", or ".[class]". Nothing is on PyPI yet."""
    return f"in a clone of gradlings, pip install '{what}' (it is not on PyPI yet)"


def _has_modules(folder: Path) -> bool:
    return any(folder.glob("[0-9]*/*.py"))
