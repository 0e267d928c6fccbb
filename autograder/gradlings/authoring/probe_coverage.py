"""Warn when all probes of an exercise are of a kind that hides misconceptions.

A square matrix hides a transpose, one sample hides a missing mean, a factor that is always 1 hides that it is left out.
A kind is only blind if *every* probe is of it: one probe that is not is enough to see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from gradlings.execution.tensor_tree import tensors_in


def blind_spots(parameters: Sequence[str], calls: Sequence[Sequence[Any]]) -> list[str]:
    """Return one sentence for each way in which all the calls of one check look alike.

    Args:
        parameters: names of the arguments.
        calls: the argument tuples of all probes of the check.
    """
    found = list(_over_all_tensors([t for call in calls for t in tensors_in(tuple(call))]))
    columns = {name: [call[i] for call in calls] for i, name in enumerate(parameters) if all(len(c) > i for c in calls)}
    for name, column in columns.items():
        found.extend(_over_one_argument(name, column))
    found.extend(_proportional(columns))
    return found


def _over_all_tensors(tensors: list[Tensor]) -> Iterator[str]:
    matrices = [t for t in tensors if t.dim() == 2 and t.numel() > 1]
    if matrices and all(m.shape[0] == m.shape[1] for m in matrices):
        yield "every matrix is square: a transpose would not show"
    elif matrices and all(m.shape[0] == 1 for m in matrices):
        yield "every matrix has one row: a missing mean or a sum over the wrong axis would not show"
    deep = [t for t in tensors if t.dim() >= 3]
    if deep and all(t.shape[1] == 1 for t in deep):
        yield "the second dimension is always 1: mixing it up with another would not show"
    square = [m for m in matrices if m.shape[0] == m.shape[1]]
    if square and len(square) == len(matrices) and all(torch.equal(m, m.T) for m in square):
        yield "every matrix is symmetric"


def _over_one_argument(name: str, column: Sequence[Any]) -> Iterator[str]:
    for applies, holds, sentence in _KINDS:
        relevant = [value for value in column if applies(value)]
        if relevant and all(map(holds, relevant)):
            yield f"{name} {sentence}"
    numbers = [_number(value) for value in column]
    if len(column) > 1 and all(number is not None for number in numbers) and len(set(numbers)) == 1:
        yield f"{name} is {numbers[0]:g} in every probe: leaving it out, or a formula that fits only it, may not show"


def _is_float_tensor(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point() and value.numel() > 1


def _is_index_vector(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dtype == torch.int64 and value.dim() == 1 and value.numel() > 1


def _is_list_of_tensors(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(item, Tensor) for item in value)


def _has_equal_sizes(items: Sequence[Tensor]) -> bool:
    return len(items) > 1 and len({len(item) if item.dim() else 0 for item in items}) == 1


_KINDS: tuple[tuple[Callable[[Any], bool], Callable[[Any], bool], str], ...] = (
    (
        _is_float_tensor,
        lambda tensor: bool((tensor == tensor.flatten()[0]).all()),
        "has one constant value in each tensor: a wrong axis or a missing factor would not show",
    ),
    (
        _is_index_vector,
        lambda tensor: len(torch.unique(tensor)) == tensor.numel(),
        "never holds the same index twice: lost duplicates would not show",
    ),
    (
        _is_list_of_tensors,
        lambda items: len(items) == 1,
        "always holds one item: what happens from item to item would not show",
    ),
    (_is_list_of_tensors, _has_equal_sizes, "always holds items of equal size: a wrong weighting would not show"),
)
"""To which arguments a kind applies, whether one is of it, and what is said if all are."""


def _number(value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, Tensor) and value.dim() == 0 and value.is_floating_point():
        return float(value.detach())
    return None


def _proportional(columns: dict[str, list[Any]]) -> Iterator[str]:
    """Yield pairs of scalars in one fixed ratio: using one in place of the other would not show."""
    numbers = {name: [_number(value) for value in column] for name, column in columns.items()}
    varying = {name: values for name, values in numbers.items() if all(values) and len(set(values)) > 1}
    for first, second in combinations(varying, 2):
        ratios = {round(a / b, 9) for a, b in zip(varying[first], varying[second], strict=True) if a and b}
        if len(ratios) == 1:
            yield f"{first} is always {ratios.pop():g} times {second}: one in place of the other may not show"
