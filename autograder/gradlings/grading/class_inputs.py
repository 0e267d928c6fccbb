"""What a class is graded from: the assignment's folder and source, its hidden probes, and whose submissions."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from gradlings.checks.hidden_probes import FILE
from gradlings.grading.intake.collect import Submissions
from gradlings.model.errors import InputError
from gradlings.model.exercise import read_exercises
from gradlings.submission.reader import source_name_of


def assignment_folder(assignments: Path, assignment: str) -> Path:
    """Return the folder of an assignment.

    Raises:
        InputError: there is none.
    """
    folder = assignments / assignment
    if not folder.is_dir():
        present = ", ".join(sorted(path.name for path in assignments.glob("[0-9]*")))
        raise InputError(f"No assignment {assignment} in {assignments}; there are {present or 'none'}.")
    return folder


def graded_source_name(folder: Path) -> str:
    """Return the name of an assignment's source that is worth points (the warm-up is not): `autodiff` for 03.

    Raises:
        InputError: there is none, or more than one.
    """
    found = [
        source_name_of(path)
        for path in sorted(folder.glob("test_*.py"))
        if any(exercise.points for exercise in read_exercises(path))
    ]
    if len(found) != 1:
        raise InputError(f"{folder} must have one file of checks with points; it has {', '.join(found) or 'none'}.")
    return found[0]


def hidden_file(solutions: Path, given: Path | None, assignment: str) -> Path | None:
    """Return the file of hidden probes of an assignment: in the folder that was given, else beside its solution.

    Raises:
        InputError: the folder that was given has none.
    """
    paths = (given / assignment / FILE, given / FILE) if given else (solutions / assignment / FILE,)
    found = next(filter(Path.is_file, paths), None)
    if given and found is None:
        raise InputError(f"{given} has no {FILE} and no {assignment}/{FILE}.")
    return found


def chosen_students(submissions: Submissions, names: Iterable[str]) -> frozenset[str]:
    """Return the students of these names; empty for none.

    Raises:
        InputError: a name is nobody's.
    """
    present = [files.student for files in submissions.students]
    for name in names:
        if name not in present:
            near = [each for each in present if name.casefold() in each.casefold()]
            near = near or get_close_matches(name, present, 3)
            meant = f"Is {' or '.join(near[:3])} meant?" if near else "Write the name as scores.csv has it."
            raise InputError(f"--student {name}: of nobody called so there is a submission. {meant}")
    return frozenset(names)
