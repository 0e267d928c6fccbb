"""The facts that a worker sends about a submission: the form of each, and how large it may be.

A worker cuts what it sends to these sizes, and says so where cutting would change the meaning; the judge refuses what
is not of its form. How large a submission may be at all stands in `submission/size_limits.py`.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from gradlings.sandbox.wire.types import MalformedMessage
from gradlings.submission.size_limits import (
    MAX_CELLS,
    MAX_CODE_CHARS,
    MAX_FUNCTION_CHARS,
    MAX_FUNCTIONS,
    MAX_LINE_CHARS,
    MAX_SYNTAX_PROBLEMS,
)

MAX_TEXT_CHARS = 2_000
"""Of a message or a line of code."""
MAX_NAME_CHARS = 200
"""Of a function's, a class's or a module's name."""
MAX_LINE = 1 << 31
"""The number of a line; code can claim any."""
MAX_TRACE_LINES = 4
MAX_BREACHES = 200
"""Of one exercise in the source, or while one check ran."""
MAX_NAMES = 10_000
"""That the cells defined, those of star imports among them."""
MAX_TAKEN = 500
"""Of these, names that mean something else in Python."""

Line = Annotated[int, Meta(ge=0, le=MAX_LINE)]
Text = Annotated[str, Meta(max_length=MAX_TEXT_CHARS)]
Name = Annotated[str, Meta(max_length=MAX_NAME_CHARS)]
Quoted = Annotated[str, Meta(max_length=MAX_LINE_CHARS)]
File = Annotated[str, Meta(max_length=5_000)]
Source = Annotated[str, Meta(max_length=MAX_CODE_CHARS)]

FunctionCode = Annotated[str, Meta(max_length=MAX_FUNCTION_CHARS)]

BreachRow = tuple[Name, Name, Line, File, Text]
"""Rule, name, line, file, code."""
BreachRows = Annotated[list[BreachRow], Meta(max_length=MAX_BREACHES)]
RaisedRow = tuple[Name, Text, bool, Annotated[list[tuple[File, Line, Name, Text]], Meta(max_length=MAX_TRACE_LINES)]]
"""Kind, message, whether it is a ValueError, and rows of (file, line, function, code), the innermost last."""
Names = dict[Name, Name]
"""The type of each name that the cells defined."""


class SourceFacts(msgspec.Struct, forbid_unknown_fields=True):
    """What a submission's source says."""

    cells: Annotated[list[tuple[Source, File, Line]], Meta(max_length=MAX_CELLS)]
    """Source, file, first line."""
    functions: Annotated[list[tuple[Source, File, Line, bool]], Meta(max_length=MAX_FUNCTIONS)]
    """Name, file, line, whether it is more than an untouched stub."""
    syntax: Annotated[list[tuple[File, Line, Quoted, Quoted]], Meta(max_length=MAX_SYNTAX_PROBLEMS)]
    """File, line, code, message."""
    breaches: list[BreachRows]
    """By exercise."""
    shapes: Annotated[dict[Source, Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]], Meta(max_length=MAX_FUNCTIONS)]
    """See `answer_shapes`; none where they were not asked for."""
    code: Annotated[dict[Source, FunctionCode], Meta(max_length=MAX_FUNCTIONS)] = msgspec.field(default_factory=dict)
    """See `anonymous_code`; of the functions that were asked for."""


class Unread(msgspec.Struct, forbid_unknown_fields=True):
    """Why a submission's source cannot be read."""

    problem: Text


class CellReply(msgspec.Struct, forbid_unknown_fields=True):
    """One cell has run."""

    cell: Annotated[int, Meta(ge=0, lt=MAX_CELLS)]
    raised: RaisedRow | None


class NamesReply(msgspec.Struct, forbid_unknown_fields=True):
    """All cells have run."""

    names: Annotated[Names, Meta(max_length=MAX_NAMES)] | Annotated[int, Meta(ge=0)]
    """Only their number where they are too many or too long."""
    settings: Annotated[list[Name], Meta(max_length=MAX_TAKEN)]
    """Settings of the process that they changed."""
    taken: Annotated[list[Name], Meta(max_length=MAX_TAKEN)]
    """Names of others that they took."""


class Digest(msgspec.Struct, forbid_unknown_fields=True):
    """The SHA-256 of a submission's code; empty if it is no notebook."""

    digest: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")]


def checked(value: Any, form: Any, what: str) -> Any:
    """Return a decoded message as the type that describes its form; a dict becomes a struct.

    Raises:
        MalformedMessage: it has another form, or is too large; the text is `what`.
    """
    try:
        return msgspec.convert(value, form)
    except (msgspec.ValidationError, RecursionError):
        raise MalformedMessage(what) from None
