"""How often the checks of random functions refuse right code, over many seeds.

    python benchmarks/false_alarms.py [seeds of the solution [seeds of each variant]]

The defaults are 2000 and 200. Each check's docstring bounds how often; no refusal at all is to be expected here.
"""

from __future__ import annotations

import runpy
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from gradlings.authoring.assignment import find_assignments
from gradlings.checks.compare import difference
from gradlings.checks.compare_leaf import Rules
from gradlings.execution.tolerances import Tolerances

ROOT = Path(__file__).resolve().parent.parent
ONE_ROW = torch.tensor([[1, 2]])

# driver, its arguments but for the seed, what decides
PROPERTIES: dict[str, list[tuple[str, tuple[Any, ...], str]]] = {
    "5.9": [
        ("orders_of_epochs", (5, 2, 1200), "every_order_alike"),
        ("moves_in_epochs", (1000, 300, 60), "every_move_alike"),
    ],
    "6.2": [("starts_drawn", (6, 4000, 3), "even_and_independent")],
    "6.11": [("dropped_in_training", (0.3,), "at_the_rate_and_independent")],
    "6.12": [("ranks_drawn", (7, ONE_ROW, 4), "ranks_by_softmax")],
}
ORACLES: dict[str, list[tuple[str, tuple[Any, ...], str, Rules]]] = {
    "6.11": [("factors_in_training", (0.3,), "only_the_sum_of_the_embeddings", Rules())],
    "6.12": [("tokens_drawn", (6, ONE_ROW, 3), "tokens_by_softmax", Rules(tolerances=Tolerances(0.0, 0.1)))],
}


def candidates(id: str) -> Iterator[tuple[str, str, SimpleNamespace, dict[str, Any], dict[str, Any]]]:
    """Yield the solution and the variants of these exercises, with the drivers and the checks of their assignment."""
    (assignment,) = find_assignments(ROOT, (id,))
    drivers = runpy.run_path(str(assignment.folder / "drivers.py"))
    checks = runpy.run_path(str(assignment.main.checks_file))
    sources = [(exercise, "the solution", assignment.main.text) for exercise in PROPERTIES if exercise[0] == id[-1]]
    sources += [
        (entry.exercise, entry.name, entry.submission(assignment.main.text))
        for entry in assignment.catalogue("variants")
        if entry.exercise in PROPERTIES
    ]
    for exercise, name, text in sources:
        namespace: dict[str, Any] = {}
        exec(compile(text, f"{exercise} {name}", "exec"), namespace)
        yield exercise, name, SimpleNamespace(**namespace), drivers, checks


def refusals(of: Callable[[int], object], seeds: int) -> tuple[int, float]:
    """Count the seeds at which something is refused, and return the milliseconds that a seed takes."""
    start = time.perf_counter()
    count = sum(bool(of(seed)) for seed in range(seeds))
    return count, (time.perf_counter() - start) / max(seeds, 1) * 1e3


def main() -> None:
    numbers = [int(argument) for argument in sys.argv[1:]]
    torch.set_num_threads(1)
    refused = 0
    for id in ("05", "06"):
        for exercise, name, student, drivers, checks in candidates(id):
            seeds = [*numbers, *(2000, 200)[len(numbers) :]][name != "the solution"]
            for driver, args, decides in PROPERTIES.get(exercise, []):
                run, judge = drivers[driver], checks[decides]
                count, ms = refusals(lambda s: judge(run(student, *args, s), *args, s), seeds)  # noqa: B023
                refused += count
                print(f"{exercise:5} {name:45} {driver:20} refused {count} of {seeds}, {ms:.1f} ms", flush=True)
            for driver, args, decides, rules in ORACLES.get(exercise, []):
                run, judge = drivers[driver], checks[decides]
                count, ms = refusals(
                    lambda s: difference(run(student, *args, s), judge(*args, s), rules),  # noqa: B023
                    seeds,
                )
                refused += count
                print(f"{exercise:5} {name:45} {driver:20} refused {count} of {seeds}, {ms:.1f} ms", flush=True)
    sys.exit(int(refused > 0))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
