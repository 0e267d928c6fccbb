"""Brightspace: its grades as CSV."""

from __future__ import annotations

import re

from gradlings.grading.export.sheet import Lms, Sheet, column_of, number
from gradlings.grading.intake.table import Table
from gradlings.model.errors import InputError

_GET = (
    "In Brightspace: Grades, Enter Grades, Export, with the key field Both, points grades, names and this one item; "
    "Export to CSV."
)
_KEYS = ("orgdefinedid", "username")
_POINTS = re.compile(r"(?P<title>.*\S) Points Grade(?: <.*>)?\s*")
_LIMIT = re.compile(r"MaxPoints:(?P<points>[\d.,]+)")
_END = "end-of-line indicator"


def read_grades(table: Table, wanted: str) -> Sheet:
    """Find an item in exported grades.

    Raises:
        InputError: they are not Brightspace's, or have no such item.
    """
    header = table.filled_rows[0].values if table.filled_rows else ()
    names = [name.strip().casefold() for name in header]
    if _END not in names or not set(_KEYS).intersection(names):
        raise InputError(
            f"{table.path} is no export of Brightspace's grades: it lacks OrgDefinedId and Username, or the "
            f"End-of-Line Indicator. {_GET}"
        )
    candidates = {at: found["title"] for at, name in enumerate(header) if (found := _POINTS.fullmatch(name))}
    column = column_of(table, candidates, wanted, _GET)
    limit = _LIMIT.search(header[column])
    columns = (*(at for at, name in enumerate(names) if name in _KEYS), column, names.index(_END))
    along = frozenset({table.filled_rows[0].line})
    return Sheet(table, column, number(limit["points"]) if limit else None, columns=columns, along=along)


BRIGHTSPACE = Lms(
    "Brightspace",
    read_grades,
    _GET,
    "Grades, Enter Grades, Import.",
    warnings=("Brightspace publishes imported marks of an assignment as feedback at once.",),
    above=", to which Brightspace cuts it unless the item can exceed",
)
