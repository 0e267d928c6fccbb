"""Feedback as HTML: a page for a student, an exercise for a notebook. Loads nothing, runs nothing, prints well."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import jinja2
from markupsafe import Markup

from gradlings.model.scorecard import CheckResult, ExerciseScore, Verdict
from gradlings.model.student_result import StudentResult, for_student
from gradlings.rendering.svg import picture_svg

_WORDS = {
    Verdict.PASS: "right",
    Verdict.WRONG: "wrong",
    Verdict.ERROR: "error",
    Verdict.TIMEOUT: "out of time",
    Verdict.MEMORY: "out of memory",
    Verdict.CRASH: "crashed",
    Verdict.FORBIDDEN: "uses something that is not allowed",
    Verdict.MISSING: "missing",
    Verdict.NOT_ATTEMPTED: "not attempted",
    Verdict.GRADER_ERROR: "not graded: our fault",
}
_MARKS = {Verdict.PASS: "\u2713", Verdict.NOT_ATTEMPTED: "\u2013", Verdict.GRADER_ERROR: "?"}
_MOST_PRINTED = 4_000


def feedback_page(result: StudentResult) -> str:
    """The whole page as text. Control characters are dropped, all text is escaped, and nothing secret is on it."""
    seen = for_student(result)
    return environment().get_template("feedback.html.j2").render(result=seen, card=seen.card, points=result.points)


def exercise_fragment(score: ExerciseScore, problems: Sequence[str] = ()) -> str:
    """One exercise as it stands on the page, with its style, to be shown under a notebook's cell.

    Args:
        problems: what is wrong with the submission as a whole; shown above.
    """
    return environment().get_template("fragment.html.j2").render(score=score, problems=problems)


class _Finished(Markup):
    """A piece of a page in which nothing is left to be cleaned."""


@lru_cache(maxsize=512)
def _exercise(score: ExerciseScore) -> Markup:
    """One exercise of a page. A class has many equal ones: those that are right, and those that are not attempted."""
    return _Finished(environment().get_template("exercise.html.j2").render(score=score))


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gradlings", "rendering"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.globals.update(
        word=lambda check: _WORDS[check.verdict],
        mark=lambda check: _MARKS.get(check.verdict, "\u2717"),
        exercise=_exercise,
        state=_state,
        failing=_failing,
        explained=_explained,
        share=lambda score: 100 * score.points // score.max_points if score.max_points else 100 * score.solved,
        notes=lambda score: list(dict.fromkeys(note for check in score.checks for note in check.notes)),
        printed=_printed,
        general=_general,
        drawn=lambda picture: Markup(picture_svg(picture)),
    )
    return environment


def _visible(value: object) -> object:
    """A value without what does not print or would turn the text around it; applied to all that is shown."""
    if not isinstance(value, str) or isinstance(value, _Finished) or value.isprintable():
        return value
    clean = "".join(c for c in value if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return value.__class__(clean)  # text that is marked as safe stays so


def _state(score: ExerciseScore) -> str:
    if any(check.verdict is Verdict.GRADER_ERROR for check in score.checks):
        return "ungraded"
    if score.solved:
        return "solved"
    if not score.attempted:
        return "untouched"
    return "partly" if score.points else "wrong"


def _failing(score: ExerciseScore) -> list[CheckResult]:
    return [check for check in score.checks if check.verdict not in (Verdict.PASS, Verdict.NOT_ATTEMPTED)]


def _explained(score: ExerciseScore, check: CheckResult) -> str:
    """The likely misconception, said once for each function."""
    first = next(c for c in _failing(score) if c.subject == check.subject)
    return (score.misconception_of(check.subject) or check.claim) if check is first else ""


def _printed(score: ExerciseScore) -> str:
    text = next((check.printed for check in _failing(score) if check.printed.strip()), "")
    return text.rstrip()[:_MOST_PRINTED]


def _general(result: StudentResult) -> list[str]:
    """The problems of the submission that are not the message of just one exercise: those are said there."""
    if result.card is None:
        return []
    concerned = [{check.message for check in score.checks} for score in result.card.exercises]
    return [p for p in result.card.problems if sum(p in messages for messages in concerned) != 1]
