"""How alike two students are by chance: per exercise, and over all exercises together.

Per exercise, the likeness of a pair is what its shared parts weigh: a part that n of N students have weighs ln(N / n),
and one that all have nothing. That is multiplied by the share of it in all that the one who wrote more wrote, and is
nothing if that is less than half: long functions always share something. Shapes and wordings are weighed apart, and
added. That is no measure yet, since some exercises have many natural solutions and others one. So it is replaced by its
surprise, -ln p, where p is the share of all pairs of the class that are at least as alike in this exercise.

Students who work alone choose for each exercise anew; so for two of them the surprises add up to what is drawn from the
exercises' own distributions independently, and how often a sum is reached can be computed (this is Fisher's way of
joining p-values, with discrete ones). If the class's sums are spread more widely than that, as habits and talent go
through all that somebody writes, the distribution is stretched until both spreads agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_STEP = 0.05
"""In which sums are counted; rounded against the pair."""
_LOW, _HIGH = 0.5, 0.95
"""Quantiles whose distance is the spread of sums. Copies are too few to move them, unless a class copies at large."""
_LEAST_SHARE = 0.5
"""Of what both wrote, that is in common, by weight; with less, two functions are not alike."""
_ROUNDING = 1e-6
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class ExerciseLikeness:
    """One exercise in a class of N students."""

    owners: Counter[str]
    """How many students have a part, by its digest."""
    tried: Flags
    """(N,): who has any part."""
    surprise: Floats
    """(N, N): of each pair; 0 where one of them has not tried it."""
    values: Floats
    """The surprises of pairs that both tried it, without those that were remarked."""
    of_a_copy: Floats
    """(N,): the surprise that a full copy with other names would be, of each student's work."""

    @property
    def count(self) -> int:
        """How many students tried it."""
        return int(self.tried.sum())


def exercise_likeness(
    shapes: Sequence[frozenset[str]], wordings: Sequence[frozenset[str]], remarked: Flags
) -> ExerciseLikeness:
    """Compare what students have in one exercise.

    Args:
        shapes: of each student the digests of parts, and wrong answers; empty for who has not tried it.
        wordings: of each student the digests of what is in their own words.
        remarked: (N, N), pairs that are not what chance makes, and so are left out of what says how alike that is.
    """
    tried = np.array([bool(each) for each in shapes], dtype=bool)
    both = np.outer(tried, tried)
    compared = np.triu(both & ~remarked, 1)
    owners = Counter(digest for each in (*shapes, *wordings) for digest in each)
    count = int(tried.sum())
    alike = _likeness(shapes, owners, count) + _likeness(wordings, owners, count)
    surprise = _surprise(alike, alike[compared]) * both
    # the copy itself would be a second owner of what only one has
    copied = [sum(np.log(count / max(2, owners[digest])) for digest in each) for each in shapes]
    of_a_copy = _surprise(np.array(copied, dtype=np.float64), alike[compared]) * tried
    return ExerciseLikeness(owners, tried, surprise, surprise[compared], of_a_copy)


def _likeness(parts: Sequence[frozenset[str]], owners: Counter[str], tried: int) -> Floats:
    """Return how much each pair shares, weighed: (N, N)."""
    shared = sorted({digest for each in parts for digest in each if owners[digest] > 1})
    column = {digest: number for number, digest in enumerate(shared)}
    has = np.zeros((len(parts), len(shared)))
    for row, each in enumerate(parts):
        has[row, [column[digest] for digest in each if digest in column]] = 1
    weights = np.log(max(tried, 1) / np.array([owners[digest] for digest in shared], dtype=np.float64))
    common = (has * weights) @ has.T
    single = np.array([sum(owners[digest] == 1 for digest in each) for each in parts], dtype=np.float64)
    own = np.diag(common) + single * np.log(max(tried, 1))
    share = common / np.maximum(np.maximum.outer(own, own), _ROUNDING)
    return np.asarray(np.where(share >= _LEAST_SHARE, common * share, 0.0), dtype=np.float64)


