"""`pytest assignments/03`: collects the checks of an assignment, runs them, and shows a scorecard page.

In any other pytest run the plugin stays out of the way. Nothing here imports torch; an assignment that nobody has
touched is recognised from its source and shown without importing it.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gradlings.checks.hidden_probes import NOTHING_HIDDEN, Hidden
from gradlings.execution.local_runner import Drivers, LoadedSubmission, load_drivers
from gradlings.execution.student_api import Student, Unavailable
from gradlings.execution.time_limit import UNSTOPPABLE, before_the_end_of_a_run
from gradlings.model.errors import InputError
from gradlings.model.exercise import Check, Exercise, read_exercises
from gradlings.model.kit_paths import PROGRESS_FILE, kit_of
from gradlings.model.scorecard import CheckResult, Scorecard, Verdict
from gradlings.runners.results import Collected, as_plain_data, check_result, from_plain_data, scorecards
from gradlings.submission.reader import Submission, read_submission, source_name_of

if TYPE_CHECKING:
    from gradlings.checks.probes import Known, LadderMaker


Ladders = dict[str, "list[Known]"]
"""By item: what its check made of the probes for an earlier submission."""


class RunState:
    """What one pytest run knows of the assignments in it."""

    def __init__(self, config: pytest.Config) -> None:
        self.seed: int = config.getoption("probe_seed")
        self.hidden: Hidden = NOTHING_HIDDEN
        self.ladders: Ladders = {}
        """What the checks made for an earlier submission, by item; holds for one seed and its hidden probes."""
        self.devices: tuple[str, ...] = ()
        self.page = config.pluginmanager.hasplugin("terminalreporter") and _only_assignments(config)
        self.detail: int = getattr(config.option, "verbose", 0)
        self.lazy = True
        """Whether a file of checks with nothing attempted is shown without being imported."""
        self.for_students = True
        """Whether students read what a check says: it looks for signs of a misconception and shows no hidden probe."""
        self.collected = Collected()
        self.students: dict[str, Student] = {}
        self._exercises: dict[Path, tuple[Exercise, ...]] = {}
        self._loaded: dict[Path, LoadedSubmission] = {}
        self._drivers: dict[Path, Drivers] = {}

    def exercises(self, checks_file: Path) -> tuple[Exercise, ...]:
        if checks_file not in self._exercises:
            self._exercises[checks_file] = read_exercises(checks_file)
        return self._exercises[checks_file]

    def of_item(self, item: pytest.Item) -> tuple[Exercise, Check] | None:
        """The exercise and check that an item is, or None for an ordinary test."""
        return self.of_node(item.nodeid, item.path)

    def of_node(self, node_id: str, path: Path) -> tuple[Exercise, Check] | None:
        """As `of_item`, for the id of an item in a file."""
        class_name, _, method = node_id.rpartition("::")
        class_name = class_name.rpartition("::")[2]
        for exercise in self.exercises(path):
            if exercise.class_name == class_name:
                for check in exercise.checks:
                    if check.name == method:
                        return exercise, check
        return None

    def forget(self, checks_file: Path) -> None:
        """Treats a file as one without exercises, after it was reported as unreadable."""
        self._exercises[checks_file] = ()

    def loaded(self, checks_file: Path) -> LoadedSubmission:
        if checks_file not in self._loaded:
            submission = read_submission(checks_file.parent, source_name_of(checks_file))
            self._loaded[checks_file] = self.load(submission, checks_file)
        return self._loaded[checks_file]

    def load(self, submission: Submission, checks_file: Path) -> LoadedSubmission:
        """Runs a submission's cells in this process, with the drivers of its assignment at hand."""
        return LoadedSubmission(submission, lambda: self.drivers(checks_file.parent))

    def replace_submission(self, checks_file: Path, loaded: LoadedSubmission) -> None:
        """Grades another submission from now on, with the checks that are already collected."""
        self._loaded[checks_file] = loaded

    def folder(self, checks_file: Path) -> Path | None:
        """Where a check may leave a picture: beside the student's own file, never when other submissions are graded."""
        return checks_file.parent if self.lazy else None

    def drivers(self, folder: Path) -> Drivers:
        if folder not in self._drivers:
            self._drivers[folder] = load_drivers(folder)
        return self._drivers[folder]


