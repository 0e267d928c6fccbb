"""Find whether a call changed its arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor


def changed(before: Any, after: Any) -> bool:
    """Return whether a value is no longer what it was: other shape, dtype, values, length or keys."""
    if before is after:
        return False
    if isinstance(before, Tensor):
        same_form = isinstance(after, Tensor) and before.shape == after.shape and before.dtype == after.dtype
        return not (same_form and _same_values(before.detach(), after.detach()))
    if isinstance(before, np.ndarray):
        return not (isinstance(after, np.ndarray) and np.array_equal(before, after))
    if isinstance(before, tuple | list):
        same_form = isinstance(after, tuple | list) and len(before) == len(after)
        return not same_form or any(map(changed, before, after))
    if isinstance(before, dict):
        same_keys = isinstance(after, dict) and before.keys() == after.keys()
        return not same_keys or any(changed(before[key], after[key]) for key in before)
    if isinstance(before, bool | int | float | str):
        return before == before and (before == after) is not True
    return False


def _same_values(before: Tensor, after: Tensor) -> bool:
    same = torch.equal(before, after)
    return same or (before.is_floating_point() and torch.allclose(before, after, rtol=0, atol=0, equal_nan=True))
