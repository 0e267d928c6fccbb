"""Decodes a message. Every part is validated, nothing is evaluated, and the other side chooses no class."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

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
    NAMED_DTYPES,
    NON_FINITE_FLOATS,
    NUMPY_DTYPES,
    REPLY_LIMITS,
    TORCH_DTYPES,
    TORCH_ITEM_SIZES,
    TYPE_NAME_PATTERN,
    MalformedMessage,
    MessageLimits,
    UnsendableStandIn,
    places,
    stand_in_class,
)

T = TypeVar("T")


class _Decoder:
    def __init__(self, body: bytearray, limits: MessageLimits) -> None:
        self._body = memoryview(body)
        self._limits = limits
        self._nodes = 0
        self._number_keys = 0
        self._type_names: set[str] = set()
        self._end_of_last_span = 0
        """Buffers are read in order and must not overlap."""

    def value(self, node: Any, depth: int = 0) -> Any:
        self._nodes += 1
        if depth > self._limits.depth or self._nodes > self._limits.nodes:
            raise MalformedMessage("too deep or too many parts")
        kind = type(node)
        if node is None or kind is bool:
            return node
        if kind is int:
            if not -(1 << 63) <= node < 1 << 63:
                raise MalformedMessage("an integer beyond 64 bits")
            return node
        if kind is float and math.isfinite(node):
            return node
        if kind is str:
            return encodable(node)
        if kind is list:
            return [self.value(item, depth + 1) for item in node]
        if kind is not dict or len(node) != 1:
            raise MalformedMessage("an unknown form")
        ((tag, content),) = node.items()
        read = self._TAGS.get(tag)
        if read is None:
            raise MalformedMessage("an unknown form")
        return read(self, content, depth)

    def _integer(self, content: Any, depth: int) -> int:
        if type(content) is not str or not re.fullmatch(rf"-?[0-9a-f]{{1,{MAX_HEX_DIGITS}}}", content):
            raise MalformedMessage("an integer")
        return int(content, 16)

    def _float(self, content: Any, depth: int) -> float:
        return _member(content, NON_FINITE_FLOATS, "a float")

    def _complex(self, content: Any, depth: int) -> complex:
        real, imaginary = _list(content, 2)
        if type(real) is not str or type(imaginary) is not str or len(real) + len(imaginary) > 80:
            raise MalformedMessage("a complex number")
        try:
            return complex(float(real), float(imaginary))
        except ValueError:
            raise MalformedMessage("a complex number") from None

    def _long_text(self, content: Any, depth: int) -> str:
        return bytes(self._span(*_list(content, 2))).decode("utf-8", "replace")

    def _bytes(self, content: Any, depth: int) -> bytes:
        return bytes(self._span(*_list(content, 2)))

    def _tuple(self, content: Any, depth: int) -> tuple[Any, ...]:
        return tuple(self.value(item, depth + 1) for item in _list(content))

    def _dict(self, content: Any, depth: int) -> dict[Any, Any]:
        result = {}
        for pair in _list(content):
            try:
                key, item = (self.value(part, depth + 1) for part in _list(pair, 2))
                self._number_keys += type(key) is not str
                if self._number_keys > self._limits.number_keys:
                    raise MalformedMessage("too many keys that are no strings")
                result[key] = item
            except TypeError:
                raise MalformedMessage("a dict key") from None
        return result

    def _size(self, content: Any, depth: int) -> torch.Size:
        if not all(type(size) is int and -(1 << 63) <= size < 1 << 63 for size in _list(content)):
            raise MalformedMessage("a shape")
        return torch.Size(content)  # one that a student made up: sizes may be negative

    def _dtype(self, content: Any, depth: int) -> torch.dtype:
        return _member(content, NAMED_DTYPES, "a dtype")

    def _device(self, content: Any, depth: int) -> torch.device:
        if type(content) is not str or not DEVICE_PATTERN.fullmatch(content):
            raise MalformedMessage("a device")
        return torch.device(content)

    def _stand_in(self, content: Any, depth: int) -> UnsendableStandIn:
        name, text = (self.value(item, depth + 1) for item in _list(content, 2))
        if type(name) is not str or type(text) is not str or len(text) > MAX_INLINE_CHARS:
            raise MalformedMessage("a stand-in")
        if not TYPE_NAME_PATTERN.fullmatch(name):
            name = "object"
        self._type_names.add(name)
        if len(self._type_names) > self._limits.type_names:
            raise MalformedMessage("too many types")
        return stand_in_class(name)(text)

    def _meta(self, content: Any, depth: int) -> Tensor:
        name, shape = _list(content, 2)
        return torch.empty(_shape(shape), dtype=_member(name, TORCH_DTYPES, "a dtype"), device="meta")

    def _tensor(self, content: Any, depth: int) -> Tensor:
        name, shape, at, size, grad, order = _list(content, 6)
        sizes = self._shape_in_memory(shape)
        dtype = _member(name, TORCH_DTYPES, "a dtype")
        data = self._elements(at, size, math.prod(sizes) * TORCH_ITEM_SIZES[name], name == "bool")
        if type(grad) is not bool or (grad and not (dtype.is_floating_point or dtype.is_complex)):
            raise MalformedMessage("requires_grad")
        flat = torch.frombuffer(data, dtype=dtype).clone() if data else torch.empty(0, dtype=dtype, device="cpu")
        if order is None:
            tensor = flat.view(sizes)
        else:
            axes = _axes(order, len(sizes))
            tensor = flat.view([sizes[axis] for axis in axes]).permute(_inverse(axes))
        return tensor.requires_grad_() if grad else tensor

    def _array(self, content: Any, depth: int) -> np.ndarray:
        name, shape, at, size, order = _list(content, 5)
        sizes = self._shape_in_memory(shape)
        dtype = _member(name, NUMPY_DTYPES, "a dtype")
        data = self._elements(at, size, math.prod(sizes) * dtype.itemsize, name == "bool")
        axes = _axes(order, len(sizes))
        flat = np.frombuffer(data, dtype=dtype).copy() if data else np.empty(0, dtype=dtype)
        return flat.reshape([sizes[axis] for axis in axes]).transpose(_inverse(axes))

    def _scalar(self, content: Any, depth: int) -> Any:
        array = self._array(content, depth)
        if array.shape != ():
            raise MalformedMessage("a NumPy number")
        return array[()]

    def _shape_in_memory(self, content: Any) -> list[int]:
        """Read a shape that is small even where it holds nothing: (10**12, 0) is a list of 10**12 empty lists."""
        sizes = _shape(content)
        if places(sizes) > self._limits.body:
            raise MalformedMessage("a shape")
        return sizes

    def _elements(self, at: Any, size: Any, expected_bytes: int, is_bool: bool) -> memoryview:
        data = self._span(at, size)
        if len(data) != expected_bytes:
            raise MalformedMessage("shape and number of bytes disagree")
        if is_bool and len(data) and int(np.frombuffer(data, dtype=np.uint8).max()) > 1:
            raise MalformedMessage("a truth value that is neither 0 nor 1")
        return data

    def _span(self, at: Any, size: Any) -> memoryview:
        if not _natural(at) or not _natural(size) or at < self._end_of_last_span or at + size > len(self._body):
            raise MalformedMessage("a buffer out of place")
        self._end_of_last_span = at + size
        return self._body[at : at + size]

    _TAGS: ClassVar[dict[str, Callable[[_Decoder, Any, int], Any]]] = {
        "i": _integer,
        "f": _float,
        "c": _complex,
        "s": _long_text,
        "b": _bytes,
        "l": _tuple,
        "d": _dict,
        "z": _size,
        "y": _dtype,
        "v": _device,
        "o": _stand_in,
        "m": _meta,
        "t": _tensor,
        "a": _array,
        "n": _scalar,
    }


def _list(content: Any, length: int | None = None) -> list[Any]:
    if type(content) is not list or (length is not None and len(content) != length):
        raise MalformedMessage("a list")
    return content


def _natural(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 40


def _shape(content: Any) -> list[int]:
    sizes = _list(content)
    if len(sizes) > MAX_AXES or not all(map(_natural, sizes)) or places(sizes) >= 1 << 62:
        raise MalformedMessage("a shape")
    return sizes


def _member(key: Any, values: dict[str, T], what: str) -> T:
    if type(key) is not str or key not in values:
        raise MalformedMessage(what)
    return values[key]


def _axes(order: Any, dims: int) -> list[int]:
    if order is None:
        return list(range(dims))
    if type(order) is not list or not all(map(_natural, order)) or sorted(order) != list(range(dims)):
        raise MalformedMessage("an order of axes")
    return order


def _inverse(axes: list[int]) -> list[int]:
    return sorted(range(len(axes)), key=axes.__getitem__)


def unpack(header: bytes, body: bytearray, limits: MessageLimits = REPLY_LIMITS) -> Any:
    """Decode the message that `pack` encoded.

    Raises:
        MalformedMessage: `pack` does not produce such a message, or it exceeds a limit.
    """
    try:
        return _Decoder(body, limits).value(msgspec.json.decode(header))
    except (ValueError, RecursionError, RuntimeError, OverflowError, MemoryError) as error:
        raise MalformedMessage(f"{type(error).__name__}") from None
