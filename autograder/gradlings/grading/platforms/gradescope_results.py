"""What Gradescope reads: `results.json` with a test for each exercise, as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any

from gradlings.grading.marks.lateness import in_words
from gradlings.model.scorecard import ExerciseScore
from gradlings.model.student_result import OUR_FAULT, Status, StudentResult, for_student, marker_notes
from gradlings.rendering.html import bare_exercise

NOT_GRADED = (
    "Not graded: something failed on the side of the grader. It is not the fault of your submission. "
    "Your instructor sees the reason, and can run it again."
)


@dataclass(frozen=True)
class SubmissionFacts:
    """What Gradescope says of a submission, as far as it says it."""

    id: str = ""
    student: str = "submission"
    late: timedelta | None = None
    """How long after the due date it was made; None if in time, or if there is no due date."""
    total_points: float | None = None
    """What the assignment is worth on Gradescope, with what is graded by hand."""


def facts_of(metadata: Mapping[str, Any]) -> SubmissionFacts:
    """Read `submission_metadata.json`. When it was made is what it says, not now: it may be run again much later."""
    assignment = _mapping(metadata.get("assignment"))
    users = [_mapping(user) for user in metadata.get("users") or ()]
    names = [str(user["name"]) for user in users if user.get("name")]
    # a student with an extension has dates of their own
    dues = [_mapping(user.get("assignment")).get("due_date") or assignment.get("due_date") for user in users]
    due = max(filter(None, map(_time, dues)), default=_time(assignment.get("due_date")))
    made = _time(metadata.get("created_at"))
    late = made - due if made and due and made > due else None
    try:
        total = float(assignment["total_points"])
    except (KeyError, TypeError, ValueError):
        total = None
    return SubmissionFacts(str(metadata.get("id") or ""), ", ".join(names) or "submission", late, total)


def results_of(result: StudentResult, facts: SubmissionFacts) -> dict[str, Any]:
    """Return `results.json` of a submission.

    Where a check failed through our fault there is no score, not even of the exercises that were graded, since
    Gradescope would add them up. A submission that cannot be read has 0 points, and says why: its student can hand in
    another one at once.
    """
    public = for_student(result)
    card, points = public.card, result.points
    ours = result.status is Status.PARTLY or result.reason.startswith(OUR_FAULT)
    if points is None and not ours:
        points = 0
    said = [f"<strong>{points} of {result.max_points} points.</strong>"] if points is not None else [escape(NOT_GRADED)]
    problems = card.general_problems if card else ()
    said += [escape(text) for text in (*problems, "" if ours else public.reason) if text]
    if facts.late:
        late = in_words(math.ceil(facts.late.total_seconds()))
        said.append(f"Handed in {late} after the due date. No points were taken off here.")
    tests = [_test(score, scored=points is not None) for score in card.exercises] if card else []
    tests.append(_for_instructors(result, facts))
    found: dict[str, Any] = {
        "output": "".join(f"<p>{text}</p>" for text in said),
        "output_format": "html",
        "tests": tests,
    }
    found |= {"visibility": "visible", "stdout_visibility": "hidden", "extra_data": _extra(result, facts)}
    return found if points is None else {"score": points, **found}


def no_results(sentence: str = NOT_GRADED) -> dict[str, Any]:
    """Return `results.json` of a run that failed: a sentence, and no score."""
    test = {"name": "Not graded", "status": "failed", "output": sentence, "output_format": "text"}
    return {"output": sentence, "output_format": "text", "stdout_visibility": "hidden", "tests": [test]}


def _test(score: ExerciseScore, *, scored: bool) -> dict[str, Any]:
    found = {
        "number": score.id,
        "name": score.name,
        "status": "passed" if score.points == score.max_points else "failed",
        "output": bare_exercise(score),
        "output_format": "html",
        "visibility": "visible",
    }
    return {"score": score.points, "max_score": score.max_points, **found} if scored else found


def _for_instructors(result: StudentResult, facts: SubmissionFacts) -> dict[str, Any]:
    """Return a test that students never see, and that is worth nothing."""
    lines = [result.status_text, *marker_notes(result)]
    if facts.total_points is not None and facts.total_points < result.max_points:
        lines.append(
            f"Gradescope has {facts.total_points:g} points for this assignment, and the exercises have "
            f"{result.max_points}. Set the points of the autograder in its settings."
        )
    lines.append(f"{result.protection or 'No protection was active'}. gradlings {result.gradlings_version}.")
    text = "\n".join(lines)
    return {"name": "For instructors", "visibility": "hidden", "output": text, "output_format": "text"}


def _extra(result: StudentResult, facts: SubmissionFacts) -> dict[str, Any]:
    late = round(facts.late.total_seconds()) if facts.late else 0
    return {"gradlings": result.gradlings_version, "status": result.status.value, "seconds_late": late}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _time(value: Any) -> datetime | None:
    """Read a time with its offset; one without is nobody's."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else None
