"""All proofs about an exercise and its neighbors."""

from __future__ import annotations

from gradlings.authoring.assignment import Assignment
from gradlings.authoring.open_checks import checks_of
from gradlings.authoring.proofs.float32_twins import float32_is_no_mistake
from gradlings.authoring.proofs.later import mistakes_cost_nothing_later, variants_suffice_later
from gradlings.authoring.proofs.pairs import mistakes_are_not_pardoned
from gradlings.authoring.proofs.stand_ins import cuts_hold_nothing_later, right_with_stand_ins
from gradlings.authoring.proofs.whole_files import FileGrader, Proof


def prove(assignment: Assignment, exercise: str, in_slow: int) -> list[Proof]:
    """Prove what has to hold between the exercise of an assignment with this id and the others; empty for a warm-up.

    `in_slow` is how many mistakes of each function are tried on slow exercises.
    """
    declared = next((each for each in assignment.main.exercises if each.id == exercise), None)
    if declared is None or not assignment.main.has_solutions:
        return []
    with checks_of(assignment) as grader:
        whole_files = FileGrader(assignment, grader)
        return [
            mistakes_cost_nothing_later(whole_files, declared, in_slow),
            variants_suffice_later(whole_files, declared),
            *right_with_stand_ins(whole_files, declared),
            cuts_hold_nothing_later(whole_files, declared),
            mistakes_are_not_pardoned(whole_files, declared),
            float32_is_no_mistake(whole_files, declared),
        ]
