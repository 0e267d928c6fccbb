"""`agree` and `satisfies`: which answers pass, and what is reported of those that do not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from gradlings.checks.assertions import agree, satisfies
from gradlings.checks.failure import CheckFailed, Failure
from gradlings.checks.probes import LadderMaker, floats, scalars
from gradlings.execution.local_runner import run_cells
from gradlings.execution.student_api import Student, StudentFunction
from gradlings.model.exercise import Exercise
from gradlings.model.scorecard import Verdict
from gradlings.submission.reader import from_source

probes = LadderMaker(0, "test")
MATRIX = floats([[1.0, 2.0, 4.0], [0.5, -1.0, 0.25]])


def written(body: str, parameters: str = "x", forbids: tuple[str, ...] = ()) -> StudentFunction:
    """A student's function `f` with this body."""
    text = f"import torch\n\n\ndef f({parameters}):\n    " + body.replace("\n", "\n    ") + "\n"
    exercise = Exercise(id="9.1", functions=("f",), points=1, forbids=forbids, seconds=1)
    return Student(run_cells(from_source(text, Path("tiny.py"))), exercise).f


def refused(check: Callable[[], None]) -> Failure:
    with pytest.raises(CheckFailed) as failed:
        check()
    return failed.value.failure


def twice(x: Any) -> Any:
    return 2 * x


def test_right_answers_pass_in_silence() -> None:
    function = written("return x + x")
    agree(function, probes([scalars(1.0), (MATRIX,)], random=lambda rng: (rng.normal(3),)), twice, strided=True)
    (examination,) = function.student.examinations
    assert examination.right == (True,) * 9, "two by hand, five random, one in float32, one non-contiguous"
    assert function.student.notes == []


def test_the_first_probe_that_fails_is_shown() -> None:
    function = written("return 2 * x if x.numel() < 3 else 3 * x")
    ladder = probes([scalars(1.0), (floats([1.0, -2.0, 3.0]),), (floats([5.0, 5.0, 5.0, 5.0]),)])
    found = refused(lambda: agree(function, ladder, twice, float32=False))
    assert found.verdict is Verdict.WRONG
    assert found.call == "f(x=[1.0, -2.0, 3.0])"
    assert (found.probes_right, found.probes) == (1, 3)
    assert found.place == "tiny.py:4"
    (row,) = found.rows
    assert (row.got, row.expected) == ("[3.0, -6.0, 9.0]", "[2.0, -4.0, 6.0]")


def test_parameters_are_shown_as_the_oracle_has_them() -> None:
    def oracle(left: Any, right: Any) -> Any:
        return left - right

    found = refused(lambda: agree(written("return b - a", "a, b"), probes([scalars(3.0, 1.0)]), oracle))
    assert found.call == "f(left=3.0, right=1.0)"


def test_every_call_gets_inputs_of_its_own() -> None:
    shared = floats([1.0, 2.0])
    ladder = probes([(shared,), (shared,)])
    refused(lambda: agree(written("y = 2 * x\nx.zero_()\nreturn y"), ladder, twice))
    agree(written("return 2 * x"), ladder, lambda x: 2 * x.clone().mul_(1))
    assert shared.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("option", "body"),
    [
        ("float32", "return x + x.double()"),
        ("strided", "return 2 * x.view(-1).view(x.shape)"),
        ("strided", "assert x.is_contiguous()\nreturn 2 * x"),
        ("requires_grad", "return torch.from_numpy(2 * x.numpy())"),
        ("requires_grad", "x[0, 0] += 0\nreturn 2 * x"),
    ],
)
def test_extra_runs_find_what_plain_probes_do_not(option: str, body: str) -> None:
    options: dict[str, Any] = {"float32": False, "strided": False, "requires_grad": False}
    ladder = probes([(MATRIX,)])
    agree(written(body), ladder, twice, **options)
    found = refused(lambda: agree(written(body), ladder, twice, **options | {option: True}))
    assert (found.probes_right, found.probes) == (1, 2)


def test_without_floats_nothing_is_added() -> None:
    function = written("return 2 * x")
    agree(function, probes([(3,), (torch.tensor([1, 2]),)]), twice, requires_grad=True, strided=True)
    assert len(function.student.examinations[0].right) == 2


def test_inputs_must_come_back_as_they_were() -> None:
    ladder = probes([(MATRIX,)])
    found = refused(lambda: agree(written("x *= 2\nreturn x.clone()"), ladder, twice))
    assert found.verdict is Verdict.WRONG
    assert found.message == "Your function changed its input x; it must come back as it was. Work on a copy."
    both = refused(lambda: agree(written("x *= 2\nreturn x.sum()"), ladder, twice))
    assert "The shape is (); it must be (2, 3)." in both.message
    assert "changed its input x" in both.message


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ([3, 1, 2], "x.sort()\nreturn 6"),
        ([3, 1, 2], "x.append(0)\nreturn 6"),
        ({"a": 6}, "return x.pop('a')"),
        ({"a": 6}, "x['b'] = 0\nreturn 6"),
        ([[1], [5]], "x[0][0] = 2\nreturn 6"),
        (torch.tensor([1, 5]), "x[0] = 0\nreturn 6"),
        (torch.tensor([6.0]), "x.unsqueeze_(0)\nreturn 6"),
        (torch.tensor([6.0]), "x.data = x.double()\nreturn 6"),
    ],
)
def test_any_change_of_an_input_is_noticed(value: Any, body: str) -> None:
    found = refused(lambda: agree(written(body), probes([(value,)]), lambda x: 6, float32=False))
    assert "changed its input x" in found.message


