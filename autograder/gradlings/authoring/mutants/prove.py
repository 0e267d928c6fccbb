"""`gradlings verify --mutants`: run all mutants side by side, and compare the survivors with what is declared."""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gradlings.authoring.assignment import Assignment
from gradlings.authoring.equivalent import FILE, Equivalent, read_equivalents
from gradlings.authoring.mutants.mutation import Mutant, mutants_of
from gradlings.authoring.mutants.trial import Fate, fates
from gradlings.authoring.verify_all import select_exercises
from gradlings.grading.parent_watch import end_with_parent
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise

_MUTANTS_A_JOB = 25


@dataclass
class MutantResult:
    """What became of the mutants of one exercise."""

    exercise: Exercise
    source: Path
    required: bool
    """Whether its author declares equivalent mutants, so that an undeclared survivor is a breach."""
    tried: int = 0
    ended: int = 0
    equivalent: int = 0
    survivors: list[tuple[Mutant, Fate]] = field(default_factory=list)
    """Those that nobody declared."""
    stale: list[tuple[Equivalent, str]] = field(default_factory=list)
    """Declarations that do not hold, each with what is wrong with it."""

    @property
    def caught(self) -> int:
        """How many mutants failed a check on the public probes."""
        return self.tried - self.equivalent - len(self.survivors)

    @property
    def breaches(self) -> int:
        """How many things must be mended."""
        return len(self.stale) + (len(self.survivors) if self.required else 0)


def prove_by_mutants(root: Path, ids: Sequence[str], sample: int | None) -> list[MutantResult]:
    """Run the mutants of assignments and exercises on every core; show a progress bar on a terminal.

    Args:
        root: the folder that holds assignments/ and solutions/.
        ids: assignments ("03") and single exercises ("3.5"); everything if empty.
        sample: how many mutants of each exercise, always the same ones; None for all.

    Returns:
        A result for each exercise that has a solution, in their order.

    Raises:
        InputError: an id is unknown, something cannot be read, a solution fails, or this is not Linux.
    """
    if sys.platform != "linux":
        raise InputError("Mutants are run in forked processes, which is safe on Linux only; WSL will do.")
    _, chosen = select_exercises(root, ids)
    cases = [_Case(assignment, id, sample) for id, assignment in chosen.items()]
    cases = [case for case in cases if case.mutants]
    jobs = [
        (case, case.mutants[at : at + _MUTANTS_A_JOB])
        for case in cases
        for at in range(0, len(case.mutants), _MUTANTS_A_JOB)
    ]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    context = multiprocessing.get_context("spawn")
    workers = max(1, min(os.cpu_count() or 1, len(jobs)))
    with bar, ProcessPoolExecutor(workers, mp_context=context, initializer=end_with_parent) as pool:
        task = bar.add_task("mutants tried", total=sum(len(mutants) for _, mutants in jobs))
        running = [pool.submit(fates, case.assignment, case.exercise, mutants) for case, mutants in jobs]
        for (case, mutants), future in zip(jobs, running, strict=True):
            case.note(mutants, future.result())
            bar.advance(task, len(mutants))
    return [case.result() for case in cases]


def sampled(mutants: list[Mutant], count: int | None, seed: str) -> list[Mutant]:
    """Return so many of the mutants, in their order, and the same ones for the same seed; all if None."""
    if count is None or count >= len(mutants):
        return mutants
    return [mutants[index] for index in sorted(random.Random(seed).sample(range(len(mutants)), count))]


class _Case:
    """One exercise, its mutants, and what became of them."""

    def __init__(self, assignment: Assignment, exercise: str, sample: int | None) -> None:
        self.assignment = assignment
        self.exercise = next(each for each in assignment.exercises if each.id == exercise)
        path = assignment.solutions / FILE
        declared = read_equivalents(path)
        known = {function for each in assignment.exercises for function in each.functions}
        if unknown := [each.function for each in declared or () if each.function not in known]:
            raise InputError(f"{path}: {', '.join(unknown)} is a function of no exercise")
        self._required = declared is not None
        self._declared = [each for each in declared or () if each.function in self.exercise.functions]
        self._all = mutants_of(assignment.main.text, self.exercise.functions)
        self.mutants = sampled(self._all, sample, exercise)
        self._fates: list[tuple[Mutant, Fate]] = []

    def note(self, mutants: Sequence[Mutant], found: Sequence[Fate]) -> None:
        self._fates += zip(mutants, found, strict=True)

    def result(self) -> MutantResult:
        result = MutantResult(self.exercise, self.assignment.main.path, self._required, tried=len(self._fates))
        declared = {_key(each) for each in self._declared}
        caught = {_key(mutant) for mutant, fate in self._fates if fate is not Fate.SURVIVED}
        for mutant, fate in self._fates:
            result.ended += fate is Fate.ENDED
            if fate is Fate.SURVIVED and _key(mutant) in declared:
                result.equivalent += 1
            elif fate in (Fate.SURVIVED, Fate.AT_HOME_ONLY):
                result.survivors.append((mutant, fate))
        known = {_key(mutant) for mutant in self._all}
        for each in self._declared:
            if _key(each) not in known:
                result.stale.append((each, "there is no such mutant"))
            elif _key(each) in caught:
                result.stale.append((each, "the checks catch it"))
        return result


def _key(mutant: Mutant | Equivalent) -> tuple[str, str, str]:
    return mutant.function, mutant.operator, mutant.change
