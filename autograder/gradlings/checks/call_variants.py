"""The calls of a check: its ladder's probes, and copies of some in float32, non-contiguous, on another device."""

from __future__ import annotations

from typing import Any

import torch

from gradlings.checks.probes import Calls, Ladder
from gradlings.execution.tensor_tree import as_float32, as_strided_copies, map_tensors, requiring_grad, tensors_in


def calls_of(ladder: Ladder, devices: tuple[str, ...], *, float32: bool, strided: bool, requires_grad: bool) -> Calls:
    """The probes, and further copies of them; the same object for the same ladder."""
    name = (devices, float32, strided, requires_grad)
    if name not in ladder.memory:
        extras = _extras(ladder, float32=float32, strided=strided, requires_grad=requires_grad)
        for device in devices:
            extras += [_on_device(p, device) for p in ladder.probes if any(map(torch.is_floating_point, tensors_in(p)))]
        ladder.memory[name] = Calls((*ladder.probes, *extras))
    return ladder.memory[name]


def _extras(ladder: Ladder, *, float32: bool, strided: bool, requires_grad: bool) -> list[tuple[Any, ...]]:
    """Further copies of probes: in float32, non-contiguous, requiring grad."""
    extras = []
    with_floats = [probe for probe in ladder.probes if any(t.dtype == torch.float64 for t in tensors_in(probe))]
    if float32 and with_floats:
        extras.append(as_float32(with_floats[0]))
    if strided:
        probe = ladder.probes[ladder.hand_made - 1]
        if any(t.dim() >= 2 for t in tensors_in(probe)):
            extras.append(as_strided_copies(probe))
    if requires_grad and with_floats:
        extras.append(requiring_grad(with_floats[0]))
    return extras


def _on_device(probe: tuple[Any, ...], device: str) -> tuple[Any, ...]:
    """The probe's tensors on a device; MPS has no float64."""
    if device == "mps":
        probe = as_float32(probe)
    return map_tensors(probe, lambda t: t.to(device))
