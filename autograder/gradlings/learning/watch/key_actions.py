"""What keys change in the state of watch mode, where nothing has to be checked for it: pure functions."""

from __future__ import annotations

from dataclasses import replace

from gradlings.learning.watch.state import View, WatchState, list_entries
from gradlings.model.errors import InputError
from gradlings.submission.exercise_text import answers

ATTEMPTS_BEFORE_SOLUTION = 3
_PAGE_LINES = 10
_STEPS = {"up": -1, "down": 1, "page up": -_PAGE_LINES, "page down": _PAGE_LINES, "k": -1, "j": 1}


def scroll(state: WatchState, key: str) -> WatchState | None:
    """Scroll, or move the cursor of the list; return None for a key that does neither."""
    if key not in _STEPS:
        return None
    if state.view is not View.LIST:
        return replace(state, scroll=max(0, state.scroll + _STEPS[key]))
    cursor = max(0, min(state.cursor + _STEPS[key], len(list_entries(state)) - 1))
    return replace(state, cursor=cursor, scroll=max(0, cursor - _PAGE_LINES))


def back(state: WatchState) -> WatchState:
    """Go back to the exercise."""
    return replace(state, view=View.EXERCISE, scroll=0)


def toggle_list(state: WatchState) -> WatchState:
    """Show the list, or go back from it."""
    if state.view is View.LIST:
        return back(state)
    cursor = list_entries(state).index(state.exercise.id)
    return replace(state, view=View.LIST, cursor=cursor, scroll=max(0, cursor - _PAGE_LINES))


def toggle_solution(state: WatchState) -> WatchState:
    """Show the solution and variants of it if they are offered yet, or go back from them."""
    if state.view is View.SOLUTION:
        return back(state)
    exercise = state.exercise
    if not exercise.solved and exercise.attempts < ATTEMPTS_BEFORE_SOLUTION:
        offer = f"once it is right, or after {ATTEMPTS_BEFORE_SOLUTION} attempts: {exercise.attempts} so far."
        return replace(state, note=f"The solution is offered {offer}")
    try:
        found = answers(state.curriculum.root, exercise.assignment, exercise.source_name, exercise.id)
    except InputError as error:
        return replace(state, note=str(error))
    return replace(state, view=View.SOLUTION, answers=found, scroll=0)
