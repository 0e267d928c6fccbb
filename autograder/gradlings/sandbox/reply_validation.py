"""Validates a worker's reply. A reply is data; it never decides a verdict."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from gradlings.model.observation import Raised
from gradlings.model.rules import Breach
from gradlings.model.text import map_text, without_control_characters
from gradlings.sandbox.wire.channel import ReplyTimeout
from gradlings.sandbox.wire.facts import BreachRows, RaisedRow, checked
from gradlings.sandbox.wire.types import MalformedMessage
from gradlings.submission.reader import shown

_log = logging.getLogger(__name__)


def failure_text(error: Exception, task: str) -> str:
    """Describe why a worker did not reply; `task` is the subject of "took too long"."""
    if isinstance(error, ReplyTimeout):
        return f"{task} took too long"
    if isinstance(error, MalformedMessage):
        _log.warning("A worker sent a malformed message (%s)", error, exc_info=error)
        return f"the process that runs your code sent an answer that makes no sense ({error}) and was stopped"
    return str(error)


def parse_breaches(rows: Any) -> tuple[Breach, ...]:
    """Read breaches from rows of (rule, name, line, file, code), without control characters.

    Raises:
        MalformedMessage: they are no such rows, or too many or too long.
    """
    breaches = tuple(Breach(*row) for row in checked(rows, BreachRows, "breaches"))
    return map_text(breaches, without_control_characters)


def parse_raised(reply: Any, files: Collection[str]) -> Raised | None:
    """Read an exception that student code raised, without control characters; None if it raised none.

    A `reply` is None, or (kind, message, whether it is a ValueError, rows of file, line, function and code). Rows of
    other files than the submission's `files` are dropped.

    Raises:
        MalformedMessage: it is no such tuple, or too long.
    """
    if reply is None:
        return None
    kind, message, is_value_error, lines = checked(reply, RaisedRow, "an exception")
    rows = [row for row in lines if row[0] in files]
    trace = tuple(f"{shown(file)}:{line} in {name}: {text}" for file, line, name, text in rows)
    place = f"{shown(rows[-1][0])}:{rows[-1][1]}" if rows else ""
    error = ValueError(message) if is_value_error else None  # checks ask whether it is one
    return map_text(Raised(kind, message, place, trace, error), without_control_characters)


def parse_names(reply: Any, known: Collection[str]) -> tuple[str, ...]:
    """Read a list of names, each of them among those that are known.

    Raises:
        MalformedMessage: it is no such list.
    """
    if type(reply) is not list or len(reply) > len(known) or not all(type(n) is str and n in known for n in reply):
        raise MalformedMessage("names")
    return tuple(reply)
