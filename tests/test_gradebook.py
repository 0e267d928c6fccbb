"""Scores in nbgrader's own gradebook."""

import shutil
from datetime import datetime, timedelta
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


def test_a_gradebook_from_before_the_points_changed_is_told_by_name_and_left(
    kit: Kit, tmp_path: Path, url: str
) -> None:
    submissions = hand_in(tmp_path / "submissions", {"bob.py": module(kit, **HALF)})
    grade(kit, submissions, tmp_path / "results", url)
    before = cell_scores(url, "bob")
    checks = kit.folder / "test_tiny.py"
    checks.write_text(checks.read_text().replace("points=15", "points=12"))
    with pytest.raises(InputError) as refused:
        grade(kit, submissions, tmp_path / "new", url)
    assert f"{tmp_path / 'gradebook.db'} already has submissions of 09, scored when ex-9-2 was" in str(refused.value)
    assert "was worth 15 points; in the checks it is worth 12." in str(refused.value)
    assert "nbgrader db assignment remove 09" in str(refused.value)
    assert cell_scores(url, "bob") == before
    assert (tmp_path / "new" / "scores.csv").exists()


# ---- late, by nbgrader's own plugin

CONFIG = """
c = get_config()
c.AssignLatePenalties.plugin_class = "{plugin}"
"""
ZERO = "c.LateSubmissionPlugin.penalty_method = 'zero'"
PLUGIN = """
from nbgrader.plugins import BasePlugin

class ByHour(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score * total_seconds_late / 3600 / 10

class Failing(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 1 / 0
"""


@pytest.fixture(scope="module")
def due(built_kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of two that was graded; the second is two hours late by what the gradebook says. Not to be changed."""
    root = tmp_path_factory.mktemp("due")
    kit = Kit.copied(built_kit.root, root, "assignments")
    files = {f"submitted/{name}/09/tiny.py": module(kit, **RIGHT) for name in ("alice", "bob")}
    files["submitted/alice/09/timestamp.txt"] = b"2026-03-01 10:00:00 UTC"
    files["submitted/bob/09/timestamp.txt"] = b"2026-03-01 14:00:00 UTC"
    hand_in(root, {**files, "late_by_hour.py": PLUGIN.encode()})
    url = f"sqlite:///{root / 'gradebook.db'}"
    grade(kit, root / "submitted", root / "results", url)
    with nbgrader.Gradebook(url, course_id="default_course") as gradebook:
        gradebook.find_assignment("09").duedate = datetime(2026, 3, 1, 12)
        gradebook.db.commit()
    return root


def final_scores(root: Path, config: str, extension: int = 0) -> dict[str, tuple[float, float, int]]:
    """Write the gradebook anew by a configuration; by student the score, the penalty, and the hour of submission."""
    (root / "nbgrader_config.py").write_text(config)
    url = f"sqlite:///{root / 'gradebook.db'}"
    with nbgrader.Gradebook(url, course_id="default_course") as gradebook:
        if extension:
            gradebook.find_submission("09", "bob").extension = timedelta(hours=extension)
            gradebook.db.commit()
    grade(Kit(root), root / "submitted", root / "results", url)
    with nbgrader.Gradebook(url, course_id="default_course") as gradebook:
        return {
            each.student.id: (each.score, each.late_submission_penalty, each.timestamp.hour)
            for each in gradebook.assignment_submissions("09")
        }


@pytest.fixture
def course(due: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(due, tmp_path / "course"))


def test_what_being_late_costs_is_up_to_the_plugin_of_the_course(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zero = CONFIG.format(plugin="nbgrader.plugins.LateSubmissionPlugin") + ZERO
    assert final_scores(course, zero) == {"alice": (30, 0, 10), "bob": (30, 30, 14)}
    assert "nbgrader's plugin for late submissions takes points from 1 of them" in capsys.readouterr().err
    without = "\nc.Autograde.autograde_preprocessors = ['nbgrader.preprocessors.SaveAutoGrades']"
    assert final_scores(course, zero + without)["bob"] == (30, 0, 14), "the course leaves the step out"
    assert final_scores(course, "c = get_config()")["bob"] == (30, 0, 14), "nbgrader's default takes nothing"
    own = CONFIG.format(plugin="late_by_hour.ByHour")
    assert final_scores(course, own)["bob"] == (30, 6, 14)
    assert final_scores(course, own, extension=1)["bob"] == (30, 3, 14)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (CONFIG.format(plugin="late_by_hour.Failing"), r"submissions failed for bob \(ZeroDivisionError.*No score was"),
        (CONFIG.format(plugin="nowhere.Late"), r"cannot be loaded .*See AssignLatePenalties in nbgrader_config\.py"),
        ("c = get_config()\nc.oops(", r"nbgrader_config\.py fails: SyntaxError"),
    ],
)
def test_a_plugin_that_fails_is_named(config: str, says: str, course: Path) -> None:
    with pytest.raises(InputError, match=says):
        final_scores(course, config)


def test_a_gradebook_that_cannot_be_opened_is_named(kit: Kit, tmp_path: Path) -> None:
    submissions = hand_in(tmp_path / "submissions", {"alice.py": module(kit, **RIGHT)})
    with pytest.raises(InputError, match="gradebook"):
        grade(kit, submissions, tmp_path / "results", f"sqlite:///{tmp_path / 'missing' / 'gradebook.db'}")
