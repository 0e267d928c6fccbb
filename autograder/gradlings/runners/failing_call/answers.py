"""A student's file whose cells are run one by one, for scripts that cannot import it: a notebook, or a bad module."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from gradlings.execution.local_runner import run_cells
from gradlings.execution.stand_in_names import in_place
from gradlings.model.exercise import code_given_to
from gradlings.submission.reader import parse


def answers_in(path: str) -> SimpleNamespace:
    """Run the cells of a module or notebook as a check does, and return its functions; tell which cells fail.

    What is given on a path takes the place of what the file has of it.
    """
    file = Path(path)
    submission, given = in_place(parse(file), {}, code_given_to(file.with_name(f"test_{file.stem}.py")))
    runner = run_cells(submission, stand_ins=given)
    for problem in runner.problems():
        print(problem)
    return SimpleNamespace(**runner.namespace)
