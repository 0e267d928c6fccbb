"""What `gradlings verify` shows: a progress bar, a table, and every breach in words."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from gradlings.authoring.verify import Proof


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
