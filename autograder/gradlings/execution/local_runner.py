"""Run a submission in this process: its cells once, then its functions on the arguments of a check.

This is the self-check on a student's own machine: fast, and a debugger can step into it. It is no protection against
code that wants a better score.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from gradlings.execution.runner_protocol import NOT_RUN, Target, loading_problems
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
_OWN_FILES = (__file__,)
_MAX_STOPPED_CELLS = 10


class LocalRunner:
    """A submission whose cells defined a namespace in this process, which may be a notebook's kernel.

    `drivers` loads the drivers of its assignment, when one is first needed.
    """

    tried_on_virtual_gpu = True

    def __init__(
        self,
        submission: Submission,
        namespace: dict[str, Any],
        drivers: Callable[[], Drivers] = dict,
        cell_errors: Sequence[tuple[int, Raised]] = (),
        *,
        in_notebook: bool = False,
    ) -> None:
        self.submission = submission
        self.namespace = namespace
        self.cell_errors = list(cell_errors)
        self._drivers = drivers
        self.in_notebook = in_notebook

    def problems(self) -> list[str]:
        """Return one sentence for each cell that cannot be read or that failed."""
        return [] if self.in_notebook else loading_problems(self.submission, self.cell_errors)

    def type_of(self, name: str) -> str:
        """Return "" if the submission binds no such name, "function" if it can be called, else its type's name."""
        if name not in self.namespace:
            return ""
        value = self.namespace[name]
        return "function" if callable(value) else type(value).__name__

    def needed_by(self, target: Target, functions: tuple[str, ...]) -> tuple[str, ...]:
        """Return which of an exercise's functions a target calls."""
        if not target.driver:
            return (target.name,)
        used = self._drivers()[target.name].__code__.co_names
        return tuple(name for name in functions if name in used) or functions

    def results(self, target: Target, calls: Sequence[tuple[Any, ...]], exercise: Exercise) -> Iterator[CallResult]:
        """Call the target on each argument tuple; see `SubmissionRunner.results`.

        All calls have ended before the first result is judged: student code and oracles share this process, and its
        settings.
        """
        from gradlings.execution.tensor_tree import fresh  # deferred, as all that needs torch: the warm-up needs none

        return iter(self._run(target, map(fresh, calls), exercise, self._recorder(exercise)))

    def kept(self, result: CallResult) -> CallResult:
        """Return the result: its value is in this process anyway."""
        return result

    def judging(self) -> contextlib.AbstractContextManager[None]:
        """Count nothing: a student's own machine is at nobody else's expense."""
        return contextlib.nullcontext()

    def forbidden_in_source(self, exercise: Exercise) -> tuple[Breach, ...]:
        """Return what the source of an exercise's functions uses though the exercise forbids it."""
        if not exercise.forbids:
            return ()
        return breaches_in_cells(self.submission.cells, exercise.functions, exercise.forbids)

    def result(self, target: Target, args: tuple[Any, ...], exercise: Exercise) -> CallResult:
        """Call the target once on the arguments as they are, without torch."""
        return self._run(target, [args], exercise, self._recorder(exercise))[0]

    def bound(self, target: Target) -> Callable[..., Any]:
        """Return the bare function: no limit, and exceptions come through."""
        if not target.driver:
            return cast(Callable[..., Any], self.namespace[target.name])
        driver, names = self._drivers()[target.name], SimpleNamespace(**self.namespace)
        return lambda *args: driver(names, *args)

    def _recorder(self, exercise: Exercise) -> CallRecorder | None:
        if not exercise.forbids:
            return None
        from gradlings.forbidden.runtime_recorder import CallRecorder

        return CallRecorder(exercise.forbids, self.submission.files)

    def _run(
        self, target: Target, calls: Iterable[tuple[Any, ...]], exercise: Exercise, recorder: CallRecorder | None
    ) -> list[CallResult]:
        function = self.bound(target)
        results: list[CallResult] = []
        try:
            with kept_settings(), time_limit(exercise.seconds, runner_files=_OWN_FILES):
                for args in calls:
                    results.append(self._call(function, args, recorder))
                    if results[-1].verdict is Verdict.MEMORY:
                        break
        except TimeUp as error:
            raised = _raised(error, self.submission.files)
            results.append(CallResult(Verdict.TIMEOUT, None, raised, (), recorder.take() if recorder else ()))
        return results

    def _call(self, function: Callable[..., Any], args: tuple[Any, ...], recorder: CallRecorder | None) -> CallResult:
        try:
            with recorder or contextlib.nullcontext():
                value, raised, verdict = function(*args), None, Verdict.PASS
        except (KeyboardInterrupt, TimeUp):
            raise
        except BaseException as error:  # SystemExit and pytest's own outcomes, too
            value, raised = None, _raised(error, self.submission.files)
            verdict = Verdict.MEMORY if isinstance(error, MemoryError) else Verdict.ERROR
        return CallResult(verdict, value, raised, args, recorder.take() if recorder else ())


def run_cells(submission: Submission, drivers: Callable[[], Drivers] = dict, seconds: float = 5.0) -> LocalRunner:
    """Run a submission's cells one by one in a new namespace. A cell that fails does not stop the others.

    `seconds` is a time limit; the cells after one that was stopped get as much again, up to `_MAX_STOPPED_CELLS` times.
    """
    namespace = fresh_namespace(submission.path)
    cell_errors: list[tuple[int, Raised]] = []
    following = stopped = 0
    while following < len(submission.cells):
        try:
            with kept_settings(), time_limit(seconds, runner_files=_OWN_FILES):
                for index in range(following, len(submission.cells)):
                    following = index + 1
                    error = _run_cell(submission, index, namespace)
                    if error is not None:
                        cell_errors.append((index, error))
        except TimeUp as error:
            cell_errors.append((following - 1, _raised(error, submission.files)))
            stopped += 1
            if stopped == _MAX_STOPPED_CELLS:  # nobody waits for a thousand endless loops
                cell_errors += _not_run(submission, following)
                break
    return LocalRunner(submission, namespace, drivers, cell_errors)


def _not_run(submission: Submission, start: int) -> Iterator[tuple[int, Raised]]:
    for index, cell in enumerate(submission.cells[start:], start):
        place = f"{shown(cell.file)}:{cell.first_line}"
        yield index, Raised(NOT_RUN, "too many cells before it were stopped", place, ())


def _run_cell(submission: Submission, index: int, namespace: dict[str, Any]) -> Raised | None:
    cell = submission.cells[index]
    try:
        code = compiled(cell).code
    except SyntaxError:
        return None  # listed in submission.syntax_problems
    if not cell.on_disk:
        remember_lines(cell.file, cell.source)
    try:
        run_code(code, namespace)
    except (KeyboardInterrupt, TimeUp):
        raise
    except BaseException as error:  # sys.exit and pytest's own outcomes at module level are errors, too
        return _raised(error, submission.files)
    return None


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
    """Run `drivers.py` beside the checks and return what it defines; empty where there is none."""
    path = folder / "drivers.py"
    if not path.is_file():
        return {}
    namespace: dict[str, Any] = {"__name__": f"drivers_{folder.name}", "__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)
    return namespace
