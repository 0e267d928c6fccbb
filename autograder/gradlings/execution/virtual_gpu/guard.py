"""Refuse operations on tensors of two places, for every operation below autograd.

So backward passes are checked, too. What CUDA refuses comes from torch's own operator list (native_functions.yaml): an
operation marked `device_check: NoCheck` checks its devices itself (most of these accept a 0-dim CPU tensor as a
number), any other one needs all its tensors on one device.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from gradlings.execution.virtual_gpu.places import DeviceError, Place, Session, origin_of, place_of, settle, tensors_in

_COPIES_ACROSS = {"copy_", "_to_copy", "fill_"}
"""Operations that read from one device and write to another."""

_INDEXING = {"index", "_unsafe_index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index_put"}
"""Operations that accept indices on the CPU, too."""

_READING = {"index", "_unsafe_index"}
"""Those of them that write nothing."""

_CPU_ARGUMENT = {"_pack_padded_sequence"}
"""Operations that need one argument on the CPU (the lengths)."""

_POINTWISE_BUT_CHECKED = {
    "clamp", "clamp_", "clamp_max", "clamp_max_", "clamp_min", "clamp_min_", "equal", "gcd", "gelu_backward",
    "igamma", "igamma_", "igammac", "igammac_", "lcm", "ldexp", "ldexp_", "logaddexp", "logaddexp2",
    "logit_backward", "native_dropout_backward", "nextafter", "nextafter_", "sigmoid_backward", "tanh_backward",
    "threshold_backward",
}  # fmt: skip
"""Operations with torch's tag `pointwise` that refuse a 0-dim CPU tensor nevertheless."""

_NOT_POINTWISE_UNCHECKED = {
    "bernoulli_", "binary_cross_entropy_with_logits", "dist", "floor_divide", "floor_divide_", "index_fill",
    "index_fill_", "masked_fill", "masked_fill_", "mse_loss", "rsub", "smooth_l1_loss",
}  # fmt: skip
"""Operations without that tag that accept a 0-dim CPU tensor (`device_check: NoCheck`)."""

_MATRIX_PRODUCTS = {
    "mm", "addmm", "addmm_", "bmm", "baddbmm", "baddbmm_", "mv", "addmv", "addmv_", "dot", "vdot",
}  # fmt: skip
"""Operations that CUDA has for floating and complex types only."""


class _Rules(NamedTuple):
    """The rules for one overload of an operator that its name alone does not give."""

    name: str
    elementwise_lists: bool
    takes_cpu_scalars: bool
    written: tuple[int, ...]
    """Indices of the arguments that it changes in place."""


@functools.cache
def _rules(operator: Any) -> _Rules:
    schema = operator._schema
    name = schema.name.split("::")[1]
    lists = name.startswith("_foreach_")
    pointwise = torch.Tag.pointwise in operator.tags and name not in _POINTWISE_BUT_CHECKED
    written = tuple(i for i, a in enumerate(schema.arguments) if a.alias_info and a.alias_info.is_write)
    return _Rules(name, lists, pointwise or lists or name in _NOT_POINTWISE_UNCHECKED, written)


class _Guard:
    """Refuse operations that a GPU refuses, and set the places of results.

    A base class, because TorchDispatchMode wraps a __torch_dispatch__ that its direct subclasses define so that the
    first call imports torch._dynamo and sympy, which takes seconds.
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
        if rules.name not in _MATRIX_PRODUCTS or inputs[0].is_floating_point() or inputs[0].is_complex():
            return
        name = self._name(rules)
        text = (
            f"{name} multiplies tensors of {str(inputs[0].dtype).removeprefix('torch.')}, but matrix products of "
            "integer tensors do not exist on CUDA. Convert to a floating type first, for instance with .double()."
        )
        raise DeviceError("unsupported", text, self.session.here())

    def _refuse_mixtures(self, rules: _Rules, args: Any, kwargs: Any, inputs: list[torch.Tensor]) -> None:
        if rules.name in _COPIES_ACROSS | _CPU_ARGUMENT:
            return
        if rules.name in _INDEXING:
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
        """Refuse indices that are neither on the CPU nor where the indexed tensor is; a 0-dim value may be anywhere.

        Those that say what is written may be anywhere, too: torch moves them.
        """
        target, indices, values = args[0], tensors_in([args[1]]), tensors_in(args[2:])
        place = place_of(target)
        reads = rules.name in _READING
        if reads and place is Place.CPU and any(place_of(index) is Place.GPU for index in indices):
            raise self._mixed(rules, target, inputs)
        for value in values:
            if value.dim() > 0 and {place, place_of(value)} == {Place.CPU, Place.GPU}:
                raise self._mixed(rules, value if place is Place.GPU else target, inputs)

    def _mixed(self, rules: _Rules, culprit: torch.Tensor, inputs: list[torch.Tensor]) -> DeviceError:
        partner = next(t for t in inputs if place_of(t) is not Place.CPU)
        text = (
            f"{self._name(rules)} gets a tensor of shape {tuple(partner.shape)} on the GPU together with one of shape "
            f"{tuple(culprit.shape)} on the CPU."
        )
        return DeviceError("mixed", text, self.session.blamed(culprit))

    def _name(self, rules: _Rules) -> str:
        if self.session.in_backward:
            return f"{rules.name.strip('_')}() in the backward pass"
        return f"{(self.session.operation or rules.name).strip('_')}()"

    def _spread(self, rules: _Rules, inputs: list[torch.Tensor], places: set[Place], out: Any) -> None:
        """Set the places of results; arguments without a place take that of the others."""
        if rules.name == "set_":
            return  # the tensor has other memory from now on, which has a place already
        keeps_first = rules.name in _COPIES_ACROSS | _INDEXING and place_of(inputs[0]) is not Place.UNDECIDED
        result = place_of(inputs[0]) if keeps_first else self._common(inputs, places)
        tensors = list(tensors_in([out]))
        if result is not Place.UNDECIDED:
            tensors += [t for t in inputs if place_of(t) is Place.UNDECIDED]
        origin = None
        if result is Place.CPU:
            origins = filter(None, map(origin_of, inputs))
            origin = next(origins, None) if inputs else self.session.origin("made", "")
        for tensor in tensors:
            if place_of(tensor) is not result or (origin is not None and origin_of(tensor) is None):
                settle(tensor, result, origin)

    def _common(self, inputs: list[torch.Tensor], places: set[Place]) -> Place:
        if Place.GPU in places:
            return Place.GPU
        if Place.UNDECIDED in places:
            decided = any(place_of(t) is Place.CPU and t.dim() > 0 for t in inputs)  # a 0-dim one is used as a number
            return Place.CPU if decided else Place.UNDECIDED
        return Place.UNDECIDED if not inputs and self.session.inside_torch else Place.CPU


class StorageGuard(_Guard, TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch has no types for it
    """The guard as a mode."""

    def __init__(self, session: Session) -> None:
        TorchDispatchMode.__init__(self)  # type: ignore[no-untyped-call]
        self.session = session
