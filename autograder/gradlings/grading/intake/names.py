"""What a name says: whose a file is and what the student called it, by the conventions of each LMS and browser.

A name that follows none of them is the student's own, exactly as it came in.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from gradlings.submission.helpers import files

CODE = (".py", ".ipynb")
MAYBE_CODE = ("", ".txt", ".json", ".pyw")
"""Endings under which code is handed in by mistake; only what is in the file can say so."""
DOCUMENTS = (".pdf", ".doc", ".docx", ".odt", ".rtf", ".pages", ".rar", ".7z", ".gz", ".tgz", ".tar", ".jpg", ".png")
"""Endings of what students hand in in place of code."""
_MAX_NAME_CHARS = 500
"""A longer name, which only a zip can hold, follows no convention; so no pattern below can be made to take long."""
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

_MOODLE = re.compile(r"(?P<name>.+?)(?:_(?P<user>\d+))?_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?")
_CANVAS_QUIZ = re.compile(r"(?P<name>.+?)(?P<user>\d+)_question_\d+_(?P<number>\d+)_(?P<file>.+)")
_CANVAS = re.compile(
    r"(?:(?P<late>LATE)_)?(?P<name>anon)_(?P<user>[0-9A-Za-z]+)_(?P<number>\d+)_(?P<file>.+)", re.IGNORECASE
)
_CANVAS_NAMED = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?_(?P<user>\d+)_(?:(?P<number>\d+)_(?P<file>.+)|(?P<text>(?:text|link)\.html))",
    re.IGNORECASE,
)
_BLACKBOARD = re.compile(
    r"(?P<task>.+?)_(?P<user>[^_]+)_attempt_(?P<when>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|(?P<receipt>\.txt))"
)
_BRIGHTSPACE_FOLDER = re.compile(r"(?P<user>\d+)-(?P<number>\d+) - (?P<name>.+) - (?P<when>[^-]*\d[^-]*)")
_BRIGHTSPACE_FILE = re.compile(
    r"(?P<user>\d+)-(?P<number>\d+) - (?:\w*\d\w* - )?(?P<name>.+?) - "
    r"(?P<when>[^-]*\d{4} \d{1,4}(?: ?[AP]M)?) - (?P<file>.+)"
)
_COUNTED = re.compile(rf"(?P<stem>.+?)(?: ?\((?P<a>\d+)\)|-(?P<b>\d+)|-{_UUID})")
_COPIES = (
    re.compile(r"(?:Copy of|Kopie von|Copia de|Cópia de|Copie de) (?P<stem>.+)", re.IGNORECASE),
    re.compile(r"[「“\"](?P<stem>.+)[」”\"] ?的副本"),
    re.compile(r"(?P<stem>.+?)(?:_ipynb_)?(?: ?のコピー|[_ ]?的副本)"),
    re.compile(r"(?P<stem>.+?)(?:-Copy\d*| - (?:Copy|Kopie|Copie|Copia))", re.IGNORECASE),
    re.compile(r"(?P<stem>.+)[._]ipynb", re.IGNORECASE),
    re.compile(r"(?P<stem>.+)\.py", re.IGNORECASE),
    _COUNTED,
)


@dataclass(frozen=True)
class Owner:
    """Whose something is, from the first part of its path."""

    student: str
    file: str
    """The name as the student gave it, of a loose file."""
    late: bool = False
    attempt: tuple[int, int] = (0, 0)
    """Grows from one attempt of a student to the next, where the LMS hands out all of them."""
    number: int = 0
    """Grows in time, too, over the files of one attempt."""
    from_lms: bool = True
    handed_in: str = ""
    """ISO 8601 without an offset: in the LMS's own zone; empty where the name does not say it."""
    lms: str = ""
    """Which one says so."""


