"""The wire between judge and worker: length-prefixed frames of a JSON header and raw buffers, capped in every direction.

No pickle, no `torch.load`, nothing that is evaluated. The reader rebuilds only what is listed here: None, bool, int,
float, complex, str, bytes, tuple, list, dict, plain tensors, NumPy arrays and scalars, torch's dtypes, sizes and
devices. Anything else arrives as a `Foreign`: its type's name and a line of text.
"""

from __future__ import annotations

import json
import math
import os
import re
import select
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

_PREFIX = struct.Struct("<IQ")
_ALIGN = 64
_LONG_TEXT = 200
_MOST_DIGITS = 4096
_TORCH = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16),
        *(torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128),
    )
}
_TORCH_NAMES = {dtype: name for name, dtype in _TORCH.items()}
_TORCH_SIZES = {name: torch.empty(0, dtype=dtype).element_size() for name, dtype in _TORCH.items()}
_NUMPY = {
    name: np.dtype(name)
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}
_DTYPE_NAMES = {str(v).removeprefix("torch."): v for v in vars(torch).values() if isinstance(v, torch.dtype)}
_DEVICE = re.compile(r"(cpu|meta|mps|cuda)(:\d{1,2})?")
_TYPE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


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


class Late(Exception):
    """The deadline passed before a whole message had come."""


class Ended(Exception):
    """The other side closed the channel."""


class Foreign:
    """Stands in the judge for a value of a type that does not cross the wire: inert, equal to nothing but itself."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


@lru_cache(maxsize=256)
def _foreign_class(name: str) -> type[Foreign]:
    """An empty class of that name, so that messages can say "a generator came back"."""
    return type(name, (Foreign,), {})


# Writing


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
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, Tensor):
            return self._tensor(value, depth)
        if isinstance(value, np.ndarray):
            return self._array("a", value, depth)
        if isinstance(value, np.generic):
            return self._array("n", np.asarray(value), depth)
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
        if isinstance(value, torch.device) and _DEVICE.fullmatch(str(value)):
            return {"v": str(value)}
        return self._foreign(type(value).__name__, _repr(value))

    def _foreign(self, name: str, text: str) -> Any:
        return {"o": [self._text(str(name)[:60]), self._text(text[:_LONG_TEXT])]}

    def _text(self, text: str) -> Any:
        if len(text) <= _LONG_TEXT:
            return text
        return {"s": list(self._buffer(memoryview(text.encode("utf-8", "replace"))))}

    def _buffer(self, data: memoryview) -> tuple[int, int]:
        padding = -self.size % _ALIGN
        if self.size + padding + len(data) > self._caps.body:
            raise Unsendable(f"it is larger than {self._caps.body >> 20} MB")
        if padding:
            self.buffers.append(bytes(padding))
        at = self.size + padding
        self.buffers.append(data)
        self.size = at + len(data)
        return at, len(data)

    def _tensor(self, tensor: Tensor, depth: int) -> Any:
        if type(tensor) not in (Tensor, torch.nn.Parameter):
            return self._foreign(type(tensor).__name__, f"a {type(tensor).__name__}")
        name = _TORCH_NAMES.get(tensor.dtype)
        plain = tensor.detach()
        if name is None or plain.layout != torch.strided or plain.is_quantized:
            return self._foreign("tensor_of_another_kind", f"a tensor of another kind ({plain.dtype}, {plain.layout})")
        shape = [int(size) for size in plain.shape]
        if plain.device.type == "meta":
            return {"m": [name, shape]}
        if plain.device.type != "cpu":
            return self._foreign("tensor_elsewhere", f"a tensor on {plain.device}")
        if math.prod(shape) * _TORCH_SIZES[name] > self._caps.body:
            raise Unsendable(f"it is larger than {self._caps.body >> 20} MB")
        plain = plain.resolve_conj().resolve_neg()
        order = _memory_order(shape, list(plain.stride()), plain.numel())
        dense = (plain.permute(order) if order else plain).contiguous()
        data = dense.reshape(-1).view(torch.uint8).numpy().data if dense.numel() else memoryview(b"")
        return {"t": [name, shape, *self._buffer(data), bool(tensor.requires_grad), order]}

    def _array(self, tag: str, array: np.ndarray, depth: int) -> Any:
        name = str(array.dtype)
        if name not in _NUMPY or type(array) is not np.ndarray:
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
    if value.bit_length() > _MOST_DIGITS * 4:
        raise Unsendable("it is an integer of too many digits")
    return format(value, "x")


def _repr(value: Any) -> str:
    try:
        return str.__str__(repr(value)).split("\n")[0][:_LONG_TEXT]
    except Exception:
        return f"a {type(value).__name__}"


def packed(message: Any, caps: Caps = REPLY) -> list[Any]:
    """A message as a list of byte buffers, ready to be written.

    Raises:
        Unsendable: it has no form on the wire or exceeds a cap.
    """
    writer = _Writer(caps)
    header = json.dumps(writer.node(message), separators=(",", ":")).encode()
    if len(header) > caps.header:
        raise Unsendable(f"it needs more than {caps.header >> 20} MB of text")
    return [_PREFIX.pack(len(header), writer.size) + header, *writer.buffers]


def sendable(value: Any) -> Any:
    """The value if it crosses the wire, else a stand-in that says why it does not."""
    try:
        packed(value, Caps(REPLY.header // 2, REPLY.body // 2, REPLY.nodes // 2, REPLY.depth - 8))
    except (Unsendable, RecursionError, MemoryError, RuntimeError) as error:
        text = str(error) if isinstance(error, Unsendable) else f"it cannot be sent ({type(error).__name__})"
        name = "tensor_too_large" if isinstance(value, Tensor) else type(value).__name__
        return _foreign_class(name if _TYPE_NAME.fullmatch(name) else "object")(f"a {name}: {text}")
    return value


# Reading


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
            return _clean(node)
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
        if type(content) is not str or not re.fullmatch(rf"-?[0-9a-f]{{1,{_MOST_DIGITS}}}", content):
            raise Malformed("an integer")
        return int(content, 16)

    def _float(self, content: Any, depth: int) -> float:
        if type(content) is not str or content not in _NOT_FINITE:
            raise Malformed("a float")
        return _NOT_FINITE[content]

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
        if type(content) is not str or content not in _DTYPE_NAMES:
            raise Malformed("a dtype")
        return _DTYPE_NAMES[content]

    def _device(self, content: Any, depth: int) -> torch.device:
        if type(content) is not str or not _DEVICE.fullmatch(content):
            raise Malformed("a device")
        return torch.device(content)

    def _foreign(self, content: Any, depth: int) -> Foreign:
        name, text = (self.value(item, depth + 1) for item in _list(content, 2))
        if type(name) is not str or type(text) is not str or len(text) > _LONG_TEXT:
            raise Malformed("a stand-in")
        return _foreign_class(name if _TYPE_NAME.fullmatch(name) else "object")(text)

    def _meta(self, content: Any, depth: int) -> Tensor:
        name, shape = _list(content, 2)
        return torch.empty(_shape(shape), dtype=_TORCH[_name(name, _TORCH)], device="meta")

    def _tensor(self, content: Any, depth: int) -> Tensor:
        name, shape, at, size, grad, order = _list(content, 6)
        sizes = _shape(shape)
        dtype = _TORCH[_name(name, _TORCH)]
        data = self._elements(at, size, math.prod(sizes) * _TORCH_SIZES[name], name == "bool")
        if type(grad) is not bool or (grad and not (dtype.is_floating_point or dtype.is_complex)):
            raise Malformed("requires_grad")
        flat = torch.frombuffer(data, dtype=dtype).clone() if data else torch.empty(0, dtype=dtype)
        axes = _axes(order, len(sizes))
        tensor = flat.reshape([sizes[axis] for axis in axes]).permute(_inverse(axes))
        return tensor.requires_grad_() if grad else tensor

    def _array(self, content: Any, depth: int) -> np.ndarray:
        name, shape, at, size, order = _list(content, 5)
        sizes = _shape(shape)
        dtype = _NUMPY[_name(name, _NUMPY)]
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

    _TAGS = {
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


def _clean(text: str) -> str:
    """Without lone surrogates, which no file takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def unpacked(header: bytes, body: bytearray, caps: Caps = REPLY) -> Any:
    """The message of a frame.

    Raises:
        Malformed: it is not one that `packed` makes.
    """
    try:
        tree = json.loads(header)
        return _Reader(body, caps).value(tree)
    except (ValueError, RecursionError, RuntimeError, OverflowError, MemoryError) as error:
        raise Malformed(f"{type(error).__name__}") from None


