"""What a check receives as `student`: `student.sigmoid` is the student's function, `student.through("x")` a driver.

Checks never call student code themselves. They pass argument tuples and get back a `CallResult` for each, so that
the code may run in another process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gradlings.execution.error_hints import error_sentence, time_sentence
from gradlings.execution.runner_protocol import SubmissionRunner, Target, loading_sentence
from gradlings.model.exercise import Exercise
from gradlings.model.observation import CallResult, Examination, Raised
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import Verdict
from gradlings.submission.reader import shown


class Unavailable(Exception):
    """The function cannot be called at all; carries the verdict and the sentence for the student."""

    def __init__(self, verdict: Verdict, message: str, place: str = "", raised: Raised | None = None) -> None:
        super().__init__(message)
        self.verdict, self.message, self.place, self.raised = verdict, message, place, raised


class Student:
    """The submission, for one check of one exercise; the probes are also run on `devices` besides the CPU.

    A check may leave something to look at (a picture) in `folder`; it is None where nothing may be written.
    """

    def __init__(
        self,
        runner: SubmissionRunner,
        exercise: Exercise,
        devices: tuple[str, ...] = (),
        folder: Path | None = None,
        mode: RunMode = RunMode.SELF_CHECK,
    ) -> None:
        self.runner = runner
        self.exercise = exercise
        self.devices = devices
        self.folder = folder
        self.mode = mode
        self.examinations: list[Examination] = []
        """What gradlings.checks.assertions observed, in order."""
        self.subjects: set[str] = set()
        """The functions of the submission that the check asked for."""
        self.notes: list[str] = []
        """Sentences that cost no points."""
        self.failing: Any = None
        """The call that is not right, a `checks.failure.WrongCall`: in a self-check, where a check failed by one."""

    def __getattr__(self, name: str) -> StudentFunction:
        return StudentFunction(self, Target(name))

    def through(self, driver: str) -> StudentFunction:
        """Return a driver of the assignment (a function in `drivers.py`), bound to the submission's functions."""
        return StudentFunction(self, Target(driver, driver=True))


class StudentFunction:
    """One function of the submission (or a driver over it) that can be called on a list of arguments."""

    def __init__(self, student: Student, target: Target) -> None:
        self.student = student
        self.name = target.name
        self.driver = target.driver
        self.exercise = student.exercise
        self.needed = student.runner.needed_by(target, student.exercise.functions)
        """The functions of the submission that are called: itself, or those a driver uses."""
        self._runner = student.runner
        self._target = target
        student.subjects.update(self.needed)

    @property
    def place(self) -> str:
        """`file:line` of the student's definition."""
        return self._runner.submission.place_of(self.needed[0])

    def results(self, calls: Sequence[tuple[Any, ...]]) -> Iterator[CallResult]:
        """Call the function on fresh copies of each argument tuple; see `SubmissionRunner.results`.

        Raises:
            Unavailable: it cannot be called.
        """
        self.check_available()
        return self._runner.results(self._target, calls, self.exercise)

    def results_in_float64(self, calls: Sequence[tuple[Any, ...]]) -> list[CallResult]:
        """Call the function again with its float32 steps in float64; see `SubmissionRunner.in_float64`."""
        with self._runner.in_float64() as runner:
            return list(runner.results(self._target, calls, self.exercise)) if runner.type_of(self.needed[0]) else []

    def __call__(self, *args: Any) -> Any:
        """Call the function once on the arguments as they are and return its value.

        Raises:
            Unavailable: it cannot be called, or it raised; carries what the student reads.
        """
        self.check_available()
        result = self._runner.result(self._target, args, self.exercise)
        raised = result.raised
        if raised is None:
            return result.value
        message = self.sentence_for(result.verdict, raised, "...")
        raise Unavailable(result.verdict, message, raised.place or self.place, raised)

    def sentence_for(self, verdict: Verdict, raised: Raised, parameters: str) -> str:
        """Return what to say of a call that raised, ran out of time or crashed."""
        if raised.kind == "OverBudget":
            return raised.message
        if verdict is Verdict.TIMEOUT:
            return raised.message or time_sentence(self.exercise.seconds)
        if verdict is Verdict.CRASH:
            return raised.message
        line = raised.trace[-1] if raised.trace else ""
        return error_sentence(raised.kind, raised.message, self.name, self.needed, line, parameters)

    def unguarded(self, *args: Any) -> Any:
        """Call the bare function, for the virtual GPU: no limit, and exceptions come through."""
        return self._runner.bound(self._target)(*args)

    def check_available(self) -> None:
        """Check that the function can be called.

        Raises:
            Unavailable: it is a stub, missing, in a cell that Python cannot read, or no function.
        """
        submission = self._runner.submission
        if submission.problem:
            raise Unavailable(Verdict.ERROR, submission.problem)
        for name in self.needed:
            known = submission.functions.get(name)
            if known and not known.attempted:
                raise Unavailable(Verdict.NOT_ATTEMPTED, f"{name} is not attempted yet", self.place)
            what = self._runner.type_of(name)
            if not what:
                raise self._why_missing(name)
            if what != "function":
                article = "an" if what[0].lower() in "aeiou" else "a"
                message = f"{name} is {article} {what} in your file, not a function."
                raise Unavailable(Verdict.ERROR, message, self.place)
            if name in self._runner.rebound:
                self._note_rebound(name, self._runner.rebound[name])

    def _note_rebound(self, name: str, kind: str) -> None:
        article = "an" if kind[:1].lower() in "aeiou" else "a"
        note = f"{name} is {article} {kind} in the end; what counts is the function that it was before."
        if note not in self.student.notes:
            self.student.notes.append(note)

    def _why_missing(self, name: str) -> Unavailable:
        submission = self._runner.submission
        for problem in submission.syntax_problems:
            if any(cell.holds(problem.file, problem.line) and cell.defines(name) for cell in submission.cells):
                return Unavailable(Verdict.ERROR, problem.sentence, f"{shown(problem.file)}:{problem.line}")
        for index, raised in self._runner.cell_errors:
            if submission.cells[index].defines(name):
                return Unavailable(Verdict.ERROR, loading_sentence(raised), raised.place, raised)
        where = shown(submission.path)
        place, ask = ("this notebook now", "Was its cell run? ") if self._runner.in_notebook else (where, "")
        message = f"There is no function called {name} in {place}. {ask}Was it renamed or deleted?"
        return Unavailable(Verdict.MISSING, message, where)
