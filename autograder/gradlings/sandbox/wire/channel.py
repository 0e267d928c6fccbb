"""The wire: length-prefixed messages over a stream socket, capped in bytes, nodes and depth. Nothing is unpickled.

`writing` makes the messages, `reading` checks and rebuilds them, `forms` says what there is.
"""

from __future__ import annotations

import math
import os
import select
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gradlings.sandbox.wire.decode import unpacked
from gradlings.sandbox.wire.types import PREFIX, REPLY, Caps, Malformed

_AT_ONCE = 64 << 10
_MOST_AT_ONCE = 1 << 20


class Late(Exception):
    """The deadline passed before a whole message had come."""


class Ended(Exception):
    """The other side closed the channel."""


@dataclass(frozen=True)
class Frame:
    """A message as it came."""

    header: bytes
    body: bytearray

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.header) + len(self.body)

    def value(self, caps: Caps = REPLY) -> Any:
        """Raises `Malformed`."""
        return unpacked(self.header, self.body, caps)


class Channel:
    """One end of a stream socket, by its descriptor. Reads and writes whole messages until a deadline."""

    def __init__(self, descriptor: int) -> None:
        self._fd = descriptor
        self._read = bytearray()
        """What came in and is not taken yet."""
        os.set_blocking(descriptor, False)

    def send(self, buffers: Sequence[Any], deadline: float = math.inf) -> None:
        """Raises `Late` or `Ended`; deadlines are of `time.monotonic`."""
        parts = [memoryview(part).cast("B") for part in buffers if len(part)]
        while parts:
            try:
                written = os.writev(self._fd, parts[:256])
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline)
                continue
            except (BrokenPipeError, ConnectionResetError):
                raise Ended from None
            while written:
                if written >= len(parts[0]):
                    written -= len(parts.pop(0))
                else:
                    parts[0], written = parts[0][written:], 0

    def receive(self, caps: Caps = REPLY, deadline: float = math.inf) -> Any:
        """The next message. Raises `Late`, `Ended` or `Malformed`."""
        return self.frame(caps, deadline).value(caps)

    def frame(self, caps: Caps = REPLY, deadline: float = math.inf) -> Frame:
        """The next message, not yet looked into. Raises `Late`, `Ended` or `Malformed`; after `Late` it can go on."""
        self._fill(PREFIX.size, deadline)
        header_size, body_size = PREFIX.unpack_from(self._read)
        if header_size > caps.header or body_size > caps.body:
            raise Malformed(f"a message of {header_size} + {body_size} bytes")
        start = PREFIX.size + header_size
        self._fill(start + body_size, deadline)
        frame = Frame(bytes(self._read[PREFIX.size : start]), self._read[start : start + body_size])
        del self._read[: start + body_size]
        return frame

    def _fill(self, size: int, deadline: float) -> None:
        """Reads until so much is there; often more comes, so that small messages do not cost a call each."""
        while (missing := size - len(self._read)) > 0:
            try:
                more = os.read(self._fd, max(_AT_ONCE, min(missing, _MOST_AT_ONCE)))
            except BlockingIOError:
                self._wait(select.POLLIN, deadline)
                continue
            except ConnectionResetError:
                raise Ended from None
            if not more:
                raise Ended
            self._read += more
            if time.monotonic() > deadline:
                raise Late

    def _wait(self, event: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise Late
        poll = select.poll()
        poll.register(self._fd, event)
        if not poll.poll(None if left == math.inf else left * 1000 + 1):
            raise Late
