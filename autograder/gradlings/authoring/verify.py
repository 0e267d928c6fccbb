"""Prove that the checks of an exercise catch what they are there to catch, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gradlings.authoring.assignment import Assignment
from gradlings.authoring.catalogue import CatalogueEntry, merge_misconceptions
from gradlings.authoring.guards import is_edge, unguarded
from gradlings.authoring.open_checks import checks_of
from gradlings.authoring.probe_coverage import blind_spots
from gradlings.authoring.proofs.calls import functions_in_reach
from gradlings.authoring.proofs.siblings import SIBLINGS, unlike_at_home
from gradlings.authoring.proofs.unfinished import unfinished
from gradlings.authoring.proofs.whole_files import Proof, first_failure
from gradlings.authoring.source import stub_module
from gradlings.checks.diagnosis.signatures import recorded_faults
from gradlings.checks.hidden_probes import FILE as HIDDEN
from gradlings.checks.hidden_probes import NOTHING_HIDDEN
from gradlings.model.exercise import Exercise
from gradlings.model.observation import Examination
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import ExerciseScore, Verdict
from gradlings.runners.session import Graded, Grader
from gradlings.submission.reader import from_source

MIN_MISCONCEPTIONS = 3
MIN_VARIANTS = 2
_SOLUTION = "the solution"
_MIN_REVEALING_CHARS = 10
"""A shorter line of code, white space not counted, gives nothing away."""


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
    """No breach, but a reason for better probes, or for another entry."""
    proofs: list[Proof] = field(default_factory=list)
    """What was proven of it and its neighbors."""

    @property
    def all_breaches(self) -> list[str]:
        """Every breach, those of the proofs, too."""
        return [*self.breaches, *(breach for proof in self.proofs for breach in proof.breaches)]


def verify(assignment: Assignment, exercise: str, seeds: int) -> VerifyResult:
    """Verify the exercise of an assignment with this id.

    The verdicts must be the same for the public seed and for this number of fresh seeds; hidden probes come with those.
    """
    with checks_of(assignment) as grader:
        return _Verifier(assignment, exercise, grader, seeds).result()


def wrong_total(assignment: Assignment) -> str:
    """Return a sentence if the points of the exercises are not the assignment's total; "" if they are."""
    points = sum(exercise.points for exercise in assignment.exercises)
    total = assignment.main.total_points
    return f"the exercises have {points} points together, and the assignment has {total}" if points != total else ""


def leaked_line(text: str, solution: str) -> str:
    """Return the first line of a solution that a hint contains, ignoring white space; "" if there is none.

    Short lines and lines without any computation (`else:`, `return loss`) give nothing away.
    """
    squeezed = "".join(text.split())
    for line in solution.splitlines():
        code = "".join(line.split())
        if len(code) >= _MIN_REVEALING_CHARS and any(operator in code for operator in "=([*/+-@") and code in squeezed:
            return line.strip()
    return ""


@dataclass(frozen=True)
class _Tried:
    """A submission whose verdicts must be the same with each fresh seed, and how it fared at home."""

    what: str
    text: str
    right: bool
    home: ExerciseScore


