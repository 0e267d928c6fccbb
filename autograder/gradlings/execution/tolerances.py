"""How far a right answer may be from the oracle's, by dtype: the one table that checks and diagnosis share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

TOLERANCES: Mapping[torch.dtype, tuple[float, float]] = {
    torch.float64: (1e-7, 1e-9),
    torch.float32: (1e-4, 1e-5),
    torch.float16: (2e-2, 5e-3),
    torch.bfloat16: (6e-2, 3e-2),
}
"""(relative, absolute). float32 sums in another order differ by more than the defaults of torch.testing, half precision
by orders of magnitude. A dtype that is not listed (integers, bool) must agree exactly."""

RECORDED_TOLERANCES: Mapping[torch.dtype, tuple[float, float]] = {
    torch.float64: (1e-5, 1e-9),
    torch.float32: (1e-3, 1e-5),
}
"""The same for an outcome of a misconception that was recorded on another machine, with nine digits: far below what
tells two misconceptions apart. The absolute one of float32 is a share of the largest value."""

_OFF_CPU_FACTOR = 10


@dataclass(frozen=True)
class Tolerances:
    """The tolerances of one check: those of `TOLERANCES`, and its own `rtol` and `atol` if it has them."""

    rtol: float | None = None
    """Replaces the relative tolerance of float64; widens that of coarser dtypes, but never narrows it."""
    atol: float | None = None
    """The same for the absolute tolerance."""

    @property
    def wider(self) -> bool:
        """Whether the check accepts more than the table does, for float64."""
        relative, absolute = TOLERANCES[torch.float64]
        return (self.rtol or 0.0) > relative or (self.atol or 0.0) > absolute

    def of(self, dtype: torch.dtype, device: str = "cpu") -> tuple[float, float]:
        """Return (relative, absolute), ten times wider off the CPU, where sums run in yet another order."""
        relative, absolute = TOLERANCES.get(dtype, (0.0, 0.0))
        if dtype == torch.float64:
            relative = relative if self.rtol is None else self.rtol
            absolute = absolute if self.atol is None else self.atol
        elif dtype in TOLERANCES:
            relative, absolute = max(self.rtol or 0.0, relative), max(self.atol or 0.0, absolute)
        factor = 1 if device == "cpu" else _OFF_CPU_FACTOR
        return relative * factor, absolute * factor


DEFAULT_TOLERANCES = Tolerances()
