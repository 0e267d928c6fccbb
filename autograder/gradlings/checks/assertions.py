"""`agree` and `satisfies`: what a check calls. They run the student's function on a ladder and compare every result."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any

import torch

from gradlings.checks.call_variants import Calls, calls_of
from gradlings.checks.compare_leaf import Difference, Rules
from gradlings.checks.failure import CheckFailed, Failure, WrongCall, diagnosis_of, failure_of_breaches, message_of
from gradlings.checks.float32_steps import nearly_right, right_in_float64
from gradlings.checks.format_value import show_call
from gradlings.checks.memory import stateless_key
from gradlings.checks.probes import Ladder
from gradlings.checks.verdicts import (
    UNCOMPARED,
    Comparison,
    argument_difference,
    ask_oracle,
    changed_input,
    merge_differences,
    numbers_of,
    value_difference,
    verdict_of,
)
from gradlings.execution.kept_settings import kept_settings
from gradlings.execution.student_api import StudentFunction
from gradlings.execution.tensor_tree import fresh, tensors_in
from gradlings.execution.tolerances import Tolerances
from gradlings.execution.virtual_gpu.finding import device_finding
from gradlings.forbidden.runtime_recorder import merged
from gradlings.model.observation import CallResult, Examination
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import Verdict
from gradlings.submission.reader import shown


def agree(
    function: StudentFunction,
    ladder: Ladder,
    oracle: Callable[..., Any],
    *,
    names: Sequence[str] = (),
    exact_types: bool = False,
    float32: bool = True,
    strided: bool = False,
    requires_grad: bool = False,
    ordered: bool = False,
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Check that the student's function gives on every probe what the oracle gives, and changes no input.

    Args:
        function: `student.<name>` or `student.through("<driver>")`.
        ladder: the probes; see `probes`.
        oracle: computes what is right; its parameter names are shown to the student. Where it raises ValueError, the
            student's function must do so too; any other exception of it is the grader's own fault.
        names: names of the members of a returned tuple.
        exact_types: a Python number is then no substitute for a 0-d tensor, nor a list for a tuple.
        float32: adds a float32 copy of the first probe that holds float64 tensors.
        strided: adds a copy of the last hand-made probe with non-contiguous tensors.
        requires_grad: adds a copy of the first probe whose float tensors require grad.
        ordered: the members of the answer build on each other in the oracle's order; only the first wrong one is shown.
        rtol: relative tolerance for float64; the default is in `execution/tolerances.py`.
        atol: absolute tolerance for float64; likewise.

    Raises:
        CheckFailed: something is not right; carries what the student reads.
        Unavailable: the function cannot be called at all.
    """
    __tracebackhide__ = True
    rules = Rules(tuple(names), exact_types, Tolerances(rtol, atol), ordered)
    key = stateless_key(oracle)
    calls = calls_of(ladder, function.student.devices, float32=float32, strided=strided, requires_grad=requires_grad)
    parameters = _parameters(oracle, key, calls)

    def right_answer(index: int) -> tuple[Any, torch.dtype]:
        known = key and ("oracle", key, calls, index)
        return calls.memory.recall(known, lambda: ask_oracle(oracle, calls[index]))

    def nearly(result: CallResult, index: int) -> bool:
        expected, numbers = right_answer(index)
        return nearly_right(result, expected, calls[index], parameters, replace(rules, numbers=numbers))

    def compare(result: CallResult, index: int) -> Comparison:
        args = calls[index]
        expected, numbers = right_answer(index)
        with function.student.runner.judging():
            found = value_difference(result, expected, replace(rules, numbers=numbers))
            altered = argument_difference(result, args, parameters) if result.raised is None else None
            return Comparison(merge_differences(found, altered), expected)

    _examine(function, ladder, calls, compare, parameters, rules, key, nearly, lambda index: right_answer(index)[0])


def satisfies(
    function: StudentFunction,
    ladder: Ladder,
    property: Callable[..., str | None],
    *,
    float32: bool = False,
    strided: bool = False,
    requires_grad: bool = False,
    nearly: Callable[..., bool] | None = None,
) -> None:
    """Check a property of the answer where many answers are right.

    `property(answer, *args)` gives None where the answer is right, else one sentence for the student; its parameter
    names after the first are shown to the student. `nearly`, called like it, tells whether an answer for which the
    property does not hold is right but for some digits: then a step in float32 is excused, as in `agree`. Everything
    else is as for `agree`.

    Raises:
        CheckFailed: the property does not hold somewhere, or an input was changed.
        Unavailable: the function cannot be called at all.
    """
    __tracebackhide__ = True
    key = stateless_key(property)
    calls = calls_of(ladder, function.student.devices, float32=float32, strided=strided, requires_grad=requires_grad)
    parameters = _parameters(property, key, calls)[1:]

    def compare(result: CallResult, index: int) -> Comparison:
        if result.raised is not None:
            return UNCOMPARED
        args = calls[index]
        value = fresh(result.value) if calls.memory.recurs(result) else result.value  # others will have the same one
        with function.student.runner.judging():
            sentence = property(value, *fresh(args))
            return Comparison(Difference(sentence) if sentence else argument_difference(result, args, parameters))

    def lost_digits(result: CallResult, index: int) -> bool:
        return nearly is not None and result.raised is None and nearly(result.value, *fresh(calls[index]))

    excuse = lost_digits if nearly else None
    _examine(function, ladder, calls, compare, parameters, Rules(), key, excuse)


