"""The ids of nbgrader's cells."""

from __future__ import annotations


def grade_id(exercise: str) -> str:
    """Return the name of an exercise's cell in nbgrader, which allows no dots: "ex-3-5" for "3.5"."""
    return "ex-" + exercise.replace(".", "-")