def _surprise(values: Floats, of_pairs: Floats) -> Floats:
    """Return -ln of the share of pairs whose value is at least as large."""
    if not len(of_pairs):
        return np.zeros_like(values)
    as_large = len(of_pairs) - np.searchsorted(np.sort(of_pairs), values - _ROUNDING, side="left")
    return np.asarray(-np.log(np.maximum(as_large, 1) / len(of_pairs)), dtype=np.float64)


class Chance:
    """How often a sum of surprises is reached by pairs of students who work alone.

    Args:
        exercises: of one class.
        totals: (N, N), the sum of the surprises of each pair.
    """

    def __init__(self, exercises: Sequence[ExerciseLikeness], totals: Floats) -> None:
        self._steps = [np.ceil(each.values / _STEP - 1e-9).astype(np.int64) for each in exercises]
        self._tails: dict[tuple[int, ...], Floats] = {}
        self.pairs = len(totals) * (len(totals) - 1) // 2
        self.tried = np.array([each.tried for each in exercises], dtype=bool).T
        """(N, exercises)"""
        self.stretch = self._stretch_of(totals)

    def expected(self, total: float, tried: Flags) -> float:
        """Return how many pairs of a class like this one reach a sum by chance.

        Args:
            total: the sum of a pair.
            tried: (exercises,): which both tried.
        """
        return float(self._expected(np.array([total]), tried)[0])

    def expected_of_pairs(self, totals: Floats) -> Floats:
        """Return the same for the sums of all pairs: (N, N)."""
        patterns, of_student = np.unique(self.tried, axis=0, return_inverse=True)
        students = [np.flatnonzero(of_student.reshape(-1) == row) for row in range(len(patterns))]
        found = np.full(totals.shape, float(self.pairs))
        for one, of_one in zip(patterns, students, strict=True):
            for other, of_other in zip(patterns, students, strict=True):
                some = np.ix_(of_one, of_other)
                found[some] = self._expected(totals[some], one & other)
        return found

    def _expected(self, totals: Floats, tried: Flags) -> Floats:
        tail = self._tail(tried)
        middle = _quantile(tail, _LOW)
        stretched = np.minimum(totals, middle + (totals - middle) / self.stretch)
        steps = np.floor(stretched / _STEP + 1e-9).astype(np.int64)
        return self.pairs * np.append(tail, 0.0)[np.clip(steps, 0, len(tail))]

    def _tail(self, tried: Flags) -> Floats:
        """Return the probability of at least 0, 1, 2, ... steps over some exercises."""
        chosen = tuple(int(place) for place in np.flatnonzero(tried))
        if chosen not in self._tails:
            density = np.ones(1)
            for place in chosen:
                steps = self._steps[place]
                if len(steps):
                    density = np.convolve(density, np.bincount(steps) / len(steps))
            self._tails[chosen] = np.minimum(np.cumsum(density[::-1])[::-1], 1.0)
        return self._tails[chosen]

    def _stretch_of(self, totals: Floats) -> float:
        """Return the class's spread of sums over that of independent exercises, if more than 1.

        Both are of the pairs that tried the same exercises as most.
        """
        if not self.pairs:
            return 1.0
        patterns, of_student, sizes = np.unique(self.tried, axis=0, return_inverse=True, return_counts=True)
        most = int(np.argmax(sizes))
        same = of_student.reshape(-1) == most
        sums = totals[np.triu(np.outer(same, same), 1)]
        if not len(sums):
            return 1.0
        low, high = np.quantile(sums, [_LOW, _HIGH])
        tail = self._tail(patterns[most])
        spread = _quantile(tail, _HIGH) - _quantile(tail, _LOW)
        return max(1.0, float(high - low) / spread) if spread > 0 else 1.0


def _quantile(tail: Floats, share: float) -> float:
    return _STEP * float(np.argmax(1 - np.append(tail, 0.0) >= share))
