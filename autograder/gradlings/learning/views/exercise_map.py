"""The map of exercises as SVG: what builds on what, and how far each is. A pure function of the tallies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from gradlings.progress.summary import Tally

_WIDTH = 320  # of the block of one assignment; a phone shows one beside the other's end
_ROW, _TOP, _RADIUS, _MOST = 50, 46, 15, 7
_GAP = 22
_APART = 42  # centres of neighbours, at least


@dataclass(frozen=True)
class _Spot:
    x: float
    y: float


def exercise_map(tallies: Sequence[Tally], titles: Mapping[str, str], *, columns: int) -> str:
    """An `<svg>` that fits the width it is given; colours come from the page's CSS variables.

    Every state has a form of its own: filled (solved), a ring with its share (begun), hollow (not begun), and a second
    ring around the next one.

    Args:
        columns: how many assignments stand beside each other.
    """
    spots, blocks, height = _layout(tallies, columns)
    by_id = {tally.exercise.id: tally for tally in tallies}
    following = next((tally.exercise.id for tally in tallies if not tally.solved), "")
    edges = [
        _edge(before, tally, by_id, spots)
        for tally in tallies
        for before in tally.exercise.builds_on
        if before in spots
    ]
    edges.sort(key=lambda edge: "far" not in edge)  # those inside an assignment lie on top
    heads = [
        f'<text class="title" x="{block.x:.0f}" y="{block.y + 18:.0f}">{escape(f"{id} {titles.get(id)}")}</text>'
        for id, block in blocks.items()
    ]
    nodes = [_node(tally, spots[tally.exercise.id], tally.exercise.id == following) for tally in tallies]
    width = columns * _WIDTH + (columns - 1) * _GAP
    inside = "\n".join([*heads, *edges, *nodes])
    return (
        f'<svg class="map" viewBox="0 0 {width} {height:.0f}" role="img" '
        f'aria-label="Map of the exercises: what builds on what">\n{inside}\n</svg>'
    )


def depths(tallies: Sequence[Tally]) -> dict[str, int]:
    """How many exercises of the same assignment come before each, on the longest way to it."""
    builds_on = {tally.exercise.id: tally.exercise.builds_on for tally in tallies}
    assignment = {tally.exercise.id: tally.assignment for tally in tallies}
    found: dict[str, int] = {}

    def depth(id: str) -> int:
        if id not in found:
            inside = [before for before in builds_on[id] if assignment.get(before) == assignment[id]]
            found[id] = 1 + max((depth(before) for before in inside), default=-1)
        return found[id]

    return {id: depth(id) for id in builds_on}


def _layout(tallies: Sequence[Tally], columns: int) -> tuple[dict[str, _Spot], dict[str, _Spot], float]:
    """Where each exercise and each assignment stands, and the height of it all."""
    level = depths(tallies)
    spots: dict[str, _Spot] = {}
    blocks: dict[str, _Spot] = {}
    top, tallest = 0.0, 0.0
    for number, assignment in enumerate(dict.fromkeys(tally.assignment for tally in tallies)):
        column = number % columns
        if column == 0:
            top, tallest = top + tallest, 0.0
        blocks[assignment] = _Spot(column * (_WIDTH + _GAP), top)
        inside = [tally for tally in tallies if tally.assignment == assignment]
        row = 0
        for depth in range(1 + max(level[tally.exercise.id] for tally in inside)):
            layer = [tally for tally in inside if level[tally.exercise.id] == depth]
            layer.sort(key=lambda tally: _wish(tally, spots))
            for start in range(0, len(layer), _MOST):
                part = layer[start : start + _MOST]
                for tally, x in zip(part, _places(part, spots, blocks[assignment].x), strict=True):
                    spots[tally.exercise.id] = _Spot(x, top + _TOP + _ROW * row + _RADIUS)
                row += 1
        tallest = max(tallest, _TOP + _ROW * row + _GAP)
    return spots, blocks, top + tallest


def _places(layer: Sequence[Tally], spots: Mapping[str, _Spot], left: float) -> list[float]:
    """The x of each exercise of a layer: below what it builds on, but never too near to its neighbour."""
    even = [left + _WIDTH * (place + 0.5) / len(layer) for place in range(len(layer))]
    wishes = [_wish(tally, spots) or x for tally, x in zip(layer, even, strict=True)]
    found = wishes.copy()
    for place in range(1, len(found)):
        found[place] = max(found[place], found[place - 1] + _APART)
    shift = sum(wish - x for wish, x in zip(wishes, found, strict=True)) / len(found)
    low, high = left + _RADIUS + 4 - found[0], left + _WIDTH - _RADIUS - 4 - found[-1]
    shift = max(min(shift, high), low)
    return [x + shift for x in found]


def _wish(tally: Tally, spots: Mapping[str, _Spot]) -> float:
    """The middle of what it builds on in its assignment; 0 where that is nothing."""
    own = tally.exercise.id.partition(".")[0]
    xs = [spots[id].x for id in tally.exercise.builds_on if id in spots and id.partition(".")[0] == own]
    return sum(xs) / len(xs) if xs else 0.0


def _edge(before: str, tally: Tally, by_id: Mapping[str, Tally], spots: Mapping[str, _Spot]) -> str:
    start, end = spots[before], spots[tally.exercise.id]
    far = by_id[before].assignment != tally.assignment
    y1, y2 = start.y + _RADIUS, end.y - _RADIUS
    bend = max((y2 - y1) / 2, 18)
    x1, x2 = start.x, end.x
    middle = ""
    if not far and y2 - y1 > _ROW and any(_between(spot, start, end) for spot in spots.values()):
        side = 26 if start.x <= end.x else -26
        middle = f"C {x1 + side:.1f} {y1 + bend * 0.6:.1f} {x2 + side:.1f} {y2 - bend * 0.6:.1f}"
    curve = middle or f"C {x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f}"
    kind = "edge far" if far else "edge"
    done = " done" if by_id[before].solved else ""
    return f'<path class="{kind}{done}" d="M {x1:.1f} {y1:.1f} {curve} {x2:.1f} {y2:.1f}"/>'


def _between(spot: _Spot, start: _Spot, end: _Spot) -> bool:
    """True if a straight line from start to end would run through a spot."""
    if not start.y < spot.y < end.y:
        return False
    x = start.x + (end.x - start.x) * (spot.y - start.y) / (end.y - start.y)
    return abs(x - spot.x) < _RADIUS + 3


def _node(tally: Tally, spot: _Spot, following: bool) -> str:
    exercise = tally.exercise
    state = "solved" if tally.solved else "begun" if tally.attempts else "open"
    says = f"{exercise.id} {', '.join(exercise.functions)}: {tally.points} of {exercise.points} points"
    if exercise.builds_on:
        says += f", builds on {', '.join(exercise.builds_on)}"
    parts = [f"<title>{escape(says)}</title>"]
    x, y = f"{spot.x:.1f}", f"{spot.y:.1f}"
    if following:
        parts.append(f'<circle class="next" cx="{x}" cy="{y}" r="{_RADIUS + 4}"/>')
    parts.append(f'<circle class="disc" cx="{x}" cy="{y}" r="{_RADIUS}"/>')
    if state == "begun":
        share = 100 * tally.points / max(exercise.points, 1)
        parts.append(
            f'<circle class="share" cx="{x}" cy="{y}" r="{_RADIUS}" pathLength="100" '
            f'stroke-dasharray="{share:.0f} 100" transform="rotate(-90 {x} {y})"/>'
        )
    parts.append(f'<text x="{x}" y="{spot.y + 3.6:.1f}">{escape(exercise.id)}</text>')
    return f'<g class="node {state}">{"".join(parts)}</g>'
