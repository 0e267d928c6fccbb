"""Run the checks of an assignment on one submission after another, in this process, with pytest's own items.

The checks are collected once; each submission then costs only the checks themselves. What is run is exactly what
`pytest assignments/NN` runs. This takes steps of `pytest.main` one by one, some of which pytest keeps to itself: the
bounds on pytest in pyproject.toml are those that the tests of this module were run with.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from _pytest.config import _prepareconfig
from _pytest.runner import runtestprotocol

from gradlings.checks.hidden_probes import NOTHING_HIDDEN, Hidden
from gradlings.execution.local_runner import LocalRunner
from gradlings.execution.runner_protocol import SubmissionRunner
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise
from gradlings.model.observation import Examination
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import Scorecard
from gradlings.runners.judged_again import run_unread, runs_alone
from gradlings.runners.results import Collected, scorecards
from gradlings.runners.run_state import RUN_STATE, Ladders, read_own_submission
from gradlings.submission.reader import Submission
from gradlings.submission.right_functions import RightFunctions

NO_WORLDS: Mapping[str, tuple[str, ...]] = {}


@dataclass(frozen=True)
class Graded:
    """A scorecard, and what each check observed, by "exercise::check"."""

    scorecard: Scorecard
    examinations: dict[str, list[Examination]]
    worlds: Mapping[str, tuple[str, ...]]
    """By check: the functions that right ones stood in for, where follow-through decided what is reported."""
    failing: Mapping[str, Any] = field(default_factory=dict)
    """By check, in a self-check: the `WrongCall` of the student's own functions."""


class Grader:
    """Runs the checks of one assignment folder, collected once, on any number of submissions."""

    def __init__(self, session: pytest.Session) -> None:
        self._state = session.config.stash[RUN_STATE]
        found = [(item, self._state.of_item(item)) for item in session.items]
        self._items = {item: declared[0].id for item, declared in found if declared}
        """The exercise's id by item."""
        self._alone = frozenset(item for item in self._items if isinstance(item, pytest.Function) and runs_alone(item))
        self._mode = self._state.mode
        self._stand_ins, self._share = self._state.stand_ins, self._state.share
        self._known_ladders: list[tuple[int, Hidden, Ladders]] = []
        """What checks made for earlier submissions, by seed and hidden probes."""

    def follow_with(self, texts: Mapping[str, str], share: float | None) -> None:
        """Judge failed checks again with functions of a solution, texts by name; `share` is as in `RunState`."""
        right = RightFunctions(texts, from_solution=True)
        self._state.stand_ins, self._state.share = lambda _: right, share

    def follow_installed(self) -> None:
        """Judge failed checks again with the functions of the installed solution, as a new grader does."""
        self._state.stand_ins, self._state.share = self._stand_ins, self._share

    def for_marks(self, right: RightFunctions, share: float) -> None:
        """Grade for marks from now on, with what there is to stand in for functions of earlier exercises."""
        self._state.stand_ins, self._state.share, self._state.for_marks = lambda _: right, share, True

    def on_devices(self, devices: tuple[str, ...]) -> None:
        """Run every float check on these devices, too, from now on."""
        self._state.devices = devices

    def exercises(self, checks_file: Path) -> tuple[Exercise, ...]:
        """Return the exercises that a file of checks declares."""
        return self._state.exercises(checks_file)

    def own_submission(self, checks_file: Path) -> LocalRunner:
        """Run the file beside the checks. From now on this is a student's self-check: pictures are left beside it."""
        self._mode = RunMode.SELF_CHECK
        return self.run_cells(read_own_submission(checks_file), checks_file)

    def run_cells(self, submission: Submission, checks_file: Path) -> LocalRunner:
        """Run a submission's cells in this process."""
        return self._state.run_cells(submission, checks_file)

    def grade(
        self,
        submission: Submission,
        checks_file: Path,
        *,
        seed: int,
        only: Collection[str] = (),
        hidden: Hidden = NOTHING_HIDDEN,
    ) -> Graded:
        """Run the cells of a submission in this process, then the checks; arguments as for `check`."""
        return self.check(self.run_cells(submission, checks_file), checks_file, seed=seed, only=only, hidden=hidden)

    def check(
        self,
        runner: SubmissionRunner,
        checks_file: Path,
        *,
        seed: int,
        only: Collection[str] = (),
        hidden: Hidden = NOTHING_HIDDEN,
        mode: RunMode | None = None,
        worlds: Mapping[str, tuple[str, ...]] = NO_WORLDS,
    ) -> Graded:
        """Run the checks of one file on a submission whose cells have run, here or elsewhere.

        `seed` is that of the random probes, `hidden` are further probes, `only` holds what to run (all if empty):
        exercises ("3.5") and checks ("3.5::test_one_example"); `mode` replaces the one that the checks were collected
        with. `worlds` is that of an earlier `Graded`: its checks are run with right functions in place of those.
        """
        checks_file = checks_file.resolve()
        self._state.mode = mode or self._mode
        self._state.seed, self._state.hidden = seed, hidden
        self._state.ladders = self._ladders_for(seed, hidden)
        self._state.runners[checks_file] = runner
        self._state.judged.clear()
        self._state.followed.clear()
        items = {f"{exercise}::{item.name}": item for item, exercise in self._items.items() if item.path == checks_file}
        self._state.worlds = {items[name].nodeid: names for name, names in worlds.items() if name in items}
        collected = Collected()
        examinations: dict[str, list[Examination]] = {}
        in_file = [(item, exercise) for item, exercise in self._items.items() if item.path == checks_file]
        chosen = [i for i, exercise in in_file if not only or exercise in only or f"{exercise}::{i.name}" in only]
        unread = frozenset[pytest.Function]() if self._state.mode.students_read else self._alone
        for item, following in zip(chosen, [*chosen[1:], None], strict=True):
            if isinstance(item, pytest.Function) and item in unread and (found := self._state.of_item(item)):
                collected.add(item.nodeid, str(item.path), run_unread(item, self._state, *found), [])
                observed = self._state.students[item.nodeid].examinations
                examinations[f"{found[0].id}::{found[1].name}"] = list(observed)
                continue
            # what pytest keeps with an item, since it runs each one once: printed text of earlier submissions, too
            item._report_sections.clear()
            item.user_properties.clear()
            for report in runtestprotocol(item, log=False, nextitem=following):
                result: Any = getattr(report, "check_result", None)
                if result is not None:
                    collected.add(report.nodeid, str(item.path), result, [])
                    student = self._state.students.get(item.nodeid)
                    examinations[f"{result.exercise}::{result.check}"] = list(student.examinations) if student else []
        nothing_ran = Scorecard(checks_file.parent.name, "", ())
        cards = scorecards(collected, self._state.exercises, seed)
        used = {name: self._state.worlds[i.nodeid] for name, i in items.items() if i.nodeid in self._state.worlds}
        students = {name: self._state.students.get(item.nodeid) for name, item in items.items() if item in chosen}
        failing = {name: student.failing for name, student in students.items() if student and student.failing}
        return Graded(cards.get(checks_file.parent, nothing_ran), examinations, used, failing)

    def _ladders_for(self, seed: int, hidden: Hidden) -> Ladders:
        """Return what was made for earlier submissions with this seed and these hidden probes.

        It is kept for the last three: secret probes, the public ones that tell a misconception's name, hidden ones.
        """
        for known_seed, known_hidden, ladders in self._known_ladders:
            if known_seed == seed and known_hidden is hidden:
                return ladders
        self._known_ladders = [*self._known_ladders[-2:], (seed, hidden, {})]
        return self._known_ladders[-1][2]


