"""`check("3.5")` in a notebook: run the checks of one exercise on the notebook's own functions.

It imports little, since workers import it, too: outside a notebook `check` does nothing, so that a notebook can be run
for marks as it was submitted.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from gradlings.runners.notebook_verdict import NotebookVerdict


def check(exercise: str) -> NotebookVerdict:
    """Check an exercise, e.g. `check("3.5")`, with what is defined in this notebook, and show the verdict.

    Never raises: the cells below it are to run, too. What prevents a check (none in this folder, an unknown exercise)
    is shown as the verdict, with the remedy.
    """
    shell = running_shell()
    if shell is None:
        return NotebookVerdict(None, "<p>check(...) works in a notebook; in a terminal, run pytest on the folder.</p>")
    from gradlings.runners.notebook_check import check_in_notebook

    return check_in_notebook(str(exercise), shell)


def running_shell() -> Any:
    """Return the IPython shell that runs the notebook's cells; None in any other process."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if isinstance(ipython, ModuleType) else None
