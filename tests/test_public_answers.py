"""Digests of outcomes: equal where only rounding and container differ, and different where the mistakes are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gradlings.model.observation import CallResult, Examination, Raised
from gradlings.model.scorecard import Verdict
from gradlings.runners.public_answers import outcome_digest

finite = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-3)


def digest(*values: Any) -> str:
    calls = tuple((torch.tensor(1.0),) for _ in values)
    results = tuple(
        value if isinstance(value, CallResult) else CallResult(value=value, args_after=call)
        for value, call in zip(values, calls, strict=True)
    )
    return outcome_digest([Examination(("x",), calls, results, (False,) * len(values))])


def raised(kind: str, message: str) -> CallResult:
    return CallResult(Verdict.ERROR, raised=Raised(kind, message, "", ()))


def test_nothing_observed_has_no_digest() -> None:
    assert outcome_digest([]) == ""


@settings(max_examples=60)
@given(st.lists(finite, min_size=1, max_size=20), st.integers(-4, 4))
def test_the_last_digits_do_not_count(values: list[float], steps: int) -> None:
    exact = torch.tensor(values, dtype=torch.float64)
    assert digest(exact) == digest(exact * (1 + steps * 2.0**-52))
    assert digest(values) == digest([value * (1 + steps * 2.0**-52) for value in values])


@settings(max_examples=60)
@given(st.lists(finite, min_size=1, max_size=20), st.data())
def test_a_thousandth_counts(values: list[float], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(values) - 1))
    exact = torch.tensor(values, dtype=torch.float64)
    other = exact.clone()
    other[place] += 0.001 * max(1.0, exact.abs().max().item())
    assert digest(exact) != digest(other)


def test_sums_in_another_order_are_the_same_in_float32() -> None:
    one = torch.tensor([[0.1, -2.7], [40.0, 0.0]])
    other = one.nextafter(torch.tensor(9.0)).nextafter(torch.tensor(9.0))
    other[1, 1] = 1e-9
    assert not torch.equal(one, other)
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1.0, 2.0), [1.0, 2.0]),
        (0.5, torch.tensor(0.5, dtype=torch.float64)),
        (3, torch.tensor(3)),
        (torch.tensor([1.0, 1e-17], dtype=torch.float64), torch.tensor([1.0, 0.0], dtype=torch.float64)),
        (1e-17, 0.0),
        (raised("ValueError", "size 3 of 'a'"), raised("ValueError", "size 4 of 'b'")),
    ],
)
def test_what_is_the_same_mistake(one: Any, other: Any) -> None:
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (torch.tensor([1.0, 2.0]), torch.tensor([[1.0, 2.0]])),
        (torch.tensor([1.0]), torch.tensor([1.0], dtype=torch.float64)),
        (torch.tensor([1.0]), np.array([1.0], dtype=np.float32)),
        (torch.tensor([float("nan"), 1.0]), torch.tensor([float("inf"), 1.0])),
        (1.0, -1.0),
        (1.0, 2.0),
        (None, 0.0),
        (raised("ValueError", "no"), raised("TypeError", "no")),
        (torch.tensor([True, False]), torch.tensor([False, True])),
    ],
)
def test_what_is_not(one: Any, other: Any) -> None:
    assert digest(one) != digest(other)
