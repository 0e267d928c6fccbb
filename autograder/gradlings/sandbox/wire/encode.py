"""Values into messages: a JSON header and raw buffers."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor

from gradlings.model.text import encodable
from gradlings.sandbox.wire.types import (
    DEVICE,
    LONG_TEXT,
    MOST_DIGITS,
    NUMPY,
    PREFIX,
    REPLY,
    TORCH_NAMES,
    TORCH_SIZES,
    TYPE_NAME,
    Caps,
    Unsendable,
    foreign_class,
)

_ALIGN = 64
_AS_IN_NUMPY = frozenset({torch.bool, torch.uint8, torch.int32, torch.int64, torch.float32, torch.float64})
"""No conjugate or negative views, and NumPy has them: the short way for what is small and plain."""
_SMALL = 4096


class _Writer:
    def __init__(self, caps: Caps) -> None:
        self._caps = caps
        self._nodes = 0
        self.buffers: list[Any] = []
        self.size = 0

    def node(self, value: Any, depth: int = 0) -> Any:
        self._nodes += 1
        if depth > self._caps.depth:
            raise Unsendable("it is nested too deep")
        if self._nodes > self._caps.nodes:
            raise Unsendable(f"it has more than {self._caps.nodes} parts")
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return value if -(1 << 63) <= value < 1 << 63 else {"i": _digits(value)}
        if kind is float:
            return value if math.isfinite(value) else {"f": repr(value)}
        if kind is Tensor:
            return self._tensor(value)
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, Tensor):
            return self._tensor(value)
        if isinstance(value, np.ndarray):
            return self._array("a", value)
        if isinstance(value, np.generic):
            return self._array("n", np.asarray(value))
        if kind is torch.Size:
            return {"z": [int(size) for size in value]}
        if isinstance(value, list):
            return [self.node(item, depth + 1) for item in list(value)]
        if isinstance(value, tuple):
            return {"l": [self.node(item, depth + 1) for item in tuple(value)]}
        if isinstance(value, dict):
            pairs = list(dict.items(value))
            return {"d": [[self.node(key, depth + 1), self.node(item, depth + 1)] for key, item in pairs]}
        return self._rarer(value)

    def _rarer(self, value: Any) -> Any:
        if type(value) is complex:
            return {"c": [repr(value.real), repr(value.imag)]}
        if type(value) in (bytes, bytearray):
            return {"b": list(self._buffer(memoryview(bytes(value))))}
        if isinstance(value, torch.dtype):
            return {"y": str(value).removeprefix("torch.")}
        if isinstance(value, torch.device) and DEVICE.fullmatch(str(value)):
            return {"v": str(value)}
        return self._foreign(type(value).__name__, _repr(value))

    def _foreign(self, name: str, text: str) -> Any:
        return {"o": [self._text(str(name)[:60]), self._text(text[:LONG_TEXT])]}

    def _text(self, text: str) -> Any:
        if len(text) <= LONG_TEXT:
            return encodable(text)
        return {"s": list(self._buffer(memoryview(text.encode("utf-8", "replace"))))}

    def _buffer(self, data: bytes | memoryview) -> tuple[int, int]:
        padding = -self.size % _ALIGN
        if self.size + padding + len(data) > self._caps.body:
            raise Unsendable(f"it is larger than {self._caps.body >> 20} MB")
        if padding:
            self.buffers.append(bytes(padding))
        at = self.size + padding
        self.buffers.append(data)
        self.size = at + len(data)
        return at, len(data)

    def _tensor(self, tensor: Tensor) -> Any:
        if type(tensor) not in (Tensor, torch.nn.Parameter):
            return self._foreign(type(tensor).__name__, f"a {type(tensor).__name__}")
        name = TORCH_NAMES.get(tensor.dtype)
        plain = tensor.detach()
        if name is None or plain.layout != torch.strided or plain.is_quantized:
            return self._foreign("tensor_of_another_kind", f"a tensor of another kind ({plain.dtype}, {plain.layout})")
        shape = [int(size) for size in plain.shape]
        if plain.device.type == "meta":
            return {"m": [name, shape]}
        if plain.device.type != "cpu":
            return self._foreign("tensor_elsewhere", f"a tensor on {plain.device}")
        if math.prod(shape) * TORCH_SIZES[name] > self._caps.body:
            raise Unsendable(f"it is larger than {self._caps.body >> 20} MB")
        if plain.dtype in _AS_IN_NUMPY and plain.is_contiguous() and plain.numel() <= _SMALL:
            return {"t": [name, shape, *self._buffer(plain.numpy().tobytes()), tensor.requires_grad, None]}
        plain = plain.resolve_conj().resolve_neg()
        order = _memory_order(shape, list(plain.stride()), plain.numel())
        dense = (plain.permute(order) if order else plain).contiguous()
        data = dense.reshape(-1).view(torch.uint8).numpy().data if dense.numel() else memoryview(b"")
        return {"t": [name, shape, *self._buffer(data), bool(tensor.requires_grad), order]}

    def _array(self, tag: str, array: np.ndarray) -> Any:
        name = str(array.dtype)
        if name not in NUMPY or type(array) is not np.ndarray:
            return self._foreign(type(array).__name__, _repr(array))
        shape = [int(size) for size in array.shape]
        if array.nbytes > self._caps.body:
            raise Unsendable(f"it is larger than {self._caps.body >> 20} MB")
        order = _memory_order(shape, [stride // array.itemsize for stride in array.strides], array.size)
        dense = np.ascontiguousarray(array.transpose(order) if order else array)
        data = dense.reshape(-1).view(np.uint8).data if dense.size else memoryview(b"")
        return {tag: [name, shape, *self._buffer(data), order]}


def _memory_order(shape: list[int], strides: list[int], count: int) -> list[int] | None:
    """The axes in the order they lie in memory, for a dense tensor that is not simply contiguous; else None."""
    order = sorted(range(len(shape)), key=lambda axis: -strides[axis])
    if count == 0 or order == list(range(len(shape))):
        return None
    expected = 1
    for axis in reversed(order):
        if shape[axis] != 1 and strides[axis] != expected:
            return None
        expected *= shape[axis]
    return order


def _digits(value: int) -> str:
    if value.bit_length() > MOST_DIGITS * 4:
        raise Unsendable("it is an integer of too many digits")
    return format(value, "x")


def _repr(value: Any) -> str:
    try:
        return str.__str__(repr(value)).split("\n")[0][:LONG_TEXT]
    except Exception:
        return f"a {type(value).__name__}"


def packed(message: Any, caps: Caps = REPLY) -> list[Any]:
    """A message as a list of byte buffers, ready to be written.

    Raises:
        Unsendable: it has no form on the wire or exceeds a cap.
    """
    writer = _Writer(caps)
    header = msgspec.json.encode(writer.node(message))
    if len(header) > caps.header:
        raise Unsendable(f"it needs more than {caps.header >> 20} MB of text")
    return [PREFIX.pack(len(header), writer.size) + header, *writer.buffers]


def sendable(value: Any) -> Any:
    """The value if it crosses the wire, else a stand-in that says why it does not."""
    try:
        packed(value, Caps(REPLY.header // 2, REPLY.body // 2, REPLY.nodes // 2, REPLY.depth - 8))
    except (Unsendable, RecursionError, MemoryError, RuntimeError) as error:
        text = str(error) if isinstance(error, Unsendable) else f"it cannot be sent ({type(error).__name__})"
        name = "tensor_too_large" if isinstance(value, Tensor) else type(value).__name__
        return foreign_class(name if TYPE_NAME.fullmatch(name) else "object")(f"a {name}: {text}")
    return value
