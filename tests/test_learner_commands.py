"""`gradlings list`, `solution`, `reset`, and what the commands say of an exercise that is not there."""

from __future__ import annotations

import json

import pytest

from gradlings.submission.reader import parse
from student_kit import RIGHT, Kit

WRONG = "return b - a"
STUB = 'raise NotImplementedError("Exercise 9.1: difference")'


# ---- list


def test_the_list_shows_points_and_attempts(kit: Kit) -> None:
    kit.answer(difference=RIGHT["difference"], row_totals="return x").check()
    shown = kit.gradlings("list")
    assert shown.code == 0
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]
    assert "09 A tiny kit 1 of 3 solved, 10 of 30 points" in lines
    assert "9.1 difference 10/10 solved" in lines
    assert "9.2 row_totals 0/15 1 attempt" in lines
    assert "9.3 count_up, make_counter 0/5" in lines
    assert max(map(len, shown.out.splitlines())) <= 60


def test_the_list_of_one_assignment(kit: Kit) -> None:
    assert "9.1" in kit.gradlings("list", "9").out
    refused = kit.gradlings("list", "04")
    assert (refused.code, "There is no assignment 04; there are 09." in refused.said) == (2, True)


# ---- what is not there


@pytest.mark.parametrize("command", ["hint", "try", "solution", "reset"])
def test_near_exercises_are_suggested(kit: Kit, command: str) -> None:
    refused = kit.gradlings(command, "9.9")
    assert refused.code == 2
    assert "There is no exercise 9.9. Did you mean 9." in refused.said
    assert "gradlings list" in refused.said
    assert "Did you mean 9.1 difference?" in kit.gradlings(command, "diference").said


def test_an_exercise_goes_by_the_name_of_its_function_too(kit: Kit) -> None:
    assert "Hint 1 of 3 for exercise 9.1" in kit.gradlings("hint", "difference").out


# ---- solution


def test_the_solution_is_offered_when_the_exercise_is_solved(author_kit: Kit) -> None:
    refused = author_kit.gradlings("solution", "9.1")
    assert refused.code == 2
    assert "offered once it is right, or after 3 attempts: 0 so far. Until then: gradlings hint 9.1" in refused.said
    author_kit.answer(difference=RIGHT["difference"]).check()
    shown = author_kit.gradlings("solution", "9.1")
    assert shown.code == 0
    assert "Many others are as good." in shown.out
    assert "return leftover_after_subtraction" in shown.out
    assert "SOLUTION" not in shown.out


def test_the_solution_is_offered_after_three_attempts(author_kit: Kit) -> None:
    before = STUB
    for after in (WRONG, "return a", "return b"):
        author_kit.edit(author_kit.module, before, after).check()
        before = after
    assert "return leftover_after_subtraction" in author_kit.gradlings("solution", "9.1").out


def test_answers_that_are_not_there_are_said_to_be_missing(kit: Kit) -> None:
    kit.answer(difference=RIGHT["difference"]).check()
    refused = kit.gradlings("solution", "9.1")
    assert refused.code == 2
    assert "There is no solution of exercise 9.1" in refused.said


# ---- reset


def test_reset_puts_the_stub_back_and_keeps_the_file_as_it_was(kit: Kit) -> None:
    untouched = kit.module.read_text(encoding="utf-8")
    kit.answer(difference=WRONG, row_totals=RIGHT["row_totals"])
    edited = kit.module.read_bytes()
    done = kit.gradlings("reset", "9.1")
    assert done.code == 0
    assert (kit.folder / "tiny.py.before-reset-1").read_bytes() == edited
    assert kit.module.read_text(encoding="utf-8").count(STUB) == 1
    assert RIGHT["row_totals"] in kit.module.read_text(encoding="utf-8")
    kit.gradlings("reset", "9.2")
    assert kit.module.read_text(encoding="utf-8") == untouched
    assert (kit.folder / "tiny.py.before-reset-2").is_file()


