"""What a results folder holds of a class, as exports need it: marks, why there is none, and how the work came in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec

from gradlings.grading.results_store import RUN, ResultsFolder, RunRecord
from gradlings.model.errors import InputError
from gradlings.model.mark import Mark
from gradlings.model.student_result import StudentResult


@dataclass(frozen=True)
class ExportedStudent:
    """One student of the class."""

    mark: Mark
    max_points: int
    status: str
    """As in `scores.csv`: why there is no mark."""
    handed_in_as: str
    """See `Record.handed_in_as`."""

    @property
    def student(self) -> str:
        """The name, as in `scores.csv`."""
        return self.mark.student


@dataclass(frozen=True)
class ClassMarks:
    """The class, by student in alphabetical order."""

    folder: ResultsFolder
    run: RunRecord
    students: tuple[ExportedStudent, ...]

    @property
    def max_points(self) -> int:
        """The points of the assignment."""
        return max(student.max_points for student in self.students)

    @property
    def results(self) -> Iterator[tuple[ExportedStudent, StudentResult]]:
        """Read the results from their records, one at a time."""
        return ((student, self.folder.result(student.student)) for student in self.students)


def read_class(path: Path) -> ClassMarks:
    """Read the marks of a results folder.

    Raises:
        InputError: it is none, or nobody has been graded in it.
    """
    folder = ResultsFolder(path)
    try:
        run = msgspec.json.decode((path / RUN).read_bytes(), type=RunRecord)
    except (OSError, msgspec.MsgspecError):
        raise InputError(
            f"{path} is no folder of results that this version can read. Give the one that `gradlings grade --to` wrote."
        ) from None
    students = []
    for record in folder.records(run):
        result = record.result
        raw = None if result.points is None else Decimal(result.points)
        mark = Mark(result.student, raw, None, Decimal(0), Decimal(0), False, raw, "")
        students.append(ExportedStudent(mark, result.max_points, result.status_text, record.handed_in_as))
    if not students:
        raise InputError(f"{path} has no results yet. Run `gradlings grade` to its end first.")
    return ClassMarks(folder, run, tuple(sorted(students, key=lambda student: student.student)))
