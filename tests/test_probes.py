"""Probes: the same numbers on every machine for a seed, other numbers for another, and copies that share nothing."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gradlings.checks.probes import Ladder, LadderMaker, Rng, floats, scalars
from gradlings.execution.tensor_tree import as_float32, as_strided_copies, fresh, requiring_grad, tensors_in

tried = settings(deadline=None, derandomize=True, max_examples=60)
seeds = st.integers(0, 2**31)


def test_random_numbers_are_those_of_pcg64() -> None:
    """Pinned, so that a change of NumPy, torch or ours that would change every shipped outcome is noticed."""
    rng = Rng(0, 7)
    assert rng.normal(2).tolist() == pytest.approx([-0.610116519, 0.748561746], abs=1e-8)
    assert float(rng.uniform(0.0, 1.0)) == pytest.approx(0.799169246, abs=1e-8)
    assert rng.integers(0, 100, 4).tolist() == [51, 47, 92, 84]
    assert (rng.size(2, 9), rng.sizes(1, 9, 3), rng.choice("abcdef")) == (9, (7, 2, 1), "c")


@tried
@given(seeds, st.integers(1, 5), st.integers(0, 4))
def test_numbers_are_of_the_kind_that_is_asked_for(seed: int, low: int, span: int) -> None:
    rng = Rng(seed)
    assert rng.normal(3, 2).shape == (3, 2)
    assert rng.normal().shape == ()
    assert rng.normal(2).dtype == rng.uniform(0, 1).dtype == torch.float64
    drawn = rng.integers(low, low + span + 1, 50)
    assert drawn.dtype == torch.int64
    assert low <= int(drawn.min()) <= int(drawn.max()) <= low + span, "the upper end is left out"
    assert type(rng.size(low, low + span)) is int
    assert low <= rng.size(low, low + span) <= low + span
    sizes = rng.sizes(low, low + span, span + 1)
    assert sorted(sizes) == list(range(low, low + span + 1)), "all different, both ends included"
    between = rng.uniform(low, low + 1, 50)
    assert bool(((between >= low) & (between < low + 1)).all())
    assert sorted(rng.shuffled("abc")) == ["a", "b", "c"]
    assert rng.choice((4, 5)) in (4, 5)


@tried
@given(seeds, seeds)
def test_a_ladder_depends_on_seed_and_check_and_on_nothing_else(one: int, other: int) -> None:
    def drawn(seed: int, check: str) -> list[float]:
        ladder = LadderMaker(seed, check)([scalars(1.0)], random=lambda rng: (rng.normal(),), n=3)
        assert (len(ladder.probes), ladder.hand_made) == (4, 1)
        assert float(ladder.probes[0][0]) == 1.0
        return [float(probe[0]) for probe in ladder.probes[1:]]

    torch.manual_seed(one)
    first = drawn(one, "a::b")
    torch.manual_seed(other)
    assert drawn(one, "a::b") == first
    assert len(set(first)) == 3
    assert not set(drawn(one, "a::c")) & set(first)
    assert one == other or not set(drawn(other, "a::b")) & set(first)


def test_a_probe_does_not_depend_on_how_many_are_drawn() -> None:
    few, many = (LadderMaker(3, "x")([], random=lambda rng: (rng.normal(),), n=n).probes for n in (2, 5))
    assert [float(p[0]) for p in many[:2]] == [float(p[0]) for p in few]


def nested() -> tuple[object, ...]:
    column = floats([[1.0, 2.0], [3.0, 4.0]]).T
    return column, [scalars(1.0, 2.0), {"x": torch.ones(2, requires_grad=True)}], np.ones(3), "text", 3


def test_copies_share_nothing_and_keep_everything() -> None:
    original = nested()
    copied = fresh(original)
    for one, other in zip(tensors_in(original), tensors_in(copied), strict=True):
        assert torch.equal(one, other)
        assert one.data_ptr() != other.data_ptr()
        assert (one.stride(), one.dtype, one.requires_grad) == (other.stride(), other.dtype, other.requires_grad)
    copied[0].zero_()  # type: ignore[attr-defined]
    copied[1].append(5)  # type: ignore[attr-defined]
    copied[1][1]["y"] = 1  # type: ignore[index]
    copied[2][0] = 7.0  # type: ignore[index]
    untouched = nested()
    assert torch.equal(original[0], untouched[0])  # type: ignore[arg-type]
    assert len(original[1]) == 2  # type: ignore[arg-type]
    assert set(original[1][1]) == {"x"}  # type: ignore[index]
    assert np.array_equal(original[2], untouched[2])  # type: ignore[arg-type]


def test_copies_for_the_extra_runs_have_equal_values() -> None:
    args = (floats([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), torch.tensor([1, 2]), 3, floats([[[1.0, 2.0]], [[3.0, 4.0]]]))
    single = as_float32(args)
    assert [t.dtype for t in tensors_in(single)] == [torch.float32, torch.int64, torch.float32]
    strided = as_strided_copies(args)
    assert [t.is_contiguous() for t in tensors_in(strided)] == [False, True, False]
    wanting = requiring_grad(args)
    assert [t.requires_grad for t in tensors_in(wanting)] == [True, False, True]
    for copied in (single, strided, wanting):
        assert copied[2] == 3
        for one, other in zip(tensors_in(args), tensors_in(copied), strict=True):
            assert torch.equal(one, other.detach().to(one.dtype))
    assert not any(t.requires_grad for t in tensors_in(args)), "the probe itself stays as it is"


# What is made once for a whole class


def drawn_number(rng: Rng) -> tuple[torch.Tensor, ...]:
    return (rng.normal(),)


def made(
    known: list[Any], hand_made: list[Any], random: Callable[[Rng], tuple[Any, ...]] | None = drawn_number, n: int = 2
) -> Ladder:
    return LadderMaker(3, "check", known=known)(hand_made, random, n)


def test_a_ladder_that_is_asked_for_again_is_not_made_anew() -> None:
    known: list[Any] = []
    first = made(known, [(floats([1.0, 2.0]), "a")])
    assert made(known, [(floats([1.0, 2.0]), "a")]) is first
    assert made(known, [(floats([1.0, 2.0]), "b")]) is not first
    assert made(known, [(floats([1.0, 2.5]), "b")]).probes[0][0].tolist() == [1.0, 2.5]
    assert len(made(known, [(floats([1.0, 2.5]), "b")], n=3).probes) == 4


def test_a_ladder_that_may_depend_on_something_else_is_made_anew() -> None:
    known: list[Any] = []
    for number in (1.0, 2.0):
        ladder = made(known, [], lambda rng: (floats([number]),), n=1)  # noqa: B023
        assert ladder.probes[0][0].tolist() == [number]


def test_a_probe_that_somebody_changed_is_made_anew() -> None:
    known: list[Any] = []
    probe = floats([1.0])
    made(known, [(probe,)])
    probe[0] = 5.0
    assert made(known, [(floats([1.0]),)], n=2).probes[0][0].tolist() == [1.0]
