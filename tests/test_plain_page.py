"""`--gradlings-plain`: the page as sentences, one a line, with nothing that is drawn."""

from __future__ import annotations

import re

import pytest

from gradlings.model.scorecard import Form, Picture
from gradlings.rendering.plain_page import picture_lines, sentences
from student_kit import PROJECT, RIGHT, Kit

UPSIDE_DOWN = "return torch.ones(T, T, dtype=torch.bool, device=device).triu()"
DRAWN = re.compile(r"[\u2500-\u259f\u2022\u00b7]|#{2}|-{3}|  ")
"""Lines, boxes, blocks, dots; columns that only the eye sees."""


def plain(kit: Kit, *arguments: str) -> list[str]:
    lines = kit.check("--gradlings-plain", *arguments).out.splitlines()
    assert not [line for line in lines if DRAWN.search(line)], lines
    return lines


def test_a_wrong_answer_in_sentences(kit: Kit) -> None:
    lines = plain(kit.answer(difference="return b - a"))
    start = lines.index("Exercise 9.1 difference: 0 of 2 checks right, 0 of 10 points.")
    line = kit.place("def difference").rpartition(":")[2]
    assert lines[start + 1 :][:9] == [
        "The call: difference(a=5.0, b=3.0)",
        f"In assignments/09/tiny.py, line {line}.",
        "Got -2.0, expected 2.0.",
        "0 of 3 inputs gave the right answer.",
        "Every entry is the right one with the opposite sign.",
        "Which of the two is taken away from the other?",
        "For a hint: gradlings hint 9.1",
        "To run this call: gradlings try 9.1",
        "",
    ]
    assert "Assignment 09: A tiny kit." in lines[:2]
    assert "0 of 30 points." in lines
    assert "Exercise 9.2 row_totals: not attempted yet, 15 points." in lines
    assert "Next: exercise 9.1 difference." in lines


def test_full_marks_and_an_untouched_kit(kit: Kit) -> None:
    assert "Next: exercise 9.1 difference." in plain(kit)
    assert "Every exercise is solved." in plain(kit.answer(**RIGHT))


@pytest.mark.parametrize("body", ["text = 'ab'\nreturn text[a.numel() + 1]", "return (a", "print('hello')\nreturn a"])
def test_errors_and_what_was_printed(kit: Kit, body: str) -> None:
    lines = plain(kit.answer(difference=body), "-v")
    assert any(word in " ".join(lines) for word in ("IndexError", "cannot read", "Your code printed"))


def test_numbers_that_differ_come_with_the_right_ones() -> None:
    picture = Picture(Form.MATRIX, "dW", "", (("1", "2"), ("3", "4")), (("1", "0"), ("3", "4")), ((0, 1),))
    assert list(picture_lines(picture)) == [
        "The numbers of dW, row by row; a right number follows one that differs:",
        "Row 1: 1, 2 instead of 0.",
        "Row 2: 3, 4.",
    ]


def test_a_curve_and_other_shapes_come_one_side_after_the_other() -> None:
    curve = Picture(Form.CURVE, "", "", (("1", "2"),), (("1", "3"),))
    assert list(picture_lines(curve)) == ["Yours:", "Row 1: 1, 2.", "Expected:", "Row 1: 1, 3."]


def test_a_sentence_ends_where_the_next_begins() -> None:
    text = 'The mean is 0.5 here. Is it a mean? See torch.nn.functional.gelu ("tanh").\nNext line'
    assert list(sentences(text)) == [
        "The mean is 0.5 here.",
        "Is it a mean?",
        'See torch.nn.functional.gelu ("tanh").',
        "Next line",
    ]


def test_a_real_picture_is_told_row_by_row(tmp_path_factory: pytest.TempPathFactory) -> None:
    kit = Kit.copied(PROJECT, tmp_path_factory.mktemp("six"), "assignments")
    kit = Kit(kit.root, "06", "tiny_gpt")
    kit.edit(kit.module, 'raise NotImplementedError("Exercise 6.5: causal_mask")', UPSIDE_DOWN)
    lines = kit.check("--gradlings-plain", "-k", "6.5").out.splitlines()
    assert "Row 1: T, T instead of F, T instead of F, T instead of F." in lines
