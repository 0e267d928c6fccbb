"""Marks for everything else: a short CSV file, and JSON with the points of each exercise."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from gradlings.grading.export.class_marks import ClassMarks
from gradlings.grading.export.matching import Matched
from gradlings.grading.export.sheet import Which
from gradlings.model.mark import points_text
from gradlings.model.student_result import exercise_points, for_student
from gradlings.model.text import some
from gradlings.rendering.csv import csv_line

COLUMNS = ("student", "login", "email", "mark", "comment")


def marks_csv(graded: ClassMarks, matched: Matched | None, which: Which) -> tuple[bytes, list[str]]:
    """Return a line for each student who has a mark, and what a person should know of the others.

    Who has none is left out, since a blank cell clears a mark where such a file is imported.
    """
    people = {student.student: person for person, student in matched.people.items()} if matched else {}
    lines, blank, excused = [csv_line(COLUMNS)], [], []
    for student in graded.students:
        points, person = which.of(student.mark), people.get(student.student)
        if student.mark.excused:
            excused.append(student.student)
        elif points is None:
            blank.append(f"{student.student} ({student.status})")
        else:
            login, email = (person.login, person.email) if person else ("", "")
            lines.append(csv_line((student.student, login, email, points_text(points), student.mark.comment)))
    kind = "final mark" if which is Which.FINAL else "mark before late penalties"
    told = [f"{len(lines) - 1} of {len(graded.students)} students have a {kind}, of {graded.max_points} points."]
    told += [f"Excused, and left out: {some(excused)}."] if excused else []
    told += [f"Left out, as there is no score: {some(blank)}."] if blank else []
    if matched and matched.unmatched:
        told.append(f"Without login and e-mail: {some([f'{name} ({why})' for name, why in matched.unmatched])}.")
    if matched and matched.absent:
        told.append(f"Without a submission, and left out: {some([person.label for person in matched.absent])}.")
    return "".join(lines).encode("utf-8-sig"), told


def marks_json(graded: ClassMarks) -> tuple[bytes, list[str]]:
    """Return everything that makes up the marks of a class; a score that is not there is null."""
    students = []
    for student, result in graded.results:
        mark, card = student.mark, for_student(result).card
        exercises = {}
        for score in card.exercises if card else ():
            by_hand = mark.points_of(score.id)
            points = exercise_points(score) if by_hand is None else by_hand
            exercises[score.id] = {"name": score.name, "points": _number(points), "max_points": score.max_points}
        students.append(
            {
                "student": student.student,
                "status": result.status.value,
                "raw": _number(mark.raw),
                "seconds_late": mark.seconds_late,
                "penalty": _number(mark.penalty),
                "bonus": _number(mark.bonus),
                "excused": mark.excused,
                "final": _number(mark.final),
                "comment": mark.comment,
                "exercises": exercises,
            }
        )
    content = {"assignment": graded.run.assignment, "max_points": graded.max_points, "students": students}
    return msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n", [f"{len(students)} students."]


def _number(points: Decimal | int | None) -> Any:
    """Return a number as JSON has it: whole where it is."""
    if points is None:
        return None
    return int(points) if points == int(points) else float(points)
