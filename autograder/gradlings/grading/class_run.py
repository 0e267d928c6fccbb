"""Grades a class: submissions go to a pool of judges, and each result is recorded as soon as it is there."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from gradlings.grading.intake.choose import ChosenFile, choose
from gradlings.grading.intake.collect import StudentFiles, Submissions
from gradlings.grading.intake.found import Refused
from gradlings.grading.intake.roster import Roster
from gradlings.grading.judge_session import JudgeReply
from gradlings.grading.local_pool import JudgePool
from gradlings.grading.results_store import Record, ResultsFolder, RunRecord, has_our_fault
from gradlings.grading.score_table import ScoreTable
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise
from gradlings.model.scorecard import Verdict
from gradlings.model.student_result import OUR_FAULT, Status, StudentResult, for_student, graded, writable

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GradedStudent:
    """One step of a run, to show its progress."""

    student: str
    number: int
    total: int
    fresh: bool
    """Whether it was graded now, not in an earlier run."""


@dataclass(frozen=True, slots=True)
class ResultSummary:
    """What a run keeps of a record in memory; the scorecard stays on the disk."""

    student: str
    digest: str
    """See `Record.digest`."""
    again: bool
    """See `Record.again`."""
    status: Status
    status_text: str
    scored: bool
    """Whether there is a score."""
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Judged:
    """What became of one student in a run."""

    student: str
    record: Record | None
    """The new one; None if the earlier one holds."""
    unused: tuple[str, ...] = ()
    """See `ChosenFile.unused`."""


@dataclass(frozen=True)
class ClassResults:
    """The whole class, by student in alphabetical order."""

    run: RunRecord
    exercises: tuple[Exercise, ...]
    folder: ResultsFolder
    summaries: tuple[ResultSummary, ...]
    fresh: tuple[str, ...] = ()
    """Students graded now."""
    changed: tuple[str, ...] = ()
    """Students graded again, as their submission is not the one graded before."""
    absent: tuple[str, ...] = ()
    """Students whose results stay though their submissions are no longer there."""
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
        return (self.folder.result(summary.student) for summary in self.summaries)


def grade_class(
    folder: Path,
    submissions: Submissions,
    to: Path,
    pool: JudgePool,
    *,
    seed: int | None = None,
    force: bool = False,
    roster: Roster | None = None,
    progress: Callable[[GradedStudent], None] = lambda step: None,
) -> ClassResults:
    """Grade what is not graded yet; keep the results of an interrupted run as they are, unless `force` is set.

    The folder is the assignment's, with the originals that students were given. Without a seed for the random probes a
    fresh secret one is drawn; a run that is resumed keeps its own. `scores.csv` is there all the time, with a row for
    everybody on the roster.

    Raises:
        InputError: the results cannot be written, `to` holds a run of something else, or the roster does not fit.
    """
    results, versions = ResultsFolder(to), dict(pool.bundle.versions)
    version, digests = versions.pop("gradlings"), pool.bundle.digests()
    probes_seed = secrets.randbits(48) if seed is None else seed
    wanted = RunRecord(folder.name, submissions.source_name, digests, version, versions, pool.protection, probes_seed)
    with results.locked():
        run = results.resume(wanted, force=force, any_seed=seed is None)
        return _ClassRun(folder, submissions, pool, results, run, progress, roster).grade_all()


@dataclass
class _ClassRun:
    """One run over the class. What is called `_judged` and below runs in threads of the pool and changes nothing."""

    folder: Path
    submissions: Submissions
    pool: JudgePool
    results: ResultsFolder
    run: RunRecord
    progress: Callable[[GradedStudent], None]
    roster: Roster | None = None
    summaries: dict[str, ResultSummary] = field(default_factory=dict)
    done: int = 0
    fresh: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    missing: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    unused: list[str] = field(default_factory=list)

    def grade_all(self) -> ClassResults:
        self.table = self._first_table()
        # who has no score comes first, so that a run that goes on after an interruption shows new ones at once
        students = iter(sorted(self.submissions.students, key=lambda files: files.student in self.summaries))
        running: set[Future[_Judged]] = set()
        while True:
            self.table.write_if_due()
            while len(running) < self.pool.capacity and (files := next(students, None)):
                running.add(self.pool.submit(self._judged, files))
            if not running:
                break
            done, running = wait(running, self.table.seconds_until_write(), FIRST_COMPLETED)
            for future in done:
                self._add(future.result())
        self.table.write()
        present = {files.student for files in self.submissions.students}
        return ClassResults(
            self.run,
            self.pool.bundle.exercises,
            self.results,
            tuple(self.summaries[student] for student in sorted(self.summaries)),
            tuple(sorted(self.fresh)),
            tuple(sorted(self.changed)),
            tuple(sorted(self.summaries.keys() - present)),
            self.missing,
            self.unlisted,
            tuple(sorted(self.unused)),
        )

    def _first_table(self) -> ScoreTable:
        """Return the table with what is known before anything is graded: scores of an interrupted run."""
        students = (files.student for files in self.submissions.students)
        waiting = (self._without_card(student, Status.NOT_YET) for student in students)
        table = ScoreTable(self.results, self.pool.bundle.exercises, waiting)
        for record in self.results.records(self.run):
            self.summaries[record.result.student] = _summary(record)
            table.add(record.result)
        if self.roster is not None:
            known = {files.student for files in self.submissions.students} | self.summaries.keys()
            self.missing, self.unlisted = self.roster.missing(sorted(known))
            for person in self.missing:
                table.add(self._without_card(person, Status.NOTHING))
        return table

    def _add(self, judged: _Judged) -> None:
        """Store a new record, or keep the earlier one if there is none, and report the step."""
        student, record = judged.student, judged.record
        self.unused += judged.unused
        earlier = self.summaries.get(student)
        if record is not None:
            self.results.store(record, _pages(record.result))
            self.summaries[student] = _summary(record)
            self.table.add(record.result)
            self.fresh.append(student)
            if earlier is not None and earlier.digest != record.digest and not earlier.again:
                self.changed.append(student)
        else:
            self.results.restore_pages(student, _pages)
        self.done += 1
        self.progress(GradedStudent(student, self.done, len(self.submissions.students), record is not None))

    def _judged(self, files: StudentFiles) -> _Judged:
        try:
            return self._new_record(files)
        except InputError:
            raise  # nobody can be graded
        except Exception as error:
            _log.exception("%s: the grader failed on what was handed in.", files.student)
            reason = f"grader error: {type(error).__name__}: {error}"
            record = Record(self.run.id, "", "", self._not_gradable(files, reason), again=True)
            return _Judged(files.student, record)

    def _new_record(self, files: StudentFiles) -> _Judged:
        earlier = self.summaries.get(files.student)
        try:
            chosen = choose(self.submissions, files, self.folder, self.pool.code_digest)
        except Refused as refused:
            record = Record(self.run.id, "", "", self._not_gradable(files, str(refused)))
            return _Judged(files.student, None if earlier == _summary(record) else record)
        if earlier is not None and earlier.digest == chosen.digest and not earlier.again:
            return _Judged(files.student, None, chosen.unused)
        reply = self.pool.judge(chosen.data, chosen.filename, self.run.seed)
        return _Judged(files.student, self._record(files, chosen, reply), chosen.unused)

    def _record(self, files: StudentFiles, chosen: ChosenFile, reply: JudgeReply) -> Record:
        run = self.run
        if reply.card is None:
            reason = f"{OUR_FAULT}: {reply.fault}" if reply.fault else reply.problem
            result = self._not_gradable(files, reason)
        else:
            protection, version = reply.protection or run.protection, run.gradlings_version
            result = graded(
                files.student,
                reply.card,
                notes=(*chosen.notes, *reply.notes),
                protection=protection,
                gradlings_version=version,
            )
        _log_faults(result, reply)
        again = bool(reply.fault) or has_our_fault(result)
        return Record(run.id, chosen.filename, chosen.digest, result, again=again)

    def _not_gradable(self, files: StudentFiles, reason: str) -> StudentResult:
        return self._without_card(files.student, Status.NOT_GRADABLE, reason, files.notes)

    def _without_card(
        self, student: str, status: Status, reason: str = "", notes: tuple[str, ...] = ()
    ) -> StudentResult:
        points = sum(exercise.points for exercise in self.pool.bundle.exercises)
        result = StudentResult(
            *(student, self.folder.name, status, reason, points),
            notes=notes,
            protection=self.run.protection,
            gradlings_version=self.run.gradlings_version,
        )
        return writable(result)


def _summary(record: Record) -> ResultSummary:
    result = record.result
    return ResultSummary(
        result.student,
        record.digest,
        record.again,
        result.status,
        result.status_text,
        result.points is not None,
        result.notes,
    )


def _pages(result: StudentResult) -> dict[str, bytes]:
    """Return what a student gets to see: a page of feedback, and the same as JSON."""
    from gradlings.rendering.html import feedback_page

    return {
        "feedback/*.html": feedback_page(result).encode("utf-8", "replace"),
        "scorecards/*.json": msgspec.json.encode(for_student(result)),
    }


def _log_faults(result: StudentResult, reply: JudgeReply) -> None:
    """Log what went wrong on our side, with the tracebacks."""
    entries = [*([reply.fault] if reply.fault else []), *reply.log]
    for score in result.card.exercises if result.card else ():
        for check in score.checks:
            if check.verdict is Verdict.GRADER_ERROR:
                entries.append("\n".join([f"{score.id} {check.title}: {check.message}", *check.trace]))
    for entry in entries:
        _log.error("%s: %s", result.student, entry)
