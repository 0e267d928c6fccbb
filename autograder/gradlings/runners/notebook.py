"""`check("3.5")` in a notebook: runs the checks of one exercise on the notebook's own functions.

Light, since workers import it, too: outside a notebook `check` does nothing, so that a notebook can be run for marks as
it was handed in.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from gradlings.runners.notebook_verdict import Checked


def check(exercise: str) -> Checked:
    """Checks an exercise, e.g. `check("3.5")`, with what is defined in this notebook, and shows the verdict.

    Never raises: the cells below it are to run, too. What stands in its way (no checks in this folder, an unknown
    exercise) is shown as the verdict, with the remedy.
    """
    shell = running_shell()
    if shell is None:
        return Checked(None, "<p>check(...) works in a notebook; in a terminal, run pytest on the folder.</p>")
    from gradlings.runners.notebook_check import checked

    return checked(str(exercise), shell)


def running_shell() -> Any:
    """The IPython shell that runs the notebook's cells; None in any other process."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if isinstance(ipython, ModuleType) else None
