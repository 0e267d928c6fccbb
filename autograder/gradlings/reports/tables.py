"""The report as tables for a spreadsheet, by file name."""

from __future__ import annotations

from gradlings.rendering.csv import table
from gradlings.reports.class_report import ClassReport
from gradlings.reports.examples import Example


def tables(report: ClassReport) -> dict[str, str]:
    """Return the text of each table; one without rows is left out.

    An exercise has its name with it: a spreadsheet takes a lone 3.10 for 3.1.
    """
    rows: dict[str, list[list[str | int | float | None]]] = {name: [] for name in _HEADERS}
    for each in report.assignments:
        a = each.assignment
        if each.distribution:
            rows["scores.csv"] += [[a, bin.first, bin.last, bin.students] for bin in each.distribution.bins]
        for e in each.exercises:
            figures = [_rounded(e.difficulty), _rounded(e.discrimination), e.minutes or None]
            rows["exercises.csv"].append(
                [a, f"{e.id} {e.name}", e.max_points, e.students, e.tried, e.solved, e.followed, *figures]
            )
        for m in each.misconceptions:
            rows["misconceptions.csv"].append([a, m.id, m.students, m.sentence, *_told(m.example), m.part, m.hint])
        for pair in each.pairs:
            rows["together.csv"].append(
                [a, pair.first, pair.second, pair.first_students, pair.second_students, pair.both, _rounded(pair.lift)]
            )
        for change in each.changes:
            between = [a, change.before, change.after]
            rows["changes.csv"] += [
                [*between, f"{e.id} {e.name}", "solved", e.solved_before, e.solved_after, None, None, None]
                for e in change.exercises
            ]
            rows["changes.csv"] += [
                [*between, m.id, "had it", m.before, m.after, m.overcome, m.kept, m.new] for m in change.misconceptions
            ]
        for cluster in each.unnamed.clusters:
            exercise = f"{cluster.exercise} {', '.join(cluster.functions)}"
            rows["unnamed.csv"].append([a, exercise, cluster.students, *_told(cluster.example), cluster.claim])
    rows["help.csv"] = [[each.student, sentence] for each in report.needs_help for sentence in each.sentences]
    return {name: table(_HEADERS[name], found) for name, found in rows.items() if found}


_HEADERS = {
    "scores.csv": ("assignment", "from_points", "to_points", "students"),
    "exercises.csv": (
        *("assignment", "exercise", "points", "students", "tried", "solved", "follow_through"),
        *("difficulty", "discrimination", "minutes_planned"),
    ),
    "misconceptions.csv": (
        *("assignment", "misconception", "students", "sentence", "call", "got", "expected"),
        *("chapter", "hint"),
    ),
    "together.csv": ("assignment", "first", "second", "with_first", "with_second", "with_both", "lift"),
    "changes.csv": (
        *("assignment", "run_before", "run_after", "what", "students_who"),
        *("before", "after", "overcome", "still", "new"),
    ),
    "unnamed.csv": ("assignment", "exercise", "students", "call", "got", "expected", "values_look_like"),
    "help.csv": ("student", "what_was_seen"),
}


def _told(example: Example) -> list[str | int | float | None]:
    wrong = [row for row in example.rows if not row.right]
    got = "; ".join(f"{row.name} {row.got}".strip() for row in wrong) or example.message
    return [example.call, got, "; ".join(f"{row.name} {row.expected}".strip() for row in wrong)]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
