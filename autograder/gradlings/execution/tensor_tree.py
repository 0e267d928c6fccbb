"""Copies and comparisons of nested values that hold tensors."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import torch
from torch import Tensor

X = TypeVar("X")
Args = tuple[Any, ...]
"""The arguments of one call."""

_PART = 1 << 17
"""Elements of a piece of a tensor: small beside the caches of a processor, large beside the cost of a call."""

_equal = torch.equal  # compares shapes, too; bound here because student code may replace it


def fresh(value: X) -> X:
    """Return a deep copy: tensors keep dtype, strides and requires_grad, and share no memory with the original."""
    if isinstance(value, Tensor):
        copied = value.detach().clone().requires_grad_(value.requires_grad)
        return copied  # type: ignore[return-value]
    if isinstance(value, tuple):
        return tuple(fresh(item) for item in value)  # type: ignore[return-value]
    if isinstance(value, list):
        return [fresh(item) for item in value]  # type: ignore[return-value]
    if isinstance(value, dict):
        return {key: fresh(item) for key, item in value.items()}  # type: ignore[return-value]
    return value if isinstance(value, bool | int | float | str) or value is None else copy.deepcopy(value)


def identical(one: Any, other: Any) -> bool:
    """Return whether two nested values are indistinguishable; False where that is not certain.

    Tensors must agree in dtype, shape, strides, device, requires_grad and every value.
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, Tensor):
        same_kind = one.dtype == other.dtype and one.requires_grad == other.requires_grad and one.device == other.device
        return same_kind and one.stride() == other.stride() and _equal(one, other)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(identical, one, other))
    if isinstance(one, dict):
        return identical(list(one), list(other)) and identical(list(one.values()), list(other.values()))
    if isinstance(one, bool | int | float | str | bytes) or one is None:
        return one is other or bool(one == other)
    return one is other


def map_tensors(value: X, change: Callable[[Tensor], Tensor]) -> X:
    """Return the same nested value with every tensor replaced by `change(tensor)`."""
    if isinstance(value, Tensor):
        return change(value)  # type: ignore[return-value]
    if isinstance(value, tuple | list):
        return type(value)(map_tensors(item, change) for item in value)
    if isinstance(value, dict):
        return {key: map_tensors(item, change) for key, item in value.items()}  # type: ignore[return-value]
    return value


def tensors_in(value: Any) -> list[Tensor]:
    """Return every tensor in a nested value, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [t for item in value for t in tensors_in(item)] if isinstance(value, tuple | list) else []


def in_parts(one: Tensor, other: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield two tensors of one shape as flat pieces, so that what is computed of them takes little memory."""
    one, other = one.reshape(-1), other.reshape(-1)
    for start in range(0, one.numel(), _PART):
        yield one[start : start + _PART], other[start : start + _PART]


def as_float32(args: Args) -> Args:
    """Return the arguments with every float64 tensor converted to float32."""
    return map_tensors(args, lambda t: t.to(torch.float32) if t.dtype == torch.float64 else t)


def as_strided_copies(args: Args) -> Args:
    """Return the arguments with every tensor of two or more dimensions replaced by an equal, non-contiguous one."""

    def spread(t: Tensor) -> Tensor:
        if t.dim() < 2:
            return t
        reversed_axes = tuple(range(t.dim() - 1, -1, -1))
        return t.permute(reversed_axes).contiguous().permute(reversed_axes)

    return map_tensors(args, spread)


def requiring_grad(args: Args) -> Args:
    """Return the arguments with every floating-point tensor copied as a leaf that requires grad."""
    return map_tensors(args, lambda t: t.detach().clone().requires_grad_() if t.is_floating_point() else t)
