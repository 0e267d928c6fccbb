"""Notice saved files: within milliseconds where the system reports changes, else within a second."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import watchfiles

_log = logging.getLogger(__name__)

_QUIET_MILLISECONDS = 8  # changes are reported when none followed for so long
_MAX_DELAY_MILLISECONDS = 60  # and after this time in any case


class FileWatcher:
    """Calls `on_change` from a thread whenever something below a folder changes."""

    def __init__(self, folder: Path, on_change: Callable[[set[Path]], None]) -> None:
        self._stop = threading.Event()
        threading.Thread(target=self._watch, args=(folder, on_change), daemon=True).start()

    def _watch(self, folder: Path, on_change: Callable[[set[Path]], None]) -> None:
        try:
            changes = watchfiles.watch(
                folder,
                step=_QUIET_MILLISECONDS,
                debounce=_MAX_DELAY_MILLISECONDS,
                stop_event=self._stop,
                raise_interrupt=False,
                ignore_permission_denied=True,
            )
            for changed in changes:
                on_change({Path(path) for _, path in changed})
        except (OSError, RuntimeError) as error:  # no watches left, an unusual file system
            _log.info("changes are not reported, files are read every second: %s", error)

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()