def _parameters(function: Callable[..., Any], key: Hashable | None, calls: Calls) -> list[str]:
    """Return the names of the parameters of an oracle or property; `key` is that of `stateless_key`."""
    known = key and ("parameters", key)
    return list(calls.memory.recall(known, lambda: tuple(inspect.signature(function).parameters)))


def _examine(
    function: StudentFunction,
    ladder: Ladder,
    calls: Calls,
    compare: Callable[[CallResult, int], Comparison],
    parameters: list[str],
    rules: Rules,
    key: Hashable | None,
    nearly: Callable[[CallResult, int], bool] | None = None,
    right_answer: Callable[[int], Any] | None = None,
) -> None:
    """Call the function, compare every result, and raise `CheckFailed` for the first that is wrong.

    `compare` compares the result of the call of an index. `key` stands for the oracle or property; it is None if that
    may hold state, so that nothing can be remembered. `nearly` tells whether a wrong result is right but for some
    digits; without it, that is not asked. `right_answer` gives what is right, if one value is.
    """
    __tracebackhide__ = True
    runner, mode = function.student.runner, function.student.mode
    results, comparisons = list[CallResult](), list[Comparison]()
    first_wrong: tuple[CallResult, Difference] | None = None

    def compared(result: CallResult, index: int) -> Comparison:
        if result.verdict not in (Verdict.PASS, Verdict.ERROR):
            return UNCOMPARED
        if result.raised is not None and not isinstance(result.raised.exception, ValueError):
            return UNCOMPARED  # only ValueError can be the right answer
        known = ("compared", key, rules, result) if key is not None and calls.memory.recurs(result) else None
        return calls.memory.recall(known, lambda: compare(result, index))

    for index, result in enumerate(function.results(calls)):  # a result is judged as it arrives, and then dropped
        comparison = compared(result, index)
        if comparison.difference is not None:
            first_wrong = first_wrong or (result, comparison.difference)
            comparison = comparison._replace(difference=replace(comparison.difference, picture=None))
        comparisons.append(comparison)
        results.append(runner.kept(result))
    right = tuple(comparison.difference is None for comparison in comparisons)
    function.student.examinations.append(Examination(tuple(parameters), calls, tuple(results), right))
    breaches = merged(runner.forbidden_in_source(function.exercise), (b for result in results for b in result.breaches))
    if breaches:
        raise CheckFailed(failure_of_breaches(breaches))
    if first_wrong is None:
        if len(right) < len(calls):
            raise RuntimeError(f"{len(calls)} calls, {len(right)} results")
        _note_device(function, ladder)
        return
    if nearly is not None and len(results) == len(calls):
        failing = [index for index, is_right in enumerate(right) if not is_right]
        note = right_in_float64(function, calls, failing, lambda i: nearly(results[i], i), compared)
        if note:
            function.student.notes.append(note)
            return
    result, found = first_wrong
    if mode is RunMode.SELF_CHECK:  # a student may want to make the call again
        index = right.index(False)
        altered = changed_input(result, calls[index], parameters) if result.raised is None else ""
        expected = (right_answer(index),) if right_answer else ()
        rules = replace(rules, numbers=numbers_of(calls[index]))
        function.student.failing = WrongCall(
            function.name, function.driver, tuple(parameters), calls[index], expected, rules, altered
        )
    with runner.judging():
        failure = Failure(
            verdict=verdict_of(result, found),
            message=message_of(function, result, found, parameters),
            call=show_call(function.name, parameters, calls[right.index(False)]),
            rows=found.rows,
            picture=found.picture() if found.picture else None,
            place=(result.raised.place if result.raised else "") or function.place,
            probes_right=sum(right),
            probes=len(calls),
            claim=diagnosis_of(calls, results, comparisons, parameters, rules, key) if mode.students_read else "",
            trace=result.raised.trace if result.raised else (),
        )
    raise CheckFailed(failure, result.raised.exception if result.raised else None)


def _note_device(function: StudentFunction, ladder: Ladder) -> None:
    """Run a right answer once on the virtual GPU; what that finds costs no points."""
    runner = function.student.runner
    if not runner.tried_on_virtual_gpu:
        return
    shaped = [p for p in ladder.probes[: ladder.hand_made] if any(t.dim() for t in tensors_in(p))]
    probe = (shaped or [p for p in ladder.probes[:1] if tensors_in(p)])[-1:]
    if not probe:
        return
    with kept_settings():
        finding = device_finding(function.unguarded, fresh(probe[0]), student_files=runner.submission.files)
    if finding is not None:
        where = f" ({shown(finding.file)}:{finding.line})" if finding.file else ""
        function.student.notes.append(finding.message + where)
