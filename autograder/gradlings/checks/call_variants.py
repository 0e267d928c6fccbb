"""The calls of a check: its ladder's probes, and copies of some in float32, non-contiguous, on another device."""

from __future__ import annotations

from typing import Any

import torch

from gradlings.checks.memory import ClassMemory
from gradlings.checks.probes import Ladder
from gradlings.execution.tensor_tree import as_float32, as_strided_copies, map_tensors, requiring_grad, tensors_in


class Calls(tuple[tuple[Any, ...], ...]):
    """The argument tuples of one examination; compares by identity, so that it can be a key of `memory`."""

    memory: ClassMemory

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


def calls_of(ladder: Ladder, devices: tuple[str, ...], *, float32: bool, strided: bool, requires_grad: bool) -> Calls:
    """Return the probes and further copies of them; the same object for the same ladder and options.

    Args:
        ladder: the probes.
        devices: devices on which every probe with floats is run, too.
        float32: whether to add a float32 copy of the first probe with float64 tensors.
        strided: whether to add a copy of the last hand-made probe with non-contiguous tensors.
        requires_grad: whether to add a copy of the first probe with float64 tensors whose tensors require grad.
    """

    def find() -> Calls:
        extras = _copies(ladder, float32=float32, strided=strided, requires_grad=requires_grad)
        for device in devices:
            extras += [_on_device(p, device) for p in ladder.probes if any(map(torch.is_floating_point, tensors_in(p)))]
        calls = Calls((*ladder.probes, *extras))
        calls.memory = ladder.memory
        return calls

    return ladder.memory.recall(("calls", devices, float32, strided, requires_grad), find)


def _copies(ladder: Ladder, *, float32: bool, strided: bool, requires_grad: bool) -> list[tuple[Any, ...]]:
    copies = []
    with_floats = [probe for probe in ladder.probes if any(t.dtype == torch.float64 for t in tensors_in(probe))]
    if float32 and with_floats:
        copies.append(as_float32(with_floats[0]))
    if strided:
        probe = ladder.probes[ladder.hand_made - 1]
        if any(t.dim() >= 2 for t in tensors_in(probe)):
            copies.append(as_strided_copies(probe))
    if requires_grad and with_floats:
        copies.append(requiring_grad(with_floats[0]))
    return copies


def _on_device(probe: tuple[Any, ...], device: str) -> tuple[Any, ...]:
    """Return a probe with its tensors on a device; MPS has no float64."""
    if device == "mps":
        probe = as_float32(probe)
    return tuple(map_tensors(probe, lambda t: t.to(device)))
