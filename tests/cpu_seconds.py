"""How much processor time a block takes."""

from __future__ import annotations

import gc
import time


class CpuSeconds:
    """Measures the processor time of a block; `seconds` once it has ended.

    No garbage is collected meanwhile: going through all that other tests have left in this process can take a second.
    """

    seconds = 0.0

    def __enter__(self) -> CpuSeconds:
        gc.disable()
        self._start = time.thread_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.thread_time() - self._start
        gc.enable()
