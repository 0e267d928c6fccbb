"""The failing call that a page shows of an exercise, or why there is none to show."""

from __future__ import annotations

from dataclasses import dataclass

from gradlings.checks.failure import WrongCall
from gradlings.model.scorecard import EARLIER_AT_FAULT, CheckResult, ExerciseScore, Verdict
from gradlings.runners.session import Graded

_IN_A_WORLD = "The page judged it with right functions of earlier exercises in place of yours; here yours are called."


@dataclass(frozen=True)
class Found:
    """The failing call of an exercise."""

    exercise: str
    call: WrongCall | None = None
    check: CheckResult | None = None
    """What the page says of it."""
    sentence: str = ""
    """Why there is no call; or what is different about it from what the page says."""


def failing_call(graded: Graded, exercise: str) -> Found:
    """Return the first failing call that the page of an exercise shows; `graded` is a self-check of that exercise."""
    score = next((score for score in graded.scorecard.exercises if score.id == exercise), None)
    if score is None or not score.attempted:
        what = score.name if score else "its function"
        return Found(exercise, sentence=f"{exercise} is not attempted yet: write {what} first.")
    check = _shown(score)
    if check is None:
        return Found(exercise, sentence=f"{exercise} is right: every check passes, so no call fails.")
    name = f"{exercise}::{check.check}"
    call = graded.failing.get(name)
    if call is None or check.verdict in EARLIER_AT_FAULT:
        return Found(exercise, None, check, check.message or f"There is no single call that shows why {name} fails.")
    differs = _IN_A_WORLD if graded.worlds.get(name) else ""
    return Found(exercise, call, check, differs)


def _shown(score: ExerciseScore) -> CheckResult | None:
    """Return the first check that the page shows: one that fails by itself, if there is one."""
    shown = [check for check in score.checks if any(check is each for each in score.shown.values())]
    own = [check for check in shown if check.verdict not in (*EARLIER_AT_FAULT, Verdict.NOT_ATTEMPTED)]
    return next(iter([*own, *shown]), None)
