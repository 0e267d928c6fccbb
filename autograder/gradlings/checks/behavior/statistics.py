"""Statistics for checks of random functions: could right code have drawn this?

A check counts how often something happened in many draws at a fixed seed. The bound is Chernoff's, which holds for
every number of draws, so that how often right code is taken for wrong is known and not an approximation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

FALSE_ALARM = 1e-8
"""At most this often a table of counts by right code is called implausible, whatever the size of the table."""


def implausible(counts: Tensor, draws: int, shares: Tensor | Sequence[float] | float) -> tuple[int, ...] | None:
    """Find the count that right code would hardly ever give.

    Each entry must count something that happens in each of `draws` independent trials with the entry's share as its
    probability. Entries may depend on each other: the bound is shared out among them.

    Args:
        counts: whole numbers from 0 to `draws`, of any shape.
        draws: the number of trials, at least 1.
        shares: probabilities from 0 to 1, of the shape of `counts`, or one for all.

    Returns:
        The index of the entry that is farthest from what it should be, or None if right code gives such counts: it is
        called implausible with a probability of at most `FALSE_ALARM`.
    """
    share = torch.as_tensor(shares, dtype=torch.float64).expand(counts.shape)
    part = counts.double() / draws
    # n times the Kullback-Leibler divergence, in nats: a deviation at least as large, to this side, has a probability
    # of at most exp of minus this number
    surprise = draws * (_divergence(part, share) + _divergence(1 - part, 1 - share))
    limit = math.log(2 * max(counts.numel(), 1) / FALSE_ALARM)
    if not bool((surprise > limit).any()):
        return None
    return tuple(int(i) for i in torch.unravel_index(surprise.argmax(), surprise.shape))


def _divergence(part: Tensor, share: Tensor) -> Tensor:
    """Return part * log(part / share): 0 where part is 0, infinity where only share is."""
    return torch.xlogy(part, part) - torch.xlogy(part, share)
