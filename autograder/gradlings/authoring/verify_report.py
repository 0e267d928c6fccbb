"""What `gradlings verify` shows: a table, and every breach in words."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from gradlings.authoring.proofs.whole_files import Proof
from gradlings.authoring.verify import VerifyResult


def show_verification(
    results: Sequence[VerifyResult], wrong_totals: Sequence[str], of_assignments: Sequence[Proof], seeds: int
) -> int:
    """Print the tables, the breaches and a line that adds up, with the number of fresh seeds; count the breaches."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for column in ("exercise", "stub", "solution", "caught", "named", "variants", "ok"):
        table.add_column(column, justify="left" if column in ("exercise", "ok") else "right", no_wrap=True)
    for result in results:
        table.add_row(
            f"{result.exercise.id} {', '.join(result.exercise.functions)}",
            str(result.stub_points),
            f"{result.solution_points}/{result.exercise.points}",
            f"{result.caught}/{result.misconceptions}",
            f"{result.named}/{result.misconceptions}",
            f"{result.passed}/{result.variants}",
            f"NO ({len(result.all_breaches)})" if result.all_breaches else "yes",
        )
    console.print(table)
    proofs = [*(proof for result in results for proof in result.proofs), *of_assignments]
    _show_proofs(console, proofs)
    for result in results:
        for breach in result.all_breaches:
            console.print(f"{result.exercise.id}: {breach}", style="red")
        for warning in result.warnings:
            console.print(f"{result.exercise.id}: warning: {warning}", style="yellow")
    others = [*wrong_totals, *(breach for proof in of_assignments for breach in proof.breaches)]
    for sentence in others:
        console.print(sentence, style="red")
    misconceptions, variants = sum(r.misconceptions for r in results), sum(r.variants for r in results)
    breaches = sum(len(r.all_breaches) for r in results) + len(others)
    console.print(
        f"{len(results)} exercises: {sum(r.caught for r in results)} of {misconceptions} misconceptions caught, "
        f"{sum(r.named for r in results)} named; {sum(r.passed for r in results)} of {variants} variants passed; "
        f"{seeds} fresh seeds; {breaches} breaches."
    )
    return breaches


def _show_proofs(console: Console, proofs: Sequence[Proof]) -> None:
    """Print how many cases of each proof hold."""
    for claim in dict.fromkeys(proof.claim for proof in proofs):
        alike = [proof for proof in proofs if proof.claim == claim]
        held, broken = sum(proof.held for proof in alike), sum(len(proof.breaches) for proof in alike)
        console.print(f"{held:>6} of {held + broken:>5} {claim}", style="red" if broken else "")
