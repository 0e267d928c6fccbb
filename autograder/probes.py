"""Probes: the inputs of a check, chosen so that mistakes show.

A ladder is hand-made inputs first, smallest and most telling first, then seeded random ones. Random numbers come from
NumPy's PCG64 and not from torch, so that they are the same on every platform and in every torch version.
"""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

X = TypeVar("X")


def scalars(*values: float) -> tuple[Tensor, ...]:
    """Each value as a 0-d float64 tensor."""
    return tuple(torch.tensor(float(value), dtype=torch.float64) for value in values)


def floats(values: object) -> Tensor:
    """Nested lists of numbers as a float64 tensor."""
    return torch.tensor(values, dtype=torch.float64)


class Rng:
    """Seeded random numbers for probes, as torch tensors."""

    def __init__(self, *seed: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(seed))

    def normal(self, *shape: int) -> Tensor:
        """float64 tensor of the given shape, standard normal; 0-d without a shape."""
        return torch.tensor(self._generator.standard_normal(shape), dtype=torch.float64)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """float64 tensor of the given shape, uniform in [low, high)."""
        return torch.tensor(self._generator.uniform(low, high, shape), dtype=torch.float64)

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """int64 tensor of the given shape, from low up to but not including high."""
        return torch.tensor(self._generator.integers(low, high, shape), dtype=torch.int64)

    def size(self, low: int, high: int) -> int:
        """A Python int from low to high, both included."""
        return int(self._generator.integers(low, high + 1))

    def sizes(self, low: int, high: int, count: int) -> tuple[int, ...]:
        """`count` pairwise different Python ints from low to high, both included."""
        picked = self._generator.choice(np.arange(low, high + 1), size=count, replace=False)
        return tuple(int(value) for value in picked)

    def choice(self, sequence: Sequence[X]) -> X:
        return sequence[int(self._generator.integers(len(sequence)))]

    def shuffled(self, sequence: Sequence[X]) -> list[X]:
        return [sequence[int(index)] for index in self._generator.permutation(len(sequence))]


@dataclass(frozen=True)
class Ladder:
    """The probes of one check: argument tuples, hand-made ones first, hidden ones last."""

    probes: tuple[tuple[Any, ...], ...]
    hand_made: int
    hidden: int = 0

    def hides(self, index: int) -> bool:
        """Whether the call of this number is a hidden probe: nobody is shown what is asked or expected there."""
        return len(self.probes) - self.hidden <= index < len(self.probes)


class LadderMaker:
    """What a check gets as `probes`: makes its ladder from the run's seed and the check's own name.

    Args:
        hidden: further argument tuples, which the first ladder that is made ends with.
    """

    def __init__(self, seed: int, check: str, hidden: Sequence[tuple[Any, ...]] = ()) -> None:
        self._seed = seed
        self._check = zlib.crc32(check.encode())
        self._hidden = tuple(hidden)

    def __call__(
        self,
        hand_made: Sequence[tuple[Any, ...]],
        random: Callable[[Rng], tuple[Any, ...]] | None = None,
        n: int = 5,
    ) -> Ladder:
        drawn = [random(Rng(self._seed, self._check, index)) for index in range(n)] if random else []
        hidden, self._hidden = self._hidden, ()
        return Ladder((*hand_made, *drawn, *hidden), len(hand_made), len(hidden))


def fresh(value: X) -> X:
    """A deep copy: tensors keep dtype, strides and requires_grad, and share no memory with the original."""
    if isinstance(value, Tensor):
        copied = value.detach().clone().requires_grad_(value.requires_grad)
        return copied  # type: ignore[return-value]
    if isinstance(value, tuple):
        return tuple(fresh(item) for item in value)  # type: ignore[return-value]
    if isinstance(value, list):
        return [fresh(item) for item in value]  # type: ignore[return-value]
    if isinstance(value, dict):
        return {key: fresh(item) for key, item in value.items()}  # type: ignore[return-value]
    return copy.deepcopy(value)


def map_tensors(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """The same nested value with every tensor replaced by change(tensor)."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, tuple | list):
        return type(value)(map_tensors(item, change) for item in value)
    if isinstance(value, dict):
        return {key: map_tensors(item, change) for key, item in value.items()}
    return value


def tensors_in(value: Any) -> list[Tensor]:
    """Every tensor in a nested value, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [t for item in value for t in tensors_in(item)] if isinstance(value, tuple | list) else []


def as_float32(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return map_tensors(args, lambda t: t.to(torch.float32) if t.dtype == torch.float64 else t)


def as_strided_copies(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Every tensor of two or more dimensions as an equal, non-contiguous one."""

    def spread(t: Tensor) -> Tensor:
        if t.dim() < 2:
            return t
        reversed_axes = tuple(range(t.dim() - 1, -1, -1))
        return t.permute(reversed_axes).contiguous().permute(reversed_axes)

    return map_tensors(args, spread)


def requiring_grad(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return map_tensors(args, lambda t: t.detach().clone().requires_grad_() if t.is_floating_point() else t)