def test_nan_in_an_input_is_no_change() -> None:
    agree(written("return 6"), probes([(floats([float("nan"), 1.0]),)]), lambda x: 6)


def root(x: Any) -> Any:
    if x < 0:
        raise ValueError("x is negative")
    return x**0.5


def test_value_error_where_the_oracle_raises_it() -> None:
    ladder = probes([(4.0,), (-1.0,)])
    agree(written("if x < 0:\n    raise ValueError\nreturn x ** 0.5"), ladder, root)
    agree(written("import math\nreturn math.sqrt(x)"), ladder, root)
    silent = refused(lambda: agree(written("return abs(x) ** 0.5"), ladder, root))
    assert silent.call == "f(x=-1.0)"
    assert silent.message == "This call must raise ValueError (x is negative)."
    assert silent.rows[0].expected == "ValueError"
    other = refused(lambda: agree(written("assert x >= 0\nreturn x ** 0.5"), ladder, root))
    assert other.verdict is Verdict.ERROR
    too_often = refused(lambda: agree(written("raise ValueError('never')"), ladder, root))
    assert too_often.call == "f(x=4.0)"
    assert too_often.message == "ValueError: never"
    assert too_often.verdict is Verdict.ERROR


def test_an_oracle_that_fails_is_not_the_students_fault() -> None:
    with pytest.raises(ZeroDivisionError):
        agree(written("return x"), probes([(0,)]), lambda x: 1 / x)


def test_an_exception_is_told_with_the_line_it_came_from() -> None:
    body = "def inner(y):\n    return y.no_such_thing\n\nreturn inner(x)"
    found = refused(lambda: agree(written(body), probes([scalars(1.0)]), twice))
    assert found.verdict is Verdict.ERROR
    assert found.message == "AttributeError: 'Tensor' object has no attribute 'no_such_thing'"
    assert found.place == "tiny.py:6"
    assert [line.partition(":")[2].partition(" ")[0] for line in found.trace] == ["8", "6"], "outermost first"
    assert found.claim == ""


def test_what_is_not_allowed_counts_although_the_answer_is_right() -> None:
    def oracle(x: Any) -> Any:
        return x @ x.T

    allowed = "return torch.stack([torch.stack([(a * b).sum() for b in x]) for a in x])"
    agree(written(allowed, forbids=("matmul",)), probes([(MATRIX,)]), oracle)
    function = written("y = x.T\nreturn x @ y", forbids=("matmul",))
    found = refused(lambda: agree(function, probes([(MATRIX,)]), oracle))
    assert found.verdict is Verdict.FORBIDDEN
    assert found.place == "tiny.py:6"
    assert found.call == "return x @ y"
    assert "your code uses the @ operator" in found.message


def test_a_right_answer_that_is_not_for_a_gpu_draws_a_note() -> None:
    function = written("return x + torch.ones(x.shape, dtype=x.dtype)")
    agree(function, probes([(MATRIX,)]), lambda x: x + 1)
    (note,) = function.student.notes
    assert "tiny.py:5" in note
    assert "device" in note


def is_sorted(answer: Any, numbers: list[int]) -> str | None:
    if not isinstance(answer, list):
        return "A list is asked for."
    return None if answer == sorted(numbers) else f"{answer} is not in order."


def test_properties() -> None:
    ladder = probes([([3, 1, 2],), ([],)])
    satisfies(written("return sorted(x)"), ladder, is_sorted)
    found = refused(lambda: satisfies(written("return list(x)"), ladder, is_sorted))
    assert found.call == "f(numbers=[3, 1, 2])"
    assert found.message == "[3, 1, 2] is not in order."
    assert (found.probes_right, found.probes) == (1, 2)
    assert refused(lambda: satisfies(written("return None"), ladder, is_sorted)).message == "A list is asked for."
    raising = refused(lambda: satisfies(written("return x[3]"), ladder, is_sorted))
    assert raising.verdict is Verdict.ERROR
    assert raising.message.startswith("IndexError")
    assert refused(lambda: satisfies(written("raise ValueError"), ladder, is_sorted)).verdict is Verdict.ERROR
    changing = refused(lambda: satisfies(written("x.sort()\nreturn list(x)"), ladder, is_sorted))
    assert "changed its input numbers" in changing.message


def test_a_property_cannot_spoil_what_is_shown() -> None:
    def emptying(answer: Any, numbers: list[int]) -> str | None:
        numbers.clear()
        return "no" if answer else None

    found = refused(lambda: satisfies(written("return x"), probes([([3, 1],)]), emptying))
    assert found.call == "f(numbers=[3, 1])"


def test_the_tolerance_of_a_check_reaches_the_diagnosis() -> None:
    """Slopes by finite differences that are negated, and right but for that up to the check's tolerance."""
    function = written("return -(torch.sin(x + 1e-3) - torch.sin(x)) / 1e-3")
    ladder = probes([(floats([0.31, 0.77, -1.9, 2.4, -0.6, 1.1]),)])
    found = refused(lambda: agree(function, ladder, lambda x: x.cos(), float32=False, rtol=2e-3, atol=2e-3))
    assert found.claim.startswith("Every value has the opposite sign")
    assert not refused(lambda: agree(function, ladder, lambda x: x.cos(), float32=False)).claim
