"""Notices that a file was saved: in milliseconds where the system tells us, else within a second."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import watchfiles

_STEP = 8  # milliseconds without a further change after which changes are told
_DEBOUNCE = 60  # milliseconds after which they are told in any case


class Saves:
    """Calls `tell` from a thread whenever something below a folder changes."""

    def __init__(self, folder: Path, tell: Callable[[set[Path]], None]) -> None:
        self._stop = threading.Event()
        threading.Thread(target=self._watch, args=(folder, tell), daemon=True).start()

    def _watch(self, folder: Path, tell: Callable[[set[Path]], None]) -> None:
        try:
            changes = watchfiles.watch(
                folder,
                step=_STEP,
                debounce=_DEBOUNCE,
                stop_event=self._stop,
                raise_interrupt=False,
                ignore_permission_denied=True,
            )
            for changed in changes:
                tell({Path(path) for _, path in changed})
        except (OSError, RuntimeError):  # no more watches, an odd file system: looking every second goes on
            return

    def close(self) -> None:
        self._stop.set()
