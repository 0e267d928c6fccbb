"""Code that meets the right functions of follow-through and tries to gain by them: at home, and in marks."""

from __future__ import annotations

import multiprocessing
import sys
import tomllib
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chain_kit import chain_kit
from gradlings.model.scorecard import Scorecard, Verdict
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission.reader import from_source
from student_kit import Kit

if TYPE_CHECKING:
    from gradlings.grading.judge_session import JudgeSession

ATTACKS = Path(__file__).parent / "stand_in_attacks"
NAMES = sorted(path.parent.name for path in ATTACKS.glob("*/expect.toml"))
SECONDS = 300
linux = pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")


def expected(name: str) -> dict[str, Any]:
    return tomllib.loads((ATTACKS / name / "expect.toml").read_text())


def told(card: Scorecard) -> list[tuple[str, str, str]]:
    return [(c.exercise, c.verdict.value, c.message) for score in card.exercises for c in score.checks]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kit, Grader]]:
    kit = chain_kit(tmp_path_factory.mktemp("home"), solved=True)
    with collected_checks(kit.folder) as grader:
        yield kit, grader


def grade_at_home(kit: Kit, grader: Grader, text: str, to: Connection) -> None:
    card = grader.grade(from_source(text, kit.module), kit.folder / "test_chain.py", seed=0).scorecard
    to.send((card.points, told(card)))


@linux
@pytest.mark.parametrize("name", NAMES)
def test_at_home_nothing_is_gained(home: tuple[Kit, Grader], name: str) -> None:
    """In a process of its own: these leave traces in theirs."""
    here, there = multiprocessing.Pipe(duplex=False)
    text = (ATTACKS / name / "submission.py").read_text()
    child = multiprocessing.get_context("fork").Process(target=grade_at_home, args=(*home, text, there))
    child.start()
    there.close()
    try:
        assert here.poll(SECONDS)
        points, said = here.recv()
    finally:
        child.kill()
        child.join()
    assert points == expected(name)["home"], said
    assert forbidden(said) == expected(name).get("forbidden", [])


def forbidden(said: list[tuple[str, str, str]]) -> list[str]:
    return [exercise for exercise, verdict, _ in said if verdict == Verdict.FORBIDDEN.value]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kit, JudgeSession]]:
    from gradlings.grading.judge_session import JudgeSession, bundle_of

    kit = chain_kit(tmp_path_factory.mktemp("attacked"), solved=True)
    with JudgeSession(bundle_of(kit.folder, "chain", hidden=kit.sources / "hidden.py")) as session:
        yield kit, session


@linux
@pytest.mark.parametrize("name", NAMES)
def test_in_marks_nothing_is_gained(judge: tuple[Kit, JudgeSession], name: str) -> None:
    kit, session = judge
    reply = session.judge((ATTACKS / name / "submission.py").read_bytes(), "chain.py", seed=11)
    assert reply.card is not None, reply.fault
    assert reply.card.points == expected(name)["judge"], told(reply.card)
    assert forbidden(told(reply.card)) == expected(name).get("forbidden", [])
    assert Verdict.GRADER_ERROR.value not in {verdict for _, verdict, _ in told(reply.card)}
    honest = session.judge((kit.sources / "chain.py").read_bytes(), "chain.py", seed=11)
    assert honest.card is not None
    assert honest.card.points == 100
