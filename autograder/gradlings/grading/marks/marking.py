"""What a folder of results keeps for its marks: when it was due, what being late costs, who is in the class."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import msgspec

from gradlings.grading.intake.roster import Roster
from gradlings.grading.marks.lateness import Deadline, parse_due
from gradlings.grading.marks.marker import Marker
from gradlings.grading.marks.overrides import Rules, read_overrides
from gradlings.grading.marks.policy import LatePolicy, read_policy
from gradlings.grading.results_store import ResultsFolder
from gradlings.model.errors import InputError

FILE = "marking.json"
ROSTER = "roster.csv"
NONE = "none"
"""Given in place of a time or a file, it takes back what an earlier run was given."""


@dataclass(frozen=True)
class Marking:
    """What is kept beside the records."""

    due: datetime | None = None
    """In UTC; None where nothing is due."""
    policy: LatePolicy | None = None
    times_of_files: bool = False
    missing: tuple[str, ...] = ()
    """Who is on the roster and handed in nothing."""
    students: tuple[str, ...] = ()
    """Everybody else, as the last run of `gradlings grade` found them: not all need be graded yet."""
    solved: dict[str, str] = field(default_factory=dict)
    """What pages tell of an exercise once it is solved: Markdown by id."""

    @property
    def deadline(self) -> Deadline | None:
        """When it is due, and what being late costs; None where nothing is due."""
        return Deadline(self.due, self.policy, self.times_of_files) if self.due else None


@dataclass(frozen=True)
class LateOptions:
    """What a command is told about being late; None leaves it as an earlier run had it."""

    due: str | None = None
    policy: Path | None = None
    times_of_files: bool | None = None

    def applied(self, marking: Marking) -> Marking:
        """Return what is kept with the options in it.

        Raises:
            InputError: they make no sense.
        """
        if self.due is not None and self.due.strip().casefold() == NONE:
            if self.policy or self.times_of_files:
                raise InputError("Where nothing is due, nothing is late: leave out --policy and --times-of-files.")
            return replace(marking, due=None, policy=None, times_of_files=False)
        policy = marking.policy
        if self.policy is not None:
            policy = None if str(self.policy) == NONE else read_policy(self.policy)
        due = marking.due if self.due is None else parse_due(self.due, policy.tzinfo if policy else None)
        if due is None and (self.policy or self.times_of_files):
            raise InputError("What is late depends on when it was due. Give --due, too: --due 2026-03-01T23:59")
        times = marking.times_of_files if self.times_of_files is None else self.times_of_files
        return replace(marking, due=due, policy=policy, times_of_files=times)


@dataclass(frozen=True)
class Marked:
    """A class, ready to be marked."""

    marking: Marking
    marker: Marker
    unlisted: tuple[str, ...] = ()
    """Students who are not on the roster."""
    roster: Roster | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Who is on the roster and handed in nothing."""
        return self.marking.missing


def prepare_marks(
    folder: Path,
    exercises: Mapping[str, int],
    students: Collection[str],
    roster: Roster | None = None,
    late: LateOptions | None = None,
) -> Marked:
    """Return what marks a class, all of it validated. Nothing is written.

    Args:
        folder: of the results.
        exercises: the points of each, by id.
        students: of whom there is a submission or a record.
        roster: who belongs to the class; the one that the folder keeps if None.
        late: what the command was told.

    Raises:
        InputError: roster, overrides or what is said of being late make no sense.
    """
    if roster is None and (folder / ROSTER).is_file():
        roster = Roster(folder / ROSTER)
    missing, unlisted = roster.missing(sorted(students)) if roster else ((), ())
    stored = read_marking(folder)
    marking = late.applied(stored) if late else stored
    marking = replace(marking, missing=missing, students=tuple(sorted(students)))
    return Marked(marking, marker_of(folder, marking, exercises, students), unlisted, roster)


def check_marks(
    folder: Path,
    exercises: Mapping[str, int],
    students: Collection[str],
    roster: Roster | None = None,
    late: LateOptions | None = None,
) -> None:
    """Do what `prepare_marks` does for the students and those with a record, only to see that all of it fits.

    Raises:
        InputError: something does not.
    """
    recorded = {record.result.student for record in ResultsFolder(folder).records()}
    prepare_marks(folder, exercises, {*students, *recorded}, roster, late)


def marker_of(folder: Path, marking: Marking, exercises: Mapping[str, int], students: Collection[str]) -> Marker:
    """Return what makes the marks of a folder, its overrides validated; see `prepare_marks`.

    Raises:
        InputError: the overrides make no sense.
    """
    deadline = marking.deadline
    rules = Rules({*students, *marking.missing}, exercises, marking.due, deadline.zone if deadline else None)
    return Marker(exercises, read_overrides(folder, rules), deadline)


def read_marking(folder: Path) -> Marking:
    """Read what a folder of results keeps.

    Raises:
        InputError: the file is there and cannot be read.
    """
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Marking) if path.exists() else Marking()
    except (msgspec.MsgspecError, OSError) as error:
        raise InputError(f"{path} cannot be read ({error}). Remove it, and give --due and --policy again.") from None


def write_marking(results: ResultsFolder, marked: Marked) -> None:
    """Write what a folder of results keeps, a copy of the roster with it, where that is new.

    Raises:
        InputError: it cannot be written.
    """
    if marked.roster is not None and marked.roster.path != results.path / ROSTER:
        results.write(ROSTER, marked.roster.path.read_bytes(), private=True)
    if marked.marking != read_marking(results.path):
        results.write(FILE, msgspec.json.format(msgspec.json.encode(marked.marking), indent=1), private=True)
