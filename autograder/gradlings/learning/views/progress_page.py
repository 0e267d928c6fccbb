"""`gradlings progress --html`: one self-contained page. It loads nothing, runs no script, and fits a phone."""

from __future__ import annotations

from markupsafe import Markup

from gradlings.learning.curriculum import Curriculum
from gradlings.learning.views.exercise_map import exercise_map
from gradlings.learning.views.score_curve import score_curve
from gradlings.progress.record import History
from gradlings.progress.summary import points_over_time, totals
from gradlings.rendering.html import environment
from gradlings.submission.exercise_text import solved_texts

_MAX_COLUMNS = 3


def progress_page(curriculum: Curriculum) -> str:
    """Return the whole page as HTML, with times in the local time zone."""
    exercises, titles = curriculum.exercises, curriculum.titles
    all_totals = totals(exercises)
    counted = tuple(line for line in curriculum.history.attempts if line.exercise in curriculum.by_id)
    points = [(when.astimezone(), total) for when, total in points_over_time(History(counted))]
    folders = {exercise.checks_file.parent for exercise in exercises if exercise.solved}
    solved = {id: text for folder in folders for id, text in solved_texts(folder).items()}
    assignments = [(id, title, curriculum.of(id), totals(curriculum.of(id))) for id, title in titles.items()]
    return (
        environment()
        .get_template("progress.html.j2")
        .render(
            assignments=assignments,
            totals=all_totals,
            solved=solved,
            exercises=len(exercises),
            path=curriculum.path,
            following=curriculum.next,
            curve=score_curve(points, all_totals.max_points),
            narrow=Markup(exercise_map(exercises, titles, columns=1)),
            wide=Markup(exercise_map(exercises, titles, columns=min(_MAX_COLUMNS, len(titles)))),
            Markup=Markup,
        )
    )
