"""Pictures of wrong answers as SVG: heat maps and curves, the wrong answer beside the right one.

Every number is written in its cell, a wrong one has a frame and a corner, and the colors run from orange over white to
blue, which color-blind readers can tell apart: no information is given by color alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from gradlings.model.scorecard import Form, Picture

_HEIGHT = 24  # of a cell
_LOW_RGB, _MIDDLE_RGB, _HIGH_RGB = (217, 119, 44), (255, 255, 255), (53, 122, 189)
_NOT_FINITE_COLOR = "#c9ced6"
_CURVE_SIZE = (300, 120)


def picture_svg(picture: Picture) -> str:
    """Return one `<figure>` with both sides; the page's CSS variables give the colors of text and lines."""
    if picture.form is Form.CURVE:
        body = _curves(picture)
    else:
        largest = _largest(picture.expected) or _largest(picture.got) or 1.0
        wrong = () if everything_differs(picture) else picture.wrong
        body = _side("your answer", picture.got, wrong, largest) + _side("expected", picture.expected, wrong, largest)
    name = ", ".join(filter(None, (picture.name, picture.caption)))
    note = ""
    if picture.wrong and picture.form is Form.MATRIX:
        note = "every number differs" if everything_differs(picture) else "framed: differs"
    caption = escape("; ".join(filter(None, (name, note))))
    return f'<figure class="picture">{body}<figcaption>{caption}</figcaption>{_tables(picture)}</figure>'


def _tables(picture: Picture) -> str:
    """Return both sides as tables, for those who do not see the picture."""
    tables = _table("your answer", picture.got, picture.wrong) + _table("expected", picture.expected, ())
    return f"<details><summary>the numbers as tables</summary>{tables}</details>"


def _table(title: str, cells: Sequence[Sequence[str]], wrong: Sequence[tuple[int, int]]) -> str:
    columns = "".join(f'<th scope="col">{j}</th>' for j in range(max(map(len, cells))))
    rows = "".join(
        f'<tr><th scope="row">{i}</th>'
        + "".join(f"<td>{escape(text)}{' (differs)' if (i, j) in wrong else ''}</td>" for j, text in enumerate(row))
        + "</tr>"
        for i, row in enumerate(cells)
    )
    return f'<table class="numbers"><caption>{title}</caption><tr><td></td>{columns}</tr>{rows}</table>'


def everything_differs(picture: Picture) -> bool:
    """Return whether every number is wrong, so that to mark each of them would say nothing."""
    return len(picture.wrong) == sum(map(len, picture.expected))


def _side(title: str, cells: Sequence[Sequence[str]], wrong: Sequence[tuple[int, int]], largest: float) -> str:
    wide = max(24, 7 * max(len(text) for row in cells for text in row) + 8)
    width, height = max(map(len, cells)) * wide + 2, len(cells) * _HEIGHT + 2
    places = [(i, j) for i, row in enumerate(cells) for j in range(len(row))]
    drawn = [_cell(cells[i][j], 1 + j * wide, 1 + i * _HEIGHT, wide, largest) for i, j in places]
    frames = [_frame(1 + j * wide, 1 + i * _HEIGHT, wide) for i, j in places if (i, j) in wrong]
    return (
        f'<div><p>{title}</p><svg viewBox="0 0 {width} {height}" style="max-width:{width}px" role="img" '
        f'aria-label="{title}">{"".join(drawn)}{"".join(frames)}</svg></div>'
    )


def _cell(text: str, x: int, y: int, wide: int, largest: float) -> str:
    fill = _color(text, largest)
    return (
        f'<rect x="{x}" y="{y}" width="{wide}" height="{_HEIGHT}" fill="{fill}" stroke="#8b949e" stroke-width=".6"/>'
        f'<text x="{x + wide / 2:g}" y="{y + 16}" text-anchor="middle" font-size="11.5" fill="#10151a">'
        f"{escape(text)}</text>"
    )


def _frame(x: int, y: int, wide: int) -> str:
    return (
        f'<rect x="{x + 2.5}" y="{y + 2.5}" width="{wide - 5}" height="{_HEIGHT - 5}" fill="none" stroke="#10151a" '
        f'stroke-width="2"/><path d="M {x + 2} {y + 2} h 6 l -6 6 z" fill="#10151a"/>'
    )


def _color(text: str, largest: float) -> str:
    value = _number(text) / largest
    if not math.isfinite(value):
        return _NOT_FINITE_COLOR
    end = _HIGH_RGB if value >= 0 else _LOW_RGB
    share = 0.85 * min(abs(value), 1.0)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(_MIDDLE_RGB, end, strict=True))


def _largest(cells: Sequence[Sequence[str]]) -> float:
    """Return the largest finite absolute value."""
    numbers = [abs(_number(text)) for row in cells for text in row]
    return max((number for number in numbers if math.isfinite(number)), default=0.0)


def _number(text: str) -> float:
    return 1.0 if text == "T" else 0.0 if text == "F" else float(text)


def curve_numbers(picture: Picture) -> tuple[list[float], list[float], float, float]:
    """Return the numbers of both curves, and the smallest and largest finite one."""
    got, expected = ([float(text) for text in side[0]] for side in (picture.got, picture.expected))
    finite = [number for number in (*got, *expected) if math.isfinite(number)] or [0.0]
    return got, expected, min(finite), max(finite)


def _curves(picture: Picture) -> str:
    got, expected, low, high = curve_numbers(picture)
    longest = max(len(got), len(expected))
    lines = _line(expected, longest, low, high, "expected") + _line(got, longest, low, high, "got")
    width, height = _CURVE_SIZE
    return (
        f'<div class="wide"><svg viewBox="-6 -6 {width + 12} {height + 12}" style="max-width:{2 * width}px" role="img" '
        'aria-label="your answer and what is expected as curves">'
        f'<path class="axis" d="M 0 0 V {height} H {width}"/>{lines}</svg>'
        '<p><svg viewBox="0 0 30 10" class="key"><path class="got" d="M 0 5 H 30"/></svg> your answer '
        '<svg viewBox="0 0 30 10" class="key"><path class="expected" d="M 0 5 H 30"/></svg> expected; '
        f"bottom {low:.4g}, top {high:.4g}</p></div>"
    )


def _line(numbers: Sequence[float], longest: int, low: float, high: float, kind: str) -> str:
    """Draw one curve, with a gap where a number is nan or inf."""
    width, height = _CURVE_SIZE
    path, pen = [], "M"
    for index, number in enumerate(numbers):
        if not math.isfinite(number):
            pen = "M"
            continue
        x = width * index / max(longest - 1, 1)
        y = height * (1 - (number - low) / ((high - low) or 1.0))
        path.append(f"{pen} {x:.1f} {y:.1f}")
        pen = "L"
    return f'<path class="{kind}" d="{" ".join(path)}"/>'
