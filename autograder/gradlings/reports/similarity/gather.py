"""Gather what a class handed in: who counts, which file, and what each exercise of it consists of."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gradlings.grading.intake.choose import ChosenFile, choose
from gradlings.grading.intake.collect import collect
from gradlings.grading.intake.found import Refused
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise, read_exercises
from gradlings.model.scorecard import EARLIER_AT_FAULT, ExerciseScore, Verdict
from gradlings.reports.read_results import read_run
from gradlings.reports.similarity.read_files import Reader, read_all
from gradlings.reports.similarity.reading_process import OUTSIDE, FileParts, FunctionParts, Request
from gradlings.reports.similarity.syntax_parts import Kind, Part

_OUTSIDE = Exercise("", (), 0)
"""Stands for the code that belongs to no exercise."""
_NO_MISTAKE = (Verdict.PASS, Verdict.NOT_ATTEMPTED, Verdict.MISSING, Verdict.GRADER_ERROR, *EARLIER_AT_FAULT)


@dataclass(frozen=True)
class Work:
    """What one student wrote for one exercise."""

    functions: tuple[FunctionParts, ...] = ()
    """Those that the exercise asks for, and own ones that they use and no earlier exercise does."""
    shapes: frozenset[str] = frozenset()
    wordings: frozenset[str] = frozenset()
    mistakes: frozenset[str] = frozenset()
    """Ids of misconceptions, and digests of other wrong answers; empty without results."""


@dataclass(frozen=True)
class Handed:
    """One student's submission."""

    student: str
    file: ChosenFile
    read: FileParts


@dataclass(frozen=True)
class ClassWork:
    """A class's submissions of one assignment."""

    assignment: str
    source_name: str
    exercises: tuple[Exercise, ...]
    """The last one has no id and stands for what is outside of all."""
    handed: tuple[Handed, ...]
    """By student in alphabetical order, without those of whom nothing could be read."""
    work: tuple[tuple[Work, ...], ...]
    """By exercise and student."""
    unread: dict[str, str] = field(default_factory=dict)
    """By student, why nothing, or not all, is compared."""
    handout: FileParts = field(default_factory=FileParts)
    with_results: bool = False


def gather(folder: Path, source_name: str, submissions: Path, results: Path | None = None) -> ClassWork:
    """Read the submissions of a class.

    Args:
        folder: of the assignment, as it was handed out.
        source_name: of the file that students hand in, without its suffix.
        submissions: anything that `gradlings grade` takes.
        results: what that wrote, to know which answers are wrong.

    Raises:
        InputError: there are no submissions, or no results of this assignment.
    """
    mistakes = _mistakes(results, folder.name) if results else {}
    collected = collect(submissions, source_name)
    if not collected.students:
        raise InputError(
            f"{submissions} holds no submissions of {source_name}.py or {source_name}.ipynb. "
            "Expected is a folder per student, or files named after students."
        )
    exercises = (*read_exercises(folder / f"test_{source_name}.py"), _OUTSIDE)
    expected = tuple(name for exercise in exercises for name in exercise.functions)
    chosen: dict[str, ChosenFile] = {}
    unread: dict[str, str] = {}
    with Reader() as reader:
        for files in collected.students:
            try:
                chosen[files.student] = choose(collected, files, folder, reader.code_digest)
            except Refused as refused:
                unread[files.student] = str(refused)
        handouts = [reader.read(request) for request in _handout(folder, source_name, expected)]
    requests = [
        Request(file.filename, file.data, {helper.path: helper.data for helper in file.helpers.files}, expected)
        for file in chosen.values()
    ]
    read = dict(zip(chosen, read_all(requests, _processors()), strict=True))
    unread |= {
        student: each.problem or "Nothing was written."
        for student, each in read.items()
        if each.problem or not each.functions
    }
    handed = tuple(Handed(student, chosen[student], each) for student, each in read.items() if each.functions)
    given = frozenset(token_of(f.name, part, expected) for each in handouts for f in each.functions for part in f.parts)
    of_students = [_by_exercise(each.read, exercises, given, mistakes.get(each.student, {})) for each in handed]
    work = tuple(tuple(each[place] for each in of_students) for place in range(len(exercises)))
    return ClassWork(
        *(folder.name, source_name, exercises, handed, work),
        unread=dict(sorted(unread.items())),
        handout=handouts[0],
        with_results=results is not None,
    )


def token_of(name: str, part: Part, expected: Sequence[str]) -> str:
    """Return by what a part is known in a class: of a function that is asked for, with its name."""
    named = name if name in expected and part.kind != Kind.WORDING else ""
    return f"{named} {part.digest}"


def _handout(folder: Path, source_name: str, expected: tuple[str, ...]) -> list[Request]:
    paths = [path for suffix in (".py", ".ipynb") if (path := folder / f"{source_name}{suffix}").is_file()]
    if not paths:
        raise InputError(
            f"{folder} has no {source_name}.py and no {source_name}.ipynb, and what was handed out is not to be "
            "compared. Put it there."
        )
    return [Request(path.name, path.read_bytes(), expected=expected) for path in paths]


def _by_exercise(
    read: FileParts, exercises: Sequence[Exercise], given: frozenset[str], mistakes: Mapping[str, frozenset[str]]
) -> list[Work]:
    expected = [name for exercise in exercises for name in exercise.functions]
    defined = {each.name: each for each in read.functions if each.name != OUTSIDE}
    left = dict(defined)
    found = []
    for exercise in exercises:
        functions: list[FunctionParts] = []
        todo = [name for name in exercise.functions if name in left]
        while todo:
            if (name := todo.pop(0)) in left:
                functions.append(left.pop(name))
                todo += [used for used in functions[-1].uses if used not in expected]
        if exercise is _OUTSIDE:
            functions = [*left.values(), *(each for each in read.functions if each.name == OUTSIDE)]
        tokens: dict[bool, set[str]] = {False: set(), True: set()}
        for each in functions:
            for part in each.parts:
                tokens[part.kind == Kind.WORDING].add(token_of(each.name, part, expected))
        shapes, wordings = (frozenset(tokens[own_words] - given) for own_words in (False, True))
        own = tuple(
            each for each in functions if any(token_of(each.name, p, expected) not in given for p in each.parts)
        )
        found.append(Work(own, shapes, wordings, mistakes.get(exercise.id, frozenset()) if shapes else frozenset()))
    return found


def _mistakes(results: Path, assignment: str) -> dict[str, dict[str, frozenset[str]]]:
    """Return by student and exercise what is wrong."""
    run = read_run(results)
    if run.assignment != assignment:
        raise InputError(
            f"{results} holds results of assignment {run.assignment}, not {assignment}. Name the folder that "
            f"`gradlings grade {assignment} ... --to` wrote."
        )
    cards = {record.result.student: record.result.card for record in run.records}
    return {
        student: {score.id: frozenset(_mistakes_in(score)) for score in card.exercises}
        for student, card in cards.items()
        if card
    }


def _mistakes_in(score: ExerciseScore) -> list[str]:
    found = list(score.misconceptions)
    for subject in score.shown.keys() - score.named.keys():
        failed = [check for check in score.checks if check.subject == subject and check.verdict not in _NO_MISTAKE]
        outcomes = [f"{check.check}={check.outcome}" for check in failed if check.outcome]
        found += [f"{subject}: {' '.join(outcomes)}"] if outcomes else []
    return found


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
