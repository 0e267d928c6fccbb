"""One result against what is right: the oracle's answer, and the arguments after the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from gradlings.checks.changes import changed
from gradlings.checks.compare import difference
from gradlings.checks.compare_leaf import Difference, Rules
from gradlings.execution.tensor_tree import fresh, map_tensors, tensors_in
from gradlings.model.observation import CallResult
from gradlings.model.scorecard import Row, Verdict


class Comparison(NamedTuple):
    """What is wrong with a result (None: it is right), and what was expected."""

    difference: Difference | None
    expected: Any = None


UNCOMPARED = Comparison(Difference(""))
"""Wrong by an error that student code raised, which says everything."""


@dataclass(frozen=True)
class MustRaise:
    """The right behavior on a probe is to raise ValueError."""

    reason: str


def ask_oracle(oracle: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, torch.dtype]:
    """Return the oracle's answer to a copy of the arguments, and the dtype whose tolerance holds for Python floats.

    A ValueError it raises is its answer (`MustRaise`).
    """
    try:
        value: Any = oracle(*fresh(args))
    except ValueError as error:
        value = MustRaise(str(error))
    return map_tensors(value, lambda t: t.detach()), numbers_of(args)


def numbers_of(args: tuple[Any, ...]) -> torch.dtype:
    """Return the dtype whose tolerance holds for Python floats in the answer to some arguments."""
    dtypes = {t.dtype for t in tensors_in(args) if t.is_floating_point()}
    return torch.float32 if dtypes == {torch.float32} else torch.float64


def value_difference(result: CallResult, expected: Any, rules: Rules) -> Difference | None:
    """Return how a result differs from what the oracle gave; None if it does not."""
    if isinstance(expected, MustRaise):
        if result.raised is not None:
            return None
        found = difference(result.value, expected, rules)
        got = found.rows[0].got if found else ""
        return Difference(f"This call must raise ValueError ({expected.reason}).", (Row("", got, "ValueError"),))
    if result.raised is not None:
        return Difference("")
    return difference(result.value, expected, rules)


def merge_differences(value: Difference | None, argument: Difference | None) -> Difference | None:
    """Return one difference that reports both a wrong answer and a changed input."""
    if value is None or argument is None:
        return value or argument
    return Difference(f"{value.sentence} {argument.sentence}".strip(), value.rows + argument.rows, value.picture)


def argument_difference(result: CallResult, before: tuple[Any, ...], parameters: list[str]) -> Difference | None:
    """Return what to say of an input that a call changed; None if all came back as they were."""
    name = changed_input(result, before, parameters)
    return Difference(input_sentence(name)) if name else None


def changed_input(result: CallResult, before: tuple[Any, ...], parameters: list[str]) -> str:
    """Return the name of the first input that a call changed; "" if all came back as they were."""
    inputs = zip(parameters, before, result.args_after, strict=False)
    return next((name for name, start, end in inputs if changed(start, end)), "")


def input_sentence(name: str) -> str:
    """Return what to say of an input that was changed."""
    return f"Your function changed its input {name}; it must come back as it was. Work on a copy."


def verdict_of(result: CallResult, found: Difference) -> Verdict:
    """Return the verdict of a check whose first wrong result is this one."""
    return result.verdict if result.verdict is not Verdict.PASS and not found.sentence else Verdict.WRONG