def owner_of(first: str, is_file: bool) -> Owner:
    """Return whose the first part of a path is: of a loose file, or of a folder."""
    first = unicodedata.normalize("NFC", first)
    if len(first) > _MAX_NAME_CHARS:
        return Owner(first.strip(), first, from_lms=False)
    if found := _MOODLE.fullmatch(first):
        student = f"{found['name']}_{found['user']}" if found["user"] else found["name"]
        return Owner(student, found["file"] or first)
    if not is_file:
        if found := _BRIGHTSPACE_FOLDER.fullmatch(first):
            return _on_brightspace(found, first)
        return Owner(first.strip() or "(no name)", first, from_lms=False)
    if found := _CANVAS_QUIZ.fullmatch(first) or _CANVAS.fullmatch(first) or _CANVAS_NAMED.fullmatch(first):
        parts = found.groupdict()
        number = int((parts["number"] or "0")[:18])
        file = parts["file"] or parts["text"]
        return Owner(f"{parts['name']}_{parts['user']}", file, bool(parts.get("late")), number=number)
    if found := _BLACKBOARD.fullmatch(first):
        when = found["when"].replace("-", "")
        at = _iso(when, "%Y%m%d%H%M%S")
        file = found["file"] or "receipt.txt"
        return Owner(found["user"], file, attempt=(int(when), 0), handed_in=at, lms="Blackboard")
    if found := _BRIGHTSPACE_FILE.fullmatch(first):
        return _on_brightspace(found, found["file"])
    return Owner(PurePath(first).stem.strip() or first, first, from_lms=False)


def _on_brightspace(found: re.Match[str], file: str) -> Owner:
    when = _brightspace_time(found["when"])
    attempt = (when, int(found["number"][:18]))
    at = _iso(str(when), "%Y%m%d%H%M")
    return Owner(f"{found['name']}_{found['user']}", file, attempt=attempt, handed_in=at, lms="Brightspace")


def _iso(text: str, form: str) -> str:
    """Return a time as ISO 8601; empty if it is none."""
    try:
        return datetime.strptime(text, form).isoformat()
    except ValueError:
        return ""


def _brightspace_time(text: str) -> int:
    """Return a number that grows in time for "May 18, 2025 905 AM"; 0 where months have other names than in English."""
    words = text.replace(",", " ").split()
    if len(words) >= 4 and words[3].isdecimal():
        words[3] = words[3].zfill(4)
    for form in ("%B %d %Y %I%M %p", "%b %d %Y %I%M %p", "%B %d %Y %H%M", "%b %d %Y %H%M"):
        try:
            return int(datetime.strptime(" ".join(words), form).strftime("%Y%m%d%H%M"))
        except ValueError:
            continue
    return 0


def is_blackboard_receipt(name: str) -> bool:
    """Return whether a loose file is what Blackboard writes of an attempt."""
    found = _BLACKBOARD.fullmatch(name)
    return bool(found and found["receipt"])


def copy_number(stem: str) -> tuple[str, int]:
    """Return the name and the number of a copy: ("autodiff", 2) for `autodiff (2)` and `autodiff-2`."""
    found = _COUNTED.fullmatch(stem)
    return (found["stem"], int((found["a"] or found["b"] or "0")[:9])) if found else (stem, 0)


def original_stem(name: str) -> str:
    """Return a file's name without its ending and what Drive, Colab, Jupyter, browsers and Canvas add to a copy's."""
    stem = PurePath(unicodedata.normalize("NFC", name)).stem.strip()
    for _ in range(8 if len(name) <= _MAX_NAME_CHARS else 0):  # they stack
        found = next(filter(None, (pattern.fullmatch(stem) for pattern in _COPIES)), None)
        if found is None:
            break
        stem = found["stem"].strip()
    return stem


def is_named(name: str, source_name: str) -> bool:
    """Return whether code has the name it should have, or is by its name a copy of such a file."""
    stem = PurePath(name).stem.lower()
    return suffix_of(name) in CODE and source_name.lower() in (stem, original_stem(name).lower())


def is_of_the_kit(parts: tuple[str, ...]) -> bool:
    """Return whether a path is one of files that students get and do not edit, or of a solution in a copy of it all."""
    return files.is_of_the_kit(parts[-1]) or "solutions" in parts[1:-1]


def may_be_code(name: str) -> bool:
    """Return whether a file is looked into though its name does not end as that of code."""
    return suffix_of(name) in MAYBE_CODE or any(ending in name.lower() for ending in CODE)


def suffix_of(name: str) -> str:
    """Return the ending of a file's name in small letters: ".py"."""
    return PurePath(name).suffix.lower()
