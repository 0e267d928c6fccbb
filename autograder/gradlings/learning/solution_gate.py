"""When a student may look at a solution: once an exercise is solved, or after some attempts."""

from __future__ import annotations

from gradlings.progress.summary import ExerciseProgress

ATTEMPTS_BEFORE_SOLUTION = 3


def why_not_yet(exercise: ExerciseProgress) -> str:
    """Return why the solution of an exercise is not offered yet, in a sentence; "" if it is."""
    if exercise.solved or exercise.attempts >= ATTEMPTS_BEFORE_SOLUTION:
        return ""
    offer = f"once it is right, or after {ATTEMPTS_BEFORE_SOLUTION} attempts: {exercise.attempts} so far."
    return f"The solution is offered {offer}"
