"""Show student code the virtual GPU: `x.device`, `.to`, `device=` and the like.

`DeviceView` intercepts the student's calls of torch. It answers questions about devices, performs moves as copies, and
removes every `device=` before the call reaches torch, which may be built without CUDA.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Literal

import torch
from torch.overrides import TorchFunctionMode
from torch.utils import _device

from gradlings.execution.virtual_gpu.places import (
    CPU,
    GPU,
    DeviceError,
    DeviceTypeError,
    Place,
    Session,
    default_device,
    device_of,
    origin_of,
    place_of,
    settle,
    share_memory,
    tensors_in,
)

_Tensor = torch.Tensor


def _getter(name: str) -> Any:
    """Return what a mode gets as the function when student code reads the attribute `name` of a tensor."""
    return vars(torch._C.TensorBase)[name].__get__


class DeviceView(TorchFunctionMode):
    """Shows tensors as if they lived where `place_of` says."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._handlers: dict[Any, Callable[..., Any]] = {
            _getter("device"): device_of,
            _getter("is_cuda"): lambda t: device_of(t).type == "cuda",
            _getter("is_cpu"): lambda t: device_of(t).type == "cpu",
            _Tensor.get_device: lambda t: 0 if device_of(t).type == "cuda" else -1,
            _Tensor.to: self._to,
            _Tensor.cpu: lambda t, *a, **k: self._moved(_Tensor.cpu(t, *a, **k), t, CPU),
            _Tensor.cuda: lambda t, device=None, *_a, **_k: self._moved(t, t, self.session.resolved(device or 0)),
            _Tensor.type: self._type,
            _Tensor.type_as: lambda t, other: self._moved(t.type_as(other), t, device_of(other)),
            _Tensor.numpy: self._array,
            _Tensor.__array__: self._array,
            _Tensor.__dlpack__: self._array,
            _Tensor.apply_: self._no_callbacks,
            _Tensor.map_: self._no_callbacks,
            _Tensor.pin_memory: lambda t, *_a, **_k: t.clone(),
            _Tensor.is_pinned: lambda _t, *_a, **_k: False,
            _Tensor.__deepcopy__: self._deepcopy,
            _Tensor.new_tensor: self._new_tensor,
            torch.tensor: self._tensor,
            torch.as_tensor: self._as_tensor,
            torch.asarray: self._as_tensor,
        }

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        handler = self._handlers.get(func)
        outer = self.session.operation
        self.session.operation = getattr(func, "__name__", "") or "an operation"
        try:
            return handler(*args, **kwargs) if handler else self._execute(func, args, kwargs)
        finally:
            self.session.operation = outer

    @contextlib.contextmanager
    def on_again(self) -> Iterator[None]:
        """Turn the mode on for student code that a call runs: a mode is off while it handles a call."""
        operation, self.session.operation = self.session.operation, ""
        try:
            with self if operation else contextlib.nullcontext():
                yield
        finally:
            self.session.operation = operation

    # ---- any operation

    def _execute(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        inputs = [*tensors_in(args), *tensors_in(kwargs.values())]
        on_gpu = any(place_of(tensor) is Place.GPU for tensor in inputs)
        wanted = self._wanted(func, inputs, kwargs)
        if wanted is not None:
            kwargs = {**kwargs, "device": CPU if wanted == GPU else wanted}
        self._check_generator(kwargs.get("generator"), wanted == GPU if wanted else on_gpu)
        if on_gpu and torch.is_grad_enabled():
            in_place = self.session.operation.endswith("_")
            args = tuple(a if in_place and i == 0 else self._joined(a) for i, a in enumerate(args))
        out = func(*args, **kwargs)
        for tensor in tensors_in([out]):
            if wanted is not None:
                self._make(tensor, wanted, func)
            elif not inputs:
                self._make(tensor, CPU, func, asked=False)
            elif place_of(tensor) is Place.UNDECIDED:
                settle(tensor, Place.GPU if on_gpu else Place.CPU)
        return out

    def _wanted(self, func: Any, inputs: list[torch.Tensor], kwargs: dict[str, Any]) -> torch.device | None:
        """Return the device that the student's call asks for, or None."""
        if kwargs.get("device") is not None:
            return self.session.resolved(kwargs["device"])
        default = default_device()
        if default is not None and not inputs and func in _device._device_constructors():
            return self.session.resolved(default)
        return None

    def _make(self, tensor: torch.Tensor, device: torch.device, by: Any, asked: bool = True) -> torch.Tensor:
        """Set the place of a newly made tensor."""
        if device == GPU:
            settle(tensor, Place.GPU)
        elif place_of(tensor) is not Place.CPU or origin_of(tensor) is None or asked:
            settle(tensor, Place.CPU, self.session.origin("asked" if asked else "made", getattr(by, "__name__", "")))
        return tensor

    def _joined(self, value: Any) -> Any:
        """Move a 0-dim CPU tensor that takes part in autograd, so that its gradient goes back to the CPU."""
        joins = isinstance(value, torch.Tensor) and value.dim() == 0 and value.requires_grad
        return self._moved(value, value, GPU) if joins and place_of(value) is Place.CPU else value

    def _check_generator(self, generator: Any, gpu_wanted: bool) -> None:
        if generator is not None and getattr(generator, "on_gpu", False) != gpu_wanted:
            lives, draws = ("CPU", "GPU") if gpu_wanted else ("GPU", "CPU")
            text = (
                f"{self.session.operation.strip('_')}() draws numbers on the {draws} with a generator that lives on "
                f"the {lives}. Make it with torch.Generator(device=...) for the device of the tensor."
            )
            raise DeviceError("mixed", text, self.session.here())

    # ---- moving

    def _moved(self, result: torch.Tensor, source: torch.Tensor, device: torch.device) -> torch.Tensor:
        """Return `result` (the source, maybe in another dtype) on `device`; a copy unless it is there already."""
        wanted = Place.GPU if device.type == "cuda" else Place.CPU
        before = Place.CPU if place_of(source) is Place.CPU else Place.GPU
        if device.type not in ("cpu", "cuda") or wanted is before:
            return result
        if share_memory(result, source):
            result = result.clone()
        action: Literal["gradient", "moved"] = "gradient" if self.session.in_backward else "moved"
        settle(result, wanted, self.session.here(action) if wanted is Place.CPU else None)
        if result.grad_fn is not None:
            result.grad_fn.register_hook(self._gradients_to(before))
        return result

    def _gradients_to(self, place: Place) -> Callable[[Any, Any], tuple[torch.Tensor | None, ...]]:
        device = GPU if place is Place.GPU else CPU

        def move(gradients: Any, _incoming: Any) -> tuple[torch.Tensor | None, ...]:
            return tuple(g if g is None else self._moved(g, g, device) for g in gradients)

        return move

    def _to(self, source: torch.Tensor, /, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Handle all forms of Tensor.to: (dtype), (device, dtype), (tensor), each by keyword, too."""
        others = {k: v for k, v in kwargs.items() if k not in ("device", "tensor")}
        first = args[0] if args else kwargs.get("tensor", kwargs.get("device"))
        rest = args[1:]
        if first is None or isinstance(first, torch.dtype):
            wanted = device_of(source) if kwargs.get("device") is None else self.session.resolved(kwargs["device"])
            rest = args[1:] if args and first is None else args
        elif isinstance(first, torch.Tensor):
            wanted, others["dtype"] = device_of(first), first.dtype
        else:
            wanted = self.session.resolved(first)
        if rest and isinstance(rest[0], torch.dtype):
            others["dtype"], rest = rest[0], rest[1:]
        elif rest and rest[0] is None:
            rest = rest[1:]
        dtype = others.pop("dtype", None) or source.dtype
        real = wanted if wanted.type not in ("cpu", "cuda") else CPU
        return self._moved(source.to(real, dtype, *rest, **others), source, wanted)

    def _type(self, tensor: torch.Tensor, dtype: Any = None, *args: Any, **kwargs: Any) -> Any:
        device = device_of(tensor)
        if dtype is None:
            return tensor.type().replace("torch.", "torch.cuda." if device == GPU else "torch.", 1)
        if isinstance(dtype, str):
            device = GPU if dtype.startswith("torch.cuda.") else CPU
            dtype = dtype.replace("torch.cuda.", "torch.")
        return self._moved(tensor.type(dtype, *args, **kwargs), tensor, device)

    def _deepcopy(self, tensor: torch.Tensor, memo: Any) -> torch.Tensor:
        copy: torch.Tensor = tensor.__deepcopy__(memo)  # type: ignore[no-untyped-call]  # torch has no types for it
        settle(copy, place_of(tensor), origin_of(tensor))
        return copy

    # ---- leaving torch

    def _array(self, tensor: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        if place_of(tensor) is Place.GPU and not kwargs.get("force"):
            text = (
                "NumPy cannot read a tensor on the GPU. Stay in torch, or go over .cpu().numpy() and bring the "
                "result back with {to}."
            )
            raise DeviceTypeError("mixed", text, self.session.here())
        return getattr(tensor, self.session.operation)(*args, **kwargs)

    def _no_callbacks(self, tensor: torch.Tensor, *args: Any) -> Any:
        if place_of(tensor) is Place.GPU:
            name = self.session.operation
            text = f"Tensor.{name} exists only for tensors on the CPU. Use operations of torch on the whole tensor."
            raise DeviceTypeError("unsupported", text, self.session.here())
        return getattr(tensor, self.session.operation)(*args)

    # ---- tensors from data

    def _tensor(self, data: Any, **kwargs: Any) -> torch.Tensor:
        place = device_of(data) if isinstance(data, torch.Tensor) else default_device()
        return self._from_data(torch.tensor, place, data, **kwargs)

    def _new_tensor(self, tensor: torch.Tensor, data: Any, **kwargs: Any) -> torch.Tensor:
        return self._from_data(tensor.new_tensor, device_of(tensor), data, **kwargs)

    def _as_tensor(self, data: Any, **kwargs: Any) -> torch.Tensor:
        function = getattr(torch, self.session.operation)
        if not isinstance(data, torch.Tensor):
            return self._from_data(function, default_device(), data, **kwargs)
        device = kwargs.pop("device", None)
        wanted = device_of(data) if device is None else self.session.resolved(device)
        return self._moved(function(data, **kwargs), data, wanted)

    def _from_data(self, function: Any, implied: torch.device | None, data: Any, **kwargs: Any) -> torch.Tensor:
        asked = kwargs.pop("device", None)
        device = self.session.resolved(implied or CPU if asked is None else asked)
        real = CPU if device == GPU else device
        return self._make(function(data, device=real, **kwargs), device, function, asked=asked is not None)
