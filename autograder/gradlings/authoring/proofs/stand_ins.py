"""Prove that right functions can stand in for those of earlier exercises, and give nothing away of later ones."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from gradlings.authoring.proofs.whole_files import FileGrader, Proof, first_failure, of_exercise
from gradlings.model.exercise import Exercise
from gradlings.model.scorecard import ExerciseScore
from gradlings.submission.reference_functions import bound_names

STAND_INS = "solutions and variants with right functions in place of all earlier ones: full marks"
CALLS = "exercises: every earlier exercise that is called is one it builds on"
CUTS = "right functions cut from the solution: none holds a later one"


def right_with_stand_ins(grader: FileGrader, exercise: Exercise) -> tuple[Proof, Proof]:
    """Grade the solution and each variant with stand-ins for all earlier functions; see that calls are declared.

    The second proof is that the solution calls no earlier exercise but those it builds on, and none that its source
    does not show: mistakes in others cannot reach it.
    """
    file = f"{grader.folder}/{grader.source.path.name}"
    solved, declared = (
        Proof(STAND_INS, file),
        Proof(CALLS, f"assignments/{grader.source.path.parent.name}/{grader.source.checks_file.name}"),
    )
    if not grader.before(exercise):
        return solved, declared
    score, called = grader.with_stand_ins(grader.source.text, exercise)
    solved.add(_failure("it", score))
    for breach in list(_undeclared(grader, exercise, called)) or [""]:
        declared.add(breach)
    for entry in of_exercise(grader.variants, exercise):
        score, _ = grader.with_stand_ins(entry.submission(grader.source.text), exercise)
        solved.add(_failure(f"variant {entry.name!r}", score))
    return solved, declared


def _failure(what: str, score: ExerciseScore) -> str:
    if score.solved:
        return ""
    failure = f"with right functions for all earlier ones {what} fails: {first_failure(score)}"
    return f"{failure}. Of other exercises it may ask only what their texts promise."


def _undeclared(grader: FileGrader, exercise: Exercise, called: Collection[str]) -> Iterator[str]:
    for name in sorted(called):
        owner = grader.owners[name].id
        if name not in grader.reach[exercise.id]:
            yield f"it calls {name} ({owner}), which its source does not show: call it by its name"
        elif owner not in exercise.builds_on:
            yield f"it calls {name} ({owner}): add {owner!r} to its builds_on"


def cuts_hold_nothing_later(grader: FileGrader, exercise: Exercise) -> Proof:
    """Look into the stand-in for each function of an exercise."""
    proof = Proof(CUTS, f"{grader.folder}/{grader.source.path.name}")
    order = list(grader.exercises)
    for name in exercise.functions:
        held = {bound for statement in ast.parse(grader.right[name]).body for bound in bound_names(statement)}
        later = [f for f in held if f in grader.owners and order.index(grader.owners[f].id) > order.index(exercise.id)]
        proof.add(f"what stands in for {name} holds {', '.join(sorted(later))} of a later exercise" if later else "")
    return proof
