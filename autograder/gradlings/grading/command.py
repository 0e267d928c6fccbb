"""`gradlings grade 03 submissions/ --to results/`: a class from its submissions to scores, feedback and gradebook."""

from __future__ import annotations

import os
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gradlings.model.errors import InputError

if TYPE_CHECKING:
    from gradlings.grading.class_results import ClassResults
    from gradlings.grading.intake.collect import Submissions
    from gradlings.grading.intake.roster import Roster
    from gradlings.grading.local_pool import JudgePool
    from gradlings.grading.marks.marking import LateOptions


class PoolKind(StrEnum):
    """Where submissions are judged."""

    LOCAL = "local"
    DASK = "dask"


def grade(
    assignment: Annotated[str, typer.Argument(metavar="NN", help="The assignment, e.g. 03.")],
    submissions: Annotated[Path, typer.Argument(help="A folder or zip of submissions, an LMS download, submitted/.")],
    to: Annotated[Path, typer.Option(help="The folder for scores and feedback.")],
    path: Annotated[
        str,
        typer.Option(metavar="NAME", help="The path that students were given, e.g. core: only its exercises count."),
    ] = "",
    student: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Grade only this one, as scores.csv has the name; repeatable."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Grade anew, also what is graded; others keep theirs.")
    ] = False,
    due: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it was due, e.g. 2026-03-01T23:59; this machine's zone.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What being late costs, as TOML; docs/after-grading.md.")
    ] = None,
    times_of_files: Annotated[
        bool | None, typer.Option(help="Where the LMS does not say when, go by the files' own times.")
    ] = None,
    roster: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Everybody's ids and names as CSV: a row for each, also if absent."),
    ] = None,
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
    follow_through: Annotated[
        float, typer.Option(min=0, max=1, help="Share of its points that right code gets which calls wrong code.")
    ] = 1.0,
    stand_ins: Annotated[
        bool, typer.Option(help="Judge such code with right functions of the solution; --no-stand-ins keeps them out.")
    ] = True,
    judges: Annotated[
        int | None, typer.Option(min=1, help="How many submissions are judged side by side; one for each processor.")
    ] = None,
    engine: Annotated[PoolKind, typer.Option(help="Judge on this machine, or on a Dask cluster.")] = PoolKind.LOCAL,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of the Dask cluster, e.g. tcp://10.0.0.1:8786.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show faults of the grader as they come; grader.log has them, too.")
    ] = False,
    root: Annotated[Path, typer.Option("--root", help="The folder that holds assignments/ and solutions/.")] = Path(),
) -> None:
    """Grade a class: scores, a scorecard and a page of feedback for each student."""
    from rich.console import Console

    from gradlings.grading.class_inputs import assignment_folder, chosen_students, graded_source_name, hidden_file
    from gradlings.grading.dask_pool import DaskPool
    from gradlings.grading.intake.collect import collect
    from gradlings.grading.intake.roster import Roster
    from gradlings.grading.judge_session import bundle_of
    from gradlings.grading.local_pool import LocalPool
    from gradlings.grading.marks.marking import LateOptions, check_marks
    from gradlings.model.text import counted
    from gradlings.sandbox.judge import check_system
    from gradlings.submission.given.path_folder import folder_on_path

    if (engine is PoolKind.DASK) != (scheduler is not None):
        raise InputError("--engine dask and --scheduler ADDRESS go together.")
    if engine is PoolKind.LOCAL:
        check_system()
    root = root.resolve()
    folder = assignment_folder(root / "assignments", assignment)
    with ExitStack() as stack:
        if path:
            folder = stack.enter_context(folder_on_path(folder, path))
        source_name = graded_source_name(folder)
        collected = collect(submissions, source_name)
        if not collected.students:
            raise InputError(
                f"{submissions} holds no submissions of {source_name}.py or {source_name}.ipynb. "
                f"Expected is a folder per student, or files named after students."
            )
        people = Roster(roster) if roster else None
        only = chosen_students(collected, student or ())
        late = LateOptions(due, policy, times_of_files)
        solutions = root / "solutions"
        secret = hidden_file(solutions, hidden, assignment)
        share = follow_through if stand_ins else None
        closed = (solutions, folder.parent.parent / "solutions")
        bundle = bundle_of(folder, source_name, hidden=secret, closed=closed, allow_weaker=allow_weaker, share=share)
        points = {exercise.id: exercise.points for exercise in bundle.exercises}
        # that all fits is known before anything starts
        check_marks(to, points, [files.student for files in collected.students], people, late)
        console = Console(stderr=True, highlight=False, markup=False)
        count = min(judges or _processors(), len(only or collected.students))
        with console.status(f"Starting {counted(count, 'judge')}; a worker tries to break out ...", spinner="line"):
            pool = LocalPool(bundle, count) if scheduler is None else DaskPool(bundle, scheduler)
            stack.enter_context(pool)
        for note in pool.notes:
            console.print(note, soft_wrap=True)
        grade_submissions(
            *(pool, folder, collected, to),
            force=force,
            only=only,
            roster=people,
            late=late,
            gradebook=gradebook,
            course=course,
            seed=seed,
            verbose=verbose,
        )


def grade_submissions(
    pool: JudgePool,
    folder: Path,
    submissions: Submissions,
    to: Path,
    *,
    force: bool = False,
    only: frozenset[str] = frozenset(),
    roster: Roster | None = None,
    late: LateOptions | None = None,
    gradebook: str | None = None,
    course: str = "default_course",
    seed: int | None = None,
    verbose: bool = False,
) -> ClassResults:
    """Grade a class with judges that are started, write everything that the command writes, and report on stderr.

    Raises:
        InputError: results or gradebook cannot be used.
    """
    from rich.console import Console

    from gradlings.grading.class_report import report
    from gradlings.grading.class_run import grade_class
    from gradlings.grading.fault_log import logged_to
    from gradlings.grading.progress_bar import class_progress

    console = Console(stderr=True, highlight=False, markup=False)
    with logged_to(to, verbose=verbose), class_progress(folder.name, len(only or submissions.students)) as progress:
        graded = grade_class(
            *(folder, submissions, to, pool),
            seed=seed,
            force=force,
            only=only,
            roster=roster,
            late=late,
            progress=progress,
        )
    for line in report(graded, submissions, to):
        console.print(line, soft_wrap=True)
    if gradebook is not None:
        from gradlings.grading.nbgrader.gradebook import write_gradebook

        for line in write_gradebook(gradebook, graded, course):
            console.print(line, soft_wrap=True)
    return graded


def _processors() -> int:
    """Return how many this process may use: in a container or a batch system, fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
