"""Every proof of `gradlings verify` about an exercise and its neighbors finds a fault that is planted."""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.authoring.proofs import float32_twins, later, pairs, siblings, stand_ins, student_path
from gradlings.authoring.proofs.calls import exercises_in_reach, functions_in_reach
from gradlings.authoring.proofs.prove import prove
from gradlings.authoring.proofs.whole_files import Proof
from gradlings.authoring.verify import verify
from gradlings.runners import follow_through
from student_kit import Kit, as_if_started_in

SOURCE = "solutions/09/tiny.py"
CHECKS = "assignments/09/test_tiny.py"
DRIVERS = "assignments/09/drivers.py"
MISCONCEPTIONS = "solutions/09/misconceptions.py"
VARIANTS = "solutions/09/variants.py"


@pytest.fixture
def linked_kit(author_kit: Kit) -> Kit:
    """The tiny kit, but the totals of rows are made from their differences to zero: 9.2 calls 9.1."""
    author_kit.edit(
        SOURCE,
        "totals_of_rows = torch.sum(x, dim=1)",
        "totals_of_rows = difference(torch.sum(x, dim=1), x.new_zeros(len(x)))",
    )
    return author_kit


def proofs_of(kit: Kit, exercise: str) -> dict[str, Proof]:
    """The proofs of an exercise by claim, on a copy: what is read once in a process is not read again."""
    with tempfile.TemporaryDirectory() as folder, as_if_started_in(Path(folder)):
        copy = Kit.copied(kit.root, Path(folder), "solutions", "assignments")
        return {proof.claim: proof for proof in prove(assignment_of(copy), exercise, 3)}


def assignment_of(kit: Kit) -> Assignment:
    (found,) = find_assignments(kit.root, ("09",))
    return found


def add(kit: Kit, path: str, text: str) -> None:
    with (kit.root / path).open("a", encoding="utf-8") as file:
        file.write(f"\n\n{text}\n")


# ---- what holds


def test_each_proof_counts_its_cases(linked_kit: Kit) -> None:
    first, second = proofs_of(linked_kit, "9.1"), proofs_of(linked_kit, "9.2")
    assert [proof.breaches for proof in (*first.values(), *second.values()) if proof.breaches] == []
    assert (first[later.MISTAKES].held, first[later.VARIANTS].held) == (6, 2)
    assert second[stand_ins.STAND_INS].held == 3
    assert (second[stand_ins.CALLS].held, second[stand_ins.CUTS].held) == (1, 1)
    assert second[pairs.PAIRS].held == 6 * 3
    assert first[float32_twins.TWINS].held >= 1


def test_a_warm_up_has_nothing_to_prove(author_kit: Kit) -> None:
    assert proofs_of(author_kit, "9.0") == {}


def test_an_exercise_that_calls_nothing_is_out_of_reach(built_kit: Kit) -> None:
    assert functions_in_reach(assignment_of(built_kit)) == {id: frozenset() for id in ("9.1", "9.2", "9.3")}


def test_calls_are_found_through_helpers_checks_and_drivers(linked_kit: Kit) -> None:
    linked_kit.edit(
        SOURCE, "difference(torch.sum(x, dim=1), x.new_zeros(len(x)))", "nothing_taken(torch.sum(x, dim=1))"
    )
    linked_kit.edit(
        SOURCE,
        '# %% [markdown] exercise="9.2"',
        '# %%\ndef nothing_taken(x):\n    return difference(x, x * 0)\n\n\n# %% [markdown] exercise="9.2"',
    )
    linked_kit.edit(
        DRIVERS, "counter = student.make_counter(start)", "counter = student.row_totals and helper(student)"
    )
    add(linked_kit, DRIVERS, "def helper(student):\n    return student.make_counter(4)")
    assignment = assignment_of(linked_kit)
    reach = functions_in_reach(assignment)
    assert reach["9.2"] == {"difference"}
    assert reach["9.3"] == {"difference", "row_totals"}
    assert [each.id for each in exercises_in_reach(assignment)["difference"]] == ["9.2", "9.3"]


# ---- what does not


def mistake_that_costs_a_later_exercise(kit: Kit) -> None:
    """What stands in for 9.1 is right by its own checks and not by those of 9.2."""
    kit.edit(
        SOURCE, "leftover_after_subtraction = a - b", "leftover_after_subtraction = a - b if a.numel() < 6 else a + 1"
    )
    kit.edit(CHECKS, "n, d = rng.sizes(2, 5, 2)", "n, d = 7, rng.size(2, 5)")


