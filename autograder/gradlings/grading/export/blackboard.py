"""Blackboard: the Grade Center's file for work offline, with commas, or with tabs in UTF-16."""

from __future__ import annotations

import re

from gradlings.grading.export.sheet import Lms, Sheet, column_of, number
from gradlings.grading.intake.roster import kind_of
from gradlings.grading.intake.table import Table
from gradlings.model.errors import InputError

_GET = "In Blackboard: Gradebook (Original: Full Grade Center, Work Offline), Download."
_ITEM = re.compile(r"(?P<title>.*?\S)\s*(?:\[(?P<points>[^\]]*)\])?\s*\|(?P<id>\d+)\s*")
_LIMIT = re.compile(r"\d[\d.,]*")


def read_grades(table: Table, wanted: str) -> Sheet:
    """Find an item in downloaded grades.

    Raises:
        InputError: they are not Blackboard's, or have no such item.
    """
    header = table.filled_rows[0].values if table.filled_rows else ()
    kinds = [kind_of(name) for name in header]
    if "login" not in kinds:
        raise InputError(f"{table.path} is no download of Blackboard's grades: it has no Username. {_GET}")
    found = {at: item for at, name in enumerate(header) if (item := _ITEM.fullmatch(name))}
    candidates = {at: f"{item['title']}\0{item['id']}" for at, item in found.items()}
    column = column_of(table, candidates, wanted, f"Blackboard knows one by the number at its end. {_GET}")
    limit = _LIMIT.search(found[column]["points"] or "")
    columns = (*(at for at, kind in enumerate(kinds) if kind), column)
    along = frozenset({table.filled_rows[0].line})
    return Sheet(table, column, number(limit[0]) if limit else None, columns=columns, along=along)


BLACKBOARD = Lms("Blackboard", read_grades, _GET, "Gradebook (Original: Full Grade Center, Work Offline), Upload.")
