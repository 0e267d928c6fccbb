"""The answer to another question: another member's value, an input, a constant, one number instead of a row."""

from __future__ import annotations

from collections.abc import Iterator
from math import factorial, log10

import numpy as np

from gradlings.checks.diagnosis.evidence_weight import MOST
from gradlings.checks.diagnosis.trials import Claim, Pair, is_row_of_numbers


def belongs_elsewhere(pair: Pair) -> Iterator[Claim]:
    """This member holds what another member of the returned tuple should hold."""
    for name, other in pair.siblings.items():
        if pair.fits(other):
            digits = pair.digits if pair.same_shape else pair.worth(pair.g)
            fact = f"this is what {name} should be"
            ask = "Is the same value returned twice, or the order of the results wrong?"
            yield Claim(("belongs", name), fact, ask, digits, alone=True)


def unchanged_input(pair: Pair) -> Iterator[Claim]:
    """The result is one of the arguments, where something of the same shape was asked for."""
    if pair.same_shape:
        yield from _unchanged(pair, pair.digits)


def input_of_another_shape(pair: Pair) -> Iterator[Claim]:
    """The result is one of the arguments, although another shape was asked for."""
    if not pair.same_shape:
        yield from _unchanged(pair, pair.worth(pair.g))


def _unchanged(pair: Pair, digits: float) -> Iterator[Claim]:
    for name, array in pair.inputs.arrays.items():
        if array.shape == pair.g.shape and pair.fits(array):
            fact = f"the result is {name} itself, unchanged"
            ask = "Is the result of a step not kept (most tensor methods return a new tensor), or a step missing?"
            yield Claim(("unchanged", name), fact, ask, digits)


def all_the_same(pair: Pair) -> Iterator[Claim]:
    """Nothing but zeros, or one and the same number everywhere or on every probe."""
    if not pair.same_shape or not pair.g.size or not np.isfinite(pair.g).all():
        return
    first = float(pair.g.ravel()[0])
    if not (pair.g == first).all():
        return
    digits = pair.worth(pair.e)
    if first == 0:
        yield Claim(("zeros",), "{each} is 0", "Is the result ever filled, or multiplied by 0?", digits)
        return
    ask = "Does the result depend on the inputs, element by element?"
    if pair.g.size >= 3:
        yield Claim(("constant",), f"{{each}} is the same number, {first:.6g}", ask, digits)
    fact = f"{{each}} is {first:.6g} on every failing probe"
    yield Claim(("constant", f"{first:.6g}"), fact, ask, digits, cost=MOST)


def one_number_for_a_row(pair: Pair) -> Iterator[Claim]:
    """A product, sum, length, largest where the row itself belongs; or the row where one of those belongs."""
    if pair.g.ndim == 0 and pair.e.ndim == 1 and pair.e.size and is_row_of_numbers(pair.expected):
        row, number, forward = pair.e, float(pair.g), True
    elif pair.e.ndim == 0 and pair.g.ndim == 1 and pair.g.size and is_row_of_numbers(pair.got):
        row, number, forward = pair.g, float(pair.e), False
    else:
        return
    digits = pair.worth(np.asarray(number))
    for name, value in (
        ("product", row.prod()),
        ("sum", row.sum()),
        ("number of entries", row.size),
        ("largest", row.max()),
    ):
        if float(value) != number:
            continue
        if forward:
            fact, ask = f"this is the {name} of the right entries", "Should the entries themselves be returned?"
        else:
            fact, ask = f"the right answer is the {name} of your entries", "Is the last step missing?"
        yield Claim(("row", forward, name), fact, ask, digits + 1.0, cost=0.6)


def rearranged_row(pair: Pair) -> Iterator[Claim]:
    """A short row of numbers in another fixed order (a shape, strides)."""
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
        yield Claim(("rearranged", tuple(order)), fact, "Which axis comes first?", pair.digits, cost=cost)


SIGNATURES = (belongs_elsewhere, all_the_same, one_number_for_a_row)
LATER = (unchanged_input,)
LAST = (input_of_another_shape, rearranged_row)
