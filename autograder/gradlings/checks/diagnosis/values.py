"""Every value is a known function of the right one, or normalized in another way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import log10

import numpy as np

from gradlings.checks.diagnosis.claims import Claim, Pair
from gradlings.checks.diagnosis.evidence_weight import Array, common_grid, position_evidence

_MIN_SLICE = 3  # values a slice must have for its sum, mean or variance to say anything


def _sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


def _relu(a: Array) -> Array:
    return np.maximum(a, 0)


_LOG_QUESTION = "Is a log too many, or an exp missing?"
_EXP_QUESTION = "Is an exp too many, or a log missing?"
# What the student's value is, as a function of the right one; the fact; the question.
_FUNCTIONS: tuple[tuple[Callable[[Array], Array], str, str], ...] = (
    (lambda a: 1 - a, "1 minus the right one", "Is p taken for 1 - p, or a sign in an exponent wrong?"),
    (lambda a: 1 / a, "1 divided by the right one", "Is a fraction upside down, or an exponent's sign wrong?"),
    (np.square, "the square of the right one", "Is a square root missing, or a square too many?"),
    (np.sqrt, "the square root of the right one", "Is a square root too many, or a square missing?"),
    (np.exp, "exp of the right one", _EXP_QUESTION),
    (np.log, "the natural log of the right one", _LOG_QUESTION),
    (lambda a: -np.log(a), "minus the log of the right one", _LOG_QUESTION),
    (lambda a: np.exp(-a), "exp of minus the right one", _EXP_QUESTION),
    (lambda a: np.exp2(np.log(a)), "2 to a power where e to that power belongs", "Which base is asked for?"),
    (np.abs, "the right one without its sign", "Is an absolute value or a square too many?"),
    (_relu, "the right one, or 0 where that is negative", "Is a ReLU or clamp too many?"),
    (_sigmoid, "the sigmoid of the right one", "Is a sigmoid applied once too often?"),
    (np.tanh, "the tanh of the right one", "Is a tanh applied once too often?"),
)
# What is still to be done to the student's value.
_MISSING: tuple[tuple[str, Callable[[Array], Array], str], ...] = (
    ("ReLU", _relu, "Is a ReLU or clamp missing?"),
    ("sigmoid", _sigmoid, "Is a sigmoid missing?"),
    ("tanh", np.tanh, "Is a tanh missing?"),
    ("absolute value", np.abs, "Is an absolute value missing?"),
)


def function_of_the_answer(pair: Pair) -> Iterator[Claim]:
    """Claim that every value is 1 - a, 1/a, a squared, exp, log, |a| ... of the right value a."""
    if not pair.same_shape or not pair.e.size or any(map(pair.fits, pair.call.arrays.values())):
        return  # `structure.unchanged_input` is about an argument that came back
    cost = log10(len(_FUNCTIONS))
    for function, words, question in _FUNCTIONS:
        if pair.fits(function(pair.e)):
            yield Claim(("function", words), f"{{each}} is {words}", question, pair.evidence, cost=cost)


def function_missing(pair: Pair) -> Iterator[Claim]:
    """Claim that a function still to be applied to what came back gives the right answer."""
    if not pair.same_shape or not pair.e.size:
        return
    for name, function, question in _MISSING:
        if pair.recovers(function(pair.g)):
            evidence = pair.evidence
            if name == "ReLU":  # any negative value would do: only the places and the signs are evidence
                changed = int(pair.wrong.sum())
                evidence = position_evidence(pair.e.size, changed) + changed * log10(2)
            fact = f"the right answer is the {name} of yours, value by value"
            yield Claim(("missing", name), fact, question, evidence, cost=0.6)


def softmax_missing(pair: Pair) -> Iterator[Claim]:
    """Claim that logits came back whose softmax is the answer."""
    if not pair.same_shape or not pair.finite:
        return
    for axis in _axes_with_total_one(pair.e, pair):
        powers = np.exp(pair.g - pair.g.max(axis=axis, keepdims=True))
        if pair.recovers(powers / powers.sum(axis=axis, keepdims=True)):
            fact = f"the right answer is the softmax of yours along axis {axis}"
            yield Claim(("softmax missing", axis), fact, "Is the softmax missing?", pair.evidence)


def normalized(pair: Pair) -> Iterator[Claim]:
    """Claim that the values sum to 1 along another axis, over everything, or not at all."""
    if not pair.same_shape or not pair.finite or common_grid(pair.g, 1e-9) is not None:
        return
    right = _axes_with_total_one(pair.e, pair)
    mine = _axes_with_total_one(pair.g, pair)
    if not right or set(right) & set(mine):
        return
    axis, evidence = right[0], pair.evidence_of(pair.g)
    ask = "Is dim=... of a softmax or sum wrong?"
    if mine:
        fact = f"your values sum to 1 along axis {mine[0]}, the right ones along axis {axis}"
        slices = pair.g.size // pair.g.shape[mine[0]]
        yield Claim(("normalized", mine[0], axis), fact, ask, slices * (pair.max_digits - 1), cost=0.5)
        return
    if pair.g.ndim > 1 and pair.near(pair.g.sum(), np.asarray(1.0)) and pair.g.size > _MIN_SLICE:
        fact = f"your values sum to 1 all together, the right ones along axis {axis}"
        yield Claim(("normalized", "all", axis), fact, ask, pair.max_digits - 1, cost=0.0)
    totals = pair.g.sum(axis=axis, keepdims=True)
    if (totals != 0).all() and pair.recovers(pair.g / totals):
        fact = f"your values divided by their sum along axis {axis} are the right ones"
        free = totals.size * pair.max_digits
        yield Claim(("not normalized", axis), fact, "Is the division by the sum missing?", evidence - free, cost=0.5)


def _axes_with_total_one(array: Array, pair: Pair) -> list[int]:
    if array.size < _MIN_SLICE:
        return []
    return [
        axis
        for axis in range(array.ndim)
        if array.shape[axis] > 1 and pair.near(array.sum(axis=axis), np.ones_like(array.sum(axis=axis)))
    ]


def standardized(pair: Pair) -> Iterator[Claim]:
    """Claim that the values have mean 0 and variance 1 along another axis, or along none."""
    if not pair.same_shape or pair.g.ndim < 2 or not pair.finite:
        return
    mine, right = _axes_standardized(pair.g), _axes_standardized(pair.e)
    if not right or set(right) & set(mine):
        return
    if mine:
        fact = f"your values have mean 0 and variance 1 along axis {mine[0]}, the right ones along axis {right[0]}"
        slices = pair.g.size // pair.g.shape[mine[0]]
        ask = "Is dim=... of the mean and variance wrong?"
        yield Claim(("standardized", mine[0], right[0]), fact, ask, 4.0 * slices)
        return
    axis = right[0]
    centered = pair.g - pair.g.mean(axis=axis, keepdims=True)
    if pair.recovers(centered) and not pair.fits(centered):
        fact = f"your values minus their mean along axis {axis} are the right ones"
        free = pair.max_digits * pair.g.size / pair.g.shape[axis]
        yield Claim(("not centered", axis), fact, "Is the mean not subtracted?", pair.evidence - free)


def _axes_standardized(array: Array) -> list[int]:
    return [
        axis
        for axis, size in enumerate(array.shape)
        if size >= _MIN_SLICE
        and np.abs(array.mean(axis=axis)).max() < 1e-3
        and np.abs(array.std(axis=axis) - 1).max() < 2e-2
    ]
