"""User ids for workers that no other worker on this machine has at the same time."""

from __future__ import annotations

import contextlib
import itertools
import socket

_FIRST, _BLOCKS, _SIZE = 61184, 128, 32
"""User ids that systemd keeps for short-lived services: nobody's. A judge takes a block of them."""


class PrivateUids:
    """A block of user ids that belongs to this judge for as long as it lives, and the ids in it, over and over.

    The kernel keeps the books: a block is taken by the name of a socket, which only one process can have, and which is
    free again when that process ends, however it ends. (Judges in different network namespaces do not see each other.)
    """

    def __init__(self) -> None:
        for block in range(_BLOCKS):
            self._claim = socket.socket(socket.AF_UNIX)
            with contextlib.suppress(OSError):
                self._claim.bind(f"\0gradlings-uids-{block}")
                first = _FIRST + block * _SIZE
                self._ids = itertools.cycle(range(first, first + _SIZE))
                return
            self._claim.close()
        raise RuntimeError(f"{_BLOCKS} judges are at work on this machine: no user ids are left for another one")

    def next(self) -> int:
        return next(self._ids)

    def close(self) -> None:
        self._claim.close()
