"""The report as one page of HTML: it loads nothing, runs no script, fits a phone and A4."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup

from gradlings.rendering.class_charts import histogram_svg, solved_svg
from gradlings.rendering.html import environment
from gradlings.rendering.markdown import plain_text
from gradlings.reports.class_report import AssignmentReport, ClassReport
from gradlings.reports.item_figures import FEW
from gradlings.reports.misconception_figures import MisconceptionFigures

_MAX_CLUSTERS = 60
"""On the page, of one assignment; `--unnamed` prints all."""


class _Charts(NamedTuple):
    scores: Markup
    solved: list[Markup]


def class_page(report: ClassReport) -> str:
    """Return the whole page. All text is escaped; control characters are dropped."""
    return (
        environment()
        .get_template("class.html.j2")
        .render(
            report=report,
            heading=heading(report),
            charts=[_charts(each) for each in report.assignments],
            names=[{exercise.id: exercise.name for exercise in each.exercises} for each in report.assignments],
            by_exercise=_by_exercise,
            few=lambda each: each.distribution is None or each.distribution.students < FEW,
            timed=lambda each: any(exercise.minutes for exercise in each.exercises),
            plain=_plain,
            max_clusters=_MAX_CLUSTERS,
        )
    )


def heading(report: ClassReport) -> str:
    """Return what the page is called."""
    if len(report.assignments) == 1:
        each = report.assignments[0]
        return f"{each.assignment} {each.title}: the class".replace(" :", ":")
    return f"{', '.join(each.assignment for each in report.assignments)}: the class"


def _charts(each: AssignmentReport) -> _Charts:
    d = each.distribution
    bars = [(f"{bin.first}\u2013{bin.last}", bin.students) for bin in d.bins] if d else []
    label = "How many students have how many points; the table below has the same numbers"
    solved = [Markup(solved_svg(e.solved, e.tried, max(e.students, e.tried))) for e in each.exercises]
    return _Charts(Markup(histogram_svg(bars, label)), solved)


def _by_exercise(each: AssignmentReport) -> list[tuple[str, list[MisconceptionFigures]]]:
    return [(exercise, list(found)) for exercise, found in groupby(each.misconceptions, lambda m: m.exercise)]


@lru_cache(maxsize=2048)
def _plain(markdown: str) -> str:
    return plain_text(markdown) if any(sign in markdown for sign in "$`*_") else markdown
