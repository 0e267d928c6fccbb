"""The diagnosis names what it should, is silent on everything else, and never speaks about a right answer."""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NoReturn

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from diagnosing_corpus import MISTAKES, UNNAMED, Maker, Mistake
from gradlings.checks.diagnosis.diagnose import Trial, diagnose

# ---- named


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_named(mistake: Mistake) -> None:
    for seed in range(4):
        trials = mistake.trials(seed)
        assert trials, "the mistake does not show"
        message = diagnose(trials, mistake.names)
        assert message is not None
        assert mistake.says in message
        assert message.rstrip()[-1] in "?."
        assert len(message.split()) <= 40 * (1 + message.count(": "))


def test_the_corpus_is_large_enough() -> None:
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES) >= 55


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


def silent_cases(count: int) -> Iterator[tuple[str, list[Trial]]]:
    """Wrong answers without a cause, one to three trials each; inputs as an exercise would have them."""
    for number in range(count):
        make = Maker(number)
        wrong = WRONG[number % len(WRONG)]
        shape = SHAPES[int(make.ints(0, len(SHAPES)))]
        trials = []
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
                trials.append(Trial(got, expected, inputs))
        if trials:
            yield wrong.__name__, trials


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
    for kind, trials in silent_cases(10_500):
        total += 1
        message = diagnose(trials)
        if message:
            named[kind] += 1
            texts.append(f"{kind}, {len(trials)} trials: {message}")
    print(f"\n{sum(named.values())} of {total} wrong answers without a cause were named", *texts, sep="\n  ")
    assert total >= 10_000
    assert sum(named.values()) * 1000 <= total


@pytest.mark.parametrize("mistake", UNNAMED, ids=lambda mistake: mistake.name)
def test_a_mistake_without_a_signature_is_left_unnamed(mistake: Mistake) -> None:
    for seed in range(4):
        for count in (1, 3):
            trials = mistake.trials(seed, count)
            assert trials
            assert diagnose(trials) is None


# ---- a claim holds everywhere or is not made


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_claim_that_fits_all_trials_but_one_is_not_made(mistake: Mistake) -> None:
    trials = mistake.trials(7)
    other = Trial(unlike(trials[-1].expected), trials[-1].expected, trials[-1].inputs)
    message = diagnose([*trials[:-1], other], mistake.names)
    assert message is None or mistake.says not in message


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


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if m.names], ids=lambda mistake: mistake.name)
def test_a_claim_about_one_of_two_wrong_members_is_not_made(mistake: Mistake) -> None:
    for member in range(2):
        trials = []
        for trial in mistake.trials(3):
            assert isinstance(trial.expected, tuple)
            got = tuple(unlike(r) if i == member else -r for i, r in enumerate(trial.expected))
            trials.append(Trial(got, trial.expected, trial.inputs))
        assert diagnose(trials, mistake.names) is None


def test_a_member_that_is_right_in_one_trial_contradicts_the_claim() -> None:
    batches = [torch.tensor(row).double() for row in ([0.31, 0.77, -1.9], [0.52, -0.11, 0.6])]
    always = [Trial((-x, -x.sum()), (x, x.sum()), {}) for x in batches]
    assert diagnose(always, ("dw", "db")) is not None
    once_right = [always[0], Trial((batches[1], -batches[1].sum()), (batches[1], batches[1].sum()), {})]
    assert diagnose(once_right, ("dw", "db")) is None


def test_a_member_that_is_right_because_it_is_zero_does_not_contradict() -> None:
    x = torch.tensor([0.31, 0.77, -1.9]).double()
    trials = [Trial((-x, -x.sum()), (x, x.sum()), {}), Trial((0 * x, -x.sum()), (0 * x, x.sum()), {})]
    message = diagnose(trials, ("dw", "db"))
    assert message is not None
    assert message.startswith("dw and db: every value has the opposite sign")


# ---- how much is enough


def number_trials(*pairs: tuple[float, float]) -> list[Trial]:
    return [Trial(got, expected, {}) for got, expected in pairs]


def test_one_number_is_enough_for_a_sign_only_with_all_its_digits() -> None:
    assert "opposite sign" in (diagnose(number_trials((-0.918339, 0.918339))) or "")
    assert diagnose(number_trials((-3, 3))) is None
    assert diagnose(number_trials((-0.5, 0.5))) is None


def test_a_ratio_of_numbers_needs_two_of_them() -> None:
    one, two = (2 * 0.918339, 0.918339), (2 * 1.717273, 1.717273)
    assert diagnose(number_trials(one)) is None
    assert diagnose(number_trials(one, one)) is None
    assert "2 times too large" in (diagnose(number_trials(one, two)) or "")
    assert diagnose(number_trials((4, 2), (6, 3))) is None
    assert "2 times too large" in (diagnose(number_trials((77194752, 38597376), (14170170, 7085085))) or "")


