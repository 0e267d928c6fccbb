"""Turns exceptions, breaches and a submission's source into rows of plain values, which can be sent to the judge."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from gradlings.forbidden.static_check import breaches_in_cells
from gradlings.model.rules import Breach
from gradlings.sandbox.wire.facts import (
    MAX_BREACHES,
    MAX_LINE,
    MAX_NAME_CHARS,
    MAX_NAMES,
    MAX_TEXT_CHARS,
    MAX_TRACE_LINES,
    BreachRow,
    RaisedRow,
)
from gradlings.submission.anonymous_code import code_of
from gradlings.submission.answer_shapes import shapes
from gradlings.submission.cells import compiled
from gradlings.submission.reader import Submission


def clip(text: str, max_chars: int = MAX_TEXT_CHARS) -> str:
    """Cut a text to the length that a reply may hold."""
    return str.__str__(text)[:max_chars]


def type_name(value: Any) -> str:
    """Return the name of a value's type, which its metaclass cannot change."""
    return clip(type.__dict__["__name__"].__get__(type(value)), MAX_NAME_CHARS)


def _line(number: int | None) -> int:
    """Return a line number that a reply may hold; generated code has any."""
    return min(max(number or 0, 0), MAX_LINE)


def raised_row(error: BaseException, files: Collection[str]) -> RaisedRow:
    """Describe an exception of student code, with trace lines of these files only."""
    try:
        message = clip(str(error))
    except BaseException:  # a hostile or broken __str__
        message = ""
    try:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in files][-MAX_TRACE_LINES:]
        lines = [(f.filename, _line(f.lineno), clip(f.name, MAX_NAME_CHARS), clip(f.line or "")) for f in frames]
    except BaseException:
        lines = []
    return type_name(error), message, issubclass(type(error), ValueError), lines


def breach_rows(breaches: Iterable[Breach]) -> list[BreachRow]:
    """Describe the first breaches as rows of (rule, name, line, file, code)."""
    kept = list(breaches)[:MAX_BREACHES]
    return [(b.rule, clip(b.what, MAX_NAME_CHARS), _line(b.line), b.file, clip(b.code)) for b in kept]


def names_row(namespace: dict[str, Any]) -> dict[str, str] | int:
    """Describe what the cells defined, by name; only how many names there are if they are too many to be sent."""
    if len(namespace) > MAX_NAMES:
        return len(namespace)
    return {
        name: "function" if callable(value) else type_name(value)
        for name, value in list(namespace.items())
        if type(name) is str and len(name) <= MAX_NAME_CHARS
    }


def describe_source(
    submission: Submission,
    exercises: Sequence[tuple[tuple[str, ...], tuple[str, ...]]],
    *,
    with_shapes: bool = False,
    code: Collection[str] = (),
) -> dict[str, Any]:
    """Describe what a source says before any of it runs.

    `exercises` are pairs of function names and rules; of the functions in `code`, the text is part of it.
    """
    return {
        "cells": [(cell.source, cell.file, cell.first_line) for cell in submission.cells],
        "functions": [(f.name, f.file, f.line, f.attempted) for f in submission.functions.values()],
        "syntax": [(p.file, p.line, p.text, p.message) for p in submission.syntax_problems],
        "breaches": [
            breach_rows(breaches_in_cells(submission.cells, names, rules)) if submission.attempted(names) else []
            for names, rules in exercises
        ],
        "shapes": _shapes(submission) if with_shapes else {},
        "code": code_of(submission, code) if code else {},
    }


def _shapes(submission: Submission) -> dict[str, str]:
    found: dict[str, str] = {}
    for cell in submission.cells:
        with contextlib.suppress(SyntaxError):  # among the syntax problems already
            found.update(shapes(compiled(cell).body))
    return {name: shape for name, shape in found.items() if shape}
