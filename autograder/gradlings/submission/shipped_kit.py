"""The kit that ships with the package: assignments, solutions, and the files beside them.

A wheel carries `assignments/` and `solutions/` in this folder; a checkout has them at its top.
"""

from __future__ import annotations

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
    return _shipped("assignments")


def solutions() -> Path:
    """Return the folder of the solutions; raises as `assignments`. Workers must not read it: the self-check tries."""
    return _shipped("solutions")


def _shipped(name: str) -> Path:
    for folder in (_KIT / name, _CHECKOUT / name):
        if any(folder.glob("[0-9]*/*.py")):
            return folder
    raise InputError(f"This installation of gradlings carries no {name}. Install it again: pip install gradlings")
