"""Scores in nbgrader's own gradebook."""

from pathlib import Path

import nbgrader.api as nbgrader
import pytest

from class_kit import HALF, SOURCE_NAME, InProcess, hand_in, module
from gradlings.grading.command import grade_submissions
from gradlings.grading.intake.collect import collect
from gradlings.model.errors import InputError
from student_kit import RIGHT, Kit


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'gradebook.db'}"


def grade(kit: Kit, submissions: Path, to: Path, url: str, *, force: bool = False) -> None:
    collected = collect(submissions, SOURCE_NAME)
    grade_submissions(InProcess(kit.folder), kit.folder, collected, to, gradebook=url, seed=1, force=force)


def cell_scores(url: str, student: str) -> dict[str, tuple[float | None, float | None]]:
    with nbgrader.Gradebook(url, course_id="default_course") as gradebook:
        submission = gradebook.find_submission("09", student)
        return {
            grade.name: (grade.auto_score, grade.manual_score)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def test_scores_arrive_and_what_a_person_set_stays(kit: Kit, tmp_path: Path, url: str) -> None:
    submissions = hand_in(
        tmp_path / "submissions", {"alice/tiny.py": module(kit, **RIGHT), "bob.py": module(kit, **HALF)}
    )
    grade(kit, submissions, tmp_path / "results", url)
    assert cell_scores(url, "alice") == {"ex-9-1": (10, None), "ex-9-2": (15, None), "ex-9-3": (5, None)}
    assert [score for score, _ in cell_scores(url, "bob").values()] == [10, 0, 0]

    with nbgrader.Gradebook(url, course_id="default_course") as gradebook:
        gradebook.find_grade("ex-9-2", "tiny", "09", "bob").manual_score = 7
        gradebook.db.commit()
    grade(kit, submissions, tmp_path / "results", url, force=True)
    assert cell_scores(url, "bob")["ex-9-2"] == (0, 7)


def test_a_gradebook_that_cannot_be_opened_is_named(kit: Kit, tmp_path: Path) -> None:
    submissions = hand_in(tmp_path / "submissions", {"alice.py": module(kit, **RIGHT)})
    with pytest.raises(InputError, match="gradebook"):
        grade(kit, submissions, tmp_path / "results", f"sqlite:///{tmp_path / 'missing' / 'gradebook.db'}")
