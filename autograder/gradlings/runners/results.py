"""Results: of a check from the exception it ended with, of a run as scorecards."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gradlings.execution.student_api import Student, Unavailable
from gradlings.model.exercise import Check, Exercise
from gradlings.model.scorecard import CheckResult, ExerciseScore, Scorecard, Verdict
from gradlings.submission.manifest import assignment_title


def check_result(
    exercise: Exercise, check: Check, error: BaseException | None, student: Student | None, folder: Path
) -> CheckResult:
    """Return the result of one check.

    Args:
        exercise: the one it belongs to.
        check: the check.
        error: the exception it ended with; None if it passed.
        student: what it got as `student`, if it got that far.
        folder: of the assignment.
    """
    common: dict[str, Any] = {
        "exercise": exercise.id,
        "check": check.name,
        "title": check.title,
        "max_points": check.points,
        "subject": ", ".join(sorted(student.subjects)) if student else "",
        "notes": tuple(student.notes) if student else (),
    }
    if error is None:
        return CheckResult(
            verdict=Verdict.PASS,
            misconceptions=_named(exercise, check, student, folder, passed=True),
            **common,
        )
    if isinstance(error, pytest.skip.Exception):
        return CheckResult(verdict=Verdict.NOT_ATTEMPTED, message="not attempted yet", **common)
    if isinstance(error, Unavailable):
        trace = error.raised.trace if error.raised else ()
        return CheckResult(verdict=error.verdict, message=error.message, place=error.place, trace=trace, **common)
    failure = getattr(error, "failure", None)
    if failure is not None:
        named = _named(exercise, check, student, folder, passed=False)
        return CheckResult(misconceptions=named, **vars(failure), **common)
    if isinstance(error, AssertionError):
        return CheckResult(verdict=Verdict.WRONG, message=str(error).split("\n")[0], **common)
    message = f"The check itself failed ({type(error).__name__}: {error}). This is not your fault: please report it."
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    trace = tuple(f"{frame.filename}:{frame.lineno} in {frame.name}: {frame.line}" for frame in frames)
    return CheckResult(verdict=Verdict.GRADER_ERROR, message=message, trace=trace, **common)


def _named(exercise: Exercise, check: Check, student: Student | None, folder: Path, *, passed: bool) -> tuple[str, ...]:
    if student is None or not student.examinations:
        return ()
    from gradlings.checks.misconception_match import matching  # deferred: needs torch

    return matching(folder, f"{exercise.id}::{check.name}", student.examinations, passed)


@dataclass
class Collected:
    """The results of one run, as they come in."""

    expected: list[str] = field(default_factory=list)
    results: dict[str, tuple[Path, CheckResult]] = field(default_factory=dict)
    problems: dict[Path, list[str]] = field(default_factory=dict)

    def expect(self, node_ids: Iterable[str]) -> None:
        """Note the ids of the checks that are to run."""
        self.expected = list(node_ids)

    def add(self, node_id: str, checks_file: str, result: CheckResult, problems: list[str]) -> None:
        """Add the result of one check, and what is wrong with the submission as a whole."""
        path = Path(checks_file)
        self.results[node_id] = (path, result)
        known = self.problems.setdefault(path.parent, [])
        known.extend(problem for problem in problems if problem not in known)

    def folders(self) -> list[Path]:
        """Return the assignments' folders in the order of their scorecards."""
        return sorted({path.parent for path, _ in self.results.values()})

    def checks_files(self, folder: Path) -> set[Path]:
        """Return the files of checks of an assignment's folder that ran."""
        return {path for path, _ in self.results.values() if path.parent == folder}

    def all_passed(self) -> bool:
        """Return whether every check that was to run passed."""
        return len(self.results) >= len(self.expected) and all(
            result.verdict is Verdict.PASS for _, result in self.results.values()
        )


def scorecards(
    collected: Collected, exercises_of: Callable[[Path], tuple[Exercise, ...]], seed: int
) -> list[Scorecard]:
    """Return a scorecard for each assignment of the run; only checks that ran are in it."""
    by_folder: dict[Path, dict[Path, dict[tuple[str, str], CheckResult]]] = {}
    for path, result in collected.results.values():
        by_folder.setdefault(path.parent, {}).setdefault(path, {})[result.exercise, result.check] = result
    not_run = [node for node in collected.expected if node not in collected.results]
    cards = []
    for folder, files in sorted(by_folder.items()):
        scores = []
        for path, results in files.items():
            for exercise in exercises_of(path):
                checks = tuple(
                    results[exercise.id, check.name]
                    for check in exercise.checks
                    if (exercise.id, check.name) in results
                )
                if checks:
                    points = sum(
                        check.points
                        for check in exercise.checks
                        if (exercise.id, check.name) in results
                        or any(node.endswith(f"{path.name}::{exercise.class_name}::{check.name}") for node in not_run)
                    )
                    scores.append(ExerciseScore(exercise.id, exercise.functions, points, checks))
        scores.sort(key=lambda score: [int(part) for part in score.id.split(".")])
        cards.append(
            Scorecard(
                folder.name,
                assignment_title(folder),
                tuple(scores),
                tuple(collected.problems.get(folder, ())),
                seed,
                len(not_run),
            )
        )
    return cards
