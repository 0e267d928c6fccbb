"""An answer is right if it is the expected one in type, structure, shape, dtype and value; nothing is made to fit."""

import copy
import math
import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gradlings.authoring.assignment import find_assignments
from gradlings.checks.compare import difference
from gradlings.checks.compare_leaf import Rules
from gradlings.checks.format_value import show, show_call, show_pair
from gradlings.execution.tolerances import TOLERANCES, Tolerances
from gradlings.submission.reader import shown
from student_kit import PROJECT

tried = settings(deadline=None, derandomize=True, max_examples=150)
EXACT = Rules(exact_types=True)
DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.bool)
shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)
full_shapes = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)
seeds = st.integers(0, 2**31)


def random_tensor(shape: tuple[int, ...], seed: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Distinct values of which none is near 0 or near another."""
    generator = np.random.Generator(np.random.PCG64(seed))
    values = 1 + generator.permutation(math.prod(shape)).reshape(shape) % 97
    return torch.tensor(values * generator.choice([-1, 1], shape), dtype=torch.int64).to(dtype)


tensors = st.builds(random_tensor, shapes, seeds, st.sampled_from(DTYPES))
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.sampled_from(DTYPES),
    shapes.map(torch.Size),
    tensors,
    tensors.map(lambda tensor: torch.where(tensor > 5, math.nan, tensor.to(torch.float64))),
    tensors.map(lambda tensor: tensor.to(torch.float64).numpy()),
    st.integers(-9, 9).map(np.int32),
    st.floats().map(np.float64),
)
answers = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers(0, 5)), inner, max_size=3),
    ),
    max_leaves=6,
)


@tried
@given(answers)
@example([float("nan")])
@example(torch.Size([2, 3]))
@example({"a": (1, [torch.ones(2), None])})
def test_an_answer_agrees_with_itself(answer: Any) -> None:
    for rules in (Rules(), EXACT, Rules(names=("first", "second"))):
        assert difference(copy.deepcopy(answer), answer, rules) is None


@tried
@given(answers, answers)
def test_comparing_never_fails_and_always_says_something(got: Any, expected: Any) -> None:
    found = difference(got, expected)
    if found is not None:
        assert found.rows
        assert not all(row.right for row in found.rows)


@tried
@given(shapes, shapes, seeds, st.sampled_from(DTYPES))
@example((3, 1), (3,), 0, torch.float64)
@example((), (1,), 0, torch.float64)
@example((2, 3), (1, 2, 3), 0, torch.float64)
def test_shapes_never_broadcast(got: tuple[int, ...], expected: tuple[int, ...], seed: int, dtype: torch.dtype) -> None:
    assume(got != expected)
    found = difference(torch.ones(got, dtype=dtype), torch.ones(expected, dtype=dtype))
    assert found is not None
    one, other = (str(tuple(shape)).replace(",)", ",)") for shape in (got, expected))
    assert found.sentence == f"The shape is {one}; it must be {other}."


@tried
@given(shapes, st.sampled_from(DTYPES), st.sampled_from(DTYPES))
def test_dtypes_are_never_converted(shape: tuple[int, ...], got: torch.dtype, expected: torch.dtype) -> None:
    assume(got != expected)
    found = difference(torch.ones(shape, dtype=got), torch.ones(shape, dtype=expected))
    assert found is not None
    assert found.sentence == f"The dtype is {str(got)[6:]}; it must be {str(expected)[6:]}."


@tried
@given(full_shapes, seeds, st.sampled_from(DTYPES[:-1]), st.data())
def test_any_single_changed_element_is_found_with_its_index(
    shape: tuple[int, ...], seed: int, dtype: torch.dtype, data: st.DataObject
) -> None:
    expected = random_tensor(shape, seed, dtype)
    index = tuple(data.draw(st.integers(0, size - 1)) for size in shape)
    got = expected.clone()
    got[index] = -got[index]
    found = difference(got, expected)
    assert found is not None
    (row,) = found.rows
    assert row.got != row.expected
    if expected.numel() > 8:
        at = "[" + ", ".join(map(str, index)) + "]"
        assert found.sentence == f"1 of {expected.numel()} values differ, first at index {at}."
        assert row.got.startswith(f"{at} = ")
        assert row.expected.startswith(f"{at} = ")
        assert float(row.got.partition(" = ")[2]) == -float(row.expected.partition(" = ")[2]) == float(got[index])


@tried
@given(full_shapes, seeds, st.data())
def test_of_several_changed_elements_the_first_is_told_and_all_are_counted(
    shape: tuple[int, ...], seed: int, data: st.DataObject
) -> None:
    expected = random_tensor(shape, seed)
    assume(expected.numel() > 8)
    changed = data.draw(st.sets(st.integers(0, expected.numel() - 1), min_size=1))
    got = expected.clone()
    got.view(-1)[list(changed)] += 0.5
    found = difference(got, expected)
    assert found is not None
    first = ", ".join(str(int(i)) for i in np.unravel_index(min(changed), shape))
    assert found.sentence == f"{len(changed)} of {expected.numel()} values differ, first at index [{first}]."


@tried
@given(full_shapes, seeds, st.sampled_from([math.nan, math.inf, -math.inf]), st.data())
def test_what_is_not_finite_is_told_first(shape: tuple[int, ...], seed: int, value: float, data: st.DataObject) -> None:
    expected = random_tensor(shape, seed)
    assume(expected.numel() > 8)
    at = data.draw(st.integers(0, expected.numel() - 1))
    got = expected + 1
    got.view(-1)[at] = value
    found = difference(got, expected)
    assert found is not None
    index = ", ".join(str(int(i)) for i in np.unravel_index(at, shape))
    kind = "nan" if math.isnan(value) else "inf"
    assert found.sentence == f"1 of {expected.numel()} values are {kind}, first at index [{index}]."


@tried
@given(st.permutations(range(3)), seeds)
def test_where_the_elements_lie_in_memory_does_not_matter(order: list[int], seed: int) -> None:
    expected = random_tensor((2, 3, 4), seed)
    back = [order.index(axis) for axis in range(3)]
    got = expected.permute(*order).contiguous().permute(*back)
    assert difference(got, expected) is None
    assert difference(got.requires_grad_(), expected) is None


@pytest.mark.parametrize("dtype", DTYPES[:4], ids=str)
def test_tolerances(dtype: torch.dtype) -> None:
    relative, _ = TOLERANCES[dtype]
    expected = torch.tensor([3.0, -70.0, 1000.0], dtype=dtype)
    near, far = ((expected.double() * (1 + factor * relative)).to(dtype) for factor in (0.4, 4))
    assert difference(near, expected) is None
    assert difference(far, expected) is not None
    assert difference(-expected, expected) is not None


@pytest.mark.parametrize(
    ("dtype", "relative", "absolute"),
    [
        (torch.float64, 1e-7, 1e-9),
        (torch.float32, 1e-4, 1e-5),
        (torch.float16, 2e-2, 5e-3),
        (torch.bfloat16, 6e-2, 3e-2),
    ],
    ids=str,
)
def test_the_table_of_tolerances(dtype: torch.dtype, relative: float, absolute: float) -> None:
    """Around 1000 the relative one decides, around 0 the absolute one; twice either is too far."""
    for right, tolerance in ((1000.0, 1000 * relative), (0.0, absolute)):
        expected = torch.tensor([right, 1.0], dtype=dtype)
        for factor, agrees in ((0.5, True), (2.0, False)):
            got = torch.tensor([right + factor * tolerance, 1.0], dtype=torch.float64).to(dtype)
            assert (difference(got, expected) is None) == agrees
            if dtype == torch.float64:
                assert (difference(float(got[0]), right) is None) == agrees


def test_students_read_how_exact_an_answer_must_be() -> None:
    relative = {dtype: f"{TOLERANCES[dtype][0]:.0e}".replace("e-0", "e-") for dtype in DTYPES[:2]}
    assert relative == {torch.float64: "1e-7", torch.float32: "1e-4"}
    docs = " ".join((PROJECT / "docs/student.md").read_text(encoding="utf-8").split())
    assert "relative error is at most 1e-7 (1e-4 in float32) or its absolute error at most 1e-9 (1e-5)" in docs
    for assignment in find_assignments(PROJECT):
        first_cell = " ".join(assignment.main.text.partition("# %%\n")[0].replace("#", " ").split())
        assert "seven digits in `float64`" in first_cell, assignment.id
        assert "must stay as it is" in first_cell, assignment.id


def test_the_tolerance_of_a_python_number_is_that_of_its_probe() -> None:
    assert difference(1.00005, 1.0) is not None
    assert difference(1.00005, 1.0, Rules(numbers=torch.float32)) is None


def test_off_the_cpu_tolerances_are_ten_times_as_wide() -> None:
    assert Tolerances().of(torch.float32, "cuda") == pytest.approx((1e-3, 1e-4))
    assert Tolerances(rtol=1e-6).of(torch.float64, "mps") == pytest.approx((1e-5, 1e-8))
    assert Tolerances(rtol=1.0, atol=1.0).of(torch.int64, "cuda") == (0, 0)


def test_tolerances_of_a_check_count_for_float64_and_never_narrow_those_of_float32() -> None:
    one = torch.tensor(1.0, dtype=torch.float64)
    assert difference(one + 1e-4, one) is not None
    assert difference(one + 1e-4, one, Rules(tolerances=Tolerances(rtol=1e-3))) is None
    assert difference(one + 1e-8, one) is None
    assert difference(one + 1e-8, one, Rules(tolerances=Tolerances(rtol=0.0, atol=0.0))) is not None, (
        "0 is a tolerance, too"
    )
    assert difference(one.float() + 1e-5, one.float(), Rules(tolerances=Tolerances(rtol=0.0, atol=0.0))) is None


@pytest.mark.parametrize(
    ("got", "expected", "agrees", "agrees_exactly"),
    [
        (2.0, torch.tensor(2.0, dtype=torch.float64), True, False),
        (torch.tensor(2.0, dtype=torch.float64), 2.0, True, False),
        (torch.tensor(2.0), 2.0, True, False),
        (2, 2.0, True, False),
        (2.0, 2, False, False),
        (torch.tensor(2.0), 2, False, False),
        (3, torch.tensor(3), True, False),
        (True, 1, False, False),
        (1, True, False, False),
        (torch.tensor(True), True, True, False),
        (np.float64(2.0), 2.0, True, False),
        (np.int64(2), 2, True, False),
        ([1, 2], (1, 2), True, False),
        ((1, 2), [1, 2], True, False),
        ((1, 2), torch.Size([1, 2]), True, True),
        (torch.Size([1, 2]), (1, 2), True, True),
        ([torch.ones(2)], (torch.ones(2),), True, False),
        ("2", 2, False, False),
        (2, "2", False, False),
        (torch.tensor([2.0]), 2.0, False, False),
        (torch.ones(2), [1.0, 1.0], False, False),
        ([1.0, 1.0], torch.ones(2), False, False),
        ((torch.ones(2),), torch.ones(2), False, False),
        (torch.nn.Parameter(torch.ones(2)), torch.ones(2), True, True),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}, True, True),
        (None, 0, False, False),
        (0, None, False, False),
    ],
)
def test_what_counts_as_the_same_type(got: Any, expected: Any, agrees: bool, agrees_exactly: bool) -> None:
    assert (difference(got, expected) is None) == agrees
    assert (difference(got, expected, EXACT) is None) == agrees_exactly


def test_every_wrong_member_is_named_and_every_right_one() -> None:
    got = (torch.tensor(1.0), torch.tensor(5.0), torch.ones(2))
    expected = (torch.tensor(1.0), torch.tensor(2.0), torch.ones(3))
    found = difference(got, expected, Rules(names=("loss", "dw", "db")))
    assert found is not None
    assert [(row.name, row.right) for row in found.rows] == [("loss", True), ("dw", False), ("db", False)]
    assert found.sentence == "db: The shape is (2,); it must be (3,)."
    (nameless,) = [row.name for row in difference(got, expected).rows if row.got.startswith("5")]  # type: ignore[union-attr]
    assert nameless == "[1]"


@pytest.mark.parametrize(("names", "name"), [((), ""), (("loss",), "loss"), (("loss", "dw"), "")])
def test_a_single_value_has_a_name_if_the_check_gives_one(names: tuple[str, ...], name: str) -> None:
    found = difference(1.0, 2.0, Rules(names=names))
    assert found is not None
    assert [row.name for row in found.rows] == [name]


def test_only_the_first_wrong_member_of_a_chain_is_told() -> None:
    rules = Rules(names=("z", "a", "loss"), ordered=True)
    found = difference((1.0, 7.0, 8.0), (1.0, 2.0, 3.0), rules)
    assert found is not None
    assert [row.name for row in found.rows] == ["z", "a"]
    assert "z is right, a is not" in found.sentence


@pytest.mark.parametrize(
    ("got", "expected", "sentence"),
    [
        (None, torch.ones(2), "Your function returned None. Is the `return` missing?"),
        (None, (1, 2), "Your function returned None. Is the `return` missing?"),
        (None, {"a": 1}, "Your function returned None. Is the `return` missing?"),
        ((torch.ones(2),), torch.ones(2), "Did a comma after the value make it a tuple?"),
        (
            torch.ones(()).item,
            1.0,
            "item itself came back, and not what it gives. Are its parentheses missing: item()?",
        ),
        (torch.ones(2, 3).t, torch.ones(3, 2), "Are its parentheses missing: t()?"),
        (torch.tanh, torch.ones(3), "Are its parentheses missing: tanh()?"),
        (np.ones(2), torch.ones(2), "returned a NumPy array; it must return a tensor"),
        (torch.ones(2), (torch.ones(2),) * 2, "returned a tensor; it must return a tuple of 2"),
        ((1, torch.ones(2), 3), (1, torch.ones(2)), "3 values came back instead of 2."),
        ({"a": 1, "c": 3}, {"a": 1, "b": 2}, "The keys differ (missing: b; not asked for: c)."),
        (3.0, 3, "The number is right, but it is a float; it must be an int."),
        ([1, "2", 3], [1, 2, 3], "At position 1: a string came back instead of an int."),
        (torch.eye(3).to_sparse(), torch.eye(3), "of another kind"),
        (torch.ones(3, device="meta"), torch.ones(3), "The result is on meta; it must be on cpu."),
        (10**400, 1.0, "cannot be compared"),
    ],
)
def test_what_is_wrong_is_said_in_words(got: Any, expected: Any, sentence: str) -> None:
    found = difference(got, expected)
    assert found is not None
    assert sentence in found.sentence


def test_the_keys_of_a_dict_are_shown() -> None:
    expected = {"a": 1, "b": 2}
    for got, keys in (({"c": 3, "a": 1}, "c, a"), ({}, "none")):
        found = difference(got, expected)
        assert found is not None
        assert [(row.name, row.got, row.expected) for row in found.rows] == [("keys", keys, "a, b")]


def test_a_long_vector_is_shown_at_its_first_difference() -> None:
    expected = torch.arange(10.0)
    found = difference(torch.where(expected > 6, -expected, expected), expected)
    assert found is not None
    assert found.sentence == "3 of 10 values differ, first at index [7]."


def test_lists_that_hold_themselves_cannot_be_compared() -> None:
    got: list[Any] = []
    expected: list[Any] = []
    got.append(got)
    expected.append(expected)
    found = difference(got, expected)
    assert found is not None
    assert "cannot be compared" in found.sentence


# ---- showing values


numbers = st.floats(-1e300, 1e300)


@tried
@given(numbers, numbers)
@example(0.1, 0.1 + 1e-16)
@example(1e300, 1e300 * (1 + 1e-15))
def test_numbers_that_differ_never_look_the_same(one: float, other: float) -> None:
    assume(one != other)
    mine, theirs = show_pair(one, other)
    assert mine != theirs
    assert float(mine) == pytest.approx(one, rel=1e-3)


@tried
@given(answers)
def test_what_is_shown_is_one_short_line(value: Any) -> None:
    text = show(value)
    assert len(text) <= 60
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", text)
    assert "\n" not in text


@tried
@given(st.lists(leaves, max_size=4))
def test_a_call_is_one_line(args: list[Any]) -> None:
    text = show_call("f", [f"a{i}" for i in range(len(args))], args)
    assert text.startswith("f(")
    assert text.endswith(")")
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", text)
    assert len(text) < 200


def test_large_tensors_of_a_call_are_described() -> None:
    assert show_call("f", ["x", "w"], [torch.ones(2), torch.ones(2)]) == "f(x=[1.0, 1.0], w=[1.0, 1.0])"
    assert show_call("f", ["x", "w"], [torch.ones(40, 9), torch.ones(2)]) == "f(x=(40, 9) float32, w=[1.0, 1.0])"
    many = show_call("attention", ["q", "k", "v"], [torch.randn(3, 4)] * 3)
    assert many == "attention(q=(3, 4) float32, k=(3, 4) float32, v=(3, 4) float32)"


def test_a_path_is_shown_from_where_one_stands(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown(tmp_path / "a" / "b.py").replace("\\", "/") == "a/b.py"
    assert shown(tmp_path.parent / "c.py") == str(tmp_path.parent / "c.py")
