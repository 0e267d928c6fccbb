"""`check()` in a notebook: all its exercises, one after the other, with a line that tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise, read_exercises
from gradlings.model.scorecard import ExerciseScore
from gradlings.runners.notebook_check import folders, kernel_checks, not_checked, recorded


def check_all_in_notebook(shell: Any) -> tuple[int, str]:
    """Return the points of all exercises and the verdicts as HTML; `shell` is IPython's."""
    try:
        checks_file = checks_of_notebook(shell)
        scores = _scores(checks_file, shell, _progress_line())
    except InputError as error:
        return 0, not_checked(str(error))
    except Exception as error:
        message = (
            f"The checks themselves failed ({type(error).__name__}: {error}). This is not your fault: please report it."
        )
        return 0, not_checked(message)
    from gradlings.rendering.html import summary_fragment

    return sum(score.points for score in scores), summary_fragment(scores)


def checks_of_notebook(shell: Any) -> Path:
    """Return the checks of this notebook: those whose functions it defines most of.

    Raises:
        InputError: there are none, or it defines none of their functions.
    """
    known = folders(shell)
    files = next((found for folder in known if (found := sorted(folder.glob("test_*.py")))), [])
    counts = {path: sum(name in shell.user_ns for name in _functions(read_exercises(path))) for path in files}
    best = max(counts, key=counts.__getitem__, default=None)
    if best is None:
        raise InputError(
            f"This needs the checks of the assignment (test_*.py) beside the notebook; {known[0]} holds none. "
            "Download the whole folder of the assignment and open the notebook there."
        )
    if not counts[best]:
        raise InputError("Nothing of this assignment is defined yet. Run the cells above first.")
    return best


def _functions(exercises: tuple[Exercise, ...]) -> list[str]:
    return [name for exercise in exercises for name in exercise.functions]


def _scores(checks_file: Path, shell: Any, tell: Callable[[str], None]) -> tuple[ExerciseScore, ...]:
    exercises = read_exercises(checks_file)
    scores: list[ExerciseScore] = []
    with kernel_checks(checks_file.parent, shell) as kernel:
        for number, exercise in enumerate(exercises, 1):
            tell(f"checking {exercise.id} {', '.join(exercise.functions)} ... ({number} of {len(exercises)})")
            graded = kernel.grader.check(kernel.runner, checks_file, seed=0, only=(exercise.id,))
            scores += recorded(graded.scorecard, checks_file, kernel)
    tell(f"{sum(score.solved for score in scores)} of {len(scores)} exercises are solved.")
    return tuple(scores)


def _progress_line() -> Callable[[str], None]:
    """Return what shows a text in the place of the one before."""
    from IPython.display import display

    shown = display({"text/plain": ""}, raw=True, display_id=True)
    return lambda text: shown.update({"text/plain": text}, raw=True) if shown else None
