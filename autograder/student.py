"""The submission as checks see it: `student.sigmoid` is the student's function, run in this process.

Checks never call student code themselves. They hand over a list of argument tuples and get back an `Outcome` for
each: a plain record of what was observed, so that the same checks can be served by another process.
"""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from autograder.advice import error_sentence, time_sentence
from autograder.cells import compiled
from autograder.exercise import Exercise
from autograder.forbidden import Breach
from autograder.forbidden_source import breaches_in_sources
from autograder.scorecard import Verdict
from autograder.submission import Submission, shown
from autograder.time_limit import TimeUp, time_limit


@dataclass(frozen=True)
class Raised:
    """An exception that student code let out."""

    kind: str
    message: str
    place: str
    """`file:line` of the innermost line of the submission, or "" if there is none."""
    trace: tuple[str, ...]
    """The submission's own lines on the way, outermost first."""
    exception: BaseException


@dataclass(frozen=True)
class Outcome:
    """What one call gave: a value or an exception, and the arguments as they are afterwards."""

    verdict: Verdict = Verdict.PASS
    """PASS here means: it returned. Otherwise ERROR, TIMEOUT or MEMORY."""
    value: Any = None
    raised: Raised | None = None
    args_after: tuple[Any, ...] = ()


class Unavailable(Exception):
    """The function cannot be called at all; carries the verdict and the sentence for the student."""

    def __init__(self, verdict: Verdict, message: str, place: str = "", raised: Raised | None = None) -> None:
        super().__init__(message)
        self.verdict, self.message, self.place, self.raised = verdict, message, place, raised


class LoadedSubmission:
    """A submission executed cell by cell in a namespace of its own. A cell that fails does not stop the others."""

    def __init__(self, submission: Submission, seconds: float = 5.0) -> None:
        self.submission = submission
        self.namespace: dict[str, Any] = {"__name__": submission.path.stem, "__file__": str(submission.path)}
        self.cell_errors: list[tuple[int, Raised]] = []
        following = 0
        while following < len(submission.cells):
            try:
                with time_limit(seconds):
                    for index in range(following, len(submission.cells)):
                        following = index + 1
                        self._run_cell(index)
            except TimeUp as error:
                self.cell_errors.append((following - 1, _raised(error, submission.files)))

    def _run_cell(self, index: int) -> None:
        cell = self.submission.cells[index]
        try:
            code = compiled(cell).code
        except SyntaxError:
            return  # listed in submission.syntax_problems
        if " cell " in cell.file:
            lines = [line + "\n" for line in cell.source.split("\n")]
            linecache.cache[cell.file] = (len(cell.source), None, lines, cell.file)
        try:
            exec(code, self.namespace)
        except (KeyboardInterrupt, TimeUp):
            raise
        except BaseException as error:  # sys.exit and pytest's own outcomes at module level are errors, too
            self.cell_errors.append((index, _raised(error, self.submission.files)))

    def source_breaches(self, exercise: Exercise) -> tuple[Breach, ...]:
        """What the exercise forbids and the source of its functions can reach."""
        return _source_breaches(self.submission.sources(), exercise.functions, exercise.forbids)

    def problems(self) -> list[str]:
        """One sentence for each cell that cannot be read or that failed."""
        if self.submission.problem:
            return [self.submission.problem]
        found = [problem.sentence for problem in self.submission.syntax_problems]
        return found + [_loading_sentence(raised) for _, raised in self.cell_errors]


def _loading_sentence(raised: Raised) -> str:
    if raised.kind == "TimeUp":
        return f"{raised.place}: this cell was still running after its time limit. An endless loop?"
    return f"{raised.place}: {raised.kind} while this cell was run: {raised.message}"