# Channels


class Channel:
    """One end of a stream socket, by its descriptor. Reads and writes whole messages until a deadline."""

    def __init__(self, descriptor: int) -> None:
        self._fd = descriptor
        os.set_blocking(descriptor, False)

    def send(self, buffers: Sequence[Any], deadline: float = math.inf) -> None:
        """Raises `Late` or `Ended`; deadlines are of `time.monotonic`."""
        parts = [memoryview(part).cast("B") for part in buffers if len(part)]
        while parts:
            try:
                written = os.writev(self._fd, parts[:256])
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline)
                continue
            except (BrokenPipeError, ConnectionResetError):
                raise Ended from None
            while written:
                if written >= len(parts[0]):
                    written -= len(parts.pop(0))
                else:
                    parts[0], written = parts[0][written:], 0

    def receive(self, caps: Caps = REPLY, deadline: float = math.inf) -> Any:
        """The next message. Raises `Late`, `Ended` or `Malformed`."""
        header_size, body_size = _PREFIX.unpack(self._exactly(_PREFIX.size, deadline))
        if header_size > caps.header or body_size > caps.body:
            raise Malformed(f"a message of {header_size} + {body_size} bytes")
        header = bytes(self._exactly(header_size, deadline))
        return unpacked(header, self._exactly(body_size, deadline), caps)

    def _exactly(self, size: int, deadline: float) -> bytearray:
        data = bytearray(size)
        view, got = memoryview(data), 0
        while got < size:
            try:
                count = os.readv(self._fd, [view[got:]])
            except BlockingIOError:
                self._wait(select.POLLIN, deadline)
                continue
            except ConnectionResetError:
                raise Ended from None
            if count == 0:
                raise Ended
            got += count
            if time.monotonic() > deadline:
                raise Late
        return data

    def _wait(self, event: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise Late
        poll = select.poll()
        poll.register(self._fd, event)
        if not poll.poll(None if left == math.inf else left * 1000 + 1):
            raise Late
