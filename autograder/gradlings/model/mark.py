"""What counts of a submission in the end: the score, what a person set by hand, and what being late costs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class HandSet:
    """Points or words of a person on one exercise, or on the whole."""

    exercise: str
    """Its id; empty for the whole."""
    points: Decimal | None
    """What counts in place of the judge's points; None where only something is said."""
    judged: int | None
    """What the judge gave; None if nothing."""
    comment: str = ""
    """For the student."""
    reason: str = ""
    """For whoever gives the marks."""


@dataclass(frozen=True)
class Mark:
    """The mark of one student: `raw + bonus - penalty` is `final`, exactly. All points have at most two decimals."""

    student: str
    """As in `scores.csv`."""
    raw: Decimal | None
    """The points, those set by hand among them; None where there is no score: never to be taken for 0."""
    seconds_late: int | None
    """After the time that is due for this student; 0 is in time, None is not known."""
    penalty: Decimal
    bonus: Decimal
    excused: bool
    """Whether the assignment does not count for this student; `final` is None then."""
    final: Decimal | None
    comment: str
    """For the student; empty if there is none."""
    hand_set: tuple[HandSet, ...] = ()
    penalty_by_hand: bool = False
    extended: bool = False
    """Whether this student had longer than the others."""
    late_text: str = ""
    """A sentence on how late it is; empty in time, or where nothing is due."""
    notes: tuple[str, ...] = ()
    """For whoever gives the marks: a sentence each."""

    @property
    def differs(self) -> bool:
        """Whether anything is to be said of it beyond the judge's score."""
        return bool(self.hand_set or self.bonus or self.penalty or self.excused or self.comment or self.late_text)

    @property
    def is_by_hand(self) -> bool:
        """Whether a person set anything of it."""
        return bool(self.hand_set or self.bonus or self.excused or self.penalty_by_hand or self.extended)

    def points_of(self, exercise: str) -> Decimal | None:
        """Return the points set by hand for an exercise; None if there are none."""
        return next((each.points for each in self.hand_set if each.exercise == exercise), None)

    def comment_on(self, exercise: str) -> str:
        """Return what is said to the student on an exercise; empty if nothing is."""
        return next((each.comment for each in self.hand_set if each.exercise == exercise), "")


def points_text(points: Decimal | int | None) -> str:
    """Return points as tables show them: "87.5", "90"; empty for None."""
    if points is None:
        return ""
    text = f"{Decimal(points):.2f}"
    return text.rstrip("0").rstrip(".")
