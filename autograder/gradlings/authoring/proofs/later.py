"""Prove that what is wrong or free in one exercise costs nothing in a later one."""

from __future__ import annotations

from collections.abc import Sequence

from gradlings.authoring.catalogue import CatalogueEntry
from gradlings.authoring.proofs.whole_files import FileGrader, Proof, first_failure, is_slow, of_exercise
from gradlings.model.exercise import Exercise
from gradlings.model.scorecard import ExerciseScore, Verdict

MISTAKES = "mistakes × later exercises: no point lost, no misconception named"
VARIANTS = "variants × later exercises: full marks"


def mistakes_cost_nothing_later(grader: FileGrader, exercise: Exercise, in_slow: int) -> Proof:
    """Grade each misconception with the later exercises that may call it: there the file is right.

    Follow-through has to give them their points, and none of their checks may be explained by a misconception. In slow
    exercises so many mistakes of each function are tried, spread over the catalogue.
    """
    proof = Proof(MISTAKES, f"{grader.folder}/misconceptions.py")
    own = of_exercise(grader.mistakes, exercise)
    for entry in own:
        if later := _tried_in(grader, entry, own, in_slow):
            text = entry.submission(grader.source.text)
            scores = grader.scores(text, [exercise.id, *(each.id for each in later)], follow=True)
            for each in later:
                proof.add(_harm(entry, scores[each.id]))
    return proof


def _tried_in(grader: FileGrader, entry: CatalogueEntry, own: Sequence[CatalogueEntry], in_slow: int) -> list[Exercise]:
    """Return the later exercises that an entry is graded with; slow ones for so many entries of each function."""
    alike = [each for each in own if each.function == entry.function]
    step = max(1, -(-len(alike) // in_slow)) if in_slow else len(alike)
    with_slow = alike.index(entry) % step == 0
    return [each for each in grader.later[entry.function] if with_slow or not is_slow(each)]


def _harm(entry: CatalogueEntry, score: ExerciseScore) -> str:
    """Return what a mistake does to a later exercise, which is right; "" if nothing."""
    lost = score.max_points - score.points
    claims = [check.claim for check in score.checks if check.verdict is not Verdict.PASS and check.claim]
    said = ", ".join([*score.misconceptions, *claims])
    if not lost and not said:
        return ""
    what = f"costs {lost} points in" if lost else "is held against"
    return (
        f"misconception {entry.name!r} {what} {score.id}, which is right: {first_failure(score) if lost else said}. "
        f"With the solution's {entry.function} in its place, the checks of {score.id} must pass."
    )


def variants_suffice_later(grader: FileGrader, exercise: Exercise, in_slow: int) -> Proof:
    """Grade each variant with the later exercises that may call it, without follow-through.

    In slow exercises so many variants of each function are tried, spread over the catalogue.
    """
    proof = Proof(VARIANTS, f"{grader.folder}/variants.py")
    own = of_exercise(grader.variants, exercise)
    for entry in own:
        if later := _tried_in(grader, entry, own, in_slow):
            text = entry.submission(grader.source.text)
            scores = grader.scores(text, [each.id for each in later], follow=False)
            for each in later:
                score = scores[each.id]
                failure = f"variant {entry.name!r} fails {each.id}: {first_failure(score)}"
                remedy = f"If {each.id} may ask that of it, it is a misconception: {exercise.id} has to ask it, too."
                proof.add("" if score.solved else f"{failure}. {remedy}")
    return proof
