"""What was seen of a class's submissions, in words: pairs side by side, and what could not be seen. No verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from gradlings.model.misconceptions import Misconception
from gradlings.reports.similarity.coincidence import ExerciseLikeness
from gradlings.reports.similarity.gather import ClassWork, Work, token_of
from gradlings.reports.similarity.reading_process import FunctionParts
from gradlings.reports.similarity.remarked import Comparison, RemarkedPair
from gradlings.reports.similarity.syntax_parts import Kind

OUTSIDE_NAME = "outside of the exercises"
TELLING = math.log(10)
"""The surprise of an exercise in which at most a tenth of all pairs are as alike: shown side by side."""
_FEW = 0.05
"""Who shares a part with so few of the class at most, shares something rare."""


@dataclass(frozen=True)
class Line:
    """A line of a function."""

    text: str
    shared: int
    """0: not with the other; 1: with the other, and with many; 2: with the other, and hardly anybody else."""


@dataclass(frozen=True)
class SharedExercise:
    """An exercise in which two students are alike."""

    exercise: str
    name: str
    as_alike: int
    """How many pairs are at least as alike in it, this one included."""
    of_pairs: int
    """How many pairs tried it."""
    words: tuple[str, ...]
    """Why it was remarked, a sentence each."""
    first: tuple[Line, ...]
    second: tuple[Line, ...]


@dataclass(frozen=True)
class AlikePair:
    """Two students who are more alike than chance makes them."""

    first: str
    second: str
    expected: float
    """How many pairs of a class like this one are as alike by chance."""
    chance: str
    """The same in words."""
    exercises: tuple[SharedExercise, ...]
    """The most telling first."""
    also: tuple[str, ...]
    """Exercises in which they are alike as many are."""


@dataclass(frozen=True)
class ExerciseSight:
    """How much an exercise can tell."""

    exercise: str
    name: str
    tried: int
    forms: int
    """How many different ones there are, if names, comments and order do not count."""
    one_in: int
    """A copy of what the student in the middle wrote would be as alike as one pair in so many."""


@dataclass(frozen=True)
class SimilarityReport:
    """A class's submissions of one assignment, compared."""

    assignment: str
    source_name: str
    students: int
    visible: int
    """Students of whose work a full copy with other names would be remarked."""
    with_results: bool
    exercises: tuple[ExerciseSight, ...]
    pairs: tuple[AlikePair, ...]
    groups: tuple[tuple[str, ...], ...]
    """Three and more who are connected by pairs."""
    unread: dict[str, str]
    """By student, why nothing, or not all, was compared."""


def similarity_report(
    work: ClassWork, comparison: Comparison, misconceptions: Mapping[str, Misconception]
) -> SimilarityReport:
    """Put a comparison into words.

    Args:
        work: what was compared.
        comparison: of it.
        misconceptions: what their ids mean.
    """
    names = [each.student for each in work.handed]
    pairs = tuple(_pair(work, comparison, pair, misconceptions) for pair in comparison.pairs)
    sights = tuple(
        _sight(exercise.id, ", ".join(exercise.functions), works, likeness)
        for exercise, works, likeness in zip(work.exercises, work.work, comparison.exercises, strict=True)
        if likeness.count
    )
    return SimilarityReport(
        *(work.assignment, work.source_name, len(names), int(comparison.visible.sum()), work.with_results),
        exercises=sights,
        pairs=pairs,
        groups=_groups((pair.first, pair.second) for pair in pairs),
        unread=work.unread,
    )


def _sight(id: str, name: str, works: Iterable[Work], likeness: ExerciseLikeness) -> ExerciseSight:
    forms = len({each.shapes for each in works if each.shapes})
    one_in = round(float(np.exp(np.median(likeness.of_a_copy[likeness.tried]))))
    return ExerciseSight(id, name or OUTSIDE_NAME, likeness.count, forms, one_in)


