"""What an update of a kit changes, by exercise: pure functions of what was handed out and what is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from gradlings.learning.kit_record import Declared


@dataclass(frozen=True)
class ExerciseChange:
    """An exercise that is new, gone or different."""

    id: str
    name: str
    """The function to write, the first of several."""
    points: int
    what: tuple[str, ...]
    """Either "new" or "gone", or what is different: "text", "checks", "points 5 -> 10"."""
    yours: str = ""
    """The file that has its new text, if the student's version stays."""


def changes_of(
    before: Mapping[str, Declared], now: Mapping[str, Declared], texts: Set[str], yours: Mapping[str, str]
) -> tuple[ExerciseChange, ...]:
    """Compare two versions of the exercises.

    Args:
        before: the exercises as they were handed out, by id.
        now: as they are.
        texts: ids of those whose text or stub is different.
        yours: of each whose text is different and stays as the student has it: where the new one is. "" stands for what
            belongs to no exercise.
    """
    return tuple(_changes(before, now, texts, yours))


def _changes(
    before: Mapping[str, Declared], now: Mapping[str, Declared], texts: Set[str], yours: Mapping[str, str]
) -> Iterator[ExerciseChange]:
    for id, each in now.items():
        was = before.get(id)
        if was is None:
            yield ExerciseChange(id, each.name, each.points, ("new",))
            continue
        what: tuple[str, ...] = ("text",) if id in texts else ()
        if was.points != each.points:
            what += (f"points {was.points} -> {each.points}",)
        elif was.checks != each.checks:
            what += ("checks",)
        if what:
            yield ExerciseChange(id, each.name, each.points, what, yours.get(id, ""))
    if "" in yours:
        yield ExerciseChange("", "between the exercises", 0, ("text",), yours[""])
    for id, was in before.items():
        if id not in now:
            yield ExerciseChange(id, was.name, was.points, ("gone",))
