"""`pytest assignments/03`: collect the checks of an assignment, run them, and show a scorecard page.

In any other pytest run the plugin stays out of the way: its options begin with `--gradlings-`, and its fixtures are
known in files of checks only. Nothing here imports torch; an assignment in which nothing is
attempted is recognized from its source and shown without it.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gradlings.execution.student_api import Unavailable
from gradlings.execution.time_limit import before_the_end_of_a_run
from gradlings.model.errors import InputError
from gradlings.model.exercise import read_exercises
from gradlings.model.kit_paths import KIT_FOLDER
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import CheckResult, Verdict
from gradlings.runners.checks_module import checks_module
from gradlings.runners.judged_again import run_followed
from gradlings.runners.results import check_result
from gradlings.runners.run_report import RunReport
from gradlings.runners.run_state import RUN_STATE, RunState
from gradlings.runners.unattempted import UnattemptedModule

_MAX_PRINTED_CHARS = 4000  # of what a submission printed
_one_at_a_time = threading.Lock()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options to the command line."""
    group = parser.getgroup("gradlings", "gradlings exercises")
    group.addoption(
        "--gradlings-device",
        default="cpu",
        help="also run every float check on this device: cpu (default), cuda, cuda:N, mps, or all that are present",
    )
    group.addoption(
        "--gradlings-plain", action="store_true", help="show the page as sentences, one a line, as for a screen reader"
    )
    group.addoption("--gradlings-seed", type=int, default=0, help="seed of the random probes (default: 0)")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Set up the state of this run and, where only assignments are run, the scorecard page."""
    devices: tuple[str, ...] = ()
    if config.getoption("gradlings_device") != "cpu":
        from gradlings.execution.devices import exact_float32, present_devices

        exact_float32()
        devices = present_devices(config.getoption("gradlings_device"))
    config.stash[RUN_STATE] = state = RunState(config.getoption("gradlings_seed"), devices)
    state.page = config.pluginmanager.hasplugin("terminalreporter") and _only_assignments(config)
    detail = getattr(config.option, "verbose", 0) > 0
    report = RunReport(state, detail=detail, plain=config.getoption("gradlings_plain"))
    config.pluginmanager.register(report, "gradlings-report")
    before_the_end_of_a_run(lambda: report.show_at_once(config))
    if state.page and not config.getoption("collectonly"):
        config.option.verbose = -2  # the page says it all
        config.option.no_header = True
        config.option.tbstyle = "short"  # of what goes wrong before any check runs
        config.pluginmanager.getplugin("terminalreporter").reportchars = ""


def _only_assignments(config: pytest.Config) -> bool:
    """Return whether every argument of the command line names a folder or file of checks."""
    paths = [Path(config.invocation_params.dir, argument.split("::")[0]) for argument in config.args]
    return bool(paths) and all(any(map(_declares_exercises, _checks_files(path))) for path in paths)


def _checks_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if _is_kit_alone(path):
        path = path / KIT_FOLDER
    return [*path.glob("test_*.py"), *path.glob("[0-9]*/test_*.py")]


def _is_kit_alone(folder: Path) -> bool:
    """Return whether a folder is a student's kit, with no tests beside the assignments."""
    return (folder / KIT_FOLDER).is_dir() and not any(folder.glob("test*"))


