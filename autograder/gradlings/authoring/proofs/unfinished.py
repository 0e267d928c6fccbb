"""What is still to be written of an exercise that began as a skeleton (`gradlings new exercise`)."""

from __future__ import annotations

from collections.abc import Iterator

from gradlings.authoring.assignment import Assignment

MARK = "TODO {}:"
"""Stands in a skeleton, with the id of the exercise, before each thing that its author has to write."""


def unfinished(assignment: Assignment, exercise: str) -> Iterator[str]:
    """Yield each marked line with its place."""
    mark = MARK.format(exercise)
    for path in (*sorted(assignment.solutions.glob("*.py")), assignment.main.checks_file):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if mark in line:
                where = "/".join([*path.parts[-3:-1], f"{path.name}:{number}"])
                yield f"still to be written, {where}: {line.partition(mark)[2].strip()}"
