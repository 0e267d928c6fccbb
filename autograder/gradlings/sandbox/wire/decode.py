"""Messages into values: every form is checked, nothing is evaluated, and no class is chosen by the other side."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
import numpy as np
import torch
from torch import Tensor

from gradlings.model.text import encodable
from gradlings.sandbox.wire.types import (
    DEVICE,
    DTYPES,
    LONG_TEXT,
    MOST_DIGITS,
    NOT_FINITE,
    NUMPY,
    REPLY,
    TORCH,
    TORCH_SIZES,
    TYPE_NAME,
    Caps,
    Foreign,
    Malformed,
    foreign_class,
)


class _Reader:
    def __init__(self, body: bytearray, caps: Caps) -> None:
        self._body = memoryview(body)
        self._caps = caps
        self._nodes = 0
        self._free_from = 0
        """Buffers are read in order and must not overlap."""

    def value(self, node: Any, depth: int = 0) -> Any:
        self._nodes += 1
        if depth > self._caps.depth or self._nodes > self._caps.nodes:
            raise Malformed("too deep or too many parts")
        kind = type(node)
        if node is None or kind is bool:
            return node
        if kind is int:
            if not -(1 << 63) <= node < 1 << 63:
                raise Malformed("an integer beyond 64 bits")
            return node
        if kind is float and math.isfinite(node):
            return node
        if kind is str:
            return encodable(node)
        if kind is list:
            return [self.value(item, depth + 1) for item in node]
        if kind is not dict or len(node) != 1:
            raise Malformed("an unknown form")
        ((tag, content),) = node.items()
        read = self._TAGS.get(tag)
        if read is None:
            raise Malformed("an unknown form")
        return read(self, content, depth)

    def _integer(self, content: Any, depth: int) -> int:
        if type(content) is not str or not re.fullmatch(rf"-?[0-9a-f]{{1,{MOST_DIGITS}}}", content):
            raise Malformed("an integer")
        return int(content, 16)

    def _float(self, content: Any, depth: int) -> float:
        if type(content) is not str or content not in NOT_FINITE:
            raise Malformed("a float")
        return NOT_FINITE[content]

    def _complex(self, content: Any, depth: int) -> complex:
        real, imaginary = _list(content, 2)
        if type(real) is not str or type(imaginary) is not str or len(real) + len(imaginary) > 80:
            raise Malformed("a complex number")
        try:
            return complex(float(real), float(imaginary))
        except ValueError:
            raise Malformed("a complex number") from None

    def _long_text(self, content: Any, depth: int) -> str:
        return bytes(self._span(*_list(content, 2))).decode("utf-8", "replace")

    def _bytes(self, content: Any, depth: int) -> bytes:
        return bytes(self._span(*_list(content, 2)))

    def _tuple(self, content: Any, depth: int) -> tuple[Any, ...]:
        return tuple(self.value(item, depth + 1) for item in _list(content))

    def _dict(self, content: Any, depth: int) -> dict[Any, Any]:
        found = {}
        for pair in _list(content):
            key, item = _list(pair, 2)
            read = self.value(key, depth + 1)
            try:
                found[read] = self.value(item, depth + 1)
            except TypeError:
                raise Malformed("a dict key") from None
        return found

    def _size(self, content: Any, depth: int) -> torch.Size:
        return torch.Size(_shape(content))

    def _dtype(self, content: Any, depth: int) -> torch.dtype:
        if type(content) is not str or content not in DTYPES:
            raise Malformed("a dtype")
        return DTYPES[content]

    def _device(self, content: Any, depth: int) -> torch.device:
        if type(content) is not str or not DEVICE.fullmatch(content):
            raise Malformed("a device")
        return torch.device(content)

    def _foreign(self, content: Any, depth: int) -> Foreign:
        name, text = (self.value(item, depth + 1) for item in _list(content, 2))
        if type(name) is not str or type(text) is not str or len(text) > LONG_TEXT:
            raise Malformed("a stand-in")
        return foreign_class(name if TYPE_NAME.fullmatch(name) else "object")(text)

    def _meta(self, content: Any, depth: int) -> Tensor:
        name, shape = _list(content, 2)
        return torch.empty(_shape(shape), dtype=TORCH[_name(name, TORCH)], device="meta")

    def _tensor(self, content: Any, depth: int) -> Tensor:
        name, shape, at, size, grad, order = _list(content, 6)
        sizes = _shape(shape)
        dtype = TORCH[_name(name, TORCH)]
        data = self._elements(at, size, math.prod(sizes) * TORCH_SIZES[name], name == "bool")
        if type(grad) is not bool or (grad and not (dtype.is_floating_point or dtype.is_complex)):
            raise Malformed("requires_grad")
        flat = torch.frombuffer(data, dtype=dtype).clone() if data else torch.empty(0, dtype=dtype)
        if order is None:
            tensor = flat.view(sizes)
        else:
            axes = _axes(order, len(sizes))
            tensor = flat.view([sizes[axis] for axis in axes]).permute(_inverse(axes))
        return tensor.requires_grad_() if grad else tensor

    def _array(self, content: Any, depth: int) -> np.ndarray:
        name, shape, at, size, order = _list(content, 5)
        sizes = _shape(shape)
        dtype = NUMPY[_name(name, NUMPY)]
        data = self._elements(at, size, math.prod(sizes) * dtype.itemsize, name == "bool")
        axes = _axes(order, len(sizes))
        flat = np.frombuffer(data, dtype=dtype).copy() if data else np.empty(0, dtype=dtype)
        return flat.reshape([sizes[axis] for axis in axes]).transpose(_inverse(axes))

    def _scalar(self, content: Any, depth: int) -> Any:
        array = self._array(content, depth)
        if array.shape != ():
            raise Malformed("a NumPy number")
        return array[()]

    def _elements(self, at: Any, size: Any, expected: int, truth: bool) -> memoryview:
        data = self._span(at, size)
        if len(data) != expected:
            raise Malformed("shape and number of bytes disagree")
        if truth and len(data) and int(np.frombuffer(data, dtype=np.uint8).max()) > 1:
            raise Malformed("a truth value that is neither 0 nor 1")
        return data

    def _span(self, at: Any, size: Any) -> memoryview:
        if not _natural(at) or not _natural(size) or at < self._free_from or at + size > len(self._body):
            raise Malformed("a buffer out of place")
        self._free_from = at + size
        return self._body[at : at + size]

    _TAGS: ClassVar[dict[str, Callable[[_Reader, Any, int], Any]]] = {
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
        "o": _foreign,
        "m": _meta,
        "t": _tensor,
        "a": _array,
        "n": _scalar,
    }


def _list(content: Any, length: int | None = None) -> list[Any]:
    if type(content) is not list or (length is not None and len(content) != length):
        raise Malformed("a list")
    return content


def _natural(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 40


def _shape(content: Any) -> list[int]:
    sizes = _list(content)
    if len(sizes) > 16 or not all(map(_natural, sizes)) or math.prod(max(size, 1) for size in sizes) >= 1 << 62:
        raise Malformed("a shape")
    return sizes


def _name(content: Any, known: dict[str, Any]) -> str:
    if type(content) is not str or content not in known:
        raise Malformed("a dtype")
    return content


def _axes(order: Any, dims: int) -> list[int]:
    if order is None:
        return list(range(dims))
    if type(order) is not list or not all(map(_natural, order)) or sorted(order) != list(range(dims)):
        raise Malformed("an order of axes")
    return order


def _inverse(axes: list[int]) -> list[int]:
    return sorted(range(len(axes)), key=axes.__getitem__)


def unpacked(header: bytes, body: bytearray, caps: Caps = REPLY) -> Any:
    """The message of a frame.

    Raises:
        Malformed: it is not one that `packed` makes.
    """
    try:
        tree = msgspec.json.decode(header)
        return _Reader(body, caps).value(tree)
    except (ValueError, RecursionError, RuntimeError, OverflowError, MemoryError) as error:
        raise Malformed(f"{type(error).__name__}") from None
