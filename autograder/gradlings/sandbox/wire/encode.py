"""Encodes a value as a message: a JSON header and raw buffers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor

from gradlings.model.text import encodable
from gradlings.sandbox.wire.types import (
    DEVICE_PATTERN,
    MAX_AXES,
    MAX_HEX_DIGITS,
    MAX_INLINE_CHARS,
    NUMPY_DTYPES,
    PREFIX,
    REPLY_LIMITS,
    TORCH_DTYPE_NAMES,
    TORCH_ITEM_SIZES,
    TYPE_NAME_PATTERN,
    MessageLimits,
    TooLarge,
    Unsendable,
    places,
    stand_in_class,
)

_BUFFER_ALIGNMENT = 64
_FAST_DTYPES = frozenset({torch.bool, torch.uint8, torch.int32, torch.int64, torch.float32, torch.float64})
"""Dtypes that NumPy has, too: small contiguous tensors of these are copied with fewer calls."""
_MAX_FAST_NUMEL = 4096
_HALF_REPLY = MessageLimits(
    header=REPLY_LIMITS.header // 2,
    body=REPLY_LIMITS.body // 2,
    nodes=REPLY_LIMITS.nodes // 2,
    depth=REPLY_LIMITS.depth - 8,
    number_keys=REPLY_LIMITS.number_keys // 2,
    type_names=REPLY_LIMITS.type_names // 2,
)
"""For one value of a reply, which holds others besides."""


class _Encoder:
    def __init__(self, limits: MessageLimits) -> None:
        self._limits = limits
        self._nodes = 0
        self._number_keys = 0
        self._type_names: set[str] = set()
        self.buffers: list[Any] = []
        self.size = 0

    def node(self, value: Any, depth: int = 0) -> Any:
        self._nodes += 1
        if depth > self._limits.depth:
            raise Unsendable("it is nested too deep")
        if self._nodes > self._limits.nodes:
            raise Unsendable(f"it has more than {self._limits.nodes} parts")
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return value if -(1 << 63) <= value < 1 << 63 else {"i": _digits(value)}
        if kind is float:
            return value if math.isfinite(value) else {"f": repr(value)}
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
            self._number_keys += sum(type(key) is not str for key, _ in pairs)
            if self._number_keys > self._limits.number_keys:
                raise Unsendable(f"it has more than {self._limits.number_keys} keys that are no strings")
            return {"d": [[self.node(key, depth + 1), self.node(item, depth + 1)] for key, item in pairs]}
        return self._rare_type(value)

    def _rare_type(self, value: Any) -> Any:
        if type(value) is complex:
            return {"c": [repr(value.real), repr(value.imag)]}
        if type(value) in (bytes, bytearray):
            return {"b": list(self._buffer(memoryview(bytes(value))))}
        if isinstance(value, torch.dtype):
            return {"y": str(value).removeprefix("torch.")}
        if isinstance(value, torch.device) and DEVICE_PATTERN.fullmatch(str(value)):
            return {"v": str(value)}
        return self._stand_in(type(value).__name__, _repr(value))

    def _stand_in(self, name: str, text: str) -> Any:
        name = str(name)[:60]
        if name not in self._type_names and len(self._type_names) >= self._limits.type_names - 1:
            name = "object"
        self._type_names.add(name)
        return {"o": [self._text(name), self._text(text[:MAX_INLINE_CHARS])]}

    def _text(self, text: str) -> Any:
        if len(text) <= MAX_INLINE_CHARS:
            return encodable(text)
        return {"s": list(self._buffer(memoryview(text.encode("utf-8", "replace"))))}

    def _buffer(self, data: bytes | memoryview) -> tuple[int, int]:
        padding = -self.size % _BUFFER_ALIGNMENT
        if self.size + padding + len(data) > self._limits.body:
            raise self._too_large()
        if padding:
            self.buffers.append(bytes(padding))
        at = self.size + padding
        self.buffers.append(data)
        self.size = at + len(data)
        return at, len(data)

    def _too_large(self) -> TooLarge:
        return TooLarge(f"it is larger than {self._limits.body >> 20} MB")

    def _tensor(self, tensor: Tensor) -> Any:
        try:
            return self._readable_tensor(tensor)
        except RuntimeError as error:  # the tensor escaped from torch.vmap, or memory is short
            reason = str(error).partition("\n")[0]
            return self._stand_in("tensor_without_values", f"a tensor whose values cannot be read ({reason})")

    def _readable_tensor(self, tensor: Tensor) -> Any:
        if type(tensor) not in (Tensor, torch.nn.Parameter):
            return self._stand_in(type(tensor).__name__, f"a {type(tensor).__name__}")
        name = TORCH_DTYPE_NAMES.get(tensor.dtype)
        plain = tensor.detach()
        if name is None or plain.layout != torch.strided or plain.is_quantized or plain.is_nested:
            return self._stand_in("tensor_of_another_kind", f"a tensor of another kind ({plain.dtype}, {plain.layout})")
        shape = _shape(plain.shape)
        if plain.device.type == "meta":
            return {"m": [name, shape]}
        if plain.device.type != "cpu":
            return self._stand_in("tensor_elsewhere", f"a tensor on {plain.device}")
        if places(shape) > self._limits.body or plain.numel() * TORCH_ITEM_SIZES[name] > self._limits.body:
            raise self._too_large()
        data, order = _elements(plain)
        return {"t": [name, shape, *self._buffer(data), bool(tensor.requires_grad), order]}

    def _array(self, tag: str, array: np.ndarray) -> Any:
        name = str(array.dtype)
        if name not in NUMPY_DTYPES or type(array) is not np.ndarray:
            return self._stand_in(type(array).__name__, _repr(array))
        shape = _shape(array.shape)
        if places(shape) > self._limits.body or array.nbytes > self._limits.body:
            raise self._too_large()
        order = _memory_order(shape, [stride // array.itemsize for stride in array.strides], array.size)
        dense = np.ascontiguousarray(array.transpose(order) if order else array)
        data = dense.reshape(-1).view(np.uint8).data if dense.size else memoryview(b"")
        return {tag: [name, shape, *self._buffer(data), order]}


def _elements(tensor: Tensor) -> tuple[bytes | memoryview, list[int] | None]:
    """Return the bytes of a dense CPU tensor's elements and, if not row-major, the order of its axes in memory."""
    if tensor._is_zerotensor():
        tensor = tensor.clone()
    tensor = tensor.resolve_conj().resolve_neg()
    if tensor.dtype in _FAST_DTYPES and tensor.numel() <= _MAX_FAST_NUMEL and tensor.is_contiguous():
        return tensor.numpy().tobytes(), None
    order = _memory_order(list(tensor.shape), list(tensor.stride()), tensor.numel())
    dense = (tensor.permute(order) if order else tensor).contiguous()
    flat = dense.as_strided((dense.numel(),), (1,))  # a single element may have any stride, which `view` refuses
    return flat.view(torch.uint8).numpy().data if dense.numel() else b"", order


