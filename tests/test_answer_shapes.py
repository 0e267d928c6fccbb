"""A shipped answer is recognized whatever its names; what people write alike by themselves is not."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradlings.grading.judge_session import JudgeSession, bundle_of
from gradlings.submission.answer_shapes import like_answers, shapes
from gradlings.submission.reference_functions import answer_shapes
from student_kit import PROJECT

SOLUTION = (PROJECT / "solutions/03/autodiff.py").read_text(encoding="utf-8")
NAMES = {
    "01": ("broadcast_shape", "matmul_loops", "gram", "as_column"),
    "03": ("bce", "numeric_gradient", "topological_order", "gradcheck_error", "sigmoid", "sigmoid_grad"),
}
ORIGINAL = '''
def running(x: "Float[Tensor, 'n']", start: float = 0.5) -> "Tensor":
    """What it does."""
    total, seen = start, []  # a comment
    for i, value in enumerate(x):
        total = total * 0.9 + value * (1 - 0.9) + i
        seen.append(total / (i + 1))
    def last(values):
        return values[-1] + 0x10
    return torch.stack(seen).clamp(min=0.0), last(seen)
'''


def shape(text: str) -> str:
    (found,) = dict(shapes(ast.parse(text).body)).values()
    return found


def changed(*pairs: tuple[str, str]) -> str:
    text = ORIGINAL
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def test_names_comments_annotations_and_docstrings_do_not_matter() -> None:
    renamed = changed(
        ("total", "t"), ("seen", "lst"), ("value", "v"), ("last", "end"), ("running", "f"), ("  # a comment", "")
    )
    bare = changed(("""    \"\"\"What it does.\"\"\"\n""", ""), (": \"Float[Tensor, 'n']\"", ""), (' -> "Tensor"', ""))
    assert {shape(ORIGINAL)} == {shape(renamed), shape(bare), shape(changed(("total, seen =", "(total, seen) =")))}


@pytest.mark.parametrize(
    "pair",
    [
        ("0.9 + value", "0.8 + value"),
        ("* 0.9 +", "* 0.9 -"),
        ("seen.append", "seen.extend"),
        ("min=0.0", "max=0.0"),
        ("start: float = 0.5", "start: float = 0.25"),
        ("torch.stack", "torch.cat"),
        ("total / (i + 1)", "value / (i + 1)"),
        ("return values[-1]", "yield values[-1]"),
    ],
)
def test_any_other_change_is_another_shape(pair: tuple[str, str]) -> None:
    assert shape(changed(pair)) != shape(ORIGINAL)


def test_short_functions_have_no_shape() -> None:
    assert shape("def sigmoid(z):\n    return 1 / (1 + torch.exp(-z))") == ""


def test_trees_that_are_deep_or_hold_huge_numbers_are_no_trouble() -> None:
    assert shape(f"def f(x):\n    return {'+'.join(['x'] * 900)} + 0x{'f' * 50_000}")


def test_which_answers_can_be_recognized_is_computed_from_them() -> None:
    found = answer_shapes(PROJECT, "03", "autodiff", NAMES["03"])
    assert set(found) >= {"bce", "numeric_gradient", "topological_order", "gradcheck_error"}
    assert "sigmoid_grad" not in found
    assert dict(shapes(ast.parse(SOLUTION).body))["sigmoid"] == "", "one line; some of its variants are long enough"
    assert found["sigmoid"]
    found = answer_shapes(PROJECT, "01", "tensors", NAMES["01"])
    assert {"broadcast_shape", "matmul_loops"} <= set(found)
    assert "gram" not in found
    assert answer_shapes(Path("nowhere"), "99", "nothing", ("f",)) == {}


def test_the_note_names_the_functions() -> None:
    answers = {"f": frozenset({"1", "2"}), "g": frozenset({"3"}), "h": frozenset({"4"})}
    assert like_answers({"f": "2", "g": "4", "h": "4"}, answers) == (
        "As a shipped answer, but for names and comments: f, h.",
    )
    assert like_answers({"g": "4"}, answers) == ()


@pytest.fixture(scope="module")
def session() -> Iterator[JudgeSession]:
    with JudgeSession(bundle_of(PROJECT / "assignments/03", "autodiff")) as judge:
        yield judge


def test_a_copy_of_our_solution_has_full_marks_and_a_note(session: JudgeSession) -> None:
    copied = session.judge(SOLUTION.encode(), "autodiff.py", 1)
    assert copied.card is not None
    assert copied.card.points == 100
    (note,) = copied.notes
    assert {"bce", "numeric_gradient", "topological_order", "gradcheck_error"} <= set(
        note.rstrip(".").partition(": ")[2].split(", ")
    )
    stub = (PROJECT / "assignments/03/autodiff.py").read_bytes()
    assert session.judge(stub, "autodiff.py", 1).notes == ()
