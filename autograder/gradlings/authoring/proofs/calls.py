"""Which functions of other exercises an exercise may call, read from the source: only these can do it harm.

Every name counts that is mentioned on the way from a check to the functions it runs, so that more is found than is
called, never less; `stand_ins.py` proves the latter by running it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from gradlings.authoring.assignment import Assignment
from gradlings.model.exercise import Exercise
from gradlings.submission.reference_functions import bound_names

_Place = tuple[str, str]
"""A file ("checks", "drivers", "solution") and a name at its top level."""


def functions_in_reach(assignment: Assignment) -> dict[str, frozenset[str]]:
    """Return for each exercise of an assignment's main source which functions of the others its checks may call."""
    drivers = assignment.folder / "drivers.py"
    files = {
        "checks": _definitions(assignment.main.checks_file.read_text(encoding="utf-8")),
        "drivers": _definitions(drivers.read_text(encoding="utf-8") if drivers.is_file() else ""),
        "solution": _definitions(assignment.main.text),
    }
    functions = {name for exercise in assignment.main.exercises for name in exercise.functions}
    return {
        exercise.id: frozenset(_reached(exercise, files) & functions - set(exercise.functions))
        for exercise in assignment.main.exercises
    }


def exercises_in_reach(assignment: Assignment) -> dict[str, tuple[Exercise, ...]]:
    """Return for each function the later exercises whose checks may call it."""
    reach = functions_in_reach(assignment)
    exercises = assignment.main.exercises
    return {
        name: tuple(later for later in exercises[index + 1 :] if name in reach[later.id])
        for index, exercise in enumerate(exercises)
        for name in exercise.functions
    }


def _definitions(text: str) -> dict[str, list[ast.stmt]]:
    found: dict[str, list[ast.stmt]] = {}
    for statement in ast.parse(text).body:
        for name in bound_names(statement):
            found.setdefault(name, []).append(statement)
    return found


def _reached(exercise: Exercise, files: Mapping[str, Mapping[str, list[ast.stmt]]]) -> set[str]:
    """Return the names of the solution on the way from the checks of an exercise."""
    todo: list[_Place] = [("checks", exercise.class_name), *(("solution", name) for name in exercise.functions)]
    seen: set[_Place] = set()
    while todo:
        place = todo.pop()
        if place not in seen:
            seen.add(place)
            file, name = place
            for statement in files[file].get(name, ()):
                todo += [(other, word) for other, word in _mentioned(file, statement) if word in files[other]]
    return {name for file, name in seen if file == "solution"}


def _mentioned(file: str, statement: ast.stmt) -> Iterator[_Place]:
    """Yield what a statement of a file may refer to: names there, `student.<name>`, drivers as texts."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            yield file, node.id
        elif file != "solution" and isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield "solution", node.attr
        elif file == "checks" and isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield "drivers", node.value
