"""Grades a class: submissions go to a pool of judges, and each result is recorded as soon as it is there."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from gradlings.grading.collect import ChosenFile, StudentFiles, Submissions, choose
from gradlings.grading.judge_session import JudgeReply
from gradlings.grading.local_pool import Job, JudgePool
from gradlings.grading.results_store import Record, ResultsFolder, RunRecord, has_our_fault, needs_grading
from gradlings.grading.sources import Refused
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
    progress: Callable[[GradedStudent], None] = lambda step: None,
) -> ClassResults:
    """Grade what is not graded yet; keep the results of an interrupted run as they are, unless `force` is set.

    The folder is the assignment's, with the originals that students were given. Without a seed for the random probes a
    fresh secret one is drawn; a run that is resumed keeps its own.

    Raises:
        InputError: the results cannot be written, or `to` holds a run of something else.
    """
    results, versions = ResultsFolder(to), dict(pool.bundle.versions)
    version, digests = versions.pop("gradlings"), pool.bundle.digests()
    probes_seed = secrets.randbits(48) if seed is None else seed
    wanted = RunRecord(folder.name, submissions.source_name, digests, version, versions, pool.protection, probes_seed)
    with results.locked():
        run = results.resume(wanted, force=force, any_seed=seed is None)
        return _ClassRun(folder, submissions, pool, results, run, progress, results.records(run)).grade_all()


@dataclass
class _ClassRun:
    """One run over the class."""

    folder: Path
    submissions: Submissions
    pool: JudgePool
    results: ResultsFolder
    run: RunRecord
    progress: Callable[[GradedStudent], None]
    records: dict[str, Record]
    waiting: dict[str, tuple[StudentFiles, ChosenFile]] = field(default_factory=dict)
    """Students whose submission is being judged."""
    done: int = 0
    fresh: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def grade_all(self) -> ClassResults:
        for job, reply in self.pool.judge(self._jobs(), self.run.seed):
            self._add(job.student, self._record(*self.waiting.pop(job.student), reply))
        present = {files.student for files in self.submissions.students}
        return ClassResults(
            self.run,
            self.pool.bundle.exercises,
            tuple(self.records[student].result for student in sorted(self.records)),
            tuple(sorted(self.fresh)),
            tuple(sorted(self.changed)),
            tuple(sorted(self.records.keys() - present)),
        )

    def _jobs(self) -> Iterator[Job]:
        """Yield what has to be judged; add students who need no judge on the way."""
        for files in self.submissions.students:
            earlier = self.records.get(files.student)
            try:
                chosen = choose(self.submissions, files, self.folder, self.pool.code_digest)
            except Refused as refused:
                result = self._not_gradable(files, str(refused))
                same = earlier is not None and earlier.digest == "" and earlier.result == result
                self._add(files.student, None if same else Record(self.run.id, "", "", result))
                continue
            if needs_grading(earlier, chosen.digest):
                self.waiting[files.student] = files, replace(chosen, data=b"")
                yield Job(files.student, chosen.filename, chosen.data)
            else:
                self._add(files.student, None)

    def _add(self, student: str, record: Record | None) -> None:
        """Store a new record, or keep the earlier one if there is none, and report the step."""
        earlier = self.records.get(student)
        if record is not None:
            self.records[student] = record
            self.results.store(record, _pages(record.result))
            self.fresh.append(student)
            if earlier is not None and earlier.digest != record.digest:
                self.changed.append(student)
        elif earlier is not None:
            self.results.restore_pages(earlier, _pages)
        self.done += 1
        self.progress(GradedStudent(student, self.done, len(self.submissions.students), record is not None))

    def _record(self, files: StudentFiles, chosen: ChosenFile, reply: JudgeReply) -> Record:
        run = self.run
        if reply.card is None:
            reason = f"{OUR_FAULT}: {reply.fault}" if reply.fault else reply.problem
            result = self._not_gradable(files, reason)
        else:
            protection, version = reply.protection or run.protection, run.gradlings_version
            result = graded(
                files.student, reply.card, notes=chosen.notes, protection=protection, gradlings_version=version
            )
        _log_faults(result, reply)
        again = bool(reply.fault) or has_our_fault(result)
        return Record(run.id, chosen.filename, chosen.digest, result, again=again)

    def _not_gradable(self, files: StudentFiles, reason: str) -> StudentResult:
        points = sum(exercise.points for exercise in self.pool.bundle.exercises)
        result = StudentResult(
            files.student,
            self.folder.name,
            Status.NOT_GRADABLE,
            reason,
            points,
            notes=files.notes,
            protection=self.run.protection,
            gradlings_version=self.run.gradlings_version,
        )
        return writable(result)


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