def variant_that_a_later_exercise_refuses(kit: Kit) -> None:
    add(
        kit,
        VARIANTS,
        '@catalogue.variant("9.1", "for small ones only")\ndef difference(a, b):\n'
        "    if a.dim() and a.stride() == (0,):\n        raise TypeError(a)\n    return torch.add(a, -b)",
    )
    kit.edit(SOURCE, "difference(torch.sum(x, dim=1), x.new_zeros(len(x)))", "torch.sum(x, dim=1) + zero_difference(x)")
    kit.edit(
        SOURCE,
        '# %% [markdown] exercise="9.2"',
        "# %%\ndef zero_difference(x):\n    return difference(x.new_zeros(1).expand(len(x)), x.new_zeros(len(x)))\n\n\n"
        '# %% [markdown] exercise="9.2"',
    )


def stand_in_that_is_refused(kit: Kit) -> None:
    kit.edit(
        SOURCE,
        "totals_of_rows = difference(",
        "assert difference.__code__.co_filename.endswith('tiny.py')\n    totals_of_rows = difference(",
    )


def call_that_is_not_declared(kit: Kit) -> None:
    kit.edit(CHECKS, 'builds_on=("9.1",)', "builds_on=()")


def call_that_the_source_does_not_show(kit: Kit) -> None:
    kit.edit(SOURCE, "totals_of_rows = difference(", "totals_of_rows = globals()['diff' + 'erence'](")


def stand_in_that_holds_a_later_function(kit: Kit) -> None:
    kit.edit(
        SOURCE, "leftover_after_subtraction = a - b", "leftover_after_subtraction = a - b if row_totals else a - b"
    )


def mistake_that_is_pardoned(kit: Kit) -> None:
    """The mistake in 9.2 is one only if 9.1 is right: the function that stands in for 9.1 has a mark."""
    add(
        kit,
        MISCONCEPTIONS,
        '@catalogue.misconception("9.2", "knows", "It looks who calls. Why?", hint="Do not look.")\n'
        "def row_totals(x):\n    own = difference.__code__.co_filename.endswith('tiny.py')\n"
        "    return difference(x.sum(1), x.new_zeros(len(x))) + own, x.amax(1)",
    )


def step_in_float32_that_costs_points(kit: Kit) -> None:
    """What the driver gives is a text, which is not nearly right if a digit differs."""
    kit.edit(SOURCE, "return totals_of_rows, x.amax(dim=1)", "return totals_of_rows / 1.1 * 1.1, x.amax(dim=1)")
    add(kit, DRIVERS, "def as_text(student, x):\n    return texts(student.row_totals(x)[0])")
    for file in (DRIVERS, CHECKS):
        add(kit, file, "def texts(x):\n    return [f'{number:.9f}' for number in x.tolist()]")
    kit.edit(
        CHECKS,
        'agree(student.row_totals, ladder, torch_rows, names=("total", "largest"), strided=True)',
        'agree(student.through("as_text"), ladder, lambda x: texts(x.sum(1)), float32=False)',
    )


def step_in_float32_that_loses_all_digits(kit: Kit) -> None:
    kit.edit(SOURCE, "leftover_after_subtraction = a - b", "leftover_after_subtraction = (a * 1e9 + a - b) - a * 1e9")


