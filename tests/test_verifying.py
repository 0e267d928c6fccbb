"""`gradlings verify` holds on a good kit and names the breach on one that is not.

The runs of the command start processes of their own; the breaches are looked for in this one.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gradlings.authoring.assignment import find_assignments
from gradlings.authoring.verify import VerifyResult, verify, wrong_total
from gradlings.checks.diagnosis import diagnose
from gradlings.checks.diagnosis.claims import Claim, Pair
from gradlings.checks.diagnosis.signatures import SIGNATURES
from student_kit import PROJECT, Kit, as_if_started_in, below, has_ended, until

SOURCE = "solutions/09/tiny.py"
CHECKS = "assignments/09/test_tiny.py"
MISCONCEPTIONS = "solutions/09/misconceptions.py"
VARIANTS = "solutions/09/variants.py"


def proof_of(kit: Kit, exercise: str, seeds: int = 1) -> VerifyResult:
    """The proof of one exercise, on a copy: what is read once in a process is not read again at the same place."""
    with tempfile.TemporaryDirectory() as folder, as_if_started_in(Path(folder)):
        copy = Kit.copied(kit.root, Path(folder), "solutions", "assignments")
        return verify(find_assignments(copy.root, ("09",))[0], exercise, seeds)


def add(kit: Kit, path: str, entry: str) -> None:
    with (kit.root / path).open("a", encoding="utf-8") as file:
        file.write(f"\n\n{entry}\n")


# ---- the command


def test_a_good_kit_holds(built_kit: Kit) -> None:
    ended = built_kit.run("gradlings", "verify", "--seeds", "2")
    assert ended.code == 0, ended.said
    rows = {line.split()[0]: line.split() for line in ended.out.splitlines() if line.startswith("9.")}
    assert rows["9.0"] == ["9.0", "next_number", "0", "0/0", "0/0", "0/0", "0/0", "yes"]
    assert rows["9.1"] == ["9.1", "difference", "0", "10/10", "6/6", "6/6", "2/2", "yes"]
    assert rows["9.2"] == ["9.2", "row_totals", "0", "15/15", "3/3", "3/3", "2/2", "yes"]
    assert rows["9.3"] == ["9.3", "count_up,", "make_counter", "0", "5/5", "4/4", "4/4", "2/2", "yes"]
    assert "4 exercises: 13 of 13 misconceptions caught, 13 named; 6 of 6 variants passed; 2 fresh seeds" in ended.said
    assert "0 breaches" in ended.said
    assert "38 of 38 entries × seeds: the same checks fail at home and in marks" in ended.said
    assert "1 of 1 kits with the solution in them: pytest ends with code 0 and all points" in ended.said


def test_a_breach_is_exit_code_1_and_named(author_kit: Kit) -> None:
    author_kit.edit(VARIANTS, "return torch.sub(a, b)", "return torch.sub(b, a)")
    author_kit.edit(SOURCE, 'total_points="30"', 'total_points="35"')
    ended = author_kit.gradlings("verify", "09", "--seeds", "0")
    assert ended.code == 1
    row = next(line for line in ended.out.splitlines() if line.startswith("9.1"))
    assert row.split() == ["9.1", "difference", "0", "10/10", "6/6", "6/6", "1/2", "NO", "(1)"]
    assert "9.1: seed 0: variant 'by a function' fails" in ended.said
    assert "09: the exercises have 30 points together, and the assignment has 35" in ended.said
    assert "2 breaches" in ended.said


def test_one_exercise_is_verified_alone(author_kit: Kit) -> None:
    """Its assignment's points are not looked at: they need not add up while exercises are being added."""
    author_kit.edit(SOURCE, 'total_points="30"', 'total_points="35"')
    ended = author_kit.gradlings("verify", "9.0", "--seeds", "0")
    assert ended.code == 0, ended.said
    assert [line.split()[0] for line in ended.out.splitlines() if line.startswith("9.")] == ["9.0"]
    assert "1 exercises: 0 of 0 misconceptions caught" in ended.said
    assert "0 breaches" in ended.said


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_no_process_outlives_a_run_that_is_killed(built_kit: Kit) -> None:
    command = [sys.executable, "-m", "gradlings.cli", "verify", "--seeds", "2"]
    run = subprocess.Popen(command, cwd=built_kit.root, stdout=subprocess.DEVNULL)
    until(lambda: any(map(has_torch, below(run.pid))), run)
    started = below(run.pid)
    run.kill()
    run.wait()
    assert all(map(has_ended, started))


