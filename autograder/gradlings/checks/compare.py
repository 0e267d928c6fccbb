"""Compares an answer with the right one: type, structure, shape, dtype, device, finiteness, closeness, in that order.

Nothing is broadcast and nothing is converted to make it fit. What differs is said in words a student understands.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradlings.checks.diff_picture import Sketch, curve_of, matrix_of, nothing_to_draw, with_name
from gradlings.checks.format_value import described, dtype_text, kind_text, shape_text, show, show_pair
from gradlings.model.scorecard import Row

# How far a right answer may be from torch's own, by dtype: (relative, absolute). float32 sums in another order differ
# by more than torch.testing's defaults; half precision by orders of magnitude.
TOLERANCES: Mapping[torch.dtype, tuple[float, float]] = {
    torch.float64: (1e-7, 1e-9),
    torch.float32: (1e-4, 1e-5),
    torch.float16: (2e-2, 5e-3),
    torch.bfloat16: (6e-2, 3e-2),
}
_OFF_CPU = 10


@dataclass(frozen=True)
class Rules:
    """How strictly one check compares."""

    names: tuple[str, ...] = ()
    exact_types: bool = False
    rtol: float | None = None
    atol: float | None = None
    ordered: bool = False
    """The members depend on each other in their order: only the first wrong one is told."""
    inner: bool = False
    """What is compared is a member of the answer, not the whole."""
    numbers: torch.dtype = torch.float64
    """Whose tolerance holds for Python floats: that of the probe they were computed from."""

    def tolerance(self, dtype: torch.dtype, device: str = "cpu") -> tuple[float, float]:
        """(relative, absolute); wider off the CPU, where sums run in yet another order."""
        relative, absolute = TOLERANCES.get(dtype, (0.0, 0.0))
        if dtype == torch.float64:
            relative = relative if self.rtol is None else self.rtol
            absolute = absolute if self.atol is None else self.atol
        elif dtype in TOLERANCES:
            relative, absolute = max(self.rtol or 0.0, relative), max(self.atol or 0.0, absolute)
        factor = 1 if device == "cpu" else _OFF_CPU
        return relative * factor, absolute * factor


@dataclass(frozen=True)
class Difference:
    """Why an answer is not the right one."""

    sentence: str
    rows: tuple[Row, ...] = ()
    picture: Sketch = nothing_to_draw


@dataclass(frozen=True)
class _Leaf:
    sentence: str
    got: str
    expected: str
    picture: Sketch = nothing_to_draw


def difference(got: Any, expected: Any, rules: Rules = Rules()) -> Difference | None:
    """None if `got` is right; otherwise what is wrong with it. No answer, however odd, makes it raise."""
    try:
        return _difference(got, expected, rules)
    except (RecursionError, OverflowError, RuntimeError, ValueError, TypeError):
        if type(got) is type(expected) and got is expected:
            raise  # an answer agrees with itself: the fault is ours
        sentence = "The answer cannot be compared: it is too large, nested too deep, or of an unusual kind."
        return Difference(sentence, (Row("", show(got), show(expected)),))


def _difference(got: Any, expected: Any, rules: Rules) -> Difference | None:
    if isinstance(expected, torch.Size):
        expected = tuple(expected)
    if isinstance(got, torch.Size):
        got = tuple(got)
    if isinstance(expected, tuple | list):
        return _sequence_difference(got, expected, rules)
    if isinstance(expected, dict):
        return _dict_difference(got, expected, rules)
    leaf = _leaf_difference(got, expected, rules)
    if leaf is None:
        return None
    if got is None and not rules.inner:
        leaf = replace(leaf, sentence=_NONE)
    name = rules.names[0] if len(rules.names) == 1 else ""
    return Difference(leaf.sentence, (Row(name, leaf.got, leaf.expected),), leaf.picture)


def _sequence_difference(got: Any, expected: Sequence[Any], rules: Rules) -> Difference | None:
    def row() -> Row:  # text is dear: only for what differs
        return Row("", show(got), show(expected))

    if not isinstance(got, tuple | list):
        if got is None:
            return Difference(_NONE, (row(),))
        want = "a tuple" if isinstance(expected, tuple) else "a list"
        sentence = f"Your function returned {kind_text(got)}; it must return {want} of {len(expected)}."
        return Difference(sentence, (row(),))
    if rules.exact_types and type(got) is not type(expected):
        return Difference(f"Your function returned {kind_text(got)}; it must return {kind_text(expected)}.", (row(),))
    if not rules.names and not any(isinstance(item, Tensor | tuple | list | dict) for item in expected):
        return _plain_difference(got, expected, rules, row)
    if len(got) != len(expected):
        return Difference(f"{len(got)} values came back instead of {len(expected)}.", (row(),))
    return _member_difference(list(got), list(expected), rules)


def _plain_difference(
    got: Sequence[Any], expected: Sequence[Any], rules: Rules, row: Callable[[], Row]
) -> Difference | None:
    """Short sequences of numbers or strings (shapes, keys) are shown whole, not member by member."""
    if len(got) != len(expected):
        return Difference("", (row(),), lambda: curve_of(got, expected, ()))
    leaves = [_leaf_difference(mine, right, rules) for mine, right in zip(got, expected, strict=True)]
    wrong = tuple(index for index, leaf in enumerate(leaves) if leaf is not None)
    if not wrong:
        return None
    leaf = leaves[wrong[0]]
    said = f"At position {wrong[0]}: {leaf.sentence}" if leaf is not None and leaf.sentence else ""
    return Difference(said, (row(),), lambda: curve_of(got, expected, wrong))


def _dict_difference(got: Any, expected: dict[Any, Any], rules: Rules) -> Difference | None:
    if not isinstance(got, dict):
        sentence = _NONE if got is None else f"Your function returned {kind_text(got)}; it must return a dict."
        return Difference(sentence, (Row("", show(got), show(expected)),))
    missing = [key for key in expected if key not in got]
    extra = [key for key in got if key not in expected]
    if missing or extra:
        parts = [f"missing: {', '.join(map(str, missing))}"] if missing else []
        parts += [f"not asked for: {', '.join(map(str, extra))}"] if extra else []
        rows = (Row("keys", ", ".join(map(str, got)) or "none", ", ".join(map(str, expected))),)
        return Difference(f"The keys differ ({'; '.join(parts)}).", rows)
    named = replace(rules, names=tuple(map(str, expected)))
    return _member_difference([got[key] for key in expected], list(expected.values()), named)


def _member_difference(got: list[Any], expected: list[Any], rules: Rules) -> Difference | None:
    names = rules.names if len(rules.names) == len(expected) else tuple(f"[{i}]" for i in range(len(expected)))
    rows, sentences = [], []
    picture = nothing_to_draw
    inner = replace(rules, names=(), inner=True)
    for name, mine, right in zip(names, got, expected, strict=True):
        found = _difference(mine, right, inner)
        if found is None:
            rows.append(Row(name, "right", "", right=True))
            continue
        rows.extend(Row(f"{name} {row.name}".rstrip(), row.got, row.expected, row.right) for row in found.rows)
        if picture is nothing_to_draw:
            picture = with_name(name, found.picture)
        if found.sentence:
            sentences.append(f"{name}: {found.sentence}")
        if rules.ordered:
            sentences.append(_first_wrong(list(names), name))
            break
    if all(row.right for row in rows):
        return None
    return Difference(" ".join(sentences), tuple(rows), picture)


def _first_wrong(names: list[str], first: str) -> str:
    """What is right before the first wrong member; what comes after it follows from it."""
    before = names[: names.index(first)]
    if not before:
        return f"{first} comes first; look at it before all others."
    are = "is" if len(before) == 1 else "are"
    return f"{', '.join(before)} {are} right, {first} is not. Look there first."


_NONE = "Your function returned None. Is the `return` missing?"


def _leaf_difference(got: Any, expected: Any, rules: Rules) -> _Leaf | None:
    if got is None and expected is not None:
        return _Leaf("None came back.", "None", show(expected))
    if isinstance(expected, Tensor):
        if _is_number(got) and expected.dim() == 0 and not rules.exact_types and not expected.is_complex():
            return _number_difference(got, expected.item(), rules, rules.tolerance(expected.dtype))
        return _tensor_difference(got, expected, rules)
    if _is_number(expected) and isinstance(got, Tensor) and got.dim() == 0 and not rules.exact_types:
        got = got.detach().cpu().item()
    if isinstance(expected, np.generic):
        got, expected = got.item() if type(got) is type(expected) else got, expected.item()
    if _is_number(expected) and isinstance(got, np.generic) and not rules.exact_types:
        got = got.item()
    if _is_number(expected) and _is_number(got):
        return _number_difference(got, expected, rules, rules.tolerance(rules.numbers))
    if isinstance(expected, np.ndarray) and isinstance(got, np.ndarray):
        return _array_difference(got, expected, rules)
    pair = partial(show_pair, got, expected)  # text is dear: only for what differs
    if isinstance(got, Tensor) or type(got) is not type(expected):
        if isinstance(expected, tuple | list | dict):
            return None if _difference(got, expected, rules) is None else _Leaf("", *pair())
        if isinstance(got, str) and isinstance(expected, str):
            return None if str.__eq__(got, expected) is True else _Leaf("", *pair())
        return _Leaf(f"{kind_text(got)} came back instead of {kind_text(expected)}.", *pair())
    return None if (expected == got) is True else _Leaf("", *pair())


def _is_number(value: Any) -> bool:
    return type(value) in (int, float, bool)


def _number_difference(got: Any, expected: Any, rules: Rules, tolerance: tuple[float, float]) -> _Leaf | None:
    pair = partial(show_pair, got, expected)
    if isinstance(expected, bool) != isinstance(got, bool):
        return _Leaf(f"{kind_text(got)} came back instead of {kind_text(expected)}.", *pair())
    if isinstance(expected, int) and isinstance(got, float):
        same = "The number is right, but it is" if got == expected else "The answer is"
        return _Leaf(f"{same} a float; it must be an int. Was / used where // belongs?", *pair())
    if rules.exact_types and type(got) is not type(expected):
        return _Leaf(f"{kind_text(got)} came back instead of {kind_text(expected)}.", *pair())
    if isinstance(expected, int):
        return None if got == expected else _Leaf("", *pair())
    return None if _close(float(got), expected, *tolerance) else _Leaf("", *pair())


def _close(got: float, expected: float, relative: float, absolute: float) -> bool:
    """As `torch.isclose` with equal_nan."""
    if got == expected or (math.isnan(got) and math.isnan(expected)):
        return True
    apart = abs(got - expected)
    return math.isfinite(apart) and apart <= absolute + abs(relative * expected)


def _array_difference(got: np.ndarray, expected: np.ndarray, rules: Rules) -> _Leaf | None:
    if got.dtype != expected.dtype:
        return _Leaf(f"The dtype is {got.dtype}; it must be {expected.dtype}.", described(got), described(expected))
    return _tensor_difference(torch.from_numpy(got.copy()), torch.from_numpy(expected.copy()), rules)


def _tensor_difference(got: Any, expected: Tensor, rules: Rules) -> _Leaf | None:
    pair = partial(_shown, got, expected)
    if not isinstance(got, Tensor):
        advice = " Did a comma after the value make it a tuple?" if isinstance(got, tuple) else ""
        return _Leaf(f"Your function returned {kind_text(got)}; it must return a tensor.{advice}", *pair())
    if type(got) not in (Tensor, torch.nn.Parameter):
        return _Leaf(f"Your function returned a {type(got).__name__}; it must return a plain tensor.", *pair())
    if got.layout != torch.strided or got.is_complex() != expected.is_complex():
        return _Leaf("Your function returned a tensor of another kind (sparse or complex).", *pair())
    if got.shape != expected.shape:
        sentence = f"The shape is {shape_text(got.shape)}; it must be {shape_text(expected.shape)}."
        return _Leaf(sentence, *pair(), partial(matrix_of, got, expected, None))
    if got.dtype != expected.dtype:
        sentence = f"The dtype is {dtype_text(got.dtype)}; it must be {dtype_text(expected.dtype)}."
        return _Leaf(sentence, described(got), described(expected))
    if got.device != expected.device:
        return _Leaf(f"The result is on {got.device}; it must be on {expected.device}.", *pair())
    return _value_difference(got.detach().cpu(), expected.detach().cpu(), rules, expected.device.type)


def _shown(got: Any, expected: Any) -> tuple[str, str]:
    return show(got), show(expected)


def _value_difference(got: Tensor, expected: Tensor, rules: Rules, device: str) -> _Leaf | None:
    if torch.equal(got, expected):
        return None  # most are right to the last bit, and that is seen sooner
    if expected.is_floating_point() or expected.is_complex():
        relative, absolute = rules.tolerance(expected.dtype, device)
        right = torch.isclose(got, expected, rtol=relative, atol=absolute, equal_nan=True)
    else:
        right = got == expected
    if bool(right.all()):
        return None
    wrong = (~right).nonzero()
    first = tuple(int(i) for i in wrong[0])
    count = f"{len(wrong)} of {right.numel()} values differ"
    not_finite = ~torch.isfinite(got) & torch.isfinite(expected) if expected.is_floating_point() else None
    if not_finite is not None and bool(not_finite.any()):
        first = tuple(int(i) for i in not_finite.nonzero()[0])
        what = "nan" if bool(got[first].isnan()) else "inf"
        count = f"{int(not_finite.sum())} of {right.numel()} values are {what}"
    if right.dim() == 0:
        return _Leaf("", *show_pair(got, expected))
    at = ", ".join(map(str, first))
    pair = show_pair(got, expected)
    picture = partial(matrix_of, got, expected, right)
    if right.numel() <= 8 and described(got) not in pair:
        return _Leaf("" if len(wrong) == right.numel() else f"{count}.", *pair, picture)
    mine, other = show_pair(got[first], expected[first])
    return _Leaf(f"{count}, first at index [{at}].", f"[{at}] = {mine}", f"[{at}] = {other}", picture)


def changed(before: Any, after: Any) -> bool:
    """True if a value is no longer what it was: other shape, dtype, values, length, keys."""
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
    if torch.equal(before, after):
        return True
    return before.is_floating_point() and bool(torch.isclose(before, after, rtol=0, atol=0, equal_nan=True).all())
