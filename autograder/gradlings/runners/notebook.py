"""What a notebook calls, each on its own functions: `check("3.5")`, `hint("3.5")`, `try_call("3.5")`, `picture()`.

It imports little, since workers import it, too: outside a notebook these do nothing, so that a notebook can be run for
marks as it was submitted.
"""

from __future__ import annotations

import base64
import html
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


@dataclass(frozen=True, repr=False)
class NotebookText:
    """What a cell shows of a hint, or of a failing call: Markdown, whose formulas a notebook draws."""

    markdown: str

    def __repr__(self) -> str:
        return self.markdown

    def _repr_markdown_(self) -> str:
        return self.markdown


@dataclass(frozen=True, repr=False)
class NotebookPicture:
    """The picture under a cell with `picture()`; who cannot see it has its text."""

    png: bytes
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        # as image/png, JupyterLab would show it without its text
        source = base64.b64encode(self.png).decode()
        return f'<img alt="{html.escape(self.text)}" style="max-width: 100%" src="data:image/png;base64,{source}">'


def check(exercise: str = "") -> NotebookVerdict:
    """Check an exercise, e.g. `check("3.5")`, with what is defined in this notebook, and show the verdict.

    `check()` checks all exercises of the notebook. Never raises: the cells below it are to run, too. What prevents a
    check (an unknown exercise, a cell that has not run) is shown as the verdict, with the remedy.
    """
    shell = _shell()
    if shell is None:
        return NotebookVerdict(None, "<p>check(...) works in a notebook; in a terminal, run pytest on the folder.</p>")
    if not exercise:
        from gradlings.runners.kernel.summary import check_all_in_notebook

        return NotebookVerdict(*check_all_in_notebook(shell))
    from gradlings.runners.kernel.check import check_in_notebook

    return NotebookVerdict(*check_in_notebook(str(exercise), shell))


def hint(exercise: str, level: int = 0) -> NotebookText:
    """Show a hint for an exercise, e.g. `hint("3.5")`: the one that fits the last misconception, else the next step.

    `level` shows that step, from 1 to 3. Never raises, as `check`.
    """
    shell = _shell()
    if shell is None:
        return NotebookText(f"hint(...) works in a notebook; in a terminal: gradlings hint {exercise}")
    from gradlings.runners.kernel.hint import hint_in_notebook

    return NotebookText(hint_in_notebook(str(exercise), level, shell))


def try_call(exercise: str) -> NotebookText:
    """Put the first call of an exercise that fails into a cell of its own, to be run and changed.

    Never raises, as `check`.
    """
    shell = _shell()
    if shell is None:
        return NotebookText(f"try_call(...) works in a notebook; in a terminal: gradlings try {exercise}")
    from gradlings.runners.kernel.failing_cell import cell_in_notebook

    return NotebookText(cell_in_notebook(str(exercise), shell))


def picture() -> NotebookPicture | NotebookText:
    """Draw the picture at the end of the assignment with the functions of this notebook, and show it.

    Texts that go with it are printed. Never raises, as `check`: a sentence says why there is no picture yet.
    """
    shell = _shell()
    if shell is None:
        return NotebookText("picture() works in a notebook; in a terminal, pytest on the folder draws it.")
    from gradlings.runners.kernel.picture import picture_in_notebook

    drawn = picture_in_notebook(shell)
    if isinstance(drawn, str):
        return NotebookText(drawn)
    for _, text in drawn.picture.texts.values():
        print(text)
    return NotebookPicture(drawn.png, drawn.picture.alt)


def _shell() -> Any:
    """Return IPython's shell; None outside a notebook."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if isinstance(ipython, ModuleType) else None


def print_result(*values: Any, **comparison: Any) -> None:
    """Print the result of a failing call beside what is right; `runners/failing_call/printing.py` has the arguments.

    In a worker, which has no part of the checks, it does nothing.
    """
    try:
        from gradlings.runners.failing_call.printing import result_lines
    except ModuleNotFoundError:
        return
    print("\n".join(result_lines(*values, **comparison)))
