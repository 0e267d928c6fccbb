"""Makes the mark of a student from the judge's result, the time of submission and what was set by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from gradlings.grading.intake.handed_in import HandedIn
from gradlings.grading.marks.lateness import Deadline, Late, late
from gradlings.grading.marks.overrides import Override, Setting
from gradlings.grading.marks.policy import rounded
from gradlings.model.mark import HandSet, Mark, points_text
from gradlings.model.student_result import StudentResult, exercise_points

_NOTHING = Override()


@dataclass(frozen=True)
class Marker:
    """All that turns results into marks."""

    exercises: Mapping[str, int]
    """The points of each, by id."""
    overrides: Mapping[str, Override] = field(default_factory=dict)
    """By student."""
    deadline: Deadline | None = None

    def mark(self, result: StudentResult, handed_in: HandedIn) -> Mark:
        """Return the mark of a student. What is not known stays blank; points are rounded once, in the end."""
        override = self.overrides.get(result.student, _NOTHING)
        known = late(self.deadline, handed_in, override.extension) if self.deadline else Late(None)
        raw = self._raw(result, override)
        penalty, final = self._penalty_and_final(raw, override, known)
        hand_set = tuple(self._hand_sets(result, override))
        notes = [*([known.text] if known.text else []), *map(_note, filter(_says_something, hand_set))]
        if override.bonus:
            notes.append(f"Bonus: {points_text(override.bonus)}.")
        if override.excused:
            notes.append("Excused.")
        if override.penalty is not None:
            notes.append(f"Penalty set by hand: {points_text(override.penalty)}.")
        if override.extension is not None:
            until = override.extension.astimezone(self.deadline.zone if self.deadline else None)
            notes.append(f"Extended until {until:%Y-%m-%d %H:%M}{'' if self.deadline else ', but nothing is due'}.")
        return Mark(
            result.student,
            raw,
            known.seconds,
            penalty,
            override.bonus,
            override.excused,
            final,
            override.whole.comment,
            hand_set,
            penalty_by_hand=override.penalty is not None,
            extended=override.extension is not None,
            late_text=known.text,
            notes=tuple(notes),
        )

    def _raw(self, result: StudentResult, override: Override) -> Decimal | None:
        """Return the points before bonus and penalty; None where an exercise has neither a score nor points by hand."""
        if override.whole.points is not None:
            return override.whole.points
        by_hand = {id: each.points for id, each in override.exercises.items() if each.points is not None}
        if not by_hand:
            return None if result.points is None else Decimal(result.points)
        points: dict[str, Decimal | int | None] = {**_judged(result), **by_hand}
        counted = [points.get(id) for id in self.exercises]
        return None if None in counted else sum((Decimal(each) for each in counted if each), Decimal(0))

    def _penalty_and_final(
        self, raw: Decimal | None, override: Override, known: Late
    ) -> tuple[Decimal, Decimal | None]:
        if raw is None or override.excused:
            return Decimal(0), None
        policy = self.deadline.policy if self.deadline else None
        bonus, maximum = override.bonus, sum(self.exercises.values())
        earned = raw + bonus if policy and policy.penalize_bonus else raw
        taken = (
            known.penalty(policy, earned, maximum) if override.penalty is None else min(override.penalty, raw + bonus)
        )
        final = rounded(raw + bonus - taken)
        return raw + bonus - final, final

    def _hand_sets(self, result: StudentResult, override: Override) -> Iterator[HandSet]:
        """Yield what was set by hand of the whole and of exercises, without what says nothing."""
        judged = {**_judged(result), "": result.points}
        for id in ("", *self.exercises):
            setting = override.exercises.get(id) if id else override.whole
            if setting is not None and setting != Setting():
                yield HandSet(id, setting.points, judged.get(id), setting.comment, setting.reason)


def _judged(result: StudentResult) -> dict[str, int | None]:
    """Return what the judge gave for each exercise; None where a check failed through our fault or was not run."""
    card = result.card
    if card is None or card.not_run:
        return {}
    return {score.id: exercise_points(score) for score in card.exercises}


def _says_something(each: HandSet) -> bool:
    return each.points is not None or bool(each.reason)


def _note(each: HandSet) -> str:
    """Return a sentence for whoever gives the marks: "3.5 set by hand: 12 (the judge: 8); a slip in the text."."""
    said = ""
    if each.points is not None:
        before = "none" if each.judged is None else str(each.judged)
        said = f"{each.exercise or 'The whole'} set by hand: {points_text(each.points)} (the judge: {before})"
    elif each.exercise:
        said = each.exercise
    reason = " ".join(each.reason.split()).rstrip(".")
    return f"{said}{': ' if said and reason else ''}{reason}."
