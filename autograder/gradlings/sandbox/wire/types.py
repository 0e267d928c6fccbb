"""What can cross the wire between judge and worker, and how much of it: shared by writing and reading.

None, bool, int, float, complex, str, bytes, tuple, list, dict, plain tensors, NumPy arrays and numbers, torch's dtypes,
sizes and devices. Anything else arrives as a `Foreign`: its type's name and a line of text.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

PREFIX = struct.Struct("<IQ")
"""Before each message: the number of bytes of its header and of its buffers."""
LONG_TEXT = 200
MOST_DIGITS = 4096
TORCH = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16),
        *(torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128),
    )
}
TORCH_NAMES = {dtype: name for name, dtype in TORCH.items()}
TORCH_SIZES = {name: torch.empty(0, dtype=dtype).element_size() for name, dtype in TORCH.items()}
NUMPY = {
    name: np.dtype(name)
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}
DTYPES = {str(v).removeprefix("torch."): v for v in vars(torch).values() if isinstance(v, torch.dtype)}
DEVICE = re.compile(r"(cpu|meta|mps|cuda)(:\d{1,2})?")
TYPE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


@dataclass(frozen=True)
class Caps:
    """How much one message may hold."""

    header: int = 1 << 20
    """Bytes of JSON."""
    body: int = 64 << 20
    """Bytes of raw buffers."""
    nodes: int = 100_000
    depth: int = 32


REPLY = Caps()
"""What the judge takes from a worker."""
REQUEST = Caps(header=64 << 20, body=512 << 20, nodes=5_000_000, depth=200)
"""What a worker takes from the judge, which it trusts."""


class Malformed(Exception):
    """The other side broke the protocol."""


class Unsendable(Exception):
    """A value that has no form on the wire, or is too large for it."""


class Foreign:
    """Stands in the judge for a value of a type that does not cross the wire: inert, equal to nothing but itself."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


@lru_cache(maxsize=256)
def foreign_class(name: str) -> type[Foreign]:
    """An empty class of that name, so that messages can say "a generator came back"."""
    return type(name, (Foreign,), {})
