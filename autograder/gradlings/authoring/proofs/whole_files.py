"""Grade whole files of an assignment as a student's self-check does, for the proofs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from gradlings.authoring.assignment import Assignment
from gradlings.authoring.catalogue import CatalogueEntry
from gradlings.authoring.proofs.calls import exercises_in_reach, functions_in_reach
from gradlings.model.exercise import Exercise
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import ExerciseScore, Verdict
from gradlings.runners.session import Graded, Grader
from gradlings.submission.reader import from_source
from gradlings.submission.reference_functions import cut


@dataclass
class Proof:
    """What one proof found for one exercise."""

    claim: str
    """What holds, for a line that begins with a count: "variants × later exercises: full marks"."""
    file: str = ""
    """Where an author mends a breach."""
    held: int = 0
    breaches: list[str] = field(default_factory=list)

    def add(self, breach: str) -> None:
        """Count one case: it holds if there is no breach to tell of."""
        if breach:
            self.breaches.append(f"{self.file}: {breach}" if self.file else breach)
        else:
            self.held += 1


class FileGrader:
    """The checks of an assignment, collected, with what the proofs ask of it."""

    def __init__(self, assignment: Assignment, grader: Grader) -> None:
        self._grader = grader
        self.mistakes, self.variants = assignment.catalogue("misconceptions"), assignment.catalogue("variants")
        self.source = assignment.main
        self.folder = f"solutions/{assignment.id}"
        self.exercises = {exercise.id: exercise for exercise in self.source.exercises}
        self.owners = {name: exercise for exercise in self.source.exercises for name in exercise.functions}
        self.reach, self.later = functions_in_reach(assignment), exercises_in_reach(assignment)
        self.right = cut(self.source.text, list(self.owners))

    def before(self, exercise: Exercise) -> dict[str, str]:
        """Return the right functions of all exercises before one, as stand-ins."""
        order = list(self.exercises)
        earlier = set(order[: order.index(exercise.id)])
        return {name: text for name, text in self.right.items() if self.owners[name].id in earlier}

    def graded(self, text: str, exercises: Collection[str], *, follow: bool = False) -> Graded:
        """Grade a file on the public probes of some exercises, with follow-through or without."""
        return self._graded(text, exercises, {}, follow=follow)

    def scores(self, text: str, exercises: Collection[str], *, follow: bool = False) -> dict[str, ExerciseScore]:
        """Grade as `graded` does, and return the scores by exercise."""
        return {score.id: score for score in self.graded(text, exercises, follow=follow).scorecard.exercises}

    def with_stand_ins(self, text: str, exercise: Exercise) -> tuple[ExerciseScore, set[str]]:
        """Grade an exercise with right functions in place of all earlier ones, and return which of these it called."""
        graded = self._graded(text, (exercise.id,), self.before(exercise), follow=False)
        results = (r for found in graded.examinations.values() for each in found for r in each.results)
        return graded.scorecard.exercises[0], {name for result in results for name in result.called}

    def _graded(self, text: str, only: Collection[str], stand_ins: dict[str, str], *, follow: bool) -> Graded:
        checks_file = self.source.checks_file
        self._grader.follow_with(self.right, 1.0 if follow else None)
        runner = self._grader.run_cells(from_source(text, self.source.path), checks_file)
        runner.tried_on_virtual_gpu = False
        if stand_ins:
            runner = runner.with_stand_ins(stand_ins)
        return self._grader.check(runner, checks_file, seed=0, only=only, mode=RunMode.GRADING)


def of_exercise(entries: Iterable[CatalogueEntry], exercise: Exercise) -> list[CatalogueEntry]:
    """Return the entries of a catalogue that belong to an exercise."""
    return [entry for entry in entries if entry.exercise == exercise.id]


def is_slow(exercise: Exercise) -> bool:
    """Return whether the checks of an exercise need more time than usual, so that a proof asks less of them."""
    return exercise.seconds > Exercise.seconds


def first_failure(score: ExerciseScore) -> str:
    """Return what the first check said that did not pass, in one line."""
    failing = next((check for check in score.checks if check.verdict is not Verdict.PASS), None)
    if failing is None:
        return ""
    rows = "; ".join(f"{row.name} got {row.got} expected {row.expected}" for row in failing.rows if not row.right)
    return " | ".join(filter(None, [failing.check, failing.call, rows, failing.message, failing.place]))
