"""`hint("3.5")` in a notebook: the hint that `gradlings hint 3.5` gives, as Markdown."""

from __future__ import annotations

from typing import Any

from gradlings.model.errors import InputError
from gradlings.progress.hints import Hint, ladder_hint, next_hint, text_once_solved
from gradlings.runners.kernel.check import described
from gradlings.runners.kernel.memory import keep_hint, kept
from gradlings.runners.kernel.place import folders, place_of


def hint_in_notebook(exercise: str, level: int, shell: Any) -> str:
    """Return a hint as Markdown, or in a sentence why there is none; `level` 0 is the next one."""
    try:
        place = place_of(exercise, folders(shell))
        history = kept(place)
        solved = "" if level else text_once_solved(place.texts, exercise, history)
        if solved:
            return f"**{exercise} is right.**\n\n{solved}"
        chosen = ladder_hint(place.texts, exercise, level) if level else next_hint(place.texts, exercise, history)
        return _markdown(chosen, remembered=keep_hint(chosen, place))
    except InputError as error:
        return str(error)
    except Exception as error:
        return f"There is no hint now ({described(error)})."


def _markdown(hint: Hint, *, remembered: bool) -> str:
    if hint.misconception:
        heading = f"**A hint for what your last attempt at {hint.exercise} shows**\n\n{hint.misconception.sentence}"
    else:
        heading = f"**Hint {hint.level} of {hint.levels} for exercise {hint.exercise}**"
    more = f'hint("{hint.exercise}"{"" if remembered else f", {hint.next_level}"})'
    last = f'That was the last one. Again: `hint("{hint.exercise}", 1)`'
    return f"{heading}\n\n{hint.text}\n\n{f'More: `{more}`' if hint.next_level else last}"
