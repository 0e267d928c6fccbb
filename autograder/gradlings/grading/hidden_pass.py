"""What becomes of a scorecard once its submission has met the hidden probes.

A submission knows a hidden probe as soon as it is called with it, and so could tell it in anything that it does from
then on. So the probes come last, when everything that is shown of the submission is final, and all that is read of that
part is a verdict and a count for each check.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gradlings.checks.hidden_probes import Hidden
from gradlings.model.scorecard import CheckResult, ExerciseScore, Scorecard, Verdict


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
