"""Figures of scores and exercises: how they are spread, how hard an exercise was, how well it tells students apart."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from gradlings.model.scorecard import ExerciseScore, Scorecard, Verdict
from gradlings.model.student_result import StudentResult, exercise_points
from gradlings.reports.kit_texts import KitTexts

FEW = 20
"""With fewer students such figures mean little."""
_BINS = 10


@dataclass(frozen=True)
class Bin:
    """The students whose scores lie in a range of points, both ends included."""

    first: int
    last: int
    students: int


@dataclass(frozen=True)
class Distribution:
    """The scores of a class."""

    students: int
    max_points: int
    mean: float
    median: float
    lowest: int
    highest: int
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class ExerciseFigures:
    """One exercise over a class. Who did not try it has 0 points of it."""

    id: str
    name: str
    max_points: int
    minutes: int
    """That its author plans for it; 0 if the kit does not say."""
    students: int
    """Who has points of it, 0 among them; without those whose points are blank through our fault."""
    tried: int
    solved: int
    followed: int
    """Whose code is right but calls a wrong function of an earlier exercise."""
    difficulty: float | None
    """The mean share of its points, 0 to 1: a large number means an easy exercise."""
    discrimination: float | None
    """The correlation, -1 to 1, of its points with the points of all others; None where it is not defined."""


def distribution(results: Sequence[StudentResult]) -> Distribution | None:
    """Return how the scores are spread; None if nobody has one."""
    points = sorted(result.points for result in results if result.points is not None)
    if not points:
        return None
    highest_possible = max(result.max_points for result in results)
    edges = [round(highest_possible * number / _BINS) for number in range(_BINS + 1)]
    ranges = [(first, last - 1) for first, last in pairwise(edges) if last > first]
    ranges = [*ranges[:-1], (ranges[-1][0], highest_possible)] if ranges else [(0, highest_possible)]
    bins = tuple(Bin(*ends, sum(ends[0] <= each <= ends[1] for each in points)) for ends in ranges)
    mean, median = statistics.fmean(points), statistics.median(points)
    return Distribution(len(points), highest_possible, mean, median, points[0], points[-1], bins)


class _Answer(NamedTuple):
    score: ExerciseScore
    points: int | None
    """None if they are blank."""
    of_others: int | None
    """The points of all other exercises; None if any are blank."""


def tried(score: ExerciseScore) -> bool:
    """Return whether a student wrote anything of an exercise: a function that is not there was not written."""
    return any(check.verdict not in (Verdict.NOT_ATTEMPTED, Verdict.MISSING) for check in score.checks)


def exercise_figures(cards: Sequence[Scorecard], kit: KitTexts) -> tuple[ExerciseFigures, ...]:
    """Return the figures of each exercise of an assignment, in their order."""
    by_id: dict[str, list[_Answer]] = {}
    for card in cards:
        points = [exercise_points(score) for score in card.exercises]
        known = [each for each in points if each is not None]
        total = sum(known) if len(known) == len(points) and not card.not_run else None
        for score, own in zip(card.exercises, points, strict=True):
            others = total - own if total is not None and own is not None else None
            by_id.setdefault(score.id, []).append(_Answer(score, own, others))
    return tuple(_figures(answers, kit) for answers in by_id.values())


def _figures(answers: Sequence[_Answer], kit: KitTexts) -> ExerciseFigures:
    first = answers[0].score
    points = [answer.points for answer in answers if answer.points is not None]
    declared = kit.exercises.get(first.id)
    return ExerciseFigures(
        id=first.id,
        name=first.name,
        max_points=first.max_points,
        minutes=declared.minutes if declared else 0,
        students=len(points),
        tried=sum(tried(answer.score) for answer in answers),
        solved=sum(answer.score.solved for answer in answers),
        followed=sum(any(c.verdict is Verdict.FOLLOWED_THROUGH for c in answer.score.checks) for answer in answers),
        difficulty=statistics.fmean(points) / first.max_points if points and first.max_points else None,
        discrimination=correlation(
            [(a.points, a.of_others) for a in answers if a.points is not None and a.of_others is not None]
        ),
    )


def correlation(pairs: Sequence[tuple[int, int]]) -> float | None:
    """Return Pearson's correlation of pairs of whole numbers; None where it is not defined.

    With an exercise's points and the points of all others it is the corrected discrimination: an exercise's own points
    are no part of what it is compared with. Sums of whole numbers are exact, so that what is undefined is found out.
    """
    n = len(pairs)
    sum_x, sum_y = sum(x for x, _ in pairs), sum(y for _, y in pairs)
    spread_x = n * sum(x * x for x, _ in pairs) - sum_x**2
    spread_y = n * sum(y * y for _, y in pairs) - sum_y**2
    if not spread_x or not spread_y:
        return None
    return (n * sum(x * y for x, y in pairs) - sum_x * sum_y) / math.sqrt(spread_x * spread_y)
