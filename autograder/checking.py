"""`agree` and `satisfies`: what a check calls. They run the student's function on a ladder and judge every answer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from autograder.advice import error_sentence, time_sentence
from autograder.comparing import Difference, Rules, changed, difference
from autograder.diagnosis.diagnosing import Trial, diagnose
from autograder.forbidden import RULES, Breach
from autograder.outcome import Examination, Outcome
from autograder.picturing import with_name
from autograder.probes import (
    Calls,
    Ladder,
    as_float32,
    as_strided_copies,
    fresh,
    map_tensors,
    requiring_grad,
    same_every_time,
    tensors_in,
)
from autograder.scorecard import Picture, Row, Verdict
from autograder.showing import show_call
from autograder.student import StudentFunction
from autograder.submission import shown
from autograder.torch_settings import kept_settings
from autograder.virtual_gpu.finding import device_finding


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


_HIDDEN = "All inputs that you know give the right answer. One that is kept for grading does not."


class CheckFailed(AssertionError):
    """A check found something to say; `evidence` is what the student is told."""

    def __init__(self, evidence: Evidence, cause: BaseException | None = None) -> None:
        super().__init__(evidence.message)
        self.evidence = evidence
        self.cause = cause


@dataclass(frozen=True)
class _MustRaise:
    """The right behaviour on a probe is ValueError."""

    reason: str


Judgement = tuple[Difference | None, Any]
"""What is wrong with an outcome, and what was expected."""
Judge = Callable[[Outcome, int], Judgement]


def agree(
    function: StudentFunction,
    ladder: Ladder,
    oracle: Callable[..., Any],
    *,
    names: Sequence[str] = (),
    in_place: Sequence[str] = (),
    exact_types: bool = False,
    float32: bool = True,
    strided: bool = False,
    requires_grad: bool = False,
    ordered: bool = False,
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Checks that the student's function gives on every probe what the oracle gives.

    Args:
        function: `student.<name>` or `student.through("<driver>")`.
        ladder: the probes; see `probes`.
        oracle: computes what is right; its parameter names are shown to the student. Where it raises ValueError, the
            student's function must do so too; any other exception of it is the grader's own fault.
        names: names of the members of a returned tuple.
        in_place: parameters the function must change in place; all others must come back unchanged.
        exact_types: a Python number is then no substitute for a 0-d tensor, nor a list for a tuple.
        float32: adds a float32 copy of the first probe that holds float64 tensors.
        strided: adds a copy of the last hand-made probe with non-contiguous tensors.
        requires_grad: adds a copy of the first probe whose float tensors require grad.
        ordered: the members of the answer build on each other in the oracle's order; the first wrong one is told.
        rtol, atol: tolerance for float64; defaults in `comparing.TOLERANCES`.

    Raises:
        CheckFailed: something is not right; carries the evidence.
        Unavailable: the function cannot be called at all.
    """
    __tracebackhide__ = True
    rules = Rules(tuple(names), exact_types, rtol, atol, ordered)
    parameters = list(inspect.signature(oracle).parameters)

    calls = _calls(ladder, function.student.devices, float32=float32, strided=strided, requires_grad=requires_grad)
    known = _known_answers(ladder, calls, oracle)

    def judgement(outcome: Outcome, index: int) -> Judgement:
        args = calls[index]
        if index not in known:
            known[index] = _right_answer(oracle, args)
        right = known[index]
        found = _value_difference(outcome, right.value, replace(rules, numbers=right.numbers))
        altered = None
        if outcome.raised is None:
            altered = _argument_difference(outcome, args, right.args_after, parameters, in_place, rules)
        return _joined(found, altered), right.value

    name = same_every_time(oracle)
    judge = judgement if name is None else _kept(judgement, (name, rules, tuple(in_place)))
    _examine(function, ladder, calls, judge, parameters, tuple(names))


def satisfies(
    function: StudentFunction,
    ladder: Ladder,
    property: Callable[..., str | None],
    *,
    float32: bool = False,
    strided: bool = False,
    requires_grad: bool = False,
) -> None:
    """Checks a property of the answer where many answers are right.

    Args:
        property: `property(answer, *args)` gives None where the answer is right, else one sentence for the student.
            Its parameter names after the first are shown to the student.

    Raises:
        CheckFailed, Unavailable: as `agree`.
    """
    __tracebackhide__ = True
    parameters = list(inspect.signature(property).parameters)[1:]

    calls = _calls(ladder, function.student.devices, float32=float32, strided=strided, requires_grad=requires_grad)

    def judgement(outcome: Outcome, index: int) -> Judgement:
        args = calls[index]
        if outcome.raised is not None:
            return Difference(""), None
        value = outcome.value if outcome.judged is None else fresh(outcome.value)  # others will have the same one
        sentence = property(value, *fresh(args))
        found = Difference(sentence) if sentence else None
        return found or _argument_difference(outcome, args, args, parameters, (), Rules()), None

    name = same_every_time(property)
    judge = judgement if name is None else _kept(judgement, name)
    _examine(function, ladder, calls, judge, parameters, ())


