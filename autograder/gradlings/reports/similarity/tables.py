"""Pairs as a table for a spreadsheet: a row for each exercise in which a pair is alike."""

from __future__ import annotations

from gradlings.rendering.csv import table
from gradlings.reports.similarity.similarity_report import SimilarityReport

_HEADER = (
    *("first", "second", "pairs_by_chance", "exercise"),
    *("pairs_as_alike", "of_pairs", "what"),
)


def pairs_table(report: SimilarityReport) -> str:
    """Return the table. An exercise has its name with it: a spreadsheet takes a lone 3.10 for 3.1."""
    return table(
        _HEADER,
        (
            (
                *(pair.first, pair.second, float(f"{pair.expected:.2g}"), f"{each.exercise} {each.name}".strip()),
                *(each.as_alike, each.of_pairs, " ".join(each.words)),
            )
            for pair in report.pairs
            for each in pair.exercises
        ),
    )
