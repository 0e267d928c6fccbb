"""When something was handed in, as far as the LMS says so; a file's own time says when it was last copied."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gradlings.grading.intake.found import FoundFile, Refused, Source

TIMESTAMP = "timestamp.txt"
_MAX_TIMESTAMP_BYTES = 200
_WITH_ZONE = re.compile(r"(?P<time>[-\d]+[ T][:.\d]+) (?P<zone>\S+)")
_OLD_SAKAI = re.compile(r"(\d{8})(\d{6})\d*")


@dataclass(frozen=True)
class HandedIn:
    """What is known of how and when a submission came in."""

    at: str = ""
    """ISO 8601; without an offset it is the local time of the LMS. Empty if no record says it."""
    said_by: str = ""
    """Whose record that is, e.g. "Blackboard"."""
    marked_late: bool = False
    """Whether the LMS marks it as late, which Canvas does without a time."""
    modified: float = 0.0
    """Of the file that counts, in seconds since 1970."""
    named: str = ""
    """The file or folder that it came in, by the name that the LMS gave it: feedback goes back under it."""


class Timestamps:
    """The files `timestamp.txt` that nbgrader and Sakai write: nbgrader beside the submission, Sakai above it.

    Those in a zip that a student handed in are the student's own.
    """

    def __init__(self, source: Source, entries: Iterable[FoundFile]) -> None:
        self._source = source
        self._entries = {
            entry.parts[:-1]: entry
            for entry in entries
            if entry.parts[-1] == TIMESTAMP and len(entry.parts) > 1 and not entry.refused and not entry.zip
        }
        self._read: dict[tuple[str, ...], str] = {}

    def of(self, entry: FoundFile) -> str:
        """Return when a file was handed in, as ISO 8601; empty if no such record can be read."""
        beside, above = entry.parts[:-1], entry.parts[:1]
        folder = beside if beside in self._entries else above
        if folder not in self._entries:
            return ""
        if folder not in self._read:
            self._read[folder] = ""
            with suppress(Refused):
                data = self._source.read(self._entries[folder], _MAX_TIMESTAMP_BYTES)
                self._read[folder] = timestamp(data.decode("utf-8", "replace"))
        return self._read[folder]


def timestamp(text: str) -> str:
    """Return the text of a `timestamp.txt` as ISO 8601 with an offset; empty if it is no time.

    nbgrader writes "2026-03-01 22:10:05.123456 UTC", Sakai "20260301221005123" or "2026-03-01T22:10:05Z". Without a
    zone it is UTC, as nbgrader has it.
    """
    text = text.strip()
    if found := _OLD_SAKAI.fullmatch(text):
        text = f"{found[1]}T{found[2]}"
    found = _WITH_ZONE.fullmatch(text)
    text, zone = (found["time"], found["zone"]) if found else (text, "")
    try:
        when = datetime.fromisoformat(text + zone if zone.startswith(("+", "-")) else text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
        return when.astimezone(UTC).isoformat()
    except (ValueError, LookupError, OSError, OverflowError):
        return ""
