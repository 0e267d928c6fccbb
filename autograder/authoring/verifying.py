"""`gradlings verify`: proves that the checks of an assignment catch what they are there to catch, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from autograder.authoring.blindness import blind_spots
from autograder.authoring.building import Assignment, Topic
from autograder.authoring.catalogue import Entry
from autograder.authoring.source import stub_module
from autograder.exercise import Exercise
from autograder.running import Graded, Grader, with_checks
from autograder.scorecard import ExerciseScore, Scorecard, Verdict
from autograder.submission import from_source

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
    """Probes that are all of a kind that hides mistakes; no breach, but worth better probes."""

    @property
    def holds(self) -> bool:
        return not self.breaches


def verify(assignment: Assignment, seeds: int, advance: Callable[[int], None] = lambda done: None) -> list[Proof]:
    """Proves every exercise of an assignment.

    Args:
        seeds: how many fresh seeds, besides the public one, must give the same verdicts.
        advance: is told how many submissions have been graded, for a progress bar.
    """

    def work(grader: Grader) -> list[Proof]:
        proofs = []
        for topic in assignment.topics:
            run = _Run(assignment, topic, grader, seeds, advance)
            proofs.extend(run.proofs())
        return proofs

    return with_checks(assignment.folder, work)


def submissions_to_grade(assignment: Assignment, seeds: int) -> int:
    """How often `verify` will call `advance` in all."""
    entries = len(assignment.catalogue("misconceptions")) + len(assignment.catalogue("variants"))
    return len(assignment.topics) * (1 + 1 + seeds) + entries * (1 + seeds)


class _Run:
    """One topic being verified."""

    def __init__(
        self,
        assignment: Assignment,
        topic: Topic,
        grader: Grader,
        seeds: int,
        advance: Callable[[int], None],
    ) -> None:
        self._assignment, self._topic, self._grader = assignment, topic, grader
        self._seeds = range(1, seeds + 1)
        self._advance = advance
        self._proofs = {exercise.id: Proof(exercise) for exercise in topic.exercises}

    def proofs(self) -> list[Proof]:
        source = self._topic.source
        if source.has_solutions:
            self._stub()
        self._solution()
        if source.has_solutions:
            for entry in self._assignment.catalogue("misconceptions"):
                self._misconception(entry)
            for entry in self._assignment.catalogue("variants"):
                self._variant(entry)
            self._counts()
        return list(self._proofs.values())

    def _grade(self, text: str, seed: int, only: tuple[str, ...] = ()) -> Graded:
        path: Path = self._topic.source.path
        graded = self._grader.grade(from_source(text, path), self._topic.checks_file, seed=seed, only=only)
        self._advance(1)
        return graded

    def _stub(self) -> None:
        text = stub_module(self._topic.source, self._topic.exercises)
        for score in self._grade(text, 0).scorecard.exercises:
            proof = self._proofs[score.id]
            proof.stub_points = score.points
            if score.points or score.attempted:
                proof.breaches.append(f"the stub gets {score.points} points")

    def _solution(self) -> None:
        for seed in (0, *self._seeds):
            graded = self._grade(self._topic.source.text, seed)
            for score in graded.scorecard.exercises:
                proof = self._proofs[score.id]
                if seed == 0:
                    proof.warnings.extend(_blind_spots(score, graded))
                if seed == 0:
                    proof.solution_points = score.points
                if not score.solved:
                    proof.breaches.append(f"seed {seed}: the solution fails: {_first_failure(score)}")
                for note in {note for check in score.checks for note in check.notes}:
                    if seed == 0:
                        proof.breaches.append(f"the solution draws a note: {note}")

    def _misconception(self, entry: Entry) -> None:
        proof = self._proofs[entry.exercise]
        proof.misconceptions += 1
        text = entry.submission(self._topic.source.text)
        score = _only(self._grade(text, 0, (entry.exercise,)).scorecard)
        if score.solved:
            proof.breaches.append(f"misconception {entry.name!r} gets full marks")
        else:
            proof.caught += 1
        if any(check.verdict is Verdict.GRADER_ERROR for check in score.checks):
            proof.breaches.append(f"misconception {entry.name!r} breaks a check: {_first_failure(score)}")
        if score.misconception == entry.sentence:
            proof.named += 1
        elif not score.solved:
            said = sorted(set.intersection(*(set(check.misconceptions) for check in score.checks)))
            proof.breaches.append(f"misconception {entry.name!r} is not named; candidates: {said or 'none'}")
        for seed in self._seeds:
            if _only(self._grade(text, seed, (entry.exercise,)).scorecard).solved:
                proof.breaches.append(f"seed {seed}: misconception {entry.name!r} gets full marks")

    def _variant(self, entry: Entry) -> None:
        proof = self._proofs[entry.exercise]
        proof.variants += 1
        text = entry.submission(self._topic.source.text)
        failures = []
        for seed in (0, *self._seeds):
            score = _only(self._grade(text, seed, (entry.exercise,)).scorecard)
            if not score.solved:
                failures.append(f"seed {seed}: variant {entry.name!r} fails: {_first_failure(score)}")
        proof.passed += not failures
        proof.breaches.extend(failures)

    def _counts(self) -> None:
        for proof in self._proofs.values():
            if proof.misconceptions < FEWEST_MISCONCEPTIONS:
                proof.breaches.append(f"only {proof.misconceptions} misconceptions; at least {FEWEST_MISCONCEPTIONS}")
            if proof.variants < FEWEST_VARIANTS:
                proof.breaches.append(f"only {proof.variants} variants; at least {FEWEST_VARIANTS}")


def _only(card: Scorecard) -> ExerciseScore:
    (score,) = card.exercises
    return score


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
