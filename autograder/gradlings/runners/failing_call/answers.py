"""A student's file whose cells are run one by one, for scripts that cannot import it: a notebook, or a bad module."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from gradlings.execution.local_runner import run_cells
from gradlings.submission.reader import parse


def answers_in(path: str) -> SimpleNamespace:
    """Run the cells of a module or notebook as a check does, and return its functions; tell which cells fail."""
    runner = run_cells(parse(Path(path)))
    for problem in runner.problems():
        print(problem)
    return SimpleNamespace(**runner.namespace)
