"""Find forbidden names in the source of the code that an exercise's functions can reach. Imports no torch.

Only what can run counts: the last top-level definition of each named function and, from there, every function, class,
lambda and module-level value it uses. Where the source does not tell (a method `backward` of an object that may be a
tensor or of a class of the file, a name put together while running), the run-time recorder decides.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from functools import lru_cache

from gradlings.forbidden.program import program_of
from gradlings.forbidden.reachable_code import ReachableCode
from gradlings.model.rule_table import rules_named
from gradlings.model.rules import Breach, Rule
from gradlings.submission.cells import Cell


def breaches_in_cells(cells: Sequence[Cell], functions: Collection[str], rules: Collection[str]) -> tuple[Breach, ...]:
    """Return what a submission uses that the rules forbid, as far as an exercise's functions can reach it.

    Cells are given and breaches returned in the order in which they run. A cell that cannot be read is left out.

    Raises:
        ValueError: there is no rule of that name.
    """
    return _breaches(tuple(cells), tuple(functions), rules_named(rules))


@lru_cache(maxsize=256)  # every check of an exercise asks the same
def _breaches(cells: tuple[Cell, ...], functions: tuple[str, ...], rules: tuple[Rule, ...]) -> tuple[Breach, ...]:
    if not rules:
        return ()
    breaches: set[Breach] = set()
    with contextlib.suppress(RecursionError):  # nested deeper than Python can follow: the recorder sees the rest
        reachable = ReachableCode(program_of(cells), rules)
        breaches = reachable.breaches
        reachable.follow(functions)
    position = {cell.file: index for index, cell in enumerate(cells)}
    return tuple(sorted(breaches, key=lambda breach: (position[breach.file], breach.line, breach.rule, breach.what)))
