"""Run a failed check again, as follow-through asks for it; see `runners/follow_through.py`."""

from __future__ import annotations

import contextlib
import inspect
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gradlings.execution.runner_protocol import SubmissionRunner
from gradlings.execution.student_api import Student, Unavailable
from gradlings.model.exercise import Check, Exercise
from gradlings.model.scorecard import EARLIER_AT_FAULT, CheckResult, Verdict
from gradlings.runners.follow_through import ENDED, Earlier, Followed, World, follow, right_but_for, undecided
from gradlings.runners.results import check_result
from gradlings.runners.run_state import RunState

_NOT_WRONG = (Verdict.PASS, Verdict.GRADER_ERROR, *EARLIER_AT_FAULT)


def run_followed(item: pytest.Function, state: RunState, exercise: Exercise, check: Check) -> None:
    """Run a check; if it fails, judge it again and leave in the state what is to be reported of it."""
    state.followed.pop(item.nodeid, None)
    failures: list[AssertionError | Unavailable] = []

    def first() -> CheckResult:
        try:
            item.obj(**{name: item.funcargs[name] for name in item._fixtureinfo.argnames})
        except (AssertionError, Unavailable) as failure:
            failures.append(failure)
        if not failures:  # what is reported of it costs time, and is made once, with pytest's own report
            return CheckResult(exercise.id, check.name, check.title, Verdict.PASS, check.points)
        return check_result(exercise, check, failures[0], state.students.get(item.nodeid), item.path.parent)

    found = _judged(_Run(item, state, exercise, check, item.nodeid, item.obj, item.funcargs), first)
    if found.result.verdict is Verdict.PASS:
        return
    state.followed[item.nodeid] = found.result
    if found.stand_ins:
        state.worlds[item.nodeid] = found.stand_ins
    if failures:
        raise failures[0]
    pytest.fail(found.result.message, pytrace=False)


@dataclass(frozen=True)
class _Run:
    """A check that is run or could be: its item may not be among those that were selected."""

    item: pytest.Function
    """Of the check that is run."""
    state: RunState
    exercise: Exercise
    check: Check
    node_id: str
    method: Callable[..., None]
    arguments: dict[str, Any] = field(default_factory=dict)
    """Those of the method that are no submission and no probes."""

    @property
    def path(self) -> Path:
        return self.item.path

    def of(self, exercise: Exercise, check: Check) -> _Run:
        """Return another check of the same file."""
        node_id = "::".join([self.item.nodeid.partition("::")[0], exercise.class_name, check.name])
        method = getattr(getattr(self.item.module, exercise.class_name)(), check.name)
        return _Run(self.item, self.state, exercise, check, node_id, method)

    def on(self, runner: SubmissionRunner) -> World:
        """Run it quietly; nothing is left of it."""
        student = Student(runner, self.exercise, self.state.devices, None, self.state.mode)
        return World(self.quietly(student), tuple(dict.fromkeys(_called(student))))

    def quietly(self, student: Student) -> CheckResult:
        """Run it with a student of one's own, and drop what is printed."""
        probes = self.state.ladder_maker(self.node_id, self.exercise, self.check)
        given = self.arguments | {"student": student, "probes": probes}
        error: BaseException | None = None
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                self.method(**{name: given[name] for name in inspect.signature(self.method).parameters})
            except (KeyboardInterrupt, pytest.exit.Exception):
                raise
            except BaseException as raised:  # pytest's own outcomes are no `Exception`
                error = raised
        return check_result(self.exercise, self.check, error, student, self.path.parent)


def runs_alone(item: pytest.Function) -> bool:
    """Return whether an item is a call with what we give it, and pytest has no further part in it."""
    needs = item._fixtureinfo
    ours = {*needs.argnames} <= {"student", "probes"} and {*needs.names_closure} <= {"student", "probes", "request"}
    return ours and all(len(found) == 1 for found in needs.name2fixturedefs.values()) and not any(item.iter_markers())


