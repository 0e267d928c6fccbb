"""An LMS's own file with marks filled in. Every cell that is written keeps the bytes that it came with, but the marks'.

What an import would change without being asked for is left out: rows without a mark and, where the LMS matches columns
by their headers, the columns of other assignments, whose marks may have changed since the file was exported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum

from gradlings.grading.export.class_marks import ClassMarks, ExportedStudent
from gradlings.grading.export.matching import Matched, Sure
from gradlings.grading.intake.table import Row, Table
from gradlings.model.errors import InputError
from gradlings.model.mark import Mark, points_text
from gradlings.model.text import some

_CENT = Decimal("0.01")
_NUMBER = re.compile(r"-?\d[\d.,]*")


class Which(StrEnum):
    """Which mark is written."""

    FINAL = "final"
    """As it counts: late penalties are taken."""
    RAW = "raw"
    """Before late penalties, for an LMS that takes them itself."""

    def of(self, mark: Mark) -> Decimal | None:
        """Return the points of a mark; None if there are none."""
        if self is Which.FINAL or mark.raw is None:
            return mark.final
        return mark.raw + mark.bonus


@dataclass(frozen=True)
class Sheet:
    """A file of an LMS, and what of it is written back."""

    table: Table
    column: int
    """Where the marks go."""
    out_of: Decimal | None
    """The points that the LMS has for the assignment; None if its file does not say."""
    comments: int | None = None
    """Where words to the student go."""
    columns: tuple[int, ...] = ()
    """Those that are written; all if empty."""
    along: frozenset[int] | None = None
    """Lines of rows that are written though they get no mark; None for all."""
    closed: frozenset[int] = frozenset()
    """Lines of rows in which the LMS takes no mark."""
    decimal: str = "."

    @property
    def title(self) -> str:
        """The header of the marks' column."""
        return self.table.filled_rows[0].values[self.column].strip()


@dataclass(frozen=True)
class Lms:
    """What differs from one LMS to the next."""

    name: str
    read: Callable[[Table, str], Sheet]
    """Makes a sheet of its file and the wanted column; raises InputError where it is not its file."""
    get: str
    """How a person gets the file."""
    put: str
    """How a person imports it."""
    warnings: tuple[str, ...] = ()
    """What an import does that marks do not show."""
    late: str = ""
    """When it takes late penalties by itself, as the middle of a sentence; empty if never."""
    excused: str = ""
    """What is written for who is excused; the cell stays as it is if empty."""
    above: str = ""
    """What it does with marks above its maximum; empty if it just takes them."""
    takes_above: bool = True
    plain_utf8: bool = False
    sure: Sure = field(default=lambda student: False)


@dataclass
class _Told:
    """The students to name, by what is to be said of them."""

    marked: list[str] = field(default_factory=list)
    blank: list[str] = field(default_factory=list)
    excused: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    above: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    penalized: list[str] = field(default_factory=list)
    commented: list[str] = field(default_factory=list)
    kept_comments: list[str] = field(default_factory=list)


def fill(lms: Lms, sheet: Sheet, graded: ClassMarks, matched: Matched, which: Which) -> tuple[bytes, list[str]]:
    """Return the file with the marks of a class, and what a person should know of it, line by line.

    Raises:
        InputError: nobody gets a mark, or the file's encoding lacks a character of a comment.
    """
    told, new = _Told(), {}
    rows = {row.line: row for row in sheet.table.rows}
    for person, student in matched.people.items():
        for line in person.lines:
            if line in sheet.closed:
                told.closed.append(student.student)
                continue
            row = _with_mark(lms, sheet, rows[line], student, graded.max_points, which, told)
            row = _with_comment(sheet, row, student, told)
            if row is not rows[line]:
                new[line] = row
    if not new:
        raise InputError(f"Nobody in {sheet.table.path} gets a mark: {some(told.blank) or 'none'}.")
    kept = [
        new.get(row.line, row)
        for row in sheet.table.rows
        if row.line in new or sheet.along is None or row.line in sheet.along
    ]
    if sheet.columns:
        kept = [
            replace(row, raw=tuple(row.raw[at] if at < len(row.raw) else "" for at in sheet.columns)) for row in kept
        ]
    data = sheet.table.encode(kept, plain_utf8=lms.plain_utf8)
    return data, [*_summary(lms, sheet, graded, matched, which, told), *_named(lms, matched, told, sheet, which)]


def _with_mark(
    lms: Lms, sheet: Sheet, row: Row, student: ExportedStudent, max_points: int, which: Which, told: _Told
) -> Row:
    """Return the row with the student's mark, or as it is if there is none, which is noted."""
    mark, name = student.mark, student.student
    points = which.of(mark)
    if mark.excused:
        told.excused.append(name)
        return _with_cell(sheet, row, sheet.column, lms.excused) if lms.excused else row
    if points is None:
        told.blank.append(f"{name} ({student.status})")
        return row
    scaled = _scaled(points, max_points, sheet.out_of)
    text = points_text(scaled)
    if sheet.out_of and scaled > sheet.out_of:
        told.above.append(f"{name} ({text})")
        if not lms.takes_above:
            return row
    told.marked.append(name)
    if mark.penalty:
        told.penalized.append(name)
    before = row.values[sheet.column].strip() if sheet.column < len(row.values) else ""
    if before not in ("", "-") and number(before) != scaled:
        told.replaced.append(f"{name} ({before}, now {text})")
    return _with_cell(sheet, row, sheet.column, text.replace(".", sheet.decimal))


