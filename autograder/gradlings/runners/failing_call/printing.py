"""What a script or a cell with a failing call prints: got and expected, as on the page."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import torch

from gradlings.checks.compare_leaf import Rules
from gradlings.checks.format_value import show
from gradlings.checks.verdicts import MustRaise, value_difference
from gradlings.execution.tolerances import Tolerances
from gradlings.model.observation import CallResult
from gradlings.model.scorecard import CheckResult, Verdict
from gradlings.rendering.terminal import finding_lines, render_lines

_WIDTH = 80


def result_lines(
    got: Any,
    *expected: Any,
    said: str = "",
    names: Sequence[str] = (),
    exact_types: bool = False,
    ordered: bool = False,
    rtol: float | None = None,
    atol: float | None = None,
    float32: bool = False,
) -> list[str]:
    """Return the lines that tell what came back beside what is right.

    Args:
        got: what the call gave.
        expected: the right value, or the ValueError that is to be raised; nothing where many answers are right.
        said: what the check said of the answer, then.
        names: as for `agree`, like all that follows.
        exact_types: likewise.
        ordered: likewise.
        rtol: likewise.
        atol: likewise.
        float32: whether the inputs were in float32, so that its tolerance holds for Python floats.
    """
    if not expected:
        return [f"got {show(got)}", *([f"the check said: {said}"] if said else [])]
    numbers = torch.float32 if float32 else torch.float64
    rules = Rules(tuple(names), exact_types, Tolerances(rtol, atol), ordered, numbers=numbers)
    (right,) = expected
    if isinstance(right, ValueError):
        right = MustRaise(str(right))
    found = value_difference(CallResult(value=got), right, rules)
    if found is None:
        return [f"right: {show(got)}"]
    check = CheckResult("", "", "", Verdict.WRONG, 0, message=found.sentence, rows=found.rows)
    return textwrap.dedent("\n".join(render_lines(finding_lines(check), width=_WIDTH, color=False))).split("\n")
