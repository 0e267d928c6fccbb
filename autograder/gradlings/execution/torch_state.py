"""Settings of torch that student code may change and that must not reach the oracles or other exercises."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def kept_settings() -> Iterator[None]:
    """Restore grad mode, default dtype, default device, thread count and CPU random state after the body.

    Nothing is done, and torch is not imported, where it is not loaded yet.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    grad, dtype, device = torch.is_grad_enabled(), torch.get_default_dtype(), torch.get_default_device()
    threads, random_state = torch.get_num_threads(), torch.get_rng_state()
    try:
        yield
    finally:
        if torch.get_default_device() != device:
            torch.set_default_device(None if device.type == "cpu" else device)
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        torch.set_rng_state(random_state)
