"""What a failed check reports to the student: the verdict, the sentence, the likely misconception."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from gradlings.checks.call_variants import Calls
from gradlings.checks.compare_leaf import Difference, Rules
from gradlings.checks.diagnosis.diagnose import FailingCall, diagnose
from gradlings.checks.verdicts import Comparison, MustRaise
from gradlings.execution.student_api import StudentFunction
from gradlings.model.observation import CallResult, NotKept
from gradlings.model.rule_table import RULES
from gradlings.model.rules import Breach
from gradlings.model.scorecard import Picture, Row, Verdict
from gradlings.submission.reader import shown


@dataclass(frozen=True)
class Failure:
    """What a failed check observed, for the report; the fields are those of `CheckResult`."""

    verdict: Verdict
    message: str
    call: str = ""
    rows: tuple[Row, ...] = ()
    picture: Picture | None = None
    place: str = ""
    probes_right: int = 0
    probes: int = 0
    claim: str = ""
    trace: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class WrongCall:
    """The first call of a check that is not right, with all that is needed to make it again."""

    function: str
    driver: bool
    """Whether `function` is a driver of the assignment, and not the student's own."""
    parameters: tuple[str, ...]
    args: tuple[Any, ...]
    """As the student's function gets them; nobody has changed them."""
    expected: tuple[Any, ...]
    """What is right, if one value is; `MustRaise` among them. Empty where a property decides."""
    rules: Rules
    """How the answer is compared with it."""
    changed: str = ""
    """The input that the call changed though it must not."""


class CheckFailed(AssertionError):
    """A check failed; `failure` is what the student reads, `cause` what student code raised, if it did."""

    def __init__(self, failure: Failure, cause: BaseException | None = None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.cause = cause


def message_of(function: StudentFunction, result: CallResult, found: Difference, parameters: list[str]) -> str:
    """Return what happened in one or two sentences; empty where the values say it."""
    if result.raised is None or found.sentence:
        return found.sentence
    if result.verdict is Verdict.MEMORY and result.raised.kind != "OverBudget":
        return "The function asked for more memory than there is."
    return function.sentence_for(result.verdict, result.raised, ", ".join(parameters))


def diagnosis_of(
    calls: Calls,
    results: Sequence[CallResult],
    comparisons: Sequence[Comparison],
    parameters: Sequence[str],
    rules: Rules,
    key: Hashable | None,
) -> str:
    """Return the sentence of a general signature that explains every failing call, or "".

    Diagnosis is expensive: where every result is one that other submissions share, it is done once for all of them.
    There may be fewer results and comparisons than calls. `key` stands for the oracle; None if that may hold state.
    """

    def find() -> str:
        failing_calls = []
        for call, result, (found, expected) in zip(calls, results, comparisons, strict=False):
            if found is None:
                continue
            if isinstance(result.value, NotKept) or result.raised or isinstance(expected, MustRaise):
                return ""
            if expected is not None:
                arguments = dict(zip(parameters, call, strict=False))
                failing_calls.append(FailingCall(result.value, expected, arguments))
        return (diagnose(failing_calls, rules.names, rules.tolerances) or "") if failing_calls else ""

    known = ("diagnosis", key, rules, *results) if key is not None and calls.memory.recurs(*results) else None
    return calls.memory.recall(known, find)


def failure_of_breaches(breaches: Sequence[Breach]) -> Failure:
    """Return what is reported of code that used what its exercise forbids."""
    first = breaches[0]
    message = f"This exercise is to be solved without {RULES[first.rule].label}; your code uses {first.what}."
    others = ", ".join(str(breach.line) for breach in breaches[1:5])
    return Failure(
        verdict=Verdict.FORBIDDEN,
        message=message + (f" (Also in line {others}.)" if others else ""),
        call=first.code,
        place=f"{shown(first.file)}:{first.line}",
    )
