"""A student's checks as a suite of JUnit's XML, in the form that pytest writes (xunit2)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping

from gradlings.model.scorecard import CheckResult, ExerciseScore, Verdict
from gradlings.model.student_result import StudentResult

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_RIGHT = (Verdict.PASS, Verdict.FOLLOWED_THROUGH)
_KINDS = {Verdict.NOT_ATTEMPTED: "skipped", Verdict.GRADER_ERROR: "error"}
"""The element of a check that is neither right nor wrong."""


def suite_of(
    result: StudentResult,
    name: str,
    when: str,
    class_of: Callable[[ExerciseScore], str],
    properties: Mapping[str, str] | None = None,
) -> ET.Element:
    """Return a suite with a case for each check, or with one that tells why there is none.

    Texts keep no character that XML forbids.

    Args:
        result: as the student may see it.
        name: of the suite.
        when: the time of the run, in ISO 8601.
        class_of: gives the class name of an exercise's cases.
        properties: of the suite.
    """
    cases = list(_cases(result, class_of))
    counts = {kind: sum(case.find(kind) is not None for case in cases) for kind in ("error", "failure", "skipped")}
    suite = ET.Element(
        "testsuite",
        name=legal(name),
        errors=str(counts["error"]),
        failures=str(counts["failure"]),
        skipped=str(counts["skipped"]),
        tests=str(len(cases)),
        time="0",
        timestamp=when,
        hostname="gradlings",
    )
    if properties:
        found = ET.SubElement(suite, "properties")
        for key, value in properties.items():
            ET.SubElement(found, "property", name=key, value=legal(value))
    suite.extend(cases)
    return suite


def written(suites: ET.Element) -> bytes:
    """Return the XML in UTF-8, with a line feed at its end."""
    return b"%s\n" % ET.tostring(suites, encoding="utf-8", xml_declaration=True)


def legal(text: str) -> str:
    """Replace each character that XML 1.0 forbids by its number, as pytest does: `#x1B`."""
    return _ILLEGAL.sub(lambda found: f"#x{ord(found[0]):02X}", text)


def _cases(result: StudentResult, class_of: Callable[[ExerciseScore], str]) -> Iterator[ET.Element]:
    for score in result.card.exercises if result.card else ():
        for check in score.checks:
            yield _case(class_of(score), score, check)
    if not result.card:
        case = ET.Element("testcase", classname=legal(result.assignment), name="submission", time="0")
        ET.SubElement(case, "error", message=legal(result.status_text))
        yield case


def _case(classname: str, score: ExerciseScore, check: CheckResult) -> ET.Element:
    case = ET.Element("testcase", classname=legal(classname), name=legal(check.title), time="0")
    if check.verdict not in _RIGHT:
        kind = _KINDS.get(check.verdict, "failure")
        failed = ET.SubElement(case, kind, message=legal(check.message or check.verdict.value.replace("_", " ")))
        if kind == "skipped":
            failed.set("type", "pytest.skip")
        values = [f"{row.name} {row.got} (expected: {row.expected})".strip() for row in check.rows if not row.right]
        said = (check.call, *values, score.explanation_of(check), check.place, *check.trace)
        failed.text = legal("\n".join(filter(None, said)))
    return case
