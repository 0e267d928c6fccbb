"""Who may need help, in words: a sudden stop, nothing after an exercise, one misconception in several exercises.

It ranks nobody, and says what was seen, not why.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradlings.model.misconceptions import in_words
from gradlings.model.scorecard import ExerciseScore, Scorecard
from gradlings.reports.item_figures import tried

_MIN_LEFT = 3
"""So many exercises have to follow the last one that was tried."""
_MIN_BEFORE = 3
_MOSTLY = 0.8
_MOST_OF_THE_CLASS = 0.5


@dataclass(frozen=True)
class NeedsHelp:
    """What was seen of one student."""

    student: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Course:
    """The scorecards of one assignment after the other, by student, and who handed in nothing as far as is known."""

    assignments: Sequence[str]
    cards: Mapping[str, Mapping[str, Scorecard]]
    """By assignment and student."""
    absent: Mapping[str, frozenset[str]]
    """By assignment: who is on its roster, and not among its submissions."""

    def students(self) -> list[str]:
        """Return everybody, in alphabetical order."""
        listed = {student for cards in self.cards.values() for student in cards}
        return sorted(listed.union(*self.absent.values()))


def needs_help(course: Course, shown: Callable[[str], str]) -> tuple[NeedsHelp, ...]:
    """Return of whom there is something to say; `shown` gives the name under which a student is listed."""
    later = {assignment: _tried_later(course.cards[assignment].values()) for assignment in course.assignments}
    found = []
    for name, student in sorted((shown(student), student) for student in course.students()):
        sentences = (*_stops(course, student, later), *_repeated(course, student))
        if sentences:
            found.append(NeedsHelp(name, sentences))
    return tuple(found)


def _tried_later(cards: Collection[Scorecard]) -> list[float]:
    """Return for each exercise which share of those who tried anything tried any of those after it."""
    last = [place for card in cards if (place := _last_tried(card.exercises)) >= 0]
    length = max((len(card.exercises) for card in cards), default=0)
    return [sum(each > place for each in last) / max(len(last), 1) for place in range(length)]


def _last_tried(exercises: Sequence[ExerciseScore]) -> int:
    return max((place for place, score in enumerate(exercises) if tried(score)), default=-1)


def _stops(course: Course, student: str, later: Mapping[str, list[float]]) -> Iterator[str]:
    worked: list[str] = []
    for assignment in course.assignments:
        card = course.cards[assignment].get(student)
        begun = [score for score in card.exercises if tried(score)] if card else []
        if begun and card:
            yield from _stop_in(card, later[assignment])
            if len(begun) >= _MOSTLY * len(card.exercises):
                worked.append(assignment)
        elif card and any(score.attempted for score in card.exercises):
            yield f"{assignment}: handed in a file without any of its functions{_after(worked)}."
        elif card:
            yield f"{assignment}: handed in the file as it was given out{_after(worked)}."
        elif worked or student in course.absent[assignment]:
            yield f"{assignment}: handed in nothing{_after(worked)}."


def _after(worked: Sequence[str]) -> str:
    """Return how to say that a student did most of earlier assignments: then it is a sudden stop."""
    return f", and did most of {', '.join(worked)}: a sudden stop" if worked else ""


def _stop_in(card: Scorecard, later: Sequence[float]) -> Iterator[str]:
    last = _last_tried(card.exercises)
    left = len(card.exercises) - last - 1
    if left < _MIN_LEFT or later[last] < _MOST_OF_THE_CLASS:
        return
    before = card.exercises[: last + 1]
    solved = sum(score.solved for score in before)
    if len(before) >= _MIN_BEFORE and solved >= _MOSTLY * len(before):
        yield (
            f"{card.assignment}: a sudden stop. {solved} of the exercises up to {before[-1].id} are solved, and "
            f"nothing is tried after it ({left} left)."
        )
    else:
        at = f"{card.assignment}: nothing is tried after {before[-1].id}"
        yield f"{at} ({left} left), where most of the class went on."


def _repeated(course: Course, student: str) -> Iterator[str]:
    """Tell of misconceptions that have one name in several exercises."""
    met: dict[str, list[str]] = {}
    for assignment in course.assignments:
        card = course.cards[assignment].get(student)
        for id in [id for score in card.exercises for id in sorted(set(score.misconceptions))] if card else ():
            exercise, _, name = id.partition("/")
            met.setdefault(name, []).append(exercise)
    for name, exercises in met.items():
        if name and len(exercises) > 1:
            yield f"The same misconception in {', '.join(exercises)}: {in_words(f'0.0/{name}')}."
