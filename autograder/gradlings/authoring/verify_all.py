"""`gradlings verify`: all proofs of assignments and exercises, on every core."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.authoring.proofs.on_paths import right_on_paths
from gradlings.authoring.proofs.open_checks import keep_checks_open
from gradlings.authoring.proofs.prove import prove
from gradlings.authoring.proofs.student_path import full_marks_at_home
from gradlings.authoring.proofs.whole_files import Proof
from gradlings.authoring.verify import VerifyResult, verify, wrong_total
from gradlings.grading.parent_watch import end_with_parent
from gradlings.model.errors import InputError
from gradlings.submission.given.named_paths import path_names


def verify_all(root: Path, ids: Sequence[str], seeds: int) -> tuple[list[VerifyResult], list[str], list[Proof]]:
    """Verify assignments and exercises on every core; show a progress bar on a terminal.

    Args:
        root: the folder that holds assignments/ and solutions/.
        ids: assignments ("03") and single exercises ("3.5"); everything if empty.
        seeds: how many fresh seeds, as in `verify`; so many mistakes and variants of each function are tried on slow
            exercises.

    Returns:
        A result for each exercise, in their order; a sentence for each assignment whose points do not add
        up; and what was proven of each assignment as a whole. The last two are empty where only exercises are named.

    Raises:
        InputError: an id is unknown, or a source or its checks cannot be used.
    """
    whole, chosen = select_exercises(root, ids)
    exercises = list(chosen)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    context = multiprocessing.get_context("spawn")  # a fork of a process that used torch can hang
    workers = min(os.cpu_count() or 1, 2 * len(exercises))
    with bar, ProcessPoolExecutor(workers, mp_context=context, initializer=_start) as pool:
        verified: dict[str, Future[VerifyResult]] = {}
        proven: dict[str, Future[list[Proof]]] = {}
        for id in reversed(exercises):  # the last ones take longest: nobody is to wait for them alone
            proven[id] = pool.submit(prove, chosen[id], id, seeds)
            verified[id] = pool.submit(verify, chosen[id], id, seeds)
        at_home = [pool.submit(full_marks_at_home, assignment) for assignment in whole]
        at_home += [pool.submit(right_on_paths, each) for each in whole if path_names(each.folder.parent)]
        jobs: list[Future[Any]] = [*verified.values(), *proven.values(), *at_home]
        try:
            for job in bar.track(as_completed(jobs), total=len(jobs), description="verifying"):
                job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    results = [verified[id].result() for id in exercises]
    for id, result in zip(exercises, results, strict=True):
        result.proofs += proven[id].result()
    totals = ((assignment.id, wrong_total(assignment)) for assignment in whole)
    sentences = [f"{id}: {sentence}" for id, sentence in totals if sentence]
    return results, sentences, [job.result() for job in at_home]


def _start() -> None:
    """Prepare a process of the pool."""
    end_with_parent()
    keep_checks_open()


def select_exercises(root: Path, ids: Sequence[str]) -> tuple[list[Assignment], dict[str, Assignment]]:
    """Find the assignments that are verified as a whole, and in order each exercise to verify with its assignment.

    Raises:
        InputError: an id is unknown.
    """
    single = [id for id in ids if "." in id]
    named = tuple(id for id in ids if "." not in id)
    whole = find_assignments(root, named) if named or not single else []
    chosen = {exercise.id: assignment for assignment in whole for exercise in assignment.exercises}
    if single:
        known = {exercise.id: assignment for assignment in find_assignments(root) for exercise in assignment.exercises}
        if unknown := [id for id in single if id not in known]:
            raise InputError(f"No exercise {', '.join(unknown)} in {root / 'solutions'}; there are {', '.join(known)}.")
        chosen = {id: assignment for id, assignment in known.items() if id in chosen or id in single}
    return whole, chosen
