"""Values as Python source: what is evaluated is what was written, down to strides and the sign of zero."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gradlings.model.errors import InputError
from gradlings.runners.failing_call.value_source import Stored, source_of

FLOATS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
WHOLE = (torch.int64, torch.int32, torch.uint8)
MANY = 500


def evaluated(source: str, stored: Stored | None = None) -> Any:
    return eval(source, {"torch": torch, "numpy": numpy, "stored": stored})


def same(one: Any, other: Any) -> bool:
    """Whether nothing tells two values apart; every nan is like every other."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Tensor):
        alike = (one.dtype, one.shape, one.stride(), one.requires_grad) == (
            *(other.dtype, other.shape, other.stride(), other.requires_grad),
        )
        return alike and same(one.detach().tolist(), other.detach().tolist())
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, complex):
        return same((one.real, one.imag), (other.real, other.imag))
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or (one, math.copysign(1, one)) == (
            other,
            math.copysign(1, other),
        )
    return bool(one == other)


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    """Tensors of any dtype, rank 0 to 4; contiguous, permuted, spread, expanded; some require grad."""
    dtype = draw(st.sampled_from((*FLOATS, *WHOLE, torch.bool, torch.complex64)))
    shape = draw(st.lists(st.integers(0, 3), max_size=4))
    count = math.prod(shape)
    numbers: st.SearchStrategy[Any] = st.integers(0, 200)
    if dtype.is_floating_point or dtype.is_complex:
        numbers = st.floats(width=16) if dtype != torch.float64 else st.floats()
    values = draw(st.lists(numbers, min_size=count, max_size=count))
    t = torch.tensor(values, dtype=torch.float64 if dtype.is_floating_point else None).to(dtype).reshape(shape)
    kind = draw(st.sampled_from(("contiguous", "permuted", "spread", "expanded")))
    if kind == "permuted" and t.dim():
        t = t.permute(draw(st.permutations(range(t.dim()))))
    elif kind == "spread" and t.dim():
        t = torch.stack([t, t], dim=-1)[..., 0]
    elif kind == "expanded":
        t = t.expand(2, *t.shape)
    return t.requires_grad_() if dtype.is_floating_point and draw(st.booleans()) else t


PLAIN = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text(max_size=20)),
    *(st.binary(max_size=9), st.sampled_from(FLOATS), st.lists(st.integers(0, 9), max_size=3).map(torch.Size)),
)
VALUES = st.recursive(
    PLAIN | tensors(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=80)
@given(tensors())
def test_a_tensor_is_what_it_was(t: Tensor) -> None:
    assert same(evaluated(source_of(t)), t), source_of(t)


@settings(deadline=None, max_examples=50)
@given(VALUES)
def test_nested_values_are_what_they_were(value: Any) -> None:
    assert same(evaluated(source_of(value)), value), source_of(value)


@settings(deadline=None, max_examples=50)
@given(st.floats(width=32))
def test_float32_is_written_in_few_digits_and_read_exactly(number: float) -> None:
    t = torch.tensor(number, dtype=torch.float32)
    assert same(evaluated(source_of(t)), t)
    assert source_of(torch.tensor([0.1, 0.3])) == "torch.tensor([0.1, 0.3], dtype=torch.float32)"


@pytest.mark.parametrize(
    ("value", "source"),
    [
        (torch.tensor([[0, 1, 2], [3, 4, 5]]), "torch.tensor([[0, 1, 2], [3, 4, 5]])"),
        (torch.tensor([[0, 1], [2, 3], [4, 5]]).T, "torch.tensor([[0, 1], [2, 3], [4, 5]]).T"),
        (torch.tensor(-0.7, dtype=torch.float64), "torch.tensor(-0.7, dtype=torch.float64)"),
        (torch.tensor([True, False]), "torch.tensor([True, False])"),
        (torch.ones(2, requires_grad=True), "torch.tensor([1.0, 1.0], dtype=torch.float32).requires_grad_()"),
        ((1, [2.0, None]), "(1, [2.0, None])"),
        ((1,), "(1,)"),
    ],
)
def test_source_reads_as_a_person_would_write_it(value: Any, source: str) -> None:
    assert source_of(value) == source


@pytest.mark.parametrize("value", [numpy.float32(0.1), numpy.bool_(True), numpy.arange(6.0).reshape(2, 3)])
def test_numpy_keeps_its_types(value: Any) -> None:
    made = evaluated(source_of(value))
    assert (type(made), made.dtype, made.tolist()) == (type(value), value.dtype, value.tolist())


def test_large_tensors_are_left_to_a_file_where_there_is_one() -> None:
    large, stored = torch.arange(MANY).reshape(-1, 2).T, Stored()
    source = source_of([large, 1], stored)
    assert source == '[stored["t1"], 1]'
    assert same(evaluated(source, stored), [large, 1])
    written = source_of(large)
    assert same(evaluated(written), large)
    assert max(map(len, written.splitlines())) <= 100


def test_what_is_no_plain_value_is_refused() -> None:
    with pytest.raises(InputError, match="a Linear is part of it"):
        source_of([torch.nn.Linear(1, 1)])