def _pair(
    work: ClassWork, comparison: Comparison, pair: RemarkedPair, misconceptions: Mapping[str, Misconception]
) -> AlikePair:
    first, second = pair.first, pair.second
    order = sorted(
        range(len(work.exercises)), key=lambda place: -float(comparison.exercises[place].surprise[first, second])
    )
    telling: list[SharedExercise] = []
    also: list[str] = []
    for place in order:
        likeness, exercise = comparison.exercises[place], work.exercises[place]
        one, other = work.work[place][first], work.work[place][second]
        surprise = float(likeness.surprise[first, second])
        if surprise <= 0:
            continue
        if surprise < TELLING and telling:
            also.append(exercise.id or OUTSIDE_NAME)
            continue
        expected = [name for each in work.exercises for name in each.functions]
        compared = _Compared(one, other, likeness, expected)
        telling.append(
            SharedExercise(
                exercise.id,
                ", ".join(exercise.functions) or OUTSIDE_NAME,
                as_alike=max(1, int((np.triu(likeness.surprise, 1) >= surprise - 1e-9).sum())),
                of_pairs=likeness.count * (likeness.count - 1) // 2,
                words=(*compared.words(), *compared.mistakes(misconceptions)),
                first=compared.lines(one.functions),
                second=compared.lines(other.functions),
            )
        )
    students = work.handed[first].student, work.handed[second].student
    return AlikePair(*students, pair.expected, in_words(pair.expected), tuple(telling), tuple(sorted(also)))


def in_words(expected: float) -> str:
    """Return how often chance makes a pair that alike, as the end of a sentence."""
    if expected < 1e-6:
        return "in fewer than one of a million such classes"
    number = round(1 / expected)
    digits = max(0, len(str(number)) - 2)
    return f"in about one of {round(number, -digits):,} such classes"


class _Compared:
    """The work of two students for one exercise."""

    def __init__(self, one: Work, other: Work, likeness: ExerciseLikeness, expected: list[str]) -> None:
        self._one, self._other, self._likeness, self._expected = one, other, likeness, expected
        self._shapes = one.shapes & other.shapes
        self._wordings = one.wordings & other.wordings

    def words(self) -> list[str]:
        owners, tried = self._likeness.owners, self._likeness.count
        sentences = []
        same = {
            each.name: min(owners[token] for token in wholes)
            for each in self._one.functions
            if each.name in self._expected
            and (wholes := [t for t in self._tokens(each, Kind.WHOLE) if t in self._shapes])
        }
        if same:
            least = min(same.values())
            sentences.append(f"{', '.join(same)}: the same but for names, comments and order{_as_in(least, tried)}.")
        if not same or self._one.shapes != self._other.shapes:
            most = max(len(self._one.shapes), len(self._other.shapes))
            rare = sum(owners[token] == 2 for token in self._shapes)
            only = f", {rare} of which nobody else has" if rare else ""
            sentences.append(f"{len(self._shapes)} of {most} parts are the same{only}.")
        own = sum(owners[token] == 2 for token in self._wordings)
        if own:
            what = (
                "line has the same names or the same comment" if own == 1 else "lines have the same names or comments"
            )
            sentences.append(f"{own} {what}, as nobody else's.")
        return sentences

    def mistakes(self, misconceptions: Mapping[str, Misconception]) -> list[str]:
        sentences = []
        for mistake in sorted(self._one.mistakes & self._other.mistakes):
            count = self._likeness.owners[f"wrong {mistake}"]
            known = misconceptions.get(mistake)
            what = f"{mistake} ({known.sentence})" if known else mistake
            if "=" in mistake:
                what = f"the same wrong results of {mistake.partition(':')[0]}, which no misconception explains"
            sentences.append(f"Both have {what}{_as_in(count, self._likeness.count)}.")
        return sentences

    def lines(self, functions: Iterable[FunctionParts]) -> tuple[Line, ...]:
        """Return the lines of functions, each marked with what is shared of it."""
        found: list[Line] = []
        few = max(2, int(_FEW * self._likeness.count))
        for each in functions:
            texts = each.text.split("\n")
            marks = [0] * len(texts)
            for part in each.parts:
                token = token_of(each.name, part, self._expected)
                if part.kind in (Kind.PIECE, Kind.WORDING) and token in self._shapes | self._wordings:
                    rare = self._likeness.owners[token] <= few
                    for line in range(part.first, min(part.last + 1, len(texts))):
                        marks[line] = max(marks[line], 2 if rare else 1)
            found += [Line("", 0)] if found else []
            found += [Line(text, mark) for text, mark in zip(texts, marks, strict=True)]
        return tuple(found)

    def _tokens(self, function: FunctionParts, kind: Kind) -> list[str]:
        return [token_of(function.name, part, self._expected) for part in function.parts if part.kind == kind]


def _as_in(count: int, tried: int) -> str:
    return ", as nobody else has it" if count == 2 else f", as {count} of {tried} have it"


def _groups(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Return the sets of three and more that pairs connect."""
    groups: list[set[str]] = []
    for pair in pairs:
        touched = [group for group in groups if group & {*pair}]
        groups = [group for group in groups if group not in touched] + [set(pair).union(*touched)]
    return tuple(sorted(tuple(sorted(group)) for group in groups if len(group) > 2))
