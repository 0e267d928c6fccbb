"""Reads a CSV file that some program wrote: with a mark or without, separated by commas, semicolons or tabs."""

from __future__ import annotations

import csv
from pathlib import Path

from gradlings.model.errors import InputError
from gradlings.submission.cells import UTF_16

_MAX_BYTES = 20_000_000
_DELIMITERS = ",;\t"


def csv_rows(path: Path, what: str) -> list[tuple[int, list[str]]]:
    """Return the rows of a CSV file that are not empty, with the numbers of their lines.

    Args:
        path: of the file, in UTF-8, UTF-16 or Windows-1252.
        what: the file is, for messages: "roster".

    Raises:
        InputError: it cannot be read as one.
    """
    try:
        data = path.read_bytes() if path.stat().st_size <= _MAX_BYTES else None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}). Give a {what} as CSV.") from None
    remedy = f"Export the {what} again, or save the table as CSV."
    if data is None or data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")) or b"\0\0" in data:
        raise InputError(f"{path} is no CSV file. {remedy}")
    text = _decoded(data)
    try:
        parsed = [_parsed(text, delimiter) for delimiter in _DELIMITERS]
    except csv.Error as error:
        raise InputError(f"{path} is no CSV file ({error}). {remedy}") from None
    return max(parsed, key=lambda rows: len(rows[0][1]) if rows else 0)


def _parsed(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]


def _decoded(data: bytes) -> str:
    if data.startswith(UTF_16):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
