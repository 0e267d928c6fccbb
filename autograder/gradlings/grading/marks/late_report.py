"""What an instructor reads of being late."""

from __future__ import annotations

from collections.abc import Sequence

from gradlings.grading.marks.lateness import Deadline
from gradlings.model.mark import Mark
from gradlings.model.text import counted, some


def late_lines(marks: Sequence[Mark], deadline: Deadline | None) -> list[str]:
    """Return who is late, and of whom that is not known; nothing where nothing is due."""
    if deadline is None:
        return []
    due = deadline.due.astimezone(deadline.zone)
    whose = "the policy's zone" if deadline.zone else "this machine's zone"
    lines = [f"Due until {due:%Y-%m-%d %H:%M %Z} ({whose})."]
    scored = [mark for mark in marks if mark.raw is not None]
    if late := [mark.student for mark in scored if mark.seconds_late or (mark.late_text and not mark.excused)]:
        lines.append(f"{counted(len(late), 'student')} late: {some(late)}")
    if unknown := [mark.student for mark in scored if mark.seconds_late is None and not mark.late_text]:
        hint = "" if deadline.times_of_files else " --times-of-files goes by the files' own times."
        lines.append(f"When {counted(len(unknown), 'student')} handed in is not known: {some(unknown)}.{hint}")
    return lines
