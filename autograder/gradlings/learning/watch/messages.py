"""Messages between the command and the check server: one line of JSON each."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

import msgspec

from gradlings.model.scorecard import Scorecard

TIMEOUT_MESSAGE = "Still running after {:.0f} s, so it was ended. An endless loop?"


class _Line(msgspec.Struct, frozen=True):
    """A message as a line of JSON."""

    def encode(self) -> bytes:
        """Return the line."""
        return msgspec.json.encode(self) + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> Self:
        """Read a line.

        Raises:
            msgspec.DecodeError: it is no such message.
        """
        return msgspec.json.decode(line, type=cls)


class CheckRequest(_Line, frozen=True):
    """Check a submission, and stop the check before."""

    number: int
    checks_file: str
    first: tuple[str, ...] = ()
    """Ids of the exercises whose verdict is wanted at once."""
    rest: tuple[str, ...] = ()
    """Ids of the exercises to check after that."""
    first_seconds: float = 30.0
    """Wall time for `first`; after that the child is killed."""
    rest_seconds: float = 120.0


class MessageKind(StrEnum):
    """What a message of the check server is about."""

    READY = "ready"  # torch is imported
    FIRST = "first"  # the scorecard of `first`
    REST = "rest"  # the scorecard of `rest`; the last message about a request
    ENDED = "ended"  # the child ended without a scorecard; `text` says how
    FAILED = "failed"  # the checks cannot be collected; `text` says why


class ServerMessage(_Line, frozen=True):
    """What became of a request, or of the check server itself (number 0)."""

    kind: MessageKind
    number: int = 0
    """The number of the request."""
    card: Scorecard | None = None
    text: str = ""
    digests: dict[str, str] = {}
    """`progress.record.code_digests` of what was checked: the file may have been saved again since."""
