"""Grades a class: what came in goes to an engine, and each result is recorded as soon as it is there."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gradlings.grading.collect import Chosen, Handed, Intake, choose
from gradlings.grading.judge_session import JudgeReply
from gradlings.grading.local_pool import Job, JudgePool
from gradlings.grading.results_store import Record, ResultsFolder, RunRecord, has_our_fault, needs_grading
from gradlings.grading.sources import Refused
from gradlings.model.exercise import Exercise, read_exercises
from gradlings.model.student_result import Status, StudentResult, graded, writable

Pages = Callable[[StudentResult], Mapping[str, bytes]]
"""What is made of each result besides its record: contents by `folder/*.extension`."""


@dataclass(frozen=True)
class Done:
    """One step of a run, for whoever shows progress."""

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
    """Students graded again, as their submission is another one than before."""
    absent: tuple[str, ...] = ()
    """Students whose results are kept though their submissions are no longer there."""


def grade_class(
    folder: Path,
    intake: Intake,
    to: Path,
    engine: JudgePool,
    *,
    seed: int | None = None,
    force: bool = False,
    pages: Pages = lambda result: {},
    progress: Callable[[Done], None] = lambda done: None,
) -> ClassResults:
    """Grades what is not graded yet; the results of an interrupted run are taken as they are.

    Args:
        folder: the assignment's, with its checks.
        to: the folder of results.
        engine: has submissions judged.
        seed: of the random probes; a fresh secret one if None. A run that is resumed keeps its seed.
        force: grades everybody anew.

    Raises:
        InputError: the results cannot be written, or `to` holds a run of something else.
    """
    results = ResultsFolder(to)
    used = dict(engine.brief.versions)
    wanted = RunRecord(
        folder.name,
        intake.source_name,
        engine.brief.digests(),
        used.pop("gradlings"),
        used,
        engine.protection,
        secrets.randbits(48) if seed is None else seed,
    )
    with results.locked():
        run = results.resume(wanted, force=force, any_seed=seed is None)
        return _Loop(folder, intake, engine, results, run, pages, progress).grade_all()


@dataclass
class _Waiting:
    """A student whose submission is being judged."""

    handed: Handed
    chosen: Chosen
    known: Record | None


class _Loop:
    """One run over the class."""

    def __init__(
        self,
        folder: Path,
        intake: Intake,
        engine: JudgePool,
        results: ResultsFolder,
        run: RunRecord,
        pages: Pages,
        progress: Callable[[Done], None],
    ) -> None:
        self._folder, self._intake, self._engine = folder, intake, engine
        self._results, self._run, self._pages, self._progress = results, run, pages, progress
        self._exercises = read_exercises(folder / f"test_{intake.source_name}.py")
        self._points = sum(exercise.points for exercise in self._exercises)
        self._records: dict[str, Record] = {}
        self._waiting: dict[str, _Waiting] = {}
        self._done = 0
        self._fresh: list[str] = []
        self._changed: list[str] = []

    def grade_all(self) -> ClassResults:
        self._records = self._results.records(self._run)
        for job, judged in self._engine.judged(self._jobs(), self._run.seed):
            waiting = self._waiting.pop(job.student)
            self._note(job.student, self._record(waiting, judged), waiting.known)
        present = {handed.student for handed in self._intake.students}
        return ClassResults(
            self._run,
            self._exercises,
            tuple(self._records[student].result for student in sorted(self._records)),
            tuple(sorted(self._fresh)),
            tuple(sorted(self._changed)),
            tuple(sorted(self._records.keys() - present)),
        )

    def _jobs(self) -> Iterator[Job]:
        """What has to be judged. Students who need no judge, or none any more, are noted on the way."""
        for handed in self._intake.students:
            known = self._records.get(handed.student)
            try:
                chosen = choose(self._intake, handed, self._folder, self._engine.code_digest)
            except Refused as refused:
                result = self._not_gradable(handed, str(refused))
                same = known is not None and known.digest == "" and known.result == result
                self._note(handed.student, known if same else Record(self._run.id, "", "", result), known)
                continue
            if not needs_grading(known, chosen.digest):
                self._note(handed.student, known, known)
                continue
            self._waiting[handed.student] = _Waiting(handed, replace(chosen, data=b""), known)
            yield Job(handed.student, chosen.filename, chosen.data)

    def _note(self, student: str, record: Record | None, known: Record | None) -> None:
        """Keeps a record that is new, and says so."""
        if record is not None and record is not known:
            self._records[student] = record
            self._results.keep(record, self._pages(record.result))
            self._fresh.append(student)
            if known is not None and known.digest != record.digest:
                self._changed.append(student)
        elif known is not None:
            self._results.mend(known, self._pages)
        self._done += 1
        self._progress(Done(student, self._done, len(self._intake.students), record is not known))

    def _record(self, waiting: _Waiting, judged: JudgeReply) -> Record:
        handed, chosen, run = waiting.handed, waiting.chosen, self._run
        if judged.card is None:
            reason = f"grader error: {judged.fault}" if judged.fault else judged.problem
            result = self._not_gradable(handed, reason)
            return Record(run.id, chosen.filename, chosen.digest, result, again=bool(judged.fault))
        protection = judged.protection or run.protection
        result = graded(
            handed.student,
            judged.card,
            notes=chosen.notes,
            protection=protection,
            gradlings_version=run.gradlings_version,
        )
        return Record(run.id, chosen.filename, chosen.digest, result, again=has_our_fault(result))

    def _not_gradable(self, handed: Handed, reason: str) -> StudentResult:
        return writable(
            StudentResult(
                handed.student,
                self._folder.name,
                Status.NOT_GRADABLE,
                reason,
                self._points,
                notes=handed.notes,
                protection=self._run.protection,
                gradlings_version=self._run.gradlings_version,
            )
        )
