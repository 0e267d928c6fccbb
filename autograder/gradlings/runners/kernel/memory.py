"""What a student did, for hints: in the kit's record, or, for a notebook in no kit, in the memory of this kernel."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gradlings.model.scorecard import Scorecard
from gradlings.progress.hints import Hint
from gradlings.progress.record import (
    Attempt,
    HintShown,
    History,
    attempts_in,
    hint_shown,
    read_history,
    record,
    record_hint,
)
from gradlings.runners.kernel.place import Place

_SOURCE = "notebook"
_histories: dict[Path, History] = {}
"""By the folder of an assignment."""


def keep(card: Scorecard, place: Place, digests: Mapping[str, str]) -> None:
    """Keep what is new in a run's scorecard; arguments as for `record`."""
    if place.kit is not None:
        record(place.kit, card, _SOURCE, digests)
    else:
        _remember(place, *attempts_in(card, _SOURCE, digests, place.exercises))


def kept(place: Place) -> History:
    """Return what is on record."""
    return read_history(place.kit) if place.kit is not None else _histories.get(place.folder, History())


def keep_hint(hint: Hint, place: Place) -> bool:
    """Keep that a hint was shown; return whether that was possible."""
    misconception = hint.misconception.id if hint.misconception else ""
    if place.kit is not None:
        return not record_hint(place.kit, hint.exercise, level=hint.level, misconception=misconception)
    _remember(place, hint_shown(hint.exercise, hint.level, misconception))
    return True


def _remember(place: Place, *lines: Attempt | HintShown) -> None:
    past = kept(place)
    attempts = [line for line in lines if isinstance(line, Attempt)]
    hints = [line for line in lines if isinstance(line, HintShown)]
    _histories[place.folder] = History((*past.attempts, *attempts), (*past.hints, *hints))
