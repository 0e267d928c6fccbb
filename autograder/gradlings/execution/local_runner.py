"""Runs a submission in this process: its cells once, then its functions on the arguments of a check.

This is the self-check on a student's own machine: fast, and a debugger can step into it. It is no protection against
code that wants a better score.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from gradlings.execution.time_limit import TimeUp, time_limit
from gradlings.execution.torch_state import kept_settings
from gradlings.forbidden.static_check import breaches_in_cells
from gradlings.model.exercise import Exercise
from gradlings.model.observation import CallResult, Raised
from gradlings.model.rules import Breach
from gradlings.model.scorecard import Verdict
from gradlings.submission.cell_runner import fresh_namespace, remember_lines, run_code
from gradlings.submission.cells import compiled
from gradlings.submission.reader import Submission, shown

if TYPE_CHECKING:
    from gradlings.forbidden.runtime_recorder import CallRecorder

Drivers = dict[str, Callable[..., Any]]


@dataclass(frozen=True)
class Target:
    """What a check wants called: a function of the submission, or a driver over all of them."""

    name: str
    driver: bool = False


class LoadedSubmission:
    """A submission executed cell by cell in a namespace of its own. A cell that fails does not stop the others."""

    tried_on_virtual_gpu = True
    """Whether a right function is run once more on the virtual GPU; what that finds costs no points."""

    def __init__(self, submission: Submission, drivers: Callable[[], Drivers] = dict, seconds: float = 5.0) -> None:
        self.submission = submission
        self.namespace = fresh_namespace(submission.path)
        self.cell_errors: list[tuple[int, Raised]] = []
        self._drivers = drivers
        following = 0
        while following < len(submission.cells):
            try:
                with kept_settings(), time_limit(seconds):
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
        if not cell.on_disk:
            remember_lines(cell.file, cell.source)
        try:
            run_code(code, self.namespace)
        except (KeyboardInterrupt, TimeUp):
            raise
        except BaseException as error:  # sys.exit and pytest's own outcomes at module level are errors, too
            self.cell_errors.append((index, _raised(error, self.submission.files)))

    def problems(self) -> list[str]:
        """One sentence for each cell that cannot be read or that failed."""
        if self.submission.problem:
            return [self.submission.problem]
        found = [problem.sentence for problem in self.submission.syntax_problems]
        return found + [loading_sentence(raised) for _, raised in self.cell_errors]

    def missing_sentence(self, name: str) -> str:
        return f"There is no function called {name} in {shown(self.submission.path)}. Was it renamed or deleted?"

    def type_of(self, name: str) -> str:
        """ "" if the submission binds no such name, "function" if it can be called, else its type's name."""
        if name not in self.namespace:
            return ""
        value = self.namespace[name]
        return "function" if callable(value) else type(value).__name__

    def needed_by(self, target: Target, functions: tuple[str, ...]) -> tuple[str, ...]:
        """Which of an exercise's functions a target calls."""
        if not target.driver:
            return (target.name,)
        used = self._drivers()[target.name].__code__.co_names
        return tuple(name for name in functions if name in used) or functions

    def outcomes(
        self, target: Target, calls: Sequence[tuple[Any, ...]], exercise: Exercise
    ) -> tuple[list[CallResult], tuple[Breach, ...]]:
        """Calls the target on fresh copies of each argument tuple, within the exercise's time limit.

        The list ends early at a call that ran out of time or memory. Also returns what the exercise forbids and the
        code uses.
        """
        from gradlings.execution.tensor_tree import (
            fresh,  # deferred, as all that needs torch: the warm-up does without it
        )

        function = self.bound(target)
        results: list[CallResult] = []
        recorder = self._recorder(exercise)
        try:
            with kept_settings(), time_limit(exercise.seconds):
                for call in calls:
                    results.append(self._call(function, fresh(call), recorder))
                    if results[-1].verdict is Verdict.MEMORY:
                        break
        except TimeUp as error:
            results.append(self._time_up(error, calls[len(results)]))
        return results, self._breaches(exercise, recorder.breaches) if recorder else ()

    def outcome(self, target: Target, args: tuple[Any, ...], exercise: Exercise) -> CallResult:
        """One call on the arguments as they are, without torch."""
        try:
            with kept_settings(), time_limit(exercise.seconds):
                return self._call(self.bound(target), args, self._recorder(exercise))
        except TimeUp as error:
            return self._time_up(error, args)

    def bound(self, target: Target) -> Callable[..., Any]:
        """The bare function: no limit, and exceptions come through."""
        if not target.driver:
            return self.namespace[target.name]
        driver, names = self._drivers()[target.name], SimpleNamespace(**self.namespace)
        return lambda *args: driver(names, *args)

    def _recorder(self, exercise: Exercise) -> CallRecorder | None:
        if not exercise.forbids:
            return None
        from gradlings.forbidden.runtime_recorder import CallRecorder

        return CallRecorder(exercise.forbids, self.submission.files)

    def _call(self, function: Callable[..., Any], args: tuple[Any, ...], recorder: CallRecorder | None) -> CallResult:
        try:
            with recorder or contextlib.nullcontext():
                return CallResult(Verdict.PASS, function(*args), None, args)
        except (KeyboardInterrupt, TimeUp):
            raise
        except MemoryError as error:
            return CallResult(Verdict.MEMORY, None, _raised(error, self.submission.files), args)
        except BaseException as error:  # SystemExit and pytest's own outcomes, too
            return CallResult(Verdict.ERROR, None, _raised(error, self.submission.files), args)

    def _time_up(self, error: TimeUp, args: tuple[Any, ...]) -> CallResult:
        return CallResult(Verdict.TIMEOUT, None, _raised(error, self.submission.files), args)

    def _breaches(self, exercise: Exercise, recorded: Sequence[Breach]) -> tuple[Breach, ...]:
        """What the exercise forbids: seen in the source, and recorded while the function ran."""
        from gradlings.forbidden.runtime_recorder import merged

        in_source = breaches_in_cells(self.submission.cells, exercise.functions, exercise.forbids)
        return merged(in_source, recorded)


def loading_sentence(raised: Raised) -> str:
    if raised.kind == "TimeUp":
        return f"{raised.place}: this cell was still running after its time limit. An endless loop?"
    return f"{raised.place}: {raised.kind} while this cell was run: {raised.message}"


def _raised(error: BaseException, files: frozenset[str]) -> Raised:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
    place = f"{shown(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    trace = tuple(f"{shown(f.filename)}:{f.lineno} in {f.name}: {f.line}" for f in frames[-4:])
    try:
        message = str(error)
    except Exception:  # a hostile or broken __str__
        message = ""
    return Raised(type(error).__name__, message, place, trace, error)


def load_drivers(folder: Path) -> Drivers:
    """The functions of `drivers.py` beside the checks; empty where there is none."""
    path = folder / "drivers.py"
    if not path.is_file():
        return {}
    namespace: dict[str, Any] = {"__name__": f"drivers_{folder.name}", "__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)
    return namespace
