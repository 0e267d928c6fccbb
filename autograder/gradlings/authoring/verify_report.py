"""What `gradlings verify` shows: a table, and every breach in words."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from gradlings.authoring.verify import VerifyResult


def show_verification(results: Sequence[VerifyResult], wrong_totals: Sequence[str], seeds: int) -> int:
    """Print the table, the breaches and a line that adds up, with the number of fresh seeds; count the breaches."""
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
            f"NO ({len(result.breaches)})" if result.breaches else "yes",
        )
    console.print(table)
    for result in results:
        for breach in result.breaches:
            console.print(f"{result.exercise.id}: {breach}", style="red")
        for warning in result.warnings:
            console.print(f"{result.exercise.id}: warning: {warning}", style="yellow")
    for sentence in wrong_totals:
        console.print(sentence, style="red")
    misconceptions, variants = sum(r.misconceptions for r in results), sum(r.variants for r in results)
    breaches = sum(len(r.breaches) for r in results) + len(wrong_totals)
    console.print(
        f"{len(results)} exercises: {sum(r.caught for r in results)} of {misconceptions} misconceptions caught, "
        f"{sum(r.named for r in results)} named; {sum(r.passed for r in results)} of {variants} variants passed; "
        f"{seeds} fresh seeds; {breaches} breaches."
    )
    return breaches
