"""Scorecards: what they add up to, that JSON keeps them, and what pytest leaves in one."""

import ast
import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradlings.authoring.assignment import find_assignments
from gradlings.authoring.verify_all import select_exercises
from gradlings.model.errors import InputError
from gradlings.model.exercise import read_exercises, shares
from gradlings.model.scorecard import CheckResult, ExerciseScore, Named, Row, Scorecard, Verdict
from gradlings.progress.record import declared_exercises
from student_kit import PROJECT

tried = settings(deadline=None, derandomize=True, max_examples=100)
words = st.text(max_size=12)
some_words = st.lists(words, max_size=3).map(tuple)
small = st.integers(0, 20)
named = st.builds(Named, words, words)
rows = st.builds(Row, words, words, words, st.booleans())
checks = st.builds(
    CheckResult,
    exercise=words,
    check=words,
    title=words,
    verdict=st.sampled_from(Verdict),
    max_points=small,
    message=words,
    call=words,
    rows=st.lists(rows, max_size=2).map(tuple),
    place=words,
    probes_right=small,
    probes=small,
    fitting=st.lists(named, max_size=2).map(tuple),
    misconception=st.none() | named,
    claim=words,
    notes=some_words,
    trace=some_words,
    printed=words,
    share=st.floats(0, 1),
)
exercises = st.builds(ExerciseScore, words, some_words, small, st.lists(checks, min_size=1, max_size=3).map(tuple))
scorecards = st.builds(
    Scorecard, words, words, st.lists(exercises, max_size=3).map(tuple), some_words, st.integers(0, 2**31), small
)


SENTENCE = "All of them are told alike. Which one is it?"


def check(verdict: Verdict, points: int = 5, says: tuple[str, ...] = ()) -> CheckResult:
    return CheckResult("9.1", "test_it", "it", verdict, points, fitting=tuple(Named(id, SENTENCE) for id in says))


@tried
@given(scorecards)
def test_json_keeps_everything(card: Scorecard) -> None:
    there_and_back = Scorecard.from_json(card.to_json())
    assert there_and_back == card
    assert hash(there_and_back) == hash(card)
    assert there_and_back.to_json() == card.to_json()


