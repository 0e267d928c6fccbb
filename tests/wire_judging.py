"""What the judge does with a message from a worker, from its bytes to the words on a page; for tests of the wire."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from gradlings.checks.changes import changed
from gradlings.checks.compare import difference
from gradlings.checks.compare_leaf import Difference
from gradlings.checks.diagnosis.diagnose import FailingCall, diagnose
from gradlings.checks.format_value import show, show_pair
from gradlings.checks.misconception_match import observed, same_observed
from gradlings.model.observation import CallResult, Examination
from gradlings.sandbox.wire.decode import unpack
from gradlings.sandbox.wire.encode import pack
from gradlings.sandbox.wire.types import PREFIX, REPLY_LIMITS, MessageLimits

MAX_CPU_SECONDS = 0.5
UNLIMITED = MessageLimits(1 << 40, 1 << 40, 1 << 40, 900, 1 << 40, 1 << 40)
MATRIX = torch.tensor([[0.5, -1.25, 3.0], [2.0, 0.0, 7.5]], dtype=torch.float64)
ANSWERS: list[Any] = [
    *(None, True, 3, 0.25, "text", torch.tensor(1.5), MATRIX, MATRIX.to(torch.int64), MATRIX[0].tolist(), (2, 3)),
    *(
        (0.5, MATRIX),
        [MATRIX, MATRIX[0], 1],
        {"w": MATRIX, "b": 0.5},
        MATRIX.numpy(),
        torch.float32,
        torch.Size([2, 3]),
    ),
    *([1.0, math.nan], torch.tensor([True, False]), MATRIX.to(torch.complex128), np.float64(0.5), b"bytes"),
]
"""One right answer of each kind."""


def parts_of(value: Any, limits: MessageLimits = REPLY_LIMITS) -> tuple[bytes, bytearray]:
    """Encode a value as the header and the body of a message."""
    data = b"".join(bytes(part) for part in pack(value, limits))
    size, _ = PREFIX.unpack_from(data)
    return data[PREFIX.size : PREFIX.size + size], bytearray(data[PREFIX.size + size :])


def crossed(value: Any) -> Any:
    """Return a value as it comes out at the other end."""
    return unpack(*parts_of(value))


def judged(got: Any, expected: Any) -> Difference | None:
    """Do with an answer all that a check may do with it."""
    found = difference(got, expected)
    if found is not None and found.picture is not None:
        found.picture()
    changed(expected, got)
    show(got)
    show_pair(got, expected)
    diagnose([FailingCall(got, expected, {"x": MATRIX, "n": 3})])
    mine, theirs = (observe(value) for value in (got, expected))
    same_observed(mine, theirs)
    return found


def observe(value: Any) -> list[Any]:
    """Encode a result, and a changed argument, as the catalogue of misconceptions holds it."""
    result = CallResult(value=value, args_after=(value,))
    return observed([Examination(("x",), ((MATRIX,),), (result,), (False,))])
