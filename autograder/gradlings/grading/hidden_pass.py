"""What becomes of a scorecard once its submission has met the hidden probes.

A submission knows a hidden probe as soon as it is called with it, and so could tell it in anything that it does from
then on. So the probes come last, when everything that is shown of the submission is final, and all that is read of that
part is a verdict and a count for each check.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradlings.checks.hidden_probes import Hidden
from gradlings.model.exercise import Exercise
from gradlings.model.scorecard import EARLIER_AT_FAULT, CheckResult, ExerciseScore, Scorecard, Verdict
from gradlings.runners.follow_through import Earlier, right_but_for
from gradlings.submission.right_functions import RightFunctions

if TYPE_CHECKING:
    from gradlings.runners.session import Graded

_NOT_WRONG = (Verdict.PASS, Verdict.GRADER_ERROR, *EARLIER_AT_FAULT)


def checks_to_run(card: Scorecard, hidden: Hidden) -> set[str]:
    """Return the checks ("3.5::test_one_example") that passed so far and have hidden probes."""
    passed = {
        f"{check.exercise}::{check.check}"
        for exercise in card.exercises
        for check in exercise.checks
        if check.verdict in (Verdict.PASS, Verdict.FOLLOWED_THROUGH)
    }
    return {name for name in passed if hidden.get(name)}


def with_hidden_verdicts(card: Scorecard, of_hidden: Scorecard, hidden: Hidden, place: Callable[..., str]) -> Scorecard:
    """Return a scorecard in which checks fail that the hidden probes show to be wrong.

    Args:
        card: final but for the hidden probes.
        of_hidden: that of the hidden probes alone. Only verdicts and counts are taken from it.
        hidden: the hidden probes.
        place: gives `file:line` of the first of some functions, as the source says it.
    """
    found = {(score.id, check.check): check for score in of_hidden.exercises for check in score.checks}

    def judged(check: CheckResult) -> CheckResult:
        met = found.get((check.exercise, check.check))
        if met is None or met.verdict is Verdict.PASS:
            return check
        if met.verdict is Verdict.GRADER_ERROR:
            message = "This check itself failed on inputs that are kept for grading. This is not your fault."
            return replace(check, verdict=Verdict.GRADER_ERROR, message=message)
        count = met.probes or len(hidden[f"{check.exercise}::{check.check}"])
        message = f"All inputs that you know give the right answer. Of {count} kept for grading, "
        message += f"{met.probes_right or 'none'} {'do' if met.probes_right > 1 else 'does'}."
        if met.verdict is Verdict.WRONG:
            return replace(check, verdict=Verdict.WRONG, message=message, place=place(*check.subject.split(", ")))
        return replace(
            check,
            verdict=Verdict.ERROR,
            message=f"{message} Your code fails there.",
            place=place(*check.subject.split(", ")),
        )

    def with_checks(score: ExerciseScore) -> ExerciseScore:
        return replace(score, checks=tuple(map(judged, score.checks)))

    return replace(card, exercises=tuple(map(with_checks, card.exercises)))


def worlds_to_try(
    before: Scorecard, after: Scorecard, exercises: Sequence[Exercise], right: RightFunctions
) -> dict[str, tuple[str, ...]]:
    """Return, by check, the functions of earlier exercises to put right ones in place of.

    They are of checks that passed with the submission's own functions and fail on the hidden probes: what fails there
    may be an earlier function, which public probes of the check do not show.

    Args:
        before: the scorecard without the hidden probes.
        after: the one with them.
        exercises: of the assignment, in order.
        right: what can stand in; it must come from a solution, since an oracle may refuse its caller.
    """
    if not right.from_solution:
        return {}
    passed = {(score.id, c.check) for score in before.exercises for c in score.checks if c.verdict is Verdict.PASS}
    scores = {score.id: score for score in after.exercises}
    worlds: dict[str, tuple[str, ...]] = {}
    at_fault: list[str] = []
    for exercise in exercises:
        checks = scores[exercise.id].checks if exercise.id in scores else ()
        wrong = [check for check in checks if check.verdict not in _NOT_WRONG]
        for check in wrong if at_fault else ():
            if (exercise.id, check.check) in passed:
                worlds[f"{exercise.id}::{check.check}"] = tuple(at_fault)
        if wrong:
            at_fault += [name for name in exercise.functions if name in right.texts]
    return worlds


def with_pardons(
    card: Scorecard, in_worlds: Graded, exercises: Sequence[Exercise], right: RightFunctions, share: float
) -> Scorecard:
    """Return a scorecard in which checks get their points that pass with right functions in place of earlier ones.

    Args:
        card: with what the hidden probes showed.
        in_worlds: the checks of `worlds_to_try` with all their probes, in these worlds. Only verdicts are taken from
            it, and which right functions were called.
        exercises: of the assignment, in order.
        right: what stood in.
        share: of its points that a check earns by follow-through.
    """
    scores = in_worlds.scorecard.exercises
    passed = {f"{s.id}::{c.check}" for s in scores for c in s.checks if c.verdict is Verdict.PASS}

    def judged(check: CheckResult) -> CheckResult:
        name = f"{check.exercise}::{check.check}"
        if name not in passed:
            return check
        number = [each.id for each in exercises].index(check.exercise)
        before = {name: each for each in exercises[:number] for name in each.functions}
        called = {each for seen in in_worlds.examinations[name] for result in seen.results for each in result.called}
        blamed = tuple(each for each in before if each in called)
        earlier = Earlier(before, right, lambda name: (name,), share=share, for_marks=True)
        return right_but_for(check, exercises[number], blamed, earlier, blamed).result if blamed else check

    return replace(card, exercises=tuple(replace(s, checks=tuple(map(judged, s.checks))) for s in card.exercises))
