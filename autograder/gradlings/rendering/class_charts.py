"""Charts of a class as SVG, in the colors of the page around them. No information is given by color alone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_BAR_WIDTH, _GAP, _HEIGHT = 32, 8, 110
_ABOVE, _BELOW = 18, 22


def histogram_svg(bars: Sequence[tuple[str, int]], label: str) -> str:
    """Draw numbers as bars, each with its number above and its name below; `label` is read out in their place."""
    width, height = len(bars) * (_BAR_WIDTH + _GAP) + _GAP, _ABOVE + _HEIGHT + _BELOW
    largest = max((number for _, number in bars), default=0) or 1
    drawn = []
    for place, (name, number) in enumerate(bars):
        x, tall = _GAP + place * (_BAR_WIDTH + _GAP), round(_HEIGHT * number / largest, 1)
        top = _ABOVE + _HEIGHT - tall
        middle = x + _BAR_WIDTH / 2
        drawn.append(
            f'<rect class="bar" x="{x}" y="{top:g}" width="{_BAR_WIDTH}" height="{tall:g}"/>'
            f'<text x="{middle:g}" y="{top - 5:g}">{number}</text>'
            f'<text class="name" x="{middle:g}" y="{height - 6}">{escape(name)}</text>'
        )
    return (
        f'<svg class="histogram" viewBox="0 0 {width} {height}" style="max-width:{1.4 * width:.0f}px" role="img" '
        f'aria-label="{escape(label)}"><path class="axis" d="M 0 {_ABOVE + _HEIGHT} H {width}"/>{"".join(drawn)}</svg>'
    )


def solved_svg(solved: int, tried: int, students: int) -> str:
    """Draw which share of the students solved an exercise (a thick bar) and tried it (a thin one that goes on)."""
    whole = max(students, 1)
    done, begun = 100 * solved / whole, 100 * tried / whole
    return (
        '<svg class="solved" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" '
        f'aria-label="{solved} of {students} solved, {tried} tried"><rect class="track" width="100" height="10"/>'
        f'<rect class="tried" x="0" y="4" width="{begun:.1f}" height="2"/>'
        f'<rect class="done" width="{done:.1f}" height="10"/></svg>'
    )
