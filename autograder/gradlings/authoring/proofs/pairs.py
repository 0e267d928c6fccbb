"""Prove that a mistake is not pardoned where one that it builds on is wrong as well."""

from __future__ import annotations

import random

from gradlings.authoring.catalogue import CatalogueEntry
from gradlings.authoring.proofs.whole_files import FileGrader, Proof, is_slow, of_exercise
from gradlings.model.exercise import Exercise
from gradlings.model.scorecard import ExerciseScore, Verdict

PAIRS = "pairs of a mistake and an earlier one: judged as if it stood alone"
_SAMPLE, _SLOW_SAMPLE = 36, 4
"""How many pairs are drawn for an exercise."""


def mistakes_are_not_pardoned(grader: FileGrader, exercise: Exercise) -> Proof:
    """Grade pairs of a misconception of the exercise and one of a function it may call, drawn by its id.

    One that takes its whole time is drawn once: the time that all its pairs take tells more about other ones.
    """
    proof = Proof(PAIRS, f"{grader.folder}/misconceptions.py")
    own = of_exercise(grader.mistakes, exercise)
    before = grader.before(exercise)
    earlier = [
        entry for entry in grader.mistakes if entry.function in grader.reach[exercise.id] and entry.function in before
    ]
    pairs = [(a, b) for a in earlier for b in own]
    size = _SLOW_SAMPLE if is_slow(exercise) else _SAMPLE
    alone: dict[str, ExerciseScore] = {}
    stopped: set[tuple[str, str]] = set()
    judged = 0
    for a, b in random.Random(exercise.id).sample(pairs, len(pairs)):
        if judged == size:
            break
        if (a.exercise, a.name) in stopped:
            continue
        judged += 1
        if b.name not in alone:
            text = b.submission(grader.source.text)
            alone[b.name] = grader.scores(text, [exercise.id])[exercise.id]
        text = b.submission(a.submission(grader.source.text))
        both = grader.scores(text, [a.exercise, exercise.id], follow=True)
        proof.add(_unlike(a, b, alone[b.name], both[exercise.id]))
        if any(check.verdict is Verdict.TIMEOUT for check in both[a.exercise].checks):
            stopped.add((a.exercise, a.name))
    return proof


def _unlike(a: CatalogueEntry, b: CatalogueEntry, alone: ExerciseScore, both: ExerciseScore) -> str:
    """Return what is said of b after a that would not be said of it alone; "" if nothing is."""
    after = f"misconception {b.name!r} after misconception {a.name!r} of {a.exercise}"
    for mine, found in zip(alone.checks, both.checks, strict=True):
        right = mine.verdict is Verdict.PASS
        if found.verdict is Verdict.FOLLOWED_THROUGH and not right:
            return (
                f"{after}: {found.check} is pardoned, though it fails with a right {a.function}. What it "
                "makes of a right one must not depend on whose that is."
            )
        if right and not found.points:
            return (
                f"{after}: {found.check} costs points that it does not cost alone: {found.message} "
                f"With the solution's {a.function} in place of that one, it must pass."
            )
    if other := set(both.misconceptions) - set(alone.misconceptions):
        return f"{after} is named as another mistake: {other.pop()} Probes have to tell the two apart."
    return ""