class Student:
    """What a check receives as `student`, for one check of one exercise."""

    def __init__(
        self,
        loaded: LoadedSubmission,
        exercise: Exercise,
        drivers: Callable[[], dict[str, Any]],
        devices: tuple[str, ...] = (),
        folder: Path | None = None,
        diagnoses: bool = True,
    ) -> None:
        self.loaded = loaded
        self.exercise = exercise
        self.devices = devices
        """Devices besides the CPU on which the probes are run, too."""
        self.examinations: list[Any] = []
        """What autograder.checking observed, in order."""
        self.subjects: set[str] = set()
        """The functions of the submission that the check asked for."""
        self.notes: list[str] = []
        """Sentences that cost no points."""
        self.folder = folder
        """Where a check may leave something to look at (a picture); None where nothing may be written."""
        self.diagnoses = diagnoses
        """Whether the general signatures are asked about wrong values."""
        self._drivers = drivers

    def __getattr__(self, name: str) -> StudentFunction:
        return StudentFunction(self, name, self.loaded.namespace.get(name), (name,))

    def through(self, driver: str) -> StudentFunction:
        """A driver of the assignment (a function in `drivers.py`), bound to the submission's functions."""
        function = self._drivers()[driver]
        names = SimpleNamespace(**self.loaded.namespace)
        needed = tuple(name for name in self.exercise.functions if name in function.__code__.co_names)
        return StudentFunction(self, driver, lambda *args: function(names, *args), needed or self.exercise.functions)


