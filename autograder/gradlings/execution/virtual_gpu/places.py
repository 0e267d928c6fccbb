"""Where the tensors of the virtual GPU live.

A tensor's home is written on its storage, so views share it and it is forgotten together with the memory. The data of
every tensor, whatever its home, is in CPU memory.
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


class Place(enum.Enum):
    CPU = "CPU"
    GPU = "GPU"
    UNDECIDED = "undecided"
    """Made inside an operation of torch, which knows its device: it becomes that of its first companion."""


_Action = Literal["made", "asked", "moved", "gradient", "elsewhere", "here"]


@dataclass(frozen=True)
class Origin:
    """How a tensor came to be on the CPU, and the student's line where it happened (if it is one)."""

    action: _Action
    """made: without a device. asked: with device="cpu". moved: from the GPU. gradient: of a tensor on the CPU.
    elsewhere: not known; file and line are those of the operation that met the tensor. here: the operation itself is
    the problem."""
    by: str
    file: str | None = None
    line: int | None = None
    companion: str = ""
    """The name of a tensor on the GPU that is at hand there, if any."""


@dataclass
class Session:
    """What the two modes of one run know together."""

    student_files: Collection[str] = ()
    operation: str = ""
    """The torch function being carried out on the student's behalf, "" between two of them."""
    in_backward: int = 0

    @property
    def inside_torch(self) -> bool:
        return bool(self.operation) or self.in_backward > 0

    def origin(self, action: _Action, by: str) -> Origin:
        """The innermost line of the student, and what it calls: `by`, or what calls that (a layer, a loader)."""
        frame: FrameType | None = sys._getframe(1)
        callee = frame
        while frame is not None and frame.f_code.co_filename not in self.student_files:
            callee, frame = frame, frame.f_back
        if frame is None or callee is None:
            return Origin(action, by)
        if not callee.f_globals.get("__name__", "").startswith(__package__ or "gradlings"):
            by = callee.f_code.co_qualname.removesuffix(".__init__").split(".")[-1]
        return Origin(action, by, frame.f_code.co_filename, frame.f_lineno, companion(frame))

    def here(self, action: _Action = "here") -> Origin:
        """The student's line that is being carried out."""
        return self.origin(action, self.operation)

    def blamed(self, tensor: torch.Tensor) -> Origin:
        """Where a tensor came to the CPU; as far as that is not known, the line that is being carried out."""
        known = origin_of(tensor)
        here = self.here("elsewhere")
        if known is None:
            return here
        return known if known.file else replace(here, action=known.action, by=known.by)


class DeviceProblem(Exception):
    """What a GPU would not do. `origin` says which line is to blame."""

    def __init__(self, kind: str, text: str, origin: Origin) -> None:
        super().__init__(text)
        self.kind, self.text, self.origin = kind, text, origin


class DeviceError(DeviceProblem, RuntimeError):
    """As torch does, so that a student's own `except RuntimeError` works as on a GPU."""


class DeviceTypeError(DeviceProblem, TypeError):
    """What torch raises when NumPy reaches for a tensor on the GPU."""


# ---- homes


@dataclass
class _Home:
    place: Place = Place.CPU
    origin: Origin | None = None


_NOT_WRITTEN = _Home()
_ELSEWHERE = _Home(Place.UNDECIDED)
"""On a device of its own, such as meta. Torch itself refuses to mix that with CPU memory."""


def _storage(tensor: torch.Tensor) -> torch.UntypedStorage:
    functorch = torch._C._functorch
    while functorch.is_functorch_wrapped_tensor(tensor):
        tensor = functorch.get_unwrapped(tensor)
    with torch._C.DisableTorchFunction():
        return tensor.untyped_storage()


def _home(tensor: torch.Tensor) -> _Home:
    storage = _storage(tensor)
    return getattr(storage, "_virtual_home", _NOT_WRITTEN) if storage.device.type == "cpu" else _ELSEWHERE


def place_of(tensor: torch.Tensor) -> Place:
    return _home(tensor).place


def origin_of(tensor: torch.Tensor) -> Origin | None:
    return _home(tensor).origin


def settle(tensor: torch.Tensor, place: Place, origin: Origin | None = None) -> None:
    """Writes down where the tensor, and all that shares its memory, lives from now on."""
    _storage(tensor)._virtual_home = _Home(place, origin)  # type: ignore[attr-defined]


def share_memory(one: torch.Tensor, other: torch.Tensor) -> bool:
    return _storage(one)._cdata == _storage(other)._cdata


def tensors_in(values: Iterable[Any]) -> Iterator[torch.Tensor]:
    """The tensors among an operation's arguments or results, also in lists and tuples."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from tensors_in(value)


def companion(frame: FrameType) -> str:
    """The name of the first parameter of this frame's function that is a tensor on the GPU, or ""."""
    code = frame.f_code
    values = frame.f_locals
    for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
        value = values.get(name)
        if isinstance(value, torch.Tensor) and place_of(value) is Place.GPU:
            return name
    return ""


# ---- devices, as the student writes and sees them


def device_of(tensor: torch.Tensor) -> torch.device:
    """The device the student sees; tensors on `meta` stay there."""
    return tensor.device if tensor.device.type != "cpu" or place_of(tensor) is Place.CPU else GPU


def resolved(device: Any, session: Session) -> torch.device:
    """What a student wrote (a string, a number, a device, a tensor's device) as a device."""
    wanted = torch.device("cuda", device) if isinstance(device, int) else torch.device(device)
    if wanted.type == "cuda" and wanted.index not in (None, 0):
        text = f"Your code asks for {wanted}, and the virtual GPU is only one, cuda:0."
        raise DeviceError("not_simulated", text, session.here())
    return GPU if wanted.type == "cuda" else wanted


def default_device() -> torch.device | None:
    """The device of `torch.set_default_device` or `with torch.device(...)`, if one is set."""
    return _device.CURRENT_DEVICE
