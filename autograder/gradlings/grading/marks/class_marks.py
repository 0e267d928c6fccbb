"""The marks of a class, from a folder of results alone: no judge, no submissions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from gradlings.grading.intake.handed_in import HandedIn
from gradlings.grading.marks.lateness import Deadline
from gradlings.grading.marks.marker import Marker
from gradlings.grading.marks.overrides import Rules, read_overrides
from gradlings.grading.marks.policy import LatePolicy
from gradlings.grading.results_store import ResultsFolder, RunRecord
from gradlings.model.errors import InputError
from gradlings.model.mark import Mark
from gradlings.model.student_result import Status, StudentResult

FILE = "marking.json"


@dataclass(frozen=True)
class Marking:
    """What a folder of results keeps for its marks beside the records."""

    due: datetime | None = None
    """In UTC; None where nothing is due."""
    policy: LatePolicy | None = None
    times_of_files: bool = False
    missing: tuple[str, ...] = ()
    """Who is on the roster and handed in nothing."""

    @property
    def deadline(self) -> Deadline | None:
        """When it is due, and what being late costs; None where nothing is due."""
        return Deadline(self.due, self.policy, self.times_of_files) if self.due else None


def read_marking(folder: Path) -> Marking:
    """Read what a folder of results keeps.

    Raises:
        InputError: the file is there and cannot be read.
    """
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Marking)
    except FileNotFoundError:
        return Marking()
    except (msgspec.MsgspecError, OSError) as error:
        raise InputError(f"{path} cannot be read ({error}). Remove it, and give --due and --policy again.") from None


def write_marking(folder: ResultsFolder, marking: Marking) -> None:
    """Write what a folder of results keeps.

    Raises:
        InputError: it cannot be written.
    """
    folder.write(FILE, msgspec.json.format(msgspec.json.encode(marking), indent=1), private=True)


def marker_of(folder: Path, marking: Marking, exercises: Mapping[str, int], students: Iterable[str]) -> Marker:
    """Return what makes the marks of a folder, its overrides validated.

    Args:
        folder: of results.
        marking: what it keeps.
        exercises: the points of each, by id.
        students: whoever may be marked.

    Raises:
        InputError: the overrides make no sense.
    """
    deadline = marking.deadline
    rules = Rules({*students, *marking.missing}, exercises, marking.due, deadline.zone if deadline else None)
    return Marker(exercises, read_overrides(folder, rules), deadline)


def nothing_handed_in(student: str, run: RunRecord) -> StudentResult:
    """Return the result of somebody on the roster of whom there is no submission."""
    return StudentResult(student, run.assignment, Status.NOTHING, max_points=sum(run.points.values()))


def class_marks(folder: Path) -> tuple[Mark, ...]:
    """Return the marks of a class, by student in alphabetical order: a pure function of a folder of results.

    Everybody with a record is in it, and everybody on the roster. Nothing is written.

    Raises:
        InputError: the folder holds no results, or its overrides make no sense.
    """
    results = ResultsFolder(folder)
    run, marking = results.run(), read_marking(folder)
    records = {record.result.student: record for record in results.records()}
    marker = marker_of(folder, marking, run.points, records)
    marks = [marker.mark(record.result, record.handed_in) for record in records.values()]
    absent = (student for student in marking.missing if student not in records)
    marks += [marker.mark(nothing_handed_in(student, run), HandedIn()) for student in absent]
    return tuple(sorted(marks, key=lambda mark: mark.student))
