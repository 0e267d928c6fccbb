"""Grades a class: submissions go to a pool of judges, and each result is recorded as soon as it is there."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from pathlib import Path

from gradlings.grading.class_results import ClassResults, ResultSummary, summary_of
from gradlings.grading.intake.choose import ChosenFile, choose
from gradlings.grading.intake.collect import StudentFiles, Submissions
from gradlings.grading.intake.found import Refused
from gradlings.grading.intake.roster import Roster
from gradlings.grading.judge_session import JudgeReply
from gradlings.grading.local_pool import JudgePool
from gradlings.grading.marks.changes import FILE as CHANGES
from gradlings.grading.marks.changes import changes_csv, scores_of
from gradlings.grading.marks.class_marks import pages_of, without_record
from gradlings.grading.marks.marking import LateOptions, Marked, prepare_marks, write_marking
from gradlings.grading.marks.score_table import OUTDATED, ScoreTable
from gradlings.grading.results_store import Record, ResultsFolder, RunRecord, Scores, has_our_fault
from gradlings.model.errors import InputError
from gradlings.model.mark import Mark
from gradlings.model.scorecard import Verdict
from gradlings.model.student_result import OUR_FAULT, Status, StudentResult, graded, writable
from gradlings.submission.exercise_text import solved_texts

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
class _Judged:
    """What became of one student in a run."""

    student: str
    record: Record | None
    """The new one; None if the earlier one holds."""
    unused: tuple[str, ...] = ()
    """See `ChosenFile.unused`."""
    graded: bool = True
    """Whether the record holds a new result, not only a new time of submission."""


def grade_class(
    folder: Path,
    submissions: Submissions,
    to: Path,
    pool: JudgePool,
    *,
    seed: int | None = None,
    force: bool = False,
    only: frozenset[str] = frozenset(),
    roster: Roster | None = None,
    late: LateOptions | None = None,
    progress: Callable[[GradedStudent], None] = lambda step: None,
) -> ClassResults:
    """Grade what is not graded yet, or was graded by other checks; nobody's result is lost, whoever is graded.

    The folder is the assignment's, with the originals that students were given. Without a seed for the random probes a
    fresh secret one is drawn; a run that goes on keeps its own. `scores.csv` is there all the time, with a row for
    everybody on the roster.

    Args:
        folder: the assignment's.
        submissions: of the class, or of a part of it.
        to: the folder of results.
        pool: the judges.
        seed: of the random probes.
        force: grades anew whoever is there now.
        only: these students, and no others; empty for all.
        roster: who belongs to the class; the one of an earlier run if None.
        late: when it is due; as in an earlier run where nothing is said.
        progress: is called after every student.

    Raises:
        InputError: the results cannot be written, `to` holds those of something else, roster, overrides or what is
            said of being late make no sense. Then nothing has changed.
    """
    results, versions = ResultsFolder(to), dict(pool.bundle.versions)
    version, digests, protection = versions.pop("gradlings"), pool.bundle.digests(), pool.protection
    probes_seed = secrets.randbits(48) if seed is None else seed
    wanted = RunRecord(folder.name, submissions.source_name, digests, version, versions, protection, probes_seed)
    wanted = replace(wanted, exercises=tuple(replace(each, checks=()) for each in pool.bundle.exercises))
    with results.locked():
        present = [files.student for files in submissions.students]
        summaries = {record.result.student: summary_of(record) for record in results.records()}
        marked = prepare_marks(to, wanted.points, {*present, *summaries}, roster, late)
        run, differences = results.resume(wanted, force=force, any_seed=seed is None)
        marked = replace(marked, marking=replace(marked.marking, solved=dict(solved_texts(folder))))
        write_marking(results, marked)
        chosen = tuple(files for files in submissions.students if not only or files.student in only)
        this = _ClassRun(folder, submissions, chosen, pool, results, run, marked, progress, summaries)
        if force:
            this.forget()
        return this.grade_all(tuple(differences) if summaries else ())


@dataclass
class _ClassRun:
    """One run over the class. What is called `_judged` and below runs in threads of the pool and changes nothing."""

    folder: Path
    submissions: Submissions
    chosen: tuple[StudentFiles, ...]
    """Of those that are to be graded."""
    pool: JudgePool
    results: ResultsFolder
    run: RunRecord
    marked: Marked
    progress: Callable[[GradedStudent], None]
    summaries: dict[str, ResultSummary]
    marks: dict[str, Mark] = field(default_factory=dict)
    done: int = 0
    fresh: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    def forget(self) -> None:
        """Have everybody who is chosen graded again, also by a later run if this one is interrupted."""
        for student in (files.student for files in self.chosen if files.student in self.summaries):
            record = replace(self.results.record(student), again=True)
            self.results.rewrite(record)
            self.summaries[student] = summary_of(record)

    def grade_all(self, differences: tuple[str, ...]) -> ClassResults:
        self.table = self._first_table()
        # who has no score comes first, so that a run that goes on after an interruption shows new ones at once
        students = iter(sorted(self.chosen, key=lambda files: files.student in self.summaries))
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
        return self._class_results(differences)

    def _class_results(self, differences: tuple[str, ...]) -> ClassResults:
        for student in self.summaries.keys() - set(self.fresh):
            self.results.refresh_pages(student, self._pages(self.results.record(student).result))
        summaries = tuple(self.summaries[student] for student in sorted(self.summaries))
        present = {files.student for files in self.submissions.students}
        changes = tuple(
            each.change
            for each in summaries
            if each.change and (each.student in self.fresh or (each.run == self.run.id and each.change.other_checks))
        )
        if changes or (self.fresh and (self.results.path / CHANGES).exists()):
            self.results.write(CHANGES, changes_csv(changes).encode("utf-8-sig"))
        return ClassResults(
            self.run,
            self.pool.bundle.exercises,
            self.results,
            summaries,
            tuple(self.marks[student] for student in sorted({*self.summaries, *self.marked.missing})),
            self.marked.marking.deadline,
            differences,
            tuple(sorted(self.fresh)),
            tuple(sorted(self.changed)),
            changes,
            tuple(each.student for each in summaries if each.run != self.run.id),
            tuple(sorted(self.summaries.keys() - present)),
            tuple(sorted(present - self.summaries.keys())),
            self.marked.missing,
            self.marked.unlisted,
            tuple(sorted(self.unused)),
        )

    def _first_table(self) -> ScoreTable:
        """Return the table with what is known before anything is graded: earlier scores, and who has none."""
        self.table = ScoreTable(self.results, self.pool.bundle.exercises)
        for record in without_record(self.run, self.marked.marking, self.summaries):
            self._show(record)
        for student in self.summaries:
            self._show(self.results.record(student))
        return self.table

    def _show(self, record: Record) -> None:
        """Give a student a row in the table, and a mark."""
        result = record.result
        mark = self.marks[result.student] = self.marked.marker.mark(result, record.handed_in)
        self.table.add(result, mark, () if record.run == self.run.id else (OUTDATED,))

    def _add(self, judged: _Judged) -> None:
        """Store a new record, or keep the earlier one if there is none, and report the step."""
        student, record = judged.student, judged.record
        self.unused += judged.unused
        earlier = self.summaries.get(student)
        if record is not None:
            self._show(record)
            self.results.store(record, self._pages(record.result))
            self.summaries[student] = summary_of(record)
            if judged.graded:
                self.fresh.append(student)
            if earlier is not None and earlier.digest != record.digest and not earlier.again:
                self.changed.append(student)
        self.done += 1
        self.progress(GradedStudent(student, self.done, len(self.chosen), record is not None and judged.graded))

    def _pages(self, result: StudentResult) -> dict[str, bytes]:
        return pages_of(result, self.marks[result.student], self.marked.marking)

    def _judged(self, files: StudentFiles) -> _Judged:
        try:
            return self._new_record(files)
        except InputError:
            raise  # nobody can be graded
        except Exception as error:
            _log.exception("%s: the grader failed on what was handed in.", files.student)
            reason = f"grader error: {type(error).__name__}: {error}"
            result, before = self._not_gradable(files, reason), self._before(files.student)
            return _Judged(files.student, Record(self.run.id, "", "", result, again=True, earlier=before))

    def _new_record(self, files: StudentFiles) -> _Judged:
        student, earlier = files.student, self.summaries.get(files.student)
        if earlier is not None and (earlier.run != self.run.id or earlier.again):
            earlier = None
        try:
            chosen = choose(self.submissions, files, self.folder, self.pool.code_digest)
        except Refused as refused:
            result = self._not_gradable(files, str(refused))
            handed_in = files.last_handed_in
            told = (result.status_text, result.notes, handed_in)
            if earlier and (earlier.status_text, earlier.notes, earlier.handed_in) == told:
                return _Judged(student, None)
            before = self._before(student)
            return _Judged(student, Record(self.run.id, "", "", result, handed_in=handed_in, earlier=before))
        if earlier is None or earlier.digest != chosen.digest:
            reply = self.pool.judge(chosen.data, chosen.filename, self.run.seed)
            return _Judged(student, self._record(files, chosen, reply), chosen.unused)
        if earlier.handed_in == chosen.handed_in:
            return _Judged(student, None, chosen.unused)
        record = replace(self.results.record(student), handed_in=chosen.handed_in)
        return _Judged(student, record, chosen.unused, graded=False)

    def _before(self, student: str) -> Scores | None:
        """Return what a student has until now, if anything."""
        return scores_of(self.results.record(student)) if student in self.summaries else None

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
        before, functions = self._before(files.student), dict(reply.functions)
        return Record(run.id, chosen.filename, chosen.digest, result, again, chosen.handed_in, before, functions)

    def _not_gradable(self, files: StudentFiles, reason: str) -> StudentResult:
        result = StudentResult(
            *(files.student, self.folder.name, Status.NOT_GRADABLE, reason, sum(self.run.points.values())),
            notes=files.notes,
            protection=self.run.protection,
            gradlings_version=self.run.gradlings_version,
        )
        return writable(result)


def _log_faults(result: StudentResult, reply: JudgeReply) -> None:
    """Log what went wrong on our side, with the tracebacks."""
    entries = [*([reply.fault] if reply.fault else []), *reply.log]
    for score in result.card.exercises if result.card else ():
        for check in score.checks:
            if check.verdict is Verdict.GRADER_ERROR:
                entries.append("\n".join([f"{score.id} {check.title}: {check.message}", *check.trace]))
    for entry in entries:
        _log.error("%s: %s", result.student, entry)
