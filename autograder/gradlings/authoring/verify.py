"""`gradlings verify`: prove that the checks of an assignment catch what they are there to catch, and nothing else."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.authoring.catalogue import CatalogueEntry, merge_misconceptions
from gradlings.authoring.guards import is_edge, unguarded
from gradlings.authoring.probe_coverage import blind_spots
from gradlings.authoring.proofs.calls import functions_in_reach
from gradlings.authoring.proofs.prove import prove
from gradlings.authoring.proofs.siblings import SIBLINGS, unlike_at_home
from gradlings.authoring.proofs.student_path import full_marks_at_home
from gradlings.authoring.proofs.whole_files import Proof, first_failure
from gradlings.authoring.source import stub_module
from gradlings.checks.diagnosis.signatures import recorded_faults
from gradlings.checks.hidden_probes import FILE as HIDDEN
from gradlings.checks.hidden_probes import NOTHING_HIDDEN
from gradlings.grading.parent_watch import end_with_parent
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise
from gradlings.model.observation import Examination
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import ExerciseScore, Verdict
from gradlings.runners.session import Graded, Grader, collected_checks
from gradlings.submission.reader import from_source

MIN_MISCONCEPTIONS = 3
MIN_VARIANTS = 2
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
    with collected_checks(assignment.folder, mode=RunMode.PROOF) as grader:
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
        if self._source.has_solutions:
            self._stub()
            misconceptions, variants = self._entries("misconceptions"), self._entries("variants")
            self._right_code = "\n".join([self._source.solution_of(self._id), *(variant.code for variant in variants)])
            for entry in misconceptions:
                self._misconception(entry)
            for entry in variants:
                self._variant(entry)
            self._counts()
            self._hints(misconceptions)
        self._solution()
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
        for fault in faults:
            if fault not in self._result.breaches:
                self._breach(fault)
        (score,) = graded.scorecard.exercises
        return score, graded

    def _stub(self) -> None:
        score, _ = self._grade(stub_module(self._source), 0)
        self._result.stub_points = score.points
        if score.points or score.attempted:
            self._breach(f"the stub gets {score.points} points")

    def _solution(self) -> None:
        for seed in (0, *self._seeds):
            score, graded = self._grade(self._source.text, seed, on_virtual_gpu=seed == 0)
            if not score.solved:
                self._breach(f"seed {seed}: the solution fails: {first_failure(score)}")
            if seed == 0:
                self._result.solution_points = score.points
                self._result.warnings.extend(_blind_spots(score, graded))
                for note in {note for check in score.checks for note in check.notes}:
                    self._breach(f"the solution draws a note: {note}")

    def _misconception(self, entry: CatalogueEntry) -> None:
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
        for seed in self._seeds:
            marks = self._grade(text, seed)[0]
            if marks.solved:
                self._breach(f"seed {seed}: misconception {entry.name!r} gets full marks")
            self._siblings.add(unlike_at_home(f"misconception {entry.name!r}", score, marks, seed))
        self._guards(entry, graded)

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

    def _variant(self, entry: CatalogueEntry) -> None:
        self._result.variants += 1
        text = entry.submission(self._source.text)
        scores = [(seed, self._grade(text, seed)[0]) for seed in (0, *self._seeds)]
        for seed, score in scores[1:]:
            self._siblings.add(unlike_at_home(f"variant {entry.name!r}", scores[0][1], score, seed))
        failing = [(seed, score) for seed, score in scores if not score.solved]
        self._result.passed += not failing
        for seed, score in failing:
            self._breach(f"seed {seed}: variant {entry.name!r} fails: {first_failure(score)}")

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


def verify_all(root: Path, ids: Sequence[str], seeds: int) -> tuple[list[VerifyResult], list[str], list[Proof]]:
    """Verify assignments and exercises on every core; show a progress bar on a terminal.

    Args:
        root: the folder that holds assignments/ and solutions/.
        ids: assignments ("03") and single exercises ("3.5"); everything if empty.
        seeds: how many fresh seeds, as in `verify`; so many mistakes of each function are tried on slow exercises.

    Returns:
        A result for each exercise, in the order of their ids; a sentence for each assignment whose points do not add
        up; and what was proven of each assignment as a whole. The last two are empty where only exercises are named.

    Raises:
        InputError: an id is unknown, or a source or its checks cannot be used.
    """
    whole, chosen = select_exercises(root, ids)
    exercises = sorted(chosen, key=lambda id: [int(part) for part in id.split(".")])
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    context = multiprocessing.get_context("spawn")  # a fork of a process that used torch can hang
    workers = min(os.cpu_count() or 1, 2 * len(exercises))
    with bar, ProcessPoolExecutor(workers, mp_context=context, initializer=end_with_parent) as pool:
        verified: dict[str, Future[VerifyResult]] = {}
        proven: dict[str, Future[list[Proof]]] = {}
        for id in reversed(exercises):  # the last ones take longest: nobody is to wait for them alone
            proven[id] = pool.submit(prove, chosen[id], id, seeds)
            verified[id] = pool.submit(verify, chosen[id], id, seeds)
        at_home = [pool.submit(full_marks_at_home, assignment) for assignment in whole]
        jobs: list[Future[Any]] = [*verified.values(), *proven.values(), *at_home]
        try:
            for job in bar.track(as_completed(jobs), total=len(jobs), description="verifying"):
                job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    results = [verified[id].result() for id in exercises]
    for id, result in zip(exercises, results, strict=True):
        result.proofs += proven[id].result()
    totals = ((assignment.id, wrong_total(assignment)) for assignment in whole)
    sentences = [f"{id}: {sentence}" for id, sentence in totals if sentence]
    return results, sentences, [job.result() for job in at_home]


def select_exercises(root: Path, ids: Sequence[str]) -> tuple[list[Assignment], dict[str, Assignment]]:
    """Find the assignments that are verified as a whole, and each exercise to verify with its assignment.

    Raises:
        InputError: an id is unknown.
    """
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
