"""Scores into nbgrader's gradebook, through nbgrader's own interface: its tables change between versions.

Only automatic scores are written. What a person typed in (manual scores, comments, names) stays.
"""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from gradlings.grading.class_results import ClassResults
from gradlings.grading.marks.lateness import in_zone
from gradlings.grading.nbgrader.late_penalty import LatePenalties
from gradlings.grading.results_store import Record, RunRecord
from gradlings.model.errors import InputError
from gradlings.model.exercise import grade_id
from gradlings.model.student_result import exercise_points

_MAX_NAME_CHARS = 128  # of nbgrader's columns


def write_gradebook(url: str, graded: ClassResults, course: str) -> list[str]:
    """Write the scores of a class, one cell an exercise; leave a blank one blank and flag it for a person to grade.

    When something was handed in is written, too, as far as the LMS said so; what being late then costs is up to the
    plugin that nbgrader is configured with. Returns what is to be said, line by line.

    Args:
        url: of any database that SQLAlchemy knows, e.g. `sqlite:///gradebook.db`.
        graded: the class.
        course: its id in the gradebook.

    Raises:
        InputError: the database is not there, or the gradebook knows the assignment with other exercises.
    """
    too_long = [summary.student for summary in graded.summaries if len(summary.student) > _MAX_NAME_CHARS]
    if too_long:
        raise InputError(f"The gradebook takes names of up to {_MAX_NAME_CHARS} characters; too long: {too_long[0]}")
    zone = graded.deadline.zone if graded.deadline else None
    with _opened(url, course) as gradebook:
        penalties = LatePenalties(url)
        _define(gradebook, url, graded)
        with _one_transaction(gradebook):
            late = [_write_one(gradebook, graded.run, record, zone, penalties) for record in graded.records]
    lines = [f"The gradebook holds the scores of {len(graded.summaries)} students."]
    if any(late):
        lines.append(f"nbgrader's plugin for late submissions takes points from {sum(late)} of them there.")
    if any(mark.hand_set or mark.bonus for mark in graded.marks):
        lines.append("What overrides.csv sets by hand is not in it: set it in the formgrader.")
    return lines


@contextmanager
def _opened(url: str, course: str) -> Iterator[Any]:
    from nbgrader.api import Gradebook, InvalidEntry  # deferred: takes a second
    from sqlalchemy.exc import SAWarning, SQLAlchemyError

    with _alembic_on_path():
        try:
            gradebook = Gradebook(url, course_id=course)
        except (SQLAlchemyError, InvalidEntry, ImportError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"The gradebook {_without_password(url)} cannot be opened: {reason}") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own relations; harmless
            yield gradebook
    except (SQLAlchemyError, InvalidEntry) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"The gradebook {_without_password(url)} could not be written: {reason}. Run the same command again: "
            "what is graded is not graded anew."
        ) from None
    finally:
        gradebook.close()


@contextmanager
def _one_transaction(gradebook: Any) -> Iterator[None]:
    """Write everything or nothing. The methods of nbgrader would wait for the disk several times a student."""
    session = gradebook.db
    commit, session.commit = session.commit, session.flush
    try:
        yield
    finally:
        session.commit = commit
    session.commit()


def _define(gradebook: Any, url: str, graded: ClassResults) -> None:
    """Define all cells before the first submission: it gets the cells that exist when it comes in."""
    assignment, source_name = graded.run.assignment, graded.run.source_name
    gradebook.update_or_create_assignment(assignment)
    gradebook.update_or_create_notebook(source_name, assignment)
    cells = gradebook.find_notebook(source_name, assignment).grade_cells
    if gradebook.assignment_submissions(assignment):
        _require_same_cells({cell.name: cell.max_score for cell in cells}, url, graded)
    for exercise in graded.exercises:
        gradebook.update_or_create_grade_cell(
            grade_id(exercise.id), source_name, assignment, max_score=exercise.points, cell_type="code"
        )


def _require_same_cells(points: dict[str, float], url: str, graded: ClassResults) -> None:
    """Refuse a gradebook whose submissions were scored by other cells or points, given by the name of the cell."""
    assignment = graded.run.assignment
    for exercise in graded.exercises:
        cell = grade_id(exercise.id)
        if cell not in points:
            what = f"without the cell {cell} in the notebook {graded.run.source_name}; nbgrader cannot add one now"
        elif points[cell] != exercise.points:
            what = f"scored when {cell} was worth {points[cell]:g} points; in the checks it is worth {exercise.points}"
        else:
            continue
        raise InputError(
            f"The gradebook {_without_password(url)} already has submissions of {assignment}, {what}. Use another "
            f"gradebook, or remove the assignment from this one (nbgrader db assignment remove {assignment})."
        )


def _write_one(gradebook: Any, run: RunRecord, record: Record, zone: tzinfo | None, penalties: LatePenalties) -> bool:
    """Write the scores of one student; return whether nbgrader takes points for being late."""
    result = record.result
    gradebook.update_or_create_student(result.student)
    when = {}
    with suppress(ValueError, OverflowError):  # none, or not one
        when["timestamp"] = in_zone(datetime.fromisoformat(record.handed_in.at), zone).replace(tzinfo=None)
    submission = gradebook.update_or_create_submission(run.assignment, result.student, **when)
    scores = {grade_id(score.id): exercise_points(score) for score in result.card.exercises} if result.card else {}
    late = False
    for notebook in (each for each in submission.notebooks if each.name == run.source_name):
        for grade in notebook.grades:
            grade.auto_score = scores.get(grade.name)
            # as nbgrader does it: what a person set stays, and is to be looked at again
            grade.needs_manual_grade = grade.auto_score is None or grade.manual_score is not None
        late |= penalties.assign(gradebook.db, submission, notebook)
    return late


@contextmanager
def _alembic_on_path() -> Iterator[None]:
    """Put `alembic` on the PATH: without that command nbgrader makes a broken gradebook."""
    before = os.environ.get("PATH", "")
    path = os.pathsep.join([before, str(Path(sys.executable).parent)])
    if shutil.which("alembic", path=path) is None:
        raise InputError("nbgrader needs the command `alembic` on the PATH to make a gradebook: pip install alembic")
    os.environ["PATH"] = path
    try:
        yield
    finally:
        os.environ["PATH"] = before


def _without_password(url: str) -> str:
    from sqlalchemy.engine import make_url

    try:
        return str(make_url(url).render_as_string(hide_password=True))
    except Exception:  # it is no URL, and whether a password is in it cannot be said
        return "given"
