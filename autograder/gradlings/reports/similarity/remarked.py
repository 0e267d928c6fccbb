"""Which pairs of a class are remarked: those that chance hardly makes as alike as they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradlings.reports.similarity.coincidence import Chance, ExerciseLikeness, Flags, Floats, exercise_likeness
from gradlings.reports.similarity.gather import ClassWork

MAX_EXPECTED = 0.1
"""Pairs that chance makes as alike, in a class in which everybody works alone: one in ten such classes."""


@dataclass(frozen=True)
class RemarkedPair:
    """Two students by their numbers in the class."""

    first: int
    second: int
    expected: float
    """How many pairs of a class like this one are as alike by chance."""


@dataclass(frozen=True)
class Comparison:
    """A class, compared."""

    exercises: tuple[ExerciseLikeness, ...]
    pairs: tuple[RemarkedPair, ...]
    """Those that are remarked, the least likely first."""
    visible: Flags
    """(N,): whether a full copy of a student's work, with other names, would be remarked."""


def compare(work: ClassWork) -> Comparison:
    """Compare all pairs of a class.

    Pairs that are remarked are then left out of what says how alike pairs are by chance, until no more are found: many
    copies of one file would otherwise make each other look usual.
    """
    count = len(work.handed)
    remarked = np.zeros((count, count), dtype=bool)
    while True:
        exercises = tuple(
            exercise_likeness(
                [each.shapes | {f"wrong {m}" for m in each.mistakes} for each in works],
                [each.wordings for each in works],
                remarked,
            )
            for works in work.work
        )
        totals: Floats = sum((each.surprise for each in exercises), np.zeros((count, count)))
        chance = Chance(exercises, totals)
        found = _remarked(chance, totals)
        now = remarked.copy()
        for pair in found:
            now[pair.first, pair.second] = now[pair.second, pair.first] = True
        if (now <= remarked).all() or len(found) > chance.pairs // 2:
            break
        remarked |= now
    copies: Floats = sum((each.of_a_copy for each in exercises), np.zeros(count))
    visible = [chance.expected(total, chance.tried[row]) <= MAX_EXPECTED for row, total in enumerate(copies)]
    return Comparison(exercises, tuple(found), np.array(visible, dtype=bool))


def _remarked(chance: Chance, totals: Floats) -> list[RemarkedPair]:
    expected = chance.expected_of_pairs(totals)
    places = zip(*np.nonzero(np.triu(expected <= MAX_EXPECTED, 1)), strict=True)
    found = [RemarkedPair(int(first), int(second), float(expected[first, second])) for first, second in places]
    return sorted(found, key=lambda pair: (pair.expected, pair.first, pair.second))