def _kept(judge: Judge, name: object) -> Judge:
    """The same judge, who looks only once at an outcome that comes up again.

    Args:
        name: of all that the judgement depends on, besides the outcome and its call.
    """

    def judgement(outcome: Outcome, index: int) -> Judgement:
        if outcome.judged is None:
            return judge(outcome, index)
        if name not in outcome.judged:
            outcome.judged[name] = judge(outcome, index)
        found: Judgement = outcome.judged[name]
        return found

    return judgement


@dataclass(frozen=True)
class _Right:
    """What the oracle gives on one probe."""

    value: Any
    args_after: tuple[Any, ...]
    numbers: torch.dtype
    """Whose tolerance holds for Python floats."""


def _right_answer(oracle: Callable[..., Any], args: tuple[Any, ...]) -> _Right:
    mine = fresh(args)
    try:
        value: Any = oracle(*mine)
    except ValueError as error:
        value = _MustRaise(str(error))
    dtypes = {t.dtype for t in tensors_in(args) if t.is_floating_point()}
    numbers = torch.float32 if dtypes == {torch.float32} else torch.float64
    return _Right(map_tensors(value, lambda t: t.detach()), mine, numbers)


def _known_answers(ladder: Ladder, calls: Calls, oracle: Callable[..., Any]) -> dict[int, _Right]:
    """What the oracle said of these calls for an earlier submission, by index; is added to.

    Nothing of a submission is in it, and no submission is ever given it: the oracle saw copies of the probes alone.
    """
    name = same_every_time(oracle)
    return {} if name is None else ladder.memory.setdefault((calls, name), {})


def _calls(ladder: Ladder, devices: tuple[str, ...], *, float32: bool, strided: bool, requires_grad: bool) -> Calls:
    """The probes, and further copies of them; the same object for the same ladder."""
    name = (devices, float32, strided, requires_grad)
    if name not in ladder.memory:
        extras = _extras(ladder, float32=float32, strided=strided, requires_grad=requires_grad)
        for device in devices:
            extras += [_on_device(p, device) for p in ladder.probes if any(map(torch.is_floating_point, tensors_in(p)))]
        ladder.memory[name] = Calls((*ladder.probes, *extras))
    return ladder.memory[name]


def _extras(ladder: Ladder, *, float32: bool, strided: bool, requires_grad: bool) -> list[tuple[Any, ...]]:
    """Further copies of probes: in float32, non-contiguous, requiring grad."""
    extras = []
    with_floats = [probe for probe in ladder.probes if any(t.dtype == torch.float64 for t in tensors_in(probe))]
    if float32 and with_floats:
        extras.append(as_float32(with_floats[0]))
    if strided:
        probe = ladder.probes[ladder.hand_made - 1]
        if any(t.dim() >= 2 for t in tensors_in(probe)):
            extras.append(as_strided_copies(probe))
    if requires_grad and with_floats:
        extras.append(requiring_grad(with_floats[0]))
    return extras


def _on_device(probe: tuple[Any, ...], device: str) -> tuple[Any, ...]:
    """The probe's tensors on a device; MPS has no float64."""
    if device == "mps":
        probe = as_float32(probe)
    return map_tensors(probe, lambda t: t.to(device))


def _examine(
    function: StudentFunction,
    ladder: Ladder,
    calls: Calls,
    judge: Judge,
    parameters: list[str],
    names: tuple[str, ...],
) -> None:
    __tracebackhide__ = True
    outcomes, breaches = function.outcomes(calls)
    judged: list[Judgement] = []
    for index, outcome in enumerate(outcomes):
        if outcome.raised is not None and not isinstance(outcome.raised.exception, ValueError):
            judged.append((Difference(""), None))
        else:
            judged.append(judge(outcome, index))
    right = tuple(found is None for found, _ in judged)
    function.student.examinations.append(Examination(tuple(parameters), calls, tuple(outcomes), right))
    if breaches:
        raise CheckFailed(_forbidden(breaches))
    if all(right) and len(right) == len(calls):
        _note_device(function, ladder)
        return
    first = right.index(False)
    outcome, (found, _) = outcomes[first], judged[first]
    assert found is not None
    if ladder.hides(first) and function.student.for_students:
        verdict, place = _verdict(outcome, found), function.place
        raise CheckFailed(Evidence(verdict, _HIDDEN, place=place, probes_right=sum(right), probes=len(calls)))
    evidence = Evidence(
        verdict=_verdict(outcome, found),
        message=_message(function, outcome, found, parameters),
        call=show_call(function.name, parameters, calls[first]),
        rows=found.rows,
        picture=found.picture(),
        place=(outcome.raised.place if outcome.raised else "") or function.place,
        probes_right=sum(right),
        probes=len(calls),
        claim=_known_claim(ladder, calls, outcomes, judged, parameters, names) if function.student.for_students else "",
        trace=outcome.raised.trace if outcome.raised else (),
    )
    raise CheckFailed(evidence, outcome.raised.exception if outcome.raised else None)


