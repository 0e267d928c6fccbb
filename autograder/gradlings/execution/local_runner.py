"""Run a submission in this process: its cells once, then its functions on the arguments of a check.

This is the self-check on a student's own machine: fast, and a debugger can step into it. It is no protection against
code that wants a better score.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from gradlings.execution.drivers import Drivers
from gradlings.execution.kept_settings import NO_SIDE_EFFECTS, SideEffects, kept_settings, taken_names
from gradlings.execution.python_state import ensure_recursion_limit
from gradlings.execution.runner_protocol import NOT_RUN, Target, loading_problems
from gradlings.execution.time_limit import TimeUp, time_limit
from gradlings.forbidden.static_check import breaches_in_cells
from gradlings.model.exercise import Exercise
from gradlings.model.observation import CallResult, Raised
from gradlings.model.rules import Breach
from gradlings.model.scorecard import Verdict
from gradlings.submission.cell_runner import fresh_namespace, remember_lines, run_code
from gradlings.submission.cells import compiled
from gradlings.submission.reader import Submission, shown

if TYPE_CHECKING:
    from gradlings.execution.float64_steps import Float64Steps
    from gradlings.execution.stand_in_names import StandInNames
    from gradlings.forbidden.runtime_recorder import CallRecorder

    Recorder = CallRecorder | Float64Steps

_OWN_FILES = (__file__,)
_MAX_STOPPED_CELLS = 10


class LocalRunner:
    """A submission whose cells defined a namespace in this process, which may be a notebook's kernel.

    `drivers` loads the drivers of its assignment, when one is first needed.
    """

    def __init__(
        self,
        submission: Submission,
        namespace: dict[str, Any],
        drivers: Callable[[], Drivers] = dict,
        cell_errors: Sequence[tuple[int, Raised]] = (),
        *,
        side_effects: SideEffects = NO_SIDE_EFFECTS,
        in_notebook: bool = False,
        steps: Float64Steps | None = None,
        stand_ins: StandInNames | None = None,
    ) -> None:
        self.submission = submission
        self.namespace = namespace
        self.cell_errors = list(cell_errors)
        self.side_effects = side_effects
        self._drivers = drivers
        self.in_notebook = in_notebook
        self.tried_on_virtual_gpu = stand_ins is None and steps is None
        self._steps, self._stand_ins = steps, stand_ins
        self._with_stand_ins: dict[tuple[str, ...], LocalRunner] = {}

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

    @contextlib.contextmanager
    def in_float64(self) -> Iterator[LocalRunner]:
        """Run the cells once more, with their float32 steps in float64; see `SubmissionRunner.in_float64`.

        In a notebook's kernel the names stay as they are, since running its cells again is up to the student.
        """
        from gradlings.execution.float64_steps import Float64Steps

        steps = Float64Steps(self.submission.files)
        if self.in_notebook:
            yield LocalRunner(
                self.submission, self.namespace, self._drivers, in_notebook=True, steps=steps, stand_ins=self._stand_ins
            )
        else:
            yield run_cells(self.submission, self._drivers, steps=steps, stand_ins=self._stand_ins)

    def with_stand_ins(self, sources: Mapping[str, str]) -> LocalRunner:
        """Run the cells once more with right functions in place of some; see `SubmissionRunner.with_stand_ins`.

        In a notebook's kernel the right functions are in its namespace while calls run.
        """
        known = tuple(sorted(sources))
        if known not in self._with_stand_ins:
            from gradlings.execution.stand_in_names import StandInNames
            from gradlings.submission.stand_ins import without_definitions

            right, submission = StandInNames(sources), without_definitions(self.submission, sources)
            self._with_stand_ins[known] = (
                LocalRunner(submission, self.namespace, self._drivers, in_notebook=True, stand_ins=right)
                if self.in_notebook
                else run_cells(submission, self._drivers, stand_ins=right)
            )
        return self._with_stand_ins[known]

    @contextlib.contextmanager
    def _names_of_the_kernel(self) -> Iterator[None]:
        """Have the kernel's names stand for right functions in the body, where that is asked for."""
        if not self.in_notebook or self._stand_ins is None:
            yield
            return
        own = {name: self.namespace[name] for name in self._stand_ins.functions if name in self.namespace}
        self._stand_ins.bind(self.namespace)
        try:
            yield
        finally:
            for name in self._stand_ins.functions:
                del self.namespace[name]
            self.namespace.update(own)

    def _recorder(self, exercise: Exercise) -> Recorder | None:
        if self._steps is not None:
            return self._steps
        if not exercise.forbids:
            return None
        from gradlings.forbidden.runtime_recorder import CallRecorder

        return CallRecorder(exercise.forbids, self.submission.files)

    def _run(
        self, target: Target, calls: Iterable[tuple[Any, ...]], exercise: Exercise, recorder: Recorder | None
    ) -> list[CallResult]:
        results: list[CallResult] = []
        try:
            with self._names_of_the_kernel(), kept_settings(), time_limit(exercise.seconds, runner_files=_OWN_FILES):
                function = self.bound(target)
                for args in calls:
                    results.append(self._call(function, args, recorder))
                    if results[-1].verdict is Verdict.MEMORY:
                        break
        except TimeUp as error:
            raised = _raised(error, self.submission.files)
            called = self._stand_ins.take_called() if self._stand_ins else ()
            results.append(CallResult(Verdict.TIMEOUT, None, raised, (), recorder.take() if recorder else (), called))
        return results

    def _call(self, function: Callable[..., Any], args: tuple[Any, ...], recorder: Recorder | None) -> CallResult:
        try:
            with recorder or contextlib.nullcontext():
                value, raised, verdict = function(*args), None, Verdict.PASS
        except (KeyboardInterrupt, TimeUp):
            raise
        except BaseException as error:  # SystemExit and pytest's own outcomes, too
            value, raised = None, _raised(error, self.submission.files)
            verdict = Verdict.MEMORY if isinstance(error, MemoryError) else Verdict.ERROR
        ensure_recursion_limit()
        called = self._stand_ins.take_called() if self._stand_ins else ()
        return CallResult(verdict, value, raised, args, recorder.take() if recorder else (), called)


