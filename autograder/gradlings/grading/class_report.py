"""What an instructor reads at the end of a run: who needs a look, and numbers that add up."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from gradlings.grading.class_results import ClassResults
from gradlings.grading.intake.collect import Submissions
from gradlings.grading.marks.changes import FILE as CHANGES
from gradlings.grading.marks.changes import changes_lines
from gradlings.grading.marks.late_report import late_lines
from gradlings.model.student_result import Status
from gradlings.model.text import counted, some

_TOLD = {
    Status.GRADED: "with a score",
    Status.PARTLY: "partly graded",
    Status.NOT_GRADABLE: "not gradable",
    Status.NOTHING: "without a submission",
}

_MAX_TOLD = 30
"""Lines of one kind; of a large class nobody reads more on a terminal."""


def report(graded: ClassResults, submissions: Submissions, to: Path) -> list[str]:
    """Return what an instructor should know at the end of a run, line by line."""
    results = graded.summaries
    lines = [*submissions.problems, *_regraded(graded, to)]
    for told in (
        [f"{r.student}: {note}" for r in results if r.status is not Status.NOT_GRADABLE for note in r.notes],
        [f"{r.student}: {r.status_text}" for r in results if r.status is not Status.GRADED],
        [f"{student}: graded again, as another file was handed in." for student in graded.changed],
        [f"{student}: no longer among the submissions; the score is kept." for student in graded.absent],
        [f"{student}: not on the roster." for student in graded.unlisted],
    ):
        lines += told[:_MAX_TOLD]
        if len(told) > _MAX_TOLD:
            lines.append(
                f"... and {counted(len(told) - _MAX_TOLD, 'more line')} of this kind; notes stand in scores.csv."
            )
    lines += late_lines(graded.marks, graded.deadline)
    if graded.left_out:
        number = counted(len(graded.left_out), "submission")
        lines.append(f"{number} without a score that --student leaves out: {some(graded.left_out)}")
    if graded.missing:
        lines.append(f"Of {counted(len(graded.missing), 'student')} there is no submission: {some(graded.missing)}")
    ignored = [*submissions.ignored, *graded.unused]
    if ignored:
        lines.append(f"{counted(len(ignored), 'other file')} played no part: {some(ignored)}")
    return [*lines, f"{_sum(graded)}. Protection: {graded.run.protection}. Scores: {to / 'scores.csv'}"]


def _regraded(graded: ClassResults, to: Path) -> list[str]:
    """Return what made scores of this run and an earlier one incomparable, and whose score changed."""
    lines = []
    if graded.differences:
        listed = ", ".join(graded.differences[:4]) + (" and more" if len(graded.differences) > 4 else "")
        anew = counted(len(graded.fresh), "student")
        lines.append(f"Since the earlier run {listed} changed. Graded anew: {anew}.")
    if graded.changes:
        number = counted(len(graded.changes), "student")
        lines.append(f"The score of {number} changed; {to / CHANGES} has the whole list:")
        lines += changes_lines(graded.changes)
    if graded.outdated:
        number = counted(len(graded.outdated), "student")
        lines.append(
            f"{number} with scores from before the checks or the grader changed: {some(graded.outdated)}. The same "
            "command with all submissions, without --student, grades them again."
        )
    return lines


def _sum(graded: ClassResults) -> str:
    """Return how many students there are, and what became of them: every one is in exactly one of the numbers."""
    numbers = Counter(result.status for result in graded.summaries)
    numbers[Status.NOTHING] = len(graded.missing)
    told = ", ".join(f"{numbers[status]} {text}" for status, text in _TOLD.items() if numbers[status])
    earlier = len(graded.summaries) - len(graded.fresh)
    split = f" ({len(graded.fresh)} graded now, {earlier} in an earlier run)" if earlier else ""
    return f"{counted(numbers.total(), 'student')}: {told}{split}"
