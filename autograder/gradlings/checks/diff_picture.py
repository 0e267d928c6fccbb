"""Cut the part of two tensors around their first difference to a size that can be drawn: pictures as data."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradlings.checks.format_value import shape_text
from gradlings.model.scorecard import Form, Picture

MAX_SIDE = 12
"""Rows and columns of a matrix that are drawn."""
_MAX_CURVE_POINTS = 48
_MIN_CURVE_POINTS = 5  # fewer are read as easily as they are drawn
_MIN_CURVE_POINTS_OF_TENSOR = 8  # its numbers are seldom a curve
_MAX_PLAIN_INT = 100_000  # larger numbers are written with a power of ten

Sketch = Callable[[], Picture | None]
"""Draws a picture when it is called: of all wrong answers to a check only one is shown."""


def draw_named(name: str, sketch: Sketch) -> Picture | None:
    """Draw the picture of a member of an answer, with the member's name before its own."""
    drawn = sketch()
    return drawn and replace(drawn, name=f"{name} {drawn.name}".rstrip())


def matrix_of(got: Tensor, expected: Tensor, right: Tensor | None) -> Picture | None:
    """Draw two tensors as matrices; of more than two dimensions the last two, at the first difference.

    `right` says which numbers agree; it is None where the shapes differ. None is returned where nothing can be drawn.
    """
    if not all(map(_is_drawable, (got, expected))):
        return None
    if right is None:
        return _of_other_shape(got, expected)
    if expected.dim() == 1:
        long = expected.numel() >= _MIN_CURVE_POINTS_OF_TENSOR and expected.is_floating_point()
        return _curve(got, expected, lambda place: not right[place]) if long else None
    if expected.dim() < 2 or min(expected.shape[-2:]) < 2:
        return None
    first = list(first_index(~right))
    outer, (row, column) = tuple(first[:-2]), first[-2:]
    height, width = expected.shape[-2:]
    rows, columns = _window(row, height), _window(column, width)
    index: tuple[Any, ...] = (*outer, rows, columns)
    mine, theirs = _texts(got[index], expected[index])
    differing = tuple((int(i), int(j)) for i, j in (~right[index]).nonzero())
    return Picture(Form.MATRIX, "", _caption(outer, rows, height, columns, width), mine, theirs, differing)


def first_index(chosen: Tensor) -> tuple[int, ...]:
    """Return the first index at which a dense tensor of truth values is true; it must be true somewhere."""
    place = chosen.reshape(-1).view(torch.uint8).argmax()  # of several largest values the first
    return tuple(int(i) for i in np.unravel_index(int(place), tuple(chosen.shape)))


def curve_of(got: Sequence[Any], expected: Sequence[Any], differ: Callable[[int], bool]) -> Picture | None:
    """Draw two sequences of floats as curves over their positions; `differ` tells whether they do at one of these.

    Returns None if there are few numbers, or anything but floats.
    """
    if len(expected) < _MIN_CURVE_POINTS or len(got) < 2 or not all(type(x) is float for x in chain(got, expected)):
        return None
    return _curve(got, expected, differ)


def _curve(got: Any, expected: Any, differ: Callable[[int], bool]) -> Picture | None:
    """Draw two lists or two tensors of floats; of many numbers only those that get a point are looked at."""
    longest = max(len(got), len(expected))
    if longest > _MAX_CURVE_POINTS and len(got) != len(expected):
        return None
    step = -(-longest // _MAX_CURVE_POINTS)
    mine, theirs = (tuple(_text(float(x), 4) for x in values[::step]) for values in (got, expected))
    caption = f"every {step}th of {longest} numbers" if step > 1 else ""
    if len(got) != len(expected):
        caption = f"{len(got)} numbers instead of {len(expected)}"
        return Picture(Form.CURVE, "", caption, (mine,), (theirs,))
    differing = tuple((0, place // step) for place in range(0, longest, step) if differ(place))
    return Picture(Form.CURVE, "", caption, (mine,), (theirs,), differing)


def _of_other_shape(got: Tensor, expected: Tensor) -> Picture | None:
    if max(got.dim(), expected.dim()) != 2 or expected.dim() < 1 or expected.numel() < 4:
        return None  # of more than two dimensions it is not known which of the matrices belong together
    caption = f"shape {shape_text(got.shape)} instead of {shape_text(expected.shape)}"
    cells = [t.detach().cpu().reshape(1, -1) if t.dim() < 2 else t.detach().cpu() for t in (got, expected)]
    mine, theirs = (cell[:MAX_SIDE, :MAX_SIDE] for cell in cells)
    if any(max(cell.shape) > MAX_SIDE for cell in cells):
        caption += f"; the first {MAX_SIDE} rows and columns"
    return Picture(Form.MATRIX, "", caption, _rows(mine, 3), _rows(theirs, 3))


def _is_drawable(t: Tensor) -> bool:
    special = t.is_complex() or t.is_quantized or t.layout != torch.strided or t.device.type == "meta"
    return not special and t.numel() > 0


def _window(place: int, size: int) -> slice:
    """Choose at most `MAX_SIDE` places, among them the given one; from the start where that is possible."""
    start = 0 if place < MAX_SIDE else min(place - MAX_SIDE // 2, size - MAX_SIDE)
    return slice(start, min(start + MAX_SIDE, size))


def _caption(outer: tuple[int, ...], rows: slice, height: int, columns: slice, width: int) -> str:
    parts = [f"at [{', '.join(map(str, outer))}]"] if outer else []
    for what, part, size in (("rows", rows, height), ("columns", columns, width)):
        if part.stop - part.start < size:
            parts.append(f"{what} {part.start} to {part.stop - 1} of {size}")
    return ", ".join(parts)


def _texts(got: Tensor, expected: Tensor) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
    """Write both with the fewest digits that tell all different numbers apart, six at most."""
    numbers = list(zip(got.flatten().tolist(), expected.flatten().tolist(), strict=True))
    for digits in (3, 4, 6):
        mine, theirs = _rows(got, digits), _rows(expected, digits)
        texts = zip(chain(*mine), chain(*theirs), strict=True)
        if all((a == b) == (x == y) for (a, b), (x, y) in zip(numbers, texts, strict=True)):
            break
    return mine, theirs


def _rows(matrix: Tensor, digits: int) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(_text(number, digits) for number in row) for row in matrix.tolist())


def _text(number: float, digits: int) -> str:
    if isinstance(number, bool):
        return "T" if number else "F"
    if isinstance(number, int):
        return str(number) if abs(number) < _MAX_PLAIN_INT else f"{number:.1e}"
    if not math.isfinite(number):
        return str(number)
    return f"{number + 0.0:.{digits}g}"