def run_cells(
    submission: Submission,
    drivers: Callable[[], Drivers] = dict,
    seconds: float = 5.0,
    steps: Float64Steps | None = None,
    stand_ins: StandInNames | None = None,
) -> LocalRunner:
    """Run a submission's cells one by one in a new namespace. A cell that fails does not stop the others.

    `seconds` is a time limit; the cells after one that was stopped get as much again, up to `_MAX_STOPPED_CELLS` times.
    With `steps`, the cells run in its context, and so do later calls. `stand_ins` are bound before the first cell and
    again after each.
    """
    namespace = fresh_namespace(submission.path)
    if stand_ins is not None:
        stand_ins.bind(namespace)
    cell_errors: list[tuple[int, Raised]] = []
    settings = set[str]()
    following = stopped = 0
    while following < len(submission.cells):
        try:
            with kept_settings() as changed, time_limit(seconds, runner_files=_OWN_FILES):
                for index in range(following, len(submission.cells)):
                    following = index + 1
                    with steps or contextlib.nullcontext():
                        error = _run_cell(submission, index, namespace)
                    if stand_ins is not None:
                        stand_ins.bind(namespace)
                    if error is not None:
                        cell_errors.append((index, error))
        except TimeUp as error:
            cell_errors.append((following - 1, _raised(error, submission.files)))
            stopped += 1
        settings.update(changed)
        if stopped == _MAX_STOPPED_CELLS:  # nobody waits for a thousand endless loops
            cell_errors += _not_run(submission, following)
            break
    if stand_ins is not None:
        stand_ins.take_called()
    return LocalRunner(
        submission,
        namespace,
        drivers,
        cell_errors,
        side_effects=SideEffects(tuple(sorted(settings)), taken_names(namespace, submission)),
        steps=steps,
        stand_ins=stand_ins,
    )


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
    finally:
        ensure_recursion_limit()
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
