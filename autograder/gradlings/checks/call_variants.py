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
    """Return the probes and the further copies of them that `agree` names; every probe with floats on each device, too.

    The same ladder and options give the same object.
    """

    def find() -> Calls:
        copies = list(ladder.probes)
        if not ladder.varied:
            return _calls(copies, ladder)
        with_floats = [probe for probe in ladder.probes if any(t.dtype == torch.float64 for t in tensors_in(probe))]
        if float32 and with_floats:
            copies.append(as_float32(with_floats[0]))
        if strided:
            probe = ladder.probes[ladder.hand_made - 1]
            if any(t.dim() >= 2 for t in tensors_in(probe)):
                copies.append(as_strided_copies(probe))
        if requires_grad and with_floats:
            copies.append(requiring_grad(with_floats[0]))
        for device in devices:
            copies += [_on_device(p, device) for p in ladder.probes if any(map(torch.is_floating_point, tensors_in(p)))]
        return _calls(copies, ladder)

    return ladder.memory.recall(("calls", devices, float32, strided, requires_grad), find)


def _calls(arguments: list[tuple[Any, ...]], ladder: Ladder) -> Calls:
    calls = Calls(arguments)
    calls.memory = ladder.memory
    return calls


def _on_device(probe: tuple[Any, ...], device: str) -> tuple[Any, ...]:
    movable = as_float32(probe) if device == "mps" else probe  # MPS has no float64
    return map_tensors(movable, lambda t: t.to(device))
