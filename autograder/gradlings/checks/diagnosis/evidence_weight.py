"""How surprising it would be that numbers agree by accident, in decimal digits.

A match of two float64 numbers to seven digits is worth about six: one accident in a million. A match of two small
whole numbers is worth almost nothing. Diagnosis adds these digits up and speaks only above a limit, so that a scalar,
a list of small ints and a large tensor are all judged by one rule.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

MOST = 6.0  # digits one number may be worth, however well it fits
_SAMPLE = 64
# Hand-made examples are full of halves, tenths and thirds: numbers on such a grid agree by accident far more often.
_GRIDS = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 20, 24, 25, 32, 50, 64, 100, 1000], dtype=np.float64)


def grid(values: Array, tolerance: float) -> float | None:
    """The smallest k for which k times every value is whole; None for values that lie on no such grid."""
    sample = values.ravel()[:_SAMPLE]
    sample = sample[np.isfinite(sample)]
    products = sample[None, :] * _GRIDS[:, None]
    off = np.abs(products - np.rint(products)) > tolerance * np.maximum(1.0, np.abs(products))
    found = np.flatnonzero(~off.any(axis=1))
    return float(_GRIDS[found[0]]) if found.size else None


def reach(values: Array) -> float:
    """How far the values lie apart or from zero: the room in which an accident would have to hit."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0
    low, high = float(finite.min()), float(finite.max())
    return max(high, -low, high - low)


def digits_of_match(values: Array, tolerance: Array, away: Array, most: float, fine: float) -> Array:
    """Digits an agreement is worth, for each number.

    Args:
        values: the numbers that agree with a claim.
        tolerance: how far each of them might have been off and still agree.
        away: how far each lies from what would have needed no claim (the right answer, or zero).
        most: the digits that numbers of this dtype can carry.
        fine: the relative rounding below which a number counts as lying on a grid.

    Returns: an array shaped like `values`; repeated numbers that lie on no grid count once.
    """
    away = np.where(np.isfinite(away), away, 0.0)
    step = grid(values, fine)
    if step is None:
        worth = np.clip(np.log10(np.maximum(away, 1e-300) / tolerance), 0.0, most)
        return _count_once(values, np.where(away <= tolerance, 0.0, worth))
    room = np.log10(1 + step * reach(values))
    worth = np.minimum(np.minimum(room, np.log10(1 + 2 * step * away)), most)
    return np.where(away <= tolerance, 0.0, worth)


def digits_of_lone_number(value: float, fine: float, most: float) -> float:
    """Digits a single number can be worth: 3 or 1000 or 0.5 say little, 163009536 and 0.918339 say much."""
    step = grid(np.array([value]), fine)
    if step is None:
        return most
    whole = round(abs(value) * step)
    for small in (2, 5):
        while whole and whole % small == 0:
            whole //= small
    return min(float(np.log10(1 + whole)), most)


def digits_of_places(total: int, chosen: int) -> float:
    """Digits it is worth that exactly these `chosen` of `total` places are affected, and no others."""
    if not 0 < chosen < total:
        return 0.0
    few = min(chosen, total - chosen)
    ranks = np.arange(few, dtype=np.float64)
    return float(np.log10((total - ranks) / (ranks + 1)).sum())


def _count_once(values: Array, worth: Array) -> Array:
    flat, result = values.ravel(), np.zeros(worth.size)
    size = np.where(flat == 0, 0.0, np.floor(np.log10(np.abs(np.where(flat == 0, 1.0, flat)))))
    rounded = np.rint(flat / 10.0**size * 1e5) * 10.0**size
    order = np.argsort(-worth.ravel(), kind="stable")  # of equal numbers the one worth most counts
    _, first = np.unique(rounded[order], return_index=True)
    result[order[first]] = worth.ravel()[order[first]]
    return result.reshape(worth.shape)
