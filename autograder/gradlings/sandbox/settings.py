"""The settings of a judge: limits, timeouts, layers of protection. Imports nothing that exists on Linux only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WorkerLimits:
    """Resources of a worker."""

    memory_mb: int = 1024
    """On top of what the zygote uses when the worker is forked."""
    cpu_seconds: int = 70
    printed_bytes: int = 1 << 20
    """Size of the file that standard output goes to."""
    descriptors: int = 64
    """Open files."""


@dataclass(frozen=True)
class ProtectionLayers:
    """The layers of protection to use. Only tests of the self-check turn one off."""

    landlock: int = 99
    """The newest ABI to use; 0 for none."""
    seccomp: bool = True
    """The filter of system calls."""
    private_uid: bool = True
    """A user id for each worker; only root can."""
    limits: bool = True
    """Those of `WorkerLimits`."""
    bubblewrap: bool = True
    """Around the zygote, where it works."""


@dataclass(frozen=True)
class Timeouts:
    """How long a submission may take, in seconds of wall time."""

    cells: float = 5.0
    """For its cells; a cell that exceeds it is skipped, and the others get the same time again."""
    whole: float = 60.0
    """For all of it: the sum of the times that the judge waits for a worker."""


LIMITS, LAYERS, TIMEOUTS = WorkerLimits(), ProtectionLayers(), Timeouts()
"""The defaults."""
