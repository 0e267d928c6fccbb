"""Right numbers in wrong places, and places that are wrong by a rule: shifted, flipped, triangles, masks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from gradlings.checks.diagnosis.claims import Claim, Pair
from gradlings.checks.diagnosis.evidence_weight import Array, position_evidence
from gradlings.checks.diagnosis.shape import ends

_MAX_SHIFT = 2


def flipped(pair: Pair) -> Iterator[Claim]:
    """Claim that the order along one axis is reversed."""
    if not pair.same_shape:
        return
    for axis in range(pair.e.ndim):
        if pair.e.shape[axis] > 1 and pair.fits(np.flip(pair.e, axis)):
            fact = f"the order along axis {axis} is reversed" if pair.e.ndim > 1 else "the order is reversed"
            yield Claim(("flipped", axis), fact, "At which end does the right answer start?", pair.evidence)


def rolled(pair: Pair) -> Iterator[Claim]:
    """Claim a shift along an axis, where what falls off at one end comes back at the other."""
    if not pair.same_shape:
        return
    for axis in range(pair.e.ndim):
        for steps in _steps(pair.e.shape[axis]):
            if pair.fits(np.roll(pair.e, steps, axis)):
                fact = f"{_moved(steps, axis, pair)}; what falls off one end comes back at the other"
                yield Claim(("rolled", axis, steps), fact, "Is an index or a slice off?", pair.evidence, cost=1.0)


def shifted(pair: Pair) -> Iterator[Claim]:
    """Claim a shift along an axis, where the places freed at one end hold something else."""
    if not pair.same_shape:
        return
    for axis in range(pair.e.ndim):
        size = pair.e.shape[axis]
        for steps in _steps(size):
            mine = _narrow(pair.g, axis, max(steps, 0), size - abs(steps))
            right = _narrow(pair.e, axis, max(-steps, 0), size - abs(steps))
            if mine.size >= 2 and pair.near(mine, right):
                weights = _narrow(pair.evidence_by_value, axis, max(steps, 0), size - abs(steps))
                ask = "Is a slice, a range or a target off by that much?"
                yield Claim(("shifted", axis, steps), _moved(steps, axis, pair), ask, float(weights.sum()), cost=1.0)


def _steps(size: int) -> list[int]:
    return [steps for steps in range(-_MAX_SHIFT, _MAX_SHIFT + 1) if steps and size > abs(steps) + 1]


def _moved(steps: int, axis: int, pair: Pair) -> str:
    along = f" along axis {axis}" if pair.e.ndim > 1 else ""
    places = "one place" if abs(steps) == 1 else f"{abs(steps)} places"
    return f"every value stands {places} too {'late' if steps > 0 else 'early'}{along}"


def _narrow(array: Array, axis: int, start: int, length: int) -> Array:
    return array[(slice(None),) * axis + (slice(start, start + length),)]


def wrong_length(pair: Pair) -> Iterator[Claim]:
    """Claim that there are too many or too few values at one end of an axis, the rest being right."""
    g, e = pair.g, pair.e
    if g.ndim != e.ndim or sum(m != r for m, r in zip(g.shape, e.shape, strict=True)) != 1:
        return
    axis = next(i for i in range(g.ndim) if g.shape[i] != e.shape[i])
    short, extra = min(g.shape[axis], e.shape[axis]), abs(g.shape[axis] - e.shape[axis])
    if short == 0:
        return
    if g.shape[axis] > short:
        many, longer, right, agrees = "many", g, e, pair.recovers
    else:
        many, longer, right, agrees = "few", e, g, pair.fits
    for end, start in (("end", 0), ("start", extra)):
        if agrees(_narrow(longer, axis, start, short)):
            along = f" of axis {axis}" if g.ndim > 1 else ""
            places = "is one value" if extra == 1 else f"are {extra} values"
            fact = f"there {places} too {many} at the {end}{along}; the rest is right"
            ask = "Is a slice or a range off at that end?"
            yield Claim(("length", axis, end, many), fact, ask, pair.evidence_of(right))


def sorted_values(pair: Pair) -> Iterator[Claim]:
    """Claim that the values are right, but sorted."""
    if pair.same_shape and pair.e.ndim >= 1 and pair.e.shape[-1] > 2 and pair.fits(np.sort(pair.e, axis=-1)):
        fact = "the values are right, but sorted by size"
        yield Claim(("sorted",), fact, "Is the original order lost by a sort?", pair.evidence)


def inverted_mask(pair: Pair) -> Iterator[Claim]:
    """Claim that True and False are swapped, or that there are zeros exactly where there should be none."""
    if not pair.same_shape or not pair.e.size:
        return
    is_mask = isinstance(pair.expected, Tensor) and pair.expected.dtype == torch.bool
    if is_mask and pair.fits(1 - pair.e):
        fact = "True and False are swapped everywhere"
        yield Claim(("inverted", "bool"), fact, "Does True mean keep or hide here?", pair.evidence, cost=0.0)
        return
    zero, right_zero = pair.g == 0, pair.e == 0
    if not is_mask and right_zero.any() and not right_zero.all() and (zero == ~right_zero).all():
        evidence = position_evidence(pair.e.size, int(right_zero.sum()))
        fact = "the result is 0 exactly where the right answer is not, and the other way round"
        yield Claim(("inverted", "zeros"), fact, "Is a mask inverted?", evidence)


def triangle(pair: Pair) -> Iterator[Claim]:
    """Claim that of square matrices one triangle, or the diagonal, is wrong and nothing else."""
    if not pair.same_shape or pair.g.ndim < 2 or pair.g.shape[-1] != pair.g.shape[-2] or pair.g.shape[-1] < 3:
        return
    diagonal = np.eye(pair.g.shape[-1], dtype=bool)
    upper = np.triu(~diagonal)
    for name, region, ask in (
        ("above the diagonal", upper, "Is a causal mask (tril, triu) missing or applied at another point?"),
        ("below the diagonal", upper.T, "Is a mask (tril, triu) missing, or its direction wrong?"),
        ("on the diagonal", diagonal, "Is tril or triu off by one, or an identity missing or too many?"),
        ("on and above the diagonal", upper | diagonal, "Is a mask (tril, triu) missing or wrong?"),
        ("on and below the diagonal", upper.T | diagonal, "Is a mask (tril, triu) missing or wrong?"),
    ):
        if (pair.wrong == region).all():
            fact = f"every value {name} is wrong, all others are right"
            yield Claim(("triangle", name), fact, ask, position_evidence(region.size, int(region.sum())))


def unfilled(pair: Pair) -> Iterator[Claim]:
    """Claim that some values are 0, the rest being right."""
    if not pair.same_shape or not pair.wrong.any() or pair.wrong.all() or not (pair.g[pair.wrong] == 0).all():
        return
    evidence = pair.evidence_of(pair.e[pair.wrong]) if pair.wrong.sum() > 1 else pair.evidence
    for axis, where, index in ends(pair.e):
        inside = np.zeros(pair.e.shape, dtype=bool)
        inside[(slice(None),) * axis + (index,)] = True
        if not pair.g[inside].any() and not pair.wrong[~inside].any():
            what = "slice" if pair.e.ndim > 1 else "value"
            along = f" along axis {axis}" if pair.e.ndim > 1 else ""
            fact = f"the {where} {what}{along} is 0, all others are right"
            ask = "Does a loop or slice stop one short?"
            yield Claim(("unfilled", axis, where), fact, ask, evidence, cost=1.0)
    count = int(pair.wrong.sum())
    fact = f"where the result is wrong it is 0 ({count} of {pair.g.size} values); the rest is right"
    ask = "Are some values never filled, or masked although they count?"
    yield Claim(("unfilled",), fact, ask, evidence)


def wrong_by_input(pair: Pair) -> Iterator[Claim]:
    """Claim that values are right or wrong according to an argument: its sign, or whether it is 0."""
    if not pair.same_shape or not pair.wrong.any() or pair.wrong.all():
        return
    if not pair.e[~pair.wrong].any() or not pair.g[pair.wrong].any():
        return  # nothing but zeros on one side: other signatures are about masks and cuts
    places = position_evidence(pair.wrong.size, int(pair.wrong.sum()))
    for name, array in pair.call.arrays.items():
        if array.shape != pair.e.shape or pair.fits(array):
            continue
        for words, chosen in (
            ("is negative", array < 0),
            ("is positive", array > 0),
            ("is 0", array == 0),
            ("is not 0", array != 0),
        ):
            if (pair.wrong == chosen).all():
                fact = f"wrong exactly where {name} {words}, right everywhere else"
                ask = "Is that case left out, or a mask missing?"
                yield Claim(("by input", name, words), fact, ask, places, cost=1.0)
    if (pair.wrong == (pair.e == 0)).all():
        fact, ask = "wrong exactly where the right answer is 0, right everywhere else", "Is a ReLU or a mask missing?"
        yield Claim(("by zero",), fact, ask, places)
