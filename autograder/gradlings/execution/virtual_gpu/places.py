"""Keep track of where the tensors of the virtual GPU live.

A tensor's place is an attribute of its storage, so that views share it and it goes when the memory is freed. The data
of every tensor, whatever its place, is in CPU memory.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any, Literal

import torch
from torch.utils import _device

CPU = torch.device("cpu")
GPU = torch.device("cuda", 0)
_OWN_MODULES = "gradlings.execution.virtual_gpu."


class Place(enum.Enum):
    """Where a tensor lives."""

    CPU = "CPU"
    GPU = "GPU"
    UNDECIDED = "undecided"
    """Made inside an operation of torch, which knows the device: it takes that of the first tensor it meets."""


_Action = Literal["made", "asked", "moved", "gradient", "elsewhere", "here"]


@dataclass(frozen=True)
class Origin:
    """How a tensor came to be on the CPU, and the student's line where it happened (if there is one)."""

    action: _Action
    """made: without a device. asked: with device="cpu". moved: from the GPU. gradient: of a tensor on the CPU.
    elsewhere: not known; file and line are those of the operation that met the tensor. here: the operation itself is
    the problem."""
    by: str
    """The name of the function, layer or loader that made or moved it; may be empty."""
    file: str | None = None
    line: int | None = None
    companion: str = ""
    """The name of a variable there that is a tensor on the GPU, or ""."""


@dataclass
class Session:
    """What the two modes of one run share."""

    student_files: Collection[str] = ()
    operation: str = ""
    """The torch function being carried out on the student's behalf, "" between two of them."""
    in_backward: int = 0
    """How many backward passes are running, one inside the other."""

    @property
    def inside_torch(self) -> bool:
        """Whether torch is working, rather than the student's own code."""
        return bool(self.operation) or self.in_backward > 0

    def origin(self, action: _Action, by: str) -> Origin:
        """Return the innermost line of the student, with what it calls: `by`, or a layer or loader around it."""
        frame: FrameType | None = sys._getframe(1)
        callee = frame
        while frame is not None and frame.f_code.co_filename not in self.student_files:
            callee, frame = frame, frame.f_back
        if frame is None or callee is None:
            return Origin(action, by)
        if not callee.f_globals.get("__name__", "").startswith(_OWN_MODULES):
            by = callee.f_code.co_qualname.removesuffix(".__init__").split(".")[-1]
        return Origin(action, by, frame.f_code.co_filename, frame.f_lineno, companion(frame))

    def here(self, action: _Action = "here") -> Origin:
        """Return the student's line that is being executed."""
        return self.origin(action, self.operation)

    def resolved(self, device: Any) -> torch.device:
        """Return what a student wrote (a string, a number or a device) as a device.

        Raises:
            DeviceError: it is a second GPU.
        """
        wanted = torch.device("cuda", device) if isinstance(device, int) else torch.device(device)
        if wanted.type == "cuda" and wanted.index not in (None, 0):
            text = f"Your code asks for {wanted}, and the virtual GPU is only one, cuda:0."
            raise DeviceError("not_simulated", text, self.here())
        return GPU if wanted.type == "cuda" else wanted

    def blamed(self, tensor: torch.Tensor) -> Origin:
        """Return where a tensor came to the CPU; as far as that is not known, the line that is being executed."""
        origin = origin_of(tensor)
        if origin is None:
            return self.here("elsewhere")
        return origin if origin.file else replace(self.here(), action=origin.action, by=origin.by)


class DeviceProblem(Exception):
    """Something that a GPU refuses. `origin` is the line to blame."""

    def __init__(self, kind: str, text: str, origin: Origin) -> None:
        super().__init__(text)
        self.kind, self.text, self.origin = kind, text, origin


class DeviceError(DeviceProblem, RuntimeError):
    """A `RuntimeError`, as torch raises it, so that a student's own `except RuntimeError` works as on a GPU."""


class DeviceTypeError(DeviceProblem, TypeError):
    """A `TypeError`, as torch raises it when NumPy reads a tensor on the GPU."""


# ---- places of tensors


@dataclass
class _Location:
    place: Place = Place.CPU
    origin: Origin | None = None


_UNMARKED = _Location()
_OTHER_DEVICE = _Location(Place.UNDECIDED)
"""Of tensors on a device such as meta. Torch itself refuses to mix that with CPU memory."""


def _storage(tensor: torch.Tensor) -> torch.UntypedStorage:
    functorch = torch._C._functorch
    while functorch.is_functorch_wrapped_tensor(tensor):
        tensor = functorch.get_unwrapped(tensor)
    with torch._C.DisableTorchFunction():
        return tensor.untyped_storage()


def _location(tensor: torch.Tensor) -> _Location:
    storage = _storage(tensor)
    return getattr(storage, "_virtual_location", _UNMARKED) if storage.device.type == "cpu" else _OTHER_DEVICE


def place_of(tensor: torch.Tensor) -> Place:
    """Return where a tensor lives."""
    return _location(tensor).place


def origin_of(tensor: torch.Tensor) -> Origin | None:
    """Return how a tensor came to be on the CPU, if that is known."""
    return _location(tensor).origin


def settle(tensor: torch.Tensor, place: Place, origin: Origin | None = None) -> None:
    """Set where a tensor, with all views of the same memory, lives from now on."""
    _storage(tensor)._virtual_location = _Location(place, origin)  # type: ignore[attr-defined]


def share_memory(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Return whether two tensors have the same storage."""
    return bool(_storage(one)._cdata == _storage(other)._cdata)


def tensors_in(values: Iterable[Any]) -> Iterator[torch.Tensor]:
    """Yield the tensors among an operation's arguments or results, also in lists and tuples."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from tensors_in(value)


def companion(frame: FrameType) -> str:
    """Return the name of a frame's first variable that is a tensor on the GPU, parameters first, or ""."""
    values, code = frame.f_locals, frame.f_code
    for name in (*code.co_varnames, *code.co_freevars):
        if isinstance(values.get(name), torch.Tensor) and place_of(values[name]) is Place.GPU:
            return name
    return ""


# ---- devices, as the student writes and sees them


def device_of(tensor: torch.Tensor) -> torch.device:
    """Return the device that the student sees; tensors on `meta` stay there."""
    return tensor.device if tensor.device.type != "cpu" or place_of(tensor) is Place.CPU else GPU


def default_device() -> torch.device | None:
    """Return the device of `torch.set_default_device` or `with torch.device(...)`, if one is set."""
    return _device.CURRENT_DEVICE
