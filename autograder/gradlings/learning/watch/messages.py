"""What the command and the warm process say to each other: one line of JSON a message."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from gradlings.model.scorecard import Scorecard

TOO_LONG = "Still running after {:.0f} s, and it cannot be stopped from the inside. An endless loop?"


class Request(msgspec.Struct, frozen=True):
    """Check a submission, and stop the check before."""

    number: int
    checks: str
    """The file of checks."""
    first: tuple[str, ...] = ()
    """Exercises whose verdict is wanted at once, by id."""
    rest: tuple[str, ...] = ()
    """Exercises to check after that."""
    seconds: float = 30.0
    """How long the first answer may take before the child is killed, in seconds of wall time."""
    seconds_rest: float = 120.0


class Kind(StrEnum):
    READY = "ready"  # torch is imported
    FIRST = "first"  # the scorecard of `first`
    REST = "rest"  # the scorecard of `rest`; nothing comes after it
    ENDED = "ended"  # the child ended without a scorecard; `message` says how
    FAILED = "failed"  # the checks cannot be collected; `message` says why


class Answer(msgspec.Struct, frozen=True):
    """What became of a request, or of the warm process itself (number 0)."""

    kind: Kind
    number: int = 0
    card: Scorecard | None = None
    message: str = ""
    codes: dict[str, str] = {}
    """`progress.codes` of what was checked: the file may have been saved again since."""


def line(message: Request | Answer) -> bytes:
    return msgspec.json.encode(message) + b"\n"


def request(text: bytes) -> Request:
    return msgspec.json.decode(text, type=Request)


def answer(text: bytes) -> Answer:
    """Raises `msgspec.DecodeError` when the line is no answer."""
    return msgspec.json.decode(text, type=Answer)
