"""`gradlings verify --mutants`: which changes are tried, what becomes of them, and what an author declares."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from gradlings.authoring.assignment import find_assignments
from gradlings.authoring.equivalent import read_equivalents
from gradlings.authoring.mutants.mutation import mutants_of
from gradlings.authoring.mutants.prove import sampled
from gradlings.model.errors import InputError
from student_kit import PROJECT, Finished, Kit

SOURCE = "solutions/09/tiny.py"
EQUIVALENT = "solutions/09/equivalent.py"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mutants are run in forked processes")

# ---- which changes there are


def changes_of(body: str, parameters: str = "a, b") -> set[tuple[str, str]]:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    source = f'def other():\n    return 1\n\n\ndef f({parameters}):\n    """What it does: 1 + 1."""\n{lines}\n'
    found = mutants_of(source, ["f"])
    assert {mutant.function for mutant in found} == {"f"}
    return {(mutant.operator, mutant.change) for mutant in found}


@pytest.mark.parametrize(
    ("body", "operator", "change"),
    [
        ("return a - b", "operands swapped", "a - b -> b - a"),
        ("return a - b", "operand dropped", "a - b -> a"),
        ("return a - b", "other operator", "a - b -> a + b"),
        ("return a / b", "constant off", "a / b -> a / (b + 1e-06)"),
        ("return torch.where(a, b, 0)", "arguments swapped", "torch.where(a, b, 0) -> torch.where(b, a, 0)"),
        ("return a.sum(dim=0)", "argument dropped", "a.sum(dim=0) -> a.sum()"),
        ("return a.sum(dim=0)", "other dimension", "a.sum(dim=0) -> a.sum(dim=1)"),
        ("return a.sum(dim=0)", "other method", "a.sum(dim=0) -> a.mean(dim=0)"),
        ("return torch.exp(a)", "call dropped", "torch.exp(a) -> a"),
        ("return a * 0.5", "constant off", "a * 0.5 -> a * 0.5005"),
        ("return a * 0.5", "constant off", "a * 0.5 -> a * 0.500005"),
        ("return a + math.pi", "constant off", "math.pi -> 3.1416"),
        ("return a[2]", "constant off", "a[2] -> a[1]"),
        ("return a['W1']", "constant off", "a['W1'] -> a['W']"),
        ("return -a", "operator dropped", "-a -> a"),
        ("return a > b", "comparison shifted", "a > b -> a >= b"),
        ("return a > b", "comparison shifted", "a > b -> a > b + 1"),
        ("return a if b else 0", "branch always taken", "a if b else 0 -> a"),
        ("if a:\n    b = 1\nreturn b", "branch always taken", "if a: -> if True:"),
        ("return a and b", "operand dropped", "a and b -> b"),
        ("return a[1:]", "operand dropped", "1: -> :"),
        ("return a, b", "operands swapped", "(a, b) -> (b, a)"),
        ("a.mul_(b)\nreturn a", "not in place", "a.mul_(b) -> a.mul(b)"),
        ("a.mul_(b)\nreturn a", "statement removed", "a.mul_(b) -> nothing"),
        ("with torch.no_grad():\n    return a", "statement removed", "with torch.no_grad(): -> if True:"),
        ("for i in a:\n    b += i\nreturn b", "loop cut short", "for i in a: -> for i in list(a)[1:]:"),
        ("for i in a:\n    b += i\nreturn b", "other operator", "b += i -> b = i"),
    ],
)
def test_a_change_is_tried(body: str, operator: str, change: str) -> None:
    assert (operator, change) in changes_of(body)


@pytest.mark.parametrize(
    ("parameters", "operator", "change"),
    [
        ("a: int, b", "argument ignored", "a -> 2"),
        ("a, b=0.1", "argument ignored", "b -> 0.1"),
        ("a, b=0.1", "default changed", "b=0.1 -> b=0.101"),
        ('a: Float[Tensor, "n"], b', "argument detached", "a -> a.detach()"),
        ('a: Float[Tensor, "n"], b', "argument ignored", "a -> torch.zeros_like(a)"),
    ],
)
def test_a_change_of_an_argument_is_tried(parameters: str, operator: str, change: str) -> None:
    assert (operator, change) in changes_of("return a + b", parameters)


def test_a_change_is_described_by_what_occurs_once() -> None:
    """So that a declaration means one place: neither `1` nor `a + 1` would say which."""
    changes = {change for operator, change in changes_of("return b * (a + 1) - (a + 1)") if operator == "constant off"}
    assert "b * (a + 1) -> b * (a + 2)" in changes
    assert "b * (a + 1) - (a + 1) -> b * (a + 1) - (a + 2)" in changes


def test_two_loops_are_told_apart_by_what_is_in_them() -> None:
    changes = {change for operator, change in changes_of("for i in a:\n    b(i)\nfor i in a:\n    b(-i)")}
    assert "for i in a: b(-i) -> for i in list(a)[1:]: b(-i)" in changes


def test_every_declaration_of_ours_means_one_mutant() -> None:
    for assignment in find_assignments(PROJECT):
        functions = [function for exercise in assignment.exercises for function in exercise.functions]
        found = mutants_of(assignment.main.text, functions)
        named = Counter((mutant.function, mutant.operator, mutant.change) for mutant in found)
        assert max(named.values()) == 1
        for each in read_equivalents(assignment.solutions / "equivalent.py") or ():
            assert named[each.function, each.operator, each.change] == 1, each


def test_what_nobody_compares_is_left_alone() -> None:
    changes = {change for _, change in changes_of('if a < 0:\n    raise ValueError("negative")\nreturn a')}
    assert not any("negativ'" in change or "1 + 1" in change for change in changes)


def test_a_mutant_knows_its_line() -> None:
    (line,) = {m.line for m in mutants_of("def f(a, b):\n\n    return a - b\n", ["f"])}
    assert line == 3


# ---- the command

SURVIVOR = "n < 0 -> n < -1"
"""No probe of the tiny kit is -1."""
TRUE_OF_TINY = (
    ("make_counter", "constant off", "state[0] += 1 -> state[-1] += 1", "It has one entry: 0 and -1 are the same."),
    ("make_counter", "constant off", "return state[0] -> return state[-1]", "It has one entry: 0 and -1 are the same."),
)


def row_of(ended: Finished, exercise: str) -> list[str]:
    return next(line for line in ended.out.splitlines() if line.startswith(exercise)).split()


def declare(kit: Kit, *declarations: tuple[str, str, str, str]) -> None:
    rows = "".join(f"    Equivalent{declaration},\n" for declaration in declarations)
    text = f"from gradlings.authoring import Equivalent\n\nEQUIVALENT = (\n{rows})\n"
    (kit.root / EQUIVALENT).write_text(text, encoding="utf-8")


def test_survivors_are_reported_where_nothing_is_declared(author_kit: Kit) -> None:
    """What an instructor's own checks have to see is up to the instructor: a report, no breach."""
    ended = author_kit.run("gradlings", "verify", "--mutants", "9.3")
    assert ended.code == 0, ended.said
    assert row_of(ended, "9.3")[-3:] == ["0", "3", "yes"]
    line = (author_kit.root / SOURCE).read_text(encoding="utf-8").partition("if n < 0")[0].count("\n") + 1
    assert f"9.3: count_up has full marks {SOURCE}:{line} constant off: {SURVIVOR}" in ended.said
    assert "3 survive; 0 breaches" in ended.said