class _Verifier:
    """Verifies one exercise with checks that are collected."""

    def __init__(self, assignment: Assignment, exercise: str, grader: Grader, seeds: int) -> None:
        self._assignment, self._id, self._grader = assignment, exercise, grader
        self._seeds = range(1, seeds + 1)
        self._hidden = assignment.hidden()
        self._right_code = ""
        self._source, declared = next(
            (source, each) for source in assignment.sources for each in source.exercises if each.id == exercise
        )
        self._siblings = Proof(SIBLINGS, f"solutions/{assignment.id}/{HIDDEN}")
        self._result = VerifyResult(declared, proofs=[self._siblings])
        if not functions_in_reach(assignment).get(exercise):
            grader.follow_with({}, None)  # no function of another exercise can be to blame
        self._breach = self._result.breaches.append

    def result(self) -> VerifyResult:
        tried: list[_Tried] = []
        if self._source.has_solutions:
            self._stub()
            misconceptions, variants = self._entries("misconceptions"), self._entries("variants")
            self._right_code = "\n".join([self._source.solution_of(self._id), *(variant.code for variant in variants)])
            tried = [*map(self._misconception, misconceptions), *map(self._variant, variants)]
            self._counts()
            self._hints(misconceptions)
            self._result.breaches += unfinished(self._assignment, self._id)
        self._with_fresh_seeds([*tried, self._solution()])
        return self._result

    def _entries(self, catalogue: str) -> list[CatalogueEntry]:
        return [entry for entry in self._assignment.catalogue(catalogue) if entry.exercise == self._id]

    def _grade(self, text: str, seed: int, *, on_virtual_gpu: bool = False) -> tuple[ExerciseScore, Graded]:
        submission, checks_file = from_source(text, self._source.path), self._source.checks_file
        # As it comes at home: diagnosed, on public probes alone; and when a class is graded: at a secret seed.
        hidden, mode = (self._hidden, RunMode.PROOF) if seed else (NOTHING_HIDDEN, RunMode.GRADING)
        with recorded_faults() as faults:
            runner = self._grader.run_cells(submission, checks_file)
            runner.tried_on_virtual_gpu = on_virtual_gpu
            graded = self._grader.check(runner, checks_file, seed=seed, only=(self._id,), hidden=hidden, mode=mode)
        self._result.breaches += [fault for fault in dict.fromkeys(faults) if fault not in self._result.breaches]
        (score,) = graded.scorecard.exercises
        return score, graded

    def _stub(self) -> None:
        score, _ = self._grade(stub_module(self._source), 0)
        self._result.stub_points = score.points
        if score.points or score.attempted:
            self._breach(f"the stub gets {score.points} points")

    def _with_fresh_seeds(self, submissions: Sequence[_Tried]) -> None:
        """Check that all have the same verdicts with each seed. Probes and oracles of a seed are made once for all."""
        failed = {each.what for each in submissions if each.right and not each.home.solved}
        for seed in self._seeds:
            for each in submissions:
                marks = self._grade(each.text, seed)[0]
                if each.what != _SOLUTION:
                    self._siblings.add(unlike_at_home(each.what, each.home, marks, seed))
                if each.right and not marks.solved:
                    self._breach(f"seed {seed}: {each.what} fails: {first_failure(marks)}")
                    failed.add(each.what)
                elif marks.solved and not each.right:
                    self._breach(f"seed {seed}: {each.what} gets full marks")
        self._result.passed = self._result.variants - len(failed - {_SOLUTION})

    def _solution(self) -> _Tried:
        score, graded = self._grade(self._source.text, 0, on_virtual_gpu=True)
        if not score.solved:
            self._breach(f"seed 0: the solution fails: {first_failure(score)}")
        self._result.solution_points = score.points
        self._result.warnings.extend(_blind_spots(score, graded))
        for note in {note for check in score.checks for note in check.notes}:
            self._breach(f"the solution draws a note: {note}")
        return _Tried(_SOLUTION, self._source.text, right=True, home=score)

    def _misconception(self, entry: CatalogueEntry) -> _Tried:
        self._result.misconceptions += 1
        text = entry.submission(self._source.text)
        score, graded = self._grade(text, 0)
        self._result.caught += not score.solved
        self._result.named += score.misconceptions == (entry.id,)
        if score.solved:
            self._breach(f"misconception {entry.name!r} gets full marks")
        elif score.misconceptions != (entry.id,):
            said = ", ".join(score.misconceptions) or "none"
            self._breach(
                f"misconception {entry.name!r} is not named (what is said: {said}). "
                f"If checks or catalogue changed: gradlings build {self._assignment.id}"
            )
        if any(check.verdict is Verdict.GRADER_ERROR for check in score.checks):
            self._breach(f"misconception {entry.name!r} breaks a check: {first_failure(score)}")
        self._guards(entry, graded)
        return _Tried(f"misconception {entry.name!r}", text, right=False, home=score)

    def _guards(self, entry: CatalogueEntry, graded: Graded) -> None:
        """Check that an entry is named without what guards it at the edge, which is how people write it."""
        for each in unguarded(entry, self._right_code):
            score, without = self._grade(each.entry.submission(self._source.text), 0)
            silent = not score.solved and not score.misconceptions
            if silent and is_edge(self._examinations(graded), self._examinations(without)):
                self._result.warnings.append(
                    f"misconception {entry.name!r} is not named without its guard `{each.guard}`, "
                    "which few people write. Add an entry without it"
                )

    def _examinations(self, graded: Graded) -> list[Examination]:
        checks = [check for check in graded.examinations if check.startswith(f"{self._id}::")]
        return [examination for check in checks for examination in graded.examinations[check]]

    def _variant(self, entry: CatalogueEntry) -> _Tried:
        self._result.variants += 1
        text = entry.submission(self._source.text)
        score, _ = self._grade(text, 0)
        if not score.solved:
            self._breach(f"seed 0: variant {entry.name!r} fails: {first_failure(score)}")
        return _Tried(f"variant {entry.name!r}", text, right=True, home=score)

    def _hints(self, misconceptions: list[CatalogueEntry]) -> None:
        """Check that no hint, and nothing that is told once it is solved, shows a line of the solution."""
        solution = self._source.solution_of(self._id)
        named = merge_misconceptions(misconceptions)
        hints = {f"hint {level}": step for level, step in enumerate(self._source.hints[self._id], 1)}
        hints |= {f"the hint of misconception {each.id}": each.hint for each in named}
        hints |= {f"the text once {id} is solved": text for id, text in self._source.solved.items() if id == self._id}
        for what, text in hints.items():
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
