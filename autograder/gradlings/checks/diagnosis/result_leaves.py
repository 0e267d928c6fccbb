"""A result taken apart into its leaves: one value each, followed over all failing calls."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isclose

import torch
from torch import Tensor

from gradlings.checks.diagnosis.claims import Pair
from gradlings.checks.diagnosis.evidence_weight import Array
from gradlings.checks.diagnosis.failing_calls import FailingCall, is_row_of_numbers, to_array
from gradlings.execution.tensor_tree import in_parts
from gradlings.execution.tolerances import Tolerances

_log = logging.getLogger(__name__)
_MAX_LEAVES = 64


@dataclass(frozen=True, eq=False)
class ResultLeaf:
    """One value of the result over all calls."""

    name: str
    wrong: tuple[Pair, ...]
    """The calls in which it is wrong."""
    right: tuple[Pair, ...]
    """The calls in which it is right."""

    @cached_property
    def distinct_numbers(self) -> int:
        """How many different numbers belong in the wrong calls, if each has a single number; else 0.

        Numbers that differ by float32 rounding count once: a probe may come twice, once in float32.
        """
        if any(min(pair.g.size, pair.e.size) > 1 for pair in self.wrong):
            return 0
        distinct: list[float] = []
        for number in (pair.e.item(0) for pair in self.wrong if pair.e.size):
            if not any(isclose(number, other, rel_tol=1e-4) for other in distinct):
                distinct.append(number)
        return len(distinct)


class _NotNumbersError(Exception):
    """Something is wrong that no signature is about: another structure, a string, a bool, None."""


def result_leaves(
    calls: Sequence[FailingCall], names: tuple[str, ...], tolerances: Tolerances, *, as_rows: bool, loose: bool
) -> list[ResultLeaf] | None:
    """Return the leaves of a result by name; None if something other than numbers differs.

    Without `names` the members of a tuple are called [0], [1] ... With `as_rows` a tuple of Python numbers is one leaf.
    """
    found: dict[str, list[Pair]] = {}
    try:
        for call in calls:
            right_leaves: dict[str, Array] = {}
            for name, got, expected in _leaves("", call.got, call.expected, names, as_rows):
                g, e = to_array(got), to_array(expected)
                if g is not None and e is not None:
                    right_leaves[name] = e
                    pair = Pair(name, got, expected, g, e, call, right_leaves, tolerances, loose)
                    found.setdefault(name, []).append(pair)
                    if len(found) > _MAX_LEAVES:
                        return None
                elif not _equal(got, expected, tolerances):
                    return None
    except _NotNumbersError:
        return None
    except Exception:  # an object of the student's may fail at anything
        _log.info("A result cannot be taken apart; nothing is said about it.", exc_info=True)
        return None
    return [
        ResultLeaf(name, tuple(p for p in pairs if not p.is_right), tuple(p for p in pairs if p.is_right))
        for name, pairs in found.items()
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
        pieces = in_parts(got.detach(), expected.detach()) if same_form else ()
        return same_form and all(torch.allclose(a, b, relative, absolute, equal_nan=True) for a, b in pieces)
    return type(got) is type(expected) and bool(got == expected)
