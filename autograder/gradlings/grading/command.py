"""`gradlings grade 03 submissions/ --to results/`: a class from its submissions to scores, feedback and gradebook."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from gradlings.checks.hidden_probes import FILE
from gradlings.grading.class_run import ClassResults, grade_class
from gradlings.grading.collect import Intake, take_in
from gradlings.grading.judge_session import AssignmentBundle, bundle_of
from gradlings.grading.results_store import ResultsFolder
from gradlings.model.errors import InputError
from gradlings.model.exercise import read_exercises
from gradlings.model.student_result import Status, StudentResult, for_student
from gradlings.sandbox.judge import check_system
from gradlings.submission.reader import source_name_of

if TYPE_CHECKING:
    from gradlings.grading.local_pool import JudgePool


class PoolKind(StrEnum):
    """Where submissions are judged."""

    LOCAL = "local"
    DASK = "dask"


def grade(
    assignment: Annotated[str, typer.Argument(metavar="NN", help="The assignment, e.g. 03.")],
    submissions: Annotated[Path, typer.Argument(help="A folder or zip of submissions, an LMS download, submitted/.")],
    to: Annotated[Path, typer.Option(help="The folder for scores and feedback.")],
    force: Annotated[bool, typer.Option("--force", help="Grade everybody anew.")] = False,
    gradebook: Annotated[
        str | None, typer.Option(metavar="URL", help="Also write to nbgrader's gradebook, e.g. sqlite:///gradebook.db.")
    ] = None,
    course: Annotated[str, typer.Option(help="The course in the gradebook.")] = "default_course",
    seed: Annotated[int | None, typer.Option(help="Seed of the random probes; secret if not given.")] = None,
    allow_weaker: Annotated[
        bool, typer.Option("--allow-weaker", help="Go on where the isolation is weaker than it should be.")
    ] = False,
    hidden: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A folder with a hidden.py of your own, or with NN/hidden.py.")
    ] = None,
    judges: Annotated[
        int | None, typer.Option(min=1, help="How many submissions are judged side by side; one for each processor.")
    ] = None,
    engine: Annotated[PoolKind, typer.Option(help="Judge on this machine, or on a Dask cluster.")] = PoolKind.LOCAL,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of the Dask cluster, e.g. tcp://10.0.0.1:8786.")
    ] = None,
    root: Annotated[Path, typer.Option("--root", help="The folder that holds assignments/ and solutions/.")] = Path(),
) -> None:
    """Grade a class: scores, a scorecard and a page of feedback for each student."""
    if (engine is PoolKind.DASK) != (scheduler is not None):
        raise InputError("--engine dask and --scheduler ADDRESS go together.")
    if engine is PoolKind.LOCAL:
        check_system()
    folder = assignment_folder(root.resolve(), assignment)
    source_name = graded_source_name(folder)
    intake = taken_in(submissions, source_name)
    brief = bundle_of(
        folder,
        source_name,
        hidden=hidden_file(root.resolve() / "solutions", hidden, assignment),
        closed=(root.resolve() / "solutions",),
        allow_weaker=allow_weaker,
    )
    console = Console(stderr=True, highlight=False, markup=False)
    count = min(judges or _processors(), len(intake.students))
    with ExitStack() as stack:
        with console.status(f"Starting {_count(count, 'judge')}; a worker tries to break out ...", spinner="line"):
            running = stack.enter_context(opened(brief, engine, scheduler, count))
        for note in running.notes:
            console.print(note, soft_wrap=True)
        grade_with(running, folder, intake, to, force=force, gradebook=gradebook, course=course, seed=seed)


def opened(
    brief: AssignmentBundle, engine: PoolKind, scheduler: str | None, judges: int
) -> AbstractContextManager[JudgePool]:
    """The engine that was asked for, not entered yet."""
    if engine is PoolKind.DASK:
        from gradlings.grading.dask_pool import DaskPool

        return DaskPool(brief, scheduler or "")
    from gradlings.grading.local_pool import LocalPool

    return LocalPool(brief, judges)


def hidden_file(solutions: Path, given: Path | None, assignment: str) -> Path | None:
    """Where the hidden probes of an assignment are: in the folder that was given, else beside its solution.

    Raises:
        InputError: the folder that was given has none.
    """
    if given is None:
        usual = solutions / assignment / FILE
        return usual if usual.is_file() else None
    for path in (given / assignment / FILE, given / FILE):
        if path.is_file():
            return path
    raise InputError(f"{given} has no {FILE} and no {assignment}/{FILE}.")


def taken_in(submissions: Path, source_name: str) -> Intake:
    """What came in.

    Raises:
        InputError: nothing did, or it cannot be looked into.
    """
    intake = take_in(submissions, source_name)
    if not intake.students:
        raise InputError(
            f"{submissions} holds no submissions of {intake.source_name}.py or {intake.source_name}.ipynb. "
            f"Expected is a folder per student, or files named after students."
        )
    return intake


def grade_with(
    engine: JudgePool,
    folder: Path,
    intake: Intake,
    to: Path,
    *,
    force: bool = False,
    gradebook: str | None = None,
    course: str = "default_course",
    seed: int | None = None,
) -> ClassResults:
    """All that the command does once it is known what came in and who judges it.

    Raises:
        InputError: results or gradebook cannot be used.
    """
    from gradlings.grading.progress_bar import class_progress
    from gradlings.rendering.csv import scores_csv

    console = Console(stderr=True, highlight=False, markup=False)
    with class_progress(folder.name, len(intake.students)) as progress:
        graded = grade_class(
            folder,
            intake,
            to,
            engine,
            seed=seed,
            force=force,
            pages=pages,
            progress=progress,
        )
    ResultsFolder(to).write("scores.csv", scores_csv(graded.results, graded.exercises).encode())
    for line in report(graded, intake, to):
        console.print(line, soft_wrap=True)
    if gradebook is not None:
        from gradlings.grading.nbgrader.gradebook import write_gradebook
        from gradlings.grading.nbgrader.timestamps import handed_in_at

        count = write_gradebook(
            gradebook, folder.name, intake.source_name, graded.exercises, graded.results, course, handed_in_at(intake)
        )
        console.print(f"The gradebook holds the scores of {count} students.", soft_wrap=True)
    return graded


def assignment_folder(root: Path, assignment: str) -> Path:
    """The folder of an assignment by its number.

    Raises:
        InputError: there is none.
    """
    folder = root / "assignments" / assignment
    if not folder.is_dir():
        known = ", ".join(sorted(path.name for path in (root / "assignments").glob("[0-9]*")))
        raise InputError(f"No assignment {assignment} in {root / 'assignments'}; there are {known or 'none'}.")
    return folder


def graded_source_name(folder: Path) -> str:
    """The source_name of an assignment that is worth points (the warm-up is not): `autodiff` of assignment 03.

    Raises:
        InputError: there is none, or more than one.
    """
    found = [
        source_name_of(path)
        for path in sorted(folder.glob("test_*.py"))
        if any(exercise.points for exercise in read_exercises(path))
    ]
    if len(found) != 1:
        raise InputError(f"{folder} must have one file of checks with points; it has {', '.join(found) or 'none'}.")
    return found[0]


def pages(result: StudentResult) -> Mapping[str, bytes]:
    """What a student gets to see: a page of feedback, and the same for programs."""
    import msgspec

    from gradlings.rendering.html import feedback_page

    return {
        "feedback/*.html": feedback_page(result).encode("utf-8", "replace"),
        "scorecards/*.json": msgspec.json.encode(for_student(result)),
    }


def report(graded: ClassResults, intake: Intake, to: Path) -> list[str]:
    """What an instructor should know at the end of a run, line by line."""
    results = graded.results
    lines = [*intake.problems]
    lines += [f"{r.student}: {note}" for r in results if r.status is not Status.NOT_GRADABLE for note in r.notes]
    lines += [f"{r.student}: {r.status_text}" for r in results if r.status is not Status.GRADED]
    lines += [f"{student}: graded again, as another file was handed in." for student in graded.changed]
    lines += [f"{student}: no longer among the submissions; the score is kept." for student in graded.absent]
    if intake.ignored:
        lines.append(f"{_count(len(intake.ignored), 'other file')} played no part: {_some(intake.ignored)}")
    kept = len(results) - len(graded.fresh)
    blank = sum(result.points is None for result in results)
    lines.append(
        f"{_count(len(graded.fresh), 'submission')} graded"
        + (f", {kept} taken from an earlier run" if kept else "")
        + (f"; {blank} without a score" if blank else "")
        + f". Protection: {graded.run.protection}. Scores: {to / 'scores.csv'}"
    )
    return lines


def _processors() -> int:
    """How many this process may use; a container or a batch system may have given it fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
