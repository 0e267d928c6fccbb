"""The answer to another question: another member's value, an input, a constant, one number instead of a row."""

from __future__ import annotations

from collections.abc import Iterator
from math import factorial, log10

import numpy as np

from gradlings.checks.diagnosis.claims import Claim, Pair
from gradlings.checks.diagnosis.evidence_weight import MAX_DIGITS
from gradlings.checks.diagnosis.failing_calls import is_row_of_numbers


def belongs_elsewhere(pair: Pair) -> Iterator[Claim]:
    """Claim that this leaf holds what another leaf of the result should hold."""
    for name, other in pair.right_leaves.items():
        if name != pair.name and pair.fits(other):
            fact = f"this is what {name} should be"
            ask = "Is the same value returned twice, or the order of the results wrong?"
            yield Claim(("belongs", name), fact, ask, pair.evidence, one_number_suffices=True)


def unchanged_input(pair: Pair) -> Iterator[Claim]:
    """Claim that the result is one of the arguments, where the same shape was asked for."""
    if pair.same_shape:
        yield from _unchanged(pair)


def input_of_another_shape(pair: Pair) -> Iterator[Claim]:
    """Claim that the result is one of the arguments, although another shape was asked for."""
    if not pair.same_shape:
        yield from _unchanged(pair)


def _unchanged(pair: Pair) -> Iterator[Claim]:
    for name, array in pair.call.arrays.items():
        if array.shape == pair.g.shape and pair.fits(array):
            fact = f"the result is {name} itself, unchanged"
            ask = "Is the result of a step not kept (most tensor methods return a new tensor), or a step missing?"
            if not array.ndim:
                ask = "Is a step missing?"
            yield Claim(("unchanged", name), fact, ask, pair.evidence)


def all_the_same(pair: Pair) -> Iterator[Claim]:
    """Claim that there is nothing but zeros, or one and the same number everywhere or on every probe."""
    if not pair.same_shape or not pair.g.size or not np.isfinite(pair.g).all():
        return
    first = float(pair.g.ravel()[0])
    if not (pair.g == first).all():
        return
    evidence = pair.evidence_of(pair.e)
    if first == 0:
        yield Claim(("zeros",), "{each} is 0", _why_zero(pair), evidence)
        return
    ask = "Does the result depend on the inputs" + (", element by element?" if pair.g.ndim else "?")
    if pair.g.size >= 3:
        yield Claim(("constant",), f"{{each}} is the same number, {first:.6g}", ask, evidence)
    fact = f"{{each}} is {first:.6g} on every failing probe"
    yield Claim(("constant", f"{first:.6g}"), fact, ask, evidence, cost=MAX_DIGITS)


def _why_zero(pair: Pair) -> str:
    """Return the question that fits a container's member, a tensor or a number that is 0."""
    if pair.name:
        return "Is it ever set, or is only a name given something new?"
    if pair.g.size > 1:
        return "Is the result ever filled, or multiplied by 0?"
    if (np.abs(pair.e) < 1).all():
        return "Is it cut to a whole number (//, int, round), or multiplied by 0?"
    return "Is it still what it was set to at first, or multiplied by 0?"


def one_number_for_a_row(pair: Pair) -> Iterator[Claim]:
    """Claim that the product, sum, length or largest of a row stands where the row belongs, or the reverse."""
    if pair.g.ndim == 0 and pair.e.ndim == 1 and pair.e.size and is_row_of_numbers(pair.expected):
        row, number, forward = pair.e, float(pair.g), True
    elif pair.e.ndim == 0 and pair.g.ndim == 1 and pair.g.size and is_row_of_numbers(pair.got):
        row, number, forward = pair.g, float(pair.e), False
    else:
        return
    evidence = pair.evidence_of(np.asarray(number)) + 1.0  # for the exact match of a type and a name
    values = {"product": row.prod(), "sum": row.sum(), "number of entries": row.size, "largest": row.max()}
    for name in [name for name, value in values.items() if value == number]:
        if forward:
            fact, ask = f"this is the {name} of the right entries", "Should the entries themselves be returned?"
        else:
            fact, ask = f"the right answer is the {name} of your entries", "Is the last step missing?"
        yield Claim(("row", forward, name), fact, ask, evidence, cost=0.6)


def rearranged_row(pair: Pair) -> Iterator[Claim]:
    """Claim that a short row of numbers (a shape, strides) is in another fixed order."""
    length = pair.e.size
    if not (is_row_of_numbers(pair.expected) and pair.same_shape and 3 <= length <= 6):
        return
    order: list[int] = []
    for value in pair.g:
        places = [i for i in np.flatnonzero(pair.e == value) if i not in order]
        if len(places) != 1:
            return
        order.append(int(places[0]))
    if order != sorted(order):
        fact = f"the entries are right but in another order: yours are entries {order} of the right ones"
        cost = log10(factorial(length))
        yield Claim(("rearranged", tuple(order)), fact, "Which axis comes first?", pair.evidence, cost=cost)
