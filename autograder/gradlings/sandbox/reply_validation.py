"""Validates a worker's reply. A reply is data; it never decides a verdict."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from gradlings.model.observation import Raised
from gradlings.model.rules import Breach
from gradlings.model.text import map_text, without_control_characters
from gradlings.sandbox.wire.channel import ReplyTimeout
from gradlings.sandbox.wire.types import MalformedMessage
from gradlings.submission.reader import shown

_log = logging.getLogger(__name__)
_MAX_TRACE_LINES = 4
_MAX_KIND_CHARS = 100


def failure_text(error: Exception, task: str) -> str:
    """Describe why a worker did not reply; `task` is the subject of "took too long"."""
    if isinstance(error, ReplyTimeout):
        return f"{task} took too long"
    if isinstance(error, MalformedMessage):
        _log.warning("A worker sent a malformed message (%s)", error, exc_info=error)
        return f"the process that runs your code sent an answer that makes no sense ({error}) and was stopped"
    return str(error)


def require_fields(reply: Any, *names: str) -> dict[str, Any]:
    """Return a reply that is a dict with exactly these keys.

    Raises:
        MalformedMessage: it is not.
    """
    if type(reply) is not dict or reply.keys() != set(names):
        raise MalformedMessage("an answer to another question")
    return reply


def require_row(row: Any, *types: type) -> list[Any]:
    """Return the members of a tuple that has exactly these types, subclasses excluded.

    Raises:
        MalformedMessage: it has not.
    """
    if type(row) is not tuple or [type(value) for value in row] != list(types):
        raise MalformedMessage("a row")
    return list(row)


def parse_breaches(rows: Any) -> tuple[Breach, ...]:
    """Read breaches from rows of (rule, name, line, file, code), without control characters.

    Raises:
        MalformedMessage: they are no such rows.
    """
    if type(rows) is not list:
        raise MalformedMessage("breaches")
    breaches = tuple(Breach(*require_row(row, str, str, int, str, str)) for row in rows)
    return map_text(breaches, without_control_characters)


def parse_raised(reply: Any, files: Collection[str]) -> Raised | None:
    """Read an exception that student code raised, without control characters; None if it raised none.

    A `reply` is None, or (kind, message, whether it is a ValueError, rows of file, line, function and code). Rows of
    other files than the submission's `files` are dropped.

    Raises:
        MalformedMessage: it is no such tuple.
    """
    if reply is None:
        return None
    kind, message, is_value_error, lines = require_row(reply, str, str, bool, list)
    rows = [require_row(row, str, int, str, str) for row in lines[-_MAX_TRACE_LINES:]]
    rows = [row for row in rows if row[0] in files]
    trace = tuple(f"{shown(file)}:{line} in {name}: {text}" for file, line, name, text in rows)
    place = f"{shown(rows[-1][0])}:{rows[-1][1]}" if rows else ""
    error = ValueError(message) if is_value_error else None  # checks ask whether it is one
    return map_text(Raised(kind[:_MAX_KIND_CHARS], message, place, trace, error), without_control_characters)


def parse_names(reply: Any, known: Collection[str]) -> tuple[str, ...]:
    """Read a list of names, each of them among those that are known.

    Raises:
        MalformedMessage: it is no such list.
    """
    if type(reply) is not list or len(reply) > len(known) or not all(type(n) is str and n in known for n in reply):
        raise MalformedMessage("names")
    return tuple(reply)
