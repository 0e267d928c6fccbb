"""Which exercises a changed file is to be graded in: in all others it is the solution, which is graded by itself."""

from __future__ import annotations

import ast

from gradlings.authoring.assignment import Assignment
from gradlings.authoring.proofs.calls import functions_in_reach


def exercises_changed(assignment: Assignment, text: str) -> list[str]:
    """The exercises whose function is not the solution's, and those whose checks may call one of these functions.

    All of them, if anything but functions is different: that can reach every one.
    """
    before, after = _Top(assignment.main.text), _Top(text)
    changed = {name for name, code in after.functions.items() if code != before.functions.get(name)}
    reach = functions_in_reach(assignment)
    return [
        exercise.id
        for exercise in assignment.main.exercises
        if after.others != before.others or not changed.isdisjoint({*exercise.functions, *reach[exercise.id]})
    ]


class _Top:
    """What stands at the top level of a file: functions as they are in the end, and everything else."""

    def __init__(self, source: str) -> None:
        statements = ast.parse(source).body
        self.functions = {node.name: ast.dump(node) for node in statements if isinstance(node, ast.FunctionDef)}
        self.others = [ast.dump(node) for node in statements if not isinstance(node, ast.FunctionDef)]
