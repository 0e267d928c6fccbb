"""`hint("3.5")` in a notebook: the hint that `gradlings hint 3.5` gives, as Markdown."""

from __future__ import annotations

from typing import Any

from gradlings.model.errors import InputError
from gradlings.model.kit_paths import kit_of
from gradlings.progress.hints import Hint, ladder_hint, next_hint, text_once_solved
from gradlings.progress.record import History, read_history, record_hint
from gradlings.runners.notebook_check import find_checks, folders


def hint_in_notebook(exercise: str, level: int, shell: Any) -> str:
    """Return a hint as Markdown, or in a sentence why there is none; `level` 0 is the next one."""
    try:
        folder = find_checks(exercise, folders(shell)).parent
        kit = kit_of(folder)
        history = read_history(kit) if kit else History()
        solved = "" if level else text_once_solved(kit or folder, exercise, history)
        if solved:
            return f"**{exercise} is right.**\n\n{solved}"
        chosen = ladder_hint(kit or folder, exercise, level) if level else next_hint(kit or folder, exercise, history)
    except InputError as error:
        return str(error)
    misconception = chosen.misconception.id if chosen.misconception else ""
    remembered = kit and not record_hint(kit, exercise, level=chosen.level, misconception=misconception)
    return _markdown(chosen, remembered=bool(remembered))


def _markdown(hint: Hint, *, remembered: bool) -> str:
    if hint.misconception:
        heading = f"**A hint for what your last attempt at {hint.exercise} shows**\n\n{hint.misconception.sentence}"
    else:
        heading = f"**Hint {hint.level} of {hint.levels} for exercise {hint.exercise}**"
    more = f'hint("{hint.exercise}"{"" if remembered else f", {hint.next_level}"})'
    last = f'That was the last one. Again: `hint("{hint.exercise}", 1)`'
    return f"{heading}\n\n{hint.text}\n\n{f'More: `{more}`' if hint.next_level else last}"
