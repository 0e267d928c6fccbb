"""What the diagnosis works on: the calls a check found wrong, with their values as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import prod

import numpy as np
import torch
from torch import Tensor

from gradlings.checks.diagnosis.evidence_weight import Array

_MAX_ELEMENTS = 20_000  # of a tensor that is examined
_MAX_ROW_LENGTH = 256


def to_array(value: object) -> Array | None:
    """Convert a tensor, NumPy array, number or row of numbers to float64 on the CPU.

    Returns:
        None for anything else (bool, str, None, complex, too many elements). NaN everywhere for a meta tensor.
    """
    if isinstance(value, Tensor):
        if value.is_complex() or value.layout != torch.strided or value.numel() > _MAX_ELEMENTS:
            return None
        if value.device.type == "meta":
            return np.full(tuple(value.shape), np.nan)
        return np.asarray(value.detach().cpu().to(torch.float64).numpy())
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.kind not in "biuf" or value.size > _MAX_ELEMENTS:
            return None
    elif not _is_plain_number(value) and not is_row_of_numbers(value):
        return None
    try:
        return np.asarray(value, dtype=np.float64)
    except OverflowError:  # an int beyond float64
        return None


def is_row_of_numbers(value: object) -> bool:
    """Return whether a value is a short tuple or list of Python numbers (a shape, strides, counts)."""
    return isinstance(value, tuple | list) and len(value) <= _MAX_ROW_LENGTH and all(map(_is_plain_number, value))


def _is_plain_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def has_floats(value: object) -> bool:
    """Return whether a value holds floating-point numbers."""
    if isinstance(value, Tensor):
        return value.is_floating_point()
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind == "f"
    items = value if isinstance(value, tuple | list) else (value,)
    return any(isinstance(item, float) for item in items)


@dataclass(frozen=True)
class FailingCall:
    """One call of a check whose result is wrong."""

    got: object
    """What the student's function returned: a tensor, a number, or a tuple, list or dict of these."""
    expected: object
    """What the oracle returned."""
    inputs: Mapping[str, object]
    """The arguments by name, as they were before the call."""

    @cached_property
    def arrays(self) -> dict[str, Array]:
        """Every numeric argument, numbers as 0-d arrays; the entries of a dict as `cfg["key"]`."""
        found = ((name, to_array(value)) for name, value in self._flat())
        return {name: array for name, array in found if array is not None}

    @cached_property
    def numbers(self) -> dict[str, float]:
        """The arguments that are one finite number other than 0."""
        return {name: float(a) for name, a in self.arrays.items() if a.ndim == 0 and a != 0 and np.isfinite(a)}

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Counts by the expression that gives them: "X.shape[0]", "H", "len(x)", "X.numel()", products of two sizes."""
        found: dict[str, int] = {}
        products: dict[str, int] = {}
        for name, value in self._flat():
            if isinstance(value, Tensor | np.ndarray):
                axes = {f"{name}.shape[{axis}]": size for axis, size in enumerate(value.shape)}
                found |= axes
                if len(axes) > 2:
                    products |= {f"{a} * {b}": axes[a] * axes[b] for a, b in combinations(axes, 2)}
                if len(axes) > 1:
                    found[f"{name}.{'numel()' if isinstance(value, Tensor) else 'size'}"] = prod(value.shape)
            elif isinstance(value, int) and not isinstance(value, bool):
                found[name] = value
            elif isinstance(value, tuple | list):
                found[f"len({name})"] = len(value)
        return {name: size for name, size in (found | products).items() if size > 0}

    def _flat(self) -> Iterator[tuple[str, object]]:
        for name, value in self.inputs.items():
            if isinstance(value, Mapping):
                yield from ((f'{name}["{key}"]', inner) for key, inner in value.items())
            else:
                yield name, value