def test_what_is_declared_must_be_complete_and_true(author_kit: Kit) -> None:
    """Breaches: a survivor that is not declared, and declarations of mutants that are caught or that there are not."""
    declare(
        author_kit,
        *TRUE_OF_TINY,
        ("count_up", "statement removed", "if n < 0: -> nothing", "No probe was negative once."),
        ("count_up", "constant off", "n < 5 -> n < 6", "The line was different once."),
    )
    ended = author_kit.gradlings("verify", "--mutants", "9.3")
    assert ended.code == 1
    assert row_of(ended, "9.3")[-4:] == ["2", "1", "NO", "(3)"]
    assert f"constant off: {SURVIVOR}" in ended.said
    assert "state[-1]" not in ended.said
    stale = f"{EQUIVALENT} declares what does not hold:"
    assert f"{stale} the checks catch it count_up statement removed: if n < 0: -> nothing" in ended.said
    assert f"{stale} there is no such mutant count_up constant off: n < 5 -> n < 6" in ended.said
    assert "2 equivalent, 1 survive; 3 breaches" in ended.said


def test_a_declaration_of_no_exercise_is_refused(author_kit: Kit) -> None:
    declare(author_kit, ("count_down", "constant off", "n < 5 -> n < 6", "The function had another name once."))
    ended = author_kit.gradlings("verify", "--mutants", "9.3")
    assert ended.code == 2
    assert "count_down is a function of no exercise" in ended.said


