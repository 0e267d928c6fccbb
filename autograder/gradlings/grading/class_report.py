"""What an instructor reads at the end of a run: who needs a look, and numbers that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from gradlings.grading.class_run import ClassResults
from gradlings.grading.intake.collect import Submissions
from gradlings.model.student_result import Status

_TOLD = {
    Status.GRADED: "with a score",
    Status.PARTLY: "partly graded",
    Status.NOT_GRADABLE: "not gradable",
    Status.NOTHING: "without a submission",
}


def report(graded: ClassResults, submissions: Submissions, to: Path) -> list[str]:
    """Return what an instructor should know at the end of a run, line by line."""
    results = graded.summaries
    lines = [*submissions.problems]
    lines += [f"{r.student}: {note}" for r in results if r.status is not Status.NOT_GRADABLE for note in r.notes]
    lines += [f"{r.student}: {r.status_text}" for r in results if r.status is not Status.GRADED]
    lines += [f"{student}: graded again, as another file was handed in." for student in graded.changed]
    lines += [f"{student}: no longer among the submissions; the score is kept." for student in graded.absent]
    lines += [f"{student}: not on the roster." for student in graded.unlisted]
    if graded.missing:
        lines.append(f"Of {counted(len(graded.missing), 'student')} there is no submission: {_some(graded.missing)}")
    ignored = [*submissions.ignored, *graded.unused]
    if ignored:
        lines.append(f"{counted(len(ignored), 'other file')} played no part: {_some(ignored)}")
    return [*lines, f"{_sum(graded)}. Protection: {graded.run.protection}. Scores: {to / 'scores.csv'}"]


def _sum(graded: ClassResults) -> str:
    """Return how many students there are, and what became of them: every one is in exactly one of the numbers."""
    numbers = Counter(result.status for result in graded.summaries)
    numbers[Status.NOTHING] = len(graded.missing)
    told = ", ".join(f"{numbers[status]} {text}" for status, text in _TOLD.items() if numbers[status])
    earlier = len(graded.summaries) - len(graded.fresh)
    split = f" ({len(graded.fresh)} graded now, {earlier} in an earlier run)" if earlier else ""
    return f"{counted(numbers.total(), 'student')}: {told}{split}"


def counted(number: int, noun: str) -> str:
    """Return "1 judge", "2 judges"."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