def _with_comment(sheet: Sheet, row: Row, student: ExportedStudent, told: _Told) -> Row:
    """Return the row with what is said to the student, or as it is if another comment is there, which is noted."""
    comment, at = student.mark.comment, sheet.comments
    if not comment:
        return row
    if at is None:
        told.commented.append(student.student)
        return row
    there = row.values[at].strip() if at < len(row.values) else ""
    if there:
        if there != comment:
            told.kept_comments.append(student.student)
        return row
    return _with_cell(sheet, row, at, comment)


def _with_cell(sheet: Sheet, row: Row, column: int, text: str) -> Row:
    raw = [*row.raw, *([""] * (column + 1 - len(row.raw)))]
    raw[column] = sheet.table.cell(text)
    return replace(row, raw=tuple(raw))


def _scaled(points: Decimal, max_points: int, out_of: Decimal | None) -> Decimal:
    scaled = points * out_of / max_points if out_of and max_points else points
    return scaled.quantize(_CENT, ROUND_HALF_UP)


def _summary(lms: Lms, sheet: Sheet, graded: ClassMarks, matched: Matched, which: Which, told: _Told) -> list[str]:
    people = len(matched.people) + len(matched.absent)
    mark = "their final mark" if which is Which.FINAL else "their mark before late penalties"
    lines = [f"{len(told.marked)} of {people} people in {sheet.table.path} get {mark} in the column {sheet.title}."]
    if sheet.out_of and sheet.out_of != graded.max_points:
        lines.append(
            f"{lms.name} has {points_text(sheet.out_of)} points for it, the run {graded.max_points}: every mark is "
            f"multiplied by {points_text(sheet.out_of)}/{graded.max_points}."
        )
    return [*lines, *lms.warnings]


def _named(lms: Lms, matched: Matched, told: _Told, sheet: Sheet, which: Which) -> Iterable[str]:
    """Yield a line for each group of people of whom something is to be said."""
    if told.penalized and which is Which.FINAL:
        yield f"Late penalties are in the marks of {some(told.penalized)}." + (
            f" {lms.name} would take them again {lms.late}: switch that off, or export with --marks raw."
            if lms.late
            else ""
        )
    elif told.penalized:
        yield f"The marks of {some(told.penalized)} are without late penalties, for {lms.name} to take its own."
    excused = f"Excused, written as {lms.excused}" if lms.excused else "Excused, cell left as it is"
    groups = {
        excused: told.excused,
        "No mark, as there is no score; the cell is left as it is": told.blank,
        f"{lms.name} takes no mark in these rows": told.closed,
        f"Above {lms.name}'s maximum of {points_text(sheet.out_of)}{lms.above}": told.above,
        "Another mark is replaced": told.replaced,
        f"{lms.name}'s file has no column for comments, which are on the feedback pages": told.commented,
        "There is a comment already, and it is kept": told.kept_comments,
        f"Matched by number, and called otherwise in {lms.name}; if that is a group, only this one gets the mark": [
            f"{student} ({label})" for student, label in matched.other_names
        ],
        f"Nobody in {sheet.table.path}, so no mark": [f"{name} ({reason})" for name, reason in matched.unmatched],
        "Without a submission, left as they are": [person.label for person in matched.absent],
    }
    for text, names in groups.items():
        if names:
            yield f"{text}: {some(names)}."


def number(text: str) -> Decimal | None:
    """Return the number in a cell, whose last comma or point is the decimal one; None if it is none."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    whole, _, rest = text.replace(",", ".").rpartition(".")
    try:
        return Decimal(f"{whole.replace('.', '')}.{rest}" if whole else rest)
    except InvalidOperation:
        return None


def column_of(table: Table, candidates: Mapping[int, str], wanted: str, remedy: str) -> int:
    """Return the column that is meant, of those that can hold marks; the values are the names that do for `wanted`.

    Raises:
        InputError: none or several fit.
    """
    header = table.filled_rows[0].values
    names = ", ".join(f'"{header[at].strip()}"' for at in candidates)
    if not candidates:
        raise InputError(f"{table.path} has no column for marks. {remedy}")
    if not wanted:
        if len(candidates) == 1:
            return next(iter(candidates))
        raise InputError(f"{table.path} has several columns for marks. Name one with --column: {names}.")
    found = [at for at in candidates if header[at].strip() == wanted.strip()]
    found = found or [
        at for at, short in candidates.items() if wanted.strip().casefold() in short.casefold().split("\0")
    ]
    if len(found) != 1:
        what = "several columns" if found else "no column for marks"
        raise InputError(f"{table.path} has {what} called {wanted}. Name one of these with --column: {names}.")
    return found[0]
