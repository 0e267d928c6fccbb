"""The settings of a judge: limits, timeouts, layers of protection. Imports nothing that exists on Linux only."""

from __future__ import annotations

from dataclasses import dataclass

from gradlings.submission.size_limits import MAX_CELLS


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
class SubmissionLimits:
    """What one submission may use in sum, over all its workers."""

    cell_seconds: float = 5.0
    """Wall time of its cells; one that exceeds it is skipped, and the others get the same time again."""
    wait_seconds: float = 60.0
    """The sum of the times that the judge waits for its workers."""
    hidden_seconds: float = 15.0
    """The same for hidden probes, if the rest of it is used up by then."""
    judge_seconds: float = 10.0
    """Processor time of the judge's own work on what it gives back."""
    data_bytes: int = 256 << 20
    """Tensors and long texts that it gives back."""
    structure_bytes: int = 16 << 20
    """The rest of what it gives back: a value takes at least one byte, so this bounds their number."""
    kept_bytes: int = 16 << 20
    """Memory for results that were judged, which the diagnosis compares."""
    cells: int = MAX_CELLS
    workers: int = 64
    """Processes that are started for it: one that hangs or dies is replaced."""


LIMITS, LAYERS, SUBMISSION_LIMITS = WorkerLimits(), ProtectionLayers(), SubmissionLimits()
"""The defaults."""
LAYERS_IN_ORDER = ("descriptors", "limits", "user id", "privileges", "landlock", "seccomp")
"""The names of the layers, as a worker puts them on."""
NOT_ASKED_FOR = "it was not asked for"
"""Why a layer is missing."""
ZYGOTE_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/",
    "LANG": "C.UTF-8",
    **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # huge pages: a fork copies fewer page-table entries
    "TORCHINDUCTOR_CACHE_DIR": "/",  # otherwise the first optimizer looks for a folder to write to
    "MPLBACKEND": "Agg",
}
