"""Scores in nbgrader's own gradebook."""

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


# ---- late, by nbgrader's own plugin

CONFIG = """
c = get_config()
c.AssignLatePenalties.plugin_class = "{plugin}"
{more}
"""
PLUGIN = """
from nbgrader.plugins import BasePlugin

class ByHour(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        {body}
"""
ZERO = "c.LateSubmissionPlugin.penalty_method = 'zero'"


def grade_late(
    kit: Kit, tmp_path: Path, url: str, *, config: str = "", plugin: str = "pass", extension: int = 0
) -> None:
    """Grade a class of two, the second two hours late by what the gradebook says."""
    files = {f"{name}/09/tiny.py": module(kit, **RIGHT) for name in ("alice", "bob")}
    files |= {"alice/09/timestamp.txt": b"2026-03-01 10:00:00 UTC", "bob/09/timestamp.txt": b"2026-03-01 14:00:00 UTC"}
    submissions = hand_in(tmp_path / "submitted", files)
    grade(kit, submissions, tmp_path / "results", url)
    (tmp_path / "nbgrader_config.py").write_text(config)
    (tmp_path / "late_by_hour.py").write_text(PLUGIN.format(body=plugin))
    with nbgrader.Gradebook(url, course_id="default_course") as gradebook:
        gradebook.find_assignment("09").duedate = datetime(2026, 3, 1, 12)
        if extension:
            gradebook.find_submission("09", "bob").extension = timedelta(hours=extension)
        gradebook.db.commit()
    grade(kit, submissions, tmp_path / "results", url)


def final_scores(url: str) -> dict[str, tuple[float, float, float | None]]:
    """By student: score, late penalty, and the hours after midnight at which it was handed in."""
    with nbgrader.Gradebook(url, course_id="default_course") as gradebook:
        return {
            each.student.id: (each.score, each.late_submission_penalty, each.timestamp.hour)
            for each in gradebook.assignment_submissions("09")
        }


def test_a_late_submission_under_the_policy_zero_has_nothing(
    kit: Kit, tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = CONFIG.format(plugin="nbgrader.plugins.LateSubmissionPlugin", more=ZERO)
    grade_late(kit, tmp_path, url, config=config)
    assert final_scores(url) == {"alice": (30, 0, 10), "bob": (30, 30, 14)}
    assert "nbgrader's plugin for late submissions takes points from 1 of them" in capsys.readouterr().err


def test_without_a_plugin_that_takes_anything_the_time_is_written(kit: Kit, tmp_path: Path, url: str) -> None:
    grade_late(kit, tmp_path, url)
    assert final_scores(url) == {"alice": (30, 0, 10), "bob": (30, 0, 14)}


def test_a_plugin_of_ones_own_is_called_as_nbgrader_does(kit: Kit, tmp_path: Path, url: str) -> None:
    config = CONFIG.format(plugin="late_by_hour.ByHour", more="")
    grade_late(kit, tmp_path, url, config=config, plugin="return score * total_seconds_late / 3600 / 10", extension=1)
    assert final_scores(url)["bob"] == (30, 3, 14), "one hour late, after an extension of one"


def test_a_plugin_that_fails_is_named(kit: Kit, tmp_path: Path, url: str) -> None:
    config = CONFIG.format(plugin="late_by_hour.ByHour", more="")
    with pytest.raises(InputError, match=r"plugin for late submissions failed for bob \(ZeroDivisionError"):
        grade_late(kit, tmp_path, url, config=config, plugin="return 1 / 0")
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.oops(")
    with pytest.raises(InputError, match=r"nbgrader_config\.py fails: SyntaxError"):
        grade(kit, tmp_path / "submitted", tmp_path / "results", url)
    (tmp_path / "nbgrader_config.py").write_text(CONFIG.format(plugin="nowhere.Late", more=""))
    with pytest.raises(InputError, match=r"cannot be loaded .*See AssignLatePenalties in nbgrader_config\.py"):
        grade(kit, tmp_path / "submitted", tmp_path / "results", url)


def test_a_course_without_the_step_for_late_ones_has_no_penalties(kit: Kit, tmp_path: Path, url: str) -> None:
    lists = "c.Autograde.autograde_preprocessors = ['nbgrader.preprocessors.SaveAutoGrades']"
    grade_late(kit, tmp_path, url, config=f"c = get_config()\n{ZERO}\n{lists}\n")
    assert final_scores(url)["bob"] == (30, 0, 14)


def test_a_gradebook_that_cannot_be_opened_is_named(kit: Kit, tmp_path: Path) -> None:
    submissions = hand_in(tmp_path / "submissions", {"alice.py": module(kit, **RIGHT)})
    with pytest.raises(InputError, match="gradebook"):
        grade(kit, submissions, tmp_path / "results", f"sqlite:///{tmp_path / 'missing' / 'gradebook.db'}")
