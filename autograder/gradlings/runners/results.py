"""Results: of a check from the exception it ended with, of a run as scorecards."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from gradlings.execution.student_api import Student, Unavailable
from gradlings.model.exercise import Check, Exercise, path_of, place_of
from gradlings.model.scorecard import CheckResult, ExerciseScore, Scorecard, Verdict
from gradlings.submission.manifest import assignment_title

_MAY_DEPEND_ON_SETTINGS = (Verdict.WRONG, Verdict.ERROR, Verdict.MISSING)


def check_result(
    exercise: Exercise, check: Check, error: BaseException | None, student: Student | None, folder: Path
) -> CheckResult:
    """Return the result of a check of the assignment in a folder, with what may have to do with a failure.

    `error` is the exception it ended with (None: it passed), `student` what it got as `student`, if it got that far.
    """
    result = _check_result(exercise, check, error, student, folder)
    if student is None or result.verdict not in _MAY_DEPEND_ON_SETTINGS:
        return result
    told = student.runner.side_effects.sentence(student.runner.submission)
    return replace(result, message="\n".join(filter(None, [result.message, told])))


def _check_result(
    exercise: Exercise, check: Check, error: BaseException | None, student: Student | None, folder: Path
) -> CheckResult:
    common: dict[str, Any] = {
        "exercise": exercise.id,
        "check": check.name,
        "title": check.title,
        "max_points": check.points,
        "subject": ", ".join(sorted(student.subjects)) if student else "",
        "notes": tuple(student.notes) if student else (),
    }
    failure = getattr(error, "failure", None)
    if error is None or failure is not None:
        if student and student.examinations:
            from gradlings.checks.misconception_match import matching  # deferred: needs torch

            name = f"{exercise.id}::{check.name}"
            common["fitting"] = matching(folder, name, student.examinations, error is None)
        return CheckResult(**(vars(failure) if failure else {"verdict": Verdict.PASS}), **common)
    if isinstance(error, pytest.skip.Exception):
        return CheckResult(verdict=Verdict.NOT_ATTEMPTED, message="not attempted yet", **common)
    if isinstance(error, Unavailable):
        trace = error.raised.trace if error.raised else ()
        return CheckResult(verdict=error.verdict, message=error.message, place=error.place, trace=trace, **common)
    if isinstance(error, AssertionError):
        return CheckResult(verdict=Verdict.WRONG, message=str(error).split("\n")[0], **common)
    message = f"The check itself failed ({type(error).__name__}: {error}). This is not your fault: please report it."
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    trace = tuple(f"{frame.filename}:{frame.lineno} in {frame.name}: {frame.line}" for frame in frames)
    return CheckResult(verdict=Verdict.GRADER_ERROR, message=message, trace=trace, **common)


@dataclass
class Collected:
    """The results of one run, as they come in."""

    expected: list[str] = field(default_factory=list)
    """The ids of the checks that are to run."""
    results: dict[str, tuple[Path, CheckResult]] = field(default_factory=dict)
    problems: dict[Path, list[str]] = field(default_factory=dict)

    def add(self, node_id: str, checks_file: str, result: CheckResult, problems: list[str]) -> None:
        """Add the result of one check, and what is wrong with the submission as a whole."""
        path = Path(checks_file)
        self.results[node_id] = (path, result)
        known = self.problems.setdefault(path.parent, [])
        known.extend(problem for problem in problems if problem not in known)

    def all_passed(self) -> bool:
        """Return whether every check that was to run passed."""
        return len(self.results) >= len(self.expected) and all(
            result.verdict is Verdict.PASS for _, result in self.results.values()
        )


def scorecards(
    collected: Collected, exercises_of: Callable[[Path], tuple[Exercise, ...]], seed: int
) -> dict[Path, Scorecard]:
    """Return a scorecard for each assignment's folder of the run; only checks that ran are in it."""
    by_folder: dict[Path, dict[Path, dict[tuple[str, str], CheckResult]]] = {}
    for path, result in collected.results.values():
        by_folder.setdefault(path.parent, {}).setdefault(path, {})[result.exercise, result.check] = result
    not_run = [node for node in collected.expected if node not in collected.results]
    cards = {}
    for folder, files in sorted(by_folder.items()):
        scores = []
        for path in sorted(files, key=lambda path: place_of(exercises_of(path))):
            results = files[path]
            for exercise in exercises_of(path):
                points, checks = 0, []
                for check in exercise.checks:
                    ran = results.get((exercise.id, check.name))
                    if ran:
                        checks.append(ran)
                    node_end = f"{path.name}::{exercise.class_name}::{check.name}"
                    if ran or any(node.endswith(node_end) for node in not_run):
                        points += check.points
                if checks:
                    score = ExerciseScore(exercise.id, exercise.functions, points, tuple(checks))
                    scores.append(score.with_fitting_named())
        title, problems = _title(folder), tuple(collected.problems.get(folder, ()))
        cards[folder] = Scorecard(folder.name, title, tuple(scores), problems, seed, len(not_run))
    return cards


def _title(folder: Path) -> str:
    path = path_of(folder)
    return f"{assignment_title(folder)} (path {path.name})" if path else assignment_title(folder)
