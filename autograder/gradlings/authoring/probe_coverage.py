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
    """Return one sentence for each way in which all calls of a check look alike; `calls` are its argument tuples."""
    found = list(_over_all_tensors([t for call in calls for t in tensors_in(tuple(call))]))
    columns = {name: [call[i] for call in calls] for i, name in enumerate(parameters) if all(len(c) > i for c in calls)}
    for name, column in columns.items():
        found.extend(f"{name} {sentence}" for sentence in _over_one_argument(column))
    found.extend(_proportional(columns))
    return found


def _all(values: Sequence[Any], holds: Callable[[Any], Any]) -> bool:
    """Whether there are values, and something holds for each."""
    return len(values) > 0 and all(map(holds, values))


def _over_all_tensors(tensors: list[Tensor]) -> Iterator[str]:
    matrices = [t for t in tensors if t.dim() == 2 and t.numel() > 1]
    if _all(matrices, lambda m: m.shape[0] == m.shape[1]):
        yield "every matrix is square: a transpose would not show"
    if _all(matrices, lambda m: m.shape[0] == 1):
        yield "every matrix has one row: a missing mean or a sum over the wrong axis would not show"
    if _all([t for t in tensors if t.dim() >= 3], lambda t: t.shape[1] == 1):
        yield "the second dimension is always 1: mixing it up with another would not show"
    if _all(matrices, lambda m: torch.equal(m, m.T)):
        yield "every matrix is symmetric"


def _over_one_argument(column: Sequence[Any]) -> Iterator[str]:
    tensors = [value for value in column if isinstance(value, Tensor) and value.numel() > 1]
    if _all([t for t in tensors if t.is_floating_point()], lambda t: (t == t.flatten()[0]).all()):
        yield "has one constant value in each tensor: a wrong axis or a missing factor would not show"
    if _all([t for t in tensors if t.dtype == torch.int64 and t.dim() == 1], lambda t: len(t.unique()) == len(t)):
        yield "never holds the same index twice: lost duplicates would not show"
    lists = [value for value in column if isinstance(value, list | tuple)]
    lists = [items for items in lists if _all(items, lambda item: isinstance(item, Tensor))]
    if _all(lists, lambda items: len(items) == 1):
        yield "always holds one item: what happens from item to item would not show"
    if _all(lists, _has_equal_sizes):
        yield "always holds items of equal size: a wrong weighting would not show"
    numbers = [_number(value) for value in column]
    if len(numbers) > 1 and numbers[0] is not None and len(set(numbers)) == 1:
        yield f"is {numbers[0]:g} in every probe: leaving it out, or a formula that fits only it, may not show"


def _has_equal_sizes(items: Sequence[Tensor]) -> bool:
    return len(items) > 1 and len({len(item) if item.dim() else 0 for item in items}) == 1


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
