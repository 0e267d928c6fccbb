"""Pages of feedback in a zip, named so that an LMS gives each to its student: Moodle by folder, Canvas by file."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

from gradlings.grading.export.class_marks import ClassMarks, ExportedStudent
from gradlings.grading.export.matching import Matched
from gradlings.grading.intake.names import owner_of
from gradlings.grading.intake.roster import Person, kind_of
from gradlings.grading.intake.table import Table
from gradlings.grading.results_store import file_stem
from gradlings.model.errors import InputError
from gradlings.model.text import some

_MOODLE = re.compile(r"(?P<folder>[^_]+_(?P<id>\d+)_assignsubmission_[a-z]+_?)(?P<file>.*)")
_NO_DATE = (1980, 1, 1, 0, 0, 0)
"""So that the same pages make the same zip."""
_Named = Callable[[ExportedStudent], tuple[str, str]]
"""Gives the name of a student's page in the zip, or why there is none."""


def moodle_zip(graded: ClassMarks, matched: Matched | None, worksheet: Table | None) -> tuple[bytes, list[str]]:
    """Return Moodle's zip of feedback files, and what a person should know of it.

    With the worksheet, only who is in it gets a page, under its number there, however the work came in.

    Raises:
        InputError: nobody gets a page, or pages are missing.
    """
    people = {student.student: person for person, student in matched.people.items()} if matched else {}
    reasons = dict(matched.unmatched) if matched else {}

    def named(student: ExportedStudent) -> tuple[str, str]:
        if worksheet is not None:
            person = people.get(student.student)
            return (f"{_folder(worksheet, person)}/feedback.html", "") if person else ("", reasons[student.student])
        found = _MOODLE.fullmatch(student.handed_in_as)
        if not found:
            return "", "it did not come in under a name with Moodle's number; give the worksheet with --roster"
        folder = found["folder"].removesuffix("_") if found["file"] else found["folder"]
        return f"{folder}/feedback.html", ""

    data, lines = _zip(graded, named)
    if worksheet is None:
        lines.append(
            "In a team assignment Moodle's numbers are those of groups, and it would take them for other people's: "
            "give the worksheet with --roster then."
        )
    return data, lines


def _folder(worksheet: Table, person: Person) -> str:
    """Return the name of a folder as Moodle gives it: full name without underscores, and number."""
    header, rows = worksheet.filled_rows[0], {row.line: row for row in worksheet.rows}
    row = rows[person.lines[0]]
    named = [
        row.values[at] for at, name in enumerate(header.values) if kind_of(name) == "name" and at < len(row.values)
    ]
    name = re.sub(r"[_/\\\x00-\x1f]+", " ", named[0] if named else "Participant").strip()
    (identifier,) = re.findall(r"\d+$", row.values[0].strip()) or ("0",)
    return f"{name}_{identifier}_assignsubmission_file"


def canvas_zip(graded: ClassMarks) -> tuple[bytes, list[str]]:
    """Return Canvas's zip of files that belong to submissions, and what a person should know of it.

    Raises:
        InputError: nobody gets a page, or pages are missing.
    """

    def named(student: ExportedStudent) -> tuple[str, str]:
        name = student.handed_in_as
        owner = owner_of(name, is_file=True)
        if not (owner.from_lms and owner.number) or "_question_" in name or "_assignsubmission_" in name:
            return "", "it did not come in under a name with Canvas's numbers of student and file"
        return f"{name}.html", ""

    data, lines = _zip(graded, named)
    return data, [
        *lines,
        "Canvas shows each page under the name of the file that was handed in: students save it as .html to read it.",
        "Every upload adds a comment to the submission; in a group the whole group gets it.",
    ]


def _zip(graded: ClassMarks, named: _Named) -> tuple[bytes, list[str]]:
    buffer = io.BytesIO()
    left_out: dict[str, list[str]] = {}
    count = 0
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for student in filter(lambda each: each.recorded, graded.students):
            name, reason = named(student)
            if reason:
                left_out.setdefault(reason, []).append(student.student)
                continue
            page = graded.folder.path / "feedback" / f"{file_stem(student.student)}.html"
            try:
                data = page.read_bytes()
            except OSError as error:
                raise InputError(f"{page} cannot be read ({error.strerror}). Run `gradlings grade` again.") from None
            entry = zipfile.ZipInfo(name, _NO_DATE)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, data)
            count += 1
    lines = [f"Left out, as {reason}: {some(names)}." for reason, names in left_out.items()]
    if not count:
        raise InputError(f"No page of {graded.folder.path} can go back this way. {lines[0]}")
    return buffer.getvalue(), [f"{count} pages of feedback.", *lines]
