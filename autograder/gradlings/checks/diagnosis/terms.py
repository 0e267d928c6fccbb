"""A term or a factor is missing, too many or wrong: the difference or the quotient is an argument of the call."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement
from math import log10

import numpy as np

from gradlings.checks.diagnosis.claims import Claim, Pair, fitted_constant
from gradlings.checks.diagnosis.evidence_weight import Array

_MAX_INPUTS = 8


def term(pair: Pair) -> Iterator[Claim]:
    """Claim that the difference is an argument, or a product of two, everywhere."""
    if not pair.same_shape or not pair.finite:
        return
    difference = pair.e - pair.g
    inputs = {n: a for n, a in pair.call.arrays.items() if _spreads(a, pair.e.shape)}
    names = list(inputs)[:_MAX_INPUTS]
    for name in names:
        yield from _term_claims(pair, difference, inputs[name], (name,), 1.0)
    products = list(combinations_with_replacement(names, 2))
    cost = log10(2 + len(products))
    for first, second in products:
        yield from _term_claims(pair, difference, inputs[first] * inputs[second], (first, second), cost)


def _term_claims(pair: Pair, difference: Array, value: Array, names: tuple[str, ...], cost: float) -> Iterator[Claim]:
    if not difference.size or not value.size:
        return
    first, size = abs(difference.item(0)), abs(value.item(0))
    if min(abs(first - size), abs(first - 2 * size)) > 2 * (pair.relative * size + pair.absolute(pair.scale)):
        return  # the first number alone excludes most products
    words = f"{names[0]}**2" if len(set(names)) < len(names) else " * ".join(names)
    value = np.broadcast_to(value, difference.shape)
    for times, sign, ask in (
        (1, 1, f"Is {words} missing" + ("?" if pair.whole else ", or subtracted once too often?")),
        (1, -1, f"Is {words} " + ("counted too often?" if pair.whole else "added once too often, or not subtracted?")),
        (2, 1, f"Is {words} missing twice, or subtracted where it should be added?"),
        (2, -1, f"Is {words} added twice too often, or added where it should be subtracted?"),
    ):
        if pair.near(difference, sign * times * value):
            side = "small" if sign > 0 else "large"
            fact = f"{{each}} is too {side} by exactly {'2 * ' if times == 2 else ''}{words}"
            key, product = ("term", times * sign, *names), len(names) > 1
            yield Claim(key, fact, ask, pair.evidence, cost=cost, needs_two_calls=product)


def _spreads(value: Array, shape: tuple[int, ...]) -> bool:
    """Return whether the value broadcasts to the shape without enlarging it."""
    sizes = zip(value.shape[::-1], shape[::-1], strict=False)
    return value.ndim <= len(shape) and all(mine in (1, size) for mine, size in sizes)


def offset(pair: Pair) -> Iterator[Claim]:
    """Claim that every value is off by the same amount."""
    if not pair.same_shape or not pair.finite or not pair.e.size:
        return
    difference = pair.g - pair.e
    amount = float(difference.ravel()[0])
    if not pair.near(difference, np.full(difference.shape, amount)):
        return
    side, size = ("large", amount) if amount > 0 else ("small", -amount)
    if abs(size - 1) < 1e-9:
        ask = "Is a count, range or index off by one?" if pair.whole else "Is a 1 too many or missing?"
        yield Claim(("offset", amount > 0, 1), f"{{each}} is too {side} by exactly 1", ask, pair.evidence, cost=0.3)
        return
    fact, ask = f"{{each}} is too {side} by {size:.6g}", "Is a constant term missing or too many?"
    same = f"{{each}} is off by one and the same amount, {amount:+.4g} here"
    ask_same = "Is a term that is the same for all values missing or too many?"
    yield from fitted_constant(pair, "offset", amount, (fact, ask), (same, ask_same))


def input_factor(pair: Pair) -> Iterator[Claim]:
    """Claim that the quotient is an argument, value by value."""
    if not pair.same_shape or not pair.finite:
        return
    for name, array in list(pair.call.arrays.items())[:_MAX_INPUTS]:
        if array.size < 2 or not _spreads(array, pair.e.shape):
            continue
        forms = {name: array, f"{name}**2": array * array}
        forms |= {f"(1 - {name})": 1 - array, f"{name}(1 - {name})": array * (1 - array)}
        for words, value in forms.items():
            value = np.broadcast_to(value, pair.e.shape)
            # Where the factor is 0 anything fits, so those places are no evidence.
            if pair.recovers(pair.g * value):
                evidence = float(pair.evidence_by_value[value != 0].sum())
                fact = f"{{each}} times {words} is the right one"
                yield Claim(("factor missing", words), fact, f"Is the factor {words} missing?", evidence, cost=1.3)
            if pair.fits(pair.e * value):
                fact = f"{{each}} is the right one times {words}"
                ask = f"Is the factor {words} used once too often?"
                yield Claim(("factor too many", words), fact, ask, pair.evidence, cost=1.3)
