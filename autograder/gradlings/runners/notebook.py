"""`check("3.5")` in a notebook: run the checks of one exercise on the notebook's own functions.

It imports little, since workers import it, too: outside a notebook `check` does nothing, so that a notebook can be run
for marks as it was submitted.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any


@dataclass(frozen=True, repr=False)
class NotebookVerdict:
    """The verdict under a cell with `check(...)`: nbgrader reads the points, people see the verdict."""

    points: int | None
    html: str

    def __repr__(self) -> str:
        return "not checked" if self.points is None else repr(self.points)

    def _repr_html_(self) -> str:
        return self.html


def check(exercise: str) -> NotebookVerdict:
    """Check an exercise, e.g. `check("3.5")`, with what is defined in this notebook, and show the verdict.

    Never raises: the cells below it are to run, too. What prevents a check (none in this folder, an unknown exercise)
    is shown as the verdict, with the remedy.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if isinstance(ipython, ModuleType) else None
    if shell is None:
        return NotebookVerdict(None, "<p>check(...) works in a notebook; in a terminal, run pytest on the folder.</p>")
    from gradlings.runners.notebook_check import check_in_notebook

    return NotebookVerdict(*check_in_notebook(str(exercise), shell))


def print_result(*values: Any, **comparison: Any) -> None:
    """Print the result of a failing call beside what is right; `runners/failing_call/printing.py` has the arguments.

    In a worker, which has no part of the checks, it does nothing.
    """
    try:
        from gradlings.runners.failing_call.printing import result_lines
    except ModuleNotFoundError:
        return
    print("\n".join(result_lines(*values, **comparison)))
