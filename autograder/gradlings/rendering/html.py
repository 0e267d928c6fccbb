"""Feedback as HTML: a page for a student, an exercise for a notebook. It loads nothing and runs no script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import jinja2
from markupsafe import Markup

from gradlings.model.mark import Mark, points_text
from gradlings.model.misconceptions import in_words
from gradlings.model.scorecard import EARLIER_AT_FAULT, CheckResult, ExerciseScore, Verdict
from gradlings.model.student_result import StudentResult, for_student
from gradlings.rendering.svg import picture_svg

_VERDICT_WORDS = {
    Verdict.PASS: "right",
    Verdict.FOLLOWED_THROUGH: "right, except for what it calls",
    Verdict.UNDECIDED: "waits for what it calls",
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
_VERDICT_MARKS = {
    Verdict.PASS: "\u2713",
    Verdict.FOLLOWED_THROUGH: "\u2192",
    Verdict.UNDECIDED: "\u2192",
    Verdict.NOT_ATTEMPTED: "\u2013",
    Verdict.GRADER_ERROR: "?",
}
_MAX_PRINTED_CHARS = 4_000
_CODE = re.compile(r"`([^`\n]+)`")


def feedback_page(result: StudentResult, solved: Mapping[str, str] | None = None, mark: Mark | None = None) -> str:
    """Return a student's page. Control characters are dropped, all text is escaped, and nothing secret is on it.

    Args:
        result: what the judge found.
        solved: what is told of exercises once they are solved: Markdown by id.
        mark: what counts of it, shown where that is not simply the score. Reasons in it are for the marker only.
    """
    public = for_student(result)
    shown = {"points": result.points, "solved": solved or {}, "counts": mark if mark and mark.differs else None}
    return environment().get_template("feedback.html.j2").render(result=public, card=public.card, **shown)


def exercise_fragment(
    score: ExerciseScore,
    problems: Sequence[str] = (),
    solved: str = "",
    answers: Sequence[tuple[str, str]] = (),
    advice: str = "",
) -> str:
    """Return one exercise as the page shows it, with its style, for a notebook's cell.

    Args:
        score: the result.
        problems: what concerns the whole file; shown above it.
        solved: what is told once it is solved, in Markdown.
        answers: names and code of answers, which can be unfolded once it is solved.
        advice: shown below it.
    """
    template = environment().get_template("fragment.html.j2")
    return template.render(score=score, problems=problems, solved=solved, answers=answers, advice=advice)


def summary_fragment(scores: Sequence[ExerciseScore]) -> str:
    """Return exercises for a notebook's cell: one line each, which unfolds to what the page shows."""
    return environment().get_template("summary.html.j2").render(scores=scores)


def bare_exercise(score: ExerciseScore) -> str:
    """Return the checks of an exercise for a place that names it, keeps tags and drops styles: without pictures.

    Without empty lines, too: to a reader of Markdown it is one block of HTML, in which what a student wrote stays text.
    """
    checks = tuple(replace(check, picture=None) for check in score.checks)
    text = environment().get_template("exercise.html.j2").render(score=replace(score, checks=checks))
    text = re.sub(r'<div class="head">.*?</div>', "", text, flags=re.DOTALL)
    text = re.sub(r'<span class="verdict">(.*?)</span>', r"<em>(\1)</em>", text)
    text = re.sub(r"<pre>.*?</pre>", lambda found: found[0].replace("\n", "&#10;"), text, flags=re.DOTALL)
    text = re.sub(r"<td[ >].*?</td>", lambda found: found[0].replace("\n", "<br>"), text, flags=re.DOTALL)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


class _Rendered(Markup):
    """A part of a page that is cleaned and escaped already."""


@lru_cache(maxsize=512)
def _exercise(score: ExerciseScore, solved: str) -> Markup:
    """Render one exercise of a page. A class has many equal ones: those that are right or not attempted."""
    return _Rendered(environment().get_template("exercise.html.j2").render(score=score, solved=solved))


@lru_cache(maxsize=512)
def _markdown(text: str) -> Markup:
    """Render Markdown of ours; HTML in it is shown as text."""
    from markdown_it import MarkdownIt  # deferred: most pages do without

    return _Rendered(MarkdownIt("commonmark", {"html": False}).render(text))


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """Return the templates of this package; they escape and clean whatever they show."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gradlings", "rendering"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters["in_words"] = in_words
    environment.filters["with_code"] = _with_code
    environment.globals.update(
        word=lambda check: _VERDICT_WORDS[check.verdict],
        mark=lambda check: _VERDICT_MARKS.get(check.verdict, "\u2717"),
        exercise=_exercise,
        markdown=_markdown,
        state=_state,
        failing=_failing,
        share=lambda score: 100 * score.points // score.max_points if score.max_points else 100 * score.solved,
        printed=_printed,
        points_text=points_text,
        by_hand=lambda counts, score: counts.points_of(score.id) if counts else None,
        drawn=lambda picture: Markup(picture_svg(picture)),
    )
    return environment


def _with_code(text: str) -> Markup:
    """Escape a text; what stands in it between backticks becomes code."""
    pieces = _CODE.split(str(_visible(text)))
    return Markup("").join(Markup("<code>{}</code>").format(p) if i % 2 else p for i, p in enumerate(pieces))


def _visible(value: object) -> object:
    """Remove from a text what does not print or would reverse the text around it; applied to all that is shown."""
    if not isinstance(value, str) or isinstance(value, _Rendered) or value.isprintable():
        return value
    clean = "".join(c for c in value if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return value.__class__(clean)  # Markup stays Markup


def _state(score: ExerciseScore) -> str:
    if any(check.verdict is Verdict.GRADER_ERROR for check in score.checks):
        return "ungraded"
    if score.solved:
        return "solved"
    if not score.attempted:
        return "untouched"
    if all(check.verdict in (Verdict.PASS, *EARLIER_AT_FAULT) for check in score.checks):
        return "waits"
    return "partly" if score.points else "wrong"


def _failing(score: ExerciseScore) -> list[CheckResult]:
    return [check for check in score.checks if check.verdict not in (Verdict.PASS, Verdict.NOT_ATTEMPTED)]


def _printed(score: ExerciseScore) -> str:
    text = next((check.printed for check in _failing(score) if check.printed.strip()), "")
    return text.rstrip()[:_MAX_PRINTED_CHARS]
