"""The diagnosis names what it should, is silent on everything else, and never speaks about a right answer."""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from diagnosing_corpus import MISCONCEPTIONS, UNNAMED, Maker, Misconception
from gradlings.checks.diagnosis import diagnose as diagnosis
from gradlings.checks.diagnosis.claims import Claim, Pair
from gradlings.checks.diagnosis.diagnose import FailingCall, diagnose
from gradlings.checks.diagnosis.signatures import SIGNATURES, recorded_faults
from gradlings.execution.tolerances import Tolerances
from student_kit import Kit

# ---- named


@pytest.mark.parametrize("misconception", MISCONCEPTIONS, ids=lambda misconception: misconception.name)
def test_a_misconception_is_named(misconception: Misconception) -> None:
    for seed in range(4):
        calls = misconception.failing_calls(seed)
        assert calls, "the misconception does not show"
        message = diagnose(calls, misconception.names)
        assert message is not None
        assert misconception.says in message
        assert message.rstrip()[-1] in "?."
        assert len(message.split()) <= 40 * (1 + message.count(": "))


def test_the_corpus_is_large_enough() -> None:
    assert len({misconception.name for misconception in MISCONCEPTIONS}) == len(MISCONCEPTIONS) >= 55


# ---- silent


SHAPES = ((), (), (1,), (2,), (3,), (7,), (4, 1), (1, 5), (3, 5), (4, 4), (2, 3, 4))
Case = tuple[object, object]


def drawn(make: Maker, shape: tuple[int, ...], kind: str) -> Tensor:
    """Random numbers that nobody computed."""
    if kind == "lognormal":
        return make.normal(*shape).exp()
    if kind == "uniform":
        return make.uniform(0, 1, *shape)
    if kind == "digits":
        return make.ints(0, 10, *shape)
    if kind == "counts":
        return make.ints(1, 1000, *shape)
    if kind == "tenths":
        return make.ints(-30, 31, *shape) / 10.0
    if kind == "bool":
        return make.ints(0, 2, *shape).bool()
    return make.normal(*shape)


NUMBERS = ("normal", "uniform", "lognormal", "digits", "counts", "tenths", "bool")


