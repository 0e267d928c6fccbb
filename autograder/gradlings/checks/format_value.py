"""Write values as short text for people: calls, tensors, numbers. Two side by side get digits that tell them apart."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradlings.model.text import without_control_characters

_MAX_CHARS = 60
_MAX_DICT_CHARS = 400  # a whole configuration
_MAX_LISTED_ELEMENTS = 64
_MAX_LISTED_KEYS = 20
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")  # differs from run to run
_UNCALLED = ("builtin_function_or_method", "method", "function")
_TAIL = 7  # last characters that are shown of what is cut


def show(value: Any, digits: int = 6, width: int = _MAX_CHARS) -> str:
    """Write a value as one line; a long one is cut in the middle. No value, however odd, makes it raise."""
    try:
        text = _text(value, digits, width)
    except (RecursionError, OverflowError, RuntimeError, ValueError):
        text = kind_text(value)
    if len(text) > width and isinstance(value, Tensor | np.ndarray):
        return described(value)
    return without_control_characters(text if len(text) <= width else text[: width - 12] + " ... " + text[-_TAIL:])


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


def uncalled_name(value: Any) -> str:
    """Return the name of a function or method, which is a value only where it was not called; "" for other values."""
    named = type(value).__name__ in _UNCALLED and re.search(r"(?:method|function) ([\w.<>]+)", show(value, width=200))
    return named[1].rpartition(".")[2] if named else ""


def keys_text(keys: Sequence[Any]) -> str:
    """List keys of a dict, a few of many."""
    shown = (key[:_MAX_CHARS] if isinstance(key, str) else show(key) for key in keys[:_MAX_LISTED_KEYS])
    names = [without_control_characters(name) for name in shown]
    more = len(keys) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _text(value: Any, digits: int, room: int) -> str:
    """Write a value. If the text is longer than `room`, its middle may be missing: nobody is shown that."""
    room = max(room, _TAIL)
    if isinstance(value, Tensor):
        if _is_long(value.shape) or value.device.type == "meta":
            return described(value)
        return _text(value.detach().cpu().tolist(), digits, room)
    if isinstance(value, np.ndarray):
        return described(value) if _is_long(value.shape) else f"np.array({_text(value.tolist(), digits, room)})"
    if isinstance(value, tuple):
        return f"({_joined(value, _text, digits, room)}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return "[" + _joined(value, _text, digits, room) + "]"
    if isinstance(value, dict):
        return "{" + _joined(value.items(), _pair_text, digits, room) + "}"
    if isinstance(value, float):
        text = f"{value:.{digits}g}"
        return text if "." in text or "e" in text or not math.isfinite(value) else text + ".0"
    if isinstance(value, str):
        return repr(value if len(value) <= 2 * room else value[:room] + value[-room:])
    if isinstance(value, bytes):
        return repr(value if len(value) <= 2 * room else value[:room] + value[-room:])
    if isinstance(value, bool | int | torch.dtype) or value is None:
        return repr(value)
    try:
        return _ADDRESS.sub("", repr(value).splitlines()[0])
    except Exception:  # a broken __repr__ must not end the check
        return kind_text(value)


def _is_long(shape: Sequence[int]) -> bool:
    """Return whether a tensor has too much to list: numbers, or empty rows."""
    return math.prod(max(size, 1) for size in shape) > _MAX_LISTED_ELEMENTS


def _pair_text(pair: tuple[Any, Any], digits: int, room: int) -> str:
    return f"{_text(pair[0], digits, room)}: {_text(pair[1], digits, room)}"


def _joined(items: Any, write: Callable[[Any, int, int], str], digits: int, room: int) -> str:
    """Write members with commas between; of more than have room, some at both ends."""
    front: list[str] = []
    length = 0
    for item in items:
        front.append(write(item, digits, room - length))
        length += len(front[-1]) + 2
        if length > room:
            break
    back: list[str] = []
    length = 0
    for item in islice(reversed(items), len(items) - len(front)):
        back.append(write(item, digits, _TAIL))
        length += len(back[-1]) + 2
        if length > _TAIL:
            break
    return ", ".join(front + back[::-1])
