"""A result taken apart into its leaves: one value each, followed over all failing calls."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from gradlings.checks.diagnosis.claims import Pair
from gradlings.checks.diagnosis.failing_calls import FailingCall, Inputs, is_row_of_numbers, to_array
from gradlings.execution.tolerances import Tolerances

_log = logging.getLogger(__name__)
_MAX_LEAVES = 64


@dataclass(frozen=True)
class ResultLeaf:
    """One value of the result over all calls; the whole result, if it is a single value, has the name ""."""

    name: str
    pairs: tuple[Pair, ...]

    @cached_property
    def wrong(self) -> tuple[Pair, ...]:
        """The calls in which it is wrong."""
        return tuple(pair for pair in self.pairs if not _is_right(pair))

    @cached_property
    def right(self) -> tuple[Pair, ...]:
        """The calls in which it is right."""
        return tuple(pair for pair in self.pairs if _is_right(pair))


class _NotNumbersError(Exception):
    """Something is wrong that no signature is about: another structure, a string, a bool, None."""


def result_leaves(
    calls: Sequence[FailingCall], names: tuple[str, ...], tolerances: Tolerances, *, as_rows: bool, loose: bool
) -> list[ResultLeaf] | None:
    """Return the leaves of a result by name; None if something other than numbers differs.

    Args:
        calls: the failing calls.
        names: the names of a tuple's members; without them they are called [0], [1] ...
        tolerances: of the check.
        as_rows: take a tuple of Python numbers as one row instead of member by member.
        loose: of each `Pair`.
    """
    found: dict[str, list[Pair]] = {}
    try:
        for call in calls:
            for name, pair in _pairs(call, names, tolerances, as_rows, loose):
                found.setdefault(name, []).append(pair)
    except _NotNumbersError:
        return None
    except Exception:  # an object of the student's may fail at anything
        _log.info("A result cannot be taken apart; nothing is said about it.", exc_info=True)
        return None
    if len(found) > _MAX_LEAVES:
        return None
    return [ResultLeaf(name, tuple(pairs)) for name, pairs in found.items()]


def _pairs(
    call: FailingCall, names: tuple[str, ...], tolerances: Tolerances, as_rows: bool, loose: bool
) -> list[tuple[str, Pair]]:
    inputs, pairs = Inputs(call.inputs), []
    for name, got, expected in _leaves("", call.got, call.expected, names, as_rows):
        g, e = to_array(got), to_array(expected)
        if g is not None and e is not None:
            pairs.append((name, Pair(got, expected, g, e, inputs, {}, tolerances, loose)))
        elif not _equal(got, expected, tolerances):
            raise _NotNumbersError
    if len(pairs) == 1:
        return pairs
    right = {name: pair.e for name, pair in pairs}
    return [
        (name, replace(pair, siblings={other: e for other, e in right.items() if other != name}))
        for name, pair in pairs
    ]


def _leaves(
    path: str, got: object, expected: object, names: tuple[str, ...], as_rows: bool
) -> Iterator[tuple[str, object, object]]:
    """Yield the single values of a result: (name, got, expected)."""
    if isinstance(expected, Mapping):
        if not isinstance(got, Mapping) or got.keys() != expected.keys():
            raise _NotNumbersError
        for key in expected:
            yield from _leaves(f"{path}[{key}]" if path else str(key), got[key], expected[key], (), as_rows)
    elif isinstance(expected, tuple | list):
        if as_rows and not names and is_row_of_numbers(expected) and to_array(got) is not None:
            yield path, got, expected
            return
        if not isinstance(got, tuple | list) or len(got) != len(expected):
            raise _NotNumbersError
        paths = names if len(names) == len(expected) else [f"{path}[{i}]" for i in range(len(expected))]
        for name, mine, right in zip(paths, got, expected, strict=True):
            yield from _leaves(name, mine, right, (), as_rows)
    else:
        yield path, got, expected


def _equal(got: object, expected: object, tolerances: Tolerances) -> bool:
    """Compare what has no array: strings, bools, tensors that are too large to examine."""
    if isinstance(got, Tensor) and isinstance(expected, Tensor):
        same_form = got.shape == expected.shape and got.dtype == expected.dtype and got.device == expected.device
        relative, absolute = tolerances.of(expected.dtype, expected.device.type)
        return same_form and torch.allclose(got.detach(), expected.detach(), relative, absolute, equal_nan=True)
    return type(got) is type(expected) and bool(got == expected)


def _is_right(pair: Pair) -> bool:
    if isinstance(pair.got, Tensor) and isinstance(pair.expected, Tensor):
        if pair.got.dtype != pair.expected.dtype or pair.got.device.type != pair.expected.device.type:
            return False
    elif type(pair.got) is float and type(pair.expected) is int:
        return False
    return pair.same_shape and not pair.wrong.any()