def _verdict(outcome: Outcome, found: Difference) -> Verdict:
    if outcome.verdict is not Verdict.PASS and not found.sentence:
        return outcome.verdict
    return Verdict.WRONG


def _message(function: StudentFunction, outcome: Outcome, found: Difference, parameters: list[str]) -> str:
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


def _value_difference(outcome: Outcome, expected: Any, rules: Rules) -> Difference | None:
    if isinstance(expected, _MustRaise):
        if outcome.raised is not None:
            return None
        row = difference(outcome.value, expected, rules)
        got = row.rows[0].got if row else ""
        return Difference(f"This call must raise ValueError ({expected.reason}).", (Row("", got, "ValueError"),))
    if outcome.raised is not None:
        return Difference("")
    return difference(outcome.value, expected, rules)


def _joined(found: Difference | None, altered: Difference | None) -> Difference | None:
    """A wrong answer and a changed input are both said."""
    if found is None or altered is None:
        return found or altered
    said = f"{found.sentence} {altered.sentence}".strip()
    return Difference(said, found.rows + altered.rows, found.picture)


def _argument_difference(
    outcome: Outcome,
    before: tuple[Any, ...],
    expected: tuple[Any, ...],
    parameters: list[str],
    in_place: Sequence[str],
    rules: Rules,
) -> Difference | None:
    """Inputs must come back unchanged, except those the exercise wants changed in place."""
    for name, start, end, right in zip(parameters, before, outcome.args_after, expected, strict=False):
        if name in in_place:
            found = difference(end, right, rules)
            if found is not None:
                rows = tuple(Row(f"{name} afterwards", row.got, row.expected) for row in found.rows)
                said = found.sentence or f"{name} is not what it must be after the call."
                return Difference(said, rows, with_name(f"{name} afterwards", found.picture))
        elif changed(start, end):
            return Difference(f"Your function changed its input {name}; it must come back as it was. Work on a copy.")
    return None


def _known_claim(
    ladder: Ladder,
    calls: Calls,
    outcomes: list[Outcome],
    judged: list[Judgement],
    parameters: list[str],
    names: tuple[str, ...],
) -> str:
    """As `_claim`, which is dear; where all answers came up before, it is what was said then."""
    if any(outcome.judged is None for outcome in outcomes):
        return _claim(calls, outcomes, judged, parameters, names)
    name = ("claim", calls, names, tuple(map(id, outcomes)))  # they are kept, and so is what they were called
    if name not in ladder.memory:
        ladder.memory[name] = _claim(calls, outcomes, judged, parameters, names)
    return str(ladder.memory[name])


def _claim(
    calls: Calls,
    outcomes: list[Outcome],
    judged: list[Judgement],
    parameters: list[str],
    names: tuple[str, ...],
) -> str:
    """A general signature that explains every failing probe, or ""."""
    failing = [
        (call, outcome, expected)
        for call, outcome, (found, expected) in zip(calls, outcomes, judged, strict=False)
        if found is not None
    ]
    if any(outcome.raised or isinstance(expected, _MustRaise) for _, outcome, expected in failing):
        return ""
    trials = [
        Trial(outcome.value, expected, dict(zip(parameters, call, strict=False)))
        for call, outcome, expected in failing
        if expected is not None
    ]
    return (diagnose(trials, names) or "") if trials else ""


def _forbidden(breaches: Sequence[Breach]) -> Evidence:
    first = breaches[0]
    said = f"This exercise is to be solved without {RULES[first.rule].says}; your code uses {first.what}."
    others = ", ".join(str(breach.line) for breach in breaches[1:5])
    return Evidence(
        verdict=Verdict.FORBIDDEN,
        message=said + (f" (Also in line {others}.)" if others else ""),
        call=first.code,
        place=f"{shown(first.file)}:{first.line}",
    )


def _note_device(function: StudentFunction, ladder: Ladder) -> None:
    """A right answer is run once on the virtual GPU; what it finds costs no points."""
    if not function.tried_on_virtual_gpu:
        return
    shaped = [p for p in ladder.probes[: ladder.hand_made] if any(t.dim() for t in tensors_in(p))]
    probe = (shaped or [p for p in ladder.probes[:1] if tensors_in(p)])[-1:]
    if not probe:
        return
    with kept_settings():
        finding = device_finding(function.unguarded, fresh(probe[0]), student_files=function.files)
    if finding is not None:
        where = f" ({shown(finding.file)}:{finding.line})" if finding.file else ""
        function.student.notes.append(finding.message + where)