def _memory_order(shape: list[int], strides: list[int], count: int) -> list[int] | None:
    """Return the axes by falling stride if a tensor is dense in that order; None if contiguous or not dense."""
    order = sorted(range(len(shape)), key=lambda axis: -strides[axis])
    if count == 0 or order == list(range(len(shape))):
        return None
    expected = 1
    for axis in reversed(order):
        if shape[axis] != 1 and strides[axis] != expected:
            return None
        expected *= shape[axis]
    return order


def _shape(sizes: Sequence[int]) -> list[int]:
    if len(sizes) > MAX_AXES:
        raise Unsendable(f"it has more than {MAX_AXES} axes")
    return [int(size) for size in sizes]


def _digits(value: int) -> str:
    if value.bit_length() > MAX_HEX_DIGITS * 4:
        raise Unsendable("it is an integer of too many digits")
    return format(value, "x")


def _repr(value: Any) -> str:
    try:
        return str.__str__(repr(value)).split("\n")[0][:MAX_INLINE_CHARS]
    except Exception:
        return f"a {type(value).__name__}"


def pack(message: Any, limits: MessageLimits = REPLY_LIMITS) -> list[Any]:
    """Encode a message as a list of byte buffers, ready to be written.

    Raises:
        Unsendable: it is nested too deep, or exceeds a limit.
    """
    encoder = _Encoder(limits)
    header = msgspec.json.encode(encoder.node(message))
    if len(header) > limits.header:
        raise TooLarge(f"it needs more than {limits.header >> 20} MB of text")
    return [PREFIX.pack(len(header), encoder.size) + header, *encoder.buffers]


def sendable(value: Any) -> Any:
    """Return the value if it can be encoded, else a stand-in that says why not."""
    try:
        pack(value, _HALF_REPLY)
    except Exception as error:  # student classes may raise anything
        name = "tensor" if isinstance(value, Tensor) else type(value).__name__
        if name == "tensor" and isinstance(error, TooLarge):
            name = "tensor_too_large"
        reason = str(error) if isinstance(error, Unsendable) else f"it cannot be sent ({type(error).__name__})"
        return stand_in_class(name if TYPE_NAME_PATTERN.fullmatch(name) else "object")(f"a {name}: {reason}")
    return value
