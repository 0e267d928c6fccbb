"""What `gradlings verify --mutants` shows: a table, every survivor with its line, and what is declared wrongly."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from gradlings.authoring.equivalent import FILE
from gradlings.authoring.mutants.prove import MutantResult
from gradlings.authoring.mutants.trial import Fate
from gradlings.submission.reader import shown


def show_mutants(results: Sequence[MutantResult]) -> int:
    """Print what became of the mutants, and a line that adds up; count the breaches."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for column in ("exercise", "mutants", "caught", "equivalent", "survive", "ok"):
        table.add_column(column, justify="left" if column in ("exercise", "ok") else "right", no_wrap=True)
    for result in results:
        counts = (result.tried, result.caught, result.equivalent, len(result.survivors))
        ok = f"NO ({result.breaches})" if result.breaches else "yes"
        table.add_row(f"{result.exercise.id} {', '.join(result.exercise.functions)}", *map(str, counts), ok)
    console.print(table)
    for result in results:
        for mutant, fate in result.survivors:
            how = "has full marks" if fate is Fate.SURVIVED else "has full marks at home, and fails hidden probes"
            place = f"{shown(result.source)}:{mutant.line}"
            console.print(
                f"{result.exercise.id}: {mutant.function} {how}\n    {place}  {mutant.operator}: {mutant.change}",
                style="red" if result.required else "yellow",
            )
        for declared, problem in result.stale:
            file = shown(result.source.with_name(FILE))
            console.print(
                f"{result.exercise.id}: {file} declares what does not hold: {problem}\n"
                f"    {declared.function}  {declared.operator}: {declared.change}",
                style="red",
            )
    if any(result.survivors for result in results):
        console.print(
            f"A survivor is a wrong answer that the checks do not see: add a probe on which it shows. If it is right, "
            f"too, declare it in {FILE}, with the reason."
        )
    breaches = sum(result.breaches for result in results)
    console.print(
        f"{len(results)} exercises, {sum(result.tried for result in results)} mutants: "
        f"{sum(result.caught for result in results)} caught ({sum(result.ended for result in results)} of them ended), "
        f"{sum(result.equivalent for result in results)} equivalent, "
        f"{sum(len(result.survivors) for result in results)} survive; {breaches} breaches."
    )
    return breaches
