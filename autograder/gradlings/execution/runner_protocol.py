"""What checks need of a submission, wherever its code runs: in this process, in a worker, or in a notebook's kernel."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from gradlings.execution.error_hints import first_line, tip
from gradlings.execution.kept_settings import SideEffects
from gradlings.model.exercise import Exercise
from gradlings.model.observation import CallResult, Raised
from gradlings.model.rules import Breach
from gradlings.submission.reader import Submission, shown

NOT_RUN = "NotRun"
"""The `Raised.kind` of a cell that was left out."""
NOTHING_REBOUND: Mapping[str, Any] = {}
_MAX_SENTENCES = 50


@dataclass(frozen=True)
class Target:
    """What a check wants called: a function of the submission, or a driver over all of them."""

    name: str
    driver: bool = False


class SubmissionRunner(Protocol):
    """A submission whose cells have run and whose functions can be called."""

    tried_on_virtual_gpu: bool
    """Whether a right function is run once more on the virtual GPU; what that finds costs no points."""
    in_notebook: bool
    """Whether its names are those of a notebook's kernel, which shows the errors of cells itself."""

    @property
    def submission(self) -> Submission:
        """What its source says."""

    @property
    def cell_errors(self) -> list[tuple[int, Raised]]:
        """What cells raised, by the index of the cell."""

    @property
    def side_effects(self) -> SideEffects:
        """What its cells did to the process that they ran in; a check that fails says so."""

    @property
    def rebound(self) -> Mapping[str, str]:
        """Functions of its exercises whose names stood for something else in the end, with the type of that.

        The last function counts, as it was defined.
        """

    def problems(self) -> list[str]:
        """Return one sentence for each cell that cannot be read or that failed."""

    def type_of(self, name: str) -> str:
        """Return "" if the submission binds no such name, "function" if it can be called, else its type's name."""

    def needed_by(self, target: Target, functions: tuple[str, ...]) -> tuple[str, ...]:
        """Return which of an exercise's functions a target calls."""

    def results(self, target: Target, calls: Sequence[tuple[Any, ...]], exercise: Exercise) -> Iterator[CallResult]:
        """Call the target on fresh copies of each argument tuple, within the exercise's time limit for all of them.

        The results end early at a call that ran out of time or memory. Each is to be judged before the next is asked
        for.
        """

    def kept(self, result: CallResult) -> CallResult:
        """Return the last result as it may be kept: without its value if that takes too much memory (`NotKept`)."""

    def judging(self) -> AbstractContextManager[None]:
        """Count the time of the body as work on what this submission gave back."""

    def forbidden_in_source(self, exercise: Exercise) -> tuple[Breach, ...]:
        """Return what the source of an exercise's functions uses though the exercise forbids it."""

    def result(self, target: Target, args: tuple[Any, ...], exercise: Exercise) -> CallResult:
        """Call the target once on the arguments as they are."""

    def in_float64(self) -> AbstractContextManager[SubmissionRunner]:
        """Run the cells once more, with their float32 steps in float64, and yield what calls the functions like that.

        The `breaches` of its results are the places that ask for float32.
        """

    def with_stand_ins(self, sources: Mapping[str, str]) -> SubmissionRunner:
        """Run the cells once more with right functions in place of some of its own, and return what calls the others.

        `sources` are their texts by name (`submission/reference_functions.py`). The same names give the same runner,
        until it is closed with this one.
        """

    def bound(self, target: Target) -> Callable[..., Any]:
        """Return the bare function: no limit, and exceptions come through.

        Raises:
            RuntimeError: it runs in another process.
        """


def loading_problems(submission: Submission, cell_errors: Sequence[tuple[int, Raised]]) -> list[str]:
    """Return one sentence for each cell that cannot be read or that failed; of many, for the first of them."""
    if submission.problem:
        return [submission.problem]
    sentences = [*submission.helpers.refused, *(sentence for _, sentence in cell_problems(submission, cell_errors))]
    further = len(sentences) - _MAX_SENTENCES
    return sentences[:_MAX_SENTENCES] + ([f"{further} more cells cannot be read or fail."] if further > 0 else [])


def cell_problems(submission: Submission, cell_errors: Sequence[tuple[int, Raised]]) -> list[tuple[str, str]]:
    """Return `Cell.file` and one sentence for each cell that cannot be read or that failed."""
    found = [(problem.file, problem.sentence) for problem in submission.syntax_problems]
    return found + [(submission.cells[index].file, loading_sentence(raised)) for index, raised in cell_errors]


def not_run(submission: Submission, start: int) -> Iterator[tuple[int, Raised]]:
    """Yield what is said of the cells from an index on, which were left out."""
    for index, cell in enumerate(submission.cells[start:], start):
        place = f"{shown(cell.file)}:{cell.first_line}"
        yield index, Raised(NOT_RUN, "too many cells before it were stopped", place, ())


def raised_in(files: Collection[str], error: BaseException) -> Raised:
    """Return what is said of an exception in this process, with the lines of these files that led to it."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
    place = f"{shown(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    trace = tuple(f"{shown(f.filename)}:{f.lineno} in {f.name}: {f.line}" for f in frames[-4:])
    try:
        message = str(error)
    except Exception:  # a hostile or broken __str__
        message = ""
    return Raised(type(error).__name__, message, place, trace, error)


def loading_sentence(raised: Raised) -> str:
    """Return what to say of a cell that failed."""
    if raised.kind == "TimeUp":
        return f"{raised.place}: this cell was still running after its time limit. An endless loop?"
    if raised.kind == NOT_RUN:
        return f"{raised.place}: this cell was not run: {raised.message}."
    first = first_line(raised.message)
    return f"{raised.place}: {raised.kind} while this cell was run: {first}{tip(raised.kind, first)}"
