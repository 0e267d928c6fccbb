"""`agree` and `satisfies`: what a check calls. They run the student's function on a ladder and judge every answer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from gradlings.checks.call_variants import calls_of
from gradlings.checks.compare import Difference, Rules
from gradlings.checks.failure import (
    HIDDEN,
    CheckFailed,
    Evidence,
    claim_of,
    evidence_of_breaches,
    message_of,
    verdict_of,
)
from gradlings.checks.format_value import show_call
from gradlings.checks.probes import Calls, Ladder, same_every_time
from gradlings.checks.verdicts import (
    Judgement,
    JudgeOutcome,
    argument_difference,
    joined,
    kept,
    known_answers,
    right_answer,
    value_difference,
)
from gradlings.execution.student_api import StudentFunction
from gradlings.execution.tensor_tree import fresh, tensors_in
from gradlings.execution.torch_state import kept_settings
from gradlings.execution.virtual_gpu.finding import device_finding
from gradlings.model.observation import CallResult, Examination
from gradlings.submission.reader import shown


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

    calls = calls_of(ladder, function.student.devices, float32=float32, strided=strided, requires_grad=requires_grad)
    known = known_answers(ladder, calls, oracle)

    def judgement(outcome: CallResult, index: int) -> Judgement:
        args = calls[index]
        if index not in known:
            known[index] = right_answer(oracle, args)
        right = known[index]
        found = value_difference(outcome, right.value, replace(rules, numbers=right.numbers))
        altered = None
        if outcome.raised is None:
            altered = argument_difference(outcome, args, right.args_after, parameters, in_place, rules)
        return joined(found, altered), right.value

    name = same_every_time(oracle)
    judge = judgement if name is None else kept(judgement, (name, rules, tuple(in_place)))
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

    calls = calls_of(ladder, function.student.devices, float32=float32, strided=strided, requires_grad=requires_grad)

    def judgement(outcome: CallResult, index: int) -> Judgement:
        args = calls[index]
        if outcome.raised is not None:
            return Difference(""), None
        value = outcome.value if outcome.judged is None else fresh(outcome.value)  # others will have the same one
        sentence = property(value, *fresh(args))
        found = Difference(sentence) if sentence else None
        return found or argument_difference(outcome, args, args, parameters, (), Rules()), None

    name = same_every_time(property)
    judge = judgement if name is None else kept(judgement, name)
    _examine(function, ladder, calls, judge, parameters, ())


def _examine(
    function: StudentFunction,
    ladder: Ladder,
    calls: Calls,
    judge: JudgeOutcome,
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
        raise CheckFailed(evidence_of_breaches(breaches))
    if all(right) and len(right) == len(calls):
        _note_device(function, ladder)
        return
    first = right.index(False)
    outcome, (found, _) = outcomes[first], judged[first]
    assert found is not None
    if ladder.hides(first) and function.student.for_students:
        verdict, place = verdict_of(outcome, found), function.place
        raise CheckFailed(Evidence(verdict, HIDDEN, place=place, probes_right=sum(right), probes=len(calls)))
    evidence = Evidence(
        verdict=verdict_of(outcome, found),
        message=message_of(function, outcome, found, parameters),
        call=show_call(function.name, parameters, calls[first]),
        rows=found.rows,
        picture=found.picture(),
        place=(outcome.raised.place if outcome.raised else "") or function.place,
        probes_right=sum(right),
        probes=len(calls),
        claim=claim_of(ladder, calls, outcomes, judged, parameters, names) if function.student.for_students else "",
        trace=outcome.raised.trace if outcome.raised else (),
    )
    raise CheckFailed(evidence, outcome.raised.exception if outcome.raised else None)


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
