"""What `gradlings verify` shows: a progress bar, a table, and every breach in words."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from autograder.authoring.building import Assignment
from autograder.authoring.verifying import Proof, submissions_to_grade, verify


def verified_with_progress(assignments: Sequence[Assignment], seeds: int) -> list[Proof]:
    """Verifies the assignments; the bar is on standard error, and only on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    proofs: list[Proof] = []
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        for assignment in assignments:
            total = submissions_to_grade(assignment, seeds)
            task = progress.add_task(f"verify {assignment.id}", total=total)
            proofs += verify(assignment, seeds, lambda done, task=task: progress.advance(task, done))  # type: ignore[misc]
    return proofs


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
