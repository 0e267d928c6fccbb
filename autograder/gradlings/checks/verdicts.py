"""One outcome against what is right: the oracle's value, the arguments afterwards, and what was said of it before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from gradlings.checks.compare import Difference, Rules, changed, difference
from gradlings.checks.diff_picture import with_name
from gradlings.checks.probes import Calls, Ladder, same_every_time
from gradlings.execution.tensor_tree import fresh, map_tensors, tensors_in
from gradlings.model.observation import CallResult
from gradlings.model.scorecard import Row

Judgement = tuple[Difference | None, Any]
"""What is wrong with an outcome, and what was expected."""
JudgeOutcome = Callable[[CallResult, int], Judgement]


@dataclass(frozen=True)
class MustRaise:
    """The right behaviour on a probe is ValueError."""

    reason: str


def kept(judge: JudgeOutcome, name: object) -> JudgeOutcome:
    """The same judge, who looks only once at an outcome that comes up again.

    Args:
        name: of all that the judgement depends on, besides the outcome and its call.
    """

    def judgement(outcome: CallResult, index: int) -> Judgement:
        if outcome.judged is None:
            return judge(outcome, index)
        if name not in outcome.judged:
            outcome.judged[name] = judge(outcome, index)
        found: Judgement = outcome.judged[name]
        return found

    return judgement


@dataclass(frozen=True)
class Right:
    """What the oracle gives on one probe."""

    value: Any
    args_after: tuple[Any, ...]
    numbers: torch.dtype
    """Whose tolerance holds for Python floats."""


def right_answer(oracle: Callable[..., Any], args: tuple[Any, ...]) -> Right:
    """Asks the oracle, on a copy of the arguments."""
    mine = fresh(args)
    try:
        value: Any = oracle(*mine)
    except ValueError as error:
        value = MustRaise(str(error))
    dtypes = {t.dtype for t in tensors_in(args) if t.is_floating_point()}
    numbers = torch.float32 if dtypes == {torch.float32} else torch.float64
    return Right(map_tensors(value, lambda t: t.detach()), mine, numbers)


def known_answers(ladder: Ladder, calls: Calls, oracle: Callable[..., Any]) -> dict[int, Right]:
    """What the oracle said of these calls for an earlier submission, by index; is added to.

    Nothing of a submission is in it, and no submission is ever given it: the oracle saw copies of the probes alone.
    """
    name = same_every_time(oracle)
    return {} if name is None else ladder.memory.setdefault((calls, name), {})


def value_difference(outcome: CallResult, expected: Any, rules: Rules) -> Difference | None:
    """None if an outcome is what the oracle gave."""
    if isinstance(expected, MustRaise):
        if outcome.raised is not None:
            return None
        row = difference(outcome.value, expected, rules)
        got = row.rows[0].got if row else ""
        return Difference(f"This call must raise ValueError ({expected.reason}).", (Row("", got, "ValueError"),))
    if outcome.raised is not None:
        return Difference("")
    return difference(outcome.value, expected, rules)


def joined(found: Difference | None, altered: Difference | None) -> Difference | None:
    """A wrong answer and a changed input are both said."""
    if found is None or altered is None:
        return found or altered
    said = f"{found.sentence} {altered.sentence}".strip()
    return Difference(said, found.rows + altered.rows, found.picture)


def argument_difference(
    outcome: CallResult,
    before: tuple[Any, ...],
    expected: tuple[Any, ...],
    parameters: list[str],
    in_place: Sequence[str],
    rules: Rules,
) -> Difference | None:
    """Inputs must come back unchanged, except those the exercise wants changed in place."""
    for name, start, end, right in zip(parameters, before, outcome.args_after, expected, strict=False):
        if name in in_place:
            found = difference(end, right, rules)
            if found is not None:
                rows = tuple(Row(f"{name} afterwards", row.got, row.expected) for row in found.rows)
                said = found.sentence or f"{name} is not what it must be after the call."
                return Difference(said, rows, with_name(f"{name} afterwards", found.picture))
        elif changed(start, end):
            return Difference(f"Your function changed its input {name}; it must come back as it was. Work on a copy.")
    return None
