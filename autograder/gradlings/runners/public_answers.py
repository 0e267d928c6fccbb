"""What is learned of wrong answers on the public probes, where the whole class met the same inputs.

That is which misconception they are, and a digest of what came back: students whose digests are equal made the same
mistake, also where no catalogue has a name for it. Nothing of it depends on a secret seed or on hidden probes.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gradlings.model.observation import Examination
from gradlings.model.scorecard import CheckResult, ExerciseScore, Scorecard, Verdict
from gradlings.model.text import encodable
from gradlings.submission.anonymous_code import anonymous, known_words

if TYPE_CHECKING:
    from gradlings.runners.session import Graded

_COMPARED = (Verdict.WRONG, Verdict.ERROR)
_NEVER_ENDED = (Verdict.TIMEOUT, Verdict.MEMORY, Verdict.CRASH)
_STEPS = {"float64": 1e6, "float32": 1e2, "float16": 10.0, "bfloat16": 3.0}
"""Into how many steps the size of a value is cut, by dtype: far coarser than sums in another order differ."""
_OFFSET = 0.3819660113  # so that no number that people calculate with lies where two steps meet
_ZERO = {"float64": 1e-12, "float32": 1e-6}
_PLAIN = ("float64", "int64", "bool")
"""A tensor of such a dtype that has no axes counts as a Python number."""
_DIGITS_OF_DIGEST = 16


def exercises_with_answers(card: Scorecard) -> set[str]:
    """Return the exercises with a wrong answer, without those in which something hung or died and is not run again."""
    return {score.id for score in card.exercises if _has_an_answer(score)}


def with_public_answers(card: Scorecard, public: Graded, *, named: bool) -> Scorecard:
    """Return the same verdicts, with what wrong answers show on the public probes: misconceptions, and outcomes.

    Args:
        card: all exercises.
        public: those that are wrong, on the public probes.
        named: whether the misconceptions of `card` are theirs already.
    """
    names = {score.id: score.named for score in public.scorecard.exercises}
    scores = card.exercises if named else tuple(each.naming(names.get(each.id, {})) for each in card.exercises)
    failing = {
        f"{score.id}::{check.check}"
        for score in public.scorecard.exercises
        for check in score.checks
        if check.verdict in _COMPARED
    }

    def told(check: CheckResult) -> CheckResult:
        name = f"{check.exercise}::{check.check}"
        if name not in failing or check.verdict not in _COMPARED:
            return check
        return replace(check, outcome=outcome_digest(public.examinations.get(name, ())))

    return replace(card, exercises=tuple(replace(each, checks=tuple(map(told, each.checks))) for each in scores))


def unnamed_functions(
    card: Scorecard, read: Callable[[Sequence[str]], Mapping[str, str]], words: tuple[str, ...]
) -> dict[str, str]:
    """Return the texts of the functions whose wrong answers no misconception explains, made anonymous.

    `read` gives what `anonymous_code.code_of` does; it is asked at most once, for all functions. The words of the texts
    `words`, such as the checks, are no student's own.
    """
    unnamed = {
        name: None
        for score in card.exercises
        for subject, check in score.shown.items()
        if check.outcome and subject not in score.named
        for name in subject.split(", ")
    }
    code = read([name for score in card.exercises for name in score.functions]) if unnamed else {}
    known = _known_words(words).union(code) if code else frozenset()
    return {name: encodable(anonymous(code[name], known)) for name in unnamed if name in code}


_known_words = lru_cache(maxsize=2)(known_words)


def outcome_digest(examinations: Sequence[Examination]) -> str:
    """Return a digest of what a check observed; "" where it observed nothing.

    It is the same where only rounding differs, or what checks take for the same: a tuple and a list, a number and a
    tensor without axes.
    """
    from gradlings.checks.misconception_match import observed  # deferred: needs torch

    seen = _comparable(observed(examinations))
    if not seen:
        return ""
    text = json.dumps(seen, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS_OF_DIGEST]


def _has_an_answer(score: ExerciseScore) -> bool:
    verdicts = {check.verdict for check in score.checks}
    return bool(verdicts & {*_COMPARED}) and not verdicts & {*_NEVER_ENDED}


def _comparable(value: Any) -> Any:
    """Return an encoded observation in which equal means: equal to whoever compares answers."""
    if isinstance(value, float):
        return ["number", *_stepped([value], "float64")]
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("v"), list) and (dtype := value.get("t")):
        if dtype in _PLAIN and not value["s"]:
            return _comparable(value["v"][0])
        return [dtype, value["s"], *_stepped(value["v"], str(dtype))]
    if "np" in value:
        return ["np", value["np"], value["s"], *_stepped(_flat(value["v"]), value["np"])]
    for container in ("tuple", "list"):
        if container in value:
            return ["sequence", *map(_comparable, value[container])]
    return {key: _comparable(item) for key, item in value.items()}


def _flat(value: Any) -> list[Any]:
    return value["list"] if isinstance(value, dict) and "list" in value else [value]


def _stepped(numbers: Iterable[Any], dtype: str) -> list[Any]:
    """Return numbers as whole steps: their size, and each as a share of it. What is no finite float stays as it is."""
    values = list(numbers)
    floats = [abs(value) for value in values if isinstance(value, float)]
    size, steps = max(floats, default=0.0), _STEPS.get(dtype, 1e6)
    if size < _ZERO.get(dtype, 1e-12):
        return [0, *(0 if isinstance(value, float) else value for value in values)]
    shares = (_step(value / size, steps) if isinstance(value, float) else value for value in values)
    return [_step(math.log(size), steps), *shares]


def _step(number: float, steps: float) -> int:
    return math.floor(number * steps + _OFFSET)
