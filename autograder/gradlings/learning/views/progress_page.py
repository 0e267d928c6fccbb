"""`gradlings progress --html`: one self-contained page. It loads nothing, runs nothing, and fits a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from markupsafe import Markup

from gradlings.learning.views.exercise_map import exercise_map
from gradlings.learning.views.score_curve import score_curve
from gradlings.progress.summary import Tally
from gradlings.rendering.html import environment

_WIDE = 3  # assignments beside each other where there is room


def progress_page(tallies: Sequence[Tally], titles: Mapping[str, str], points: Sequence[tuple[datetime, int]]) -> str:
    """The whole page as text.

    Args:
        titles: of the assignments, by their ids.
        points: the total score over time, in the time zone to show.
    """
    assignments = [
        (id, titles.get(id, ""), [tally for tally in tallies if tally.assignment == id])
        for id in dict.fromkeys(tally.assignment for tally in tallies)
    ]
    most = sum(tally.exercise.points for tally in tallies)
    overcome = sum(len(tally.overcome) for tally in tallies)
    return (
        environment()
        .get_template("progress.html.j2")
        .render(
            assignments=assignments,
            points=sum(tally.points for tally in tallies),
            most=most,
            solved=sum(tally.solved for tally in tallies),
            exercises=len(tallies),
            attempts=sum(tally.attempts for tally in tallies),
            overcome=overcome,
            met=overcome + sum(len(tally.open) for tally in tallies),
            following=next((tally for tally in tallies if not tally.solved), None),
            curve=score_curve(points, most),
            narrow=Markup(exercise_map(tallies, titles, columns=1)),
            wide=Markup(exercise_map(tallies, titles, columns=min(_WIDE, len(assignments)))),
            Markup=Markup,
            total=sum,
        )
    )
