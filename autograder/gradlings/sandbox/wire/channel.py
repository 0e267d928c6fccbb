"""Length-prefixed messages over a stream socket, limited in bytes, nodes and depth. Nothing is unpickled.

`encode` makes the messages, `decode` validates and rebuilds them, `types` lists what they may hold.
"""

from __future__ import annotations

import math
import os
import select
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gradlings.sandbox.wire.decode import unpack
from gradlings.sandbox.wire.types import PREFIX, REPLY_LIMITS, MalformedMessage, MessageLimits

_MIN_READ_BYTES = 64 << 10
_MAX_READ_BYTES = 1 << 20
_MAX_WRITEV_BUFFERS = 256


class ReplyTimeout(Exception):
    """The deadline passed before a whole message was sent or received."""


class ChannelClosed(Exception):
    """The other side closed the channel."""


@dataclass(frozen=True)
class Frame:
    """A message as received, not decoded yet."""

    header: bytes
    body: bytearray

    def value(self, limits: MessageLimits = REPLY_LIMITS) -> Any:
        """Decode the message.

        Raises:
            MalformedMessage: it breaks the protocol.
        """
        return unpack(self.header, self.body, limits)


class Channel:
    """One end of a stream socket, by its descriptor. Deadlines are times of `time.monotonic`."""

    def __init__(self, descriptor: int) -> None:
        self._fd = descriptor
        self._read = bytearray()
        """Bytes received but not yet returned."""
        self._poll = select.poll()
        os.set_blocking(descriptor, False)

    def send(self, buffers: Sequence[Any], deadline: float = math.inf) -> None:
        """Write a message that `pack` encoded.

        Raises:
            ReplyTimeout: the deadline passed.
            ChannelClosed: the other side closed the channel.
        """
        parts = [memoryview(part).cast("B") for part in buffers if len(part)]
        while parts:
            try:
                written = os.writev(self._fd, parts[:_MAX_WRITEV_BUFFERS])
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline)
                continue
            except OSError:  # also of a worker whose code closed our descriptor
                raise ChannelClosed from None
            while written:
                if written >= len(parts[0]):
                    written -= len(parts.pop(0))
                else:
                    parts[0], written = parts[0][written:], 0

    def receive(self, limits: MessageLimits = REPLY_LIMITS, deadline: float = math.inf) -> Any:
        """Read and decode the next message; raises what `frame` and `Frame.value` raise."""
        return self.frame(limits, deadline).value(limits)

    def frame(self, limits: MessageLimits = REPLY_LIMITS, deadline: float = math.inf) -> Frame:
        """Read the next message without decoding it.

        Raises:
            ReplyTimeout: the deadline passed; calling again continues where it stopped.
            ChannelClosed: the other side closed the channel.
            MalformedMessage: the announced size exceeds a limit.
        """
        self._fill(PREFIX.size, deadline)
        header_size, body_size = PREFIX.unpack_from(self._read)
        if header_size > limits.header or body_size > limits.body:
            raise MalformedMessage(f"a message of {header_size} + {body_size} bytes")
        start = PREFIX.size + header_size
        self._fill(start + body_size, deadline)
        frame = Frame(bytes(self._read[PREFIX.size : start]), self._read[start : start + body_size])
        del self._read[: start + body_size]
        return frame

    def _fill(self, size: int, deadline: float) -> None:
        """Read until `size` bytes are buffered, and more if there are: small messages then share one call.

        Waits before it reads: an answer is not there at once, and asking for it in vain costs as much as waiting.
        """
        while (missing := size - len(self._read)) > 0:
            self._wait(select.POLLIN, deadline)
            try:
                more = os.read(self._fd, max(_MIN_READ_BYTES, min(missing, _MAX_READ_BYTES)))
            except BlockingIOError:
                continue
            except OSError:
                raise ChannelClosed from None
            if not more:
                raise ChannelClosed
            self._read += more
            if time.monotonic() > deadline:
                raise ReplyTimeout

    def _wait(self, event: int, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise ReplyTimeout
        self._poll.register(self._fd, event)
        if not self._poll.poll(None if left == math.inf else left * 1000 + 1):
            raise ReplyTimeout
