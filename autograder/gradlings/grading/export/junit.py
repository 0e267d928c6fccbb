"""A class as JUnit's XML in the form that pytest writes (xunit2): a suite for each student, a case for each check."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from gradlings.grading.export.class_marks import ClassMarks, ExportedStudent
from gradlings.grading.results_store import RUN
from gradlings.model.mark import points_text
from gradlings.model.scorecard import CheckResult, ExerciseScore, Verdict
from gradlings.model.student_result import StudentResult, for_student

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_RIGHT = (Verdict.PASS, Verdict.FOLLOWED_THROUGH)
_KINDS = {Verdict.NOT_ATTEMPTED: "skipped", Verdict.GRADER_ERROR: "error"}
"""The element of a check that is neither right nor wrong."""


def junit(graded: ClassMarks) -> tuple[bytes, list[str]]:
    """Return the class as XML in UTF-8. Texts keep no character that XML forbids, and nothing secret is in it."""
    root = ET.Element("testsuites", name=_legal(f"assignment {graded.run.assignment}"))
    when = _time_of(graded.folder.path / RUN)
    for student, result in graded.results:
        root.append(_suite(student, for_student(result), graded.max_points, when))
    data = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n", [f"{len(root)} students, each a suite."]


def _suite(student: ExportedStudent, result: StudentResult, max_points: int, when: str) -> ET.Element:
    cases = list(_cases(result))
    counts = {kind: sum(case.find(kind) is not None for case in cases) for kind in ("error", "failure", "skipped")}
    suite = ET.Element(
        "testsuite",
        name=_legal(student.student),
        errors=str(counts["error"]),
        failures=str(counts["failure"]),
        skipped=str(counts["skipped"]),
        tests=str(len(cases)),
        time="0",
        timestamp=when,
        hostname="gradlings",
    )
    properties = ET.SubElement(suite, "properties")
    mark = "EX" if student.mark.excused else points_text(student.mark.final)
    for name, value in (("mark", mark), ("max_points", str(max_points)), ("status", result.status_text)):
        ET.SubElement(properties, "property", name=name, value=_legal(value))
    suite.extend(cases)
    return suite


def _cases(result: StudentResult) -> Iterator[ET.Element]:
    for score in result.card.exercises if result.card else ():
        for check in score.checks:
            yield _case(result.assignment, score, check)
    if not result.card:
        case = ET.Element("testcase", classname=_legal(result.assignment), name="submission", time="0")
        ET.SubElement(case, "error", message=_legal(result.status_text))
        yield case


def _case(assignment: str, score: ExerciseScore, check: CheckResult) -> ET.Element:
    classname = _legal(f"{assignment}.{score.id.replace('.', '-')} {score.name}")
    case = ET.Element("testcase", classname=classname, name=_legal(check.title), time="0")
    if check.verdict not in _RIGHT:
        kind = _KINDS.get(check.verdict, "failure")
        failed = ET.SubElement(case, kind, message=_legal(check.message or check.verdict.value.replace("_", " ")))
        if kind == "skipped":
            failed.set("type", "pytest.skip")
        failed.text = _legal("\n".join(filter(None, (check.call, score.explanation_of(check), *check.trace))))
    return case


def _legal(text: str) -> str:
    """Replace each character that XML 1.0 forbids by its number, as pytest does: `#x1B`."""
    return _ILLEGAL.sub(lambda found: f"#x{ord(found[0]):02X}", text)


def _time_of(path: Path) -> str:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
