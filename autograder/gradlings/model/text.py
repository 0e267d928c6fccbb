"""Text that student code or a worker may have chosen, made fit for terminals, files and pages."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TypeVar, cast

T = TypeVar("T")

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def without_control_characters(text: str) -> str:
    """Replace every control character but tab and line feed by a question mark."""
    return _CONTROL.sub("?", text)


def encodable(text: str) -> str:
    """Replace lone surrogates, which UTF-8 cannot write, by question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them: "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def some(names: Sequence[str], most: int = 8) -> str:
    """Return the first of a list of names, and how many more there are: "a, b and 5 more"."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def counted(number: int, noun: str) -> str:
    """Return "1 judge", "2 judges"."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def map_text(value: T, change: Callable[[str], str]) -> T:
    """Return the same nested tuples and dataclasses with every string but members of a `StrEnum` changed."""
    if isinstance(value, str) and not isinstance(value, StrEnum):
        return cast(T, change(value))
    if isinstance(value, tuple):
        return cast(T, tuple(map_text(part, change) for part in value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: map_text(getattr(value, field.name), change) for field in dataclasses.fields(value)}
        return cast(T, type(value)(**fields))
    return value
