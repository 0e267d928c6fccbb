"""Errors that beginners meet most get a tip that fits them, and each is said once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from gradlings.execution.error_hints import error_sentence, first_line, tip
from gradlings.model.scorecard import CheckResult, ExerciseScore, Verdict
from gradlings.rendering.html import exercise_fragment
from gradlings.submission.wrong_signs import sign_tip
from student_kit import RIGHT, Kit

SQUARE: Any = torch.ones(2, 3)


def raised_by(code: Callable[[], Any]) -> tuple[str, str]:
    try:
        code()
    except (TypeError, NameError, RuntimeError) as error:
        return type(error).__name__, str(error)
    raise AssertionError("it runs")


def np_is_not_there() -> object:
    return eval("np.ones(3)", {})


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (lambda: SQUARE.t @ SQUARE, "Are its parentheses missing, as in item()?"),
        (lambda: SQUARE.sum().item * 2, "Are its parentheses missing, as in item()?"),
        (lambda: SQUARE.size[0], "Are its parentheses missing, as in item()?"),
        (lambda: torch.matmul(SQUARE, SQUARE.t), "Are its parentheses missing, as in item()?"),
        (lambda: float(SQUARE.sum().item), "Are its parentheses missing, as in item()?"),
        (lambda: SQUARE.shape(), "without parentheses, as in t.shape and t.T?"),
        (lambda: SQUARE.mT(), "without parentheses, as in t.shape and t.T?"),
        (np_is_not_there, "Is the line missing that imports it: import numpy as np?"),
        (lambda: SQUARE.T.view(6), "Which axes must be neighbors"),
    ],
)
def test_a_common_error_has_a_tip(code: Callable[[], Any], said: str) -> None:
    kind, message = raised_by(code)
    told = error_sentence(kind, message, "f", ("f",), "tiny.py:3 in f: ...", "x")
    assert told.startswith(f"{kind}: ")
    assert said in told.partition("\n")[2]


@pytest.mark.parametrize(
    ("kind", "message"),
    [("NameError", "name 'result' is not defined"), ("KeyError", "'method'"), ("ValueError", "the method is unknown")],
)
def test_no_tip_where_nothing_is_known(kind: str, message: str) -> None:
    assert tip(kind, message) == ""


def test_what_torch_takes_is_told_with_what_it_got() -> None:
    _, message = raised_by(lambda: SQUARE.sum("rows"))
    assert message.splitlines()[0].endswith("expected one of:")
    told = first_line(message)
    assert "got (str)" in told
    assert "; it takes (" in told
    assert "expected one of" not in told
    assert first_line("bad, but expected one of:") == "bad"


@pytest.mark.parametrize(
    ("message", "line", "said"),
    [
        ("f() missing 1 required positional argument: 'b'", "", "f cannot be called as f(a, b): f() missing 1"),
        ("<lambda>() takes 1 positional argument but 2 were given", "", "f cannot be called as f(a, b)"),
        ("f() missing 1 required positional argument: 'b'", "t.py:9 in f: return f(1)", "TypeError: f() missing 1"),
        ("float() argument must be a string or a real number, not 'NoneType'", "", "TypeError: float() argument"),
    ],
)
def test_a_call_is_called_refused_only_if_it_was(message: str, line: str, said: str) -> None:
    assert error_sentence("TypeError", message, "f", ("f",), line, "a, b").startswith(said)


def test_only_a_line_that_raises_it_is_told_to_go() -> None:
    told = error_sentence("NotImplementedError", "not for Bool", "f", ("f",), "t.py:9 in f: return x @ y", "x")
    assert told == "NotImplementedError: not for Bool"
    told = error_sentence(
        "NotImplementedError", "soon", "f", ("f",), "t.py:9 in f: raise NotImplementedError('x')", "x"
    )
    assert "Remove it once your code is complete." in told


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("f(a\uff0cb)", "\uff0c is a Chinese comma. Python knows only ,"),
        ("f\uff08a)", "\uff08 is a Chinese bracket. Python knows only ("),
        ("if a\uff1a pass", "\uff1a is a Chinese colon. Python knows only :"),
        ("a = \u201cx\u201d", '\u201c is the left double quotation mark. Python knows only "'),
        ("a = 2 \u2212 1", "\u2212 is the minus sign. Python knows only -"),
        ("a = b \uff0b 1", "\uff0b is the fullwidth plus sign. Python knows only +"),
        ("a =\u30001", "There is an odd blank in it (U+3000)"),
        ("a =\xa01", "There is an odd blank in it (U+00A0)"),
    ],
)
def test_signs_that_only_look_like_pythons_are_named(code: str, said: str) -> None:
    with pytest.raises(SyntaxError) as found:
        compile(code, "cell", "exec")
    assert sign_tip(found.value.msg).startswith(said)


def test_other_signs_and_other_errors_have_no_tip() -> None:
    assert sign_tip("invalid character '\u2192' (U+2192)") == ""
    assert sign_tip("invalid syntax") == ""


def test_the_page_names_the_chinese_comma(kit: Kit) -> None:
    kit.answer(difference="return torch.sub(a\uff0c b)", row_totals=RIGHT["row_totals"])
    shown = kit.check()
    assert "\uff0c is a Chinese comma. Python knows only ," in shown.said


def scored(*checks: tuple[Verdict, str, str]) -> ExerciseScore:
    results = tuple(
        CheckResult("9.1", f"test_{n}", f"check {n}", verdict, 5, "f", message=message, place=place)
        for n, (verdict, message, place) in enumerate(checks)
    )
    return ExerciseScore("9.1", ("f",), 5 * len(checks), results)


def test_one_error_is_shown_once_on_a_card() -> None:
    error = (Verdict.ERROR, "NameError: name 'np' is not defined", "t.py:4")
    card = exercise_fragment(scored(error, error, (*error[:2], "t.py:9"), error))
    assert card.count("NameError") == 2, "there are two places"
    assert card.count(": the same as above") == 2
    wrong = (Verdict.WRONG, "2 of 3 values differ.", "t.py:4")
    assert exercise_fragment(scored(wrong, wrong)).count("2 of 3 values differ.") == 2


def test_a_warm_up_has_no_points_to_be_had() -> None:
    check = CheckResult("9.0", "c", "it adds one", Verdict.PASS, 0)
    card = exercise_fragment(ExerciseScore("9.0", ("next_number",), 0, (check,)))
    assert "no points" in card
    assert "0 of 0" not in card


def test_code_on_a_card_is_code_and_stays_text() -> None:
    card = exercise_fragment(scored((Verdict.ERROR, "The line `raise <b>` was `reached.\nLook.", "t.py:4")))
    assert "The line <code>raise &lt;b&gt;</code> was `reached.\nLook." in card


def test_a_line_of_code_gets_one_note() -> None:
    notes = (
        "add() meets (3,) (t.py:4)",
        "add() meets (7,) (t.py:4)",
        "mul() meets (3,) (t.py:5)",
        "Here float32 enters.",
    )
    checks = tuple(CheckResult("9.1", "c", "c", Verdict.PASS, 5, notes=(note,)) for note in notes)
    assert ExerciseScore("9.1", ("f",), 20, checks).notes == (notes[0], notes[2], notes[3])