def has_torch(pid: int) -> bool:
    """Whether a process is past its start and has work."""
    try:
        return "libtorch" in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_an_unknown_assignment_is_one_clear_sentence(author_kit: Kit) -> None:
    ended = author_kit.gradlings("verify", "12")
    assert ended.code == 2
    assert "No assignment 12" in ended.said


def test_an_unknown_exercise_is_one_clear_sentence(author_kit: Kit) -> None:
    ended = author_kit.gradlings("verify", "9.2", "9.7")
    assert ended.code == 2
    assert f"No exercise 9.7 in {author_kit.root / 'solutions'}; there are 9.0, 9.1, 9.2, 9.3." in ended.said


def test_a_kit_that_cannot_be_read_ends_the_run(tmp_path: Path) -> None:
    """Also where more exercises wait than there are processes."""
    for folder in ("assignments/01", "solutions/01"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    (tmp_path / "solutions" / "01" / "hidden.py").write_text("PROBES = {", encoding="utf-8")
    ended = Kit(tmp_path).gradlings("verify", "01", "--seeds", "0")
    assert ended.code == 2
    assert "hidden.py" in ended.said


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        (' total_points="30"', ""),
        (' total_points="25"', "the exercises have 30 points together, and the assignment has 25"),
        ("", "the exercises have 30 points together, and the assignment has 100"),
    ],
)
def test_points_that_do_not_add_up_are_a_breach(author_kit: Kit, declared: str, sentence: str) -> None:
    author_kit.edit(SOURCE, ' total_points="30"', declared)
    assert wrong_total(find_assignments(author_kit.root)[0]) == sentence


@pytest.mark.parametrize("assignment", sorted(path.name for path in (PROJECT / "solutions").glob("[0-9]*")))
def test_every_assignment_of_ours_has_100_points(assignment: str) -> None:
    (found,) = find_assignments(PROJECT, (assignment,))
    assert (found.main.total_points, wrong_total(found)) == (100, "")


# ---- the breaches


def check_that_passes_anything(kit: Kit) -> None:
    kit.edit(
        CHECKS,
        '        """the difference of two numbers"""\n        agree',
        '        """the difference of two numbers"""\n\n    def test_free(self, student, probes):\n'
        '        """nothing at all"""\n        assert student\n\n'
        "    def test_others(self, student, probes):\n        agree",
    )


def wrong_solution(kit: Kit) -> None:
    kit.edit(SOURCE, "leftover_after_subtraction = a - b", "leftover_after_subtraction = a - 2 * b")


def misconception_that_is_right(kit: Kit) -> None:
    kit.edit(MISCONCEPTIONS, "return (a - b).reshape(-1, 1)", "return (a - b).reshape(a.shape)")


def look_alikes(kit: Kit) -> None:
    add(
        kit,
        MISCONCEPTIONS,
        '@catalogue.misconception("9.1", "minus-the-answer", "It is minus the answer. Why?", hint="Try 5 and 3.")\n'
        "def difference(a, b):\n    return -a + b",
    )
    kit.gradlings("build")


def stale_data(kit: Kit) -> None:
    kit.edit(MISCONCEPTIONS, "return (a - b).float()", "return (a - b).half()")


def wrong_variant(kit: Kit) -> None:
    kit.edit(VARIANTS, "result -= b", "result -= b + 1e-3")


def forbidden_variant(kit: Kit) -> None:
    kit.edit(VARIANTS, "return [x.sum(-1), ", "return [x @ torch.ones_like(x[0]), ")


def too_few_misconceptions(kit: Kit) -> None:
    text = (kit.root / MISCONCEPTIONS).read_text(encoding="utf-8")
    entry = "@catalogue.misconception(\n    "
    start, end = text.index(f'{entry}"9.2",\n    "mean"'), text.index(f'{entry}"9.3"')
    (kit.root / MISCONCEPTIONS).write_text(text[:start] + text[end:], encoding="utf-8")


def too_few_variants(kit: Kit) -> None:
    text = (kit.root / VARIANTS).read_text(encoding="utf-8")
    start, end = text.index('@catalogue.variant("9.2", "as a list")'), text.index('@catalogue.variant("9.3"')
    (kit.root / VARIANTS).write_text(text[:start] + text[end:], encoding="utf-8")


