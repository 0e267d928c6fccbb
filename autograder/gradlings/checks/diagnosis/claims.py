"""A claim about a wrong value, and the pair of values it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import floor, log10

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gradlings.checks.diagnosis.evidence_weight import MAX_DIGITS, Array, extent, match_evidence, max_evidence_of_number
from gradlings.checks.diagnosis.failing_calls import FailingCall, has_floats
from gradlings.execution.tolerances import DEFAULT_TOLERANCES, TOLERANCES, Tolerances

Mask = npt.NDArray[np.bool_]

_WHOLE_NUMBERS = (1e-12, 1e-13)  # rounding of float64 arithmetic with whole numbers, relative and absolute
_SMALLEST = 1e-300


@dataclass(frozen=True)
class Claim:
    """One relation between the value that came back and the right one, as seen in one call."""

    key: tuple[object, ...]
    """Identifies the relation: claims of several calls are the same claim if their keys are equal."""
    fact: str
    """What is observed; "{each}" stands for "every value", "the value" or "the result"."""
    question: str
    """What the fact may come from."""
    evidence: float
    """Decimal digits that speak against an accident, see `evidence_weight`."""
    cost: float = 0.5
    """Digits to subtract: log10 of how many relations of this kind are tried, or the digits of a fitted number."""
    one_number_suffices: bool = False
    """Whether a single number in a single call may be enough."""
    needs_two_calls: bool = False
    """Whether one call is never enough."""
    fallback: bool = False
    """Whether it is made only if no other claim holds."""
    observed: bool = False
    """Whether it is seen directly and needs no evidence: right numbers in a wrong form, NaN."""


@dataclass(frozen=True)
class Pair:
    """One value that came back beside the right one, in one call.

    Two values are related only up to rounding. A relation between them is held to the table of tolerances, whose
    absolute ones are meant for numbers around 1, so here they are a share of the largest number; or, if `loose`, to the
    wider tolerances of the check.
    """

    name: str
    """Of the leaf of the result; "" if the result is a single value."""
    got: object
    expected: object
    g: Array
    """`got` as numbers."""
    e: Array
    """`expected` as numbers."""
    call: FailingCall
    right_leaves: Mapping[str, Array]
    """All leaves of the result by name, as they should be."""
    tolerances: Tolerances
    """Those of the check: they decide what is wrong."""
    loose: bool
    """Whether a relation is held to the tolerances of the check where they are wider than the table's."""

    def _widest(self, tolerances: Tolerances, of_whole_numbers: tuple[float, float]) -> tuple[float, float]:
        values = (self.got, self.expected)
        if not any(map(has_floats, values)):
            return of_whole_numbers
        dtypes = [value.dtype if isinstance(value, Tensor) else torch.float64 for value in values]
        device = self.expected.device.type if isinstance(self.expected, Tensor) else "cpu"
        limits = [tolerances.of(dtype if dtype in TOLERANCES else torch.float64, device) for dtype in dtypes]
        return max(relative for relative, _ in limits), max(absolute for _, absolute in limits)

    @cached_property
    def _of_the_check(self) -> tuple[float, float]:
        return self._widest(self.tolerances, (0.0, 0.0))

    @cached_property
    def _of_the_table(self) -> tuple[float, float]:
        return self._widest(DEFAULT_TOLERANCES, _WHOLE_NUMBERS)

    @cached_property
    def relative(self) -> float:
        """The relative tolerance of a relation."""
        return max(self._of_the_table[0], self._of_the_check[0] if self.loose else 0.0)

    def absolute(self, scale: float) -> float:
        """Return the absolute tolerance of a relation between numbers of this size."""
        own = self._of_the_check[1] if self.loose and self.tolerances.atol is not None else 0.0
        return max(self._of_the_table[1] * scale, own)

    @cached_property
    def max_digits(self) -> float:
        """Digits of evidence one number can give: those above its tolerance, rounded down to half a digit."""
        absolute = self.absolute(self.scale) / self.scale if self.scale else self._of_the_table[1]
        return min(max(floor(-2 * log10(self.relative + absolute)) / 2, 0.0), MAX_DIGITS)

    @cached_property
    def is_right(self) -> bool:
        """Whether the check finds nothing wrong, autograd graph aside."""
        got, expected = self.got, self.expected
        if isinstance(got, Tensor) and isinstance(expected, Tensor):
            same_kind = got.dtype == expected.dtype and got.device.type == expected.device.type
        else:
            same_kind = not (type(got) is float and type(expected) is int)
        return same_kind and self.same_shape and not self.wrong.any()

    @cached_property
    def same_shape(self) -> bool:
        """Whether the two have the same shape."""
        return self.g.shape == self.e.shape

    @cached_property
    def whole(self) -> bool:
        """Whether all right values are whole numbers, as counts are."""
        return bool((self.e == np.rint(self.e)).all())

    @cached_property
    def scale(self) -> float:
        """The extent of both together: what an absolute error is small against."""
        return max(extent(self.g), extent(self.e))

    @cached_property
    def finite(self) -> bool:
        """Whether there is no NaN and no infinity in either."""
        return bool(np.isfinite(self.g).all() and np.isfinite(self.e).all())

    @cached_property
    def wrong(self) -> Mask:
        """Where the check finds the two different; needs equal shapes."""
        relative, absolute = self._of_the_check
        return ~_close(self.g, self.e, relative, absolute)

    @cached_property
    def evidence_by_value(self) -> Array:
        """Digits each place gives a claim that explains it, 0 where the answer is right anyway; needs equal shapes."""
        return self._evidence(self.g, np.abs(self.e - self.g), self.e, self.scale)

    @cached_property
    def evidence(self) -> float:
        """Digits for a claim that explains every value that came back."""
        return float(self.evidence_by_value.sum()) if self.same_shape else self.evidence_of(self.g)

    def evidence_of(self, values: Array) -> float:
        """Return the digits for an agreement of all of `values`, none of which would be there without the claim."""
        scale = extent(values)
        return float(self._evidence(values, np.full(values.shape, scale), values, scale).sum())

    def _evidence(self, values: Array, distance: Array, right: Array, scale: float) -> Array:
        tolerance = self.relative * np.abs(values) + max(self.absolute(scale), _SMALLEST)
        grid_tolerance = self.relative / 10
        digits = match_evidence(values, tolerance, distance, self.max_digits, grid_tolerance)
        if right.size == 1:
            digits = np.minimum(digits, max_evidence_of_number(right.item(), grid_tolerance, self.max_digits))
        # Agreement to less than a digit, as of 1.01 and 1.0, may be one smooth error in all values: not independent.
        return np.where(digits < 1, 0.0, digits) if self.loose else digits

    def fits(self, predicted: Array) -> bool:
        """Return whether the student's values are `predicted`, shape included."""
        return self._agree(self.g, predicted)

    def recovers(self, predicted: Array) -> bool:
        """Return whether `predicted`, made from the student's values, is the right answer, shape included."""
        return self._agree(self.e, predicted)

    def near(self, difference: Array, term: Array) -> bool:
        """Return whether a difference of two results is `term`; it keeps only the absolute accuracy of the results."""
        return self._agree(difference, term, self.scale)

    def _agree(self, actual: Array, predicted: Array, scale: float | None = None) -> bool:
        if actual.shape != predicted.shape:
            return False
        if actual.size:  # nearly all relations that do not hold fail at the first number, at a tenth of the cost
            mine, other = actual.item(0), predicted.item(0)
            if abs(mine - other) > self.relative * abs(other) + self.absolute(self.scale):  # false for NaN and infinity
                return False
        absolute = self.absolute(extent(predicted) if scale is None else scale)
        return bool(_close(actual, predicted, self.relative, absolute).all())


def _close(actual: Array, predicted: Array, relative: float, absolute: float) -> Mask:
    """As `numpy.isclose` with equal_nan."""
    near: Mask = np.abs(actual - predicted) <= relative * np.abs(predicted) + absolute
    if not np.isfinite(predicted).all():
        near = (near & np.isfinite(predicted)) | (actual == predicted) | (np.isnan(actual) & np.isnan(predicted))
    return near


def fitted_constant(
    pair: Pair, kind: str, value: float, fixed: tuple[str, str], any_value: tuple[str, str]
) -> Iterator[Claim]:
    """Yield the claims about a constant that was fitted to the values: the same in all calls, and one in each call.

    Claims of several calls are the same if five digits of `value` are. `fixed` and `any_value` are fact and question.
    """
    key = (kind, "fixed", float(f"{value:.5g}"))
    yield Claim(key, *fixed, pair.evidence, cost=MAX_DIGITS + 1, fallback=True)
    count = int((pair.evidence_by_value > 0).sum())
    if count >= 3:  # in each call one value is used up by the fit
        yield Claim((kind, "any"), *any_value, pair.evidence * (count - 1) / count, cost=1.0, fallback=True)
