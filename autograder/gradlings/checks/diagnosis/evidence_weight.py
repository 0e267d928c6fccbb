"""How strongly an agreement of numbers speaks against accident, in decimal digits.

A claim says that a wrong result is a known function of the right one ("every value has the opposite sign"). Numbers may
satisfy a claim by accident, so each agreement is weighed: n digits of evidence mean that unrelated numbers would agree
as well about once in 10**n cases. For a number x that was predicted with tolerance t and would have been d away without
the claim, that is log10(d / t): two float64 numbers that agree to seven digits give about six.

Three corrections keep the count honest:

- No number counts for more digits than its tolerance leaves it, nor for more than `MAX_DIGITS`.
- Numbers on a coarse grid (whole, halves, tenths: most hand-made probes) have few possible values: a whole number below
  1000 gives at most three digits, however exactly it agrees.
- Equal numbers count once.

Evidence of independent numbers, and of several calls, is added up. `diagnose` compares the sum with its thresholds, so
one rule judges a scalar, a list of small integers and a large tensor.
"""

from __future__ import annotations

from math import isfinite, lgamma, log, log10

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

MAX_DIGITS = 6.0
"""Digits of evidence that one number may give, however well it fits."""
_MAX_GRID_SAMPLE = 64
_GRIDS = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 20, 24, 25, 32, 50, 64, 100, 1000], dtype=np.float64)


def common_grid(values: Array, tolerance: float) -> float | None:
    """Return the smallest listed k for which k times every value is whole; None for values that lie on no such grid."""
    sample = values.ravel()[:_MAX_GRID_SAMPLE]
    sample = sample[np.isfinite(sample)]
    products = sample[None, :] * _GRIDS[:, None]
    off = np.abs(products - np.rint(products)) > tolerance * np.maximum(1.0, np.abs(products))
    found = np.flatnonzero(~off.any(axis=1))
    return float(_GRIDS[found[0]]) if found.size else None


def extent(values: Array) -> float:
    """Return the length of the shortest interval that holds 0 or all values: where an accident would have to hit."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0
    low, high = float(finite.min()), float(finite.max())
    return max(high, -low, high - low)


def match_evidence(values: Array, tolerance: Array, distance: Array, max_digits: float, grid_tolerance: float) -> Array:
    """Weigh the agreement of each number with a claim.

    Each might have been off by `tolerance` and still agree, and lies `distance` from what would have needed no claim
    (the right answer, or zero). Numbers of this dtype carry `max_digits`; `grid_tolerance` is relative.

    Returns:
        Digits, shaped like `values`; repeated numbers that lie on no grid count once.
    """
    distance = np.where(np.isfinite(distance), distance, 0.0)
    digits: Array = np.clip(np.log10(np.maximum(distance, 1e-300) / tolerance), 0.0, max_digits)
    grid = common_grid(values, grid_tolerance)
    if grid is None:
        return _counted_once(values, digits)
    on_grid: Array = np.log10(1 + grid * np.minimum(extent(values), 2 * distance))
    return np.minimum(digits, on_grid)


def max_evidence_of_number(value: float, grid_tolerance: float, max_digits: float) -> float:
    """Return the digits a single number can give: 3, 1000 or 0.5 few, 163009536 or 0.918339 many, infinity none."""
    if not isfinite(value):
        return 0.0
    grid = common_grid(np.array([value]), grid_tolerance)
    if grid is None:
        return max_digits
    whole = round(abs(value) * grid)
    for prime in (2, 5):  # round numbers are frequent
        while whole and whole % prime == 0:
            whole //= prime
    return min(log10(1 + whole), max_digits)


def position_evidence(total: int, chosen: int) -> float:
    """Weigh that exactly these `chosen` of `total` positions are affected: log10 of the number of such choices."""
    return (lgamma(total + 1) - lgamma(chosen + 1) - lgamma(total - chosen + 1)) / log(10)


def _counted_once(values: Array, digits: Array) -> Array:
    """Of numbers that are equal to five digits keep the evidence of one, the strongest."""
    flat, result = values.ravel(), np.zeros(digits.size)
    exponent = np.floor(np.log10(np.abs(np.where(flat == 0, 1.0, flat))))
    rounded = np.rint(flat / 10.0**exponent * 1e5) * 10.0**exponent
    strongest_first = np.argsort(-digits.ravel(), kind="stable")
    _, first = np.unique(rounded[strongest_first], return_index=True)
    kept = strongest_first[first]
    result[kept] = digits.ravel()[kept]
    return result.reshape(digits.shape)
