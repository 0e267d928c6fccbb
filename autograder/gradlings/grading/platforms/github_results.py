"""What GitHub shows of a submission: a summary page, JUnit, and the `result.json` of Classroom 50."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any
from xml.etree import ElementTree

from gradlings.model.scorecard import ExerciseScore
from gradlings.model.student_result import StudentResult, exercise_points, for_student
from gradlings.rendering.html import bare_exercise
from gradlings.rendering.junit import suite_of, written

SCHEMA = "classroom50/result/v1"
_WEAKER = (
    "A mark for orientation. Whoever may change this repository may change the workflow, the checks beside it and this "
    "page; hidden probes are not used here. For marks, run <code>gradlings grade</code> on clones of the repositories."
)
_MAX_SUMMARY_BYTES = 900_000
"""GitHub shows no summary of more than 1 MiB."""


def summary_page(result: StudentResult) -> str:
    """Return the summary page of a run in GitHub's Markdown. All that a student wrote is escaped, in blocks of HTML."""
    public = for_student(result)
    card = public.card
    total = f"{result.points} of {result.max_points} points" if result.points is not None else "no score"
    title = f"{public.assignment} {card.title}" if card and card.title else public.assignment
    blocks = [f"## {title}: {total}"]
    for problem in (public.reason, *(card.general_problems if card else ())):
        if problem:
            blocks.append(f"<p>{escape(' '.join(problem.split()))}</p>")
    if card:
        blocks.append(_table(card.exercises))
        blocks += map(_details, (score for score in card.exercises if score.attempted and not score.solved))
    footer = f"{_WEAKER} {escape(result.protection)}. gradlings {escape(result.gradlings_version)}."
    page, end = "", f"<p><sub>{footer}</sub></p>\n"
    for block in blocks:
        if len((page + block + end).encode()) > _MAX_SUMMARY_BYTES:
            page += "<p>The rest is in the feedback page among this run's artifacts.</p>\n\n"
            break
        page += f"{block}\n\n"
    return page + end


def _table(scores: tuple[ExerciseScore, ...]) -> str:
    rows = []
    for score in scores:
        points = exercise_points(score)
        mark = "?" if points is None else "\u2713" if score.solved else "\u2717" if score.attempted else ""
        if points == score.max_points and not score.solved:
            mark = "\u2192"  # right, except for what it calls
        shown = "?" if points is None else str(points)
        cells = (score.id, f"<code>{escape(score.name)}</code>", f"{shown} / {score.max_points}", mark)
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    head = "<tr><th>exercise</th><th>function</th><th>points</th><th></th></tr>"
    return "\n".join(["<table>", head, *rows, "</table>"])


def _details(score: ExerciseScore) -> str:
    summary = f"<summary>{score.id} <code>{escape(score.name)}</code></summary>"
    return "\n".join(["<details>", summary, bare_exercise(score), "</details>"])


def junit_xml(result: StudentResult) -> bytes:
    """Return JUnit's XML as pytest writes it (xunit2): a test for each check."""
    public = for_student(result)
    suites = ElementTree.Element("testsuites", name=f"assignment {public.assignment}")
    when = datetime.now(UTC).isoformat(timespec="seconds")
    suites.append(suite_of(public, f"gradlings {public.assignment}", when, lambda score: f"{score.id} {score.name}"))
    return written(suites)


def result_json(
    result: StudentResult, environment: Mapping[str, str], *, submitted: datetime, graded: datetime
) -> dict[str, Any]:
    """Return `result.json` for Classroom 50: whole points by exercise, and what its runner says of the submission.

    Args:
        result: one with a score.
        environment: the variables that the runner sets.
        submitted: the time of the commit, which decides what is late, however often it is graded.
        graded: the time of grading.
    """
    assert result.card is not None
    assert result.points is not None, "a result without a score is none there"
    tests = [
        {
            "test-name": f"{score.id} {score.name}",
            "passed": score.points == score.max_points,
            "score": score.points,
            "max-score": score.max_points,
        }
        for score in result.card.exercises
    ]
    commit = environment.get("COMMIT_URL", "")
    return {
        "schema": SCHEMA,
        "classroom": environment.get("CLASSROOM", ""),
        "assignment": environment.get("ASSIGNMENT", ""),
        "assignment_type": environment.get("ASSIGNMENT_TYPE", "individual"),
        "owner": environment.get("OWNER") or environment.get("USERNAME", ""),
        "submission": environment.get("SUBMISSION_TAG", ""),
        "commit": commit,
        "release": environment.get("RELEASE_URL", ""),
        "review": environment.get("REVIEW_URL") or commit,
        "datetime": _in_utc(submitted),
        "graded_at": _in_utc(graded),
        "score": result.points,
        "max-score": result.max_points,
        "tests": tests,
    }


def _in_utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
