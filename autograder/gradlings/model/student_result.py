"""What one student of a class gets: a status, a score that may be blank, and a scorecard fit for the student's eyes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from gradlings.model.scorecard import CheckResult, ExerciseScore, Scorecard, Verdict
from gradlings.model.text import encodable, map_text

_MAX_TEXT_CHARS = 20_000
_MAX_NOTE_CHARS, _MAX_PROBLEMS = 300, 3
OUR_FAULT = "grader error"
"""Begins the reason of a result that is blank through our fault, as instructors read it."""
_OUR_FAULT = "This check itself failed. It is not your fault and costs you nothing; your instructor has been told."
T = TypeVar("T")


class Status(StrEnum):
    """How far a submission could be graded."""

    GRADED = "graded"
    PARTLY = "partly graded"
    NOT_GRADABLE = "not gradable"
    NOT_YET = "not graded yet"
    """The run is still at work, or was ended before it came to this one."""
    NOTHING = "nothing handed in"
    """Somebody on the roster of whom there is no submission."""


@dataclass(frozen=True)
class StudentResult:
    """One row of the class. Everything that is shown of a student is a pure function of this."""

    student: str
    assignment: str
    status: Status
    reason: str = ""
    """Why it is not simply graded."""
    max_points: int = 0
    card: Scorecard | None = None
    notes: tuple[str, ...] = ()
    """For the instructor: what was noticed when submissions were collected."""
    protection: str = ""
    """The isolation that was active while it was graded."""
    gradlings_version: str = ""

    @property
    def points(self) -> int | None:
        """The score; None where it must stay blank, as a check failed through our fault or nothing could be graded."""
        return self.card.points if self.card and self.status is Status.GRADED else None

    @property
    def status_text(self) -> str:
        """The status with its reason."""
        return f"{self.status.value} ({self.reason})" if self.reason else self.status.value


def marker_notes(result: StudentResult) -> tuple[str, ...]:
    """Return what whoever gives the marks should know of a submission, each a sentence of one line."""
    card = result.card
    if card is None:
        return tuple(note for note in result.notes if note not in result.reason)
    followed = [
        exercise.id
        for exercise in card.exercises
        if any(check.verdict is Verdict.FOLLOWED_THROUGH for check in exercise.checks)
    ]
    problems = [" ".join(problem.split())[:_MAX_NOTE_CHARS] for problem in card.problems[:_MAX_PROBLEMS]]
    problems = [problem if problem.endswith((".", "?")) else f"{problem}." for problem in problems]
    if len(card.problems) > _MAX_PROBLEMS:
        problems.append(f"There are {len(card.problems) - _MAX_PROBLEMS} more such problems.")
    return (*result.notes, *problems, *([f"By follow-through: {', '.join(followed)}."] if followed else []))


def exercise_points(score: ExerciseScore) -> int | None:
    """Return the points of an exercise; None where one of its checks failed through our fault."""
    return None if any(check.verdict is Verdict.GRADER_ERROR for check in score.checks) else score.points


def graded(
    student: str, card: Scorecard, *, notes: tuple[str, ...], protection: str, gradlings_version: str
) -> StudentResult:
    """Return the result of a submission whose checks were run."""
    failed = [
        f"{score.id} {check.title}: {check.message}"
        for score in card.exercises
        for check in score.checks
        if check.verdict is Verdict.GRADER_ERROR
    ]
    reasons = [f"{OUR_FAULT} in " + "; ".join(failed)] if failed else []
    if card.not_run:
        reasons.append(f"{card.not_run} checks were not run")
    reason = "; ".join(reasons)
    status = Status.PARTLY if reason else Status.GRADED
    return writable(
        StudentResult(
            student, card.assignment, status, reason, card.max_points, card, notes, protection, gradlings_version
        )
    )


def for_student(result: StudentResult) -> StudentResult:
    """Return the same without what a student must not see: the secret seed, a check's source, notes for us."""
    card = result.card
    if card is not None:
        exercises = tuple(
            dataclasses.replace(score, checks=tuple(map(_fit_for_student, score.checks))) for score in card.exercises
        )
        card = dataclasses.replace(card, exercises=exercises, seed=0)
    reason = _OUR_FAULT if result.status is Status.PARTLY else result.reason
    if result.status is Status.NOT_GRADABLE and reason.startswith(OUR_FAULT):
        reason = _OUR_FAULT.replace("This check", "The grader")
    return dataclasses.replace(result, card=card, reason=reason, notes=())


def _fit_for_student(check: CheckResult) -> CheckResult:
    if check.verdict is not Verdict.GRADER_ERROR:
        return dataclasses.replace(check, outcome="") if check.outcome else check
    return dataclasses.replace(check, message=_OUR_FAULT, trace=(), call="", rows=(), picture=None, place="")


def writable(value: T) -> T:
    """Return the same data with every text of a sane length and writable as UTF-8: student code chooses many."""

    def clean(text: str) -> str:
        return encodable(text if len(text) <= _MAX_TEXT_CHARS else text[:_MAX_TEXT_CHARS] + " ... (cut)")

    return map_text(value, clean)