def test_reset_in_a_notebook(kit: Kit) -> None:
    kit.answer_in_notebook(difference=WRONG, row_totals=RIGHT["row_totals"])
    edited = kit.notebook.read_bytes()
    done = kit.gradlings("reset", "9.1")
    assert done.code == 0
    assert "reload it from disk" in done.said
    assert (kit.folder / "tiny.ipynb.before-reset-1").read_bytes() == edited
    functions = parse(kit.notebook).functions
    assert (functions["difference"].attempted, functions["row_totals"].attempted) == (False, True)
    assert "wrong" not in kit.check().out.lower()


def test_reset_of_what_nobody_touched_does_nothing(kit: Kit) -> None:
    before = kit.contents()
    assert "9.1 is untouched" in kit.gradlings("reset", "9.1").said
    assert kit.contents() == before


@pytest.mark.parametrize(
    "body",
    [
        'return """\nunindented text\n"""',
        "return (a - b",
        "if a\n    return b\nreturn a",
    ],
    ids=["text at the margin", "open bracket", "no colon"],
)
def test_reset_mends_whatever_the_function_became(kit: Kit, body: str) -> None:
    untouched = kit.module.read_text(encoding="utf-8")
    text = untouched.replace(STUB, body.replace("\n", "\n    ") if "margin" not in body else body)
    kit.module.write_text(text, encoding="utf-8")
    assert kit.gradlings("reset", "9.1").code == 0
    assert kit.module.read_text(encoding="utf-8") == untouched


def test_reset_brings_back_a_function_that_is_gone_and_drops_a_second_one(kit: Kit) -> None:
    text = kit.module.read_text(encoding="utf-8")
    kit.module.write_text(text.replace("def difference(", "def other("), encoding="utf-8")
    kit.gradlings("reset", "9.1")
    now = kit.module.read_text(encoding="utf-8")
    assert ("def other(" in now, now.count("def difference(")) == (True, 1)
    kit.module.write_text(now + "\n\n# %%\ndef difference(a, b):\n    return 1\n", encoding="utf-8")
    kit.gradlings("reset", "9.1")
    assert kit.module.read_text(encoding="utf-8").count("def difference(") == 1
    assert "9.1 difference" in kit.check().out


def test_reset_keeps_line_ends(kit: Kit) -> None:
    kit.answer(difference=WRONG)
    kit.module.write_bytes(kit.module.read_bytes().replace(b"\n", b"\r\n"))
    kit.gradlings("reset", "9.1")
    data = kit.module.read_bytes()
    assert data.count(b"\r\n") == data.count(b"\n")


def test_reset_says_which_file_when_both_were_edited(kit: Kit) -> None:
    kit.answer(difference=WRONG).answer_in_notebook(difference=WRONG)
    before = kit.contents()
    refused = kit.gradlings("reset", "9.1")
    assert (refused.code, "Both tiny.py and tiny.ipynb were edited." in refused.said) == (2, True)
    assert kit.contents() == before


def test_reset_without_an_original_changes_nothing(kit: Kit) -> None:
    kit.answer(difference=WRONG)
    kit.notebook.unlink()
    before = kit.contents()
    refused = kit.gradlings("reset", "9.1")
    assert (refused.code, "There is no untouched tiny.py or .ipynb" in refused.said) == (2, True)
    assert kit.contents() == before


def test_a_notebook_is_still_one_after_a_reset(kit: Kit) -> None:
    import nbformat

    kit.answer_in_notebook(difference=WRONG)
    kit.gradlings("reset", "9.1")
    nbformat.validate(nbformat.from_dict(json.loads(kit.notebook.read_text(encoding="utf-8"))))


# ---- help


def test_help_has_a_panel_for_learners_and_one_for_instructors(kit: Kit) -> None:
    shown = kit.gradlings("--help").out
    learners, _, instructors = shown.partition("For instructors")
    assert "For learners" in learners
    for command in ("init", "watch", "list", "hint", "try", "solution", "reset", "progress"):
        assert f" {command} " in learners, command
    for command in ("build", "verify", "course", "grade"):
        assert f" {command} " in instructors, command
    assert "Commands" not in shown
