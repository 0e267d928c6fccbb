"""`overrides.csv` in a folder of results: what a person set by hand. It is read by every run and written by none."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from pathlib import Path

from gradlings.grading.intake.table import read_table
from gradlings.grading.marks.lateness import parse_time
from gradlings.model.errors import InputError

FILE = "overrides.csv"
COLUMNS = ("student", "exercise", "points", "bonus", "penalty", "excused", "extension", "comment", "reason")
_OF_THE_WHOLE = ("bonus", "penalty", "excused", "extension")
_YES, _NO = ("yes", "y", "x", "1", "true", "ex"), ("", "no", "n", "0", "false")
_MAX_TEXT_CHARS = 5_000


@dataclass(frozen=True)
class Setting:
    """What was set by hand of an exercise, or of the whole."""

    points: Decimal | None = None
    comment: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Override:
    """All that was set by hand of one student."""

    whole: Setting = field(default_factory=Setting)
    exercises: Mapping[str, Setting] = field(default_factory=dict)
    bonus: Decimal = Decimal(0)
    penalty: Decimal | None = None
    """For being late, in points; 0 waives it, None leaves it to the policy."""
    excused: bool = False
    extension: datetime | None = None
    """Until when, in UTC."""


@dataclass(frozen=True)
class Rules:
    """What the rows are checked against."""

    students: Collection[str]
    exercises: Mapping[str, int]
    """The points of each, by id."""
    due: datetime | None
    zone: tzinfo | None
    """Of times that name none; None for this machine's."""


def read_overrides(folder: Path, rules: Rules) -> dict[str, Override]:
    """Read the overrides of a folder of results, by student; empty if the file is not there.

    Raises:
        InputError: anything in it makes no sense; the sentence names file, line and remedy.
    """
    path = folder / FILE
    if not path.exists():
        return {}
    rows = [(row.line, row.values) for row in read_table(path, "table of overrides").filled_rows]
    if not rows:
        return {}
    header = [cell.strip().casefold() for cell in rows[0][1]]
    for name in header:
        if name and name not in COLUMNS:
            raise InputError(
                f"{path}, line {rows[0][0]}: no column is called `{name}`; there are {', '.join(COLUMNS)}."
            )
        if name and header.count(name) > 1:
            raise InputError(f"{path}, line {rows[0][0]}: there are two columns `{name}`. Keep one.")
    if "student" not in header:
        raise InputError(f"{path}, line {rows[0][0]}: the first line must name the columns, `student` among them.")
    found: dict[str, Override] = {}
    lines: dict[tuple[str, str], int] = {}
    for line, cells in rows[1:]:
        row = _Row(f"{path}, line {line}", header, cells, rules)
        first = lines.setdefault((row.student, row.exercise), line)
        if first != line:
            raise InputError(f"{row.where}: line {first} is about the same student and exercise. Make one of both.")
        found[row.student] = row.added_to(found.get(row.student, Override()))
    return found


class _Row:
    """One row, checked while it is read."""

    def __init__(self, where: str, header: Sequence[str], cells: Sequence[str], rules: Rules) -> None:
        self.where, self.rules = where, rules
        if any(cell.strip() for cell in cells[len(header) :]):
            raise InputError(f"{where} has more cells than there are columns. Put a text with commas in quotes.")
        self._cells = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
        if any(cell for name, cell in self._cells.items() if not name):
            raise InputError(f"{where} has a cell below no name. Name its column in the first line.")
        self.student = self._student(self._cells.get("student", ""))
        self.exercise = self._exercise(self._cells.get("exercise", ""))

    def added_to(self, override: Override) -> Override:
        """Return what was set of the student before, with what this row sets.

        Raises:
            InputError: a cell of it makes no sense.
        """
        whole = sum(self.rules.exercises.values())
        most = self.rules.exercises[self.exercise] if self.exercise else whole
        setting = Setting(self._points("points", most), self._text("comment"), self._text("reason"))
        if self.exercise:
            if given := [name for name in _OF_THE_WHOLE if self._cells.get(name)]:
                raise InputError(f"{self.where}: `{given[0]}` is of the whole. Put it into a row without an exercise.")
            return replace(override, exercises={**override.exercises, self.exercise: setting})
        return replace(
            override,
            whole=setting,
            bonus=self._points("bonus", whole) or Decimal(0),
            penalty=self._points("penalty", whole),
            excused=self._excused(),
            extension=self._extension(),
        )

    def _student(self, name: str) -> str:
        known = self.rules.students
        bare = name.removeprefix("'")  # as `scores.csv` has a name that a spreadsheet could take for a formula
        forms = (form for each in (name, bare) for form in (each, unicodedata.normalize("NFC", each)))
        if (found := next((form for form in forms if form in known), None)) is not None and name:
            return found
        if not name:
            raise InputError(f"{self.where}: there is no student. Write the name as in scores.csv.")
        near = difflib.get_close_matches(name, known, 1)
        meant = f" Is {near[0]} meant?" if near else " Write the name as in scores.csv."
        raise InputError(f"{self.where}: there is no student {name}.{meant}")

    def _exercise(self, cell: str) -> str:
        id = cell.partition(" ")[0]  # as `scores.csv` has it: "3.5 manual_gradients"
        if id and id not in self.rules.exercises:
            listed = ", ".join(self.rules.exercises)
            raise InputError(f"{self.where}: there is no exercise {cell}; there are {listed}. Blank means the whole.")
        return id

    def _points(self, column: str, most: int) -> Decimal | None:
        cell = self._cells.get(column, "")
        if not cell:
            return None
        try:
            points = Decimal(cell if "." in cell else cell.replace(",", ".", 1))
            right = points.is_finite() and 0 <= points <= most and points == round(points, 2)
        except InvalidOperation:
            right = False
        if not right:
            of = self.exercise or "the whole"
            raise InputError(
                f"{self.where}: `{column}` of {of} is {cell}; it must be from 0 to {most}, with at most two decimals."
            )
        return points + 0  # no -0

    def _text(self, column: str) -> str:
        text = self._cells.get(column, "")
        if len(text) > _MAX_TEXT_CHARS:
            raise InputError(f"{self.where}: `{column}` is longer than {_MAX_TEXT_CHARS} characters. Shorten it.")
        return text

    def _excused(self) -> bool:
        cell = self._cells.get("excused", "").casefold()
        if cell not in (*_YES, *_NO):
            raise InputError(f"{self.where}: `excused` is {cell}; it must be yes, no or blank.")
        return cell in _YES

    def _extension(self) -> datetime | None:
        cell = self._cells.get("extension", "")
        if not cell:
            return None
        try:
            until = parse_time(cell, self.rules.zone)
        except (ValueError, OverflowError):
            raise InputError(f"{self.where}: `extension` is {cell}; write it as 2026-03-08T23:59.") from None
        if self.rules.due is not None and until < self.rules.due:
            raise InputError(f"{self.where}: the extension ends before the assignment is due. Give a later time.")
        return until
