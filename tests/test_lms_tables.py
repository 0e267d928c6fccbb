"""CSV files of an LMS keep every byte that nobody asked to change: quotes, encoding, separators and line ends."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradlings.grading.export.class_marks import ClassMarks, ExportedStudent
from gradlings.grading.export.matching import match
from gradlings.grading.export.moodle import MOODLE
from gradlings.grading.export.sheet import Which, fill, number
from gradlings.grading.intake.roster import Roster
from gradlings.grading.intake.table import read_table
from gradlings.grading.results_store import ResultsFolder, RunRecord
from gradlings.model.errors import InputError
from gradlings.model.mark import Mark

tried = settings(
    deadline=None, derandomize=True, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1")
letters = st.characters(max_codepoint=255, exclude_categories=("Cc", "Cs"))
texts = st.text(st.one_of(st.sampled_from(",;\t\"\n' =.5"), letters), max_size=8)
styles = st.tuples(
    st.sampled_from(",;\t"),
    st.sampled_from(ENCODINGS),
    st.sampled_from(("\n", "\r\n")),
    st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC)),
)
Style = tuple[str, str, str, int]


def written(rows: list[list[str]], style: Style) -> bytes:
    delimiter, encoding, end, quoting = style
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return buffer.getvalue().encode(encoding, "replace")


def parsed(data: bytes, style: Style) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(style[1]), newline=""), delimiter=style[0]))


@tried
@given(rows=st.lists(st.lists(texts, min_size=3, max_size=3), min_size=1, max_size=5), style=styles)
def test_a_table_is_read_as_pythons_reader_does_and_written_back_byte_for_byte(
    tmp_path: Path, rows: list[list[str]], style: Style
) -> None:
    path = tmp_path / "table.csv"
    data = written([["one", "two", "three"], *rows], style)
    path.write_bytes(data)
    table = read_table(path)
    assert table.encode(table.rows) == data
    if style[1] != "latin-1":  # which is read as Windows-1252 where it can be
        assert [list(row.values) for row in table.rows] == parsed(data, style)


@tried
@given(
    others=st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=6),
    points=st.lists(st.one_of(st.none(), st.integers(0, 10_000)), min_size=6, max_size=6),
    style=styles,
)
def test_a_worksheet_that_is_filled_in_keeps_every_other_cell(
    tmp_path: Path, others: list[tuple[str, str, str]], points: list[int | None], style: Style
) -> None:
    header = ["Identifier", "Email address", "Status", "Grade", "Maximum Grade", "Last modified (grade)", "Online text"]
    rows = [[f"Participant {100 + at}", f"s{at}@x.org", a, "", "100.00", b, c] for at, (a, b, c) in enumerate(others)]
    path = tmp_path / "worksheet.csv"
    data = written([header, *rows], style)
    path.write_bytes(data)
    marks = [None if each is None else Decimal(each) / 100 for each in points[: len(rows)]]
    students = tuple(
        ExportedStudent(Mark(f"Participant_{100 + at}", mark, None, Decimal(0), Decimal(0), False, mark, ""), "graded")
        for at, mark in enumerate(marks)
    )
    graded = ClassMarks(ResultsFolder(tmp_path), RunRecord("09", "tiny", {}, "0", {}, "none", 1), students, 100)
    table = read_table(path)
    sheet = MOODLE.read(table, "")
    matched = match(students, Roster(path, table))
    if not any(mark is not None for mark in marks):
        with pytest.raises(InputError, match=r"Nobody in .* gets a mark"):
            fill(MOODLE, sheet, graded, matched, Which.FINAL)
        return
    filled, _ = fill(MOODLE, sheet, graded, matched, Which.FINAL)
    path.write_bytes(filled)
    again = read_table(path)
    for before, after in zip(table.rows, again.rows, strict=True):
        assert (before.end, before.raw[:3], before.raw[4:]) == (after.end, after.raw[:3], after.raw[4:])
    found = [row.values[3] for row in again.rows[1:]]
    assert [Decimal(cell) if cell else None for cell in found] == marks


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("87.5", "87.5"), ("87,5", "87.5"), ("1,234", "1.234"), ("1.234,50", "1234.50"), (" 90 ", "90"), ("0", "0")),
        *(("EX", None), ("", None), ("-", None), ("A+", None), ("(read only)", None), ("-5", "-5")),
    ],
)
def test_numbers_in_cells(text: str, value: str | None) -> None:
    assert number(text) == (None if value is None else Decimal(value))


def test_a_character_that_the_encoding_lacks_is_named(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_bytes("name;note\nZoë;\n".encode("cp1252"))
    table = read_table(path)
    row = table.rows[1]
    changed = type(row)(row.line, (row.raw[0], table.cell("Łódź")), row.end)
    with pytest.raises(InputError, match=r"old\.csv is in cp1252, which has no 'Ł'\. Download it as UTF-8"):
        table.encode([table.rows[0], changed])
