"""Run the checks of an exercise on its mutants, in a process that can be ended.

A mutant may loop for ever or use up the memory. So the process that has collected the checks, and has run them on the
solution, forks, and the child runs one mutant after another. When one takes too long the kernel ends the child, and the
next child goes on after it. A limit of processor time, not of wall time: how busy the machine is decides nothing.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import math
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from enum import Enum
from typing import NoReturn

import torch

from gradlings.authoring.assignment import Assignment
from gradlings.authoring.mutants.mutation import Mutant
from gradlings.checks.hidden_probes import NOTHING_HIDDEN
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import CheckResult, Verdict
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission.reader import from_source

PUBLIC_SEED, SECRET_SEED = 0, 1
_SPARE_SECONDS = 1.0
"""Processor time that a mutant gets beyond what the solution took."""
_MAX_WALL_FACTOR = 20
"""Of the processor time: a mutant that waits for something is ended at last, however busy the machine is."""
_MAX_BYTES = 8 << 30
_PR_SET_PDEATHSIG = 1


class Fate(Enum):
    """What became of a mutant."""

    CAUGHT = "c"
    ENDED = "e"
    """It took too long, or its process died: caught as well."""
    AT_HOME_ONLY = "h"
    """It has full marks on the public probes and fails others: a student would not know why."""
    SURVIVED = "s"


class _MutantGrader:
    """The checks of one assignment, collected, and the exercise that they were warmed up with."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self._open = contextlib.ExitStack()
        self._grader: Grader = self._open.enter_context(collected_checks(assignment.folder, mode=RunMode.PROOF))
        self._grader.follow_with({}, None)
        self._hidden = assignment.hidden()
        self._exercise = ""
        self._seconds = 0.0

    def close(self) -> None:
        self._open.close()

    def warm_up(self, exercise: Exercise) -> None:
        """Run the checks on the solution: what they make for it is then there for every mutant.

        Raises:
            InputError: the solution fails.
        """
        if exercise.id == self._exercise:
            return
        started = time.process_time()
        if self.fate(exercise, "") is not Fate.SURVIVED:
            raise InputError(f"The solution of {exercise.id} fails: run `gradlings verify {exercise.id}` first.")
        self._exercise, self._seconds = exercise.id, time.process_time() - started
        gc.collect()
        gc.freeze()  # or else the first collection in every child copies all memory

    def fate(self, exercise: Exercise, code: str) -> Fate:
        """Run check after check on the solution with one function replaced, up to the first that fails."""
        source = self.assignment.main
        submission = from_source(f"{source.text}\n# %%\n{code}\n", source.path)
        for seed, hidden in ((PUBLIC_SEED, NOTHING_HIDDEN), (SECRET_SEED, self._hidden)):
            runner = self._grader.run_cells(submission, source.checks_file)
            for check in exercise.checks:
                only = (f"{exercise.id}::{check.name}",)
                graded = self._grader.check(runner, source.checks_file, seed=seed, only=only, hidden=hidden)
                (score,) = graded.scorecard.exercises
                if not all(_is_clean(result) for result in score.checks if result.check == check.name):
                    return Fate.AT_HOME_ONLY if seed else Fate.CAUGHT
        return Fate.SURVIVED

    def fates(self, exercise: Exercise, mutants: Sequence[Mutant]) -> list[Fate]:
        """Return the fates of mutants, which are run in a child; after one that had to be ended, in the next child."""
        found: list[Fate] = []
        while len(found) < len(mutants):
            found += self._until_one_is_ended(exercise, mutants[len(found) :])
        return found

    def _until_one_is_ended(self, exercise: Exercise, mutants: Sequence[Mutant]) -> list[Fate]:
        if sys.platform == "win32":
            raise NotImplementedError
        seconds = math.ceil(self._seconds + _SPARE_SECONDS)
        reading, writing = os.pipe()
        parent = os.getpid()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the other thread only waits for our own parent
            pid = os.fork()
        if pid == 0:
            self._tell_and_exit(exercise, mutants, writing, seconds, parent)
        os.close(writing)
        told = ""
        while len(told) < len(mutants) and select.select([reading], [], [], _MAX_WALL_FACTOR * seconds)[0]:
            if not (letters := os.read(reading, len(mutants)).decode()):
                break
            told += letters
        os.close(reading)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        ended = [Fate.ENDED] if len(told) < len(mutants) else []
        return [*map(Fate, told), *ended]

    def _tell_and_exit(
        self, exercise: Exercise, mutants: Sequence[Mutant], writing: int, seconds: int, parent: int
    ) -> NoReturn:
        """Run mutants in the child, which never returns to the loop of its parent."""
        if sys.platform == "win32":
            raise NotImplementedError
        import resource

        try:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)
            resource.setrlimit(resource.RLIMIT_AS, (_MAX_BYTES, _MAX_BYTES))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            null = os.open(os.devnull, os.O_RDWR)
            for standard in (0, 1, 2):
                os.dup2(null, standard)
            for mutant in mutants:
                used = math.ceil(time.process_time())
                resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, resource.RLIM_INFINITY))
                os.write(writing, self.fate(exercise, mutant.code).value.encode())
        finally:
            os._exit(0)


def _is_clean(result: CheckResult) -> bool:
    """Whether a check has nothing to say. A note costs no points, and says what is wrong: "this is not on the GPU"."""
    return result.verdict is Verdict.PASS and not result.notes


_graders: list[_MutantGrader] = []
"""The one in use: collecting the checks of an assignment takes long."""


def fates(assignment: Assignment, exercise: Exercise, mutants: Sequence[Mutant]) -> list[Fate]:
    """Run mutants of the functions of an exercise through its checks, first on the public probes, then on others.

    Raises:
        InputError: the solution itself fails.
    """
    torch.set_num_threads(1)  # further threads would not be there after a fork
    if not _graders or _graders[0].assignment.folder != assignment.folder:
        for grader in _graders:
            grader.close()
        _graders[:] = [_MutantGrader(assignment)]
        atexit.register(_graders[0].close)
    (grader,) = _graders
    grader.warm_up(exercise)
    return grader.fates(exercise, mutants)
