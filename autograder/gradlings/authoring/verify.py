"""`gradlings verify`: prove that the checks of an assignment catch what they are there to catch, and nothing else."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.authoring.catalogue import CatalogueEntry
from gradlings.authoring.misconception_hints import leaked_line, misconceptions
from gradlings.authoring.probe_coverage import blind_spots
from gradlings.authoring.source import stub_module
from gradlings.checks.diagnosis.signatures import recorded_faults
from gradlings.checks.hidden_probes import NOTHING_HIDDEN
from gradlings.grading.parent_watch import end_with_parent
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import ExerciseScore, Verdict
from gradlings.runners.session import Graded, Grader, collected_checks
from gradlings.submission.reader import from_source

MIN_MISCONCEPTIONS = 3
MIN_VARIANTS = 2


@dataclass
class VerifyResult:
    """What was proven of one exercise, and every breach found."""

    exercise: Exercise
    stub_points: int = 0
    solution_points: int = 0
    misconceptions: int = 0
    caught: int = 0
    named: int = 0
    variants: int = 0
    passed: int = 0
    breaches: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    """No breach, but a reason for better probes: all are of a kind that hides misconceptions."""

    @property
    def holds(self) -> bool:
        """Whether no breach was found."""
        return not self.breaches


@dataclass(frozen=True)
class Verification:
    """What was proven in one run of `gradlings verify`."""

    results: tuple[VerifyResult, ...]
    """One for each exercise, in the order of their ids."""
    wrong_totals: tuple[str, ...]
    """A sentence for each assignment whose points do not add up; none where only single exercises were verified."""

    @property
    def breaches(self) -> int:
        """How many breaches were found."""
        return sum(len(result.breaches) for result in self.results) + len(self.wrong_totals)


def verify(assignment: Assignment, exercise: str, seeds: int) -> VerifyResult:
    """Verify one exercise of an assignment.

    Args:
        assignment: the assignment that the exercise belongs to.
        exercise: its id.
        seeds: how many fresh seeds, besides the public one, must give the same verdicts; hidden probes come with them.
    """
    with collected_checks(assignment.folder, mode=RunMode.PROOF) as grader:
        return _Verifier(assignment, exercise, grader, seeds).result()


def wrong_total(assignment: Assignment) -> str:
    """Return a sentence if the points of the exercises are not the assignment's total; "" if they are."""
    points = sum(exercise.points for exercise in assignment.exercises)
    if points == assignment.total_points:
        return ""
    return f"the exercises have {points} points together, and the assignment has {assignment.total_points}"


class _Verifier:
    """Verifies one exercise with checks that are collected."""

    def __init__(self, assignment: Assignment, exercise: str, grader: Grader, seeds: int) -> None:
        self._assignment, self._id, self._grader = assignment, exercise, grader
        self._seeds = range(1, seeds + 1)
        self._hidden = assignment.hidden()
        self._file, declared = next(
            (file, declared) for file in assignment.files for declared in file.exercises if declared.id == exercise
        )
        self._result = VerifyResult(declared)

    def result(self) -> VerifyResult:
        if self._file.source.has_solutions:
            self._stub()
            for entry in self._assignment.catalogue("misconceptions"):
                if entry.exercise == self._id:
                    self._misconception(entry)
            for entry in self._assignment.catalogue("variants"):
                if entry.exercise == self._id:
                    self._variant(entry)
            self._counts()
            self._hints()
        self._solution()
        return self._result

    def _grade(self, text: str, seed: int) -> tuple[ExerciseScore, Graded]:
        submission, checks_file = from_source(text, self._file.source.path), self._file.checks_file
        # As it comes at home: diagnosed, on public probes alone; and when a class is graded: at a secret seed.
        hidden, mode = (self._hidden, RunMode.PROOF) if seed else (NOTHING_HIDDEN, RunMode.GRADING)
        with recorded_faults() as faults:
            runner = self._grader.run_cells(submission, checks_file)
            graded = self._grader.check(runner, checks_file, seed=seed, only=(self._id,), hidden=hidden, mode=mode)
        for fault in faults:
            if fault not in self._result.breaches:
                self._breach(fault)
        (score,) = graded.scorecard.exercises
        return score, graded

    def _breach(self, sentence: str) -> None:
        self._result.breaches.append(sentence)

    def _stub(self) -> None:
        score, _ = self._grade(stub_module(self._file.source, self._file.exercises), 0)
        self._result.stub_points = score.points
        if score.points or score.attempted:
            self._breach(f"the stub gets {score.points} points")

    def _solution(self) -> None:
        for seed in (0, *self._seeds):
            score, graded = self._grade(self._file.source.text, seed)
            if not score.solved:
                self._breach(f"seed {seed}: the solution fails: {_first_failure(score)}")
            if seed == 0:
                self._result.solution_points = score.points
                self._result.warnings.extend(_blind_spots(score, graded))
                for note in {note for check in score.checks for note in check.notes}:
                    self._breach(f"the solution draws a note: {note}")

    def _misconception(self, entry: CatalogueEntry) -> None:
        self._result.misconceptions += 1
        text = entry.submission(self._file.source.text)
        score, _ = self._grade(text, 0)
        self._result.caught += not score.solved
        self._result.named += score.misconceptions == (entry.sentence,)
        if score.solved:
            self._breach(f"misconception {entry.name!r} gets full marks")
        elif score.misconceptions != (entry.sentence,):
            said = "; ".join(score.misconceptions) or "none"
            self._breach(
                f"misconception {entry.name!r} is not named (what is said: {said}). "
                f"If checks or catalogue changed: gradlings build {self._assignment.id}"
            )
        if any(check.verdict is Verdict.GRADER_ERROR for check in score.checks):
            self._breach(f"misconception {entry.name!r} breaks a check: {_first_failure(score)}")
        for seed in self._seeds:
            if self._grade(text, seed)[0].solved:
                self._breach(f"seed {seed}: misconception {entry.name!r} gets full marks")

    def _variant(self, entry: CatalogueEntry) -> None:
        self._result.variants += 1
        text = entry.submission(self._file.source.text)
        scores = [(seed, self._grade(text, seed)[0]) for seed in (0, *self._seeds)]
        failing = [(seed, score) for seed, score in scores if not score.solved]
        self._result.passed += not failing
        for seed, score in failing:
            self._breach(f"seed {seed}: variant {entry.name!r} fails: {_first_failure(score)}")

    def _hints(self) -> None:
        """Check that no step of the ladder and no hint for a misconception shows a line of the solution."""
        source = self._file.source
        solution = source.solution_of(self._id)
        named = misconceptions(self._assignment.catalogue("misconceptions"))
        hints = [(f"the hint of misconception {m.name!r}", m.hint) for m in named if m.exercise == self._id]
        steps = [(f"hint {level}", step) for level, step in enumerate(source.hints[self._id], 1)]
        for what, text in (*steps, *hints):
            if leaked := leaked_line(text, solution):
                self._breach(f"{what} shows a line of the solution: {leaked}")
            if not text:
                self._breach(f"{what} is missing")

    def _counts(self) -> None:
        result = self._result
        if result.misconceptions < MIN_MISCONCEPTIONS:
            self._breach(f"only {result.misconceptions} misconceptions; at least {MIN_MISCONCEPTIONS}")
        if result.variants < MIN_VARIANTS:
            self._breach(f"only {result.variants} variants; at least {MIN_VARIANTS}")


