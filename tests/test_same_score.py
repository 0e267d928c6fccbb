"""A score from a locked-down worker is the score from home, for every solution, variant and misconception of the kit,
and for files with two of these.

Here a sample; with EVERY=1 in the environment all of them, as an author does after a change to judge or worker:

    EVERY=1 pytest tests/test_same_score.py
"""

import os
import random
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from changed_exercises import exercises_changed
from gradlings.authoring.assignment import find_assignments
from gradlings.authoring.catalogue import load_catalogue
from gradlings.grading.class_inputs import graded_source_name
from gradlings.model.exercise import read_exercises
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import Scorecard, Verdict
from gradlings.submission.reader import from_source

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
if sys.platform == "linux":
    from gradlings.runners.session import collected_checks
    from gradlings.sandbox.judge import Judge

ROOT = Path(__file__).parents[1]
ASSIGNMENTS = sorted(path.name for path in (ROOT / "assignments").glob("[0-9]*"))
ONE_IN = 1 if os.environ.get("EVERY") else 24
TWO_SLIPS = 20 if os.environ.get("EVERY") else 2


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    exercises = [exercise for path in (ROOT / "assignments").glob("*/test_*.py") for exercise in read_exercises(path)]
    with Judge(exercises, closed=[ROOT / "solutions"]) as judge:
        yield judge


def submissions_of(number: str, source_name: str) -> Iterator[tuple[str, str]]:
    """Name and source text: the solution, the stub, and variants and misconceptions."""
    folder = ROOT / "solutions" / number
    solution = (folder / f"{source_name}.py").read_text(encoding="utf-8")
    yield "solution", solution
    yield "stub", (ROOT / "assignments" / number / f"{source_name}.py").read_text(encoding="utf-8")
    for kind in ("variants", "misconceptions"):
        for entry in load_catalogue(folder / f"{kind}.py"):
            name = f"{kind}: {entry.exercise} {entry.name}"
            if zlib.crc32(name.encode()) % ONE_IN == 0:
                yield name, entry.submission(solution)
    drawn = random.Random(number)
    mistakes = load_catalogue(folder / "misconceptions.py")
    for _ in range(TWO_SLIPS):
        first, second = drawn.sample(mistakes, 2)
        name = f"two slips: {first.exercise} {first.name}, {second.exercise} {second.name}"
        yield name, second.submission(first.submission(solution))


def reported(card: Scorecard) -> dict[str, Any]:
    """Points and report of every check; not which limit stopped it, since a worker may have less memory."""
    stopped = (Verdict.TIMEOUT, Verdict.MEMORY)
    return {
        f"{check.exercise}::{check.check}": (check.points, "stopped")
        if check.verdict in stopped
        else (check.points, check.verdict, check.message, check.rows, check.claim)
        for score in card.exercises
        for check in score.checks
    }


@pytest.mark.parametrize("number", ASSIGNMENTS)
def test_a_score_from_a_worker_is_the_score_from_home(number: str, judge: Judge) -> None:
    folder = ROOT / "assignments" / number
    source_name = graded_source_name(folder)
    checks, path = folder / f"test_{source_name}.py", ROOT / "solutions" / number / f"{source_name}.py"
    drivers = (folder / "drivers.py").read_text(encoding="utf-8") if (folder / "drivers.py").is_file() else ""
    different, compared = [], 0
    (assignment,) = find_assignments(ROOT, (number,))
    with collected_checks(folder) as grader:
        for seed, (name, text) in enumerate(submissions_of(number, source_name)):
            only = exercises_changed(assignment, text)  # none of the solution: then all are graded
            here = grader.grade(from_source(text, path), checks, seed=seed, only=only).scorecard
            there = grader.check(judge.load(text.encode(), str(path), drivers), checks, seed=seed, only=only).scorecard
            compared += 1
            for check, home in reported(here).items():
                if reported(there)[check] != home:
                    different.append(f"{name}, {check}: at home {home}, for marks {reported(there)[check]}")
    assert different == []
    assert compared > 2


_PARTS = '''
import pytest
from gradlings import agree, exercise, floats


@pytest.fixture
def factor():
    return 2.0


@exercise("9.1", "double", points=9)
class TestDouble:
    def test_plain(self, student, probes):
        """Ours alone"""
        agree(student.double, probes([(floats([1.0]),)]), lambda x: 2.0 * x)

    def test_fixture(self, student, probes, factor):
        """With a fixture of its own"""
        agree(student.double, probes([(floats([1.0]),)]), lambda x: factor * x)

    @pytest.mark.skipif(True, reason="not here")
    def test_marked(self, student, probes):
        """With a mark"""
        agree(student.double, probes([(floats([1.0]),)]), lambda x: 3.0 * x)
'''


def test_a_check_that_asks_pytest_for_more_gets_it_in_every_mode(tmp_path: Path) -> None:
    folder = tmp_path / "09"
    folder.mkdir()
    checks = folder / "test_parts.py"
    checks.write_text(_PARTS)
    submission = from_source("def double(x):\n    print(x)\n    return 2 * x", folder / "parts.py")
    found = []
    for mode in (RunMode.GRADING, RunMode.PROOF):
        with collected_checks(folder, mode=mode) as grader:
            graded = grader.grade(submission, checks, seed=1)
        (score,) = graded.scorecard.exercises
        found.append([(check.check, check.verdict, check.points) for check in score.checks])
        assert {name: len(seen) for name, seen in graded.examinations.items() if seen} == {
            "9.1::test_plain": 1,
            "9.1::test_fixture": 1,
        }
    assert found[0] == found[1]
    assert [verdict for _, verdict, _ in found[0]] == [Verdict.PASS, Verdict.PASS, Verdict.NOT_ATTEMPTED]
