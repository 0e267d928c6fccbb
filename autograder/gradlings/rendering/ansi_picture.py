"""Pictures for the terminal: two small matrices side by side, or two curves as rows of bars."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from gradlings.model.scorecard import Form, Picture
from gradlings.rendering.svg import curve_numbers, everything_differs

_MAX_ROWS, _MAX_COLUMNS = 8, 8
_MIN_NUMBERS = 9  # fewer are shown as text already
_BARS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"


def small_picture(picture: Picture, width: int) -> list[Text]:
    """Return the lines of a picture, of at most `width` columns; none if it is too large, or if text says as much."""
    if picture.form is Form.CURVE:
        return _curves(picture) if len(picture.expected[0]) >= _MIN_NUMBERS else []
    rows, columns = len(picture.expected), len(picture.expected[0])
    if rows > _MAX_ROWS or columns > _MAX_COLUMNS or rows * columns < _MIN_NUMBERS or len(picture.wrong) < 2:
        return []
    wrong = set() if everything_differs(picture) else set(picture.wrong)
    got = _side("got", picture.got, wrong, "red")
    expected = _side("expected", picture.expected, wrong, "green")
    if len(got[0]) + len(expected[0]) + 4 > width:
        return []
    lines = [left.append("    ").append_text(right) for left, right in zip(got, expected, strict=True)]
    note = ", ".join(filter(None, (picture.name, picture.caption, "* differs" if wrong else "all differ")))
    lines[0].append(f"   {note}" if cell_len(f"{lines[0].plain}   {note}") <= width else "", style="dim")
    return lines


def _side(title: str, cells: Sequence[Sequence[str]], wrong: set[tuple[int, int]], style: str) -> list[Text]:
    """Draw one matrix under its title, all lines of one width; a number that differs has a star and a color."""
    cell_width = max(len(text) for row in cells for text in row) + 1
    lines = [Text(title, style="dim")]
    for i, row in enumerate(cells):
        line = Text()
        for j, text in enumerate(row):
            line.append(f"{text:>{cell_width}}", style=style if (i, j) in wrong else "")
            line.append("*" if (i, j) in wrong else " " if wrong else "", style=style)
        lines.append(line)
    width = max(map(len, lines))
    for line in lines:
        line.pad_right(width - len(line))
    return lines


def _curves(picture: Picture) -> list[Text]:
    got, expected, low, high = curve_numbers(picture)
    return [
        Text("got      ", style="dim").append(_bars(got, low, high), style="red"),
        Text("expected ", style="dim").append(_bars(expected, low, high), style="green"),
    ]


def _bars(numbers: Sequence[float], low: float, high: float) -> str:
    span = (high - low) or 1.0
    return "".join(
        _BARS[round((len(_BARS) - 1) * (number - low) / span)] if math.isfinite(number) else "?" for number in numbers
    )
