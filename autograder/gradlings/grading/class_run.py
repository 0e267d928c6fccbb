"""Grades a class: submissions go to a pool of judges, and each result is recorded as soon as it is there."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gradlings.grading.collect import ChosenFile, StudentFiles, Submissions, choose
from gradlings.grading.judge_session import JudgeReply
from gradlings.grading.local_pool import Job, JudgePool
from gradlings.grading.results_store import Record, ResultsFolder, RunRecord, has_our_fault, needs_grading
from gradlings.grading.sources import Refused
from gradlings.model.exercise import Exercise
from gradlings.model.scorecard import Verdict
from gradlings.model.student_result import Status, StudentResult, graded, writable

Pages = Callable[[StudentResult], Mapping[str, bytes]]
"""Makes the files of a result besides its record: contents by `folder/*.extension`."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GradedStudent:
    """One step of a run, to show its progress."""

    student: str
    number: int
    total: int
    fresh: bool
    """Whether it was graded now, not in an earlier run."""


@dataclass(frozen=True)
class ClassResults:
    """The whole class, by student in alphabetical order."""

    run: RunRecord
    exercises: tuple[Exercise, ...]
    results: tuple[StudentResult, ...]
    fresh: tuple[str, ...] = ()
    """Students graded now."""
    changed: tuple[str, ...] = ()
    """Students graded again, as their submission is not the one graded before."""
    absent: tuple[str, ...] = ()
    """Students whose results stay though their submissions are no longer there."""


def grade_class(
    folder: Path,
    submissions: Submissions,
    to: Path,
    pool: JudgePool,
    *,
    seed: int | None = None,
    force: bool = False,
    pages: Pages = lambda result: {},
    progress: Callable[[GradedStudent], None] = lambda step: None,
) -> ClassResults:
    """Grade what is not graded yet; keep the results of an interrupted run as they are.

    Args:
        folder: the assignment's, with the originals that students were given.
        submissions: of the class.
        to: the folder of results.
        pool: the judges, with the checks.
        seed: of the random probes; a fresh secret one if None. A run that is resumed keeps its seed.
        force: grade everybody anew.
        pages: makes the pages of each result.
        progress: called after each student.

    Raises:
        InputError: the results cannot be written, or `to` holds a run of something else.
    """
    results = ResultsFolder(to)
    versions = dict(pool.bundle.versions)
    wanted = RunRecord(
        folder.name,
        submissions.source_name,
        pool.bundle.digests(),
        versions.pop("gradlings"),
        versions,
        pool.protection,
        secrets.randbits(48) if seed is None else seed,
    )
    with results.locked():
        run = results.resume(wanted, force=force, any_seed=seed is None)
        return _ClassRun(folder, submissions, pool, results, run, pages, progress).grade_all()


@dataclass
class _Waiting:
    """A student whose submission is being judged."""

    files: StudentFiles
    chosen: ChosenFile
    earlier: Record | None


class _ClassRun:
    """One run over the class."""

    def __init__(
        self,
        folder: Path,
        submissions: Submissions,
        pool: JudgePool,
        results: ResultsFolder,
        run: RunRecord,
        pages: Pages,
        progress: Callable[[GradedStudent], None],
    ) -> None:
        self._folder, self._submissions, self._pool = folder, submissions, pool
        self._results, self._run, self._pages, self._progress = results, run, pages, progress
        self._exercises = pool.bundle.exercises
        self._points = sum(exercise.points for exercise in self._exercises)
        self._records: dict[str, Record] = {}
        self._waiting: dict[str, _Waiting] = {}
        self._done = 0
        self._fresh: list[str] = []
        self._changed: list[str] = []

    def grade_all(self) -> ClassResults:
        self._records = self._results.records(self._run)
        for job, reply in self._pool.judge(self._jobs(), self._run.seed):
            waiting = self._waiting.pop(job.student)
            self._add(job.student, self._record(waiting, reply), waiting.earlier)
        present = {files.student for files in self._submissions.students}
        return ClassResults(
            self._run,
            self._exercises,
            tuple(self._records[student].result for student in sorted(self._records)),
            tuple(sorted(self._fresh)),
            tuple(sorted(self._changed)),
            tuple(sorted(self._records.keys() - present)),
        )

    def _jobs(self) -> Iterator[Job]:
        """Yield what has to be judged; add students who need no judge on the way."""
        for files in self._submissions.students:
            earlier = self._records.get(files.student)
            try:
                chosen = choose(self._submissions, files, self._folder, self._pool.code_digest)
            except Refused as refused:
                result = self._not_gradable(files, str(refused))
                same = earlier is not None and earlier.digest == "" and earlier.result == result
                self._add(files.student, earlier if same else Record(self._run.id, "", "", result), earlier)
                continue
            if not needs_grading(earlier, chosen.digest):
                self._add(files.student, earlier, earlier)
                continue
            self._waiting[files.student] = _Waiting(files, replace(chosen, data=b""), earlier)
            yield Job(files.student, chosen.filename, chosen.data)

    def _add(self, student: str, record: Record | None, earlier: Record | None) -> None:
        """Store a record that is new, and report the step."""
        if record is not None and record is not earlier:
            self._records[student] = record
            self._results.store(record, self._pages(record.result))
            self._fresh.append(student)
            if earlier is not None and earlier.digest != record.digest:
                self._changed.append(student)
        elif earlier is not None:
            self._results.restore_pages(earlier, self._pages)
        self._done += 1
        self._progress(GradedStudent(student, self._done, len(self._submissions.students), record is not earlier))

    def _record(self, waiting: _Waiting, reply: JudgeReply) -> Record:
        files, chosen, run = waiting.files, waiting.chosen, self._run
        if reply.card is None:
            reason = f"grader error: {reply.fault}" if reply.fault else reply.problem
            result = self._not_gradable(files, reason)
        else:
            result = graded(
                files.student,
                reply.card,
                notes=chosen.notes,
                protection=reply.protection or run.protection,
                gradlings_version=run.gradlings_version,
            )
        _log_faults(result, reply)
        again = bool(reply.fault) or has_our_fault(result)
        return Record(run.id, chosen.filename, chosen.digest, result, again=again)

    def _not_gradable(self, files: StudentFiles, reason: str) -> StudentResult:
        return writable(
            StudentResult(
                files.student,
                self._folder.name,
                Status.NOT_GRADABLE,
                reason,
                self._points,
                notes=files.notes,
                protection=self._run.protection,
                gradlings_version=self._run.gradlings_version,
            )
        )


def _log_faults(result: StudentResult, reply: JudgeReply) -> None:
    """Log what went wrong on our side, with the tracebacks."""
    entries = [*([reply.fault] if reply.fault else []), *reply.log]
    for score in result.card.exercises if result.card else ():
        for check in score.checks:
            if check.verdict is Verdict.GRADER_ERROR:
                entries.append("\n".join([f"{score.id} {check.title}: {check.message}", *check.trace]))
    for entry in entries:
        _log.error("%s: %s", result.student, entry)
