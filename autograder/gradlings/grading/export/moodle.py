"""Moodle: the offline grading worksheet of an assignment, in any language of those below."""

from __future__ import annotations

import re

from gradlings.grading.export.sheet import Lms, Sheet, column_of, number
from gradlings.grading.intake.table import Table
from gradlings.model.errors import InputError

_GET = "In Moodle: the assignment, Submissions, Download grading worksheet (its offline grading must be on)."
_IDENTIFIER = ("identifier", "id", "identifiant", "identificador")
_GRADE = ("grade", "bewertung", "note", "calificación", "nota")
_MAXIMUM = ("maximum grade", "bestwertung", "note maximale", "calificación máxima", "nota máxima")
_SCALE = ("scale", "skala", "barème", "escala")
_MAY_CHANGE = (
    *("grade can be changed", "bewertung kann geändert werden", "la note peut être modifiée"),
    *("la calificación puede ser cambiada", "la calificación puede cambiarse", "nota pode ser alterada"),
)
_NO = ("no", "nein", "non", "não")
_GRADED_AT = (
    *("last modified (grade)", "zuletzt geändert (bewertung)", "dernière modification (note)"),
    *("última modificación (calificación)", "última modificação (nota)"),
)
_COMMENTS = (
    *("feedback comments", "feedback als kommentar", "feedback par commentaires"),
    *("comentarios de retroalimentación", "comentários de feedback"),
)


def read_worksheet(table: Table, wanted: str) -> Sheet:
    """Find the columns of a grading worksheet.

    Raises:
        InputError: it is none, is in another language, or has a scale in place of points.
    """
    header = [value.strip().casefold() for value in table.filled_rows[0].values] if table.filled_rows else []

    def at(names: tuple[str, ...]) -> int | None:
        return next((index for index, name in enumerate(header) if name in names), None)

    if at(_IDENTIFIER) is None or at(_GRADED_AT) is None or at(_GRADE) is None:
        raise InputError(
            f"{table.path} is no grading worksheet of Moodle in English, French, German, Portuguese or Spanish. {_GET} "
            "If it is in another language, choose English in Moodle for the download and for the upload."
        )
    if at(_SCALE) is not None:
        raise InputError(
            f"{table.path} is graded by a scale, not by points. Choose points in the assignment's settings."
        )
    column = column_of(table, {index: "" for index, name in enumerate(header) if name in _GRADE}, wanted, _GET)
    maximum, may_change = at(_MAXIMUM), at(_MAY_CHANGE)
    rows = table.filled_rows[1:]
    limits = [row.values[maximum] for row in rows if maximum is not None and maximum < len(row.values)]
    limit = next((text for text in limits if number(text)), "")
    closed = frozenset(
        row.line
        for row in rows
        if may_change is not None and may_change < len(row.values) and row.values[may_change].strip().casefold() in _NO
    )
    decimal = "," if re.search(r"\d,\d", limit) else "."
    return Sheet(table, column, number(limit), at(_COMMENTS), closed=closed, decimal=decimal)


MOODLE = Lms(
    "Moodle",
    read_worksheet,
    _GET,
    "the assignment, Submissions, Upload grading worksheet.",
    warnings=(
        "Moodle skips rows that were graded after this worksheet was downloaded: upload it now, or download a new one.",
        "Moodle imports no worksheet while a rubric or marking guide is in use.",
    ),
    late="where the assignment has due-date penalties (Moodle 5)",
    above=", which Moodle would skip in silence, so set by hand",
    takes_above=False,
)
