"""What a results folder holds of a class, as exports need it: marks, why there is none, and how the work came in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gradlings.grading.marks.class_marks import class_marks
from gradlings.grading.marks.marking import read_marking
from gradlings.grading.results_store import ResultsFolder, RunRecord
from gradlings.model.errors import InputError
from gradlings.model.mark import Mark
from gradlings.model.student_result import Status, StudentResult

_MAX_STATUS_CHARS = 100


@dataclass(frozen=True)
class ExportedStudent:
    """One student of the class."""

    mark: Mark
    status: str
    """As in `scores.csv`, in one short line: why there is no mark."""
    handed_in_as: str = ""
    """See `HandedIn.named`."""
    recorded: bool = True
    """Whether there is a record and a page: not of who is not graded yet, or has points for nothing handed in."""

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
    max_points: int
    """The points of the assignment."""

    @property
    def results(self) -> Iterator[tuple[ExportedStudent, StudentResult]]:
        """Read the results from their records, one at a time.

        Raises:
            InputError: a record cannot be read.
        """
        for student in self.students:
            if student.recorded:
                yield student, self.folder.record(student.student).result
            else:
                yield student, StudentResult(student.student, self.run.assignment, Status.NOTHING)


def read_class(path: Path) -> ClassMarks:
    """Read the marks of a results folder.

    Who handed in nothing is in it only with points set by hand, or excused.

    Raises:
        InputError: it is none, nobody has been graded in it, or its overrides make no sense.
    """
    folder = ResultsFolder(path)
    run, marks = folder.run(), class_marks(path)
    known = {
        record.result.student: (_one_line(record.result.status_text), record.handed_in.named, record.result.max_points)
        for record in folder.records()
    }
    if not known:
        raise InputError(f"{path} has no results yet. Run `gradlings grade` to its end first.")
    absent, students = set(read_marking(path).missing), []
    for mark in marks:
        none = Status.NOTHING if mark.student in absent else Status.NOT_YET
        status, handed_in_as, _ = known.get(mark.student, (none.value, "", 0))
        recorded = mark.student in known
        if recorded or none is Status.NOT_YET or mark.final is not None or mark.excused:
            students.append(ExportedStudent(mark, status, handed_in_as, recorded))
    return ClassMarks(folder, run, tuple(students), max(points for _, _, points in known.values()))


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_STATUS_CHARS else f"{line[:_MAX_STATUS_CHARS]} ..."