class _CollectionErrors:
    """A pytest plugin that collects the texts of collection errors."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.texts.append(report.longreprtext)


def _forget_modules_of(folder: Path) -> None:
    """Have checks read anew that this process imported before: they may be edited, or those of another folder."""
    names = {path.stem for path in folder.glob("test_*.py")}
    for name in [name for name in sys.modules if name.rpartition(".")[2] in names]:
        del sys.modules[name]


@contextmanager
def collected_checks(folder: Path, *, mode: RunMode = RunMode.GRADING) -> Iterator[Grader]:
    """Collect the checks in an assignment's folder, and yield what runs them on submissions.

    These are the steps of `pytest.main`, which would run the items itself and end.

    Raises:
        InputError: the checks cannot be collected; the message is pytest's.
    """
    errors = _CollectionErrors()
    _forget_modules_of(folder)
    unused = ["terminal", "cacheprovider", "logging"]  # torch has many loggers: logging is a third of an item's cost
    options = [*(f"-pno:{name}" for name in unused), "--import-mode=importlib", "--capture=sys"]
    alone = ["-c", os.devnull, "--rootdir", str(folder)]  # no settings or conftest.py from the folders above
    arguments = [str(folder), *options, *alone, "--continue-on-collection-errors"]
    try:
        config = _prepareconfig(arguments, [errors])
    except pytest.UsageError as error:
        raise InputError(f"pytest could not run the checks in {folder}: {error}") from None
    try:
        config._do_configure()
        config.stash[RUN_STATE].mode = mode
        session = pytest.Session.from_config(config)
        config.hook.pytest_sessionstart(session=session)
        try:
            config.hook.pytest_collection(session=session)
            if errors.texts:
                raise InputError(f"The checks in {folder} cannot be collected:\n" + "\n".join(errors.texts))
            yield Grader(session)
        finally:
            config.hook.pytest_sessionfinish(session=session, exitstatus=pytest.ExitCode.OK)
    finally:
        config._ensure_unconfigure()