@tried
@given(scorecards)
def test_points_add_up(card: Scorecard) -> None:
    checks = [found for score in card.exercises for found in score.checks]
    passed = sum(found.max_points for found in checks if found.verdict is Verdict.PASS)
    followed = sum(round(c.max_points * c.share) for c in checks if c.verdict is Verdict.FOLLOWED_THROUGH)
    assert card.points == passed + followed
    assert card.full_marks == all(found.verdict is Verdict.PASS for score in card.exercises for found in score.checks)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"assignment": 3}', '{"assignment": "03"'])
def test_json_that_is_no_scorecard_is_refused(text: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        Scorecard.from_json(text)


def test_results_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        check(Verdict.WRONG).verdict = Verdict.PASS  # type: ignore[misc]


@pytest.mark.parametrize("verdict", [v for v in Verdict if v not in (Verdict.PASS, Verdict.FOLLOWED_THROUGH)])
def test_only_a_pass_earns_points(verdict: Verdict) -> None:
    score = ExerciseScore("9.1", ("f",), 10, (check(Verdict.PASS), check(verdict)))
    assert score.points == 5
    assert not score.solved
    assert score.attempted
    assert not ExerciseScore("9.1", ("f",), 5, (check(Verdict.NOT_ATTEMPTED),)).attempted


def test_a_mistake_is_named_if_it_alone_explains_every_check() -> None:
    def named(*said: tuple[str, ...], last: Verdict = Verdict.WRONG) -> tuple[str, ...]:
        results = [*(check(Verdict.WRONG, says=says) for says in said[:-1]), check(last, says=said[-1])]
        return ExerciseScore("9.1", ("f",), 10, tuple(results)).with_fitting_named().misconceptions

    assert named(("sign",), ("sign",)) == ("sign",)
    assert named(("sign", "mean"), ("sign",)) == ("sign",)
    assert named(("sign", "mean"), ("sign", "mean")) == (), "two explain everything: silence"
    assert named(("sign",), ("mean",)) == (), "none explains both"
    assert named(("sign",), ()) == ()
    assert named(("sign",), ("sign", "mean"), last=Verdict.PASS) == ("sign",), "it would pass that check, too"
    assert named(("sign",), (), last=Verdict.PASS) == (), "it would not pass that check"
    assert named(("sign",), last=Verdict.PASS) == (), "nothing is wrong"


def test_a_scorecard_names_a_misconception_only_where_an_answer_is_wrong_and_a_page_shows_it() -> None:
    def score(*verdicts: Verdict) -> ExerciseScore:
        checks = [check(verdict, says=("sign",)) for verdict in verdicts]
        return ExerciseScore("9.1", ("f",), 10, tuple(checks)).with_fitting_named()

    def named(*verdicts: Verdict) -> list[str]:
        checks = score(*verdicts).checks
        assert not any(each.fitting for each in checks), "what fits is for the run alone"
        return [each.misconception.id if each.misconception else "" for each in checks]

    right, wrong, followed = Verdict.PASS, Verdict.WRONG, Verdict.FOLLOWED_THROUGH
    assert named(right, right) == ["", ""]
    assert named(right, wrong, wrong) == ["", "sign", ""]
    assert named(followed, right) == ["", ""], "nothing of its own is wrong"
    assert named(followed, wrong) == ["", "sign"], "its own mistake comes first"
    assert score(followed, wrong).shown[""].verdict is wrong
    assert named(Verdict.GRADER_ERROR, right) == ["", ""]


# ---- points and declarations


@tried
@given(st.integers(0, 1000), st.integers(1, 50))
def test_shares_add_up_and_differ_by_one_at_most(points: int, parts: int) -> None:
    split = shares(points, parts)
    assert sum(split) == points
    assert len(split) == parts
    assert max(split) - min(split) <= 1
    assert split == sorted(split, reverse=True), "the first ones get the rest"


def declared(tmp_path: Path, decorator: str, body: str = "def test_it(self): ...") -> Path:
    path = tmp_path / "test_declared.py"
    path.write_text(f"from gradlings import exercise\n\n\n{decorator}\nclass TestIt:\n    {body}\n", encoding="utf-8")
    return path


def test_an_exercise_is_read_from_the_source_alone(tmp_path: Path) -> None:
    path = declared(
        tmp_path,
        '@exercise("9.1", "f", "g", points=7, minutes=4, difficulty=2, forbids="autograd", builds_on=("8.1",))',
        'def test_a(self):\n        """The first.\n\n        More."""\n\n'
        "    def helper(self): ...\n\n    def test_b_c(self): ...",
    )
    (found,) = read_exercises(path)
    assert (found.id, found.functions, found.points, found.class_name) == ("9.1", ("f", "g"), 7, "TestIt")
    assert (found.minutes, found.difficulty, found.seconds) == (4, 2, 5.0)
    assert (found.forbids, found.builds_on) == (("autograd",), ("8.1",))
    assert [(c.name, c.title, c.points) for c in found.checks] == [("test_a", "The first.", 4), ("test_b_c", "b c", 3)]


@pytest.mark.parametrize(
    ("decorator", "body"),
    [
        ('@exercise("9.1", "f")', "def test_it(self): ..."),
        ('@exercise("9.1", points=3)', "def test_it(self): ..."),
        ('@exercise("9.1", "f", points=3)', "def helper(self): ..."),
        ('@exercise("9.1", NAME, points=3)', "def test_it(self): ..."),
        ('@exercise("9.1", "f", points=2 * x)', "def test_it(self): ..."),
        ('@exercise("9.1", "f", points=3, minute=3)', "def test_it(self): ..."),
        ('@exercise("9.1", "f", points=3)', "def test_it(self:"),
    ],
)
def test_a_wrong_declaration_names_file_and_line(tmp_path: Path, decorator: str, body: str) -> None:
    path = declared(tmp_path, decorator, body)
    with pytest.raises(InputError, match=r"test_declared\.py:\d"):
        read_exercises(path)


def test_a_file_of_checks_is_parsed_once_and_again_when_its_text_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []
    parse = ast.parse

    def counting(source: str) -> ast.Module:
        parsed.append(source)
        return parse(source)

    monkeypatch.setattr("gradlings.model.exercise.ast.parse", counting)
    path = declared(tmp_path, '@exercise("9.1", "f", points=3)', "def test_it(self): ...")
    assert read_exercises(path) == read_exercises(path)
    assert len(parsed) == 1
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    declared(tmp_path, '@exercise("9.1", "f", points=4)', "def test_it(self): ...")
    os.utime(path, ns=times)
    assert read_exercises(path)[0].points == 4


def test_other_files_declare_nothing(tmp_path: Path) -> None:
    path = tmp_path / "test_other.py"
    path.write_text('def test_it():\n    text = \'@exercise("9.1", "f", points=3)\'\n', encoding="utf-8")
    assert read_exercises(path) == ()


def test_none_of_this_needs_torch() -> None:
    script = "import sys, gradlings.model.scorecard, gradlings.runners.results; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_exercises_come_in_the_order_of_their_file_and_a_warm_up_first() -> None:
    ids = [exercise.id for _, exercise in declared_exercises(PROJECT / "assignments" / "03")]
    assert ids.index("3.11") == ids.index("3.3") + 1
    assert [exercise.id for exercise in find_assignments(PROJECT, ("03",))[0].exercises] == ids
    assert list(select_exercises(PROJECT, ("3.4", "4.9", "3.11", "4.11"))[1]) == ["3.11", "3.4", "4.11", "4.9"]
    assert declared_exercises(PROJECT / "assignments" / "01")[0][1].id == "1.0"