PLANTED: dict[str, tuple[Callable[[Kit], None], str, str, str]] = {
    "a mistake costs points": (
        mistake_that_costs_a_later_exercise,
        "9.1",
        later.MISTAKES,
        "' costs 15 points in 9.2, which is right: ",
    ),
    "a variant costs points": (
        variant_that_a_later_exercise_refuses,
        "9.1",
        later.VARIANTS,
        "variant 'for small ones only' fails 9.2: test_rows",
    ),
    "no stand-in is taken": (
        stand_in_that_is_refused,
        "9.2",
        stand_ins.STAND_INS,
        "with right functions for all earlier ones it fails: test_rows",
    ),
    "a call is not declared": (
        call_that_is_not_declared,
        "9.2",
        stand_ins.CALLS,
        "assignments/09/test_tiny.py: it calls difference (9.1): add '9.1' to its builds_on",
    ),
    "a call is hidden": (
        call_that_the_source_does_not_show,
        "9.2",
        stand_ins.CALLS,
        "it calls difference (9.1), which its source does not show",
    ),
    "a stand-in gives a solution away": (
        stand_in_that_holds_a_later_function,
        "9.1",
        stand_ins.CUTS,
        "what stands in for difference holds row_totals of a later exercise",
    ),
    "a mistake is pardoned": (
        mistake_that_is_pardoned,
        "9.2",
        pairs.PAIRS,
        "test_rows is pardoned, though it fails with a right difference",
    ),
    "a step in float32 costs points": (
        step_in_float32_that_costs_points,
        "9.2",
        float32_twins.TWINS,
        "in float32 loses points in 9.2, and in float64 it would not: test_rows",
    ),
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_found(linked_kit: Kit, what: str) -> None:
    plant, exercise, claim, sentence = PLANTED[what]
    plant(linked_kit)
    assert sentence in "\n".join(proofs_of(linked_kit, exercise)[claim].breaches)


def test_float32_that_loses_all_digits_is_a_mistake(linked_kit: Kit) -> None:
    """The difference of two large numbers is right in float64 alone: its twins are none."""
    before = proofs_of(linked_kit, "9.1")[float32_twins.TWINS]
    step_in_float32_that_loses_all_digits(linked_kit)
    proof = proofs_of(linked_kit, "9.1")[float32_twins.TWINS]
    assert proof.breaches == before.breaches == []


def test_blaming_right_code_is_found(linked_kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Follow-through that gives the points and still says something of a mistake."""
    right = follow_through.right_but_for

    def blaming(*args: Any) -> follow_through.Followed:
        found = right(*args)
        return replace(found, result=replace(found.result, claim="It is off by a factor."))

    monkeypatch.setattr(follow_through, "right_but_for", blaming)
    breaches = proofs_of(linked_kit, "9.1")[later.MISTAKES].breaches
    assert any("' is held against 9.2, which is right: It is off by a factor." in b for b in breaches)


def siblings_of(kit: Kit, seeds: int) -> list[str]:
    kit.gradlings("build")
    with tempfile.TemporaryDirectory() as folder, as_if_started_in(Path(folder)):
        copy = Kit.copied(kit.root, Path(folder), "solutions", "assignments")
        (proof,) = verify(assignment_of(copy), "9.1", seeds).proofs
    assert proof.claim == siblings.SIBLINGS
    return proof.breaches


MISTAKE = (
    '@catalogue.misconception("9.1", "now-and-then", "Some are turned round. Which?", hint="Try more.")\n'
    "def difference(a, b):\n    return b - a if {condition} else a - b"
)


def test_a_hidden_probe_without_a_public_sibling_is_found(author_kit: Kit) -> None:
    add(author_kit, MISCONCEPTIONS, MISTAKE.format(condition="a.dim() or abs(a) > 40"))
    hidden = 'from gradlings import scalars\n\nPROBES = {"9.1::test_numbers": [scalars(41.0, 3.0)]}\n'
    (author_kit.sources / "hidden.py").write_text(hidden, encoding="utf-8")
    (breach,) = siblings_of(author_kit, 1)
    assert "'now-and-then' passes test_numbers at home and fails it in marks at difference(a=41.0, b=3.0)" in breach


def test_a_check_that_only_the_public_seed_fails_is_found(author_kit: Kit) -> None:
    """One random vector, of four entries with the public seed and of others with some other seeds."""
    add(author_kit, MISCONCEPTIONS, MISTAKE.format(condition="not a.dim() or a.numel() == 4"))
    author_kit.edit(CHECKS, "random=two_vectors)", "random=two_vectors, n=1)")
    author_kit.edit(CHECKS, "n = rng.size(2, 5)", "n = 5 if float(rng.uniform(0, 1)) > 0.4 else 4")
    breaches = siblings_of(author_kit, 8)
    assert any("fails test_vectors at home and passes it in marks" in breach for breach in breaches)


def test_the_path_of_a_student_is_walked(built_kit: Kit, author_kit: Kit) -> None:
    assert student_path.full_marks_at_home(assignment_of(built_kit)) == Proof(student_path.PATH, held=1)
    author_kit.edit(SOURCE, "return totals_of_rows, x.amax(dim=1)", "return totals_of_rows, x.amin(dim=1)")
    (breach,) = student_path.full_marks_at_home(assignment_of(author_kit)).breaches
    assert "09: pytest on a kit with the solution in it ends with code 1 and 15 of 30 points" in breach
    assert "row_totals" in breach


def test_twins_round_every_kind_of_step() -> None:
    solution = (
        "def scaled(x, rate: float, n: int = 2):\n    y = torch.exp(x[1 + n])\n    y.mul_(rate)\n"
        "    if n < 0:\n        raise ValueError(n + 1)\n    return y * 0.5 + math.sqrt(2)"
    )
    found = [twin.what for twin, _ in float32_twins.twins_of(solution, "scaled")]
    assert found == [
        f"scaled with `{code}` in float32"
        for code in ("torch.exp(x[1 + n])", "rate", "y * 0.5 + math.sqrt(2)", "y * 0.5", "0.5", "math.sqrt(2)")
    ]
    twin, _ = float32_twins.twins_of(solution, "scaled")[-1]
    assert "return y * 0.5 + as_tensor(math.sqrt(2))" in twin.code
    assert "float64" in twin.text(solution, right=True)
    assert ast.parse(twin.text(solution))
