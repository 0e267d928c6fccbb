"""`gradlings verify`: proves that the checks of an assignment catch what they are there to catch, and nothing else."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gradlings.authoring.build import Assignment, Topic, find_assignments
from gradlings.authoring.catalogue import CatalogueEntry
from gradlings.authoring.misconception_hints import leaks, misconceptions
from gradlings.authoring.probe_coverage import blind_spots
from gradlings.authoring.source import stub_module
from gradlings.checks.diagnosis.signatures import recorded_faults
from gradlings.checks.hidden_probes import NOTHING_HIDDEN
from gradlings.grading.parent_watch import end_with_parent
from gradlings.model.exercise import Exercise
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import ExerciseScore, Verdict
from gradlings.runners.session import Graded, Grader, collected_checks
from gradlings.submission.reader import from_source

FEWEST_MISCONCEPTIONS = 3
FEWEST_VARIANTS = 2


@dataclass
class Proof:
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
    """No breach, but worth better probes: all are of a kind that hides misconceptions."""

    @property
    def holds(self) -> bool:
        return not self.breaches


def verify(assignment: Assignment, exercise: str, seeds: int) -> Proof:
    """Proves one exercise of an assignment.

    Args:
        seeds: how many fresh seeds, besides the public one, must give the same verdicts; hidden probes come with them.
    """
    with collected_checks(assignment.folder, mode=RunMode.PROOF) as grader:
        return _Run(assignment, exercise, grader, seeds).proof()


class _Run:
    """One exercise being verified."""

    def __init__(self, assignment: Assignment, exercise: str, grader: Grader, seeds: int) -> None:
        self._assignment, self._id, self._grader = assignment, exercise, grader
        self._seeds = range(1, seeds + 1)
        self._hidden = assignment.hidden()
        self._topic: Topic = next(t for t in assignment.topics if any(e.id == exercise for e in t.exercises))
        self._proof = Proof(next(e for e in self._topic.exercises if e.id == exercise))

    def proof(self) -> Proof:
        if self._topic.source.has_solutions:
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
        return self._proof

    def _grade(self, text: str, seed: int) -> tuple[ExerciseScore, Graded]:
        submission, checks_file = from_source(text, self._topic.source.path), self._topic.checks_file
        # As it comes at home: diagnosed, on public probes alone; and when a class is graded: at a secret seed.
        hidden, mode = (self._hidden, RunMode.PROOF) if seed else (NOTHING_HIDDEN, RunMode.GRADING)
        with recorded_faults() as faults:
            runner = self._grader.run_cells(submission, checks_file)
            graded = self._grader.check(runner, checks_file, seed=seed, only=(self._id,), hidden=hidden, mode=mode)
        for fault in faults:
            if fault not in self._proof.breaches:
                self._breach(fault)
        (score,) = graded.scorecard.exercises
        return score, graded

    def _breach(self, sentence: str) -> None:
        self._proof.breaches.append(sentence)

    def _stub(self) -> None:
        score, _ = self._grade(stub_module(self._topic.source, self._topic.exercises), 0)
        self._proof.stub_points = score.points
        if score.points or score.attempted:
            self._breach(f"the stub gets {score.points} points")

    def _solution(self) -> None:
        for seed in (0, *self._seeds):
            score, graded = self._grade(self._topic.source.text, seed)
            if not score.solved:
                self._breach(f"seed {seed}: the solution fails: {_first_failure(score)}")
            if seed == 0:
                self._proof.solution_points = score.points
                self._proof.warnings.extend(_blind_spots(score, graded))
                for note in {note for check in score.checks for note in check.notes}:
                    self._breach(f"the solution draws a note: {note}")

    def _misconception(self, entry: CatalogueEntry) -> None:
        self._proof.misconceptions += 1
        text = entry.submission(self._topic.source.text)
        score, _ = self._grade(text, 0)
        self._proof.caught += not score.solved
        self._proof.named += score.misconceptions == (entry.sentence,)
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
        self._proof.variants += 1
        text = entry.submission(self._topic.source.text)
        scores = [(seed, self._grade(text, seed)[0]) for seed in (0, *self._seeds)]
        failing = [(seed, score) for seed, score in scores if not score.solved]
        self._proof.passed += not failing
        for seed, score in failing:
            self._breach(f"seed {seed}: variant {entry.name!r} fails: {_first_failure(score)}")

    def _hints(self) -> None:
        """No step of the ladder and no hint for a misconception shows a line of the solution."""
        source = self._topic.source
        solution = source.solution_of(self._id)
        named = misconceptions(self._assignment.catalogue("misconceptions"))
        hints = [(f"the hint of misconception {m.name!r}", m.hint) for m in named if m.exercise == self._id]
        steps = [(f"hint {level}", step) for level, step in enumerate(source.hints[self._id], 1)]
        for what, text in (*steps, *hints):
            if leaked := leaks(text, solution):
                self._breach(f"{what} shows a line of the solution: {leaked}")
            if not text:
                self._breach(f"{what} is missing")

    def _counts(self) -> None:
        proof = self._proof
        if proof.misconceptions < FEWEST_MISCONCEPTIONS:
            self._breach(f"only {proof.misconceptions} misconceptions; at least {FEWEST_MISCONCEPTIONS}")
        if proof.variants < FEWEST_VARIANTS:
            self._breach(f"only {proof.variants} variants; at least {FEWEST_VARIANTS}")


def _blind_spots(score: ExerciseScore, graded: Graded) -> list[str]:
    """What no probe of any check of the exercise would show."""
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


def verified_with_progress(root: Path, ids: Sequence[str], seeds: int) -> list[Proof]:
    """Verifies assignments, an exercise at a time on every core; the bar is on standard error, only on a terminal."""
    tasks = [
        (root, assignment.id, exercise.id, seeds)
        for assignment in find_assignments(root, tuple(ids))
        for topic in assignment.topics
        for exercise in topic.exercises
    ]
    tasks.sort(key=lambda task: [int(part) for part in task[2].split(".")])
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    context = multiprocessing.get_context("spawn")  # a fork of a process that used torch can hang
    with (
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
        ProcessPoolExecutor(
            min(os.cpu_count() or 1, len(tasks)), mp_context=context, initializer=end_with_parent
        ) as pool,
    ):
        bar = progress.add_task("exercises verified", total=len(tasks))
        futures = [pool.submit(_verify, *task) for task in tasks]
        for future in as_completed(futures):
            progress.advance(bar)
            if future.exception() is not None:
                pool.shutdown(cancel_futures=True)
        return [future.result() for future in futures]


def _verify(root: Path, assignment: str, exercise: str, seeds: int) -> Proof:
    """One task of the pool: reads the assignment anew in the process that verifies it."""
    return verify(find_assignments(root, (assignment,))[0], exercise, seeds)
