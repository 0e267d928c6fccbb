"""Follow-through where no solution is installed, and where a course keeps its solutions to itself."""

from __future__ import annotations

import json
import re
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from chain_kit import FOURFOLD, LARGEST, SHARED, SLIPS, THREEFOLD, TWICE, UNSHARED, chain_kit, in_notebook
from gradlings.authoring.assignment import find_assignments
from gradlings.model.scorecard import CheckResult, Scorecard, Verdict
from gradlings.runners.session import collected_checks
from gradlings.submission.reader import from_source
from gradlings.submission.right_functions import RightFunctions, oracles_in
from student_kit import PROJECT, Kit

RIGHT = "Your fourfold is right. It calls twice (9.1), which is not yet: start there."
WAITS = "Your largest calls shared (9.2), which is not yet: start there."
LATER = "Whether largest itself is right is decided when it is graded."
UNFIT = {
    "linear_params": {"test_published_models"},  # its oracle builds layers, which have a largest size
    "topological_order": {"3.10"},  # many orders are right: there is no oracle
    "adam_step": {"5.4"},  # changes its arguments: its oracle is one of a driver
    "causal_mask": {"6.7"},  # its oracle takes no device
}
"""Which later exercises, or checks of them, the oracle of a function refuses."""
linux = pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")


def as_it_is(kit: Kit) -> Kit:
    return kit


@pytest.mark.parametrize("form", [as_it_is, in_notebook], ids=["module", "notebook"])
def test_an_oracle_stands_in_and_where_there_is_none_the_culprit_is_named(
    tmp_path: Path, form: Callable[[Kit], Kit]
) -> None:
    done = form(chain_kit(tmp_path)).check("--junitxml", "junit.xml")
    assert done.code == 1
    for sentence in (RIGHT, WAITS, LATER, "30 of 100 points", "next: 9.1 twice", "gradlings hint 9.2"):
        assert sentence in done.said
    for sentence in ("gradlings hint 9.3", "gradlings hint 9.4", "got 1 ", "expected 0.8"):
        assert sentence not in done.said  # true of the answer, but nothing that this function is to blame for
    cases = list(ET.parse(tmp_path / "junit.xml").iter("testcase"))
    told = [{p.get("name"): p.get("value") for p in case.iter("property")} for case in cases]
    assert [(one["points"], one["verdict"]) for one in told] == [
        ("0", "wrong"),
        ("0", "wrong"),
        ("30", "followed_through"),
        ("0", "undecided"),
    ]
    assert [case.find("failure") is not None for case in cases] == [True] * 4


