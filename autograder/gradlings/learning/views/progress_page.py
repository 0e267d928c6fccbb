"""`gradlings progress --html`: one self-contained page. It loads nothing, runs no script, and fits a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from markupsafe import Markup

from gradlings.learning.views.exercise_map import exercise_map
from gradlings.learning.views.score_curve import score_curve
from gradlings.progress.summary import ExerciseProgress
from gradlings.rendering.html import environment

_MAX_COLUMNS = 3


def progress_page(
    exercises: Sequence[ExerciseProgress], titles: Mapping[str, str], points: Sequence[tuple[datetime, int]]
) -> str:
    """Return the whole page as HTML.

    Args:
        exercises: all of the kit, in their order.
        titles: of the assignments, by their ids, in their order.
        points: the total score over time, in the time zone to show.
    """
    max_points = sum(exercise.declared.points for exercise in exercises)
    assignments = [(id, title, [each for each in exercises if each.assignment == id]) for id, title in titles.items()]
    overcome = sum(len(exercise.overcome) for exercise in exercises)
    template = environment().get_template("progress.html.j2")
    return template.render(
        assignments=assignments,
        points=sum(exercise.points for exercise in exercises),
        max_points=max_points,
        solved=sum(exercise.solved for exercise in exercises),
        exercises=len(exercises),
        attempts=sum(exercise.attempts for exercise in exercises),
        overcome=overcome,
        met=overcome + sum(len(exercise.open) for exercise in exercises),
        following=next((exercise for exercise in exercises if not exercise.solved), None),
        curve=score_curve(points, max_points),
        narrow=Markup(exercise_map(exercises, titles, columns=1)),
        wide=Markup(exercise_map(exercises, titles, columns=min(_MAX_COLUMNS, len(titles)))),
        Markup=Markup,
        total=sum,
    )
