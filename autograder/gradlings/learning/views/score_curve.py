"""Score over time as SVG: a step curve. Its labels are HTML, so that they keep their size on any screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple


class Tick(NamedTuple):
    """A label at an axis of the curve."""

    at: float
    """Percent from the left or from the top."""
    text: str


class Curve(NamedTuple):
    """What the page's template draws."""

    svg: str
    scores: tuple[Tick, ...]
    times: tuple[Tick, ...]


def score_curve(points: Sequence[tuple[datetime, int]], max_points: int) -> Curve | None:
    """Draw the total after each of some moments, oldest first, in the time zone to show; None if there are none."""
    if not points:
        return None
    start, end = points[0][0], points[-1][0]
    seconds = max((end - start).total_seconds(), 1.0)
    top = _ceiling(max(total for _, total in points), max_points)
    spots = [(100 * (when - start).total_seconds() / seconds, 100 - 100 * total / top) for when, total in points]
    steps = [f"M 0 100 V {spots[0][1]:.2f}"] + [f"H {x:.2f} V {y:.2f}" for x, y in spots[1:]]
    line = " ".join(steps) + " H 100"
    grid = "".join(f'<path class="grid" d="M 0 {y} H 100"/>' for y in (0, 50, 100))
    dots = "".join(f'<path class="dot" d="M {x:.2f} {y:.2f} h 0.001"/>' for x, y in spots)
    svg = (
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" '
        f'aria-label="Score over time: {points[-1][1]} of {max_points} points">'
        f'{grid}<path class="area" d="{line} V 100 Z"/><path class="line" d="{line}"/>{dots}</svg>'
    )
    return Curve(svg, (Tick(0, str(top)), Tick(50, f"{top / 2:g}"), Tick(100, "0")), _times(start, end))


def _ceiling(reached: int, max_points: int) -> int:
    """Return a round number of points that the curve stays below, but never more than there are."""
    for step in (10, 20, 50, 100):
        if reached <= 6 * step:
            return min(-(-max(reached, 1) // step) * step, max(max_points, 1))
    return max(max_points, reached)


def _times(start: datetime, end: datetime) -> tuple[Tick, ...]:
    if start == end:
        return (Tick(0, f"{_day(start)}, {start:%H:%M}"),)
    if start.date() == end.date():
        return Tick(0, f"{_day(start)}, {start:%H:%M}"), Tick(100, f"{end:%H:%M}")
    middle = start + (end - start) / 2
    return Tick(0, _day(start)), Tick(50, _day(middle)), Tick(100, _day(end))


def _day(when: datetime) -> str:
    return f"{when:%d %b %Y}".lstrip("0")