@pytest.mark.parametrize("options", [("-k", "9.4"), ("-n", "2")], ids=" ".join)
def test_whatever_is_selected_the_same_is_said(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = chain_kit(tmp_path).run("pytest", "assignments/09", "-p", "no:cacheprovider", *options)
    assert done.code == 1
    assert f"{WAITS} {LATER}" in done.said
    assert (RIGHT in done.said) == ("-n" in options)


def test_the_first_wrong_one_stops_the_run_and_the_root_is_named(tmp_path: Path) -> None:
    done = chain_kit(tmp_path, "\n\n".join([TWICE, UNSHARED, FOURFOLD, LARGEST])).check("-x", "-k", "9.3 or 9.4")
    assert f"{WAITS} {LATER}" in done.said
    assert "30 of 60 points" in done.said


def test_a_mistake_of_its_own_is_said_as_if_it_stood_alone(tmp_path: Path) -> None:
    own = "def fourfold(x):\n    return twice(twice(x)) + 2\n"
    alone = chain_kit(tmp_path / "alone", "\n\n".join([TWICE, SHARED, own, LARGEST])).check("-k", "9.3")
    both = chain_kit(tmp_path / "both", "\n\n".join([THREEFOLD, UNSHARED, own, LARGEST])).check("-k", "9.3")
    assert "fourfold(x=" in both.said
    finding = "got [4"
    assert finding in alone.said
    assert alone.said.replace("/alone/", "/both/") == both.said


@pytest.mark.parametrize(
    "own", ["    return shared(x).min()\n", "    raise KeyError(x.sum())\n"], ids=["a wrong answer", "an error"]
)
def test_with_everything_right_before_it_a_mistake_is_its_own(tmp_path: Path, own: str) -> None:
    done = chain_kit(tmp_path, "\n\n".join([TWICE, SHARED, FOURFOLD, "def largest(x):\n" + own])).check()
    assert "70 of 100 points" in done.said
    assert "largest(x=" in done.said
    assert "shared (9.2)" not in done.said


def test_an_error_that_comes_whatever_is_called_is_its_own(tmp_path: Path) -> None:
    own = "def fourfold(x):\n    return {}[twice(x).dim()]\n"
    done = chain_kit(tmp_path, "\n\n".join([THREEFOLD, SHARED, own, LARGEST])).check("-k", "9.3")
    assert "KeyError" in done.said
    assert "hint 9.3" in done.said


def test_an_exercise_is_solved_by_itself_alone(tmp_path: Path) -> None:
    kit = chain_kit(tmp_path, solved=True)
    assert "60 of 100 points" in kit.check().said
    lines = [json.loads(line) for line in (tmp_path / "progress.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line["exercise"], line["points"]) for line in lines] == [("9.1", 0), ("9.2", 0), ("9.3", 30), ("9.4", 30)]
    shown = kit.gradlings("progress")
    assert "60 of 100 points" in shown.said
    assert "0 of 4 exercises solved" in shown.said
    assert shown.said.count("waits for what it calls") == 2
    assert "next: 9.1 twice" in kit.gradlings().said


def every_check(card: Scorecard) -> list[tuple[str, CheckResult]]:
    return [(check.exercise, check) for score in card.exercises for check in score.checks]


@pytest.mark.parametrize("number", ["02", "03", "05", "06"])
def test_in_the_shipped_assignments_nothing_false_is_said_without_solutions(number: str) -> None:
    """Break functions that others call: later right code is right with an oracle, or undecided; never wrong."""
    (assignment,) = find_assignments(PROJECT, (number,))
    broken = {
        "02": ("linear_params", "attention_params"),
        "03": ("sigmoid", "topological_order"),
        "05": ("adam_step",),
        "06": ("causal_mask", "attention"),
    }[number]
    source = assignment.main
    names = [name for exercise in source.exercises for name in exercise.functions]
    with collected_checks(assignment.folder) as grader:
        right = RightFunctions(oracles_in(source.checks_file.read_text(encoding="utf-8"), names))
        grader.for_marks(right, 1.0)
        for name in broken:
            text = f"{source.text}\n\n# %%\ndef {name}(*args, **kwargs):\n    return None\n"
            ids = {e.id for e in source.exercises if e.id != "6.13"}  # trains a model
            card = grader.grade(from_source(text, source.path), source.checks_file, seed=0, only=ids).scorecard
            (own,) = (exercise.id for exercise in source.exercises if name in exercise.functions)
            others = [check for id, check in every_check(card) if id != own and check.verdict is not Verdict.PASS]
            assert others
            for check in others:
                assert f"{name} ({own})" in check.message
                refused = {check.exercise, check.check} & UNFIT.get(name, set())
                assert check.verdict is (Verdict.UNDECIDED if refused else Verdict.FOLLOWED_THROUGH)


def test_rules_stop_at_a_function_of_another_exercise() -> None:
    (assignment,) = find_assignments(PROJECT, ("02",))
    source = assignment.main
    sly = (
        "def linear_params(n_in, n_out, bias):\n    layer = torch.nn.Linear(n_in, n_out, bias, device='meta')\n"
        "    return sum(p.numel() for p in layer.parameters())\n"
    )
    oracles = oracles_in(source.checks_file.read_text(encoding="utf-8"), ["linear_params"])
    with collected_checks(assignment.folder) as grader:
        text = f"{source.text}\n\n# %%\nimport torch\n{sly}"
        for right in (None, RightFunctions(oracles)):
            if right is not None:
                grader.for_marks(right, 1.0)
            card = grader.grade(from_source(text, source.path), source.checks_file, seed=0).scorecard
            assert [id for id, c in every_check(card) if c.verdict is Verdict.FORBIDDEN] == ["2.3"]
            late = [check for _, check in every_check(card) if check.check == "test_published_models"]
            # the oracle of 2.3 cannot count the largest models; the solution can
            assert (card.points, late[0].verdict) == (
                (96, Verdict.FOLLOWED_THROUGH) if right is None else (91, Verdict.UNDECIDED)
            )


@linux
def test_a_class_gets_the_same_points_and_a_private_course_says_what_is_true(tmp_path: Path) -> None:
    kit = chain_kit(tmp_path, solved=True)
    (kit.root / "class").mkdir()
    (kit.root / "class" / "ann.py").write_text(SLIPS, encoding="utf-8")
    ben = in_notebook(chain_kit(tmp_path / "ben")).notebook
    (kit.root / "class" / "ben.ipynb").write_bytes(ben.read_bytes())
    url = f"sqlite:///{kit.root}/gradebook.db"
    book = ("--gradebook", url, "--course", "llm-course")
    graded = kit.gradlings("grade", "09", "class", "--to", "open", "--seed", "3", "--judges", "1", *book)
    assert graded.code == 0, graded.said
    rows = (kit.root / "open" / "scores.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [row.partition(",")[0] for row in rows] == ["ann", "ben"]
    assert all(row.endswith(",0,0,30,30") for row in rows)
    page = " ".join(feedback(kit.root / "open").split())
    assert RIGHT in page
    assert re.search(r"\b60\b.{,20}\b100\b", re.sub("<[^>]+>", "", page))
    import nbgrader.api

    with nbgrader.api.Gradebook(url, course_id="llm-course") as gradebook:
        assert [gradebook.find_submission("09", name).score for name in ("ann", "ben")] == [60, 60]
    graded = kit.gradlings("grade", "09", "class", "--to", "private", "--judges", "1", "--no-stand-ins")
    assert graded.code == 0, graded.said
    page = " ".join(feedback(kit.root / "private").split())
    assert "Your fourfold calls twice (9.1), which is not yet: start there. Until then fourfold gets no points" in page
    assert "is right" not in page
    assert "is decided when it is graded" not in page


def feedback(results: Path) -> str:
    (page,) = results.rglob("*ann*.html")
    return page.read_text(encoding="utf-8")


@linux
def test_without_a_solution_marks_are_as_at_home() -> None:
    from gradlings.grading.judge_session import JudgeSession, bundle_of

    with tempfile.TemporaryDirectory() as name:
        kit = chain_kit(Path(name))
        with JudgeSession(bundle_of(kit.folder, "chain")) as session:
            reply = session.judge(SLIPS.encode(), "chain.py", seed=5)
    assert reply.card is not None, reply.fault
    found = [(c.verdict, c.points, c.misconception) for _, c in every_check(reply.card)]
    assert found[2:] == [(Verdict.FOLLOWED_THROUGH, 30, None), (Verdict.UNDECIDED, 0, None)]
