"""Which devices the float checks run on besides the CPU."""

from __future__ import annotations

import pytest
import torch


def present_devices(option: str) -> tuple[str, ...]:
    """Return the devices that `--gradlings-device` asks for ("cuda", "cuda:1", "mps", "all" that are present).

    Raises:
        pytest.UsageError: this machine has no such device, or there is no such kind of device.
    """
    found = [f"cuda:{index}" for index in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        found.append("mps")
    if option == "all":
        return tuple(found)
    kind = option.partition(":")[0]
    if kind not in ("cpu", "cuda", "mps"):
        raise pytest.UsageError(
            f"--gradlings-device {option}: there is no such device. Use cpu, cuda, cuda:N, mps or all."
        )
    wanted = "cuda:0" if option == "cuda" else option
    if wanted not in found:
        present = ", ".join(["cpu", *found])
        raise pytest.UsageError(f"--gradlings-device {option}: this machine has no such device (present: {present}).")
    return (wanted,)


def exact_float32() -> None:
    """Turn TF32 off: its 10-bit mantissa would fail right answers by hundreds of tolerances."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
