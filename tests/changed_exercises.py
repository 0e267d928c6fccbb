"""Which exercises a changed file is to be graded in: in all others it is the solution, which is graded by itself."""

from __future__ import annotations

import ast

from gradlings.authoring.assignment import Assignment
from gradlings.authoring.proofs.calls import functions_in_reach


def exercises_changed(assignment: Assignment, text: str) -> list[str]:
    """The exercises whose function is not the solution's, and those whose checks may call one of these functions.

    All of them, if anything but functions is different: that can reach every one. Not so what is said once more, and a
    name that the solution does not have: the changed functions alone can use it.
    """
    before, after = _Top(assignment.main.text), _Top(text)
    changed = {name for name, code in after.functions.items() if code != before.functions.get(name)}
    reach = functions_in_reach(assignment)
    return [
        exercise.id
        for exercise in assignment.main.exercises
        if after.rest(before) != [code for code, _ in before.others]
        or not changed.isdisjoint({*exercise.functions, *reach[exercise.id]})
    ]


class _Top:
    """What stands at the top level of a file: functions as they are in the end, and everything else."""

    def __init__(self, source: str) -> None:
        tree = ast.parse(source)
        self.functions = {node.name: ast.dump(node) for node in tree.body if isinstance(node, ast.FunctionDef)}
        others = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
        self.others = [part for node in others for part in _parts(node)]
        self.names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | set(self.functions)
        self.names |= set[str]().union(*(names for _, names in self.others))

    def rest(self, before: _Top) -> list[str]:
        """Everything but functions, without what an earlier text says, too, and without names that are new."""
        known = [code for code, _ in before.others]
        first = [code for code, _ in self.others[: len(known)]]
        later = self.others[len(known) :]
        return first + [code for code, names in later if code not in known and (names & before.names or not names)]


def _parts(node: ast.stmt) -> list[tuple[str, set[str]]]:
    """A statement, name by name if it is an import, each with the names that it binds; none if it may do more."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        where = f"from {node.module}" if isinstance(node, ast.ImportFrom) else ""
        return [
            (f"{where} {each.name} as {each.asname}", {each.asname or each.name.partition(".")[0]})
            for each in node.names
        ]
    targets = node.targets if isinstance(node, ast.Assign) else []
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    return [(ast.dump(node), names if len(names) == len(targets) else set())]
