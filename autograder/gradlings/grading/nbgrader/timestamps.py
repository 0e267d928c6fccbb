"""When submissions were handed in, as nbgrader's exchange notes it: `timestamp.txt` beside the notebook."""

from __future__ import annotations

from gradlings.grading.collect import Submissions
from gradlings.grading.sources import Refused

FILE = "timestamp.txt"
_MAX_BYTES = 200


def handed_in_at(submissions: Submissions) -> dict[str, str]:
    """Return the text of `timestamp.txt` by student, of those who have one."""
    notes = {
        (*entry.wrapper, *entry.parts[:-1]): entry
        for entry in submissions.source.entries()
        if entry.parts[-1] == FILE and not entry.refused
    }
    found = {}
    for files in submissions.students:
        for entry in filter(None, (files.module, files.notebook)):
            note = notes.get((*entry.wrapper, *entry.parts[:-1]))
            if note is not None:
                try:
                    found[files.student] = submissions.source.read(note, _MAX_BYTES).decode("utf-8", "replace").strip()
                except Refused:
                    continue
    return found