RUN_STATE = pytest.StashKey[RunState]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gradlings", "gradlings exercises")
    group.addoption(
        "--device",
        default="cpu",
        help="also run every float check on this device: cpu (default), cuda, cuda:N, mps, or all that are present",
    )
    group.addoption("--probe-seed", type=int, default=0, help="seed of the random probes (default: 0)")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    config.stash[RUN_STATE] = state = RunState(config)
    results = Results(state)
    config.pluginmanager.register(results, "gradlings-results")
    before_the_end_of_a_run(lambda: results.show_at_once(config))
    if config.getoption("device") != "cpu":
        from gradlings.execution.devices import exact_float32, present_devices

        exact_float32()
        state.devices = present_devices(config.getoption("device"))
    if state.page and not config.getoption("collectonly"):
        config.option.verbose = -2  # the page says it all
        config.option.no_header = True
        config.option.tbstyle = "short"  # of what goes wrong before any check runs
        config.pluginmanager.getplugin("terminalreporter").reportchars = ""


def _only_assignments(config: pytest.Config) -> bool:
    """True if every argument of the command line names a folder or file of checks."""
    paths = [Path(config.invocation_params.dir, argument.split("::")[0]) for argument in config.args]
    return bool(paths) and all(any(map(_declares_exercises, _checks_files(path))) for path in paths)


def _checks_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [*path.glob("test_*.py"), *path.glob("[0-9]*/test_*.py")]


def _declares_exercises(path: Path) -> bool:
    try:
        return bool(read_exercises(path))
    except InputError:
        return True
    except (OSError, ValueError):
        return False


class UnattemptedItem(pytest.Item):
    """A check of an exercise that is still a stub."""

    def runtest(self) -> None:
        pytest.skip("not attempted yet")


class UnattemptedClass(pytest.Collector):
    """The checks of one exercise, from the source."""

    def collect(self) -> Iterator[UnattemptedItem]:
        for exercise in self.config.stash[RUN_STATE].exercises(self.path):
            if exercise.class_name == self.name:
                for check in exercise.checks:
                    yield UnattemptedItem.from_parent(self, name=check.name)


class UnattemptedModule(pytest.File):
    """A file of checks that is not imported, because no exercise of it is attempted."""

    def collect(self) -> Iterator[UnattemptedClass]:
        for exercise in self.config.stash[RUN_STATE].exercises(self.path):
            yield UnattemptedClass.from_parent(self, name=exercise.class_name, path=self.path)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.File | None:
    try:
        exercises = parent.config.stash[RUN_STATE].exercises(module_path)
    except InputError as error:
        parent.config.stash[RUN_STATE].forget(module_path)
        raise parent.CollectError(str(error)) from None
    if not exercises or not parent.config.stash[RUN_STATE].lazy:
        return None
    submission = read_submission(module_path.parent, source_name_of(module_path))
    if submission.problem or any(submission.attempted(exercise.functions) for exercise in exercises):
        return None
    return UnattemptedModule.from_parent(parent, path=module_path)


def pytest_itemcollected(item: pytest.Item) -> None:
    found = item.config.stash[RUN_STATE].of_item(item)
    if found:
        exercise, _ = found
        item.extra_keyword_matches.update(exercise.functions)  # so that -k manual_gradients works
        item.extra_keyword_matches.add(exercise.id)


def pytest_collection_finish(session: pytest.Session) -> None:
    state = session.config.stash[RUN_STATE]
    state.collected.expect(item.nodeid for item in session.items if state.of_item(item))
    torch = sys.modules.get("torch")
    if torch is not None and state.collected.expected:
        torch.set_num_threads(1)  # probes are tiny: a second thread only costs, a lot on a busy machine
        gc.freeze()  # pytest collects garbage at its end; going through all of torch takes a third of a second


@pytest.fixture
def student(request: pytest.FixtureRequest) -> Student:
    """The submission: `student.sigmoid` is the student's function, `student.through("name")` a driver."""
    state = request.config.stash[RUN_STATE]
    found = state.of_item(request.node)
    if found is None:
        raise pytest.UsageError(f"{request.node.nodeid} asks for `student` but belongs to no @exercise")
    exercise, _ = found
    path = request.path
    made = Student(state.loaded(path), exercise, state.devices, state.folder(path), state.for_students)
    state.students[request.node.nodeid] = made
    return made


