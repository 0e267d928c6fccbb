"""What a run over a class comes to: a summary of each record, and what happened to whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gradlings.grading.intake.handed_in import HandedIn
from gradlings.grading.marks.changes import ScoreChange, change_of
from gradlings.grading.marks.lateness import Deadline
from gradlings.grading.results_store import Record, ResultsFolder, RunRecord
from gradlings.model.exercise import Exercise
from gradlings.model.mark import Mark
from gradlings.model.student_result import Status, StudentResult


@dataclass(frozen=True, slots=True)
class ResultSummary:
    """What a run keeps of a record in memory; the scorecard stays on the disk."""

    student: str
    run: str
    """See `Record.run`."""
    digest: str
    """See `Record.digest`."""
    again: bool
    """See `Record.again`."""
    status: Status
    status_text: str
    notes: tuple[str, ...]
    handed_in: HandedIn
    change: ScoreChange | None


def summary_of(record: Record) -> ResultSummary:
    """Return what a run keeps of a record."""
    result, change = record.result, change_of(record)
    facts = (result.status, result.status_text, result.notes, record.handed_in, change)
    return ResultSummary(result.student, record.run, record.digest, record.again, *facts)


@dataclass(frozen=True)
class ClassResults:
    """The whole class, by student in alphabetical order."""

    run: RunRecord
    exercises: tuple[Exercise, ...]
    folder: ResultsFolder
    summaries: tuple[ResultSummary, ...]
    marks: tuple[Mark, ...]
    """Of everybody in `summaries` and `missing`."""
    deadline: Deadline | None = None
    differences: tuple[str, ...] = ()
    """What decides scores and has changed since the run before; see `RunRecord.differences`."""
    fresh: tuple[str, ...] = ()
    """Students graded now."""
    changed: tuple[str, ...] = ()
    """Students graded again, as their submission is not the one graded before."""
    changes: tuple[ScoreChange, ...] = ()
    """Whose score is another one now, or since the checks changed."""
    outdated: tuple[str, ...] = ()
    """Students whose scores stay as they are though the checks have changed: they were not asked for, or are absent."""
    absent: tuple[str, ...] = ()
    """Students whose results stay though their submissions are no longer there."""
    left_out: tuple[str, ...] = ()
    """Students without a score whom `--student` leaves out."""
    missing: tuple[str, ...] = ()
    """Who is on the roster and handed in nothing."""
    unlisted: tuple[str, ...] = ()
    """Students who are not on the roster."""
    unused: tuple[str, ...] = ()
    """Files with code that play no part, by path."""

    @property
    def results(self) -> Iterator[StudentResult]:
        """Read the results from their records, one at a time.

        Raises:
            InputError: a record cannot be read.
        """
        return (record.result for record in self.records)

    @property
    def records(self) -> Iterator[Record]:
        """Read the records, one at a time.

        Raises:
            InputError: one cannot be read.
        """
        return (self.folder.record(summary.student) for summary in self.summaries)
