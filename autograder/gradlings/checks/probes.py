"""Probes: the inputs of a check, chosen so that misconceptions show.

A ladder is hand-made inputs first, smallest and most telling first, then seeded random ones. Random numbers come from
NumPy's PCG64 and not from torch, so that they are the same on every platform and in every torch version.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import BuiltinFunctionType
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from gradlings.execution.tensor_tree import fresh, identical
from gradlings.model.observation import CallResult

X = TypeVar("X")
Known = tuple[tuple[Any, ...], "Ladder"]
"""What a ladder was asked for with, and the ladder."""


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


@dataclass(frozen=True, eq=False)
class Ladder:
    """The probes of one check: argument tuples, hand-made ones first, hidden ones last."""

    probes: tuple[tuple[Any, ...], ...]
    hand_made: int
    hidden: int = 0
    memory: dict[Any, Any] = field(default_factory=dict)
    """What follows from the probes alone (what the oracle says of them): the same for everybody who meets them."""

    def hides(self, index: int) -> bool:
        """Whether the call of this number is a hidden probe: nobody is shown what is asked or expected there."""
        return len(self.probes) - self.hidden <= index < len(self.probes)


class Calls(tuple[tuple[Any, ...], ...]):
    """The argument tuples of one examination. Equal to itself only, so that what is made of it can be kept."""

    answers: dict[int, dict[tuple[bytes, bytes], CallResult]]
    """By the number of the call: answers that came from other processes, by their bytes. Most come up again."""

    def __init__(self, _calls: Iterable[tuple[Any, ...]]) -> None:
        self.answers = {}

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


class LadderMaker:
    """What a check gets as `probes`: makes its ladder from the run's seed and the check's own name.

    Args:
        hidden: further argument tuples, which the first ladder that is made ends with.
        known: the ladders that this check made for an earlier submission, with the same seed and the same hidden
            probes; is added to. One that would come out the same is not made anew.
    """

    def __init__(
        self, seed: int, check: str, hidden: Sequence[tuple[Any, ...]] = (), known: list[Known] | None = None
    ) -> None:
        self._seed = seed
        self._check = zlib.crc32(check.encode())
        self._hidden = tuple(hidden)
        self._known = [] if known is None else known
        self._made = 0

    def __call__(
        self,
        hand_made: Sequence[tuple[Any, ...]],
        random: Callable[[Rng], tuple[Any, ...]] | None = None,
        n: int = 5,
    ) -> Ladder:
        hidden, self._hidden = self._hidden, ()
        asked = (tuple(hand_made), same_every_time(random) if random else None, n)
        number, self._made = self._made, self._made + 1
        if number < len(self._known):
            before, ladder = self._known[number]
            same = asked[1:] == before[1:] and (asked[1] or not random)
            # as it was asked for, and as it is now: a check may have changed a tensor of its own
            if same and identical(asked[0], before[0]) and identical(asked[0], ladder.probes[: ladder.hand_made]):
                return ladder
        drawn = [random(Rng(self._seed, self._check, index)) for index in range(n)] if random else []
        ladder = Ladder((*hand_made, *drawn, *hidden), len(hand_made), len(hidden))
        self._known[number:] = [((fresh(asked[0]), *asked[1:]), ladder)]
        return ladder


def same_every_time(function: Callable[..., Any]) -> object | None:
    """Stands for a function that depends on nothing but its arguments and its module; None if it may.

    Two runs of a check make two functions of one `lambda`, which have their code in common.
    """
    code = getattr(function, "__code__", None)
    if code is None:
        return function if isinstance(function, BuiltinFunctionType) else None
    plain = not (function.__closure__ or function.__defaults__ or function.__kwdefaults__)
    return code if plain else None
