"""A comparison as lines for the terminal, and the sentences that all forms of it have."""

from __future__ import annotations

from collections.abc import Iterator

from gradlings.reports.similarity.remarked import MAX_EXPECTED
from gradlings.reports.similarity.similarity_report import SimilarityReport

_MAX_LINES = 12
_MAX_SHOWN = 4
_LITTLE = 0.5
_CLASSES = round(1 / MAX_EXPECTED)


def sight_sentence(report: SimilarityReport) -> str:
    """Return of how many students a copy could be told from work of one's own."""
    blind = report.students - report.visible
    if report.students < 2:
        return "There are not two submissions to compare."
    if not report.visible:
        return (
            "Nothing can be seen here: what these students wrote is so usual, or there is so little of it, that even a "
            "full copy would look like chance."
        )
    if not blind:
        return "A full copy of anybody's work, with other names, would stand out here."
    sentence = (
        f"A full copy, with other names, would stand out for {report.visible} of {report.students} students. What the "
        f"other {blind} wrote is what many write, or very little."
    )
    return f"Little can be seen here. {sentence}" if report.visible < _LITTLE * report.students else sentence


def remarks(report: SimilarityReport) -> list[str]:
    """Return what whoever reads the report should know of it."""
    found = []
    if not report.with_results and report.students > 1:
        found.append(
            "Wrong answers were not looked at: name the folder that `gradlings grade` wrote (--results) to have shared "
            "mistakes weighed, too."
        )
    found += [
        f"{', '.join(group)} are connected by pairs. Who was first, the files do not tell." for group in report.groups
    ]
    return found


def summary_lines(report: SimilarityReport) -> Iterator[str]:
    """Yield the lines that the command prints."""
    count, pairs = len(report.pairs), report.students * (report.students - 1) // 2
    students = f"{report.students} {'student' if report.students == 1 else 'students'}"
    compared = f"{pairs:,} {'pair' if pairs == 1 else 'pairs'} compared"
    yield f"{report.assignment} {report.source_name}: {students}, {compared}."
    yield sight_sentence(report)
    if count:
        more = "1 pair is" if count == 1 else f"{count} pairs are"
        yield f"{more} more alike than chance makes them. That is no proof of anything: look at them."
    elif report.visible:
        yield f"No pair is more alike than in one of {_CLASSES} classes by chance."
    for pair in report.pairs[:_MAX_LINES]:
        told = [each.exercise or each.name for each in pair.exercises]
        others = f" and {len(told) - _MAX_SHOWN} more" if len(told) > _MAX_SHOWN else ""
        yield f"  {pair.first} and {pair.second}: {', '.join(told[:_MAX_SHOWN])}{others}; {pair.chance}"
    if count > _MAX_LINES:
        yield f"  and {count - _MAX_LINES} more"
    yield from remarks(report)
    for student, problem in report.unread.items():
        yield f"Not compared, or not all of it: {student}. {problem}"
