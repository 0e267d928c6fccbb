"""What can be set: limits, clocks and layers of protection. Imports nothing that exists on Linux only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WorkerLimits:
    """What a worker may use."""

    memory_mb: int = 1024
    """On top of what the zygote has when it is forked."""
    cpu_seconds: int = 70
    printed_bytes: int = 1 << 20
    descriptors: int = 64


@dataclass(frozen=True)
class ProtectionLayers:
    """Which layers of protection to use. Turning one off is for tests of the self-check."""

    landlock: int = 99
    """The newest ABI to use; 0 for none."""
    seccomp: bool = True
    private_uid: bool = True
    limits: bool = True
    bubblewrap: bool = True
    """Around the zygote, where it works."""


@dataclass(frozen=True)
class Timeouts:
    """How long a submission may take, in seconds of wall time."""

    cells: float = 5.0
    """For its cells; a cell that takes longer is left out and the others get as much again."""
    whole: float = 60.0
    """For everything together, as long as the judge waits for a worker."""


LIMITS, LAYERS, TIMEOUTS = WorkerLimits(), ProtectionLayers(), Timeouts()
"""What holds unless something else is asked for."""
