"""Find whether a call changed its arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradlings.execution.tensor_tree import in_parts


def changed(before: Any, after: Any) -> bool:
    """Return whether a value is no longer what it was: other shape, dtype, values, length or keys."""
    if before is after:
        return False
    if isinstance(before, Tensor):
        return not (isinstance(after, Tensor) and _form(before) == _form(after) and _same_values(before, after))
    if isinstance(before, np.ndarray):
        same_form = isinstance(after, np.ndarray) and before.shape == after.shape and before.dtype == after.dtype
        return not (same_form and np.array_equal(before, after, equal_nan=before.dtype.kind in "fc"))
    if isinstance(before, tuple | list):
        same_form = isinstance(after, tuple | list) and len(before) == len(after)
        return not same_form or any(map(changed, before, after))
    if isinstance(before, dict):
        same_keys = isinstance(after, dict) and before.keys() == after.keys()
        return not same_keys or any(changed(before[key], after[key]) for key in before)
    if isinstance(before, bool | int | float | str):
        same_form = isinstance(after, bool | int | float | str)  # a tensor would compare each of its numbers
        return before == before and not (same_form and before == after)
    return False


def _form(t: Tensor) -> tuple[Any, ...]:
    return t.shape, t.dtype, t.device, t.layout


def _same_values(before: Tensor, after: Tensor) -> bool:
    before, after = before.detach(), after.detach()
    if before.device.type == "meta" or torch.equal(before, after):
        return True
    pieces = in_parts(before, after)
    return all(bool(((a == b) | ((a != a) & (b != b))).all()) for a, b in pieces)  # NaN is the same as NaN
