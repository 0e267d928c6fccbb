"""What diagnosis works on: a failing trial, one wrong value of it beside the right one, and a claim about the two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gradlings.checks.diagnosis.evidence_weight import MOST, Array, digits_of_lone_number, digits_of_match, reach

Mask = npt.NDArray[np.bool_]

LARGEST = 20_000  # elements; larger tensors are left alone
_COARSE = {torch.float32: (1e-4, 1e-5, 3.5), torch.float16: (2e-2, 5e-3, 1.5), torch.bfloat16: (6e-2, 3e-2, 1.0)}
_FINE = (1e-7, 1e-9, MOST)
_EXACT = (1e-12, 1e-13, MOST)  # whole numbers against whole numbers
# How far a right answer may be off, as in comparing.py; here by relative tolerance, for the absolute one.
_ABSOLUTE = {1e-7: 1e-9, 1e-4: 1e-5, 2e-2: 5e-3, 6e-2: 3e-2}


@dataclass(frozen=True)
class Trial:
    """What happened on one probe.

    Args:
        got: what the student's function returned: tensor, number, or tuple, list, dict of these.
        expected: what the oracle returned.
        inputs: argument name -> value as it was before the call.
    """

    got: object
    expected: object
    inputs: Mapping[str, object]


@dataclass(frozen=True)
class Claim:
    """One relation between what came back and what is right, as seen in one trial.

    Args:
        key: says which relation it is; claims of several trials are the same claim if their keys are equal.
        fact: what is observed; "{each}" stands for "every value" or "the value".
        question: what the fact may come from.
        digits: how surprising the agreement would be without the claim (decimal digits, see surprise.py).
        cost: digits to give away for having tried several relations of this kind, or for a fitted number.
        alone: True if one trial with a single number may be enough.
        twice: True if one trial is never enough.
        vague: True for a claim that is made only if no telling one holds.
        literal: True for right numbers in a wrong form, and NaN: seen directly, needs no digits.
    """

    key: tuple[object, ...]
    fact: str
    question: str
    digits: float
    cost: float = 0.5
    alone: bool = False
    twice: bool = False
    vague: bool = False
    literal: bool = False


def to_array(value: object) -> Array | None:
    """A tensor, NumPy array or number as float64 on the CPU; None for anything else (bool, str, None, complex)."""
    if isinstance(value, Tensor):
        if value.is_complex() or value.layout != torch.strided or value.numel() > LARGEST:
            return None
        if value.device.type == "meta":
            return np.full(tuple(value.shape), np.nan)
        return np.asarray(value.detach().cpu().to(torch.float64).numpy())
    if isinstance(value, np.ndarray | np.generic):
        usable = value.dtype.kind in "biuf" and value.size <= LARGEST
        return np.asarray(value, dtype=np.float64) if usable else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return np.asarray(value, dtype=np.float64)
    if is_row_of_numbers(value):
        return np.asarray(value, dtype=np.float64)
    return None


def is_row_of_numbers(value: object) -> bool:
    """True for a short tuple or list of Python numbers (a shape, strides, counts)."""
    return (
        isinstance(value, tuple | list)
        and len(value) <= 256
        and all(isinstance(item, int | float) and not isinstance(item, bool) for item in value)
    )


def _has_floats(value: object) -> bool:
    if isinstance(value, Tensor):
        return value.is_floating_point()
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind == "f"
    if isinstance(value, tuple | list):
        return any(isinstance(item, float) for item in value)
    return isinstance(value, float)


@dataclass(frozen=True)
class Inputs:
    """The arguments of a call by name, as numbers."""

    values: Mapping[str, object]

    @cached_property
    def arrays(self) -> dict[str, Array]:
        """Every numeric argument, numbers as 0-d arrays; the members of a dict as `cfg["key"]`."""
        found = ((name, to_array(value)) for name, value in self._flat())
        return {name: array for name, array in found if array is not None}

    @cached_property
    def numbers(self) -> dict[str, float]:
        """The arguments that are one finite number other than 0."""
        single = {n: float(a) for n, a in self.arrays.items() if a.ndim == 0}
        return {name: value for name, value in single.items() if np.isfinite(value) and value != 0}

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Counts by the expression that gives them: "X.shape[0]", "H", "len(x)", "X.numel()", products of two sizes."""
        found: dict[str, int] = {}
        products: dict[str, int] = {}
        for name, value in self._flat():
            if isinstance(value, Tensor | np.ndarray):
                found |= {f"{name}.shape[{axis}]": size for axis, size in enumerate(value.shape)}
                if len(value.shape) > 2:
                    for i, j in combinations(range(len(value.shape)), 2):
                        products[f"{name}.shape[{i}] * {name}.shape[{j}]"] = value.shape[i] * value.shape[j]
                if len(value.shape) > 1:
                    numel = "numel()" if isinstance(value, Tensor) else "size"
                    found[f"{name}.{numel}"] = int(np.prod(value.shape))
            elif isinstance(value, int) and not isinstance(value, bool):
                found[name] = value
            elif isinstance(value, tuple | list):
                found[f"len({name})"] = len(value)
        return {name: size for name, size in (found | products).items() if size > 0}

    def _flat(self) -> Iterator[tuple[str, object]]:
        for name, value in self.values.items():
            if isinstance(value, Mapping):
                yield from ((f'{name}["{key}"]', inner) for key, inner in value.items())
            else:
                yield name, value


