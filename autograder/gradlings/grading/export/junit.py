"""A class as JUnit's XML: a suite for each student, a case for each check."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

from gradlings.grading.export.class_marks import ClassMarks, ExportedStudent
from gradlings.grading.results_store import RUN
from gradlings.model.mark import points_text
from gradlings.model.scorecard import ExerciseScore
from gradlings.model.student_result import StudentResult, for_student
from gradlings.rendering.junit import legal, suite_of, written


def junit(graded: ClassMarks) -> tuple[bytes, list[str]]:
    """Return the class as XML in UTF-8. Texts keep no character that XML forbids, and nothing secret is in it."""
    root = ET.Element("testsuites", name=legal(f"assignment {graded.run.assignment}"))
    when = _time_of(graded.folder.path / RUN)
    for student, result in graded.results:
        root.append(_suite(student, for_student(result), graded.max_points, when))
    return written(root), [f"{len(root)} students, each a suite."]


def _suite(student: ExportedStudent, result: StudentResult, max_points: int, when: str) -> ET.Element:
    def class_of(score: ExerciseScore) -> str:
        return f"{result.assignment}.{score.id.replace('.', '-')} {score.name}"

    mark = "EX" if student.mark.excused else points_text(student.mark.final)
    properties = {"mark": mark, "max_points": str(max_points), "status": result.status_text}
    return suite_of(result, student.student, when, class_of, properties)


def _time_of(path: Path) -> str:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
