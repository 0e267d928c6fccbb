"""Allocates user ids for workers that no other worker on this machine has at the same time."""

from __future__ import annotations

import contextlib
import itertools
import socket

from gradlings.model.errors import InputError

_FIRST_UID, _BLOCK_COUNT, _BLOCK_SIZE = 61184, 128, 32
"""The range that systemd reserves for dynamic service users, in blocks: each judge takes one."""


class PrivateUids:
    """A block of user ids that belongs to this judge until it is closed; its ids are handed out in turn.

    The lock on a block is an abstract socket name: only one process can bind it, and the kernel frees it when that
    process ends in any way. (Judges in different network namespaces do not see each other.)

    Raises:
        InputError: all blocks are taken.
    """

    def __init__(self) -> None:
        for block in range(_BLOCK_COUNT):
            self._lock = socket.socket(socket.AF_UNIX)
            with contextlib.suppress(OSError):
                self._lock.bind(f"\0gradlings-uids-{block}")
                first = _FIRST_UID + block * _BLOCK_SIZE
                self._ids = itertools.cycle(range(first, first + _BLOCK_SIZE))
                return
            self._lock.close()
        raise InputError(f"{_BLOCK_COUNT} judges are at work on this machine: no user ids are left for another one.")

    def next(self) -> int:
        """Return the next user id of the block."""
        return next(self._ids)

    def close(self) -> None:
        """Free the block."""
        self._lock.close()