def unrelated(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    return drawn(make, shape, make.numpy.choice(NUMBERS[:3])), right


def unrelated_same_kind(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    kind = str(make.numpy.choice(NUMBERS))
    return drawn(make, shape, kind), drawn(make, shape, kind)


def noisy(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    size = float(make.numpy.choice([0.3, 0.1, 0.01, 0.001]))
    return right * (1 + size * make.normal(*shape)), right


def noisy_counts(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    counts = drawn(make, shape, "counts")
    return counts + make.ints(-2, 3, *shape), counts


def one_element_wrong(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    got = right.clone()
    got.view(-1)[int(make.ints(0, right.numel()))] = make.normal() * 3
    return got, right


def rows_shuffled(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    """In an order that is no reversal and no rotation (those have a name)."""
    rows = drawn(make, (6, *shape[:1]), "normal")
    order = make.numpy.permutation(6)
    steps = np.diff(order) % 6
    if (steps == steps[0]).all():
        order[:3] = order[[1, 2, 0]]
    return rows[torch.from_numpy(order)], rows


def affine(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    """Every value off by a factor and by a term; on one or two numbers this is no relation at all."""
    return right * make.uniform(0.2, 3) + make.normal(), right


def other_function(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    pairs: list[tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = [
        (torch.tanh, torch.sin),
        (torch.nn.functional.softplus, torch.nn.functional.gelu),
        (lambda x: x**3, torch.expm1),
        (torch.arctan, lambda x: x / (1 + x.abs())),
        (lambda x: x.abs().sqrt(), lambda x: x.abs().log1p()),
    ]
    mine, correct = pairs[int(make.ints(0, len(pairs)))]
    return mine(right), correct(right)


def other_shape(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    kind = str(make.numpy.choice(NUMBERS[:5]))
    mine = SHAPES[int(make.ints(0, len(SHAPES)))]
    return drawn(make, mine, kind), drawn(make, shape, kind)


def two_members(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    kind = str(make.numpy.choice(NUMBERS[:5]))
    return tuple(drawn(make, s, kind) for s in (shape, ())), tuple(drawn(make, s, kind) for s in (shape, ()))


def dict_members(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    return {"W": make.normal(*shape), "b": right}, {"W": make.normal(*shape), "b": right}


def row_of_ints(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    high, length = int(make.numpy.choice([5, 10, 100])), int(make.ints(1, 5))
    longer = int(make.ints(1, 5)) if make.ints(0, 2) else length
    return tuple(make.ints(1, high, longer).tolist()), tuple(make.ints(1, high, length).tolist())


def row_or_number(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    high, length = int(make.numpy.choice([5, 10, 100])), int(make.ints(1, 5))
    sides = int(make.ints(1, 1000)), tuple(make.ints(1, high, length).tolist())
    return sides if make.ints(0, 2) else sides[::-1]


def python_int(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    high = int(make.numpy.choice([5, 20, 1000, 10**6, 10**9]))
    return int(make.ints(1, high)), int(make.ints(1, high))


def round_int(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    """Counts in ML are products of small numbers and powers of two."""
    sizes = [1, 2, 3, 4, 8, 12, 16, 64, 128, 256, 768, 1024]
    mine, correct = (math.prod(int(n) for n in make.numpy.choice(sizes, 3)) for _ in range(2))
    return mine, correct


def python_float(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    return float(make.normal()), float(make.normal())


def float32(make: Maker, shape: tuple[int, ...], right: Tensor) -> Case:
    return make.normal(*shape).float(), right.float()


WRONG = (
    unrelated,
    unrelated_same_kind,
    noisy,
    noisy_counts,
    one_element_wrong,
    rows_shuffled,
    affine,
    other_function,
    other_shape,
    two_members,
    dict_members,
    row_of_ints,
    row_or_number,
    python_int,
    round_int,
    python_float,
    float32,
)


def silent_cases(count: int) -> Iterator[tuple[str, list[FailingCall]]]:
    """Wrong answers without a cause, one to three calls each; inputs as an exercise would have them."""
    for number in range(count):
        make = Maker(number)
        wrong = WRONG[number % len(WRONG)]
        shape = SHAPES[int(make.ints(0, len(SHAPES)))]
        calls = []
        for _ in range(1 + number // len(WRONG) % 3):
            n, d = make.sizes(2)
            inputs = {
                "x": make.normal(n, d),
                "w": make.normal(d),
                "b": make.normal(),
                "p": 0.1,
                "H": int(make.ints(2, 9)),
            }
            right = make.normal(*shape)
            inputs["z"] = right * 2  # what the answer was made of
            got, expected = wrong(make, shape, right)
            if not same_numbers(got, expected):
                calls.append(FailingCall(got, expected, inputs))
        if calls:
            yield wrong.__name__, calls


def same_numbers(got: object, expected: object) -> bool:
    """By accident the answer is right, perhaps in another form (dtype, shape): no case of this test."""
    if isinstance(got, tuple) and isinstance(expected, tuple) and isinstance(expected[0], Tensor):
        return any(map(same_numbers, got, expected))
    flat = [np.asarray(value, dtype=np.float64).ravel() for value in (got, expected) if not isinstance(value, dict)]
    return bool(flat) and flat[0].shape == flat[1].shape and np.allclose(flat[0], flat[1])


def test_wrong_answers_without_a_cause_are_not_named() -> None:
    """At most one in a thousand of more than 10,000; the number is printed (pytest -s)."""
    named: Counter[str] = Counter()
    texts, total = [], 0
    for kind, calls in silent_cases(10_500):
        total += 1
        message = diagnose(calls)
        if message:
            named[kind] += 1
            texts.append(f"{kind}, {len(calls)} calls: {message}")
    print(f"\n{sum(named.values())} of {total} wrong answers without a cause were named", *texts, sep="\n  ")
    assert total >= 10_000
    assert sum(named.values()) * 1000 <= total


@pytest.mark.parametrize("misconception", UNNAMED, ids=lambda misconception: misconception.name)
def test_a_misconception_without_a_signature_is_left_unnamed(misconception: Misconception) -> None:
    for seed in range(4):
        for count in (1, 3):
            calls = misconception.failing_calls(seed, count)
            assert calls
            assert diagnose(calls) is None


# ---- a claim holds everywhere or is not made


@pytest.mark.parametrize("misconception", MISCONCEPTIONS, ids=lambda misconception: misconception.name)
def test_a_claim_that_fits_all_calls_but_one_is_not_made(misconception: Misconception) -> None:
    calls = misconception.failing_calls(7)
    other = FailingCall(unlike(calls[-1].expected), calls[-1].expected, calls[-1].inputs)
    message = diagnose([*calls[:-1], other], misconception.names)
    assert message is None or misconception.says not in message


def unlike(expected: object) -> object:
    """Another value of the same form, related to the right one in no way that has a name."""
    if isinstance(expected, tuple | list):
        return tuple(map(unlike, expected))
    if isinstance(expected, dict):
        return {key: unlike(value) for key, value in expected.items()}
    if isinstance(expected, Tensor):
        if expected.dtype == torch.bool:
            return torch.arange(expected.numel()).reshape(expected.shape) % 3 == 0
        waves = (torch.arange(expected.numel()) * 7.31).sin().reshape(expected.shape)
        return (expected * (2 + waves) + 5 * waves.cos()).to(expected.dtype)
    assert isinstance(expected, int | float)
    return type(expected)(expected * 1.37 + 2 + expected % 3)


@pytest.mark.parametrize(
    "misconception", [m for m in MISCONCEPTIONS if m.names], ids=lambda misconception: misconception.name
)
def test_a_claim_about_one_of_two_wrong_members_is_not_made(misconception: Misconception) -> None:
    for member in range(2):
        calls = []
        for call in misconception.failing_calls(3):
            assert isinstance(call.expected, tuple)
            got = tuple(unlike(r) if i == member else -r for i, r in enumerate(call.expected))
            calls.append(FailingCall(got, call.expected, call.inputs))
        assert diagnose(calls, misconception.names) is None


def test_a_member_that_is_right_in_one_trial_contradicts_the_claim() -> None:
    batches = [torch.tensor(row).double() for row in ([0.31, 0.77, -1.9], [0.52, -0.11, 0.6])]
    always = [FailingCall((-x, -x.sum()), (x, x.sum()), {}) for x in batches]
    assert diagnose(always, ("dw", "db")) is not None
    once_right = [always[0], FailingCall((batches[1], -batches[1].sum()), (batches[1], batches[1].sum()), {})]
    assert diagnose(once_right, ("dw", "db")) is None


def test_a_member_that_is_right_because_it_is_zero_does_not_contradict() -> None:
    x = torch.tensor([0.31, 0.77, -1.9]).double()
    calls = [FailingCall((-x, -x.sum()), (x, x.sum()), {}), FailingCall((0 * x, -x.sum()), (0 * x, x.sum()), {})]
    message = diagnose(calls, ("dw", "db"))
    assert message is not None
    assert message.startswith("dw and db: every value has the opposite sign")


# ---- how much is enough


def number_calls(*pairs: tuple[float, float]) -> list[FailingCall]:
    return [FailingCall(got, expected, {}) for got, expected in pairs]


def test_one_number_is_enough_for_a_sign_only_with_all_its_digits() -> None:
    assert "opposite sign" in (diagnose(number_calls((-0.918339, 0.918339))) or "")
    assert diagnose(number_calls((-3, 3))) is None
    assert diagnose(number_calls((-0.5, 0.5))) is None


def test_a_ratio_of_numbers_needs_two_of_them() -> None:
    one, two = (2 * 0.918339, 0.918339), (2 * 1.717273, 1.717273)
    assert diagnose(number_calls(one)) is None
    assert diagnose(number_calls(one, one)) is None
    assert "2 times too large" in (diagnose(number_calls(one, two)) or "")
    assert diagnose(number_calls((4, 2), (6, 3))) is None
    assert "2 times too large" in (diagnose(number_calls((77194752, 38597376), (14170170, 7085085))) or "")


def test_the_float32_copy_of_a_probe_is_no_second_number() -> None:
    right = torch.tensor(0.918339744538).double()
    assert diagnose([FailingCall(2 * right, right, {}), FailingCall(2 * right.float(), right.float(), {})]) is None


def test_a_product_of_two_inputs_needs_two_calls() -> None:
    def call(seed: int) -> FailingCall:
        make = Maker(seed)
        w, g, right = make.normal(4), make.normal(4), make.normal(4)
        return FailingCall(right - w * g, right, {"w": w, "g": g})

    assert diagnose([call(1)]) is None
    assert "w * g" in (diagnose([call(1), call(2)]) or "")


def test_the_evidence_must_reach_its_threshold() -> None:
    """A whole number n without factors 2 and 5 gives log10(1 + n) digits; a sign costs none of them."""
    assert math.log10(1 + 31621) < 4.5 < math.log10(1 + 31623)
    assert diagnose(number_calls((-31621, 31621))) is None
    assert "opposite sign" in (diagnose(number_calls((-31623, 31623))) or "")


def test_each_leaf_must_give_evidence_of_its_own() -> None:
    """9 gives log10(1 + 9) = 1 digit, 7 less, however certain the claim is about the other leaf."""
    weights = Maker(1).normal(5)
    message = diagnose([FailingCall((-weights, -9), (weights, 9), {})], ("dw", "steps"))
    assert (message or "").startswith("dw and steps: every value has the opposite sign")
    assert diagnose([FailingCall((-weights, -7), (weights, 7), {})], ("dw", "steps")) is None


@pytest.mark.parametrize(("evidence", "cost", "made"), [(4.99, 0.5, False), (5.0, 0.5, True), (5.0, 0.51, False)])
def test_the_cost_of_a_claim_is_subtracted(
    monkeypatch: pytest.MonkeyPatch, evidence: float, cost: float, made: bool
) -> None:
    def signature(pair: Pair) -> Iterator[Claim]:
        yield Claim(("a",), "a fact", "A question?", evidence, cost, one_number_suffices=True)

    monkeypatch.setattr(diagnosis, "SIGNATURES", (signature,))
    assert (diagnose(number_calls((1.0, 2.0))) == "A fact. A question?") == made


def test_a_claim_that_all_wrong_leaves_share_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def of_one(pair: Pair) -> Iterator[Claim]:
        if pair.e.size == 4:
            yield Claim(("one",), "a fact of one", "Of one?", 9.0)

    def of_both(pair: Pair) -> Iterator[Claim]:
        yield Claim(("both",), "a fact of both", "Of both?", 9.0)

    monkeypatch.setattr(diagnosis, "SIGNATURES", (of_one, of_both))
    got, right = (torch.zeros(4), torch.zeros(3)), (torch.ones(4), torch.ones(3))
    assert diagnose([FailingCall(got, right, {})], ("dw", "db")) == "dw and db: a fact of both. Of both?"


@pytest.mark.parametrize(("place", "made"), [(11, False), (12, True)])
def test_twelve_calls_are_examined(place: int, made: bool) -> None:
    numbers = [Maker(seed).normal(4) for seed in range(13)]
    calls = [FailingCall(-right, right, {}) for right in numbers]
    calls[place] = FailingCall(unlike(numbers[place]), numbers[place], {})
    assert (diagnose(calls) is not None) == made


def test_a_graph_is_no_subject_while_numbers_are_wrong() -> None:
    dw, db = Maker(1).normal(4), Maker(2).normal(3)
    kept = dw.clone().requires_grad_()
    assert "autograd graph" in (diagnose([FailingCall((kept, db), (dw, db), {})]) or "")
    assert diagnose([FailingCall((kept, unlike(db)), (dw, db), {})]) is None
    assert diagnose([FailingCall((kept, db), (dw, db), {"x": kept})]) is None, "the check itself asked for it"


# ---- the tolerances of the check


def test_relations_are_held_to_the_tolerance_of_the_check() -> None:
    """Slopes by finite differences are right to three digits, so is their negative."""
    make = Maker(3)
    right = make.normal(8)
    calls = [FailingCall(-right * (1 + 5e-4 * make.uniform(-1, 1, 8)), right, {})]
    assert diagnose(calls) is None
    message = diagnose(calls, tolerances=Tolerances(rtol=2e-3))
    assert (message or "").startswith("Every value has the opposite sign")


def test_nothing_is_said_of_a_leaf_that_the_check_accepts() -> None:
    loss, gradient = Maker(4).normal(8), Maker(5).normal(8)
    calls = [FailingCall((loss + 1e-4, -gradient), (loss, gradient), {})]
    assert "loss: every value is too large by 0.0001" in (diagnose(calls, ("loss", "grad")) or "")
    message = diagnose(calls, ("loss", "grad"), Tolerances(atol=1e-3))
    assert (message or "").startswith("grad: every value has the opposite sign")


def test_a_wrong_value_inside_the_default_tolerance_is_wrong_for_a_stricter_check() -> None:
    right = torch.full((4,), 1e-4).double()
    got = right.clone()
    got[0] = -1e-10
    got[1:] += 5e-10 * torch.tensor([1.0, -0.7, 0.3]).double()
    calls = [FailingCall(got, right, {})]
    assert "the first value is 0" not in (diagnose(calls, tolerances=Tolerances(atol=1e-12)) or "")


@pytest.mark.parametrize(("rtol", "made"), [(1e-3, True), (0.1, False)])
def test_a_wide_tolerance_leaves_less_evidence(rtol: float, made: bool) -> None:
    """Two numbers that agree to one digit may agree by accident."""
    calls = number_calls((-0.918, 0.918339), (-0.5175, 0.517273))
    message = diagnose(calls, tolerances=Tolerances(rtol=rtol))
    assert ("opposite sign" in (message or "")) == made


def test_an_exact_relation_is_named_under_any_tolerance() -> None:
    calls = number_calls((-0.918339, 0.918339), (-0.517273, 0.517273))
    assert "opposite sign" in (diagnose(calls, tolerances=Tolerances(rtol=0.1, atol=0.1)) or "")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_one_smooth_error_in_all_values_is_no_factor(dtype: torch.dtype) -> None:
    """A one-sided difference is about 1 + h times the slope, near enough for a check that accepts 0.2 percent."""
    calls = []
    for seed in range(6):
        x = Maker(seed).uniform(0.95, 1.05, 3).to(dtype)
        calls.append(FailingCall(((x + 1e-2) ** 3 - x**3) / 1e-2, 3 * x**2, {"x": x, "h": 1e-2}))
    assert diagnose(calls, tolerances=Tolerances(rtol=2e-3, atol=2e-3)) is None


# ---- how it is said


def test_the_words_for_a_missing_mean() -> None:
    X, right = torch.randn(5, 3), torch.tensor([0.123, -1.32, 2.71]).double()
    assert diagnose([FailingCall(5 * right, right, {"X": X})]) == (
        "Every value is exactly N = 5 times too large (N = X.shape[0]). "
        "Is a mean missing, or a sum where a mean belongs?"
    )


def test_the_words_are_those_of_the_first_call() -> None:
    calls = [FailingCall(n * Maker(n).normal(3), Maker(n).normal(3), {"X": torch.ones(n, 2)}) for n in (5, 6, 7)]
    assert (diagnose(calls) or "").startswith("Every value is exactly N = 5 times too large (N = X.shape[0]).")


def test_different_claims_are_joined_and_equal_ones_said_once() -> None:
    a, b, c = (torch.randn(4, generator=torch.Generator().manual_seed(i)).double() for i in range(3))
    message = diagnose([FailingCall({"W": -a, "b": 2 * b, "c": -c}, {"W": a, "b": b, "c": c}, {})])
    assert message is not None
    assert message.startswith("W and c: every value has the opposite sign")
    assert "? b: every value is exactly 2 times too large." in message


def test_a_question_that_fits_two_claims_is_asked_once() -> None:
    a, b, c = (torch.randn(4, generator=torch.Generator().manual_seed(i)).double() for i in range(3))
    message = diagnose([FailingCall((b, c, a), (a, b, c), {})], ("dX", "dW", "db"))
    assert message == (
        "dX: this is what dW should be. dW: this is what db should be. db: this is what dX should be. "
        "Is the same value returned twice, or the order of the results wrong?"
    )


def test_many_members_are_not_listed_one_by_one() -> None:
    right = {f"layer{i}": torch.randn(4, generator=torch.Generator().manual_seed(i)).double() for i in range(9)}
    message = diagnose([FailingCall({name: -value for name, value in right.items()}, right, {})])
    assert message is not None
    assert message.startswith("layer0, layer1, layer2 and 6 more: every value has the opposite sign")


def test_a_row_of_numbers_is_also_looked_at_number_by_number() -> None:
    right = (0.918339, -0.517273)
    message = diagnose([FailingCall((-right[0], right[1]), right, {})])
    assert (message or "").startswith("[0]: the value has the opposite sign")


def test_right_members_are_not_mentioned() -> None:
    a, b = torch.randn(4), torch.randn(4)
    message = diagnose([FailingCall((a, -b), (a, b), {})], ("dL/dw", "dL/db"))
    assert message is not None
    assert message.startswith("dL/db: every value")
    assert "dL/dw" not in message


# ---- right answers, odd answers


@pytest.mark.parametrize("misconception", MISCONCEPTIONS, ids=lambda misconception: misconception.name)
def test_right_answers_are_never_diagnosed(misconception: Misconception) -> None:
    right = [
        FailingCall(copy.deepcopy(t.expected), t.expected, t.inputs)
        for t in misconception.failing_calls(5)
        if is_leaf(t.expected)
    ]
    assert diagnose(right, misconception.names) is None
    numbers = [FailingCall(as_numbers(t.expected), t.expected, t.inputs) for t in right]
    assert diagnose(numbers, misconception.names) is None


def is_leaf(value: object) -> bool:
    return not (isinstance(value, Tensor) and value.requires_grad)  # deepcopy keeps leaves only


def as_numbers(value: object) -> object:
    """0-d tensors as Python numbers, which a check accepts."""
    if isinstance(value, tuple):
        return tuple(map(as_numbers, value))
    return value.item() if isinstance(value, Tensor) and value.dim() == 0 else value


SHAPE = st.lists(st.integers(0, 4), max_size=3).map(tuple)
ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True, width=32)


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    shape = draw(SHAPE)
    count = math.prod(shape)
    values = draw(st.lists(ANY_FLOAT, min_size=count, max_size=count))
    dtype = draw(
        st.sampled_from([torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.bool])
    )
    if not dtype.is_floating_point:
        values = [int(v) % 7 if math.isfinite(v) else 0 for v in values]
    return (
        torch.tensor(values, dtype=torch.float64 if dtype.is_floating_point else torch.int64).reshape(shape).to(dtype)
    )


LEAVES = st.one_of(tensors(), ANY_FLOAT, st.integers(), st.booleans(), st.none(), st.text(max_size=3))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=2), inner, max_size=3),
    ),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(value=VALUES, more=VALUES)
def test_whatever_is_right_is_never_diagnosed(value: object, more: object) -> None:
    calls = [FailingCall(copy.deepcopy(v), v, {"x": more, "y": value}) for v in (value, value)]
    assert diagnose(calls) is None


@settings(max_examples=300, deadline=None)
@given(got=VALUES, expected=VALUES, x=VALUES, names=st.lists(st.text(max_size=2), max_size=3))
def test_nothing_that_comes_back_raises(got: object, expected: object, x: object, names: list[str]) -> None:
    with recorded_faults() as faults:
        message = diagnose([FailingCall(got, expected, {"x": x})] * 2, names)
    assert message is None or message.strip()
    assert faults == []


def number_pairs() -> st.SearchStrategy[tuple[Tensor, Tensor, Tensor]]:
    """Three tensors of one shape: got, expected and an input, with infinities, nan and repeated numbers among them."""
    few = st.sampled_from([0.0, 1.0, -1.0, 2.0, 0.5, math.inf, -math.inf, math.nan, 1e300, 1e-300, 163009536.0])

    def of_shape(shape: list[int]) -> st.SearchStrategy[tuple[Tensor, Tensor, Tensor]]:
        count = math.prod(shape)
        tensor = st.lists(few, min_size=count, max_size=count).map(
            lambda values: torch.tensor(values, dtype=torch.float64).reshape(shape)
        )
        return st.tuples(tensor, tensor, tensor)

    return st.lists(st.integers(0, 3), max_size=2).flatmap(of_shape)


@settings(max_examples=400, deadline=None)
@given(number_pairs())
@example((torch.tensor(0.0).double(), torch.tensor(math.inf).double(), torch.tensor(1.0).double()))
def test_no_signature_raises_on_numbers_of_one_shape(tensors: tuple[Tensor, Tensor, Tensor]) -> None:
    got, expected, x = tensors
    with recorded_faults() as faults:
        diagnose([FailingCall(got, expected, {"x": x})] * 2)
    assert faults == []


@settings(max_examples=100, deadline=None)
@given(tensors().filter(lambda t: t.is_floating_point() and bool(t.isfinite().all())))
def test_if_a_negated_answer_is_named_it_is_named_right(right: Tensor) -> None:
    message = diagnose([FailingCall(-right, right, {})])
    assert message is None or "opposite sign" in message


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        ("gelu", "relu"),
        (None, torch.ones(3)),
        (True, False),
        (torch.float32, torch.float64),
        ((torch.ones(3),), (torch.ones(3), torch.ones(3))),
        ({"W": torch.ones(3)}, {"b": torch.ones(3)}),
        (torch.ones(3), (torch.ones(3), torch.ones(3))),
        (torch.zeros(0), torch.ones(3)),
        (10**400, 7),
        ((10**400, 2), (3, 7)),
        (torch.ones(3, dtype=torch.complex64), torch.zeros(3, dtype=torch.complex64)),
        (torch.eye(3).to_sparse(), torch.ones(3, 3)),
        (-torch.ones(200, 200), torch.ones(200, 200)),
        ((-torch.randn(3), "b"), (torch.randn(3), "a")),
    ],
)
def test_what_is_beyond_numbers_is_left_to_the_comparison(got: object, expected: object) -> None:
    with recorded_faults() as faults:
        assert diagnose([FailingCall(got, expected, {"x": torch.ones(3)})]) is None
    assert faults == []


def test_no_calls_no_message() -> None:
    assert diagnose([]) is None


# ---- a fault of a signature


def broken(pair: Pair) -> Iterator[Claim]:
    """A signature with a bug."""
    yield Claim(("broken",), "nothing", "?", 1 / int(not pair.e.size))


@pytest.fixture
def broken_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "SIGNATURES", (broken, *SIGNATURES))


@pytest.mark.usefixtures("broken_signature")
def test_a_signature_that_raises_makes_no_claim_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    right = torch.tensor([0.31, 0.77, -1.9]).double()
    with recorded_faults() as faults:
        message = diagnose([FailingCall(-right, right, {})])
    assert message is not None
    assert message.startswith("Every value has the opposite sign")
    (record, *_) = caplog.records
    assert record.name.startswith("gradlings.")
    assert record.levelname == "ERROR"
    assert "test_diagnosing.broken" in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError
    (fault,) = faults
    assert "test_diagnosing.broken of the diagnosis raised ZeroDivisionError: division by zero" in fault


@pytest.mark.usefixtures("broken_signature")
def test_faults_are_collected_inside_the_block_only() -> None:
    calls = number_calls((-0.918339, 0.918339))
    with recorded_faults() as faults:
        pass
    diagnose(calls)
    assert faults == []


def test_a_student_sees_nothing_of_a_fault(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.answer(row_totals="return x.sum(1) * 2, x.amax(1)")
    before = kit.check()
    assert "2 times too large" in before.said
    monkeypatch.setattr(diagnosis, "SIGNATURES", (broken, *SIGNATURES))
    after = kit.check()
    assert (after.out, after.err) == (before.out, before.err)
