"""What keys do to what is shown, where nothing has to be checked for it: pure functions."""

from __future__ import annotations

from dataclasses import replace

from gradlings.learning.watch.state import Shown, View, list_entries
from gradlings.model.errors import InputError
from gradlings.submission.exercise_text import solution_code

ATTEMPTS = 3
"""Attempts after which the solution is offered."""
_PAGE = 10
_STEPS = {"up": -1, "down": 1, "page up": -_PAGE, "page down": _PAGE, "k": -1, "j": 1}


def moved(shown: Shown, key: str) -> Shown | None:
    """Scrolls, or moves the mark of the list; None for a key that does neither."""
    if key not in _STEPS:
        return None
    if shown.view is not View.LIST:
        return replace(shown, scroll=max(0, shown.scroll + _STEPS[key]))
    last = len(list_entries(shown.course, shown.place.assignment)) - 1
    cursor = max(0, min(shown.cursor + _STEPS[key], last))
    return replace(shown, cursor=cursor, scroll=max(0, cursor - _PAGE))


def back(shown: Shown) -> Shown:
    """To the exercise."""
    return replace(shown, view=View.EXERCISE, scroll=0)


def listed(shown: Shown) -> Shown:
    """To the list, or back from it."""
    if shown.view is View.LIST:
        return back(shown)
    entries = list_entries(shown.course, shown.place.assignment)
    here = next(at for at, entry in enumerate(entries) if entry == shown.place)
    return replace(shown, view=View.LIST, cursor=here, scroll=max(0, here - _PAGE))


def solved_for_you(shown: Shown) -> Shown:
    """To the solution where it is offered, or back from it."""
    if shown.view is View.SOLUTION:
        return back(shown)
    place = shown.place
    if not place.solved and place.attempts < ATTEMPTS:
        made = f"{place.attempts} so far"
        return replace(shown, note=f"The solution is offered once it is right, or after {ATTEMPTS} attempts: {made}.")
    try:
        code = solution_code(shown.course.root, place.assignment, place.source_name, place.exercise.id)
    except InputError as error:
        return replace(shown, note=str(error))
    return replace(shown, view=View.SOLUTION, solution=code, scroll=0)
