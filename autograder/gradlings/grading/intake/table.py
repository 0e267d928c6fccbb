"""CSV files of an LMS, read so that each cell can be written back as it came: quotes, encoding and line ends are kept.

A file that is no such table is refused in a sentence that names it and the remedy.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gradlings.model.errors import InputError

_MAX_BYTES = 20_000_000
_DELIMITERS = ",;\t"
_NO_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_QUOTED = re.compile(r'"(?P<text>(?:[^"]|"")*+)"(?P<rest>.*)', re.DOTALL)


@dataclass(frozen=True)
class Row:
    """One row of a table, as it was written."""

    line: int
    """Number of its first line in the file, from 1."""
    raw: tuple[str, ...]
    """The cells with their quotes."""
    end: str = "\n"
    """The end of its line; empty at the end of some files."""

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The cells without their quotes."""
        return tuple(map(_value, self.raw))

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing in any cell."""
        return not any(value.strip() for value in self.values)


@dataclass(frozen=True)
class Table:
    """A CSV file; its first row with anything in it is the header."""

    path: Path
    rows: tuple[Row, ...]
    delimiter: str
    encoding: str
    mark: bytes
    """The byte order mark it begins with, or nothing."""

    @property
    def filled_rows(self) -> list[Row]:
        """The rows in which there is anything."""
        return [row for row in self.rows if not row.is_blank]

    def encode(self, rows: Iterable[Row], *, plain_utf8: bool = False) -> bytes:
        """Return rows as a file like this one; `plain_utf8`: in UTF-8 without a mark, whatever this one is in.

        Raises:
            InputError: a cell has a character that the encoding lacks.
        """
        kept = list(rows)
        end = next((row.end for row in self.rows if row.end), "\n")
        lines = [self.delimiter.join(row.raw) + (row.end or end) for row in kept[:-1]]
        lines += [self.delimiter.join(row.raw) + row.end for row in kept[-1:]]
        try:
            return "".join(lines).encode("utf-8") if plain_utf8 else self.mark + "".join(lines).encode(self.encoding)
        except UnicodeEncodeError as error:
            raise InputError(
                f"{self.path} is in {self.encoding}, which has no {error.object[error.start]!r}. Download it as UTF-8."
            ) from None

    def cell(self, value: str) -> str:
        """Return a cell with this text, with quotes where it needs them."""
        if any(c in value for c in ('"', "\r", "\n", *_DELIMITERS)) or value != value.strip():
            return '"' + value.replace('"', '""') + '"'
        return value


def read_table(path: Path, what: str = "roster") -> Table:
    """Read a CSV file of any LMS: commas, semicolons or tabs; UTF-8, UTF-16 or Windows-1252.

    Args:
        path: of the file.
        what: the file is, for messages: "roster".

    Raises:
        InputError: it cannot be read as one.
    """
    try:
        data = path.read_bytes() if path.stat().st_size <= _MAX_BYTES else None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}). Give a {what} as CSV.") from None
    no_table = f"{path} is no CSV file. Export the {what} again, or save the table as CSV."
    if data is None or data.startswith(_NO_TEXT) or b"\0\0" in data:
        raise InputError(no_table)
    mark = next((mark for mark in _MARKS if data.startswith(mark)), b"")
    text, encoding = _decoded(data[len(mark) :], _MARKS.get(mark))
    if "\0" in text:
        raise InputError(no_table)
    delimiter = max(_DELIMITERS, key=lambda each: len(_first_filled(text, each)))
    rows = tuple(_rows(text, delimiter))
    for row in rows:
        if any(raw.startswith('"') and not _QUOTED.fullmatch(raw) for raw in row.raw):
            raise InputError(
                f"{path}, line {row.line}: a quotation mark is not closed. Export the file again, or remove it."
            )
    return Table(path, rows, delimiter, encoding, mark)


def _decoded(data: bytes, encoding: str | None) -> tuple[str, str]:
    """Return the text and its encoding; in the last one every byte is a character, so that all can be written back."""
    for each in (encoding,) if encoding else ("utf-8", "cp1252"):
        try:
            return data.decode(each), each
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "latin-1"


def _rows(text: str, delimiter: str) -> Iterable[Row]:
    cell = re.compile(
        rf'(?P<raw>"(?:[^"]|"")*+"[^{delimiter}\r\n]*+|[^{delimiter}\r\n]*+)(?P<end>{delimiter}|\r\n|\r|\n|\Z)'
    )
    cells: list[str] = []
    line = first = 1
    at = 0
    while at < len(text) or cells:
        found = cell.match(text, at)
        assert found is not None  # the second form of a cell fits anything, and one of the ends follows it
        at = found.end()
        cells.append(found["raw"])
        line += len(re.findall(r"\r\n|\r|\n", found[0]))
        if found["end"] != delimiter:
            yield Row(first, tuple(cells), found["end"])
            cells, first = [], line


def _first_filled(text: str, delimiter: str) -> tuple[str, ...]:
    return next((row.raw for row in _rows(text, delimiter) if not row.is_blank), ())


def _value(raw: str) -> str:
    found = _QUOTED.fullmatch(raw)
    return found["text"].replace('""', '"') + found["rest"] if found else raw
