"""What a worker said, as values: checked for its form, and never taken for a verdict."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from gradlings.model.observation import Raised
from gradlings.model.rules import Breach
from gradlings.model.text import without_control_characters
from gradlings.sandbox.wire.channel import ReplyTimeout
from gradlings.sandbox.wire.types import MalformedMessage
from gradlings.submission.reader import shown


def why(error: Exception, what: str) -> str:
    """Why no answer came, in words; `what` took too long."""
    if isinstance(error, ReplyTimeout):
        return f"{what} took too long"
    if isinstance(error, MalformedMessage):
        return f"the process that runs your code sent an answer that makes no sense ({error}) and was stopped"
    return str(error)


def fields(answer: Any, *names: str) -> dict[str, Any]:
    """An answer that must have just these fields. Raises `MalformedMessage`."""
    if type(answer) is not dict or answer.keys() != set(names):
        raise MalformedMessage("an answer to another question")
    return answer


def typed(row: Any, *types: type) -> list[Any]:
    """The members of a row that must be of just these types. Raises `MalformedMessage`."""
    if type(row) is not tuple or len(row) != len(types):
        raise MalformedMessage("a row")
    if not all(type(value) is wanted for value, wanted in zip(row, types, strict=True)):
        raise MalformedMessage("a row")
    return list(row)


def breaches_from(rows: Any) -> tuple[Breach, ...]:
    """Raises `MalformedMessage`."""
    if type(rows) is not list:
        raise MalformedMessage("breaches")
    return tuple(Breach(*map(_plain_if_text, typed(row, str, str, int, str, str))) for row in rows)


def _plain_if_text(value: Any) -> Any:
    return without_control_characters(value) if isinstance(value, str) else value


def raised_from(told: Any, files: Collection[str]) -> Raised | None:
    """An exception that student code let out; None if it let out none.

    Args:
        files: of the submission: lines of no others are shown.

    Raises:
        MalformedMessage: it is no such thing.
    """
    if told is None:
        return None
    kind, message, is_value_error, lines = typed(told, str, str, bool, list)
    rows = [typed(row, str, int, str, str) for row in lines[-4:]]
    rows = [row for row in rows if row[0] in files]
    trace = tuple(
        without_control_characters(f"{shown(file)}:{line} in {name}: {text}") for file, line, name, text in rows
    )
    place = f"{shown(rows[-1][0])}:{rows[-1][1]}" if rows else ""
    stand_in = ValueError(message) if is_value_error else None  # checks ask whether it is one
    return Raised(without_control_characters(kind)[:100], without_control_characters(message), place, trace, stand_in)
