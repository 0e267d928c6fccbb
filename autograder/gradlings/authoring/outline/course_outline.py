"""The outline of an assignment: what each exercise is for, what it costs, and what goes wrong in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gradlings.authoring.assignment import Assignment
from gradlings.authoring.outline.quiz import Question
from gradlings.model.exercise import Exercise
from gradlings.model.misconceptions import Misconception


@dataclass(frozen=True)
class ExerciseOutline:
    """One exercise as a teacher plans it."""

    id: str
    title: str
    objective: str
    """What a student can do afterwards; empty if the author wrote none."""
    chapter: tuple[str, ...]
    """The headings of the parts of the chapter that it goes with."""
    minutes: int
    points: int
    difficulty: int
    builds_on: tuple[str, ...]
    misconceptions: tuple[Misconception, ...]


@dataclass(frozen=True)
class AssignmentOutline:
    """One assignment as a teacher plans it."""

    id: str
    title: str
    module: str
    """The name of the file that students edit."""
    exercises: tuple[ExerciseOutline, ...]
    quiz: tuple[Question, ...]


def outline_of(
    assignment: Assignment, parts: Mapping[str, tuple[str, ...]], quiz: tuple[Question, ...]
) -> AssignmentOutline:
    """Return the outline of an assignment.

    Args:
        assignment: its sources, checks and catalogue.
        parts: the parts of the chapter by exercise, as `chapter_parts.parts_by_exercise` reads them.
        quiz: its questions, as `quiz.questions` makes them.

    Raises:
        InputError: its catalogue is not as it must be.
    """
    source = assignment.main
    misconceptions = assignment.misconceptions()
    heads = {cell.metadata["exercise"]: cell for cell in source.cells if "exercise" in cell.metadata}

    def told(exercise: Exercise) -> ExerciseOutline:
        head = heads[exercise.id]
        return ExerciseOutline(
            id=exercise.id,
            title=head.source.splitlines()[0].removeprefix(f"## {exercise.id} ").strip(),
            objective=head.metadata.get("objective", ""),
            chapter=parts.get(exercise.id, ()),
            minutes=exercise.minutes,
            points=exercise.points,
            difficulty=exercise.difficulty,
            builds_on=exercise.builds_on,
            misconceptions=tuple(each for each in misconceptions if each.id.startswith(f"{exercise.id}/")),
        )

    exercises = tuple(told(exercise) for exercise in source.exercises)
    return AssignmentOutline(assignment.id, source.title, source.path.name, exercises, quiz)