def _blind_spots(score: ExerciseScore, graded: Graded) -> list[str]:
    """List what no probe of any check of the exercise would show."""
    spots = [
        set(blind_spots(examination.parameters, examination.calls))
        for check in score.checks
        for examination in graded.examinations[f"{score.id}::{check.check}"]
    ]
    return sorted(set.intersection(*spots)) if spots else []


def _first_failure(score: ExerciseScore) -> str:
    failing = next(check for check in score.checks if check.verdict is not Verdict.PASS)
    rows = "; ".join(f"{row.name} got {row.got} expected {row.expected}" for row in failing.rows if not row.right)
    return " | ".join(filter(None, [failing.check, failing.call, rows, failing.message, failing.place]))


def verify_all(
    root: Path, ids: Sequence[str], seeds: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> Verification:
    """Verify assignments and exercises, an exercise at a time on every core.

    Args:
        root: the folder that holds assignments/ and solutions/.
        ids: assignments ("03") and single exercises ("3.5"); everything if empty.
        seeds: how many fresh seeds, as in `verify`.
        progress: called with the number of verified exercises and of all, at the start and after each exercise.

    Raises:
        InputError: an id is unknown, or a source or its checks cannot be used.
    """
    whole, chosen = _select(root, ids)
    tasks = [(root, assignment.id, exercise, seeds) for exercise, assignment in chosen.items()]
    tasks.sort(key=lambda task: [int(part) for part in task[2].split(".")])
    context = multiprocessing.get_context("spawn")  # a fork of a process that used torch can hang
    workers = min(os.cpu_count() or 1, len(tasks))
    with ProcessPoolExecutor(workers, mp_context=context, initializer=end_with_parent) as pool:
        futures = [pool.submit(_verify, *task) for task in tasks]
        progress(0, len(tasks))
        for done, future in enumerate(as_completed(futures), 1):
            try:
                future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
            progress(done, len(tasks))
        results = tuple(future.result() for future in futures)
    totals = ((assignment.id, wrong_total(assignment)) for assignment in whole)
    return Verification(results, tuple(f"{id}: {sentence}" for id, sentence in totals if sentence))


def _select(root: Path, ids: Sequence[str]) -> tuple[list[Assignment], dict[str, Assignment]]:
    """Find the assignments that are verified as a whole, and each exercise to verify with its assignment."""
    single = [id for id in ids if "." in id]
    named = tuple(id for id in ids if "." not in id)
    whole = find_assignments(root, named) if named or not single else []
    chosen = {exercise.id: assignment for assignment in whole for exercise in assignment.exercises}
    if single:
        known = {exercise.id: assignment for assignment in find_assignments(root) for exercise in assignment.exercises}
        if unknown := [id for id in single if id not in known]:
            raise InputError(f"No exercise {', '.join(unknown)} in {root / 'solutions'}; there are {', '.join(known)}.")
        chosen |= {id: known[id] for id in single}
    return whole, chosen


def _verify(root: Path, assignment: str, exercise: str, seeds: int) -> VerifyResult:
    """Read the assignment again in the process of the pool that verifies it."""
    return verify(find_assignments(root, (assignment,))[0], exercise, seeds)
