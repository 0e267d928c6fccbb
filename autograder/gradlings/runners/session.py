"""Runs the checks of an assignment on one submission after another, in this process, with pytest's own items.

The checks are collected once; each submission then costs only the checks themselves. What is run is exactly what
`pytest assignments/NN` runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from _pytest.config import _prepareconfig
from _pytest.runner import runtestprotocol

from gradlings.checks.hidden_probes import NOTHING_HIDDEN, Hidden
from gradlings.execution.local_runner import LoadedSubmission
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise
from gradlings.model.observation import Examination
from gradlings.model.scorecard import Scorecard
from gradlings.runners.pytest_plugin import RUN_STATE, Ladders
from gradlings.runners.results import Collected, scorecards
from gradlings.submission.reader import Submission, read_submission, source_name_of


@dataclass(frozen=True)
class Graded:
    """A scorecard, and what each check observed, by "exercise::check"."""

    scorecard: Scorecard
    examinations: dict[str, list[Examination]]


class Grader:
    """Grades submissions with the checks of one assignment folder, collected once."""

    def __init__(self, session: pytest.Session) -> None:
        self._session = session
        self._kit = session.config.stash[RUN_STATE]
        self._items = [item for item in session.items if self._kit.of_item(item)]
        self._for_students = self._kit.for_students
        self._ladders: dict[tuple[int, int], tuple[Hidden, Ladders]] = {}

    def exercises(self, checks_file: Path) -> tuple[Exercise, ...]:
        return self._kit.exercises(checks_file)

    def own_submission(self, checks_file: Path) -> LoadedSubmission:
        """Loads the file beside the checks. From now on this is a student's self-check: pictures are left beside it."""
        self._kit.lazy = True
        return self.load(read_submission(checks_file.parent, source_name_of(checks_file)), checks_file)

    def load(self, submission: Submission, checks_file: Path) -> LoadedSubmission:
        """Runs a submission's cells in this process."""
        return self._kit.load(submission, checks_file)

    def grade(
        self,
        submission: Submission,
        checks_file: Path,
        *,
        seed: int,
        only: Collection[str] = (),
        hidden: Hidden = NOTHING_HIDDEN,
    ) -> Graded:
        """Runs the checks of one file on a submission, in this process; arguments as `grade_loaded`."""
        loaded = self.load(submission, checks_file)
        return self.grade_loaded(loaded, checks_file, seed=seed, only=only, hidden=hidden)

    def grade_loaded(
        self,
        loaded: LoadedSubmission,
        checks_file: Path,
        *,
        seed: int,
        only: Collection[str] = (),
        hidden: Hidden = NOTHING_HIDDEN,
        for_students: bool = True,
    ) -> Graded:
        """Runs the checks of one file on a submission that is loaded, here or elsewhere.

        Args:
            seed: of the random probes.
            only: ids of exercises to run; all if empty.
            hidden: further probes of the checks.
            for_students: False if nobody reads what the checks say: see `collected_checks`.
        """
        checks_file = checks_file.resolve()
        self._kit.for_students = self._for_students and for_students
        self._kit.seed, self._kit.hidden = seed, hidden
        self._kit.ladders = self._known_ladders(seed, hidden)
        self._kit.replace_submission(checks_file, loaded)
        collected = Collected()
        examinations: dict[str, list[Examination]] = {}
        chosen = [item for item in self._items if item.path == checks_file]
        if only:
            chosen = [item for item in chosen if self._exercise_id(item) in only]
        for item, following in zip(chosen, [*chosen[1:], None], strict=True):
            # what pytest keeps with an item, since it runs each one once: printed text of earlier submissions, too
            item._report_sections.clear()
            item.user_properties.clear()
            for report in runtestprotocol(item, log=False, nextitem=following):
                result: Any = getattr(report, "check_result", None)
                if result is not None:
                    collected.add(report.nodeid, str(item.path), result, [])
                    student = self._kit.students.get(item.nodeid)
                    examinations[f"{result.exercise}::{result.check}"] = list(student.examinations) if student else []
        cards = scorecards(collected, self._kit.exercises, seed)
        card = cards[0] if cards else Scorecard(checks_file.parent.name, "", ())
        return Graded(card, examinations)

    def _known_ladders(self, seed: int, hidden: Hidden) -> Ladders:
        """What was made for earlier submissions with this seed and these hidden probes.

        Kept for the last two, since a wrong answer to secret probes is run on the public ones, too.
        """
        key = seed, id(hidden)
        if key not in self._ladders:
            while len(self._ladders) > 1:
                del self._ladders[next(iter(self._ladders))]
            self._ladders[key] = hidden, {}  # which also keeps the id from being given to something else
        return self._ladders[key][1]

    def _exercise_id(self, item: pytest.Item) -> str:
        found = self._kit.of_item(item)
        return found[0].id if found else ""


class _CollectionErrors:
    """A pytest plugin that notes what could not be collected."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.texts.append(report.longreprtext)


def _forget_modules_of(folder: Path) -> None:
    """Checks that this process imported before are read anew: they may be edited, or another folder's of that name."""
    names = {path.stem for path in folder.glob("test_*.py")}
    for name in [name for name in sys.modules if name.rpartition(".")[2] in names]:
        del sys.modules[name]


@contextmanager
def collected_checks(folder: Path, *, for_students: bool = True) -> Iterator[Grader]:
    """A grader for the checks in an assignment's folder, which are collected once.

    The same steps as `pytest.main` takes, which would run the items itself and end.

    Args:
        for_students: whether they read what the checks say; an author's proof wants no diagnosis of mistakes, but the
            hidden probes.

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
        config.stash[RUN_STATE].lazy, config.stash[RUN_STATE].for_students = False, for_students
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
