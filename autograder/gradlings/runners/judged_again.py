"""Run a failed check again, as follow-through asks for it; see `runners/follow_through.py`."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradlings.execution.student_api import Student, Unavailable
from gradlings.model.exercise import Check, Exercise
from gradlings.model.scorecard import CheckResult, Verdict
from gradlings.runners.follow_through import ENDED, Followed, World, follow, right_but_for
from gradlings.runners.results import check_result
from gradlings.runners.run_state import RunState


def run_followed(item: pytest.Function, state: RunState, exercise: Exercise, check: Check) -> None:
    """Run a check; if it fails, judge it again and leave in the state what is to be reported of it."""
    path = item.path
    state.followed.pop(item.nodeid, None)
    earlier = _earlier(state, path, exercise)
    faults = state.faults.setdefault(path, {})

    def judge(names: tuple[str, ...]) -> World:
        return _in_world(item, state, exercise, check, names)

    def report(first: CheckResult) -> None:
        hangs_again = first.verdict in ENDED and any(faults.get(name) in ENDED for name in exercise.functions)
        found = Followed(first)
        if not hangs_again:
            found = follow(first, exercise, earlier, faults, judge, state.share or 0.0)
        state.followed[item.nodeid] = found.result
        if found.stand_ins:
            state.worlds[item.nodeid] = found.stand_ins
        if found.result.verdict not in (Verdict.PASS, Verdict.FOLLOWED_THROUGH, Verdict.GRADER_ERROR):
            faults.update(dict.fromkeys(exercise.functions, found.result.verdict))

    endless = tuple(name for name in earlier if faults.get(name) in ENDED)
    world = judge(endless) if endless else None  # calling them again would only take the time that is left
    if world is not None and world.called:
        if world.result.verdict is Verdict.PASS:
            right = right_but_for(world.result, exercise, world.called, earlier, state.share or 0.0)
            state.followed[item.nodeid], state.worlds[item.nodeid] = right, endless
        else:
            report(world.result)
        pytest.fail(state.followed[item.nodeid].message, pytrace=False)
    try:
        item.obj(**{name: item.funcargs[name] for name in item._fixtureinfo.argnames})
    except (AssertionError, Unavailable) as error:
        report(check_result(exercise, check, error, state.students.get(item.nodeid), path.parent))
        raise


def _earlier(state: RunState, checks_file: Path, exercise: Exercise) -> dict[str, Exercise]:
    """Return the exercises before one in its file, by function, where there is a right one of that."""
    exercises = state.exercises(checks_file)
    before = exercises[: [each.id for each in exercises].index(exercise.id)]
    sources = state.stand_ins(checks_file) if before else {}
    return {name: each for each in before for name in each.functions if name in sources}


def _in_world(
    item: pytest.Function, state: RunState, exercise: Exercise, check: Check, names: tuple[str, ...]
) -> World:
    sources = state.stand_ins(item.path)
    runner = state.runner(item.path).with_stand_ins({name: sources[name] for name in names})
    student = Student(runner, exercise, state.devices, None, state.mode)
    result = _result(item, state, exercise, check, student)
    return World(result, tuple(dict.fromkeys(_called(student))))


def runs_alone(item: pytest.Function) -> bool:
    """Return whether an item is a call with what we give it, and pytest has no further part in it."""
    needs = item._fixtureinfo
    ours = {*needs.argnames} <= {"student", "probes"} and {*needs.names_closure} <= {"student", "probes", "request"}
    return ours and all(len(found) == 1 for found in needs.name2fixturedefs.values()) and not any(item.iter_markers())


def run_unread(item: pytest.Function, state: RunState, exercise: Exercise, check: Check) -> CheckResult:
    """Run a check that `runs_alone`, of which nobody reads a report: that is half of what an item costs."""
    student = state.student(item.nodeid, item.path, exercise)
    return _result(item, state, exercise, check, student)


def _result(item: pytest.Function, state: RunState, exercise: Exercise, check: Check, student: Student) -> CheckResult:
    """Call the check with another student than the item's, and drop what is printed."""
    given = dict(item.funcargs or {})
    given |= {"student": student, "probes": state.ladder_maker(item.nodeid, exercise, check)}
    error: BaseException | None = None
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            item.obj(**{name: given[name] for name in item._fixtureinfo.argnames})
        except (KeyboardInterrupt, pytest.exit.Exception):
            raise
        except BaseException as raised:  # pytest's own outcomes are no `Exception`
            error = raised
    return check_result(exercise, check, error, student, item.path.parent)


def _called(student: Student) -> Iterator[str]:
    for examination in student.examinations:
        for result in examination.results:
            yield from result.called