def _declares_exercises(path: Path) -> bool:
    try:
        return bool(read_exercises(path))
    except InputError:
        return True
    except (OSError, ValueError):
        return False


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """Collect a file of checks from its source where nothing is attempted."""
    state = parent.config.stash[RUN_STATE]
    try:
        exercises = state.exercises(module_path)
    except InputError as error:
        raise parent.CollectError(str(error)) from None
    if not exercises:
        return None
    if state.mode is not RunMode.SELF_CHECK:
        return checks_module(module_path, parent)
    submission = state.own_submission(module_path)
    if submission.problem or any(submission.attempted(exercise.functions) for exercise in exercises):
        return checks_module(module_path, parent)
    return UnattemptedModule.from_parent(parent, path=module_path)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, obj: object) -> list[pytest.Item] | None:
    """Leave out the checks of exercises that are given on a path."""
    id = getattr(obj, "exercise_id", None)
    if id is None or not isinstance(obj, type):
        return None
    asked = {exercise.id for exercise in collector.config.stash[RUN_STATE].exercises(collector.path)}
    return None if id in asked else []


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let `-k` select exercises by id and by function."""
    found = item.config.stash[RUN_STATE].of_item(item)
    if found:
        item.extra_keyword_matches.update({found[0].id, *found[0].functions})  # so that -k manual_gradients works


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note which checks are to run, and settle torch for them."""
    state = session.config.stash[RUN_STATE]
    state.collected.expected = [item.nodeid for item in session.items if state.of_item(item)]
    torch = sys.modules.get("torch")
    if torch is not None and state.collected.expected:
        torch.set_num_threads(1)  # probes are tiny: a second thread only costs, a lot on a busy machine
        gc.freeze()  # pytest collects garbage at its end; going through all of torch takes a third of a second


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a check; one that fails is judged again with right functions of earlier exercises."""
    state = pyfuncitem.config.stash[RUN_STATE]
    found = state.of_item(pyfuncitem)
    if found is None or state.share is None or not state.mode.students_read:
        return None
    run_followed(pyfuncitem, state, *found)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the result of a check to its report."""
    state: RunState = item.config.stash[RUN_STATE]
    found = state.of_item(item)
    if found is None or not (call.when == "call" or (call.when == "setup" and call.excinfo)):
        return (yield)
    exercise, check = found
    error = call.excinfo.value if call.excinfo else None
    student = state.students.get(item.nodeid)
    result = state.followed.get(item.nodeid) or check_result(exercise, check, error, student, item.path.parent)
    if result.verdict is Verdict.NOT_ATTEMPTED and not isinstance(error, pytest.skip.Exception):
        call.excinfo = pytest.CallInfo.from_call(lambda: pytest.skip("not attempted yet"), call.when).excinfo
    elif isinstance(error, Unavailable) or hasattr(error, "failure"):
        item.repr_failure = lambda excinfo, style=None: _plain_text(result)  # type: ignore[method-assign]
        cause = getattr(error, "cause", None)
        if cause is not None and item.config.getoption("usepdb"):
            call.excinfo = pytest.ExceptionInfo.from_exception(cause)  # debug where the student's code failed
    item.user_properties += [
        ("exercise", exercise.id),
        ("points", result.points),
        ("max_points", result.max_points),
        ("verdict", result.verdict.value),
    ]
    report = yield
    vars(report).update(
        check_result=replace(result, printed=report.capstdout[:_MAX_PRINTED_CHARS]),
        checks_file=str(item.path),
        problems=student.runner.problems() if student else [],
    )
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(report: Any) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
    """Prepare a report that xdist sends from a worker to its controller."""
    data = yield
    if data is not None and "check_result" in data:
        import msgspec  # deferred: an untouched kit needs none

        data["check_result"] = msgspec.to_builtins(data["check_result"])
    return data


@pytest.hookimpl(wrapper=True)
def pytest_report_from_serializable() -> Generator[None, Any, Any]:
    """Restore a report that xdist's controller received."""
    report = yield
    if hasattr(report, "check_result"):
        import msgspec

        with _one_at_a_time:  # xdist has a thread for each worker; msgspec crashes where two first meet a dataclass
            report.check_result = msgspec.convert(report.check_result, CheckResult)
    return report


def _plain_text(result: CheckResult) -> str:
    rows = [f"{row.name} got {row.got} expected {row.expected}".strip() for row in result.rows if not row.right]
    return "\n".join(filter(None, [result.call, *rows, result.message, result.place]))


def pytest_report_teststatus(report: pytest.TestReport, config: pytest.Config) -> tuple[str, str, str] | None:
    """Put checks into a category of our own: the page shows them, pytest's lists do not."""
    return ("checks", "", "") if config.stash[RUN_STATE].page and hasattr(report, "check_result") else None
