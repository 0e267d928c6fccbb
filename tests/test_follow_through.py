"""Right code after a mistake gets its points, and the blame falls where it belongs: at home and in marks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chain_kit import FOURFOLD, LARGEST, SHARED, chain_kit
from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.model.scorecard import CheckResult, Scorecard, Verdict
from gradlings.rendering.terminal import page_text
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission.reader import from_cells, from_source
from gradlings.submission.reference_functions import cut
from gradlings.submission.stand_ins import without_definitions
from student_kit import PROJECT, Kit

SIGMOID = "    return 1 / (1 + torch.exp(-z))\n"
MINUS = SIGMOID.replace("-z", "z")
MISCONCEPTION = "    dz = a - y  # dL/da * da/dz"
FOLLOWED = {"3.5::test_one_example", "3.6::test_mean_gradients", "3.6::test_sure_neuron"}


@pytest.fixture(scope="module")
def autodiff() -> Iterator[tuple[Assignment, Grader]]:
    (assignment,) = find_assignments(PROJECT, ("03",))
    with collected_checks(assignment.folder) as grader:
        yield assignment, grader


def graded(at_hand: tuple[Assignment, Grader], *texts: tuple[str, str], seed: int = 0) -> Scorecard:
    assignment, grader = at_hand
    return grader.grade(
        from_source(replaced(assignment, *texts), assignment.main.path), assignment.main.checks_file, seed=seed
    ).scorecard


def replaced(assignment: Assignment, *texts: tuple[str, str]) -> str:
    text = assignment.main.text
    for old, new in texts:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def verdicts(card: Scorecard) -> dict[str, CheckResult]:
    return {f"{c.exercise}::{c.check}": c for score in card.exercises for c in score.checks}


def test_full_marks_carry_no_misconception(autodiff: tuple[Assignment, Grader]) -> None:
    checks = verdicts(graded(autodiff)).values()
    assert all(check.verdict is Verdict.PASS for check in checks)
    assert not any(check.misconception or check.fitting for check in checks)


def test_one_slip_costs_its_own_points_alone(autodiff: tuple[Assignment, Grader]) -> None:
    card = graded(autodiff, (SIGMOID, MINUS))
    found = verdicts(card)
    assert card.points == 95
    assert {name for name, c in found.items() if c.verdict is Verdict.FOLLOWED_THROUGH} == FOLLOWED
    followed = found["3.5::test_one_example"]
    assert followed.message == "Your manual_gradients is right. It calls sigmoid (3.2), which is not yet: start there."
    assert (followed.points, followed.misconception, followed.claim, followed.rows) == (10, None, "", ())
    assert not card.full_marks


def test_right_code_is_sent_to_no_hint(autodiff: tuple[Assignment, Grader]) -> None:
    page = page_text(graded(autodiff, (SIGMOID, MINUS)), detail=False, width=80, color=False, plain=False)
    assert "gradlings hint 3.2" in page
    assert "gradlings hint 3.5" not in page
    assert "gradlings hint 3.6" not in page
    (line,) = (line for line in page.split("\n") if "batch_gradients  " in line)
    assert line.endswith("12/12  2 of 2 checks")


@pytest.mark.parametrize(
    "slip",
    [
        "    raise KeyError(z)\n",
        "    return torch.sigmoid(z)\n",
        "    return None\n",
        "    pass\n",
        "    import os; os.abort if z is None else exit(3)\n",
    ],
    ids=["raises", "is forbidden", "gives nothing", "is not attempted", "exits"],
)
def test_whatever_is_wrong_above_the_code_below_gets_its_points(autodiff: tuple[Assignment, Grader], slip: str) -> None:
    found = verdicts(graded(autodiff, (SIGMOID, slip)))
    assert {name for name in FOLLOWED if found[name].points == found[name].max_points} == FOLLOWED
    assert all(found[name].points == 0 for name in ("3.2::test_any_shape", "3.2::test_extreme_inputs"))


def test_a_deleted_function_is_named_as_the_one_to_start_with(autodiff: tuple[Assignment, Grader]) -> None:
    found = verdicts(graded(autodiff, ("def sigmoid(", "def sigmoid_of_mine(")))
    assert found["3.2::test_any_shape"].verdict is Verdict.MISSING
    assert found["3.5::test_one_example"].verdict is Verdict.FOLLOWED_THROUGH


def test_a_mistake_of_its_own_is_named_as_if_it_stood_alone(autodiff: tuple[Assignment, Grader]) -> None:
    own = (MISCONCEPTION, "    dz = y - a  # dL/da * da/dz")
    alone, both = verdicts(graded(autodiff, own)), verdicts(graded(autodiff, own, (SIGMOID, MINUS)))
    name = "3.5::test_one_example"
    assert alone[name].misconception
    assert both[name].verdict is alone[name].verdict is Verdict.WRONG
    assert (both[name].message, both[name].misconception) == (alone[name].message, alone[name].misconception)
    assert both[name].points == 0


def test_an_alias_and_a_default_are_followed_through(autodiff: tuple[Assignment, Grader]) -> None:
    later = "\n\ndef manual_gradients(x, w, b, y, s=sigmoid):\n    dz = s(x * w + b) - y\n    return dz * x, dz\n"
    text = replaced(autodiff[0], (SIGMOID, MINUS)) + "\n# %%\nsame = sigmoid\n" + later
    assignment, grader = autodiff
    card = grader.grade(from_source(text, assignment.main.path), assignment.main.checks_file, seed=0).scorecard
    assert verdicts(card)["3.5::test_one_example"].verdict is Verdict.FOLLOWED_THROUGH


def test_a_forbidden_helper_of_its_own_is_not_followed_through(autodiff: tuple[Assignment, Grader]) -> None:
    own = ("    a = sigmoid(x * w + b)\n    dz = a - y", "    a = torch.sigmoid(x * w + b)\n    dz = a - y")
    found = verdicts(graded(autodiff, own, (SIGMOID, MINUS)))
    assert found["3.5::test_one_example"].points == 0 or found["3.5::test_one_example"].verdict is Verdict.PASS


def test_what_is_cut_for_one_function_holds_nothing_of_a_later_one() -> None:
    for number in ("01", "02", "03", "04", "05", "06", "07", "09"):
        (assignment,) = find_assignments(PROJECT, (number,))
        order = [name for exercise in assignment.main.exercises for name in exercise.functions]
        texts = cut(assignment.main.text, order)
        assert list(texts) == order
        exercise_of = {name: number for number, e in enumerate(assignment.main.exercises) for name in e.functions}
        for name in order:
            names: dict[str, object] = {"__name__": "cut"}
            exec(compile(texts[name], name, "exec"), names)
            assert callable(names[name])
            assert [other for other in order if exercise_of[other] > exercise_of[name] and other in names] == []


def test_a_definition_is_taken_out_wherever_it_stands() -> None:
    source = (
        "import functools\n@functools.cache\ndef a():\n    return 1\nif True:\n    def a():\n        return 2\n"
        "a = lambda: 3\ndef b():\n    return a()\n"
    )
    submission = without_definitions(from_source(source, Path("x.py")), ["a"])
    assert "b" in submission.functions
    assert "a" not in submission.functions
    assert "".join(cell.source for cell in submission.cells).count("\n") == source.count("\n")
    assert from_cells(submission.path, submission.cells).functions == submission.functions


@pytest.mark.parametrize("options", [("-k", "3.5"), ("-n", "2"), ("-k", "3.6", "-x")], ids=" ".join)
def test_with_any_selection_pytest_says_the_same(tmp_path: Path, options: tuple[str, ...]) -> None:
    (assignment,) = find_assignments(PROJECT, ("03",))
    folder = tmp_path / "assignments" / "03"
    folder.mkdir(parents=True)
    for path in assignment.folder.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    (folder / "autodiff.py").write_text(replaced(assignment, (SIGMOID, MINUS)))
    kit = Kit(tmp_path, "03", "autodiff")
    done = kit.run("pytest", kit.target, *options) if "-n" in options else kit.check(*options)
    assert done.code == 1, done.said
    assert "sigmoid (3.2), which is not yet: start there." in done.said


@pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
def test_in_marks_the_same_points_are_given_and_hidden_probes_still_count() -> None:
    from gradlings.grading.judge_session import JudgeSession, bundle_of

    (assignment,) = find_assignments(PROJECT, ("03",))
    source = assignment.main
    never_one_input = (
        "\n# %%\n_in_general = batch_gradients\ndef batch_gradients(X, w, b, y):\n"
        "    dw, db = _in_general(X, w, b, y)\n    return dw.squeeze(), db\n"
    )
    bundle = bundle_of(assignment.folder, source.path.stem, hidden=PROJECT / "solutions/03/hidden.py")
    with JudgeSession(bundle) as session:
        reply = session.judge(replaced(assignment, (SIGMOID, MINUS)).encode(), source.path.name, seed=12)
        assert reply.card is not None, reply.fault
        found = verdicts(reply.card)
        assert reply.card.points == 95
        assert {name for name, c in found.items() if c.verdict is Verdict.FOLLOWED_THROUGH} == FOLLOWED
        sly = replaced(assignment, (SIGMOID, MINUS)) + never_one_input
        reply = session.judge(sly.encode(), source.path.name, seed=12)
        assert reply.card is not None, reply.fault
        sly_found = verdicts(reply.card)
        assert sly_found["3.6::test_mean_gradients"].points == 0
        assert "kept for grading" in sly_found["3.6::test_mean_gradients"].message
        assert sly_found["3.5::test_one_example"].verdict is Verdict.FOLLOWED_THROUGH


@pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
def test_what_only_hidden_probes_show_of_an_earlier_mistake_costs_right_code_nothing(tmp_path: Path) -> None:
    """`twice` is wrong beyond 6, which no public probe of `fourfold` shows: it passes by itself until those come."""
    from gradlings.grading.judge_session import JudgeSession, bundle_of

    slip = "def twice(x):\n    return 3 * x if x.amax() > 6 else 2 * x\n"
    own = FOURFOLD.replace("+ 1", "+ (1 if x.amax() < 6.5 else 2)")
    hidden = tmp_path / "hidden.py"
    probes = '"9.1::test_twice": [(floats([7.0]),)], "9.3::test_fourfold": [(floats([7.0]),)]'
    hidden.write_text(f"from gradlings import floats\n\nPROBES = {{{probes}}}\n")
    for code, verdict, points in ((FOURFOLD, Verdict.FOLLOWED_THROUGH, 30), (own, Verdict.WRONG, 0)):
        kit = chain_kit(tmp_path / verdict.value, "\n\n".join([slip, SHARED, code, LARGEST]), solved=True)
        with JudgeSession(bundle_of(kit.folder, "chain", hidden=hidden)) as session:
            reply = session.judge(kit.module.read_bytes(), kit.module.name, seed=12)
        assert reply.card is not None, reply.fault
        found = verdicts(reply.card)
        assert found["9.1::test_twice"].verdict is Verdict.WRONG
        assert (found["9.3::test_fourfold"].verdict, found["9.3::test_fourfold"].points) == (verdict, points)
        assert "7" not in found["9.3::test_fourfold"].message
