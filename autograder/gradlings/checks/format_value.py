"""Write values as short text for people: calls, tensors, numbers. Two values that differ never look the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradlings.model.text import without_control_characters

_MAX_CHARS = 60
_MAX_DICT_CHARS = 400  # a whole configuration
_MAX_LISTED_ELEMENTS = 64


def show(value: Any, digits: int = 6, width: int = _MAX_CHARS) -> str:
    """Write a value as one line; a long one is cut in the middle. No value, however odd, makes it raise."""
    try:
        text = _text(value, digits)
    except (RecursionError, OverflowError, RuntimeError, ValueError):
        text = f"a {type(value).__name__}"
    if len(text) > width and isinstance(value, Tensor | np.ndarray):
        return described(value)
    return without_control_characters(text if len(text) <= width else text[: width - 12] + " ... " + text[-7:])


def show_pair(got: Any, expected: Any) -> tuple[str, str]:
    """Write two values with enough digits to tell them apart."""
    for digits in (4, 6, 9, 12, 17):
        pair = show(got, digits), show(expected, digits)
        if pair[0] != pair[1]:
            return pair
    return pair


def show_call(name: str, parameters: Sequence[str], args: Sequence[Any], width: int = 88) -> str:
    """Write a call, as in `sigmoid(z=-1.0)`. Tensors that do not fit are described, dicts and strings shown whole."""
    for budget in (_MAX_CHARS, 28, 0):
        parts = [f"{parameter}={_argument(arg, budget)}" for parameter, arg in zip(parameters, args, strict=False)]
        text = f"{name}({', '.join(parts)})"
        if len(text) <= width:
            break
    return text


def _argument(value: Any, budget: int) -> str:
    if isinstance(value, dict) and any(isinstance(item, Tensor) for item in value.values()):
        shapes = (f"{key}: {shape_text(item.shape)}" for key, item in value.items() if isinstance(item, Tensor))
        return "{" + ", ".join(shapes) + "}"
    if isinstance(value, dict | str):
        return show(value, 4, _MAX_DICT_CHARS)
    return show(value, 4, budget) if budget else described(value)


def described(value: Any) -> str:
    """Describe a value without its numbers."""
    if isinstance(value, Tensor):
        return f"{shape_text(value.shape)} {dtype_text(value.dtype)}"
    if isinstance(value, np.ndarray):
        return f"NumPy {shape_text(value.shape)} {value.dtype}"
    return show(value, 4, 28)


def shape_text(shape: Sequence[int]) -> str:
    """Write a shape as a tuple."""
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def dtype_text(dtype: torch.dtype) -> str:
    """Write a dtype without `torch.`."""
    return str(dtype).removeprefix("torch.")


def kind_text(value: Any) -> str:
    """Write the type of a value in words: "a tensor", "a tuple of 2", "None"."""
    if value is None:
        return "None"
    if isinstance(value, Tensor):
        return "a tensor"
    if isinstance(value, np.ndarray):
        return "a NumPy array"
    if isinstance(value, np.generic):
        return f"a NumPy number ({type(value).__name__})"
    if isinstance(value, tuple | list | dict):
        return f"a {type(value).__name__} of {len(value)}"
    name = {bool: "bool", int: "int", float: "float", str: "string"}.get(type(value), type(value).__name__)
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _text(value: Any, digits: int) -> str:
    if isinstance(value, Tensor):
        if value.numel() > _MAX_LISTED_ELEMENTS or value.device.type == "meta":
            return described(value)
        return _text(value.detach().cpu().tolist(), digits)
    if isinstance(value, np.ndarray):
        return f"np.array({_text(value.tolist(), digits)})" if value.size <= _MAX_LISTED_ELEMENTS else described(value)
    if isinstance(value, torch.Size):
        return shape_text(value)
    if isinstance(value, tuple):
        inner = ", ".join(_text(item, digits) for item in value)
        return f"({inner}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return "[" + ", ".join(_text(item, digits) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(k, digits)}: {_text(v, digits)}" for k, v in value.items()) + "}"
    if isinstance(value, float):
        text = f"{value:.{digits}g}"
        return text if "." in text or "e" in text or not math.isfinite(value) else text + ".0"
    if isinstance(value, bool | int | str | torch.dtype) or value is None:
        return repr(value)
    try:
        return repr(value).splitlines()[0]
    except Exception:  # a broken __repr__ must not end the check
        return f"a {type(value).__name__}"
