"""Which devices the float checks run on besides the CPU."""

from __future__ import annotations

import pytest
import torch


def present_devices(asked: str) -> tuple[str, ...]:
    """The devices to check on for `--device`: "cuda", "cuda:1", "mps", or "all" that are present.

    Raises:
        pytest.UsageError: the device is not on this machine, or there is no such kind.
    """
    found = [f"cuda:{index}" for index in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        found.append("mps")
    if asked == "all":
        return tuple(found)
    kind = asked.partition(":")[0]
    if kind not in ("cpu", "cuda", "mps"):
        raise pytest.UsageError(f"--device {asked}: there is no such device. Use cpu, cuda, cuda:N, mps or all.")
    wanted = "cuda:0" if asked == "cuda" else asked
    if wanted not in found:
        present = ", ".join(["cpu", *found])
        raise pytest.UsageError(f"--device {asked}: this machine has no such device (present: {present}).")
    return (wanted,)


def exact_float32() -> None:
    """Turns TF32 off: its 10-bit mantissa would fail right answers by hundreds of tolerances."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
