"""Axes: transposed, permuted, reshaped instead of transposed, reduced too little, too much or over the wrong axis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations, permutations
from math import factorial, log10

import numpy as np

from gradlings.checks.diagnosis.claims import Claim, Pair
from gradlings.checks.diagnosis.evidence_weight import Array

_MAX_AXES = 5
_MIN_ELEMENTS_TO_RESHAPE = 4

_REDUCTIONS: dict[str, Callable[..., Array]] = {
    "sum": np.sum,
    "mean": np.mean,
    "largest value": np.max,
    "smallest value": np.min,
    "norm": lambda a, axis, keepdims=False: np.sqrt(np.sum(a * a, axis=axis, keepdims=keepdims)),
}


def _axis_words(axes: tuple[int, ...], rank: int) -> str:
    if len(axes) == rank > 1:
        return "all axes"
    return f"axis {axes[0]}" if len(axes) == 1 else "axes " + " and ".join(map(str, axes))


def _axis_sets(rank: int) -> list[tuple[int, ...]]:
    return [axes for count in range(1, rank + 1) for axes in combinations(range(rank), count)]


def permuted(pair: Pair) -> Iterator[Claim]:
    """Claim that the axes are in another order."""
    rank = pair.e.ndim
    if not 2 <= rank <= _MAX_AXES or sorted(pair.g.shape) != sorted(pair.e.shape):
        return
    for order in permutations(range(rank)):
        if order == tuple(range(rank)) or not pair.fits(pair.e.transpose(order)):
            continue
        moved = [axis for axis in range(rank) if order[axis] != axis]
        if rank == 2:
            fact = "this is the right answer transposed: rows and columns are swapped"
            ask = "Is the order of the factors or a .T wrong?"
        elif len(moved) == 2:
            fact = f"this is the right answer with axes {moved[0]} and {moved[1]} swapped"
            ask = "Is a transpose missing, or does it take the wrong axes?"
        elif order == tuple(range(rank))[::-1]:
            fact = "this is the right answer with all its axes in reverse order"
            ask = "Is .T used on more than two axes?"
        else:
            fact = f"this is the right answer with its axes in the order {order}"
            ask = "Is a transpose or permute missing or wrong?"
        yield Claim(("permuted", order), fact, ask, pair.evidence, cost=log10(factorial(rank)))


def reshaped(pair: Pair) -> Iterator[Claim]:
    """Claim that numbers were left in memory order (reshape, view) where axes had to move."""
    if pair.g.size != pair.e.size or pair.g.size < _MIN_ELEMENTS_TO_RESHAPE or pair.e.ndim > _MAX_AXES:
        return
    if pair.fits(pair.e.reshape(pair.g.shape)):
        return
    ask = "Is a reshape or view used where axes must move (transpose)?"
    for order in permutations(range(pair.e.ndim)):
        moved = pair.e.transpose(order)
        if moved.shape != pair.g.shape and pair.fits(moved.reshape(pair.g.shape)):
            fact = "the numbers are right but in wrong places: memory was cut anew, the axes were not moved"
            yield Claim(("reshaped",), fact, ask, pair.evidence, cost=log10(factorial(pair.e.ndim)))
            return
    for name, array in pair.call.arrays.items():
        if array.size != pair.g.size or array.shape == pair.g.shape or not pair.fits(array.reshape(pair.g.shape)):
            continue
        if np.allclose(np.sort(array.ravel()), np.sort(pair.e.ravel()), rtol=1e-6):
            fact = f"the numbers of {name} are all there but in wrong places: still in their old order in memory"
            yield Claim(("reshaped", name), fact, ask, pair.evidence)


def outer_table(pair: Pair) -> Iterator[Claim]:
    """Claim that (n, 1) met (n,): a table of all pairs whose diagonal is the answer."""
    g, right = pair.g, pair.e.squeeze()
    if g.ndim < 2 or g.shape[-1] != g.shape[-2] or g.shape[-1] < 2 or right.ndim != g.ndim - 1:
        return
    diagonal = np.diagonal(g, axis1=-2, axis2=-1)
    if diagonal.shape == right.shape and pair.recovers(diagonal.reshape(pair.e.shape)):
        fact = f"this is a {tuple(g.shape)} table of all pairs; the right values stand on its diagonal"
        ask = "Do a shape (n, 1) and a shape (n,) meet, so that they broadcast?"
        yield Claim(("outer table",), fact, ask, pair.evidence_of(pair.e), cost=0.0)


def not_reduced(pair: Pair) -> Iterator[Claim]:
    """Claim that a sum or mean over an axis is still missing."""
    rank = pair.g.ndim
    if pair.g.size <= pair.e.size:
        return
    for kind, axes in _reductions_giving(pair.g, pair.e, pair.recovers, ("sum", "mean")):
        fact = f"the right answer is the {kind} of yours over {_axis_words(axes, rank)}"
        ask = "Is that last reduction missing, or did an axis too many appear?"
        cost = log10(2 * len(_axis_sets(rank)))
        yield Claim(("not reduced", kind, axes), fact, ask, pair.evidence_of(pair.e), cost=cost)


def over_reduced(pair: Pair) -> Iterator[Claim]:
    """Claim a sum, mean or maximum over more axes than asked for."""
    rank = pair.e.ndim
    if pair.g.size >= pair.e.size:
        return
    for kind, axes in _reductions_giving(pair.e, pair.g, pair.fits, ("sum", "mean", "largest value")):
        fact = f"this is the {kind} of the right answer over {_axis_words(axes, rank)}"
        ask = "Is one reduction too many, or does it cover too many axes (dim=...)?"
        cost = log10(3 * len(_axis_sets(rank)))
        yield Claim(("over-reduced", kind, axes), fact, ask, pair.evidence, cost=cost)


def other_reduction(pair: Pair) -> Iterator[Claim]:
    """Claim that both answers are reductions of one argument, over different axes or of different kinds."""
    for name, array in pair.call.arrays.items():
        if not 1 <= array.ndim <= 4 or array.size < 2:
            continue
        for right_kind, right_axes in _reductions_giving(array, pair.e, pair.recovers):
            for kind, axes in _reductions_giving(array, pair.g, pair.fits):
                if (kind, axes) == (right_kind, right_axes):
                    continue
                mine, right = (_axis_words(a, array.ndim) for a in (axes, right_axes))
                fact = f"this is the {kind} of {name} over {mine}; the right answer is its {right_kind} over {right}"
                ask = "Is dim=... the right one?" if axes != right_axes else "Which reduction is asked for?"
                key = ("reduction", name, kind, axes, right_kind, right_axes)
                yield Claim(key, fact, ask, pair.evidence, cost=1.5)


def _reductions_giving(
    array: Array, target: Array, matches: Callable[[Array], bool], kinds: Iterable[str] = tuple(_REDUCTIONS)
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the kind and the axes of each reduction of `array` that has the target's shape and matches."""
    if not target.ndim <= array.ndim <= _MAX_AXES:
        return
    keep = target.ndim == array.ndim
    for axes in _axis_sets(array.ndim):
        left = [1 if axis in axes else size for axis, size in enumerate(array.shape) if keep or axis not in axes]
        if tuple(left) != target.shape:
            continue
        for kind in kinds:
            if matches(_REDUCTIONS[kind](array, axis=axes, keepdims=keep)):
                yield kind, axes


