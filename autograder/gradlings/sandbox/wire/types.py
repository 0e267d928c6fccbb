"""The types and sizes that a message between judge and worker may have; shared by `encode` and `decode`.

None, bool, int, float, complex, str, bytes, tuple, list, dict, plain tensors, NumPy arrays and scalars, torch's dtypes,
sizes and devices. Anything else arrives as an `UnsendableStandIn`: its type's name and a line of text.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

PREFIX = struct.Struct("<IQ")
"""Precedes each message: the number of bytes of its header and of its buffers."""
MAX_INLINE_CHARS = 200
"""Longer strings travel as a buffer."""
MAX_HEX_DIGITS = 4096
"""Of an integer."""
MAX_AXES = 16
"""Of a tensor."""
_SHARED = "bool uint8 int8 int16 int32 int64 float16 float32 float64 complex64 complex128"
_NAMES_IN_TORCH, _NAMES_IN_NUMPY = f"{_SHARED} bfloat16".split(), f"{_SHARED} uint16 uint32 uint64".split()
TORCH_DTYPES: dict[str, torch.dtype] = {name: getattr(torch, name) for name in _NAMES_IN_TORCH}
TORCH_DTYPE_NAMES = {dtype: name for name, dtype in TORCH_DTYPES.items()}
TORCH_ITEM_SIZES = {name: torch.empty(0, dtype=dtype).element_size() for name, dtype in TORCH_DTYPES.items()}
NUMPY_DTYPES = {name: np.dtype(name) for name in _NAMES_IN_NUMPY}
NAMED_DTYPES = {str(v).removeprefix("torch."): v for v in vars(torch).values() if isinstance(v, torch.dtype)}
DEVICE_PATTERN = re.compile(r"(cpu|meta|mps|cuda)(:\d{1,2})?")
TYPE_NAME_PATTERN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
NON_FINITE_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


@dataclass(frozen=True)
class MessageLimits:
    """Limits on the size of one message."""

    header: int = 512 << 10
    """Bytes of JSON."""
    body: int = 4 << 20
    """Bytes of raw buffers, and places in a tensor's shape, which may have sizes of 0."""
    nodes: int = 100_000
    """Values in it, containers and their members counted."""
    depth: int = 32
    """Of nested containers."""
    number_keys: int = 1000
    """Keys of dicts, in sum, that are no strings: whoever chooses numbers can choose ones whose hashes collide."""
    type_names: int = 64
    """Different types of values that arrive as a stand-in; a class is made for each."""


REPLY_LIMITS = MessageLimits()
"""For what the judge accepts from a worker: ten times what any right or known wrong answer to our exercises needs."""
REQUEST_LIMITS = MessageLimits(header=64 << 20, body=512 << 20, nodes=5_000_000, depth=200, number_keys=5_000_000)
"""For what a worker accepts from the judge, which it trusts."""


def places(shape: Iterable[int]) -> int:
    """Return the product of the sizes, those of 0 taken as 1."""
    return math.prod(max(size, 1) for size in shape)


class MalformedMessage(Exception):
    """The other side broke the protocol."""


class Unsendable(Exception):
    """The value cannot be encoded; the text says why, as a clause with the subject "it"."""


class TooLarge(Unsendable):
    """The value exceeds a limit on the bytes of a message."""


class UnsendableStandIn:
    """A placeholder in the judge for a value that did not cross the wire: inert, equal only to itself."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


@lru_cache(maxsize=256)
def stand_in_class(name: str) -> type[UnsendableStandIn]:
    """Create an empty subclass with that name, so that messages can say "a generator came back"."""
    return type(name, (UnsendableStandIn,), {})
