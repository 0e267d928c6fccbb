"""Run a submission in this process: its cells once, then its functions on the arguments of a check.

This is the self-check on a student's own machine: fast, and a debugger can step into it. It is no protection against
code that wants a better score.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from gradlings.execution.drivers import Drivers
from gradlings.execution.kept_settings import NO_SIDE_EFFECTS, SideEffects, kept_settings, taken_names
from gradlings.execution.python_state import ensure_recursion_limit
from gradlings.execution.runner_protocol import NOTHING_REBOUND, Target, loading_problems, not_run, raised_in
from gradlings.execution.time_limit import TimeUp, time_limit
from gradlings.forbidden.static_check import breaches_in_cells
from gradlings.model.exercise import Exercise
from gradlings.model.given import NOTHING_GIVEN
from gradlings.model.observation import CallResult, Raised
from gradlings.model.rules import Breach
from gradlings.model.scorecard import Verdict
from gradlings.submission.cell_runner import LastFunctions, bound_in, fresh_namespace, remember_lines, run_code
from gradlings.submission.cells import compiled
from gradlings.submission.helpers.imports import HelperImports
from gradlings.submission.reader import Submission

if TYPE_CHECKING:
    from gradlings.execution.float64_steps import Float64Steps
    from gradlings.execution.stand_in_names import StandInNames
    from gradlings.forbidden.runtime_recorder import CallRecorder

    Recorder = CallRecorder | Float64Steps

_OWN_FILES = (__file__,)
_MAX_STOPPED_CELLS = 10


class LocalRunner:
    """A submission whose cells defined a namespace in this process, which may be a notebook's kernel.

    `drivers` loads the drivers of its assignment, when one is first needed; `functions` are those of its exercises. In
    a kernel, `last_functions` are bound while calls run: their names stand for something else there (`rebound`).
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
        functions: Collection[str] = (),
        rebound: Mapping[str, str] = NOTHING_REBOUND,
        last_functions: Mapping[str, Any] = NOTHING_REBOUND,
        imports: HelperImports | None = None,
    ) -> None:
        self.submission = submission
        self.namespace = namespace
        self.cell_errors = list(cell_errors)
        self.side_effects = side_effects
        self._drivers = drivers
        self.in_notebook = in_notebook
        self.tried_on_virtual_gpu = steps is None and not (stand_ins and stand_ins.replaces_own)
        self._steps, self._stand_ins = steps, stand_ins
        self._functions = functions
        self.rebound, self._last_functions = rebound, last_functions
        self._importing = imports.active if imports else contextlib.nullcontext  # a kernel has its own
        self._with_stand_ins: dict[tuple[str, ...], LocalRunner] = {}

    def problems(self) -> list[str]:
        """Return one sentence for each cell that cannot be read or that failed."""
        return [] if self.in_notebook else loading_problems(self.submission, self.cell_errors)

    def type_of(self, name: str) -> str:
        """Return "" if the submission binds no such name, "function" if it can be called, else its type's name."""
        if name not in self.namespace:
            return ""
        value = self._last_functions.get(name, self.namespace[name])
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
        return breaches_in_cells(self.submission.cells, exercise.functions, exercise.forbids, self.submission.helpers)

    def result(self, target: Target, args: tuple[Any, ...], exercise: Exercise) -> CallResult:
        """Call the target once on the arguments as they are, without torch."""
        return self._run(target, [args], exercise, self._recorder(exercise))[0]

    def bound(self, target: Target) -> Callable[..., Any]:
        """Return the bare function: no limit, and exceptions come through."""

        def bare(*args: Any) -> Any:
            with self._importing(), self._names_of_the_kernel():
                return self._function(target)(*args)

        return bare

    def _function(self, target: Target) -> Callable[..., Any]:
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

        yield self._again(self.submission, self._stand_ins, Float64Steps(self.submission.files))

    def with_stand_ins(self, sources: Mapping[str, str]) -> LocalRunner:
        """Run the cells once more with right functions in place of some; see `SubmissionRunner.with_stand_ins`.

        In a notebook's kernel the right functions are in its namespace while calls run.
        """
        known = tuple(sorted(sources))
        if known not in self._with_stand_ins:
            from gradlings.execution.stand_in_names import in_place

            given = self._stand_ins.given if self._stand_ins else NOTHING_GIVEN
            self._with_stand_ins[known] = self._again(*in_place(self.submission, sources, given), None)
        return self._with_stand_ins[known]

    def _again(self, submission: Submission, stand_ins: StandInNames | None, steps: Float64Steps | None) -> LocalRunner:
        if not self.in_notebook:
            return run_cells(submission, self._drivers, steps=steps, stand_ins=stand_ins, functions=self._functions)
        return LocalRunner(
            submission,
            self.namespace,
            self._drivers,
            in_notebook=True,
            steps=steps,
            stand_ins=stand_ins,
            rebound=self.rebound,
            last_functions=self._last_functions,
        )

    @contextlib.contextmanager
    def _names_of_the_kernel(self) -> Iterator[None]:
        """Have the kernel's names stand for their last functions in the body, and for right ones where asked for."""
        right = self._stand_ins.bound(self.namespace) if self._stand_ins and self.in_notebook else None
        with bound_in(self.namespace, self._last_functions), right or contextlib.nullcontext():
            yield

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
            with (
                self._importing(),
                self._names_of_the_kernel(),
                kept_settings(),
                time_limit(exercise.seconds, runner_files=_OWN_FILES),
            ):
                function = self._function(target)
                for args in calls:
                    results.append(self._call(function, args, recorder))
                    if results[-1].verdict is Verdict.MEMORY:
                        break
        except TimeUp as error:
            raised = raised_in(self.submission.files, error)
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
            value, raised = None, raised_in(self.submission.files, error)
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
    functions: Collection[str] = (),
) -> LocalRunner:
    """Run a submission's cells one by one in a new namespace. A cell that fails does not stop the others.

    `seconds` is a time limit; the cells after one that was stopped get as much again, up to `_MAX_STOPPED_CELLS` times.
    With `steps`, the cells run in its context, and so do later calls. `stand_ins` are bound before the first cell and
    again after each. Each of the `functions` is the last one that its name stood for.
    """
    namespace = fresh_namespace(submission.path)
    if stand_ins is not None:
        stand_ins.bind(namespace)
    cell_errors: list[tuple[int, Raised]] = []
    settings = set[str]()
    last = LastFunctions(submission.rebound(functions))
    imports = HelperImports(submission.helpers, stand_ins.functions if stand_ins else {})
    following = stopped = 0
    while following < len(submission.cells):
        try:
            with imports.active(), kept_settings() as changed, time_limit(seconds, runner_files=_OWN_FILES):
                for index in range(following, len(submission.cells)):
                    following = index + 1
                    with steps or contextlib.nullcontext():
                        error = _run_cell(submission, index, namespace, last)
                    if stand_ins is not None:
                        stand_ins.bind(namespace)
                    if error is not None:
                        cell_errors.append((index, error))
        except TimeUp as error:
            cell_errors.append((following - 1, raised_in(submission.files, error)))
            stopped += 1
        settings.update(changed)
        if stopped == _MAX_STOPPED_CELLS:  # nobody waits for a thousand endless loops
            cell_errors += not_run(submission, following)
            break
    if stand_ins is not None:
        stand_ins.take_called()
    rebound = last.restore(namespace)
    return LocalRunner(
        submission,
        namespace,
        drivers,
        cell_errors,
        side_effects=SideEffects(tuple(sorted(settings)), taken_names(namespace, submission)),
        steps=steps,
        stand_ins=stand_ins,
        functions=functions,
        rebound=rebound,
        imports=imports,
    )


def _run_cell(submission: Submission, index: int, namespace: dict[str, Any], last: LastFunctions) -> Raised | None:
    cell = submission.cells[index]
    try:
        code = compiled(cell).code
    except SyntaxError:
        return None  # listed in submission.syntax_problems
    if not cell.on_disk:
        remember_lines(cell.file, cell.source)
    try:
        run_code(code, namespace, last)
    except (KeyboardInterrupt, TimeUp):
        raise
    except BaseException as error:  # sys.exit and pytest's own outcomes at module level are errors, too
        return raised_in(submission.files, error)
    finally:
        ensure_recursion_limit()
    return None
