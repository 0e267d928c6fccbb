"""What an LMS writes down beside the submissions: Gradescope's list of submitters, Blackboard's receipts.

Both are read for names and times only. A record that cannot be read leaves folders and files their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gradlings.grading.intake.found import FoundFile, Refused, Source, readable
from gradlings.grading.intake.names import is_blackboard_receipt

_GRADESCOPE = "submission_metadata.yml"
_MAX_RECEIPT_BYTES = 100_000
_RECEIPT_NAME = re.compile(r"[^:]{1,80}: *.{0,500}\((?P<user>[^()]{1,200})\)\s*")
_RECEIPT_FILES = re.compile(
    r"^[ \t]*[^:\n]{0,80}filename:(?P<original>[^\n]{1,400})\n[ \t]*Filename:(?P<file>[^\n]{1,600})$",
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True)
class Group:
    """Who handed in one folder together, and when."""

    students: tuple[str, ...]
    handed_in: str = ""
    """ISO 8601; empty if it is not known."""


def gradescope_groups(source: Source, entries: Iterable[FoundFile], max_bytes: int) -> dict[str, Group]:
    """Return the students of each folder of Gradescope's export: all members of a group.

    Raises:
        Refused: the list of them is there and cannot be read.
    """
    record = next((e for e in entries if e.parts == (_GRADESCOPE,) and not e.refused and not e.zip), None)
    if record is None:
        return {}
    import yaml  # deferred: nothing else needs it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # these files are large
    try:
        folders = yaml.load(source.read(record, max_bytes), Loader=loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        folders = None
    if not isinstance(folders, dict):
        raise Refused(f"{record.shown} is not the list of submissions that Gradescope writes.")
    found = {}
    for folder, facts in folders.items():
        people = facts.get(":submitters") if isinstance(facts, dict) else None
        listed = people if isinstance(people, list) else ()
        names = tuple(_submitter(person) for person in listed if isinstance(person, dict))
        if isinstance(folder, str) and any(names):
            found[folder] = Group(tuple(filter(None, names)), _time(facts.get(":created_at")))
    return found


def _time(value: object) -> str:
    """Return a value of a YAML file, a time or its text, as ISO 8601; empty if it is none."""
    with suppress(ValueError):
        when = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        return when.isoformat()
    return ""


def _submitter(person: dict[Any, Any]) -> str:
    """Return name and number of a student, as the names of other downloads have them: `Jane Doe_4711`."""
    known = [person.get(f":{key}") for key in ("name", "sid", "email")]
    name, sid, email = (readable(str(value)).strip() if value not in (None, "") else "" for value in known)
    return "_".join(part for part in (name, sid or email) if part)


def blackboard_files(source: Source, entries: Iterable[FoundFile]) -> dict[str, tuple[str, str]]:
    """Return login and original name of each file that one of Blackboard's receipts lists.

    The receipt decides, since in the names of files the student's own begins somewhere behind underscores. Students
    write into it, too: what it says is believed of files that have its student's login in their names.
    """
    found = {}
    for entry in entries:
        name = readable(entry.parts[-1])
        if not entry.is_loose or entry.refused or entry.zip or not is_blackboard_receipt(name):
            continue
        with suppress(Refused):
            text = source.read(entry, _MAX_RECEIPT_BYTES).decode("utf-8-sig", "replace").replace("\r\n", "\n")
            person = _RECEIPT_NAME.fullmatch(text.partition("\n")[0])
            files = [(pair["file"].strip(), pair["original"].strip()) for pair in _RECEIPT_FILES.finditer(text)]
            login = person["user"] if person else ""
            for file, original in (*files, (name, "receipt.txt")):
                if login and f"_{login}_attempt_" in file:
                    found[file] = (login, readable(original))
    return found
