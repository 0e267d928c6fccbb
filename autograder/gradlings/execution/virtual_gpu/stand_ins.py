"""Replace what torch does not show to modes: functions of `torch.cuda`, random generators, the backward engine.

They are replaced while the virtual GPU is on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import torch
from torch.autograd import graph

from gradlings.execution.virtual_gpu.places import CPU, GPU, Place, Session, default_device, device_of, settle
from gradlings.execution.virtual_gpu.view import DeviceView


class VirtualGenerator(torch.Generator):
    """A random generator that reports the device it was made for; its numbers are the CPU's."""

    on_gpu = False

    def __new__(cls, device: Any = "cpu") -> VirtualGenerator:
        """Make a generator for what a student wrote as device."""
        generator = super().__new__(cls)
        generator.on_gpu = Session().resolved(device) == GPU
        return generator

    @property
    def device(self) -> torch.device:  # type: ignore[override]  # torch has a plain attribute
        """The device that student code sees."""
        return GPU if self.on_gpu else CPU


def _constant(value: Any) -> Callable[..., Any]:
    return lambda *_args, **_kwargs: value


def _constants() -> list[tuple[Any, str, Any]]:
    """Return owner, name and stand-in of what does not depend on a session."""
    idle_stream = SimpleNamespace(is_capturing=_constant(False), synchronize=_constant(None))
    cuda = {
        "is_available": True, "device_count": 1, "current_device": 0, "is_bf16_supported": True,
        "get_device_name": "virtual GPU", "get_device_capability": (8, 0), "is_current_stream_capturing": False,
        "current_stream": idle_stream, "device": contextlib.nullcontext(),
        "memory_allocated": 0, "memory_reserved": 0, "max_memory_allocated": 0, "max_memory_reserved": 0,
        "synchronize": None, "set_device": None, "empty_cache": None, "manual_seed": None, "manual_seed_all": None,
        "seed": None, "seed_all": None, "set_rng_state": None, "reset_peak_memory_stats": None,
    }  # fmt: skip
    accelerator = {
        "is_available": True, "device_count": 1, "current_accelerator": GPU, "current_device_index": 0,
        "synchronize": None, "current_stream": idle_stream,
    }  # fmt: skip
    stand_ins: list[tuple[Any, str, Any]] = [(torch.cuda, name, _constant(value)) for name, value in cuda.items()]
    stand_ins += [
        (torch.cuda, "get_rng_state", lambda *_: torch.get_rng_state()),
        (torch, "Generator", VirtualGenerator),
    ]
    if hasattr(torch, "accelerator"):
        stand_ins += [(torch.accelerator, name, _constant(value)) for name, value in accelerator.items()]
    return [entry for entry in stand_ins if hasattr(entry[0], entry[1])]


def _parse_to(real: Any) -> Callable[..., Any]:
    """Return a stand-in for what `Module.to(tensor)` calls, which asks C++ for the tensor's device."""

    def parse(*args: Any, **kwargs: Any) -> Any:
        other = args[0] if args else kwargs.get("tensor")
        if not isinstance(other, torch.Tensor):
            if kwargs.get("device") is not None:  # by keyword, C++ would put the default device in its place
                args = (kwargs.pop("device"), *args)
            return real(*args, **kwargs)
        return device_of(other), other.dtype, False, None

    return parse


def _from_numpy(session: Session, real: Any) -> Callable[..., torch.Tensor]:
    """Return a stand-in for `torch.from_numpy` that records where the tensor was made."""

    def make(array: Any) -> torch.Tensor:
        tensor: torch.Tensor = real(array)
        settle(tensor, Place.CPU, session.origin("made", "from_numpy"))
        return tensor

    return make


def _backward_engine(view: DeviceView, real: Any) -> Callable[..., Any]:
    """Return a stand-in that shows the virtual GPU to hooks and custom backward functions of the student."""

    def run(*args: Any, **kwargs: Any) -> Any:
        view.session.in_backward += 1
        try:
            with view.on_again():
                return real(*args, **kwargs)
        finally:
            view.session.in_backward -= 1

    return run


def _saved_tensors_hooks(view: DeviceView, real: Any) -> Callable[..., None]:
    """Return a stand-in that shows it to the hook that packs a tensor in the middle of an operation."""

    def init(hooks: Any, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        def pack(tensor: torch.Tensor) -> Any:
            with view.on_again():
                return pack_hook(tensor)

        real(hooks, pack, unpack_hook)

    return init


@contextlib.contextmanager
def stand_ins_installed(view: DeviceView) -> Iterator[None]:
    """Replace what student code can ask outside the mode, and restore everything afterwards."""
    replacements = _constants()
    for owner, name, replace in (
        (torch._C._nn, "_parse_to", _parse_to),
        (torch.autograd, "_engine_run_backward", lambda real: _backward_engine(view, real)),
        (graph.saved_tensors_hooks, "__init__", lambda real: _saved_tensors_hooks(view, real)),
        (torch, "from_numpy", lambda real: _from_numpy(view.session, real)),
        (torch, "get_default_device", lambda _real: lambda: default_device() or CPU),
    ):
        replacements.append((owner, name, replace(getattr(owner, name))))
    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in replacements]
    try:
        for owner, name, stand_in in replacements:
            setattr(owner, name, stand_in)
        yield
    finally:
        for owner, name, real in originals:
            setattr(owner, name, real)
