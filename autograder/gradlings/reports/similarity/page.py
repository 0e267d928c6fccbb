"""Pairs side by side as one page of HTML: it loads nothing, runs no script, fits a phone and A4."""

from __future__ import annotations

from gradlings.rendering.html import environment
from gradlings.reports.similarity.remarked import MAX_EXPECTED
from gradlings.reports.similarity.similarity_report import SimilarityReport
from gradlings.reports.similarity.summary import remarks, sight_sentence

MAX_PAIRS = 60
"""On the page; the table and the JSON have all."""


def similarity_page(report: SimilarityReport) -> str:
    """Return the whole page. All text is escaped; control characters are dropped."""
    return (
        environment()
        .get_template("similarity.html.j2")
        .render(
            report=report,
            pairs=report.pairs[:MAX_PAIRS],
            compared=report.students * (report.students - 1) // 2,
            classes=round(1 / MAX_EXPECTED),
            sight=sight_sentence(report),
            remarks=remarks(report),
        )
    )
