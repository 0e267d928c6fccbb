"""Prove of every path that it can be gone: no points as it is handed out, all of the path's with the solution."""

from __future__ import annotations

from pathlib import Path

from gradlings.authoring.assignment import Assignment
from gradlings.authoring.proofs.whole_files import Proof
from gradlings.model.exercise import read_exercises
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission.given.named_paths import named_path, path_names
from gradlings.submission.given.path_folder import folder_on_path
from gradlings.submission.reader import from_source, parse

PATHS = "assignments on a path: no points as they are handed out, all of the path's with the solution"


def right_on_paths(assignment: Assignment) -> Proof:
    """Grade what is handed out on each path, and the solution, whose given functions the judge's copies replace."""
    proof = Proof(PATHS)
    for name in path_names(assignment.folder.parent):
        path = named_path(assignment.folder.parent, name)
        if path and path.of(assignment.folder):
            with folder_on_path(assignment.folder, name) as folder, collected_checks(folder) as grader:
                _prove(proof, assignment, folder, grader, name)
    return proof


def _prove(proof: Proof, assignment: Assignment, folder: Path, grader: Grader, name: str) -> None:
    source = assignment.main
    checks_file = folder / source.checks_file.name
    handed_out = parse(folder / source.path.name)
    solution = from_source(source.text, folder / source.path.name)
    full = sum(exercise.points for exercise in read_exercises(checks_file))
    for what, submission, wanted in (("as handed out", handed_out, 0), ("with the solution", solution, full)):
        card = grader.grade(submission, checks_file, seed=0).scorecard
        right = (card.points, card.max_points) == (wanted, full)
        said = f"{assignment.id} on the path {name}, {what}: {card.points} of {card.max_points} points, not {wanted}"
        proof.add("" if right else f"{said} of {full}")
