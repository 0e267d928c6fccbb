"""Sign, and one factor between all values and the right ones, named by a size, an argument or a constant."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import permutations
from typing import NamedTuple

import numpy as np
from torch import Tensor

from gradlings.checks.diagnosis.claims import Claim, Pair, fitted_constant

_MAX_SIZES = 14
_MAX_NUMBERS = 6
_FACTOR_COST = 2.2  # log10 of the number of factors that are tried, some 150


class Factor(NamedTuple):
    """A number by which a result may be off; the key is the same in all calls, `words` complete "every value is"."""

    key: tuple[object, ...]
    value: float
    words: str
    question: str


def sign(pair: Pair) -> Iterator[Claim]:
    """Claim that every value has the opposite sign."""
    if pair.same_shape and pair.fits(-pair.e):
        fact = "{each} has the opposite sign and the right size"
        ask = "Is a difference taken the other way round, or a minus missing or too many?"
        yield Claim(("sign",), fact, ask, pair.evidence, cost=0.0, one_number_suffices=True)


def factor(pair: Pair) -> Iterator[Claim]:
    """Claim that every value is the right one times one factor that has a name."""
    if pair.same_shape and pair.finite and not pair.e.any() and not pair.g.any():
        for candidate in _candidates(pair):  # 0 where 0 belongs: every factor fits
            yield from (_named(candidate, minus, pair) for minus in (False, True))
    ratio = _common_ratio(pair)
    if ratio is None:
        return
    for candidate in _candidates(pair):
        if candidate.question == _ASK_UNITS and isinstance(pair.expected, Tensor):
            candidate = candidate._replace(question=_ASK_CONSTANT)  # a tensor is no count of bytes
        if candidate.value and abs(abs(ratio) / abs(candidate.value) - 1) <= 3 * pair.relative:
            yield _named(candidate, ratio * candidate.value < 0, pair)


def nameless_factor(pair: Pair) -> Iterator[Claim]:
    """Claim that every value is the right one times one factor, whatever it is."""
    ratio = _common_ratio(pair)
    if ratio is None or abs(abs(ratio) - 1) < 1e-4:
        return
    fact, ask = f"{{each}} is {ratio:.4g} times the right one", _ASK_CONSTANT
    same = f"{{each}} is the right one times one and the same number, {ratio:.4g} here"
    yield from fitted_constant(pair, "factor", ratio, (fact, ask), (same, "Is a factor missing or wrong?"))


def _common_ratio(pair: Pair) -> float | None:
    """Return the number r with g = r * e, if there is one."""
    if not pair.same_shape or not pair.e.size or not pair.finite:
        return None
    at = int(np.abs(pair.e).argmax())
    right = float(pair.e.ravel()[at])
    ratio = float(pair.g.ravel()[at]) / right if right else 0.0
    return ratio if ratio and pair.fits(ratio * pair.e) else None


def _named(candidate: Factor, minus: bool, pair: Pair) -> Claim:
    fact = f"{{each}} {'has the opposite sign and ' if minus else ''}is {candidate.words}"
    return Claim(("factor", minus, *candidate.key), fact, candidate.question, pair.evidence, cost=_FACTOR_COST)


def _candidates(pair: Pair) -> Iterator[Factor]:
    yield from _TWO
    if pair.whole:
        yield from _BYTES
    yield from _of_sizes(pair)
    yield from _of_numbers(pair)
    yield from _FIXED


def _constant(value: float, words: str, question: str) -> Factor:
    return Factor((words,), value, words, question)


_TWO = (
    _constant(2.0, "exactly 2 times too large", "Is a factor 1/2 missing, or something counted twice?"),
    _constant(0.5, "exactly half of the right one", "Is a factor 2 missing, or a factor 1/2 too many?"),
)
_ASK_LOG = "Is the logarithm to another base than e, or e where another base belongs?"
_ASK_PERCENT = "Is it a percentage where a share belongs, or the reverse?"
_ASK_CONSTANT = "Is a constant factor missing or wrong?"
_ASK_UNITS = "Are bits, bytes, KiB, MiB or elements mixed up?"
_FIXED = (
    _constant(math.log(2), "ln 2 = 0.6931 times the right one", _ASK_LOG),
    _constant(1 / math.log(2), "1/ln 2 = 1.443 times the right one", _ASK_LOG),
    _constant(math.log(10), "ln 10 = 2.303 times the right one", _ASK_LOG),
    _constant(1 / math.log(10), "1/ln 10 = 0.4343 times the right one", _ASK_LOG),
    _constant(100.0, "exactly 100 times too large", _ASK_PERCENT),
    _constant(0.01, "exactly 100 times too small", _ASK_PERCENT),
    _constant(1024.0, "exactly 1024 times too large", _ASK_UNITS),
    _constant(1 / 1024, "exactly 1024 times too small", _ASK_UNITS),
    _constant(8.0, "exactly 8 times too large", _ASK_UNITS),
    _constant(0.125, "exactly 8 times too small", _ASK_UNITS),
    _constant(math.sqrt(2), "sqrt(2) times too large", "Is a root or a square of 2 involved?"),
    _constant(math.sqrt(0.5), "sqrt(2) times too small", "Is a root or a square of 2 involved?"),
    _constant(2**20 / 1e6, "2**20/10**6 = 1.0486 times the right one", "Is it counted in MB where MiB belongs?"),
    _constant(1e6 / 2**20, "10**6/2**20 = 0.9537 times the right one", "Is it counted in MiB where MB belongs?"),
    _constant(math.pi, "pi times too large", "Is a factor pi too many?"),
    _constant(2 * math.pi, "2 pi times too large", "Is a factor 2 pi too many?"),
    _constant(1 / math.pi, "pi times too small", "Is a factor pi missing?"),
    _constant(0.5 / math.pi, "2 pi times too small", "Is a factor 2 pi missing?"),
)
_BYTES = (
    _constant(4.0, "exactly 4 times too large", _ASK_UNITS),
    _constant(8.0, "exactly 8 times too large", _ASK_UNITS),
    _constant(0.25, "exactly 4 times too small", _ASK_UNITS),
    _constant(0.125, "exactly 8 times too small", _ASK_UNITS),
)


def _of_sizes(pair: Pair) -> Iterator[Factor]:
    """Yield factors made of a size N of an argument, or of two of them."""
    sizes = list(pair.call.sizes.items())[:_MAX_SIZES]
    for name, n in sizes:
        is_shape = ".shape[" in name or name.startswith("len(") or name.endswith((".numel()", ".size"))
        mean = "Is a mean missing, or a sum where a mean belongs?"
        twice = f"Is a division by {name} one too many, or a mean where a sum belongs?"
        if pair.whole or not is_shape:
            mean, twice = f"Is {name} counted once too often?", f"Is a factor {name} missing?"
        say = f"exactly N = {n} times too {{}} (N = {name})" if is_shape else f"exactly {name} = {n} times too {{}}"
        yield Factor(("N", name), n, say.format("large"), mean)
        yield Factor(("1/N", name), 1 / n, say.format("small"), twice)
        root = f"sqrt(N) = {math.sqrt(n):.4g} times too {{}} (N = {name} = {n})"
        ask = "Is a division by sqrt(N) missing, or by N where sqrt(N) belongs?"
        yield Factor(("sqrt N", name), math.sqrt(n), root.format("large"), ask)
        yield Factor(("1/sqrt N", name), 1 / math.sqrt(n), root.format("small"), "Is it divided by sqrt(N) too much?")
        yield Factor(("2N", name), 2 * n, f"exactly 2 N = {2 * n} times too large (N = {name})", mean)
        yield Factor(("1/2N", name), 0.5 / n, f"exactly 2 N = {2 * n} times too small (N = {name})", twice)
        yield Factor(("N/2", name), n / 2, f"N/2 = {n / 2:g} times the right one (N = {name})", mean)
        yield Factor(("2/N", name), 2 / n, f"2/N = {2 / n:.4g} times the right one (N = {name})", twice)
        if n > 1:
            yield from _unbiased(name, n)
    single = [(name, n) for name, n in sizes if (name.endswith("]") and " " not in name) or name.isidentifier()]
    for (name, n), (other, d) in permutations(single, 2):
        if n != d:
            words = f"exactly N/D = {n}/{d} times the right one (N = {name}, D = {other})"
            yield Factor(("N/D", name, other), n / d, words, f"Are {name} and {other} mixed up?")


def _unbiased(name: str, n: int) -> Iterator[Factor]:
    ask = "Is a variance or mean divided by N - 1 where N belongs, or the reverse?"
    for form, value in (
        ("N/(N-1)", n / (n - 1)),
        ("(N-1)/N", (n - 1) / n),
        ("sqrt(N/(N-1))", math.sqrt(n / (n - 1))),
        ("sqrt((N-1)/N)", math.sqrt((n - 1) / n)),
    ):
        yield Factor((form, name), value, f"{form} = {value:.4g} times the right one (N = {name} = {n})", ask)


def _of_numbers(pair: Pair) -> Iterator[Factor]:
    """Yield factors made of an argument p that is a single number."""
    numbers = list(pair.call.numbers.items())[:_MAX_NUMBERS]
    for name, p in numbers:
        if not 1e-100 < abs(p) < 1e100:  # its square and the inverse of that are no numbers
            continue
        forms = {
            f"{name}": (p, f"Is a factor {name} too many?"),
            f"1/{name}": (1 / p, f"Is a factor {name} missing?"),
            f"{name}**2": (p * p, f"Is a factor {name} used too often?"),
            f"1/{name}**2": (1 / (p * p), f"Is a factor {name} missing twice?"),
            f"2 {name}": (2 * p, f"Is a factor 2 {name} too many?"),
            f"1/(2 {name})": (0.5 / p, f"Is a factor 2 {name} missing?"),
        }
        if 0 < p < 1:
            forms |= {
                f"(1 - {name})": (1 - p, f"Is a division by (1 - {name}) missing, or a factor too many?"),
                f"1/(1 - {name})": (1 / (1 - p), f"Is a factor (1 - {name}) missing?"),
                f"(1 - {name})/{name}": ((1 - p) / p, f"Is {name} used where 1 - {name} belongs?"),
                f"{name}/(1 - {name})": (p / (1 - p), f"Is 1 - {name} used where {name} belongs?"),
                f"(1 - {name})**2": ((1 - p) ** 2, f"Is it multiplied by (1 - {name}) where a division belongs?"),
                f"1/(1 - {name})**2": ((1 - p) ** -2, f"Is it divided by (1 - {name}) where a factor belongs?"),
                f"{name}(1 - {name})": (p * (1 - p), f"Is a factor {name}(1 - {name}) too many?"),
                f"1/({name}(1 - {name}))": (1 / (p * (1 - p)), f"Is a factor {name}(1 - {name}) missing?"),
            }
        for form, (value, question) in forms.items():
            yield Factor(("number", form), value, f"{form} = {value:.4g} times the right one", question)
    for (name, p), (other, q) in permutations(numbers, 2):
        words = f"{name}/{other} = {p / q:.4g} times the right one"
        yield Factor(("number", name, other), p / q, words, f"Is {name} used where {other} belongs?")
