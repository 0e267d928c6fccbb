"""What an LMS writes down beside the submissions: Gradescope's list of submitters, Blackboard's receipts.

Both are read for names only. A record that cannot be read leaves the names of folders and files, as they came in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import yaml

from gradlings.grading.intake.found import FoundFile, Refused, Source, readable
from gradlings.grading.intake.names import is_blackboard_receipt

_GRADESCOPE = "submission_metadata.yml"
_MAX_RECEIPT_BYTES = 100_000
_RECEIPT_NAME = re.compile(r"^[^:\n]+: *(?P<name>[^\n]*?) *\((?P<user>[^()\n]+)\)[ \r]*$", re.MULTILINE)
_RECEIPT_FILES = re.compile(
    r"^\s*[^:\n]*filename: *(?P<original>[^\n]+?)\s*\n\s*Filename: *(?P<file>[^\n]+?)\s*$", re.MULTILINE | re.IGNORECASE
)


def gradescope_submitters(source: Source, entries: Iterable[FoundFile], max_bytes: int) -> dict[str, tuple[str, ...]]:
    """Return the students of each folder of Gradescope's export: all members of a group."""
    record = next((e for e in entries if e.parts == (_GRADESCOPE,) and not e.refused and not e.zip), None)
    if record is None:
        return {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # these files are large
    try:
        folders = yaml.load(source.read(record, max_bytes), Loader=loader)
    except (Refused, yaml.YAMLError, ValueError, RecursionError):
        return {}
    found = {}
    for folder, facts in folders.items() if isinstance(folders, dict) else ():
        people = facts.get(":submitters") if isinstance(facts, dict) else None
        names = tuple(_submitter(person) for person in people if isinstance(person, dict)) if people else ()
        if isinstance(folder, str) and any(names):
            found[folder] = tuple(filter(None, names))
    return found


def _submitter(person: dict[Any, Any]) -> str:
    """Return name and number of a student, as the names of other downloads have them: `Jane Doe_4711`."""
    known = [person.get(f":{key}") for key in ("name", "sid", "email")]
    name, sid, email = (readable(str(value)).strip() if value not in (None, "") else "" for value in known)
    return "_".join(part for part in (name, sid or email) if part)


def blackboard_files(source: Source, entries: Iterable[FoundFile]) -> dict[str, tuple[str, str]]:
    """Return login and original name of each file that one of Blackboard's receipts lists.

    The receipt decides, since in the names of files the student's own begins somewhere behind underscores.
    """
    found = {}
    for entry in entries:
        if entry.is_loose and not entry.refused and not entry.zip and is_blackboard_receipt(readable(entry.parts[-1])):
            with suppress(Refused):
                text = source.read(entry, _MAX_RECEIPT_BYTES).decode("utf-8-sig", "replace")
                if person := _RECEIPT_NAME.search(text):
                    files = [(pair["file"], pair["original"]) for pair in _RECEIPT_FILES.finditer(text)]
                    for file, original in (*files, (entry.parts[-1], "receipt.txt")):
                        found[file] = (readable(person["user"].strip()), readable(original))
    return found
