"""Where tensors of the virtual GPU live, and the rule that an operation may not mix them.

A tensor's home is written on its storage, so views share it and it is forgotten together with the memory. The data
of every tensor, whatever its home, is in CPU memory. `StorageGuard` sees each operation below autograd, so also those
of a backward pass: it refuses what CUDA kernels refuse, and gives results the home that they would have.

What CUDA refuses comes from torch's own operator list (native_functions.yaml): an operation marked
`device_check: NoCheck` looks after its devices itself (most of these accept a 0-dim CPU tensor as a number), any other
one wants all its tensors on one device.
"""

from __future__ import annotations

import enum
import functools
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Any, Literal

import torch
from torch.utils._python_dispatch import TorchDispatchMode


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

    def frame(self) -> FrameType | None:
        """The innermost frame of the student's files."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename not in self.student_files:
            frame = frame.f_back
        return frame

    def origin(self, action: _Action, by: str) -> Origin:
        frame = self.frame()
        if frame is None:
            return Origin(action, by)
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


_NOWHERE = _Home()


def _storage(tensor: torch.Tensor) -> torch.UntypedStorage:
    functorch = torch._C._functorch
    while functorch.is_functorch_wrapped_tensor(tensor):
        tensor = functorch.get_unwrapped(tensor)
    return tensor.untyped_storage()


def _home(tensor: torch.Tensor) -> _Home:
    return getattr(_storage(tensor), "_virtual_home", _NOWHERE)


def place_of(tensor: torch.Tensor) -> Place:
    return _home(tensor).place


def origin_of(tensor: torch.Tensor) -> Origin | None:
    return _home(tensor).origin


def settle(tensor: torch.Tensor, place: Place, origin: Origin | None = None) -> None:
    """Writes down where the tensor, and all that shares its memory, lives from now on."""
    _storage(tensor)._virtual_home = _Home(place, origin)  # type: ignore[attr-defined]


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


# ---- what CUDA accepts

_MOVES = {"copy_", "_to_copy", "fill_"}
"""Read from one device and write to another."""

_INDEXING = {"index", "_unsafe_index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index_put"}
"""Take indices on the CPU, too."""

_CPU_ARGUMENT = {"_pack_padded_sequence", "tensor_split"}
"""Want one argument on the CPU (the lengths, the split points)."""

_POINTWISE_BUT_CHECKED = {
    "clamp", "clamp_", "clamp_max", "clamp_max_", "clamp_min", "clamp_min_", "equal", "gcd", "gelu_backward",
    "igamma", "igamma_", "igammac", "igammac_", "lcm", "ldexp", "ldexp_", "logaddexp", "logaddexp2",
    "logit_backward", "native_dropout_backward", "nextafter", "nextafter_", "sigmoid_backward", "tanh_backward",
    "threshold_backward",
}  # fmt: skip
_UNCHECKED = {
    "bernoulli_", "binary_cross_entropy_with_logits", "dist", "floor_divide", "floor_divide_", "index_fill",
    "index_fill_", "masked_fill", "masked_fill_", "mse_loss", "rsub", "smooth_l1_loss",
}  # fmt: skip
_MATRIX_PRODUCTS = {
    "mm",
    "addmm",
    "addmm_",
    "bmm",
    "baddbmm",
    "baddbmm_",
    "mv",
    "addmv",
    "addmv_",
    "dot",
    "vdot",
}


@dataclass(frozen=True)
class _Rules:
    """What matters about one overload of an operator."""

    name: str
    moves: bool
    indexes: bool
    takes_cpu_argument: bool
    takes_cpu_scalars: bool
    elementwise_lists: bool
    float_only: bool
    written: tuple[int, ...] = field(default=())
    """Positions of the arguments that it changes in place."""


@functools.cache
def _rules(operator: Any) -> _Rules:
    schema = operator._schema
    name = schema.name.split("::")[1]
    pointwise = torch.Tag.pointwise in operator.tags and name not in _POINTWISE_BUT_CHECKED
    return _Rules(
        name=name,
        moves=name in _MOVES,
        indexes=name in _INDEXING,
        takes_cpu_argument=name in _CPU_ARGUMENT,
        takes_cpu_scalars=pointwise or name in _UNCHECKED or name.startswith("_foreach_"),
        elementwise_lists=name.startswith("_foreach_"),
        float_only=name in _MATRIX_PRODUCTS,
        written=tuple(i for i, a in enumerate(schema.arguments) if a.alias_info and a.alias_info.is_write),
    )


class _Guard:
    """Refuses operations that a GPU refuses, and spreads homes from arguments to results.

    A class of its own, because TorchDispatchMode wraps a __torch_dispatch__ in its direct subclasses so that the first
    call imports torch._dynamo and sympy, for seconds.
    """

    session: Session

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        with torch._C.DisableTorchFunction():
            rules = _rules(func)
            inputs = [*tensors_in(args), *tensors_in(kwargs.values())]
            places = {place_of(tensor) for tensor in inputs}
            if Place.GPU in places:
                self._refuse_whole_numbers(rules, inputs)
                if Place.CPU in places:
                    self._refuse_mixtures(rules, args, kwargs, inputs)
            out = func(*args, **kwargs)
            self._spread(rules, inputs, places, out)
            return out

    def _refuse_whole_numbers(self, rules: _Rules, inputs: list[torch.Tensor]) -> None:
        if not rules.float_only or inputs[0].is_floating_point() or inputs[0].is_complex():
            return
        name = self._name(rules)
        text = (
            f"{name} multiplies tensors of {str(inputs[0].dtype).removeprefix('torch.')}, but matrix products of "
            "integer tensors do not exist on CUDA. Convert to a floating type first, for instance with .double()."
        )
        raise DeviceError("unsupported", text, self.session.here())

    def _refuse_mixtures(self, rules: _Rules, args: Any, kwargs: Any, inputs: list[torch.Tensor]) -> None:
        if rules.moves or rules.takes_cpu_argument:
            return
        if rules.indexes:
            self._refuse_indexing(rules, args, inputs)
        elif rules.elementwise_lists:
            lists = [list(a) for a in args if isinstance(a, (list, tuple)) and any(True for _ in tensors_in([a]))]
            alone = [a for a in [*args, *kwargs.values()] if isinstance(a, torch.Tensor)]
            for row in zip(*lists, strict=False):
                self._refuse_companions(rules, [*tensors_in(row), *alone], ())
        else:
            self._refuse_companions(rules, inputs, [a for i, a in enumerate(args) if i in rules.written])

    def _refuse_companions(self, rules: _Rules, inputs: list[torch.Tensor], written: Iterable[Any]) -> None:
        on_cpu = [tensor for tensor in inputs if place_of(tensor) is Place.CPU]
        if len(on_cpu) == len(inputs):
            return
        overwritten = [tensor for tensor in tensors_in(written) if place_of(tensor) is Place.CPU]
        refused = [t for t in on_cpu if t.dim() > 0 or not rules.takes_cpu_scalars]
        if overwritten or refused:
            raise self._mixed(rules, (overwritten or refused)[0], inputs)

    def _refuse_indexing(self, rules: _Rules, args: Any, inputs: list[torch.Tensor]) -> None:
        target = args[0]
        if place_of(target) is Place.GPU:
            for value in tensors_in(args[2:]):
                if place_of(value) is Place.CPU and value.dim() > 0:
                    raise self._mixed(rules, value, inputs)
        elif place_of(target) is Place.CPU:
            raise self._mixed(rules, target, inputs)

    def _mixed(self, rules: _Rules, culprit: torch.Tensor, inputs: list[torch.Tensor]) -> DeviceError:
        partner = next(t for t in inputs if place_of(t) is not Place.CPU)
        other_device = "" if culprit.device.type == "cpu" else f" (in fact on {culprit.device.type})"
        text = (
            f"{self._name(rules)} gets a tensor of shape {tuple(partner.shape)} on the GPU together with one of shape "
            f"{tuple(culprit.shape)} on the CPU{other_device}."
        )
        return DeviceError("mixed", text, self.session.blamed(culprit))

    def _name(self, rules: _Rules) -> str:
        name = f"{(self.session.operation or rules.name).strip('_')}()"
        return f"{rules.name.strip('_')}() in the backward pass" if self.session.in_backward else name

    def _spread(self, rules: _Rules, inputs: list[torch.Tensor], places: set[Place], out: Any) -> None:
        keeps_first = (rules.moves or rules.indexes) and place_of(inputs[0]) is not Place.UNDECIDED
        result = place_of(inputs[0]) if keeps_first else self._common(places)
        results = [out] if isinstance(out, torch.Tensor) else list(tensors_in([out]))
        if result is Place.CPU:
            self._remember_origin(inputs, results)
            return
        undecided = [t for t in inputs if place_of(t) is Place.UNDECIDED] if result is Place.GPU else []
        for tensor in [*results, *undecided]:
            if place_of(tensor) is not result:
                settle(tensor, result)

    def _common(self, places: set[Place]) -> Place:
        if Place.GPU in places:
            return Place.GPU
        if Place.CPU in places or (not places and not self.session.inside_torch):
            return Place.CPU
        return Place.UNDECIDED

    def _remember_origin(self, inputs: list[torch.Tensor], results: list[torch.Tensor]) -> None:
        """A result on the CPU is there for the reason its arguments are."""
        origin = next((o for o in map(origin_of, inputs) if o is not None), None)
        if origin is None and not inputs:
            origin = self.session.origin("made", "")
        for tensor in results:
            if origin is not None and origin_of(tensor) is None:
                settle(tensor, Place.CPU, origin)


class StorageGuard(_Guard, TorchDispatchMode):
    """The guard as a mode."""

    def __init__(self, session: Session) -> None:
        TorchDispatchMode.__init__(self)
        self.session = session
