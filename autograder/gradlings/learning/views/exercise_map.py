"""The map of exercises as SVG: what builds on what, and how far each is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from gradlings.progress.summary import ExerciseProgress

_BLOCK_WIDTH = 320  # of one assignment
_BLOCK_GAP = 22
_TITLE_HEIGHT = 46
_ROW_HEIGHT = 50
_RADIUS = 15
_MAX_PER_ROW = 7
_MIN_DISTANCE = 42  # between the centers of neighbors


class _Spot(NamedTuple):
    x: float
    y: float


def exercise_map(exercises: Sequence[ExerciseProgress], titles: Mapping[str, str], *, columns: int) -> str:
    """Return an `<svg>` with `columns` assignments beside each other; colors come from the page's CSS variables.

    Every state has a form of its own: filled (solved), a ring with its share of points (begun), hollow (not begun), and
    a second ring around the next exercise.
    """
    spots, blocks, height = _layout(exercises, columns)
    by_id = {exercise.id: exercise for exercise in exercises}
    following = next((exercise.id for exercise in exercises if not exercise.solved), "")
    edges = [
        _edge(by_id[before], exercise, spots)
        for exercise in exercises
        for before in exercise.declared.builds_on
        if before in by_id
    ]
    edges.sort(key=lambda edge: "far" not in edge)  # those inside an assignment lie on top
    heads = [
        f'<text class="title" x="{block.x:.0f}" y="{block.y + 18:.0f}">{escape(f"{id} {titles.get(id)}")}</text>'
        for id, block in blocks.items()
    ]
    nodes = [_node(exercise, spots[exercise.id], exercise.id == following) for exercise in exercises]
    width = columns * _BLOCK_WIDTH + (columns - 1) * _BLOCK_GAP
    inside = "\n".join([*heads, *edges, *nodes])
    return (
        f'<svg class="map" viewBox="0 0 {width} {height:.0f}" role="img" '
        f'aria-label="Map of the exercises: what builds on what">\n{inside}\n</svg>'
    )


def _layout(exercises: Sequence[ExerciseProgress], columns: int) -> tuple[dict[str, _Spot], dict[str, _Spot], float]:
    """Return the center of each exercise, the upper left corner of each assignment, and the height of the map."""
    spots: dict[str, _Spot] = {}
    blocks: dict[str, _Spot] = {}
    top, tallest = 0.0, 0.0
    for number, assignment in enumerate(dict.fromkeys(exercise.assignment for exercise in exercises)):
        column = number % columns
        if column == 0:
            top, tallest = top + tallest, 0.0
        blocks[assignment] = _Spot(column * (_BLOCK_WIDTH + _BLOCK_GAP), top)
        inside = [exercise for exercise in exercises if exercise.assignment == assignment]
        depths = _depths(inside)
        row = 0
        for depth in range(1 + max(depths.values())):
            layer = [exercise for exercise in inside if depths[exercise.id] == depth]
            layer.sort(key=lambda exercise: _preferred_x(exercise, spots))
            for start in range(0, len(layer), _MAX_PER_ROW):
                part = layer[start : start + _MAX_PER_ROW]
                for exercise, x in zip(part, _xs(part, spots, blocks[assignment].x), strict=True):
                    spots[exercise.id] = _Spot(x, top + _TITLE_HEIGHT + _ROW_HEIGHT * row + _RADIUS)
                row += 1
        tallest = max(tallest, _TITLE_HEIGHT + _ROW_HEIGHT * row + _BLOCK_GAP)
    return spots, blocks, top + tallest


def _depths(exercises: Sequence[ExerciseProgress]) -> dict[str, int]:
    """Return how many exercises of an assignment come before each of them, on the longest path to it."""
    depths: dict[str, int] = {}
    for exercise in exercises:  # builds on earlier ones only
        before = [depths[id] for id in exercise.declared.builds_on if id in depths]
        depths[exercise.id] = 1 + max(before, default=-1)
    return depths


def _xs(layer: Sequence[ExerciseProgress], spots: Mapping[str, _Spot], left: float) -> list[float]:
    """Return the x of each exercise of a row: below what it builds on, but never too near to its neighbor."""
    even = [left + _BLOCK_WIDTH * (index + 0.5) / len(layer) for index in range(len(layer))]
    preferred = [_preferred_x(exercise, spots) or x for exercise, x in zip(layer, even, strict=True)]
    found = preferred.copy()
    for index in range(1, len(found)):
        found[index] = max(found[index], found[index - 1] + _MIN_DISTANCE)
    shift = sum(wanted - x for wanted, x in zip(preferred, found, strict=True)) / len(found)
    low, high = left + _RADIUS + 4 - found[0], left + _BLOCK_WIDTH - _RADIUS - 4 - found[-1]
    shift = max(min(shift, high), low)
    return [x + shift for x in found]


def _preferred_x(exercise: ExerciseProgress, spots: Mapping[str, _Spot]) -> float:
    """Return the middle of what an exercise builds on in its assignment; 0 if it builds on nothing there."""
    own = exercise.id.partition(".")[0]
    xs = [spots[id].x for id in exercise.declared.builds_on if id in spots and id.partition(".")[0] == own]
    return sum(xs) / len(xs) if xs else 0.0


def _edge(before: ExerciseProgress, exercise: ExerciseProgress, spots: Mapping[str, _Spot]) -> str:
    start, end = spots[before.id], spots[exercise.id]
    far = before.assignment != exercise.assignment
    (x1, y1), (x2, y2) = (start.x, start.y + _RADIUS), (end.x, end.y - _RADIUS)
    side, bend = 0, max((y2 - y1) / 2, 18)
    if not far and y2 - y1 > _ROW_HEIGHT and any(_between(spot, start, end) for spot in spots.values()):
        side, bend = 26 if x1 <= x2 else -26, bend * 0.6
    curve = f"C {x1 + side:.1f} {y1 + bend:.1f} {x2 + side:.1f} {y2 - bend:.1f}"
    kind = f"edge{' far' if far else ''}{' done' if before.solved else ''}"
    return f'<path class="{kind}" d="M {x1:.1f} {y1:.1f} {curve} {x2:.1f} {y2:.1f}"/>'


def _between(spot: _Spot, start: _Spot, end: _Spot) -> bool:
    """Return whether a straight line from start to end would run through a spot."""
    if not start.y < spot.y < end.y:
        return False
    x = start.x + (end.x - start.x) * (spot.y - start.y) / (end.y - start.y)
    return abs(x - spot.x) < _RADIUS + 3


def _node(exercise: ExerciseProgress, spot: _Spot, following: bool) -> str:
    declared = exercise.declared
    state = "solved" if exercise.solved else "begun" if exercise.attempts else "open"
    title = f"{exercise.id} {exercise.name}: {exercise.points} of {declared.points} points"
    if declared.builds_on:
        title += f", builds on {', '.join(declared.builds_on)}"
    parts = [f"<title>{escape(title)}</title>"]
    x, y = f"{spot.x:.1f}", f"{spot.y:.1f}"
    if following:
        parts.append(f'<circle class="next" cx="{x}" cy="{y}" r="{_RADIUS + 4}"/>')
    parts.append(f'<circle class="disc" cx="{x}" cy="{y}" r="{_RADIUS}"/>')
    if state == "begun":
        share = 100 * exercise.points / max(declared.points, 1)
        parts.append(
            f'<circle class="share" cx="{x}" cy="{y}" r="{_RADIUS}" pathLength="100" '
            f'stroke-dasharray="{share:.0f} 100" transform="rotate(-90 {x} {y})"/>'
        )
    parts.append(f'<text x="{x}" y="{spot.y + 3.6:.1f}">{escape(exercise.id)}</text>')
    return f'<g class="node {state}">{"".join(parts)}</g>'
