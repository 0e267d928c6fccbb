"""`gradlings hint`: the one for the last misconception, else a step of the ladder at a time; never the solution."""

from pathlib import Path

import pytest

from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.authoring.verify import leaked_line, verify
from gradlings.model.misconceptions import shipped_misconceptions
from student_kit import PROJECT, Kit

OPPOSITE = "Every entry is the right one with the opposite sign. Which of the two is taken away from the other?"
STEPS = ["There are two orders.", "The formula is d = a - b.", "Tensors know the minus sign; no loop is needed."]


def test_the_first_hint_is_a_nudge_and_says_how_to_get_more(kit: Kit) -> None:
    shown = kit.gradlings("hint", "9.1")
    assert shown.code == 0
    assert "Hint 1 of 3 for exercise 9.1" in shown.out
    assert STEPS[0] in shown.out
    assert "More: gradlings hint 9.1" in shown.said
    assert STEPS[1] not in shown.out


def test_each_call_goes_one_step_on_and_the_last_one_stays(kit: Kit) -> None:
    shown = [kit.gradlings("hint", "9.1").said for _ in range(4)]
    for said, hint in zip(shown, [*STEPS, STEPS[2]], strict=True):
        assert hint in said
    assert "More:" not in shown[2]
    assert "That was the last one. Again: gradlings hint 9.1 --level 1 or --level 2" in shown[3]


def test_a_level_can_be_asked_for(kit: Kit) -> None:
    assert STEPS[2] in kit.gradlings("hint", "9.1", "--level", "3").said
    assert STEPS[0] in kit.gradlings("hint", "9.1", "--level", "1").said
    assert STEPS[2] in kit.gradlings("hint", "9.1").said


def test_the_hint_fits_the_last_misconception_and_the_ladder_follows(kit: Kit) -> None:
    kit.answer(difference="return b - a").check()
    fitting = kit.gradlings("hint", "9.1")
    assert "A hint for what your last attempt at 9.1 shows" in fitting.out
    assert OPPOSITE in fitting.said
    assert "Try 5 and 3 by hand" in fitting.said
    assert STEPS[0] in kit.gradlings("hint", "9.1").said
    assert STEPS[1] in kit.gradlings("hint", "9.1").said


def test_another_misconception_gets_its_own_hint_though_the_ladder_has_begun(kit: Kit) -> None:
    kit.gradlings("hint", "9.1")
    kit.answer(difference="return abs(a - b)").check()
    assert "No entry is ever negative." in kit.gradlings("hint", "9.1").said
    assert STEPS[1] in kit.gradlings("hint", "9.1").said


def test_a_misconception_that_is_gone_has_no_say(kit: Kit) -> None:
    kit.answer(difference="return b - a").check()
    kit.edit(kit.module, "return b - a", "return (a - b) * 1.5").check()
    assert "Hint 1 of 3" in kit.gradlings("hint", "9.1").out


def test_a_kit_with_a_damaged_catalogue_leads_to_the_ladder_and_is_logged(
    kit: Kit, caplog: pytest.LogCaptureFixture
) -> None:
    (kit.folder / "misconceptions.json").write_text("{", encoding="utf-8")
    kit.answer(difference="return b - a").check()
    caplog.set_level("INFO", "gradlings")
    assert "Hint 1 of 3" in kit.gradlings("hint", "9.1").out
    assert shipped_misconceptions(kit.folder) == {}
    assert "no misconceptions in" in caplog.text


def test_a_kit_without_its_catalogue_leads_to_the_ladder(kit: Kit) -> None:
    kit.answer(difference="return b - a").check()
    (kit.folder / "misconceptions.json").unlink()
    assert "Hint 1 of 3" in kit.gradlings("hint", "9.1").out


def test_where_nothing_can_be_remembered_the_level_is_named(kit: Kit) -> None:
    (kit.root / "progress.jsonl").mkdir()
    shown = kit.gradlings("hint", "9.1")
    assert shown.code == 0
    assert "More: gradlings hint 9.1 --level 2" in shown.said
    assert "cannot be written" in shown.said


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


def test_anywhere_in_the_kit_will_do(kit: Kit) -> None:
    kit.answer(difference="return b - a").check()
    assert OPPOSITE in Kit(kit.folder).gradlings("hint", "9.1").said


def test_outside_of_a_kit_is_one_clear_sentence(tmp_path: Path) -> None:
    shown = Kit(tmp_path).gradlings("hint", "9.1")
    assert shown.code == 2
    assert "There is no kit in" in shown.said


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "cp1252"}, {"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_a_hint_is_plain_text_wherever_it_is_read(kit: Kit, environment: dict[str, str]) -> None:
    kit.answer(difference="return b - a").check()
    shown = kit.run("gradlings", "hint", "9.1", environment=environment)
    assert shown.code == 0
    assert OPPOSITE in shown.said
    assert "\x1b" not in shown.out


@pytest.mark.parametrize("assignment", find_assignments(PROJECT), ids=lambda assignment: assignment.id)
def test_every_named_misconception_ships_with_a_hint_and_no_hint_shows_the_solution(
    assignment: Assignment,
) -> None:
    source = assignment.main
    misconceptions = shipped_misconceptions(assignment.folder)
    assert set(misconceptions) == {entry.id for entry in assignment.catalogue("misconceptions")}
    assert misconceptions
    assert source.hints
    for id, misconception in misconceptions.items():
        assert misconception.sentence, id
        assert len(misconception.hint) > 12, id
        assert not leaked_line(misconception.hint, source.solution_of(id.partition("/")[0])), id
    for exercise, ladder in source.hints.items():
        assert source.solution_of(exercise).strip()
        assert not any(leaked_line(step, source.solution_of(exercise)) for step in ladder), exercise


def test_a_hint_that_shows_a_line_of_the_solution_is_found() -> None:
    solution = "    if p:\n        return x / (1 - p)\n    return x\n"
    assert leaked_line("Then `return x/(1 - p)` is all.", solution) == "return x / (1 - p)"
    assert not leaked_line("Divide by the share that is kept, and return x otherwise.", solution)


def test_verify_says_which_hint_shows_too_much(author_kit: Kit) -> None:
    told = "leftover_after_subtraction = a - b"
    author_kit.edit(author_kit.sources / "tiny.py", "Tensors know the minus sign; no loop is needed.", told)
    author_kit.edit(author_kit.sources / "misconceptions.py", "Try 5 and 3 by hand", f"Write {told}")
    told_later = (
        f"**Why it works.** {told}\n#\n# **In models.** A.\n#\n# **In PyTorch.** `torch.sub`.\n#\n# **Next.** B."
    )
    before = '# %% [markdown] exercise="9.2"'
    author_kit.edit(author_kit.sources / "tiny.py", before, f'# %% [markdown] solved="9.1"\n# {told_later}\n\n{before}')
    proof = verify(find_assignments(author_kit.root, ("09",))[0], "9.1", 0)
    shows = f"shows a line of the solution: {told}"
    assert proof.breaches == [
        f"hint 3 {shows}",
        f"the hint of misconception 9.1/opposite-sign {shows}",
        f"the text once 9.1 is solved {shows}",
    ]


def test_verify_says_which_misconception_has_no_hint(author_kit: Kit) -> None:
    author_kit.edit(
        author_kit.sources / "misconceptions.py", '    hint="Print the shapes of a, of b and of your answer.",\n', ""
    )
    proof = verify(find_assignments(author_kit.root, ("09",))[0], "9.1", 0)
    assert proof.breaches == ["the hint of misconception 9.1/as-column is missing"]