@dataclass(frozen=True)
class Pair:
    """One value that came back (`got`, as numbers `g`) beside the right one (`expected`, as numbers `e`).

    Args:
        inputs: the arguments of the call.
        siblings: the other members of the returned tuple or dict, by name, as they should be.
    """

    got: object
    expected: object
    g: Array
    e: Array
    inputs: Inputs
    siblings: Mapping[str, Array] = field(default_factory=dict)

    @cached_property
    def precision(self) -> tuple[float, float, float]:
        """Relative tolerance, absolute tolerance as a share of the largest value, digits one number can carry."""
        values = (self.got, self.expected)
        if not any(map(_has_floats, values)):
            return _EXACT
        return max(_COARSE.get(value.dtype, _FINE) if isinstance(value, Tensor) else _FINE for value in values)

    @cached_property
    def same_shape(self) -> bool:
        return self.g.shape == self.e.shape

    @cached_property
    def scalar(self) -> bool:
        """True if all there is to compare is one number."""
        return min(self.g.size, self.e.size) <= 1

    @cached_property
    def whole(self) -> bool:
        """True if all right values are whole numbers, as counts are."""
        return bool((self.e == np.rint(self.e)).all())

    @cached_property
    def scale(self) -> float:
        return max(reach(self.g), reach(self.e))

    @cached_property
    def finite(self) -> bool:
        return bool(np.isfinite(self.g).all() and np.isfinite(self.e).all())

    @cached_property
    def wrong(self) -> Mask:
        """Where the two differ by more than a right answer may; needs equal shapes."""
        relative = self.precision[0]
        near = np.abs(self.g - self.e) <= relative * np.abs(self.e) + _ABSOLUTE.get(relative, 0.0)
        return ~((near & np.isfinite(self.e)) | (self.g == self.e) | (np.isnan(self.g) & np.isnan(self.e)))

    @cached_property
    def weights(self) -> Array:
        """For each place, the digits it is worth if a claim explains it; 0 where the answer is right anyway."""
        relative, share, most = self.precision
        tolerance = relative * np.abs(self.g) + max(share * self.scale, 1e-300)
        worth = digits_of_match(self.g, tolerance, np.abs(self.e - self.g), most, relative / 10)
        if self.e.size == 1:
            worth = np.minimum(worth, digits_of_lone_number(float(self.e.ravel()[0]), relative / 10, most))
        return worth

    @cached_property
    def digits(self) -> float:
        """The sum of the weights."""
        return float(self.weights.sum())

    def worth(self, values: Array) -> float:
        """Digits for an agreement of all of `values`, where shapes differ and nothing was right to begin with."""
        relative, share, most = self.precision
        tolerance = relative * np.abs(values) + max(share * reach(values), 1e-300)
        total = float(
            digits_of_match(values, tolerance, np.full(values.shape, reach(values)), most, relative / 10).sum()
        )
        if values.size == 1:
            total = min(total, digits_of_lone_number(float(values.ravel()[0]), relative / 10, most))
        return total

    def fits(self, predicted: Array) -> bool:
        """True if the student's values are `predicted`, shape included."""
        return self._agree(self.g, predicted)

    def recovers(self, candidate: Array) -> bool:
        """True if `candidate`, made from the student's values, is the right answer, shape included."""
        return self._agree(self.e, candidate)

    def near(self, difference: Array, term: Array) -> bool:
        """True if a difference of two results is `term`; it keeps only the absolute accuracy of the results."""
        return self._may_agree(difference, term) and bool(self._close(difference, term, self.scale).all())

    def _agree(self, actual: Array, predicted: Array) -> bool:
        if actual.shape != predicted.shape or not self._may_agree(actual, predicted):
            return False
        return bool(self._close(actual, predicted, reach(predicted)).all())

    def _may_agree(self, actual: Array, predicted: Array) -> bool:
        """Looks at the first number only: nearly all relations that do not hold end here, at a tenth of the cost."""
        if not actual.size:
            return True
        mine, other = actual.item(0), predicted.item(0)
        # Written so that NaN and infinity go on to the full comparison.
        return not abs(mine - other) > self.precision[0] * abs(other) + self.precision[1] * self.scale

    def _close(self, actual: Array, predicted: Array, scale: float) -> Mask:
        relative, share, _ = self.precision
        near = np.abs(actual - predicted) <= relative * np.abs(predicted) + share * scale
        if np.isfinite(predicted).all():
            return near
        return (near & np.isfinite(predicted)) | (actual == predicted) | (np.isnan(actual) & np.isnan(predicted))
