"""What one pytest run knows of the assignments in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gradlings.checks.hidden_probes import NOTHING_HIDDEN, Hidden
from gradlings.execution.drivers import load_drivers
from gradlings.execution.local_runner import LocalRunner, run_cells
from gradlings.execution.runner_protocol import SubmissionRunner
from gradlings.execution.student_api import Student
from gradlings.model.exercise import Check, Exercise, code_given_to, read_exercises
from gradlings.model.kit_paths import kit_of
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import CheckResult
from gradlings.runners.follow_through import Followed
from gradlings.runners.results import Collected
from gradlings.submission import shipped_kit
from gradlings.submission.reader import Submission, read_submission, source_name_of
from gradlings.submission.right_functions import RightFunctions, right_functions

if TYPE_CHECKING:
    from gradlings.checks.probes import KnownLadder, LadderMaker

Ladders = dict[str, "list[KnownLadder]"]
"""By item: the ladders that its check made for an earlier submission."""


class RunState:
    """The assignments of one pytest run: exercises, submissions, results so far.

    `seed` is that of the random probes, which are run on the CPU and on `devices`.
    """

    def __init__(self, seed: int = 0, devices: tuple[str, ...] = ()) -> None:
        self.seed = seed
        self.devices = devices
        self.mode = RunMode.SELF_CHECK
        self.page = False
        """Whether the scorecard page takes the place of pytest's own output."""
        self.hidden: Hidden = NOTHING_HIDDEN
        self.ladders: Ladders = {}
        """Holds for one seed and its hidden probes."""
        self.collected = Collected()
        self.students: dict[str, Student] = {}
        """By item."""
        self._exercises: dict[Path, tuple[Exercise, ...]] = {}
        self._of_node: dict[tuple[str, Path], tuple[Exercise, Check] | None] = {}
        self._submissions: dict[Path, Submission] = {}
        self.share: float | None = 1.0
        """Of its points that a check earns by follow-through; None to judge nothing again."""
        self.for_marks = False
        """Whether nobody judges the submission again later."""
        self.stand_ins: Callable[[Path], RightFunctions] = cache(self._installed_right_functions)
        """Gives what can stand in for functions of earlier exercises, for a file of checks."""
        self.worlds: dict[str, tuple[str, ...]] = {}
        """By item: the functions that right ones stand in for, where that decided what is reported."""
        self.judged: dict[Path, dict[tuple[str, str], Followed]] = {}
        """By file of checks, exercise and check: what was found so far, also for checks that were not selected."""
        self.followed: dict[str, CheckResult] = {}
        """By item: what is reported of a failed check that was judged again."""
        self.runners: dict[Path, SubmissionRunner] = {}
        """The submission that is checked, by file of checks; any but the one beside them is put here."""
        self._drivers_in = cache(load_drivers)

    def exercises(self, checks_file: Path) -> tuple[Exercise, ...]:
        """Return the exercises that a file of checks declares.

        Raises:
            InputError: the file cannot be read as checks. From then on it counts as one without exercises.
        """
        if checks_file not in self._exercises:
            self._exercises[checks_file] = ()
            self._exercises[checks_file] = read_exercises(checks_file)
        return self._exercises[checks_file]

    def of_item(self, item: pytest.Item) -> tuple[Exercise, Check] | None:
        """Return the exercise and check that an item is, or None for an ordinary test."""
        return self.of_node(item.nodeid, item.path)

    def of_node(self, node_id: str, path: Path) -> tuple[Exercise, Check] | None:
        """Return the same as `of_item`, for the id of an item in a file."""
        if (node_id, path) not in self._of_node:
            self._of_node[node_id, path] = next(
                (
                    (exercise, check)
                    for exercise in self.exercises(path)
                    for check in exercise.checks
                    if node_id.endswith(f"::{exercise.class_name}::{check.name}")
                ),
                None,
            )
        return self._of_node[node_id, path]

    def own_submission(self, checks_file: Path) -> Submission:
        """Return the submission beside a file of checks, which is read once in a run."""
        if checks_file not in self._submissions:
            self._submissions[checks_file] = read_own_submission(checks_file)
        return self._submissions[checks_file]

    def runner(self, checks_file: Path) -> SubmissionRunner:
        """Return the submission that is checked: the one beside the checks, unless another was put in its place."""
        if checks_file not in self.runners:
            self.runners[checks_file] = self.run_cells(self.own_submission(checks_file), checks_file)
        return self.runners[checks_file]

    def run_cells(self, submission: Submission, checks_file: Path) -> LocalRunner:
        """Run a submission's cells in this process, with the drivers of its assignment at hand."""
        names = [name for exercise in self.exercises(checks_file) for name in exercise.functions]
        given, in_its_place = code_given_to(checks_file), None
        if given.functions:
            from gradlings.execution.stand_in_names import in_place  # deferred: needs torch

            submission, in_its_place = in_place(submission, {}, given)
        return run_cells(
            submission, lambda: self._drivers_in(checks_file.parent), functions=names, stand_ins=in_its_place
        )

    def _installed_right_functions(self, checks_file: Path) -> RightFunctions:
        folder = checks_file.parent
        names = [name for exercise in self.exercises(checks_file) for name in exercise.functions]
        return right_functions(kit_of(folder), checks_file, source_name_of(checks_file), names)

    def ladder_maker(self, item_id: str, exercise: Exercise, check: Check) -> LadderMaker:
        """Make what the check of an item gets as `probes`."""
        from gradlings.checks.probes import LadderMaker  # deferred: needs torch

        hidden = self.hidden.get(f"{exercise.id}::{check.name}", ())
        known = self.ladders.setdefault(item_id, [])
        only_hidden = self.mode is RunMode.HIDDEN
        return LadderMaker(self.seed, item_id.rpartition("/")[2], hidden, known, only_hidden=only_hidden)

    def student(self, item_id: str, checks_file: Path, exercise: Exercise) -> Student:
        """Make what the check of an item gets as `student`."""
        # pictures are left beside the student's own file, never when other submissions are graded
        folder = checks_file.parent if self.mode is RunMode.SELF_CHECK else None
        runner = self.runner(checks_file)
        if item_id in self.worlds:
            runner = runner.with_stand_ins(self.stand_ins(checks_file).sources(self.worlds[item_id]))
        made = Student(runner, exercise, self.devices, folder, self.mode)
        self.students[item_id] = made
        return made


def read_own_submission(checks_file: Path) -> Submission:
    """Read the submission beside a file of checks, and what it imports."""
    folder = checks_file.parent
    return read_submission(folder, source_name_of(checks_file), shipped_kit.handed_out(folder.name))


RUN_STATE = pytest.StashKey[RunState]()