class StudentFunction:
    """One function of the submission (or a driver over it) that can be called on a list of arguments."""

    def __init__(self, student: Student, name: str, function: Any, needed: tuple[str, ...]) -> None:
        self.student = student
        self.name = name
        self.exercise = student.exercise
        self._loaded = student.loaded
        self._function = function
        self._needed = needed
        student.subjects.update(needed)

    @property
    def files(self) -> frozenset[str]:
        return self._loaded.submission.files

    @property
    def needed(self) -> tuple[str, ...]:
        """The functions of the submission that are called: itself, or those a driver uses."""
        return self._needed

    @property
    def place(self) -> str:
        """`file:line` of the student's definition."""
        known = self._loaded.submission.functions.get(self._needed[0])
        return f"{shown(known.file)}:{known.line}" if known else shown(self._loaded.submission.path)

    def check_available(self) -> None:
        """Raises `Unavailable` if the function is a stub, missing, spoiled by a syntax error, or no function."""
        submission = self._loaded.submission
        if submission.problem:
            raise Unavailable(Verdict.ERROR, submission.problem)
        for name in self._needed:
            known = submission.functions.get(name)
            if known and not known.attempted:
                raise Unavailable(Verdict.NOT_ATTEMPTED, f"{name} is not attempted yet", self.place)
            if name not in self._loaded.namespace:
                raise self._why_missing(name)
            if not callable(self._loaded.namespace[name]):
                what = type(self._loaded.namespace[name]).__name__
                article = "an" if what[0].lower() in "aeiou" else "a"
                message = f"{name} is {article} {what} in your file, not a function."
                raise Unavailable(Verdict.ERROR, message, self.place)

    def _why_missing(self, name: str) -> Unavailable:
        submission = self._loaded.submission
        for problem in submission.syntax_problems:
            if any(
                cell.holds(problem.file, problem.line) and f"def {name}" in cell.source for cell in submission.cells
            ):
                return Unavailable(Verdict.ERROR, problem.sentence, f"{shown(problem.file)}:{problem.line}")
        for index, raised in self._loaded.cell_errors:
            if f"def {name}" in submission.cells[index].source:
                return Unavailable(Verdict.ERROR, _loading_sentence(raised), raised.place, raised)
        message = f"There is no function called {name} in {shown(submission.path)}. Was it renamed or deleted?"
        if submission.syntax_problems:
            message = submission.syntax_problems[0].sentence
        return Unavailable(Verdict.MISSING, message, shown(submission.path))

    def _breaches(self, recorded: Sequence[Breach]) -> tuple[Breach, ...]:
        """What the exercise forbids: seen in the source, and recorded while the function ran."""
        from autograder.forbidden_calls import merged

        return merged(self._loaded.source_breaches(self.exercise), recorded)

    def outcomes(self, calls: Sequence[tuple[Any, ...]]) -> tuple[list[Outcome], tuple[Breach, ...]]:
        """Calls the function on fresh copies of each argument tuple, within the exercise's time limit.

        The list ends early at a call that ran out of time or memory.
        """
        from autograder.probes import fresh  # deferred, as all that needs torch: the warm-up does without it

        self.check_available()
        results: list[Outcome] = []
        recorded: list[Breach] = []
        try:
            with time_limit(self.exercise.seconds):
                for call in calls:
                    results.append(self._call(fresh(call), recorded))
                    if results[-1].verdict is Verdict.MEMORY:
                        break
        except TimeUp as error:
            results.append(Outcome(Verdict.TIMEOUT, None, _raised(error, self.files), calls[len(results)]))
        return results, self._breaches(recorded) if self.exercise.forbids else ()

    def __call__(self, *args: Any) -> Any:
        """Calls the function once on the arguments as they are and returns its value.

        Raises:
            Unavailable: it cannot be called, or it raised; carries what the student is told.
        """
        self.check_available()
        try:
            with time_limit(self.exercise.seconds):
                outcome = self._call(args, [])
        except TimeUp as error:
            raised = _raised(error, self.files)
            message = time_sentence(self.exercise.seconds)
            raise Unavailable(Verdict.TIMEOUT, message, raised.place or self.place, raised) from None
        if outcome.raised is None:
            return outcome.value
        raised = outcome.raised
        message = error_sentence(raised.kind, raised.message, self.name, self._needed, bool(raised.place), "...")
        raise Unavailable(outcome.verdict, message, raised.place or self.place, raised)

    def unguarded(self, *args: Any) -> Any:
        """The bare function, for the virtual GPU: no limit, and exceptions come through."""
        return self._function(*args)

    def _call(self, args: tuple[Any, ...], recorded: list[Breach]) -> Outcome:
        try:
            value = self._watched(args, recorded) if self.exercise.forbids else self._function(*args)
            return Outcome(Verdict.PASS, value, None, args)
        except (KeyboardInterrupt, TimeUp):
            raise
        except MemoryError as error:
            return Outcome(Verdict.MEMORY, None, _raised(error, self.files), args)
        except BaseException as error:  # SystemExit and pytest's own outcomes, too
            return Outcome(Verdict.ERROR, None, _raised(error, self.files), args)

    def _watched(self, args: tuple[Any, ...], recorded: list[Breach]) -> Any:
        from autograder.forbidden_calls import CallRecorder

        recorder = CallRecorder(self.exercise.forbids, self.files)
        try:
            with recorder:
                return self._function(*args)
        finally:
            recorded.extend(recorder.breaches)


@lru_cache(maxsize=64)
def _source_breaches(
    sources: tuple[tuple[str, str], ...], functions: tuple[str, ...], rules: tuple[str, ...]
) -> tuple[Breach, ...]:
    """Reading a source takes longer than running a check: once for all checks and seeds."""
    return breaches_in_sources(sources, functions, rules)


def _raised(error: BaseException, files: frozenset[str]) -> Raised:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
    place = f"{shown(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    trace = tuple(f"{shown(f.filename)}:{f.lineno} in {f.name}: {f.line}" for f in frames[-4:])
    try:
        message = str(error)
    except Exception:  # a hostile or broken __str__
        message = ""
    return Raised(type(error).__name__, message, place, trace, error)


def load_drivers(folder: Path) -> dict[str, Any]:
    """The functions of `drivers.py` beside the checks; empty where there is none."""
    path = folder / "drivers.py"
    if not path.is_file():
        return {}
    namespace: dict[str, Any] = {"__name__": f"drivers_{folder.name}", "__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)
    return namespace