def equal_totals(pair: Pair) -> Iterator[Claim]:
    """Claim that two rows of different length have one total: sums of one table over its two axes."""
    if pair.g.ndim != 1 or pair.e.ndim != 1 or pair.g.size == pair.e.size or min(pair.g.size, pair.e.size) < 2:
        return
    for name, function in (("sum", np.sum), ("mean", np.mean)):
        mine, right = np.asarray(function(pair.g)), np.asarray(function(pair.e))
        if abs(right) > 1e-6 * pair.scale and pair.near(mine, right):
            fact = f"your {pair.g.size} values and the {pair.e.size} right ones have the same {name}"
            ask = f"Is the {name} taken over the wrong axis?"
            evidence = min(pair.evidence_of(right), pair.evidence_of(pair.e), pair.evidence_of(pair.g))
            yield Claim(("totals", name), fact, ask, evidence, cost=1.0)


def one_slice(pair: Pair) -> Iterator[Claim]:
    """Claim that this is only one slice of the answer, or that one slice is still to be chosen."""
    g, e = pair.g, pair.e
    if g.ndim + 1 == e.ndim:
        for axis, where, index in ends(e):
            if pair.fits(np.asarray(e.take(index, axis=axis))):
                fact = f"this is only the {where} slice of the right answer along axis {axis}"
                ask = "Is the rest dropped by an index or a return inside a loop?"
                if e.ndim == 1:
                    fact = f"this is only the {where} value of the right answer"
                yield Claim(("slice", axis, where), fact, ask, pair.evidence_of(g), cost=0.5)
    elif e.ndim + 1 == g.ndim:
        for axis, where, index in ends(g):
            if pair.recovers(np.asarray(g.take(index, axis=axis))):
                fact = f"the right answer is the {where} slice of yours along axis {axis}"
                yield Claim(("not sliced", axis, where), fact, "Is an index missing?", pair.evidence_of(e), cost=0.5)


def ends(array: Array) -> Iterator[tuple[int, str, int]]:
    """Yield the first and the last place of each axis, as (axis, "first" or "last", index)."""
    for axis in range(array.ndim):
        if array.shape[axis] > 1:
            yield axis, "first", 0
            yield axis, "last", -1
