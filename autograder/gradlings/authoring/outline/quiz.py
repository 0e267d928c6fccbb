"""Quiz questions from misconceptions: a call, what comes out of it, and what comes out where one has the wrong idea.

The wrong answers are what entries of the catalogue give on a probe of the checks, as a student's page would show it.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from gradlings.authoring.assignment import Assignment
from gradlings.model.exercise import Exercise
from gradlings.model.misconceptions import Misconception
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import CheckResult, Verdict
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission.reader import from_source

COUNT = 3
"""Questions of an assignment."""
_WRONG = 2
"""Wrong answers that a question offers."""
_TRIED = 8
"""Catalogue entries of an exercise that are tried, since each costs a run of its checks."""
_MAX_CALL_CHARS = 100
_MAX_ANSWER_CHARS = 60


@dataclass(frozen=True)
class WrongAnswer:
    """What comes out of a call where one has a misconception."""

    answer: str
    misconception: Misconception


@dataclass(frozen=True)
class Question:
    """What comes out of this call, and why?"""

    exercise: str
    call: str
    """Python, with tensors written as lists."""
    part: str
    """Of what comes out, if that has several: the name of the one that is asked for; else empty."""
    right: str
    wrong: tuple[WrongAnswer, ...]
    driver: str = ""
    """What the called function does, if it is not one that students write but a driver of the checks."""

    @property
    def choices(self) -> tuple[str, ...]:
        """The right answer and the wrong ones, in an order that does not tell which is which."""
        return tuple(sorted([self.right, *(each.answer for each in self.wrong)]))


def questions(assignment: Assignment) -> tuple[Question, ...]:
    """Return up to `COUNT` questions of an assignment, from exercises spread over it.

    The checks run on catalogue entries, until there are enough. Questions on a function that students write come before
    those on a driver of the checks, which needs explaining.

    Raises:
        InputError: the checks cannot be collected, or the catalogue is not as it must be.
    """
    exercises = assignment.main.exercises
    with collected_checks(assignment.folder, mode=RunMode.PROOF) as grader:
        maker = _QuestionMaker(assignment, grader)
        size = -(-len(exercises) // COUNT)
        parts = [exercises[start : start + size] for start in range(0, len(exercises), size)]
        found = {each.exercise: each for part in parts for each in islice(maker.questions_of(part), 1)}
        others = [each for each in exercises if each.id not in found]
        found |= {each.exercise: each for each in islice(maker.questions_of(others), COUNT - len(found))}
    return tuple(found[exercise.id] for exercise in exercises if exercise.id in found)


class _QuestionMaker:
    """Makes questions of the catalogue entries of an assignment."""

    def __init__(self, assignment: Assignment, grader: Grader) -> None:
        self._source, self._grader = assignment.main, grader
        self._entries = assignment.catalogue("misconceptions")
        self._told = {each.id: each for each in assignment.misconceptions()}
        self._drivers = _docstrings(assignment.folder / "drivers.py")
        self._question_of = lru_cache(maxsize=None)(self._made_of)

    def questions_of(self, exercises: Sequence[Exercise]) -> Iterator[Question]:
        """Yield the questions that some exercises make, those on a driver last."""
        for driver in (False, True):
            for exercise in exercises:
                question = self._question_of(exercise)
                if question and bool(question.driver) is driver:
                    yield question

    def _made_of(self, exercise: Exercise) -> Question | None:
        """Return a question on the first call to which entries of an exercise give enough different answers."""
        wrong: defaultdict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
        for call, part, right, answer, id in self._wrong_answers(exercise):
            ids = wrong[call, part, right]
            if id not in ids.values():
                ids.setdefault(answer, id)
            if len(ids) == _WRONG:
                answers = tuple(WrongAnswer(each, self._told[id]) for each, id in sorted(ids.items()))
                driver = self._drivers.get(call.partition("(")[0], "")
                return Question(exercise.id, call, part, right, answers, driver)
        return None

    def _wrong_answers(self, exercise: Exercise) -> Iterator[tuple[str, str, str, str, str]]:
        """Yield call, part of the answer, what is right, what an entry gives, and its misconception."""
        for entry in [entry for entry in self._entries if entry.exercise == exercise.id][:_TRIED]:
            submission = from_source(entry.submission(self._source.text), self._source.path)
            card = self._grader.grade(submission, self._source.checks_file, seed=0, only=(exercise.id,)).scorecard
            for check in (check for score in card.exercises for check in score.shown.values()):
                if check.verdict is Verdict.WRONG and _can_be_asked(check):
                    row = next(row for row in check.rows if not row.right)
                    yield check.call, row.name, row.expected, row.got, entry.id


def _docstrings(path: Path) -> dict[str, str]:
    """Return the first paragraphs of the docstrings of a module's functions; none if there is no module."""
    if not path.is_file():
        return {}
    functions = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)]
    found = {node.name: ast.get_docstring(node) or "It calls the functions of the exercise." for node in functions}
    return {name: " ".join(text.partition("\n\n")[0].split()) for name, text in found.items()}


def _can_be_asked(check: CheckResult) -> bool:
    """Whether a call has inputs, and they and the first wrong part of its answer are short and written out in full."""
    row = next((row for row in check.rows if not row.right), None)
    return (
        row is not None
        and row.got != row.expected
        and not check.call.endswith("()")
        and len(check.call) <= _MAX_CALL_CHARS
        and _is_written_out(check.call)
        and all(len(text) <= _MAX_ANSWER_CHARS and _is_written_out(text) for text in (row.got, row.expected))
    )


def _is_written_out(text: str) -> bool:
    """Whether a text is Python in which nothing is abbreviated: "(2, 3) float64" and "[0, 0] = 2.0" are not."""
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        return False
    keys = [key for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys]
    return not any(isinstance(node, ast.Name) for node in keys) and not any(
        isinstance(node, ast.Constant) and node.value is ... for node in ast.walk(tree)
    )
