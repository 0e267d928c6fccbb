"""Grades a class: one submission after another, each recorded as soon as it is done.

How a submission is loaded is the caller's choice: behind a wall for marks, in this process for tests.
"""

from __future__ import annotations

import hashlib
import platform
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

import autograder
from autograder.class_results import Status, StudentResult, graded, writable
from autograder.errors import InputError
from autograder.exercise import Exercise, read_exercises
from autograder.intake import Chosen, Handed, Intake, choose
from autograder.intake_sources import Refused
from autograder.loading import LoadedSubmission
from autograder.records import Record, ResultsFolder, RunRecord, has_our_fault, needs_grading
from autograder.running import Grader, collected_checks

Loader = Callable[[bytes, str], LoadedSubmission]
"""Bytes and file name (`autodiff.py`) into a submission that can be called."""
Pages = Callable[[StudentResult], Mapping[str, bytes]]
"""What is made of each result besides its record: contents by `folder/*.extension`."""
_NOT_CHECKS = (".png", ".svg", ".ipynb", ".md", ".pyc")


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
    load: Loader,
    *,
    protection: str,
    seed: int | None = None,
    force: bool = False,
    further: Iterable[Path] = (),
    code_digest: Callable[[bytes, str], str] | None = None,
    pages: Pages = lambda result: {},
    progress: Callable[[Done], None] = lambda done: None,
) -> ClassResults:
    """Grades what is not graded yet; the results of an interrupted run are taken as they are.

    Args:
        folder: the assignment's, with its checks.
        to: the folder of results.
        protection: names the isolation that `load` gives; goes into every record.
        seed: of the random probes; a fresh secret one if None. A run that is resumed keeps its seed.
        force: grades everybody anew.
        further: files that decide scores, too, besides those in the folder (hidden checks, a live catalogue).
        code_digest: see `autograder.intake.choose`.

    Raises:
        InputError: the results cannot be written, or `to` holds a run of something else.
    """
    checks_file = folder / f"test_{intake.topic}.py"
    if not checks_file.is_file():
        raise InputError(f"{folder} has no checks: {checks_file.name} is missing.")
    results = ResultsFolder(to)
    wanted = RunRecord(
        folder.name,
        intake.topic,
        _digests(folder, intake.topic, further),
        kit_version(),
        {"python": platform.python_version(), **{name: metadata.version(name) for name in ("torch", "numpy")}},
        protection,
        secrets.randbits(48) if seed is None else seed,
    )
    with results.locked():
        run = results.resume(wanted, force=force, any_seed=seed is None)
        loop = _Loop(folder, checks_file, intake, load, results, run, code_digest, pages, progress)
        with collected_checks(folder) as grader:
            return loop.grade_all(grader)


def kit_version() -> str:
    """The version of gradlings with a digest of its code: between releases the number alone says little."""
    root = Path(autograder.__file__).parent
    code = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        if path.parent.name != "rendering":
            code.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return f"{autograder.__version__}+{code.hexdigest()[:12]}"


def _digests(folder: Path, topic: str, further: Iterable[Path]) -> dict[str, str]:
    inside = [
        path
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix not in _NOT_CHECKS and path.name[0] != "." and path.name != f"{topic}.py"
    ]
    found = {path.name: _sha256(path) for path in inside}
    return found | {f"{path.parent.name}/{path.name} (hidden)": _sha256(path) for path in further}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass
class _Loop:
    """One run over the class, with the checks collected once."""

    folder: Path
    checks_file: Path
    intake: Intake
    load: Loader
    results: ResultsFolder
    run: RunRecord
    code_digest: Callable[[bytes, str], str] | None
    pages: Pages
    progress: Callable[[Done], None]

    def grade_all(self, grader: Grader) -> ClassResults:
        exercises = read_exercises(self.checks_file)
        points = sum(exercise.points for exercise in exercises)
        records = self.results.records(self.run)
        fresh, changed = [], []
        for number, handed in enumerate(self.intake.students, 1):
            known = records.get(handed.student)
            record = self._record(grader, handed, known, points)
            if record is not known:
                records[handed.student] = record
                self.results.keep(record, self.pages(record.result))
                fresh.append(handed.student)
                if known is not None and known.digest != record.digest:
                    changed.append(handed.student)
            self.progress(Done(handed.student, number, len(self.intake.students), record is not known))
        present = {handed.student for handed in self.intake.students}
        return ClassResults(
            self.run,
            exercises,
            tuple(records[student].result for student in sorted(records)),
            tuple(fresh),
            tuple(changed),
            tuple(sorted(records.keys() - present)),
        )

    def _record(self, grader: Grader, handed: Handed, known: Record | None, points: int) -> Record:
        """The record of a student: the known one where that still holds."""
        try:
            chosen = choose(self.intake, handed, self.folder, self.code_digest)
        except Refused as refused:
            result = self._not_gradable(handed, points, str(refused))
            if known is not None and known.digest == "" and known.result == result:
                return known
            return Record(self.run.id, "", "", result)
        if known is not None and not needs_grading(known, chosen.digest):
            return known
        return self._graded(grader, handed, chosen, points)

    def _graded(self, grader: Grader, handed: Handed, chosen: Chosen, points: int) -> Record:
        try:
            loaded = self.load(chosen.data, chosen.filename)
            if loaded.submission.problem:
                result = self._not_gradable(handed, points, loaded.submission.problem)
                return Record(self.run.id, chosen.filename, chosen.digest, result)
            card = grader.grade_loaded(loaded, self.checks_file, seed=self.run.seed).scorecard
            if card.max_points != points:
                raise RuntimeError(f"only checks worth {card.max_points} of {points} points were run")
            card = replace(card, problems=tuple(loaded.problems()))
            result = graded(handed.student, card, notes=chosen.notes, protection=self.run.protection, kit=self.run.kit)
        except InputError:
            raise
        except Exception as error:  # a fault of ours in one submission must not stop the others
            reason = f"grader error: {type(error).__name__}: {error}"
            result = self._not_gradable(handed, points, reason)
            return Record(self.run.id, chosen.filename, chosen.digest, result, again=True)
        return Record(self.run.id, chosen.filename, chosen.digest, result, again=has_our_fault(result))

    def _not_gradable(self, handed: Handed, points: int, reason: str) -> StudentResult:
        return writable(
            StudentResult(
                handed.student,
                self.folder.name,
                Status.NOT_GRADABLE,
                reason,
                points,
                notes=handed.notes,
                protection=self.run.protection,
                kit=self.run.kit,
            )
        )