def one_random_probe(kit: Kit) -> None:
    """One vector of four or five entries: four with the public seed and with some others."""
    kit.edit(CHECKS, "random=two_vectors)", "random=two_vectors, n=1)")
    kit.edit(CHECKS, "n = rng.size(2, 5)", "n = 5 if float(rng.uniform(0, 1)) > 0.4 else 4")


def misconception_caught_by_some_seeds(kit: Kit) -> None:
    """Wrong for four entries only: the public seed has such a probe, others have none."""
    kit.edit(MISCONCEPTIONS, "return abs(a - b)", "return a - b if a.numel() != 4 else b - a")
    one_random_probe(kit)
    kit.gradlings("build")


def solution_that_some_seeds_fail(kit: Kit) -> None:
    kit.edit(
        SOURCE, "leftover_after_subtraction = a - b", "leftover_after_subtraction = a - b if a.numel() != 5 else b"
    )
    one_random_probe(kit)


def solution_for_the_cpu_only(kit: Kit) -> None:
    kit.edit(
        SOURCE,
        "totals_of_rows = torch.sum(x, dim=1)",
        "totals_of_rows = (x * torch.ones(x.shape, dtype=x.dtype)).sum(1)",
    )


def solution_that_a_hidden_probe_fails(kit: Kit) -> None:
    """Wrong for large numbers only, which no public probe has."""
    kit.edit(
        SOURCE, "leftover_after_subtraction = a - b", "leftover_after_subtraction = a - b if (a < 40).all() else a"
    )
    (kit.sources / "hidden.py").write_text(
        'from gradlings import floats\n\nPROBES = {"9.1::test_vectors": [(floats([41.0, 0.0]), floats([1.0, 2.0]))]}\n',
        encoding="utf-8",
    )


def misconception_that_breaks_the_check(kit: Kit) -> None:
    kit.edit(CHECKS, "return x.sum(1), x.amax(1)", "return x.sum(1), x.amax(7)")


BREACHES: dict[str, tuple[str, Callable[[Kit], None], str]] = {
    "a stub earns points": ("9.1", check_that_passes_anything, "the stub gets"),
    "the solution fails": ("9.1", wrong_solution, "seed 0: the solution fails"),
    "a misconception passes": ("9.1", misconception_that_is_right, "misconception 'as-column' gets full marks"),
    "two misconceptions look alike": ("9.1", look_alikes, "is not named (what is said:"),
    "the shipped data are stale": ("9.1", stale_data, "misconception 'single-precision' is not named"),
    "a variant fails": ("9.1", wrong_variant, "seed 0: variant 'on a copy' fails"),
    "a variant breaks the rules": ("9.2", forbidden_variant, "seed 0: variant 'as a list' fails"),
    "too few misconceptions": ("9.2", too_few_misconceptions, "only 2 misconceptions; at least 3"),
    "too few variants": ("9.2", too_few_variants, "only 1 variants; at least 2"),
    "seeds decide whether it is caught": (
        "9.1",
        misconception_caught_by_some_seeds,
        "seed 6: misconception 'absolute-value' gets full marks",
    ),
    "seeds decide about the solution": ("9.1", solution_that_some_seeds_fail, "seed 6: the solution fails"),
    "a hidden probe": (
        "9.1",
        solution_that_a_hidden_probe_fails,
        "seed 1: the solution fails: test_vectors | difference(a=[41.0, 0.0], b=[1.0, 2.0]) |",
    ),
    "the solution is for the CPU only": ("9.2", solution_for_the_cpu_only, "the solution draws a note"),
    "a check is broken": ("9.2", misconception_that_breaks_the_check, "The check itself failed"),
}


@pytest.mark.parametrize("what", BREACHES)
def test_breach(author_kit: Kit, what: str) -> None:
    exercise, spoil, sentence = BREACHES[what]
    spoil(author_kit)
    proof = proof_of(author_kit, exercise, seeds=8)
    assert proof.breaches
    assert sentence in "\n".join(proof.breaches)


@pytest.mark.parametrize("exercise", ["9.0", "9.1", "9.2", "9.3"])
def test_no_breach(built_kit: Kit, exercise: str) -> None:
    assert proof_of(built_kit, exercise).breaches == []


def test_a_breach_names_the_seed_that_shows_it(author_kit: Kit) -> None:
    """With the public seed alone the misconception is caught: it takes fresh ones to see that this was luck."""
    misconception_caught_by_some_seeds(author_kit)
    assert proof_of(author_kit, "9.1", seeds=0).breaches == []
    breaches = proof_of(author_kit, "9.1", seeds=8).breaches
    assert breaches
    assert all(breach.startswith("seed ") and not breach.startswith("seed 0") for breach in breaches)


