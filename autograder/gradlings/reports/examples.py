"""An example of a wrong answer that does not tell whose it was: the call, what came back, what was expected."""

from __future__ import annotations

import builtins
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from gradlings.model.scorecard import CheckResult, Row, Verdict

ANSWERED = (Verdict.WRONG, Verdict.ERROR)
"""The verdicts of checks that show a call and what became of it."""
_QUOTED = re.compile(r"'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"")
_SIGNATURE = " cannot be called as "


@dataclass(frozen=True)
class Example:
    """What a check showed of a wrong answer."""

    call: str = ""
    rows: tuple[Row, ...] = ()
    message: str = ""
    """Where nothing came back."""


def example_of(checks: Iterable[CheckResult]) -> Example:
    """Return what most students saw of one mistake, the shortest of several; texts that a student chose left out."""
    counts = Counter((check.call, check.rows, check.message.partition("\n")[0]) for check in checks)
    if not counts:
        return Example()
    (call, rows, message), count = min(counts.items(), key=lambda each: (-each[1], len(each[0][0]), repr(each[0])))
    if rows:
        return Example(call, tuple(_without_texts(row) for row in rows))
    return Example(call, (), message if count > 1 else _without_own_words(message))


def _without_own_words(message: str) -> str:
    """Return what is ours of what is said of an error: everything before what the exception itself says."""
    before, colon, _ = message.partition(": ")
    if not colon or hasattr(builtins, before) or _SIGNATURE in before:
        return before
    return "an exception"


def _without_texts(row: Row) -> Row:
    """Return the same without the texts in an answer that are not in the right one."""
    name, got = (
        _QUOTED.sub(lambda found: found[0] if found[0] in row.expected else "'...'", text)
        for text in (row.name, row.got)
    )
    return Row(name, got, row.expected, row.right)
