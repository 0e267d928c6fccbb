"""What watch mode says is true when it is said, and gone once it is not: the session without a terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest

from gradlings.learning.curriculum import read_curriculum
from gradlings.learning.watch import session as watch_session
from gradlings.learning.watch.messages import CheckRequest, MessageKind, ServerMessage
from gradlings.learning.watch.screen import frame
from gradlings.learning.watch.session import Session
from gradlings.model.scorecard import CheckResult, ExerciseScore, Named, Scorecard, Verdict
from student_kit import RIGHT, Kit

WRONG = "return b - a"
MISTAKE = Named("9.1/opposite-sign", "It has the opposite sign. Which is taken from which?")


class Watching:
    """A session on a kit, with the requests that it sends, a clock, and what its screen shows."""

    def __init__(self, kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kit, self.requests, self.seconds = kit, list[CheckRequest](), 0.0
        monkeypatch.setattr(watch_session, "time", SimpleNamespace(monotonic=lambda: self.seconds))
        curriculum = read_curriculum(kit.root)
        first = curriculum.exercises[0]
        self.session = Session(curriculum, first, self.requests.append, lambda: None, skip_solved=False)
        self.session.on_message(ServerMessage(MessageKind.READY))

    def save(self, **bodies: str) -> None:
        self.kit.answer(**bodies)
        self.session.on_save({self.kit.module})

    def edit(self, old: str, new: str) -> None:
        self.kit.edit(self.kit.module, old, new)
        self.session.on_save({self.kit.module})

    def checked(self, verdict: Verdict, named: Named | None = None) -> None:
        """The answer to the last request: 9.1 with one check of this verdict."""
        checks = tuple(
            CheckResult("9.1", name, name, verdict, 5, "difference", misconception=named if name == "a" else None)
            for name in "ab"
        )
        card = Scorecard("09", "", (ExerciseScore("9.1", ("difference",), 10, checks),))
        number = self.requests[-1].number
        self.session.on_message(ServerMessage(MessageKind.FIRST, number, card, digests={"9.1": str(number)}))
        self.session.record_results()

    def wait(self, seconds: float) -> None:
        self.seconds += seconds
        self.session.on_save(set())

    def shows(self, text: str) -> bool:
        lines = frame(self.session.state, width=100, height=40, color=False, plain=True)
        return text in " ".join(" ".join(lines).split())


@pytest.fixture
def watching(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> Watching:
    return Watching(kit, monkeypatch)


def test_the_line_about_the_solution_goes_with_the_next_result(watching: Watching) -> None:
    watching.save(difference=WRONG)
    watching.checked(Verdict.WRONG)
    watching.session.on_key("s")
    assert watching.shows("The solution is offered once it is right, or after 3 attempts: 1 so far.")
    watching.edit(WRONG, RIGHT["difference"])
    assert not watching.shows("The solution is offered")
    watching.session.on_key("s")
    assert watching.shows("The solution is offered"), "the check has not ended yet"
    watching.checked(Verdict.PASS)
    assert not watching.shows("The solution is offered")
    assert watching.shows("right: n goes on")


def test_a_result_does_not_outlive_a_check_that_takes_long(watching: Watching) -> None:
    watching.save(difference=RIGHT["difference"])
    watching.checked(Verdict.PASS)
    assert watching.shows("10/10")
    watching.edit(RIGHT["difference"], "while True: pass")
    assert watching.session.pause() <= 0.5
    watching.wait(0.6)
    assert not watching.shows("10/10")
    assert not watching.shows("right:")
    assert watching.shows("Last time: 10 of 10 points. Checking again ...")
    text = "Still running after 20 s, so it was ended. An endless loop?"
    watching.session.on_message(ServerMessage(MessageKind.ENDED, watching.requests[-1].number, text=text))
    assert watching.shows("Still running after 20 s")
    assert not watching.shows("Last time")
    assert watching.shows("0 of 3 solved")
    watching.session.on_key("r")
    watching.wait(0.6)
    assert not watching.shows("Still running after 20 s")


def test_a_hint_stays_while_its_misconception_shows(watching: Watching) -> None:
    watching.save(difference=WRONG)
    watching.checked(Verdict.WRONG, MISTAKE)
    watching.session.on_key("h")
    assert watching.shows("A hint for what the last check showed")
    watching.edit(WRONG, f"d = 1\n    {WRONG}")
    watching.wait(0.6)
    watching.checked(Verdict.WRONG, MISTAKE)
    assert watching.shows("A hint for what the last check showed")
    watching.edit(f"d = 1\n    {WRONG}", "return a")
    watching.checked(Verdict.WRONG)
    assert not watching.shows("A hint for what the last check showed")


def test_the_last_exercise_leads_nowhere(watching: Watching) -> None:
    state = watching.session.state
    last = state.curriculum.exercises[-1]
    checks = (CheckResult(last.id, "a", "a", Verdict.PASS, 5, "f"),)
    solved = replace(state, exercise=last, score=ExerciseScore(last.id, ("f",), 5, checks))
    shown = "\n".join(frame(solved, width=100, height=40, color=False, plain=True))
    assert "right: s shows other solutions" in shown


@pytest.mark.parametrize("end", [lambda w: w.session.on_key("j"), lambda w: w.session.on_key("l")])
def test_a_warning_about_the_record_stays_until_a_key(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, end: Callable[[Watching], None]
) -> None:
    (kit.root / "progress.jsonl").write_bytes(b"{oops}\n")
    watching = Watching(kit, monkeypatch)
    watching.save(difference=WRONG)
    watching.checked(Verdict.WRONG)
    assert watching.shows("1 line of progress.jsonl cannot be read.")
    end(watching)
    assert not watching.shows("1 line of progress.jsonl cannot be read.")
