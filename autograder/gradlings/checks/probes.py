"""Probes: the inputs of a check, chosen so that mistakes show.

A ladder is hand-made inputs first, smallest and most telling first, then seeded random ones. Random numbers come from
NumPy's PCG64 and not from torch, so that they are the same on every platform and in every torch version.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from gradlings.checks.memory import ClassMemory, stateless_key
from gradlings.execution.tensor_tree import fresh, identical

X = TypeVar("X")


def scalars(*values: float) -> tuple[Tensor, ...]:
    """Return each value as a 0-d float64 tensor."""
    return tuple(torch.tensor(float(value), dtype=torch.float64) for value in values)


def floats(values: object) -> Tensor:
    """Return nested lists of numbers as a float64 tensor."""
    return torch.tensor(values, dtype=torch.float64)


class Rng:
    """Seeded random numbers for probes, as torch tensors."""

    def __init__(self, *seed: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(seed))

    def normal(self, *shape: int) -> Tensor:
        """Draw a float64 tensor of the given shape, standard normal; 0-d without a shape."""
        return torch.tensor(self._generator.standard_normal(shape), dtype=torch.float64)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Draw a float64 tensor of the given shape, uniform in [low, high)."""
        return torch.tensor(self._generator.uniform(low, high, shape), dtype=torch.float64)

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """Draw an int64 tensor of the given shape, from `low` up to but not including `high`."""
        return torch.tensor(self._generator.integers(low, high, shape), dtype=torch.int64)

    def size(self, low: int, high: int) -> int:
        """Draw a Python int from `low` to `high`, both included."""
        return int(self._generator.integers(low, high + 1))

    def sizes(self, low: int, high: int, count: int) -> tuple[int, ...]:
        """Draw `count` pairwise different Python ints from `low` to `high`, both included."""
        picked = self._generator.choice(np.arange(low, high + 1), size=count, replace=False)
        return tuple(int(value) for value in picked)

    def choice(self, sequence: Sequence[X]) -> X:
        """Draw one element."""
        return sequence[int(self._generator.integers(len(sequence)))]

    def shuffled(self, sequence: Sequence[X]) -> list[X]:
        """Return the elements in a random order."""
        return [sequence[int(index)] for index in self._generator.permutation(len(sequence))]


@dataclass(frozen=True, eq=False)
class Ladder:
    """The probes of one check: argument tuples, hand-made ones first."""

    probes: tuple[tuple[Any, ...], ...]
    hand_made: int
    """How many of them are hand-made."""
    varied: bool = True
    """Whether copies of some of them (float32, non-contiguous, ...) are further calls."""
    memory: ClassMemory = field(default_factory=ClassMemory)


@dataclass(frozen=True)
class KnownLadder:
    """A ladder that a check made for an earlier submission, and what it asked for."""

    hand_made: tuple[tuple[Any, ...], ...]
    random: Hashable | None
    count: int
    ladder: Ladder


class LadderMaker:
    """What a check gets as `probes`: makes its ladders from the run's seed and the check's own name.

    The first ladder that is made ends with the `hidden` argument tuples; if `only_hidden`, it holds nothing else, and
    the others are empty. `known` are the ladders that this check made for an earlier submission, with the same seed and
    hidden probes: one that would come out the same is taken from there.
    """

    def __init__(
        self,
        seed: int,
        check: str,
        hidden: Sequence[tuple[Any, ...]] = (),
        known: list[KnownLadder] | None = None,
        *,
        only_hidden: bool = False,
    ) -> None:
        self._seed = seed
        self._check = zlib.crc32(check.encode())
        self._hidden = tuple(hidden)
        self._known = [] if known is None else known
        self._only_hidden = only_hidden
        self._made = 0

    def __call__(
        self,
        hand_made: Sequence[tuple[Any, ...]],
        random: Callable[[Rng], tuple[Any, ...]] | None = None,
        n: int = 5,
    ) -> Ladder:
        """Make a ladder of hand-made argument tuples, smallest and most telling first, and `n` that `random` draws."""
        hidden, self._hidden = self._hidden, ()
        number, self._made = self._made, self._made + 1
        asked = tuple(hand_made) if not self._only_hidden else ()
        n = n if not self._only_hidden else 0
        drawn_by = stateless_key(random) if random else None
        if number < len(self._known) and (drawn_by or not random):
            known = self._known[number]
            # identical to what was asked for then, and to what the ladder holds now: a check may change its tensors
            if (known.random, known.count) == (drawn_by, n) and all(
                identical(asked, before) for before in (known.hand_made, known.ladder.probes[: known.ladder.hand_made])
            ):
                return known.ladder
        drawn = [random(Rng(self._seed, self._check, index)) for index in range(n)] if random else []
        ladder = Ladder((*asked, *drawn, *hidden), len(asked), varied=not self._only_hidden)
        self._known[number:] = [KnownLadder(fresh(asked), drawn_by, n, ladder)]
        return ladder
