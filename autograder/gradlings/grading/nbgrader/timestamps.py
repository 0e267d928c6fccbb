"""When submissions were handed in, as nbgrader's exchange notes it: `timestamp.txt` beside the notebook."""

from __future__ import annotations

from gradlings.grading.collect import Intake
from gradlings.grading.sources import Refused

FILE = "timestamp.txt"
_LONGEST = 200  # bytes


def handed_in_at(intake: Intake) -> dict[str, str]:
    """The text of `timestamp.txt` by student, of those who have one."""
    notes = {
        (*entry.wrapper, *entry.parts[:-1]): entry
        for entry in intake.source.entries()
        if entry.parts[-1] == FILE and not entry.refused
    }
    found = {}
    for handed in intake.students:
        for entry in filter(None, (handed.module, handed.notebook)):
            note = notes.get((*entry.wrapper, *entry.parts[:-1]))
            if note is not None:
                try:
                    found[handed.student] = intake.source.read(note, _LONGEST).decode("utf-8", "replace").strip()
                except Refused:
                    continue
    return found
