"""Every signature in the order of preference, and a way to run one that survives its faults."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from traceback import extract_tb
from typing import TypeAlias

from gradlings.checks.diagnosis import form, order, scale, shape, structure, terms, values
from gradlings.checks.diagnosis.claims import Claim, Pair

Signature: TypeAlias = Callable[[Pair], Iterator[Claim]]
"""Looks at one wrong value beside the right one and yields the relations it sees between them."""

_log = logging.getLogger(__name__)
_faults: ContextVar[list[str] | None] = ContextVar("_faults", default=None)

# Of several claims that hold, the first one is made.
SIGNATURES: tuple[Signature, ...] = (
    form.wrong_device,
    form.not_finite,
    form.wrong_dtype,
    form.wrong_shape,
    form.cut_to_whole,
    scale.sign,
    structure.belongs_elsewhere,
    structure.all_the_same,
    structure.one_number_for_a_row,
    shape.permuted,
    shape.reshaped,
    shape.outer_table,
    shape.not_reduced,
    shape.over_reduced,
    shape.other_reduction,
    shape.one_slice,
    shape.equal_totals,
    order.flipped,
    order.inverted_mask,
    order.triangle,
    order.rolled,
    order.shifted,
    order.wrong_length,
    scale.factor,
    terms.input_factor,
    terms.term,
    values.normalized,
    values.softmax_missing,
    values.standardized,
    values.function_of_the_answer,
    values.function_missing,
    order.wrong_by_input,
    structure.unchanged_input,
    order.unfilled,
    order.sorted_values,
    form.precision,
    scale.nameless_factor,
    terms.offset,
    structure.input_of_another_shape,
    structure.rearranged_row,
)


def claims_of(signature: Signature, pair: Pair) -> list[Claim]:
    """Run a signature. One that raises makes no claim: the fault is logged, and costs no student a page."""
    try:
        return list(signature(pair))
    except Exception as error:
        name = f"{signature.__module__.rpartition('.')[2]}.{signature.__name__}"
        _log.exception("The signature %s of the diagnosis raised.", name)
        faults = _faults.get()
        if faults is not None:
            line = extract_tb(error.__traceback__)[-1].lineno
            faults.append(f"the signature {name} of the diagnosis raised {type(error).__name__}: {error} (line {line})")
        return []


@contextmanager
def recorded_faults() -> Iterator[list[str]]:
    """Collect, as one sentence each, the faults of signatures that raise inside the block."""
    faults: list[str] = []
    token = _faults.set(faults)
    try:
        yield faults
    finally:
        _faults.reset(token)
