"""A result taken apart into its members: one value each, followed over all failing trials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from gradlings.checks.diagnosis.evidence_weight import Array
from gradlings.checks.diagnosis.trials import Inputs, Pair, Trial, is_row_of_numbers, to_array

_MOST_MEMBERS = 64


@dataclass(frozen=True)
class Member:
    """One value of the result over all trials; the whole result, if it is a single value, has the name ""."""

    name: str
    pairs: tuple[Pair, ...]

    @cached_property
    def wrong(self) -> tuple[Pair, ...]:
        return tuple(pair for pair in self.pairs if not _is_right(pair))

    @cached_property
    def right(self) -> tuple[Pair, ...]:
        return tuple(pair for pair in self.pairs if _is_right(pair))


class _Unexplainable(Exception):
    """Something is wrong that no signature is about: another structure, a string, a bool, None."""


def members_of(trials: Sequence[Trial], names: tuple[str, ...], as_rows: bool) -> list[Member] | None:
    """The members of a result by name; None if a difference lies beyond numbers.

    Args:
        trials: the failing trials.
        names: the names of a tuple's members; without them they are called [0], [1] ...
        as_rows: take a tuple of Python numbers as one row instead of member by member.
    """
    found: dict[str, list[Pair]] = {}
    try:
        for trial in trials:
            for name, pair in _pairs(trial, names, as_rows):
                found.setdefault(name, []).append(pair)
    except Exception:  # _Unexplainable; and a student's object may fail at anything
        return None
    if len(found) > _MOST_MEMBERS:
        return None
    return [Member(name, tuple(pairs)) for name, pairs in found.items()]


def _pairs(trial: Trial, names: tuple[str, ...], as_rows: bool) -> list[tuple[str, Pair]]:
    inputs, pairs = Inputs(trial.inputs), []
    for name, got, expected in _leaves("", trial.got, trial.expected, names, as_rows):
        g, e = to_array(got), to_array(expected)
        if g is not None and e is not None:
            pairs.append((name, Pair(got, expected, g, e, inputs)))
        elif not _equal(got, expected):
            raise _Unexplainable
    if len(pairs) == 1:
        return pairs
    return [(name, replace(pair, siblings=_others(name, pairs))) for name, pair in pairs]


def _others(name: str, pairs: list[tuple[str, Pair]]) -> dict[str, Array]:
    return {other: pair.e for other, pair in pairs if other != name}


def _leaves(
    path: str, got: object, expected: object, names: tuple[str, ...], as_rows: bool
) -> Iterator[tuple[str, object, object]]:
    """The single values of a result: (name, got, expected)."""
    if isinstance(expected, Mapping):
        if not isinstance(got, Mapping) or got.keys() != expected.keys():
            raise _Unexplainable
        for key in expected:
            yield from _leaves(f"{path}[{key}]" if path else str(key), got[key], expected[key], (), as_rows)
    elif isinstance(expected, tuple | list):
        if as_rows and not names and is_row_of_numbers(expected) and to_array(got) is not None:
            yield path, got, expected
            return
        if not isinstance(got, tuple | list) or len(got) != len(expected):
            raise _Unexplainable
        known = names if len(names) == len(expected) else [f"{path}[{i}]" for i in range(len(expected))]
        for name, mine, right in zip(known, got, expected, strict=True):
            yield from _leaves(name, mine, right, (), as_rows)
    else:
        yield path, got, expected


def _equal(got: object, expected: object) -> bool:
    if isinstance(got, Tensor) and isinstance(expected, Tensor):  # too large to look at
        same_form = got.shape == expected.shape and got.dtype == expected.dtype and got.device == expected.device
        return same_form and torch.allclose(got.detach(), expected.detach(), rtol=1e-7, equal_nan=True)
    return type(got) is type(expected) and bool(got == expected)


def _is_right(pair: Pair) -> bool:
    if isinstance(pair.got, Tensor) and isinstance(pair.expected, Tensor):
        if pair.got.dtype != pair.expected.dtype or pair.got.device.type != pair.expected.device.type:
            return False
    elif type(pair.got) is float and type(pair.expected) is int:
        return False
    return pair.same_shape and not pair.wrong.any()
