"""Whose mark is whose: students as they came in, and the people of an LMS's file.

By id, then login, then e-mail, then name, as a roster is read; but a mark in the wrong row is worse than none. A number
therefore counts only beside a name that fits: Moodle's numbers of groups look like those of participants.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gradlings.grading.export.class_marks import ExportedStudent
from gradlings.grading.intake.roster import Person, Roster, name_and_keys
from gradlings.model.errors import InputError

Sure = Callable[[ExportedStudent], bool]
"""Whether a student's number is surely this LMS's, whatever the name says."""


@dataclass(frozen=True)
class Matched:
    """The class and the people of a file."""

    people: dict[Person, ExportedStudent]
    unmatched: tuple[tuple[str, str], ...]
    """Students who are nobody in the file, each with the reason as the end of a sentence."""
    absent: tuple[Person, ...]
    """People without a submission."""
    other_names: tuple[tuple[str, str], ...] = ()
    """Students matched by a sure number, each with the label of somebody of another name: a group, usually."""


def match(students: Iterable[ExportedStudent], roster: Roster, sure: Sure = lambda student: False) -> Matched:
    """Find the person of each student.

    Raises:
        InputError: a submission fits two people alike, or none fits anybody.
    """
    students = list(students)
    prefixes = Counter(student.student.partition("-")[0].casefold() for student in students)
    found: dict[Person, list[ExportedStudent]] = defaultdict(list)
    unmatched, other_names = [], []
    for student in students:
        is_clone = len(students) == 1 or prefixes[student.student.partition("-")[0].casefold()] > 1
        person, reason = _person(student, roster, sure(student), is_clone)
        if person is None:
            unmatched.append((student.student, reason))
        else:
            found[person].append(student)
            if reason:
                other_names.append((student.student, person.label))
    if unmatched and not found:
        name, reason = unmatched[0]
        raise InputError(
            f"{roster.path} has nobody whose submission is here, e.g. {name}: {reason}. Is it that of another course?"
        )
    for person, several in found.items():
        if len(several) > 1:
            names = " and ".join(student.student for student in several)
            unmatched += [
                (each.student, f"{names} are both {person.label}, line {person.lines[0]}") for each in several
            ]
    single = sorted((person for person, several in found.items() if len(several) == 1), key=lambda each: each.lines)
    people = {person: found[person][0] for person in single}
    absent = tuple(person for person in roster.people if person not in found)
    return Matched(people, tuple(sorted(unmatched)), absent, tuple(other_names))


def _person(student: ExportedStudent, roster: Roster, sure: bool, is_clone: bool) -> tuple[Person | None, str]:
    """Return the person and a remark, or None and the reason."""
    name, keys = name_and_keys(student.student)
    if not is_clone:
        whole = student.student.casefold().strip()
        keys = [key for key in keys if not whole.endswith(f"-{key}")]
    by_name = [person for person in roster.people if name and name in person.names]
    doubt = ""
    for key in keys:
        by_key = [person for person in roster.people if key in person.keys]
        both = [person for person in by_key if person in by_name]
        if len(both or by_key) > 1:
            raise roster.namesakes(student.student, both or by_key)
        if not by_key:
            continue
        (person,) = both or by_key
        is_whole = key == student.student.casefold().strip()
        if both or is_whole or not person.names or not (by_name or key.isdecimal()):
            return person, ""
        if by_name:
            return None, f"its {key} is that of {person.label}, its name that of {by_name[0].label}"
        if sure:
            return person, f"is called otherwise than {person.label}"
        doubt = doubt or f"its {key} is that of {person.label}, who has another name; a group's number looks like that"
    if len(by_name) > 1:
        raise roster.namesakes(student.student, by_name)
    return (by_name[0], "") if by_name else (None, doubt or "nobody of that name or number")
