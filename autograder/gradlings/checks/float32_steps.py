"""A float32 step in a right function is no mistake where the exercise is not about dtypes.

An answer that is nearly right is judged again with its float32 steps in float64: if it is then right by the usual
tolerance, the rounding was all that was wrong. A wider tolerance would accept real mistakes, such as a constant that is
cut off after six digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gradlings.checks.call_variants import Calls
from gradlings.checks.compare_leaf import Rules
from gradlings.checks.verdicts import Comparison, argument_difference, value_difference
from gradlings.execution.student_api import StudentFunction
from gradlings.execution.tensor_tree import tensors_in
from gradlings.execution.tolerances import Tolerances
from gradlings.model.observation import CallResult
from gradlings.model.rules import Breach
from gradlings.submission.reader import shown

_NEAR = 1e-3
"""Of the largest value that is expected: float32 steps lose far fewer digits, most mistakes far more."""
_NEAR_ZERO = 1e-5


def right_in_float64(
    function: StudentFunction,
    calls: Calls,
    failing: Sequence[int],
    nearly: Callable[[int], bool],
    compared: Callable[[CallResult, int], Comparison],
) -> str:
    """Return a note that names the line where float32 enters, if that is all that is wrong; else "".

    Args:
        function: what was called.
        calls: all calls; `failing` are the indices of those with a wrong result.
        failing: see `calls`.
        nearly: whether the result of the call of an index is right but for some digits.
        compared: compares a result with what is right for the call of an index.
    """
    again = [calls[index] for index in failing]
    if any(t.dtype == torch.float32 for t in tensors_in(again)) or not all(map(nearly, failing)):
        return ""
    results = function.results_in_float64(again)
    if len(results) < len(failing):
        return ""
    if any(compared(result, index).difference for result, index in zip(results, failing, strict=True)):
        return ""
    places = [breach for result in results for breach in result.breaches]
    return _note(places) if places else ""


def nearly_right(result: CallResult, expected: Any, args: tuple[Any, ...], parameters: list[str], rules: Rules) -> bool:
    """Return whether a result is of the right type, shape and dtype, and right but for some digits."""
    if result.raised is not None or argument_difference(result, args, parameters) is not None:
        return False
    return value_difference(result, expected, near_rules(rules, expected)) is None


def near_rules(rules: Rules, expected: Any) -> Rules:
    """Return rules by which an answer is right that has lost some digits of what is expected."""
    finite = [t.abs()[torch.isfinite(t)] for t in tensors_in(expected) if t.is_floating_point()]
    scale = max([float(t.max()) for t in finite if t.numel()] + _python_floats(expected), default=0.0)
    return replace(rules, tolerances=Tolerances(_NEAR, _NEAR * scale + _NEAR_ZERO))


def _python_floats(value: Any) -> list[float]:
    if isinstance(value, float):
        return [abs(value)] if value - value == 0 else []
    if isinstance(value, dict):
        return [number for item in value.values() for number in _python_floats(item)]
    if isinstance(value, tuple | list) and not isinstance(value, Tensor):
        return [number for item in value for number in _python_floats(item)]
    return []


def _note(places: Sequence[Breach]) -> str:
    first = places[0]
    where = f"{shown(first.file)}:{first.line}"
    return f"Here float32 enters: `{first.code}` ({where}). In float64 this costs digits."