def test_a_look_alike_may_be_declared_the_same(author_kit: Kit) -> None:
    add(
        author_kit,
        MISCONCEPTIONS,
        '@catalogue.misconception("9.1", "minus-the-answer", same_as="opposite-sign")\n'
        "def difference(a, b):\n    return -a + b",
    )
    author_kit.gradlings("build")
    proof = proof_of(author_kit, "9.1")
    assert proof.breaches == []
    assert (proof.misconceptions, proof.caught, proof.named) == (7, 7, 7)


def test_checks_that_were_edited_are_read_again_in_the_same_process(author_kit: Kit) -> None:
    with as_if_started_in(author_kit.root):
        (assignment,) = find_assignments(author_kit.root, ("09",))
        assert verify(assignment, "9.2", 0).breaches == []
        author_kit.edit(CHECKS, "return x.sum(1), x.amax(1)", "return x.sum(1), x.amin(1)")
        (breach, *_) = verify(assignment, "9.2", 0).breaches
    assert "variant 'row by row' fails: test_rows" in breach


def test_numbers_of_a_proof(author_kit: Kit) -> None:
    misconception_that_is_right(author_kit)
    wrong_variant(author_kit)
    proof = proof_of(author_kit, "9.1")
    assert (proof.stub_points, proof.solution_points) == (0, 10)
    assert (proof.misconceptions, proof.caught, proof.named) == (6, 5, 5)
    assert (proof.variants, proof.passed) == (2, 1)


def test_probes_that_hide_a_transpose_are_warned_about(author_kit: Kit) -> None:
    author_kit.edit(CHECKS, "[[1.0, 2.0, 4.0], [0.5, -1.0, 0.25]]", "[[1.0, 2.0], [0.5, -1.0]]")
    author_kit.edit(CHECKS, "n, d = rng.sizes(2, 5, 2)", "n = d = rng.size(2, 5)")
    warnings = proof_of(author_kit, "9.2").warnings
    assert any("every matrix is square" in warning for warning in warnings)
    assert not any("every matrix" in warning for warning in proof_of(author_kit, "9.1").warnings)


LAST_COLUMN = """
@catalogue.misconception("9.2", "{name}", {rest})
def row_totals(x):
    return x[:, : {end}].sum(1), x.amax(1)
"""
TOLD = '"The last column is left out. Where does the slice end?", hint="Try 1, 2."'


def test_a_guard_that_nobody_writes_is_warned_about(author_kit: Kit) -> None:
    add(author_kit, MISCONCEPTIONS, LAST_COLUMN.format(name="guarded", rest=TOLD, end="max(2, x.shape[1] - 1)"))
    author_kit.gradlings("build")
    (warning,) = proof_of(author_kit, "9.2").warnings
    assert "'guarded' is not named without its guard `max(2, x.shape[1] - 1)`" in warning
    add(author_kit, MISCONCEPTIONS, LAST_COLUMN.format(name="natural", rest='same_as="guarded"', end="-1"))
    author_kit.gradlings("build")
    assert proof_of(author_kit, "9.2").warnings == []


@pytest.mark.parametrize("end", ["min(x.shape[1], x.shape[0]) - 1", "-1 if x.shape[1] > 2 else 2"])
def test_what_is_no_guard_is_not_taken_away(author_kit: Kit, end: str) -> None:
    add(author_kit, MISCONCEPTIONS, LAST_COLUMN.format(name="no-guard", rest=TOLD, end=end))
    author_kit.gradlings("build")
    proof = proof_of(author_kit, "9.2")
    assert (proof.breaches, proof.warnings) == ([], [])


def broken(pair: Pair) -> Iterator[Claim]:
    """A signature of the diagnosis with a bug."""
    raise LookupError(f"no claim about {pair.e.size} numbers")


def test_a_signature_of_the_diagnosis_that_raises_is_a_breach(
    built_kit: Kit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(diagnose, "SIGNATURES", (*SIGNATURES, broken))
    proof = proof_of(built_kit, "9.1")
    assert proof.breaches
    assert all("the signature test_verifying.broken of the diagnosis raised LookupError" in b for b in proof.breaches)
    assert len(set(proof.breaches)) == len(proof.breaches)
    assert "no claim about" in caplog.text
