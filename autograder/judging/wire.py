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

from autograder.judging.forms import PREFIX, REPLY, Caps, Malformed
from autograder.judging.reading import unpacked

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

    def value(self, caps: Caps = REPLY) -> Any:
        """Raises `Malformed`."""
        return unpacked(self.header, self.body, caps)

    def as_sent(self) -> bytes:
        return PREFIX.pack(len(self.header), len(self.body)) + self.header + self.body


class Channel:
    """One end of a stream socket, by its descriptor. Reads and writes whole messages until a deadline."""

    def __init__(self, descriptor: int) -> None:
        self._fd = descriptor
        self._read = b""
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
        """The next message, not yet looked into. Raises `Late`, `Ended` or `Malformed`."""
        header_size, body_size = PREFIX.unpack(self._exactly(PREFIX.size, deadline))
        if header_size > caps.header or body_size > caps.body:
            raise Malformed(f"a message of {header_size} + {body_size} bytes")
        return Frame(bytes(self._exactly(header_size, deadline)), self._exactly(body_size, deadline))

    def _exactly(self, size: int, deadline: float) -> bytearray:
        """So many bytes; a little more is read than asked for, so that small messages do not cost a call each."""
        data = bytearray(self._read[:size])
        self._read = self._read[size:]
        while len(data) < size:
            try:
                more = os.read(self._fd, max(_AT_ONCE, min(size - len(data), _MOST_AT_ONCE)))
            except BlockingIOError:
                self._wait(select.POLLIN, deadline)
                continue
            except ConnectionResetError:
                raise Ended from None
            if not more:
                raise Ended
            wanted = size - len(data)
            data += more[:wanted]
            self._read = more[wanted:]
            if time.monotonic() > deadline:
                raise Late
        return data

    def _wait(self, event: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise Late
        poll = select.poll()
        poll.register(self._fd, event)
        if not poll.poll(None if left == math.inf else left * 1000 + 1):
            raise Late
