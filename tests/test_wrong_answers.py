"""Wrong answers that students write are named, by the right name, and right answers by none."""

from __future__ import annotations

from itertools import groupby

import pytest

from fresh_answers import FRESH
from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.model.scorecard import ExerciseScore
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission.reader import from_source
from student_kit import PROJECT
from wrong_answers_panel import PANEL, WrongAnswer

BY_ASSIGNMENT = {
    assignment: list(answers)
    for assignment, answers in groupby(
        sorted([*PANEL, *FRESH], key=lambda answer: answer.assignment), key=lambda answer: answer.assignment
    )
}
MIN_SHARE, MIN_FRESH_SHARE = 0.88, 0.83


def score(assignment: Assignment, grader: Grader, answer: WrongAnswer) -> ExerciseScore:
    submission = from_source(f"{assignment.main.text}\n# %%\n{answer.code}", assignment.main.path)
    (score,) = grader.grade(
        submission, assignment.main.checks_file, seed=0, only=(answer.exercise,)
    ).scorecard.exercises
    return score


@pytest.mark.filterwarnings("ignore:The use of `x.T` on tensors")
@pytest.mark.parametrize("id", BY_ASSIGNMENT)
def test_each_answer_has_its_own_name_and_no_other(id: str) -> None:
    (assignment,) = find_assignments(PROJECT, (id,))
    with collected_checks(assignment.folder) as grader:
        for answer in BY_ASSIGNMENT[id]:
            found = score(assignment, grader, answer)
            assert not found.solved, answer.mistake
            expected = (f"{answer.exercise}/{answer.name}",) if answer.name else ()
            assert found.misconceptions == expected, f"{answer.exercise}: {answer.mistake}"


def test_most_of_the_panel_has_a_name() -> None:
    assert len(PANEL) >= 60
    assert sum(answer.name is not None for answer in PANEL) >= MIN_SHARE * len(PANEL)


def test_most_answers_that_nobody_tuned_to_have_a_name() -> None:
    assert len({answer.assignment for answer in FRESH}) == 6
    assert len(FRESH) >= 60
    assert sum(answer.name is not None for answer in FRESH) >= MIN_FRESH_SHARE * len(FRESH)
