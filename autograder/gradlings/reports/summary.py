"""The report in a few lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from gradlings.reports.class_report import AssignmentReport, ClassReport

_MAX_LISTED = 5


def summary_lines(report: ClassReport) -> Iterator[str]:
    """Return what stands out, line by line; the page has the rest."""
    for each in report.assignments:
        yield f"{each.assignment} {each.title}: {each.students} {'student' if each.students == 1 else 'students'}"
        yield from (f"  {remark}" for remark in each.remarks)
        if each.students:
            yield from _assignment(each)
        yield ""
    count = len(report.needs_help)
    yield f"{count} {'student' if count == 1 else 'students'} may need help; the page says who and why (--html FILE)."


def _assignment(each: AssignmentReport) -> Iterator[str]:
    if d := each.distribution:
        yield f"  {d.mean:.1f} of {d.max_points} points on average, {d.lowest} to {d.highest}; median {d.median:g}"
    hardest = sorted((e for e in each.exercises if e.difficulty is not None), key=lambda e: e.difficulty or 0.0)
    for e in hardest[:_MAX_LISTED]:
        if e.difficulty is not None and e.difficulty < 1:
            yield f"  {e.id:<5} {e.name[:34]:<34} {e.solved:>4} of {e.students} solved, {e.tried} tried"
    frequent = sorted(each.misconceptions, key=lambda m: -m.students)[:_MAX_LISTED]
    if frequent:
        yield "  the most frequent misconceptions:"
        yield from (f"    {m.students:>4}  {m.id}" for m in frequent)
    if clusters := each.unnamed.clusters:
        largest = clusters[0].students
        yield f"  {len(clusters)} mistakes without a name, the largest of {largest} (--unnamed prints them)"
