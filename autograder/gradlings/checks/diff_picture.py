"""Pictures as data: the part of two tensors around their first difference, cut to a size that can be drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gradlings.checks.format_value import shape_text
from gradlings.model.scorecard import Form, Picture

LARGEST = 12  # rows and columns of a matrix
_LONGEST = 48  # points of a curve
_FEWEST = 5  # numbers of a curve; fewer are read as easily as they are drawn
_FEWEST_OF_A_TENSOR = 8  # whose numbers are seldom a curve
_PLAIN = 100_000  # larger numbers are written with a power of ten


Sketch = Callable[[], Picture | None]
"""Draws when it is asked to: of all wrong answers to a check only one is shown."""


def nothing_to_draw() -> Picture | None:
    """The sketch of what makes no picture."""
    return None


def with_name(name: str, sketch: Sketch) -> Sketch:
    """The same of a member of an answer; its own name comes behind."""
    if sketch is nothing_to_draw:
        return sketch

    def named() -> Picture | None:
        drawn = sketch()
        return drawn and replace(drawn, name=f"{name} {drawn.name}".rstrip())

    return named


def matrix_of(got: Tensor, expected: Tensor, right: Tensor | None) -> Picture | None:
    """Both as matrices; None where neither is one, or the numbers cannot be drawn.

    Of more than two dimensions it shows the last two, at the first difference.

    Args:
        right: which numbers agree; None where the shapes differ.
    """
    if not all(map(_can_be_read, (got, expected))):
        return None
    if right is None:
        return _of_other_shape(got, expected)
    if expected.dim() == 1:
        wrong = tuple(int(i) for i in (~right).nonzero()[:, 0])
        return curve_of(got.tolist(), expected.tolist(), wrong) if expected.numel() >= _FEWEST_OF_A_TENSOR else None
    if expected.dim() < 2 or min(expected.shape[-2:]) < 2:
        return None
    first = [int(i) for i in (~right).nonzero()[0]]
    outer, (row, column) = tuple(first[:-2]), first[-2:]
    height, width = expected.shape[-2:]
    rows, columns = _window(row, height), _window(column, width)
    index: tuple[Any, ...] = (*outer, rows, columns)
    mine, theirs = _texts(got[index], expected[index])
    differing = tuple((int(i), int(j)) for i, j in (~right[index]).nonzero())
    return Picture(Form.MATRIX, "", _caption(outer, rows, height, columns, width), mine, theirs, differing)


def curve_of(got: Sequence[Any], expected: Sequence[Any], wrong: Sequence[int]) -> Picture | None:
    """Both as curves over their positions; None for few numbers, or what is no sequence of floats.

    Args:
        wrong: positions that differ.
    """
    if len(expected) < _FEWEST or len(got) < 2 or not all(type(x) is float for x in (*got, *expected)):
        return None
    longest = max(len(got), len(expected))
    if longest > _LONGEST and len(got) != len(expected):
        return None
    step = -(-longest // _LONGEST)
    mine, theirs = (tuple(_text(x, 4) for x in values[::step]) for values in (got, expected))
    caption = f"every {step}th of {longest} numbers" if step > 1 else ""
    if len(got) != len(expected):
        caption = f"{len(got)} numbers instead of {len(expected)}"
    differing = tuple((0, place // step) for place in wrong if place % step == 0)
    return Picture(Form.CURVE, "", caption, (mine,), (theirs,), differing)


def _of_other_shape(got: Tensor, expected: Tensor) -> Picture | None:
    if max(got.dim(), expected.dim()) < 2 or expected.dim() < 1 or expected.numel() < 4:
        return None
    caption = f"shape {shape_text(got.shape)} instead of {shape_text(expected.shape)}"
    if max(got.dim(), expected.dim()) > 2:
        return None  # which of many matrices belong together is not known
    cells = [t.detach().cpu().reshape(1, -1) if t.dim() < 2 else t.detach().cpu() for t in (got, expected)]
    mine, theirs = (cell[:LARGEST, :LARGEST] for cell in cells)
    if any(max(cell.shape) > LARGEST for cell in cells):
        caption += f"; the first {LARGEST} rows and columns"
    return Picture(Form.MATRIX, "", caption, _rows(mine, 3), _rows(theirs, 3))


def _can_be_read(t: Tensor) -> bool:
    odd = t.is_complex() or t.is_quantized or t.layout != torch.strided or t.device.type == "meta"
    return not odd and t.numel() > 0


def _window(place: int, size: int) -> slice:
    """At most `LARGEST` places, among them the given one; from the start where that is possible."""
    start = 0 if place < LARGEST else min(place - LARGEST // 2, size - LARGEST)
    return slice(start, min(start + LARGEST, size))


def _caption(outer: tuple[int, ...], rows: slice, height: int, columns: slice, width: int) -> str:
    parts = [f"at [{', '.join(map(str, outer))}]"] if outer else []
    for what, part, size in (("rows", rows, height), ("columns", columns, width)):
        if part.stop - part.start < size:
            parts.append(f"{what} {part.start} to {part.stop - 1} of {size}")
    return ", ".join(parts)


def _texts(got: Tensor, expected: Tensor) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
    """Both with the fewest digits that tell all different numbers apart, six at most."""
    for digits in (3, 4, 6):
        mine, theirs = _rows(got, digits), _rows(expected, digits)
        if all((a == b) == (x == y) for a, b, x, y in _pairs(got, expected, mine, theirs)):
            break
    return mine, theirs


def _pairs(got: Tensor, expected: Tensor, mine: Any, theirs: Any) -> Any:
    for numbers, others, texts, more in zip(got.tolist(), expected.tolist(), mine, theirs, strict=True):
        yield from zip(numbers, others, texts, more, strict=True)


def _rows(matrix: Tensor, digits: int) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(_text(number, digits) for number in row) for row in matrix.tolist())


def _text(number: float, digits: int) -> str:
    if isinstance(number, bool):
        return "T" if number else "F"
    if isinstance(number, int):
        return str(number) if abs(number) < _PLAIN else f"{number:.1e}"
    if not math.isfinite(number):
        return str(number)
    return f"{number + 0.0:.{digits}g}"