def test_the_float32_copy_of_a_probe_is_no_second_number() -> None:
    right = torch.tensor(0.918339744538).double()
    assert diagnose([Trial(2 * right, right, {}), Trial(2 * right.float(), right.float(), {})]) is None


def test_a_product_of_two_inputs_needs_two_trials() -> None:
    def trial(seed: int) -> Trial:
        make = Maker(seed)
        w, g, right = make.normal(4), make.normal(4), make.normal(4)
        return Trial(right - w * g, right, {"w": w, "g": g})

    assert diagnose([trial(1)]) is None
    assert "w * g" in (diagnose([trial(1), trial(2)]) or "")


# ---- how it is said


def test_the_words_for_a_missing_mean() -> None:
    X, right = torch.randn(5, 3), torch.tensor([0.123, -1.32, 2.71]).double()
    assert diagnose([Trial(5 * right, right, {"X": X})]) == (
        "Every value is exactly N = 5 times too large (N = X.shape[0]). "
        "Is a mean missing, or a sum where a mean belongs?"
    )


def test_different_claims_are_joined_and_equal_ones_said_once() -> None:
    a, b, c = (torch.randn(4, generator=torch.Generator().manual_seed(i)).double() for i in range(3))
    message = diagnose([Trial({"W": -a, "b": 2 * b, "c": -c}, {"W": a, "b": b, "c": c}, {})])
    assert message is not None
    assert message.startswith("W and c: every value has the opposite sign")
    assert "? b: every value is exactly 2 times too large." in message


def test_a_question_that_fits_two_claims_is_asked_once() -> None:
    a, b, c = (torch.randn(4, generator=torch.Generator().manual_seed(i)).double() for i in range(3))
    message = diagnose([Trial((b, c, a), (a, b, c), {})], ("dX", "dW", "db"))
    assert message == (
        "dX: this is what dW should be. dW: this is what db should be. db: this is what dX should be. "
        "Is the same value returned twice, or the order of the results wrong?"
    )


def test_many_members_are_not_listed_one_by_one() -> None:
    right = {f"layer{i}": torch.randn(4, generator=torch.Generator().manual_seed(i)).double() for i in range(9)}
    message = diagnose([Trial({name: -value for name, value in right.items()}, right, {})])
    assert message is not None
    assert message.startswith("layer0, layer1, layer2 and 6 more: every value has the opposite sign")


def test_right_members_are_not_mentioned() -> None:
    a, b = torch.randn(4), torch.randn(4)
    message = diagnose([Trial((a, -b), (a, b), {})], ("dL/dw", "dL/db"))
    assert message is not None
    assert message.startswith("dL/db: every value")
    assert "dL/dw" not in message


# ---- right answers, odd answers


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_right_answers_are_never_diagnosed(mistake: Mistake) -> None:
    right = [Trial(copy.deepcopy(t.expected), t.expected, t.inputs) for t in mistake.trials(5) if is_leaf(t.expected)]
    assert diagnose(right, mistake.names) is None
    numbers = [Trial(as_numbers(t.expected), t.expected, t.inputs) for t in right]
    assert diagnose(numbers, mistake.names) is None


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
    trials = [Trial(copy.deepcopy(v), v, {"x": more, "y": value}) for v in (value, value)]
    assert diagnose(trials) is None


@settings(max_examples=300, deadline=None)
@given(got=VALUES, expected=VALUES, x=VALUES, names=st.lists(st.text(max_size=2), max_size=3))
def test_nothing_that_comes_back_raises(got: object, expected: object, x: object, names: list[str]) -> None:
    message = diagnose([Trial(got, expected, {"x": x})] * 2, names)
    assert message is None or message.strip()


@settings(max_examples=100, deadline=None)
@given(tensors().filter(lambda t: t.is_floating_point() and bool(t.isfinite().all())))
def test_if_a_negated_answer_is_named_it_is_named_right(right: Tensor) -> None:
    message = diagnose([Trial(-right, right, {})])
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
    assert diagnose([Trial(got, expected, {"x": torch.ones(3)})]) is None


def test_no_trials_no_message() -> None:
    assert diagnose([]) is None


def test_a_signature_that_fails_makes_no_claim() -> None:
    class Broken(dict[str, object]):
        def items(self) -> NoReturn:
            raise RuntimeError("no items")

    right = torch.randn(5)
    message = diagnose([Trial(-right, right, Broken(x=right))])
    assert message is not None
    assert "opposite sign" in message
