"""What a check receives as `student`: `student.sigmoid` is the student's function, `student.through("x")` a driver.

Checks never call student code themselves. They hand over argument tuples and get back a `CallResult` for each,
so that the same checks can be served by another process.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gradlings.execution.error_hints import error_sentence, time_sentence
from gradlings.execution.local_runner import LoadedSubmission, Target, loading_sentence
from gradlings.model.exercise import Exercise
from gradlings.model.observation import CallResult, Examination, Raised
from gradlings.model.rules import Breach
from gradlings.model.scorecard import Verdict
from gradlings.submission.reader import shown


class Unavailable(Exception):
    """The function cannot be called at all; carries the verdict and the sentence for the student."""

    def __init__(self, verdict: Verdict, message: str, place: str = "", raised: Raised | None = None) -> None:
        super().__init__(message)
        self.verdict, self.message, self.place, self.raised = verdict, message, place, raised


class Student:
    """The submission, for one check of one exercise."""

    def __init__(
        self,
        loaded: LoadedSubmission,
        exercise: Exercise,
        devices: tuple[str, ...] = (),
        folder: Path | None = None,
        for_students: bool = True,
    ) -> None:
        self.loaded = loaded
        self.exercise = exercise
        self.devices = devices
        """Devices besides the CPU on which the probes are run, too."""
        self.examinations: list[Examination] = []
        """What gradlings.checks.assertions observed, in order."""
        self.subjects: set[str] = set()
        """The functions of the submission that the check asked for."""
        self.notes: list[str] = []
        """Sentences that cost no points."""
        self.folder = folder
        """Where a check may leave something to look at (a picture); None where nothing may be written."""
        self.for_students = for_students
        """Whether students read what the check says: then it diagnoses mistakes and shows no hidden probe."""

    def __getattr__(self, name: str) -> StudentFunction:
        return StudentFunction(self, Target(name))

    def through(self, driver: str) -> StudentFunction:
        """A driver of the assignment (a function in `drivers.py`), bound to the submission's functions."""
        return StudentFunction(self, Target(driver, driver=True))


class StudentFunction:
    """One function of the submission (or a driver over it) that can be called on a list of arguments."""

    def __init__(self, student: Student, target: Target) -> None:
        self.student = student
        self.name = target.name
        self.exercise = student.exercise
        self.needed = student.loaded.needed_by(target, student.exercise.functions)
        """The functions of the submission that are called: itself, or those a driver uses."""
        self._loaded = student.loaded
        self._target = target
        student.subjects.update(self.needed)

    @property
    def files(self) -> frozenset[str]:
        return self._loaded.submission.files

    @property
    def tried_on_virtual_gpu(self) -> bool:
        return self._loaded.tried_on_virtual_gpu

    @property
    def place(self) -> str:
        """`file:line` of the student's definition."""
        known = self._loaded.submission.functions.get(self.needed[0])
        return f"{shown(known.file)}:{known.line}" if known else shown(self._loaded.submission.path)

    def outcomes(self, calls: Sequence[tuple[Any, ...]]) -> tuple[list[CallResult], tuple[Breach, ...]]:
        """Calls the function on fresh copies of each argument tuple, within the exercise's time limit.

        The list ends early at a call that ran out of time or memory. Also returns what the exercise forbids and the
        code uses.

        Raises:
            Unavailable: it cannot be called.
        """
        self.check_available()
        return self._loaded.outcomes(self._target, calls, self.exercise)

    def __call__(self, *args: Any) -> Any:
        """Calls the function once on the arguments as they are and returns its value.

        Raises:
            Unavailable: it cannot be called, or it raised; carries what the student is told.
        """
        self.check_available()
        outcome = self._loaded.outcome(self._target, args, self.exercise)
        raised = outcome.raised
        if raised is None:
            return outcome.value
        if outcome.verdict is Verdict.TIMEOUT:
            message = raised.message or time_sentence(self.exercise.seconds)
        elif outcome.verdict is Verdict.CRASH:
            message = raised.message
        else:
            message = error_sentence(raised.kind, raised.message, self.name, self.needed, bool(raised.place), "...")
        raise Unavailable(outcome.verdict, message, raised.place or self.place, raised)

    def unguarded(self, *args: Any) -> Any:
        """The bare function, for the virtual GPU: no limit, and exceptions come through."""
        return self._loaded.bound(self._target)(*args)

    def check_available(self) -> None:
        """Raises `Unavailable` if the function is a stub, missing, spoiled by a syntax error, or no function."""
        submission = self._loaded.submission
        if submission.problem:
            raise Unavailable(Verdict.ERROR, submission.problem)
        for name in self.needed:
            known = submission.functions.get(name)
            if known and not known.attempted:
                raise Unavailable(Verdict.NOT_ATTEMPTED, f"{name} is not attempted yet", self.place)
            what = self._loaded.type_of(name)
            if not what:
                raise self._why_missing(name)
            if what != "function":
                article = "an" if what[0].lower() in "aeiou" else "a"
                message = f"{name} is {article} {what} in your file, not a function."
                raise Unavailable(Verdict.ERROR, message, self.place)

    def _why_missing(self, name: str) -> Unavailable:
        submission = self._loaded.submission
        for problem in submission.syntax_problems:
            if any(cell.holds(problem.file, problem.line) and cell.defines(name) for cell in submission.cells):
                return Unavailable(Verdict.ERROR, problem.sentence, f"{shown(problem.file)}:{problem.line}")
        for index, raised in self._loaded.cell_errors:
            if submission.cells[index].defines(name):
                return Unavailable(Verdict.ERROR, loading_sentence(raised), raised.place, raised)
        return Unavailable(Verdict.MISSING, self._loaded.missing_sentence(name), shown(submission.path))