def run_unread(item: pytest.Function, state: RunState, exercise: Exercise, check: Check) -> CheckResult:
    """Run a check that `runs_alone`, of which nobody reads a report: that is half of what an item costs."""
    student = state.student(item.nodeid, item.path, exercise)
    return _Run(item, state, exercise, check, item.nodeid, item.obj).quietly(student)


def _judged(run: _Run, first: Callable[[], CheckResult]) -> Followed:
    """Return what to report of a check, and remember it; `first` runs it with the student's own functions."""
    known = run.state.judged.setdefault(run.path, {})
    found = _without_calling_endless(run)
    if found is None:
        result = first()
        hangs_again = result.verdict in ENDED and _verdicts(run, run.exercise) & set(ENDED)
        found = Followed(result) if hangs_again else _follow(run, result)
    known[run.exercise.id, run.check.name] = found
    return found


def _without_calling_endless(run: _Run) -> Followed | None:
    """Judge a check at once without earlier functions that never come back: they would only take the time that is left.

    It is None if there are none, or it does not call them.
    """
    endless = [e for e in run.state.exercises(run.path) if e is not run.exercise and _verdicts(run, e) & set(ENDED)]
    earlier = _earlier(run) if endless else None
    names = tuple(name for name, exercise in earlier.exercises.items() if exercise in endless) if earlier else ()
    if earlier is None or not names:
        return None
    world = _in_world(run, names)
    if not world.called:
        return None
    if world.result.verdict is Verdict.PASS:
        return right_but_for(world.result, run.exercise, world.called, earlier, names)
    if any(name not in earlier.right.texts for name in world.called):
        return undecided(world.result, run.exercise, world.called, earlier)
    return _follow(run, world.result)


def _follow(run: _Run, first: CheckResult) -> Followed:
    if first.verdict is Verdict.PASS:
        return Followed(first)
    return follow(first, run.exercise, _earlier(run), lambda names: _in_world(run, names))


def _in_world(run: _Run, names: tuple[str, ...]) -> World:
    sources = run.state.stand_ins(run.path).sources(names)
    return run.on(run.state.runner(run.path).with_stand_ins(sources))


def _earlier(run: _Run) -> Earlier:
    state, exercises = run.state, run.state.exercises(run.path)
    before = exercises[: [each.id for each in exercises].index(run.exercise.id)]
    by_function = {name: each for each in before for name in each.functions}
    at_fault = [n for n, e in by_function.items() if any(v not in _NOT_WRONG for v in _verdicts(run, e))]
    right = state.stand_ins(run.path)
    return Earlier(
        by_function,
        right,
        lambda name: _roots(run, by_function[name], name),
        at_fault,
        state.share or 0.0,
        for_marks=state.for_marks,
    )


def _verdicts(run: _Run, exercise: Exercise) -> set[Verdict]:
    """Return those of the checks of an exercise that were judged so far."""
    known = run.state.judged.get(run.path, {})
    return {known[exercise.id, c.name].result.verdict for c in exercise.checks if (exercise.id, c.name) in known}


def _roots(run: _Run, exercise: Exercise, name: str) -> tuple[str, ...]:
    """Return why a function fails its own checks; those that were not selected to run are run for it."""
    known = run.state.judged.setdefault(run.path, {})
    roots: list[str] = []
    for check in exercise.checks:
        if (exercise.id, check.name) not in known:
            other = run.of(exercise, check)
            _judged(other, lambda other=other: other.on(run.state.runner(run.path)).result)  # type: ignore[misc]
        found = known[exercise.id, check.name]
        if found.result.verdict in EARLIER_AT_FAULT:
            roots += found.blamed
        elif found.result.verdict not in _NOT_WRONG and name in (found.result.subject or name).split(", "):
            roots.append(name)
    return tuple(dict.fromkeys(roots))


def _called(student: Student) -> Iterator[str]:
    for examination in student.examinations:
        for result in examination.results:
            yield from result.called
