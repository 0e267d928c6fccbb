"""Write values as Python source that gives them back: dtype, shape, strides and requires_grad of tensors, too."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradlings.model.errors import InputError

_WIDTH = 88
_INDENT = "    "
_MAX_WRITTEN = 100  # numbers of a tensor; more are read from a file, where there is one

Stored = dict[str, Tensor]
"""Tensors that are read from a file, by the names under which they are stored."""


def source_of(value: Any, stored: Stored | None = None) -> str:
    """Return an expression that evaluates to an equal value where `torch` and `numpy` are imported.

    Args:
        value: tensors, arrays, numbers, text, None, dtypes and exceptions; tuples, lists and dicts of them.
        stored: takes tensors with many numbers; they are then written as `stored["t1"]`. Without it, all are written.

    Raises:
        InputError: the value is of another kind.
    """
    if isinstance(value, Tensor):
        if stored is None or value.numel() <= _MAX_WRITTEN:
            return _tensor(value)
        name = f"t{len(stored) + 1}"
        stored[name] = value
        return f'stored["{name}"]'
    if type(value) in (tuple, list):
        opening, closing = "()" if type(value) is tuple else "[]"
        items = [source_of(item, stored) for item in value]
        return _enclosed(opening, items, "," + closing if closing == ")" and len(items) == 1 else closing)
    if type(value) is dict:
        return _enclosed("{", [f"{source_of(k, stored)}: {source_of(v, stored)}" for k, v in value.items()], "}")
    if type(value) is torch.Size:
        return f"torch.Size({source_of(tuple(value))})"
    if isinstance(value, np.ndarray | np.generic):
        return _array(value)
    if isinstance(value, Exception):
        return f"{type(value).__name__}({str(value)!r})"
    if type(value) in (float, complex):
        return _number(value)
    if type(value) in (bool, int, str, bytes, type(None), torch.dtype, torch.device):
        text = repr(value)
        return f"torch.{text}" if isinstance(value, torch.device) else text
    raise InputError(f"This call cannot be written as Python source: a {type(value).__name__} is part of it.")


def _number(value: float | complex | bool | int) -> str:
    if isinstance(value, complex):
        return f"complex({_number(value.real)}, {_number(value.imag)})"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def _tensor(t: Tensor) -> str:
    """Write a tensor as the one it is a permuted view of, or else as a view of a row of numbers."""
    strides, shape = t.stride(), t.shape
    order = sorted(range(t.dim()), key=lambda d: (-strides[d], -shape[d]))
    dense = t.detach().permute(order)
    if t.numel() == 0 or dense.stride() != _contiguous_strides(dense.shape):
        same = t.stride() == _contiguous_strides(t.shape)
        text = f"torch.empty({tuple(t.shape)}, dtype={t.dtype})" if t.numel() == 0 and same else _view(t)
    elif order == sorted(order):
        text = _filled(dense)
    elif order == [1, 0]:
        text = f"{_filled(dense)}.T"
    else:
        text = f"{_filled(dense)}.permute({', '.join(str(order.index(d)) for d in range(t.dim()))})"
    if t.device.type != "cpu":
        text += f'.to("{t.device}")'
    return text + (".requires_grad_()" if t.requires_grad else "")


def _view(t: Tensor) -> str:
    """Write a tensor that does not fill its memory: rows that were expanded, every other column."""
    span = 1 + sum((size - 1) * stride for size, stride in zip(t.shape, t.stride(), strict=True)) if t.numel() else 0
    row = t.detach().as_strided((span,), (1,))
    return f"{_filled(row)}.as_strided({tuple(t.shape)}, {tuple(t.stride())})"


def _filled(t: Tensor) -> str:
    """Write a contiguous tensor by its numbers. What torch makes of whole numbers and truth values needs no dtype."""
    dtype = "" if t.dtype in (torch.int64, torch.bool) and t.numel() else f", dtype={t.dtype}"
    return f"torch.tensor({_nested(t)}{dtype})"


def _nested(t: Tensor) -> str:
    if t.dim() == 0:
        return _element(t)
    return _enclosed("[", [_nested(part) for part in t], "]")


def _element(t: Tensor) -> str:
    value = t.item()
    if t.dtype == torch.float32 and math.isfinite(value):
        short = str(np.float32(value))  # "0.1", not the 0.10000000149011612 that it becomes as a float
        if np.float32(float(short)) == np.float32(value):
            return short
    return _number(value)


def _array(value: np.ndarray[Any, Any] | np.generic) -> str:
    if isinstance(value, np.generic):
        return f'numpy.dtype("{value.dtype}").type({_number(value.item())})'
    shaped = f".reshape({value.shape})" if value.size == 0 else ""
    return f'numpy.array({source_of(value.tolist())}, dtype="{value.dtype}"){shaped}'


def _contiguous_strides(shape: Sequence[int]) -> tuple[int, ...]:
    strides = [1]
    for size in reversed(shape[1:]):
        strides.append(strides[-1] * max(size, 1))
    return tuple(reversed(strides)) if shape else ()


def _enclosed(opening: str, items: Iterable[str], closing: str) -> str:
    """Put items between brackets: on one line, if they have room there; else numbers in rows, and others one a line."""
    items = list(items)
    text = f"{opening}{', '.join(items)}{closing}"
    if len(text) <= _WIDTH and "\n" not in text:
        return text
    if all(len(item) < 30 and "\n" not in item and " " not in item for item in items):
        rows = textwrap.wrap(", ".join(items), _WIDTH, break_long_words=False, break_on_hyphens=False)
        inside = textwrap.indent("\n".join(rows), _INDENT) + ","
    else:
        inside = "\n".join(textwrap.indent(item, _INDENT) + "," for item in items)
    return f"{opening}\n{inside}\n{closing.removeprefix(',')}"
