"""Turns exceptions, breaches and a submission's source into rows of plain values, which can be sent to the judge."""

from __future__ import annotations

import traceback
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from gradlings.forbidden.static_check import breaches_in_cells
from gradlings.model.rules import Breach
from gradlings.submission.reader import Submission

_MAX_TEXT_CHARS = 2000
_MAX_BREACHES = 200
_MAX_TRACE_LINES = 4
_MAX_NAMES, _MAX_NAMES_CHARS, _MAX_NAME_CHARS = 20_000, 100_000, 200
_type_name = vars(type)["__name__"].__get__
"""The name of a class as Python has it, whatever its metaclass says: that would be student code."""

RaisedRow = tuple[str, str, bool, list[Any]]
"""Kind, message, whether it is a ValueError, and rows of (file, line, function, code), the innermost last."""


def clip(text: str) -> str:
    """Cut a text to the length that a reply may hold."""
    return text[:_MAX_TEXT_CHARS]


def raised_row(error: BaseException, files: Collection[str]) -> RaisedRow:
    """Describe an exception of student code, with trace lines of these files only."""
    try:
        message = clip(str.__str__(str(error)))
    except BaseException:  # a hostile or broken __str__
        message = ""
    try:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in files][-_MAX_TRACE_LINES:]
        lines = [(f.filename, f.lineno or 0, f.name, clip(f.line or "")) for f in frames]
    except BaseException:
        lines = []
    return clip(_type_name(type(error))), message, issubclass(type(error), ValueError), lines


def describe_names(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Describe what a namespace defines: "function" by name, or the name of a type; and whether that is all."""
    names: dict[str, str] = {}
    chars = 0
    for name, value in namespace.items():
        if type(name) is not str or len(name) > _MAX_NAME_CHARS:
            continue
        names[name] = "function" if callable(value) else _type_name(type(value))[:_MAX_NAME_CHARS]
        chars += len(name) + len(names[name])
        if len(names) >= _MAX_NAMES or chars > _MAX_NAMES_CHARS:
            return {"names": names, "all": False}
    return {"names": names, "all": True}


def breach_rows(breaches: Iterable[Breach]) -> list[tuple[str, str, int, str, str]]:
    """Describe breaches as rows of (rule, name, line, file, code)."""
    return [(b.rule, b.what, b.line, b.file, clip(b.code)) for b in list(breaches)[:_MAX_BREACHES]]


def describe_source(
    submission: Submission, exercises: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]
) -> dict[str, Any]:
    """Describe what a source says before any of it runs; `exercises` are pairs of function names and rules."""
    return {
        "problem": "",
        "cells": [(cell.source, cell.file, cell.first_line) for cell in submission.cells],
        "functions": [(f.name, f.file, f.line, f.attempted) for f in submission.functions.values()],
        "syntax": [(p.file, p.line, p.text, p.message) for p in submission.syntax_problems],
        "breaches": [
            breach_rows(breaches_in_cells(submission.cells, names, rules)) if submission.attempted(names) else []
            for names, rules in exercises
        ],
    }