@pytest.fixture
def probes(request: pytest.FixtureRequest) -> LadderMaker:
    """Makes a ladder of probes: hand-made ones first, then seeded random ones, then hidden ones where there are any."""
    from gradlings.checks.probes import LadderMaker

    state = request.config.stash[RUN_STATE]
    found = state.of_item(request.node)
    hidden = state.hidden.get(f"{found[0].id}::{found[1].name}", ()) if found else ()
    known = state.ladders.setdefault(request.node.nodeid, [])
    return LadderMaker(state.seed, request.node.nodeid.rpartition("/")[2], hidden, known)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    state: RunState = item.config.stash[RUN_STATE]
    found = state.of_item(item)
    if found is None or not (call.when == "call" or (call.when == "setup" and call.excinfo)):
        return (yield)
    exercise, check = found
    error = call.excinfo.value if call.excinfo else None
    student = state.students.get(item.nodeid)
    result = check_result(exercise, check, error, student, item.path.parent)
    if result.verdict is Verdict.NOT_ATTEMPTED and not isinstance(error, pytest.skip.Exception):
        call.excinfo = _as_skip()
    elif isinstance(error, Unavailable) or hasattr(error, "evidence"):
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
    printed = (
        "" if f"{exercise.id}::{check.name}" in state.hidden else report.capstdout[:4000]
    )  # it may hold the probes
    vars(report).update(
        check_result=replace(result, printed=printed),
        checks_file=str(item.path),
        problems=student.loaded.problems() if student else [],
    )
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(report: Any) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
    """For a report that xdist sends from a worker to its controller."""
    data = yield
    if data is not None and "check_result" in data:
        data["check_result"] = as_plain_data(data["check_result"])
    return data


@pytest.hookimpl(wrapper=True)
def pytest_report_from_serializable() -> Generator[None, Any, Any]:
    report = yield
    if hasattr(report, "check_result"):
        report.check_result = from_plain_data(report.check_result)
    return report


def _as_skip() -> pytest.ExceptionInfo[BaseException]:
    try:
        pytest.skip("not attempted yet")
    except pytest.skip.Exception as skipped:
        return pytest.ExceptionInfo.from_exception(skipped)


def _plain_text(result: CheckResult) -> str:
    rows = [f"{row.name} got {row.got} expected {row.expected}".strip() for row in result.rows if not row.right]
    return "\n".join(filter(None, [result.call, *rows, result.message, result.place]))


def pytest_report_teststatus(report: pytest.TestReport, config: pytest.Config) -> tuple[str, str, str] | None:
    if config.stash[RUN_STATE].page and hasattr(report, "check_result"):
        return "checks", "", ""  # a category of our own: the page shows them, pytest's lists do not
    return None


class Results:
    """Collects the results of a run (in xdist's controller, too), decides the exit code and shows the page."""

    def __init__(self, state: RunState) -> None:
        self._state = state
        self._unrecorded = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if hasattr(report, "check_result"):
            self._state.collected.add(report.nodeid, report.checks_file, report.check_result, report.problems)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """xdist's controller collects nothing itself."""
        root = node.config.rootpath
        self._state.collected.expect(id for id in ids if self._state.of_node(id, root / id.split("::")[0]))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Exit code 0 only at full marks: 1 if a check that ran did not pass."""
        collected = self._state.collected
        if exitstatus == pytest.ExitCode.OK and collected.results and not collected.all_passed():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self._state.lazy and not hasattr(session.config, "workerinput"):
            self._record()

    def _record(self) -> None:
        """Keeps what this run found, where the checks lie in a student's kit."""
        for folder, card in zip(self._state.collected.folders(), self._cards(), strict=True):
            root = kit_of(folder)
            if root is None:
                continue
            if any(exercise.attempted for exercise in card.exercises) or (root / PROGRESS_FILE).exists():
                from gradlings.progress.record import record  # deferred: an untouched kit does without msgspec

                self._unrecorded = record(root, card, "pytest") or self._unrecorded

    def _cards(self) -> list[Scorecard]:
        return scorecards(self._state.collected, self._state.exercises, self._state.seed)

    def show_at_once(self, config: pytest.Config) -> None:
        """The page of what is known, past pytest's capture: for a run that is about to be ended."""
        capture = config.pluginmanager.getplugin("capturemanager")
        reporter = config.pluginmanager.getplugin("terminalreporter")
        if capture is not None:
            capture.suspend_global_capture(in_=True)
        if reporter is None:
            print(UNSTOPPABLE, file=sys.stderr, flush=True)
            return
        self.pytest_terminal_summary(reporter)
        running = (os.environ.get("PYTEST_CURRENT_TEST") or "").partition(" ")[0]
        reporter._tw.line(f"{running.rpartition('::')[0]}: {UNSTOPPABLE}")
        reporter._tw.flush()

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if not self._state.collected.results:
            return
        from gradlings.runners.terminal_page import write_page

        for card in self._cards():
            write_page(terminalreporter, card, detail=self._state.detail > 0)
        if self._unrecorded:
            terminalreporter._tw.line(f"  {self._unrecorded}")
