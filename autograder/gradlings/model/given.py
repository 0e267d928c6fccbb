"""Code that is given to students on a path. A module of its own, for workers need no other part of an exercise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Given:
    """The code of functions that nobody has to write, which the judge has a copy of."""

    functions: tuple[str, ...] = ()
    borrows: tuple[str, ...] = ()
    """Names in the code that stand for what a submission binds to them: functions to be written, and classes."""
    code: str = ""
    """The text of a module that defines the functions, and no function that is to be written."""


NOTHING_GIVEN = Given()
