"""Where a student's kit is: its root is the folder that holds `assignments/`."""

from __future__ import annotations

from pathlib import Path

KIT_FOLDER = "assignments"
PROGRESS_FILE = "progress.jsonl"


def kit_root(start: Path) -> Path | None:
    """Return the kit a folder belongs to: the nearest folder, from there upwards, that holds `assignments/`."""
    start = start.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / KIT_FOLDER).is_dir()), None)


def kit_of(assignment: Path) -> Path | None:
    """Return the kit of an assignment's folder `KIT/assignments/NN`; None if the folder is elsewhere."""
    assignment = assignment.resolve()
    return assignment.parent.parent if assignment.parent.name == KIT_FOLDER else None