def test_a_sample_is_the_same_each_time() -> None:
    all_of_them = mutants_of("def f(a, b):\n    return 2 * a + b - 1\n", ["f"])
    some = sampled(all_of_them, 3, "9.1")
    assert some == sampled(all_of_them, 3, "9.1")
    assert len(some) == 3
    assert [each for each in all_of_them if each in some] == some
    assert sampled(all_of_them, 1000, "9.1") == sampled(all_of_them, None, "9.1") == all_of_them


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("EQUIVALENT = [1]", "it must define EQUIVALENT, a tuple"),
        ("EQUIVALENT = (", "cannot be run: SyntaxError"),
        ("EQUIVALENT = (Equivalent('f', 'o', 'a -> b', ' '),)", "f, o: a -> b has no reason"),
        ("EQUIVALENT = (Equivalent('f', 'o', 'a -> b', 'It is.'),) * 2", "f, o: a -> b is declared twice"),
    ],
)
def test_a_wrong_file_of_declarations_is_one_clear_sentence(text: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "equivalent.py"
    path.write_text(f"from gradlings.authoring import Equivalent\n{text}\n", encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(problem)):
        read_equivalents(path)


HARD_CASES = """
from pathlib import Path
from gradlings.authoring.assignment import find_assignments
from gradlings.authoring.mutants.mutation import Mutant
from gradlings.authoring.mutants.trial import fates
from gradlings.authoring.mutants.prove import sampled
from gradlings.model.errors import InputError

(assignment,) = find_assignments(Path.cwd())
exercises = {exercise.id: exercise for exercise in assignment.exercises}
bodies = ["return a - b", "import os; os._exit(0)", "sum(range(10**15))", "return b - a", "import sys; sys.exit()"]
mutants = [Mutant("difference", "", "", 1, f"def difference(a, b): {body}") for body in bodies]
print(*(fate.name for fate in fates(assignment, exercises["9.1"], mutants)))
try:
    fates(assignment, exercises["9.2"], mutants)
except InputError as error:
    print(error)
"""


def test_a_mutant_that_dies_or_never_ends_does_not_stop_the_others(author_kit: Kit) -> None:
    """The sum is one call inside C: nothing but the end of its process stops it."""
    author_kit.edit(SOURCE, "torch.sum(x, dim=1)", "torch.sum(x, dim=0)")
    command = [sys.executable, "-c", HARD_CASES]
    ended = subprocess.run(command, cwd=author_kit.root, capture_output=True, text=True, timeout=400)
    fates, message = ended.stdout.splitlines()
    assert fates.split() == ["SURVIVED", "ENDED", "ENDED", "CAUGHT", "CAUGHT"], ended.stderr
    assert message == "The solution of 9.2 fails: run `gradlings verify 9.2` first."
