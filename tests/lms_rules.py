"""What an LMS does with a file that is imported, by the rules of its own importer, and nothing of ours.

Each function returns what would change, and fails where the LMS would refuse the file or change what nobody asked for.
"""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
import zipfile
from decimal import Decimal

CANVAS_TOTALS = re.compile(r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")


def canvas_number(text: str) -> Decimal:
    """The last comma or point is the decimal one."""
    found = re.fullmatch(r"(-?[\d.,]*?)(?:[.,](\d*))?", text.strip())
    assert found is not None, text
    return Decimal(f"{re.sub('[.,]', '', found[1])}.{found[2] or 0}")


def canvas_import(data: bytes, exported: str) -> tuple[dict[str, str], str]:
    """The marks that change, by Canvas's user id, and the assignment's id."""
    assert not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe")), "a mark before a quoted header is malformed"
    text = data.decode("utf-8")
    first_lines = "".join(text.splitlines(keepends=True)[:3])
    delimiter = ";" if first_lines.count(";") > first_lines.count(",") else ","
    header, *rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    assert "Student" in header[0]
    section = header.index("Section")
    assert {"ID", "SIS Login ID"} & set(header[:section])
    assert not [name for name in header if CANVAS_TOTALS.search(name)], "dropped in silence"
    (column,) = range(section + 1, len(header))
    found = re.fullmatch(r".* \((\d+)\)", header[column])
    assert found, "Canvas would offer a new assignment"
    before_header, *before_rows = csv.reader(io.StringIO(exported))
    before_column = before_header.index(header[column])
    before = {row[before_header.index("ID")]: row[before_column] for row in before_rows}
    changes = {}
    for row in rows:
        assert len(row) == len(header)
        if "Points Possible" in row[0]:
            assert "(read only)" not in row[column]
            assert canvas_number(row[column]) == canvas_number(before[""]), "the assignment's points would change"
            continue
        old, new = before[row[header.index("ID")]].strip(), row[column].strip()
        assert new not in ("", "-") or old in ("", "-"), "the mark would be cleared"
        if new.upper() != "EX":
            new = f"{canvas_number(new):.2f}"
        if not old or old == "EX" or new == "EX" or canvas_number(old) != Decimal(new):
            changes[row[header.index("ID")]] = new
    return changes, found[1]


def moodle_import(
    data: bytes, exported: bytes, *, encoding: str = "utf-8-sig", delimiter: str = ",", comma: bool = False
) -> dict[str, tuple[Decimal | None, str]]:
    """Grade and comment of each row that changes anything, by the digits of its identifier."""
    new = list(csv.reader(io.StringIO(data.decode(encoding), newline=""), delimiter=delimiter))
    old = list(csv.reader(io.StringIO(exported.decode(encoding), newline=""), delimiter=delimiter))
    assert new[0] == old[0], "a header that Moodle does not know"
    assert [row[0] for row in new] == [row[0] for row in old]
    header = [name.casefold() for name in new[0]]
    grade = next(at for at, name in enumerate(header) if name in ("grade", "bewertung", "note", "calificación", "nota"))
    maximum = grade + 1
    comments = len(header) - 1
    changes: dict[str, tuple[Decimal | None, str]] = {}
    for row, before in zip(new[1:], old[1:], strict=True):
        others = [at for at in range(len(header)) if at not in (grade, comments)]
        assert [row[at] for at in others] == [before[at] for at in others], "a stale row is skipped"
        (identifier,) = re.findall(r"\d+$", row[0])
        text = row[grade].replace(",", ".") if comma else row[grade]
        assert ("." if comma else ",") not in row[grade], "not the decimal mark of the site"
        points = Decimal(text) if text.strip() not in ("", "-") else None
        assert points is None or 0 <= points <= Decimal(row[maximum].replace(",", ".")), "skipped in silence"
        if row != before:
            changes[identifier] = (points, row[comments])
    return changes


def brightspace_import(data: bytes) -> tuple[dict[str, Decimal], str]:
    """Points by OrgDefinedId or username, and the item."""
    header, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert header[-1] == "End-of-Line Indicator"
    assert all(row[-1] == "#" and len(row) == len(header) for row in rows)
    keys = [at for at, name in enumerate(header) if name in ("OrgDefinedId", "Username")]
    (item,) = [at for at in range(len(header) - 1) if at not in keys]
    assert keys
    found = re.fullmatch(r"(.*) Points Grade( <.*>)?", header[item])
    assert found
    return {row[keys[0]].lstrip("#"): Decimal(row[item]) for row in rows}, found[1]


def blackboard_import(
    data: bytes, *, encoding: str = "utf-8-sig", delimiter: str = ","
) -> tuple[dict[str, Decimal], str]:
    """Points by username, and the item's id: a header without one would make a new column."""
    header, *rows = csv.reader(io.StringIO(data.decode(encoding), newline=""), delimiter=delimiter)
    (item,) = [at for at, name in enumerate(header) if "|" in name]
    found = re.fullmatch(r".*\|(\d+)", header[item])
    assert found
    assert set(header) - {header[item]} <= {"Last Name", "First Name", "Username", "Student ID"}
    return {row[header.index("Username")]: Decimal(row[item]) for row in rows}, found[1]


def moodle_feedback(data: bytes) -> dict[str, str]:
    """The file that each participant gets, by number."""
    found = {}
    for name in zipfile.ZipFile(io.BytesIO(data)).namelist():
        (number,) = {
            match[1]
            for part in name.split("/")
            if (match := re.fullmatch(r"[^_]+_(\d+)_(?:assignsubmission|assignfeedback)_[a-z]+(?:_.*)?", part))
        }
        assert not name.rpartition("/")[2].startswith((".", "~"))
        assert number not in found
        found[number] = name
    return found


def canvas_feedback(data: bytes, attachments: dict[str, str]) -> dict[str, str]:
    """The file that each submission gets, by Canvas's user id; `attachments` has that of each attachment."""
    found = {}
    for name in zipfile.ZipFile(io.BytesIO(data)).namelist():
        assert "/" not in name
        parts = name.removeprefix("LATE_").removeprefix("late_").split("_")
        if parts[0] == "anon":
            user, attachment = parts[1], parts[2]
        else:
            user, attachment = [part for part in parts if part.isdecimal()][:2]
        assert attachments[attachment] == user, "an ignored file"
        found[user] = name
    return found


JUNIT: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": ({"name"}, {"testsuite"}),
    "testsuite": (
        {"name", "errors", "failures", "skipped", "tests", "time", "timestamp", "hostname"},
        {"properties", "testcase"},
    ),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "testcase": ({"classname", "name", "time"}, {"failure", "error", "skipped", "system-out", "system-err"}),
    "failure": ({"message"}, set()),
    "error": ({"message"}, set()),
    "skipped": ({"message", "type"}, set()),
}
"""Of each element of xunit2 as pytest writes it: the attributes, and what may be in it."""


def junit_suites(data: bytes) -> dict[str, dict[str, str]]:
    """By suite what became of each case: "passed", "failure", "error" or "skipped"."""
    root = ET.fromstring(data)
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, children = JUNIT[element.tag]
        assert set(element.attrib) == attributes, element.tag
        assert {child.tag for child in element} <= children, element.tag
    found = {}
    for suite in root:
        ends = {
            f"{case.attrib['classname']}::{case.attrib['name']}": next((end.tag for end in case), "passed")
            for case in suite.findall("testcase")
        }
        values = list(ends.values())
        for attribute, end in (("errors", "error"), ("failures", "failure"), ("skipped", "skipped")):
            assert int(suite.attrib[attribute]) == values.count(end)
        assert int(suite.attrib["tests"]) == len(values)
        found[suite.attrib["name"]] = ends
    return found
