"""The report on a class: everything that pages and tables show, as plain data."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import gradlings
from gradlings.grading.fingerprint import fingerprint
from gradlings.model.errors import InputError
from gradlings.model.scorecard import Scorecard
from gradlings.model.student_result import Status
from gradlings.reports.changes import Changes, changes
from gradlings.reports.item_figures import FEW, Distribution, ExerciseFigures, distribution, exercise_figures
from gradlings.reports.kit_texts import KitTexts, kit_texts
from gradlings.reports.misconception_figures import (
    MisconceptionFigures,
    Pair,
    misconception_figures,
    misconceptions_of,
    pairs,
)
from gradlings.reports.needs_help import Course, NeedsHelp, needs_help
from gradlings.reports.read_results import ClassRun
from gradlings.reports.unnamed import Unnamed, unnamed


@dataclass(frozen=True)
class AssignmentReport:
    """One assignment, as its last run shows it."""

    assignment: str
    title: str
    begun: str
    """When the run was begun, as ISO 8601 to the minute."""
    students: int
    """Who handed something in."""
    remarks: tuple[str, ...]
    """What to know before the figures are read."""
    distribution: Distribution | None
    exercises: tuple[ExerciseFigures, ...]
    misconceptions: tuple[MisconceptionFigures, ...]
    pairs: tuple[Pair, ...]
    unnamed: Unnamed
    changes: tuple[Changes, ...]
    """From each run to the next; none if there is one."""


@dataclass(frozen=True)
class ClassReport:
    """One or more assignments of a class."""

    gradlings_version: str
    anonymous: bool
    assignments: tuple[AssignmentReport, ...]
    needs_help: tuple[NeedsHelp, ...]
    pairs: tuple[Pair, ...]
    """Misconceptions of different assignments that go together."""


def class_report(runs: Sequence[ClassRun], root: Path, *, anonymous: bool = False) -> ClassReport:
    """Return the report on some runs; of one assignment the later ones in `runs` come after the earlier ones.

    `root` is the kit that titles and hints are read from.

    Raises:
        InputError: a run is named twice.
    """
    ids = [run.run.id for run in runs]
    if twice := [run.folder for run, id in zip(runs, ids, strict=True) if ids.count(id) > 1]:
        raise InputError(f"{twice[-1]} is among the results twice. Name each folder once.")
    by_assignment: dict[str, list[ClassRun]] = {}
    for run in runs:
        by_assignment.setdefault(run.assignment, []).append(run)
    last = {assignment: found[-1] for assignment, found in sorted(by_assignment.items())}
    cards = {assignment: cards_of(run) for assignment, run in last.items()}
    absent = {assignment: frozenset(run.absent) for assignment, run in last.items()}
    shown = _numbered(runs) if anonymous else str
    return ClassReport(
        gradlings.__version__,
        anonymous,
        tuple(_assignment(by_assignment[each], kit_texts(root, each)) for each in last),
        needs_help(Course(tuple(last), cards, absent), shown),
        _pairs_between(cards),
    )


def cards_of(run: ClassRun) -> dict[str, Scorecard]:
    """Return the scorecards of a run by student."""
    return {each.result.student: each.result.card for each in run.records if each.result.card}


def _assignment(runs: Sequence[ClassRun], kit: KitTexts) -> AssignmentReport:
    run = runs[-1]
    by_student = cards_of(run)
    cards = tuple(by_student.values())
    scored = [record.result for record in run.records]
    titles = [card.title for card in cards if card.title]
    steps = pairwise(runs)
    return AssignmentReport(
        assignment=run.assignment,
        title=kit.title or (titles[0] if titles else ""),
        begun=run.begun.isoformat(sep=" ", timespec="minutes"),
        students=len(run.records),
        remarks=tuple(_remarks(run, cards)),
        distribution=distribution(scored),
        exercises=exercise_figures(cards, kit),
        misconceptions=misconception_figures(cards, kit),
        pairs=pairs({student: misconceptions_of(card) for student, card in by_student.items()}),
        unnamed=unnamed(run.records),
        changes=tuple(changes(cards_of(a), cards_of(b), (str(a.folder), str(b.folder))) for a, b in steps),
    )


def _remarks(run: ClassRun, cards: Sequence[Scorecard]) -> list[str]:
    found = []
    if not run.records:
        found.append("Nobody has been graded in this run: there is nothing to report.")
    elif len(run.records) == 1:
        found.append("There is one student: what is said here is about this student, not about a class.")
    elif len(cards) < FEW:
        found.append(
            f"Here are {len(cards)} students. With fewer than {FEW}, difficulty and discrimination mean little: one "
            "student more would change them."
        )
    blank = {status: sum(record.result.status is status for record in run.records) for status in Status}
    if refused := blank[Status.NOT_GRADABLE]:
        found.append(f"Of {_students(refused)} the submission could not be graded and counts nowhere.")
    if faulty := blank[Status.PARTLY]:
        found.append(
            f"Of {_students(faulty)} the score is blank through a fault of the grader; what has points counts."
        )
    if run.absent:
        found.append(f"{_students(len(run.absent)).capitalize()} on the roster handed in nothing.")
    if run.outdated:
        found.append(
            f"Of {_students(run.outdated)} the score is from before the checks or the grader changed. Grade the whole "
            "class again to compare like with like."
        )
    if run.unread:
        found.append(f"{run.unread} of the records cannot be read by this version and are left out. Grade again.")
    here = f"{gradlings.__version__}+{fingerprint()}"
    if run.run.gradlings_version != here:
        found.append(
            f"The class was graded by another version of gradlings ({run.run.gradlings_version}; this is {here}): "
            "scores are as they were given, titles and hints are those of today."
        )
    wrong = [check for card in cards for score in card.exercises for check in score.shown.values() if check.call]
    if wrong and not any(check.outcome for check in wrong):
        found.append(
            "No outcomes are on record: wrong answers without a name cannot be put together. Grade again to keep them."
        )
    return found


def _students(number: int) -> str:
    return "one student" if number == 1 else f"{number} students"


def _pairs_between(cards: Mapping[str, Mapping[str, Scorecard]]) -> tuple[Pair, ...]:
    """Return the pairs of misconceptions of different assignments, over the students who handed in all of them."""
    if len(cards) < 2:
        return ()
    everywhere = set.intersection(*(set(found) for found in cards.values()))
    met = {each: {id for found in cards.values() for id in misconceptions_of(found[each])} for each in everywhere}
    return tuple(pair for pair in pairs(met) if pair.first.partition(".")[0] != pair.second.partition(".")[0])


def _numbered(runs: Sequence[ClassRun]) -> Callable[[str], str]:
    """Return what gives every student a number that has nothing to do with the alphabet, the same for the same runs."""
    students = {record.result.student for run in runs for record in run.records}.union(*(run.absent for run in runs))
    secret = "".join(run.run.id for run in runs)  # without it, a number could be guessed from a name
    mixed = sorted(students, key=lambda student: hashlib.sha256(f"{secret}\0{student}".encode()).digest())
    width = len(str(len(mixed)))
    numbers = {student: f"Student {number:0{width}}" for number, student in enumerate(mixed, 1)}
    return numbers.__getitem__
