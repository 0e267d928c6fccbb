"""Run code with its float32 steps in float64, and note where it asks for float32.

A right function may round on the way: `torch.tensor(2 / math.pi)` is float32, and so is `x.float()`. Run like this, it
gives what it would give without the rounding; a function that is wrong for another reason stays wrong.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Collection
from contextlib import ExitStack
from types import FrameType, TracebackType
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from gradlings.model.rules import Breach

RULE = "float32"
"""The `rule` of the places that are noted."""
_MAX_PLACES = 20


class Float64Steps:
    """A context in which float32 is read as float64: the default dtype, `torch.float32`, `.float()`, `FloatTensor`.

    `files` are the names under which student code was compiled. It can be entered again.
    """

    def __init__(self, files: Collection[str]) -> None:
        self._files = frozenset(files)
        self._exact: dict[tuple[str, int], Breach] = {}
        self._inexact: dict[tuple[str, int], Breach] = {}
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        set_dtype, before = torch.set_default_dtype, torch.get_default_dtype()
        set_dtype(torch.float64)
        self._undo.callback(set_dtype, before)
        self._undo.callback(setattr, torch, "set_default_dtype", set_dtype)
        torch.set_default_dtype = lambda dtype: set_dtype(_wide(dtype))
        self._undo.enter_context(_Float32IsFloat64(self))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._undo.close()

    def take(self) -> tuple[Breach, ...]:
        """Return the lines that asked for float32 since the last take: first those at which digits were lost."""
        taken = (*self._inexact.values(), *self._exact.values())[:_MAX_PLACES]
        self._inexact.clear()
        self._exact.clear()
        return taken

    def note(self, result: Tensor, frame: FrameType | None) -> None:
        """Note the innermost line of student code that asked for a result in float32."""
        while frame is not None and frame.f_code.co_filename not in self._files:
            frame = frame.f_back
        if frame is None:
            return
        place = frame.f_code.co_filename, frame.f_lineno
        rounded = result.detach().to(torch.float32).to(torch.float64)
        places = self._exact if torch.equal(rounded, result.detach()) else self._inexact
        if len(places) < _MAX_PLACES:
            places.setdefault(place, Breach(RULE, "float32", place[1], place[0], linecache.getline(*place).strip()))


class _Float32IsFloat64(TorchFunctionMode):
    def __init__(self, steps: Float64Steps) -> None:
        super().__init__()
        self._steps = steps

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is Tensor.float:
            func = Tensor.double
        wide_args, wide_kwargs = tuple(map(_wide, args)), {name: _wide(value) for name, value in kwargs.items()}
        asked = func is Tensor.double or _differs(args, wide_args) or _differs(kwargs.values(), wide_kwargs.values())
        result = func(*wide_args, **wide_kwargs)
        if type(result) is Tensor and result.dtype == torch.float64 and (asked or _by_default(args, kwargs)):
            self._steps.note(result, sys._getframe(1))
        return result


def _wide(value: Any) -> Any:
    if value is torch.float32:
        return torch.float64
    if value is torch.FloatTensor or (isinstance(value, str) and value == "torch.FloatTensor"):
        return torch.DoubleTensor
    return value


def _differs(before: Any, after: Any) -> bool:
    return any(a is not b for a, b in zip(before, after, strict=True))


def _by_default(args: Any, kwargs: Any) -> bool:
    """Return whether a floating-point result has the default dtype: no argument gives it one."""
    values = (*args, *kwargs.values())
    flat = [item for value in values for item in (value if isinstance(value, tuple | list) else (value,))]
    if any(isinstance(item, torch.dtype) for item in flat):
        return False
    if any(isinstance(item, np.ndarray | np.generic) and item.dtype.kind == "f" for item in flat):
        return False
    return not any(isinstance(item, Tensor) and (item.is_floating_point() or item.is_complex()) for item in flat)
