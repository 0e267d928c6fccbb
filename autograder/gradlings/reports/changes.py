"""What changed between two runs of an assignment (before and after a lecture, say), over the students of both."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from gradlings.model.misconceptions import in_words
from gradlings.model.scorecard import Scorecard
from gradlings.reports.misconception_figures import misconceptions_of


@dataclass(frozen=True)
class ExerciseChange:
    """How many of the students in both runs solved an exercise."""

    id: str
    name: str
    solved_before: int
    solved_after: int


@dataclass(frozen=True)
class MisconceptionChange:
    """What became of a misconception, in numbers of students."""

    id: str
    words: str
    before: int
    after: int
    overcome: int
    """Who had it and solved the exercise then."""
    kept: int
    new: int


@dataclass(frozen=True)
class Changes:
    """Between two runs."""

    before: str
    """The folders."""
    after: str
    students: int
    """Who is in both; nobody else counts."""
    mean_before: float | None
    """Points; None if nobody is in both."""
    mean_after: float | None
    exercises: tuple[ExerciseChange, ...]
    misconceptions: tuple[MisconceptionChange, ...]
    """Those of which anything changed, the most students before first."""


def changes(before: Mapping[str, Scorecard], after: Mapping[str, Scorecard], names: tuple[str, str]) -> Changes:
    """Compare the scorecards of two runs of one assignment, by student; `names` are those of the folders."""
    both = sorted(before.keys() & after.keys())
    pairs = [(before[student], after[student]) for student in both]
    exercises = {score.id: score.name for _, card in pairs for score in card.exercises}
    solved = [
        ({s.id for s in old.exercises if s.solved}, {s.id for s in new.exercises if s.solved}) for old, new in pairs
    ]
    return Changes(
        *names,
        len(both),
        statistics.fmean(old.points for old, _ in pairs) if pairs else None,
        statistics.fmean(new.points for _, new in pairs) if pairs else None,
        tuple(
            ExerciseChange(id, name, sum(id in old for old, _ in solved), sum(id in new for _, new in solved))
            for id, name in exercises.items()
        ),
        _misconceptions(pairs),
    )


def _misconceptions(pairs: list[tuple[Scorecard, Scorecard]]) -> tuple[MisconceptionChange, ...]:
    had = [(misconceptions_of(old), misconceptions_of(new)) for old, new in pairs]
    solved = [{score.id for score in new.exercises if score.solved} for _, new in pairs]
    found = []
    for id in {id for old, new in had for id in old | new}:
        found.append(
            MisconceptionChange(
                id,
                in_words(id),
                before=sum(id in old for old, _ in had),
                after=sum(id in new for _, new in had),
                overcome=sum(
                    id in old and id.partition("/")[0] in done for (old, _), done in zip(had, solved, strict=True)
                ),
                kept=sum(id in old and id in new for old, new in had),
                new=sum(id in new and id not in old for old, new in had),
            )
        )
    changed = [each for each in found if each.kept < max(each.before, each.after)]
    return tuple(sorted(changed, key=lambda each: (-each.before, -each.after, each.id)))
