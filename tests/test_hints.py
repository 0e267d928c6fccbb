"""`gradlings hint`: one step of the ladder at a time, never the whole of it."""

import pytest
from student_kit import Kit


def test_the_first_hint_is_a_nudge_and_says_how_to_get_more(kit: Kit) -> None:
    shown = kit.gradlings("hint", "9.1")
    assert shown.code == 0
    assert "Hint 1 of 3 for exercise 9.1" in shown.out
    assert "There are two orders." in shown.out
    assert "gradlings hint 9.1 --level 2" in shown.said
    assert "The formula is" not in shown.out


def test_the_last_hint_is_the_plan(kit: Kit) -> None:
    assert "The formula is $d = a - b$." in kit.gradlings("hint", "9.1", "--level", "2").said
    last = kit.gradlings("hint", "9.1", "--level", "3")
    assert "Tensors know the minus sign; no loop is needed." in last.said
    assert "More:" not in last.out


@pytest.mark.parametrize("exercise", ["9.1", "9.2", "9.3"])
@pytest.mark.parametrize("level", ["1", "2", "3"])
def test_every_exercise_has_three(kit: Kit, exercise: str, level: str) -> None:
    shown = kit.gradlings("hint", exercise, "--level", level)
    assert shown.code == 0
    assert len(shown.out.splitlines()) >= 2


def test_an_unknown_exercise_is_one_clear_sentence(kit: Kit) -> None:
    shown = kit.gradlings("hint", "9.7")
    assert shown.code == 2
    assert "There is no exercise 9.7; there are 9.1, 9.2, 9.3." in shown.said


@pytest.mark.parametrize("level", ["0", "4", "first"])
def test_a_level_that_does_not_exist_is_refused(kit: Kit, level: str) -> None:
    assert kit.gradlings("hint", "9.1", "--level", level).code == 2


def test_outside_of_a_kit_is_one_clear_sentence(kit: Kit) -> None:
    shown = Kit(kit.folder).gradlings("hint", "9.1")
    assert shown.code == 2
    assert "There is no assignments/ folder" in shown.said
