"""What a failed check has to say to the student: the verdict, the sentence, the likely misconception."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradlings.checks.compare import Difference
from gradlings.checks.diagnosis.diagnose import Trial, diagnose
from gradlings.checks.probes import Calls, Ladder
from gradlings.checks.verdicts import Judgement, MustRaise
from gradlings.execution.error_hints import error_sentence, time_sentence
from gradlings.execution.student_api import StudentFunction
from gradlings.model.observation import CallResult
from gradlings.model.rule_table import RULES
from gradlings.model.rules import Breach
from gradlings.model.scorecard import Picture, Row, Verdict
from gradlings.submission.reader import shown


@dataclass(frozen=True)
class Evidence:
    """What a failed check saw, for the report."""

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


HIDDEN = "All inputs that you know give the right answer. One that is kept for grading does not."


class CheckFailed(AssertionError):
    """A check found something to say; `evidence` is what the student is told."""

    def __init__(self, evidence: Evidence, cause: BaseException | None = None) -> None:
        super().__init__(evidence.message)
        self.evidence = evidence
        self.cause = cause


def verdict_of(outcome: CallResult, found: Difference) -> Verdict:
    """How a check ended that found this difference."""
    if outcome.verdict is not Verdict.PASS and not found.sentence:
        return outcome.verdict
    return Verdict.WRONG


def message_of(function: StudentFunction, outcome: CallResult, found: Difference, parameters: list[str]) -> str:
    """What happened, in one or two sentences; empty where the values say it."""
    raised = outcome.raised
    if raised is None or found.sentence:
        return found.sentence
    if outcome.verdict is Verdict.TIMEOUT:
        return raised.message or time_sentence(function.exercise.seconds)
    if outcome.verdict is Verdict.CRASH:
        return raised.message
    if outcome.verdict is Verdict.MEMORY:
        return "The function asked for more memory than there is."
    return error_sentence(
        raised.kind, raised.message, function.name, function.needed, bool(raised.place), ", ".join(parameters)
    )


def claim_of(
    ladder: Ladder,
    calls: Calls,
    outcomes: list[CallResult],
    judged: list[Judgement],
    parameters: list[str],
    names: tuple[str, ...],
) -> str:
    """A general signature that explains every failing probe, or "".

    To find it is dear; where all outcomes came up before, it is what was found then.
    """
    name = ("claim", calls, names, tuple(map(id, outcomes)))  # kept ones live as long as the ladder
    if name in ladder.memory:
        return str(ladder.memory[name])
    failing = [
        (call, outcome, expected)
        for call, outcome, (found, expected) in zip(calls, outcomes, judged, strict=False)
        if found is not None
    ]
    claim = ""
    if not any(outcome.raised or isinstance(expected, MustRaise) for _, outcome, expected in failing):
        trials = [
            Trial(outcome.value, expected, dict(zip(parameters, call, strict=False)))
            for call, outcome, expected in failing
            if expected is not None
        ]
        claim = (diagnose(trials, names) or "") if trials else ""
    if all(outcome.judged is not None for outcome in outcomes):
        ladder.memory[name] = claim
    return claim


def evidence_of_breaches(breaches: Sequence[Breach]) -> Evidence:
    """For code that used what its exercise rules out."""
    first = breaches[0]
    said = f"This exercise is to be solved without {RULES[first.rule].label}; your code uses {first.what}."
    others = ", ".join(str(breach.line) for breach in breaches[1:5])
    return Evidence(
        verdict=Verdict.FORBIDDEN,
        message=said + (f" (Also in line {others}.)" if others else ""),
        call=first.code,
        place=f"{shown(first.file)}:{first.line}",
    )
