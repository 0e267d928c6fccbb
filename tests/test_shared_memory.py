"""What one submission leaves for the next: what is true of the probes, and nothing that is the submission's own."""

import gc
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from gradlings.model.observation import CallResult
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission.reader import from_source
from student_kit import Kit

SEED = 7  # not the public one, at which a sentence of the catalogue would take the place of the claim
SWAPPED, DOUBLED, HALVED = "return b - a", "return 2 * (a - b)", "return (a - b) / 2"
CLAIMS = {
    SWAPPED: "Every value has the opposite sign",
    DOUBLED: "Every value is exactly 2 times too large",
    HALVED: "Every value is exactly half of the right one",
}
Grade = Callable[[Grader, str], str]


def module(body: str) -> str:
    return f"def difference(a, b):\n    {body}\n"


def claim_at_home(kit: Kit) -> Grade:
    """Grades a submission in this process and returns the claim about its second check."""

    def grade(grader: Grader, body: str) -> str:
        submission = from_source(module(body), Path("tiny.py"))
        card = grader.grade(submission, kit.folder / "test_tiny.py", seed=SEED, only=("9.1",)).scorecard
        return card.exercises[0].checks[1].claim

    return grade


def misnamed(kit: Kit, grade: Grade, bodies: Iterable[str]) -> list[tuple[str, str]]:
    """Submissions with another claim than their own, where all meet the same probes."""
    with collected_checks(kit.folder) as grader:
        claims = [(body, grade(grader, body)) for body in bodies]
    return [(body, claim) for body, claim in claims if not claim.startswith(CLAIMS[body])]


def test_each_wrong_answer_gets_a_claim_of_its_own(built_kit: Kit) -> None:
    assert misnamed(built_kit, claim_at_home(built_kit), [SWAPPED, DOUBLED, HALVED] * 5) == []


@pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
def test_each_wrong_answer_gets_a_claim_of_its_own_from_a_worker(built_kit: Kit) -> None:
    from gradlings.sandbox.judge import Judge

    checks = built_kit.folder / "test_tiny.py"
    drivers = (built_kit.folder / "drivers.py").read_text(encoding="utf-8")
    with Judge() as judge:

        def grade(grader: Grader, body: str) -> str:
            runner = judge.load(module(body).encode(), "tiny.py", drivers)
            return grader.check(runner, checks, seed=SEED, only=("9.1",)).scorecard.exercises[0].checks[1].claim

        assert misnamed(built_kit, grade, [SWAPPED, DOUBLED, SWAPPED, HALVED, DOUBLED]) == []


def test_results_of_a_submission_are_not_kept_for_the_next(built_kit: Kit) -> None:
    """Values of code that runs in this process belong to it: kept, they could be changed later, and would pile up."""
    grade = claim_at_home(built_kit)
    with collected_checks(built_kit.folder) as grader:
        alive = []
        for body in [SWAPPED, DOUBLED, HALVED, SWAPPED]:
            grade(grader, body)
            alive.append(results_alive())
    assert alive[0] > 0
    assert alive == alive[:1] * 4


def results_alive() -> int:
    gc.collect()
    return sum(type(each) is CallResult for each in gc.get_objects())
