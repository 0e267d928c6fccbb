"""`check()` in a notebook: all its exercises, one after the other, with a line that tells how far it is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from gradlings.model.errors import InputError
from gradlings.model.scorecard import ExerciseScore
from gradlings.runners.kernel.check import described, drawn, kernel_checks, not_checked, recorded
from gradlings.runners.kernel.place import Place, folders, place_of_notebook


def check_all_in_notebook(shell: Any) -> tuple[int, str]:
    """Return the points of all exercises and the verdicts as HTML; `shell` is IPython's."""
    try:
        place = place_of_notebook(folders(shell), shell.user_ns)
        scores = _scores(place, shell, _progress_line())
    except InputError as error:
        return 0, not_checked(str(error))
    except Exception as error:
        return 0, not_checked(f"The checks themselves failed ({described(error)}).")
    points, most = sum(score.points for score in scores), sum(score.max_points for score in scores)
    return points, drawn(lambda: _page(scores), f"{points} of {most} points.")


def _page(scores: tuple[ExerciseScore, ...]) -> str:
    from gradlings.rendering.html import summary_fragment

    return summary_fragment(scores)


def _scores(place: Place, shell: Any, tell: Callable[[str], None]) -> tuple[ExerciseScore, ...]:
    exercises = place.exercises
    scores: list[ExerciseScore] = []
    with kernel_checks(place, shell) as kernel:
        for number, exercise in enumerate(exercises, 1):
            tell(f"checking {exercise.id} {', '.join(exercise.functions)} ... ({number} of {len(exercises)})")
            graded = kernel.grader.check(kernel.runner, place.checks_file, seed=0, only=(exercise.id,))
            scores += recorded(graded.scorecard, place, kernel)
    tell(f"{sum(score.solved for score in scores)} of {len(scores)} exercises are solved.")
    return tuple(scores)


def _progress_line() -> Callable[[str], None]:
    """Return what shows a text in the place of the one before, where the notebook can do that."""
    from IPython.display import display

    shown = None
    with contextlib.suppress(Exception):
        shown = display({"text/plain": ""}, raw=True, display_id=True)

    def tell(text: str) -> None:
        with contextlib.suppress(Exception):
            if shown:
                shown.update({"text/plain": text}, raw=True)

    return tell
