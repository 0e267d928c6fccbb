"""Check that gradients flow back through a student's function, where a later training run goes through it.

Values cross the line to a worker, graphs do not. So a driver of the assignment goes backward where the submission runs,
from the weighted sum of the outputs that `weighted_sum` describes, and returns what arrived at each input.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from gradlings.checks.assertions import satisfies
from gradlings.checks.compare_leaf import DEFAULT_RULES, leaf_difference
from gradlings.checks.float32_steps import near_rules
from gradlings.checks.format_value import show_pair
from gradlings.checks.probes import Ladder
from gradlings.execution.student_api import StudentFunction

_CUT = "Which step takes numbers out of the graph: detach(), .item(), torch.tensor(...), or no_grad()?"


def gradients_agree(function: StudentFunction, ladder: Ladder, oracle: Callable[..., Any]) -> None:
    """Check the value of a function, and the gradients with respect to each float tensor in its arguments.

    Args:
        function: `student.through("<driver>")`. The driver returns a pair: what the student's function gives, and
            the list of the gradients of its `weighted_sum`, None where none arrives, in the order of the arguments.
        ladder: the probes, for the driver and for the oracle.
        oracle: computes the right value, one float tensor, with torch operations that have gradients.

    Raises:
        CheckFailed: the value or a gradient is wrong, or no gradient arrives where one is due.
        Unavailable: the function cannot be called at all.
    """
    __tracebackhide__ = True

    def flow_back(answer: Any, *args: Any) -> str | None:
        return _difference(answer, list(inspect.signature(oracle).parameters), args, oracle)

    signature = inspect.signature(oracle)
    first = inspect.Parameter("answer", inspect.Parameter.POSITIONAL_ONLY)
    flow_back.__signature__ = signature.replace(parameters=[first, *signature.parameters.values()])  # type: ignore[attr-defined]

    def nearly(answer: Any, *args: Any) -> bool:
        return _difference(answer, list(signature.parameters), args, oracle, near=True) is None

    satisfies(function, ladder, flow_back, nearly=nearly)


def weighted_sum(outputs: Tensor) -> Tensor:
    """Return the sum of all outputs, each with the cosine of its number (0, 1, 2, ...) as weight: a 0-d tensor."""
    weights = torch.cos(torch.arange(outputs.numel(), dtype=outputs.dtype, device=outputs.device))
    return (outputs * weights.view_as(outputs)).sum()


def _difference(
    answer: Any, parameters: list[str], args: tuple[Any, ...], oracle: Callable[..., Any], *, near: bool = False
) -> str | None:
    """Return what is wrong with a driver's answer; if `near`, lost digits are not wrong."""
    leaves = _named_floats(dict(zip(parameters, args, strict=False)))
    for leaf in leaves.values():
        leaf.requires_grad_()
    right = oracle(*args)
    expected = torch.autograd.grad(weighted_sum(right), list(leaves.values()), allow_unused=True)
    if not (isinstance(answer, tuple | list) and len(answer) == 2 and isinstance(answer[1], list | tuple)):
        return "No value came back."
    value, gradients = answer
    right = right.detach()
    if wrong := leaf_difference(value, right, near_rules(DEFAULT_RULES, right) if near else DEFAULT_RULES):
        return f"The value itself is not right, let alone its gradients. {wrong.sentence}"
    if len(gradients) != len(leaves):
        return "Not every input has a gradient."
    nothing = map(torch.zeros_like, leaves.values())  # None says the same, where nothing is due
    due = [zeros if want is None else want for want, zeros in zip(expected, nothing, strict=True)]
    pairs = {
        name: (got, want)
        for name, got, want in zip(leaves, gradients, due, strict=True)
        if want.any() or got is not None
    }
    cut = [name for name, (got, _) in pairs.items() if got is None]
    if cut:
        where = "" if len(cut) == len(pairs) else f" to {' and '.join(cut)}"
        return (
            f"The values are right, but no gradient flows back{where}: training would not reach what lies there. {_CUT}"
        )
    for name, (got, want) in pairs.items():
        if leaf_difference(got, want, near_rules(DEFAULT_RULES, want) if near else DEFAULT_RULES):
            mine, theirs = show_pair(got, want)
            return (
                f"The values are right, but the gradient of a weighted sum of them with respect to {name} is {mine}; "
                f"it must be {theirs}. Does a part of the computation bypass the graph?"
            )
    return None


def _named_floats(values: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the float tensors in some arguments by the expression that gives them, such as `p["W1"]`."""
    found: dict[str, Tensor] = {}

    def walk(name: str, value: Any) -> None:
        if isinstance(value, Tensor):
            if value.is_floating_point():
                found[name] = value
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                walk(f'{name}["{key}"]', inner)
        elif isinstance(value, list | tuple):
            for index, inner in enumerate(value):
                walk(f"{name}[{index}]", inner)

    for name, value in values.items():
        walk(name, value)
    return found
