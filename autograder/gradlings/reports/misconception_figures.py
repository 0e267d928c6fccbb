"""The misconceptions that a class had: how many students, with an example, and which go together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from gradlings.model.misconceptions import in_words
from gradlings.model.scorecard import CheckResult, Scorecard
from gradlings.reports.examples import ANSWERED, Example, example_of
from gradlings.reports.item_figures import FEW
from gradlings.reports.kit_texts import KitTexts, chapter_part

_MIN_TOGETHER = 3
_MIN_LIFT = 1.2
_MAX_PAIRS = 15


@dataclass(frozen=True)
class MisconceptionFigures:
    """One misconception over a class."""

    id: str
    exercise: str
    words: str
    """Its id as a short list shows it."""
    students: int
    sentence: str
    hint: str
    """Empty where the kit at hand does not know it."""
    part: str
    """Of the chapter."""
    example: Example


@dataclass(frozen=True)
class Pair:
    """Two misconceptions that students have together more often than chance would have it."""

    first: str
    """Ids, the rarer one first."""
    second: str
    first_students: int
    second_students: int
    both: int
    lift: float
    """How many times as often as if they had nothing to do with each other."""


def misconceptions_of(card: Scorecard) -> set[str]:
    """Return the ids of the misconceptions on a scorecard."""
    return {id for score in card.exercises for id in score.misconceptions}


def misconception_figures(cards: Sequence[Scorecard], kit: KitTexts) -> tuple[MisconceptionFigures, ...]:
    """Return the misconceptions of a class by exercise, in their order, and in each the most frequent first."""
    order: dict[str, int] = {}
    met: dict[str, list[CheckResult]] = {}
    exercise_of: dict[str, str] = {}
    students = Counter(id for card in cards for id in misconceptions_of(card))
    for card in cards:
        for place, score in enumerate(card.exercises):
            order.setdefault(score.id, place)
            for check in score.checks:
                if check.misconception:
                    met.setdefault(check.misconception.id, []).append(check)
                    exercise_of.setdefault(check.misconception.id, score.id)
    found = [_figures(id, exercise_of[id], students[id], checks, kit) for id, checks in met.items()]
    return tuple(sorted(found, key=lambda each: (order[each.exercise], -each.students, each.id)))


def _figures(
    id: str, exercise: str, students: int, checks: Sequence[CheckResult], kit: KitTexts
) -> MisconceptionFigures:
    known, told = kit.misconceptions.get(id), checks[-1].misconception
    sentence = known.sentence if known else told.sentence if told else ""
    hint = known.hint if known else ""
    answers = [
        check for check in checks if check.verdict in ANSWERED
    ]  # of another, the call is a line of the student's
    return MisconceptionFigures(
        id, exercise, in_words(id), students, sentence, hint, chapter_part(exercise), example_of(answers)
    )


def pairs(by_student: Mapping[str, set[str]]) -> tuple[Pair, ...]:
    """Return which misconceptions go together, the most frequent pairs first; none where there are few students.

    Two of one exercise are left out: they are wrong in one function, or in two that belong together.
    """
    count = len(by_student)
    if count < FEW:
        return ()
    alone = Counter(id for ids in by_student.values() for id in ids)
    frequent = {id for id, number in alone.items() if number >= _MIN_TOGETHER}
    together = Counter(pair for ids in by_student.values() for pair in combinations(sorted(ids & frequent), 2))
    found = []
    for (one, other), both in together.items():
        first, second = sorted((one, other), key=lambda id: (alone[id], id))
        lift = both * count / (alone[first] * alone[second])
        if both >= _MIN_TOGETHER and lift >= _MIN_LIFT and _exercise(one) != _exercise(other):
            found.append(Pair(first, second, alone[first], alone[second], both, lift))
    return tuple(sorted(found, key=lambda pair: (-pair.both, -pair.lift, pair.first, pair.second))[:_MAX_PAIRS])


def _exercise(id: str) -> str:
    return id.partition("/")[0]
