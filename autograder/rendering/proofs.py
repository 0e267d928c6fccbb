"""What `gradlings verify` shows: a progress bar, a table, and every breach in words."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from autograder.authoring.building import find_assignments
from autograder.authoring.verifying import Proof, verify
from autograder.parent_process import end_with_parent


def verified_with_progress(root: Path, ids: Sequence[str], seeds: int) -> list[Proof]:
    """Verifies assignments, an exercise at a time on every core; the bar is on standard error, only on a terminal."""
    tasks = [
        (root, assignment.id, exercise.id, seeds)
        for assignment in find_assignments(root, tuple(ids))
        for topic in assignment.topics
        for exercise in topic.exercises
    ]
    tasks.sort(key=lambda task: [int(part) for part in task[2].split(".")])
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    context = multiprocessing.get_context("spawn")  # a fork of a process that used torch can hang
    with (
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
        ProcessPoolExecutor(
            min(os.cpu_count() or 1, len(tasks)), mp_context=context, initializer=end_with_parent
        ) as pool,
    ):
        bar = progress.add_task("exercises verified", total=len(tasks))
        futures = [pool.submit(_verify, *task) for task in tasks]
        for future in as_completed(futures):
            progress.advance(bar)
            if future.exception() is not None:
                pool.shutdown(cancel_futures=True)
        return [future.result() for future in futures]


def _verify(root: Path, assignment: str, exercise: str, seeds: int) -> Proof:
    """One task of the pool: reads the assignment anew in the process that verifies it."""
    return verify(find_assignments(root, (assignment,))[0], exercise, seeds)


def show_proofs(proofs: Sequence[Proof], seeds: int) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for column in ("exercise", "stub", "solution", "caught", "named", "variants", "ok"):
        table.add_column(column, justify="left" if column in ("exercise", "ok") else "right", no_wrap=True)
    for proof in proofs:
        table.add_row(
            f"{proof.exercise.id} {', '.join(proof.exercise.functions)}",
            str(proof.stub_points),
            f"{proof.solution_points}/{proof.exercise.points}",
            f"{proof.caught}/{proof.misconceptions}",
            f"{proof.named}/{proof.misconceptions}",
            f"{proof.passed}/{proof.variants}",
            "yes" if proof.holds else f"NO ({len(proof.breaches)})",
        )
    console.print(table)
    for proof in proofs:
        for breach in proof.breaches:
            console.print(f"{proof.exercise.id}: {breach}", style="red")
        for warning in proof.warnings:
            console.print(f"{proof.exercise.id}: warning: {warning}", style="yellow")
    total = {
        name: sum(getattr(proof, name) for proof in proofs)
        for name in ("misconceptions", "caught", "named", "variants", "passed")
    }
    console.print(
        f"{len(proofs)} exercises: {total['caught']} of {total['misconceptions']} misconceptions caught, "
        f"{total['named']} named; {total['passed']} of {total['variants']} variants passed; {seeds} fresh seeds; "
        f"{sum(len(proof.breaches) for proof in proofs)} breaches."
    )
