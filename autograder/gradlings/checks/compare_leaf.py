"""Compare one value with the right one: type, shape, dtype, device, finiteness, closeness, in that order."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradlings.checks.diff_picture import Sketch, first_index, matrix_of
from gradlings.checks.format_value import described, dtype_text, kind_text, shape_text, show, show_pair, uncalled_name
from gradlings.execution.tensor_tree import in_parts
from gradlings.execution.tolerances import DEFAULT_TOLERANCES, Tolerances
from gradlings.model.scorecard import Row

_MAX_LISTED_VALUES = 8  # of a tensor, shown whole; of a larger one only the first wrong value


@dataclass(frozen=True)
class Difference:
    """Why an answer is not the right one."""

    sentence: str
    rows: tuple[Row, ...] = ()
    picture: Sketch | None = None


@dataclass(frozen=True)
class Rules:
    """How strictly one check compares."""

    names: tuple[str, ...] = ()
    """Names of the members of a returned tuple."""
    exact_types: bool = False
    """Whether a Python number is no substitute for a 0-d tensor, nor a list for a tuple."""
    tolerances: Tolerances = DEFAULT_TOLERANCES
    ordered: bool = False
    """Whether the members depend on each other in their order: then only the first wrong one is reported."""
    inner: bool = False
    """Whether what is compared is a member of the answer, not the whole."""
    numbers: torch.dtype = torch.float64
    """Whose tolerance holds for Python floats: the dtype of the probe they were computed from."""


DEFAULT_RULES = Rules()


def leaf_difference(got: Any, expected: Any, rules: Rules) -> Difference | None:
    """Return how a value that is no tuple, list or dict differs from the right one; None if it does not."""
    loose = not rules.exact_types
    if got is None and expected is not None:
        return whole_difference("None came back.", got, expected)
    if loose and isinstance(got, np.generic) and (_is_number(expected) or _is_one_number(expected)):
        got = got.item()  # one NumPy scalar is like another, and like a Python number
    if isinstance(expected, Tensor):
        if not (loose and _is_number(got) and expected.dim() == 0 and not expected.is_complex()):
            return _tensor_difference(got, expected, rules.tolerances)
        return _number_difference(got, expected.item(), replace(rules, numbers=expected.dtype))
    if loose and _is_number(expected) and isinstance(got, Tensor) and got.dim() == 0:
        got = got.detach().cpu().item()
    if isinstance(expected, np.generic):
        got, expected = got.item() if type(got) is type(expected) else got, expected.item()
    if _is_number(expected) and _is_number(got):
        return _number_difference(got, expected, rules)
    if isinstance(expected, np.ndarray) and isinstance(got, np.ndarray):
        if got.dtype != expected.dtype:
            return _by_forms(got, expected, f"The dtype is {got.dtype}; it must be {expected.dtype}.")
        if got.shape != expected.shape:
            return whole_difference(_other_shape(got.shape, expected.shape), got, expected)
        return _tensor_difference(_as_tensor(got), _as_tensor(expected), rules.tolerances)
    if isinstance(got, str) and isinstance(expected, str):
        return None if str.__eq__(got, expected) is True else _by_values(got, expected)
    if isinstance(got, Tensor) or type(got) is not type(expected):
        return _other_kind(got, expected)
    return None if (expected == got) is True else _by_values(got, expected)


def whole_difference(sentence: str, got: Any, expected: Any, picture: Sketch | None = None) -> Difference:
    """Show both answers whole, in one row."""
    return Difference(sentence, (Row("", show(got), show(expected)),), picture)


def _as_tensor(array: np.ndarray) -> Tensor:
    """Return a tensor that shares the memory of an array, or of its copy where torch cannot read that as it is."""
    readable = array.flags.writeable and all(stride >= 0 for stride in array.strides)
    return torch.from_numpy(array if readable else array.copy())


def _by_values(got: Any, expected: Any, sentence: str = "") -> Difference:
    return Difference(sentence, (Row("", *show_pair(got, expected)),))


def _by_forms(got: Any, expected: Any, sentence: str) -> Difference:
    return Difference(sentence, (Row("", described(got), described(expected)),))


def _other_kind(got: Any, expected: Any) -> Difference:
    if name := uncalled_name(got):
        sentence = f"{name} itself came back, and not what it gives. Are its parentheses missing: {name}()?"
        return Difference(sentence, (Row("", name, show(expected)),))
    return _by_values(got, expected, f"{kind_text(got)} came back instead of {kind_text(expected)}.")


def _is_one_number(value: Any) -> bool:
    return isinstance(value, np.generic) or (isinstance(value, Tensor) and value.dim() == 0)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float, bool)


def _number_difference(got: Any, expected: Any, rules: Rules) -> Difference | None:
    if isinstance(expected, bool) != isinstance(got, bool):
        return _other_kind(got, expected)
    if isinstance(expected, int) and isinstance(got, float):
        same = "The number is right, but it is" if got == expected else "The answer is"
        ask = "Is it made by / or by float(...)?"
        return _by_values(got, expected, f"{same} a float; it must be an int. {ask}")
    if rules.exact_types and type(got) is not type(expected):
        return _other_kind(got, expected)
    exact = isinstance(expected, int)
    right = got == expected if exact else _close(float(got), expected, *rules.tolerances.of(rules.numbers))
    return None if right else _by_values(got, expected)


def _close(got: float, expected: float, relative: float, absolute: float) -> bool:
    """As `torch.isclose` with equal_nan."""
    if got == expected or (math.isnan(got) and math.isnan(expected)):
        return True
    apart = abs(got - expected)
    return math.isfinite(apart) and apart <= absolute + abs(relative * expected)


def _tensor_difference(got: Any, expected: Tensor, tolerances: Tolerances) -> Difference | None:
    picture: Sketch | None = None
    if not isinstance(got, Tensor):
        if uncalled_name(got):
            return _other_kind(got, expected)
        comma = " Did a comma after the value make it a tuple?" if isinstance(got, tuple) and len(got) == 1 else ""
        sentence = f"Your function returned {kind_text(got)}; it must return a tensor.{comma}"
    elif type(got) not in (Tensor, torch.nn.Parameter):
        sentence = f"Your function returned a {type(got).__name__}; it must return a plain tensor."
    elif got.layout != torch.strided or got.is_complex() != expected.is_complex():
        sentence = "Your function returned a tensor of another kind (sparse or complex)."
    elif got.shape != expected.shape:
        sentence = _other_shape(got.shape, expected.shape)
        picture = partial(matrix_of, got, expected, None)
    elif got.dtype != expected.dtype:
        sentence = f"The dtype is {dtype_text(got.dtype)}; it must be {dtype_text(expected.dtype)}."
        return _by_forms(got, expected, sentence)
    elif got.device != expected.device:
        sentence = f"The result is on {got.device}; it must be on {expected.device}."
    else:
        tolerance = tolerances.of(expected.dtype, expected.device.type)
        return _value_difference(got.detach().cpu(), expected.detach().cpu(), tolerance)
    return whole_difference(sentence, got, expected, picture)


def _other_shape(got: Sequence[int], expected: Sequence[int]) -> str:
    return f"The shape is {shape_text(got)}; it must be {shape_text(expected)}."


def _value_difference(got: Tensor, expected: Tensor, tolerance: tuple[float, float]) -> Difference | None:
    if torch.equal(got, expected):
        return None  # the usual case, and the fastest to see
    right = _right(got, expected, tolerance)
    if bool(right.all()):
        return None
    if right.dim() == 0:
        return _by_values(got, expected)
    texts = show_pair(got, expected)
    picture = partial(matrix_of, got, expected, right)
    first, count = _first_wrong(got, expected, right)
    if right.numel() <= _MAX_LISTED_VALUES and described(got) not in texts:
        return Difference(f"{count}." if right.any() else "", (Row("", *texts),), picture)
    at = f"[{', '.join(map(str, first))}]"
    mine, other = show_pair(got[first], expected[first])
    return Difference(f"{count}, first at index {at}.", (Row("", f"{at} = {mine}", f"{at} = {other}"),), picture)


def _right(got: Tensor, expected: Tensor, tolerance: tuple[float, float]) -> Tensor:
    relative, absolute = tolerance

    def agree(a: Tensor, b: Tensor) -> Tensor:
        if not (b.is_floating_point() or b.is_complex()):
            return a == b
        if b.dtype in (torch.bfloat16, torch.float16):  # processors compute with neither
            a, b = a.float(), b.float()
        return torch.isclose(a, b, rtol=relative, atol=absolute, equal_nan=True)

    return _where(got, expected, agree)


def _where(got: Tensor, expected: Tensor, test: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Return where a test of two tensors holds, as a dense tensor of truth values."""
    found = torch.empty(expected.shape, dtype=torch.bool)
    start = 0
    for a, b in in_parts(got, expected):
        found.view(-1)[start : start + len(a)] = test(a, b)
        start += len(a)
    return found


def _first_wrong(got: Tensor, expected: Tensor, right: Tensor) -> tuple[tuple[int, ...], str]:
    """Return the first index to look at, and how many values are like it: not finite if any are, else wrong."""
    chosen, kind = ~right, "differ"
    if expected.is_floating_point():
        not_finite = _where(got, expected, lambda a, b: ~torch.isfinite(a) & torch.isfinite(b))
        if bool(not_finite.any()):
            chosen, kind = not_finite, ""
    first = first_index(chosen)
    kind = kind or ("are nan" if bool(got[first].isnan()) else "are inf")
    return first, f"{int(torch.count_nonzero(chosen))} of {right.numel()} values {kind}"
