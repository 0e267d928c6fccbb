"""A class's files as JPlag or Dolos read them: one module a student, and apart from these what was handed out."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from gradlings.rendering.csv import table
from gradlings.reports.similarity.command import Detector
from gradlings.reports.similarity.gather import ClassWork

_MAX_NAME_CHARS = 60


def exported(work: ClassWork, detector: Detector) -> dict[str, bytes]:
    """Return the files to be written, by path. Notebooks become modules; a student's own modules go with their file."""
    return (_jplag if detector is Detector.JPLAG else _dolos)(work)


def command_for(work: ClassWork, detector: Detector, to: Path) -> str:
    """Return the command line that compares what was exported to a folder."""
    if detector is Detector.JPLAG:
        return f"java -jar jplag.jar -l python3 -bc {to / 'jplag/base'} {to / 'jplag/submissions'}"
    return f"dolos run -l python -i {to / 'dolos' / f'{work.source_name}.py'} {to / 'dolos/submissions.zip'}"


def _jplag(work: ClassWork) -> dict[str, bytes]:
    files = {f"jplag/submissions/{name}/{work.source_name}.py": code for name, code in _codes(work).items()}
    return files | {f"jplag/base/{work.source_name}.py": _bytes(work.handout.code)}


def _dolos(work: ClassWork) -> dict[str, bytes]:
    archive = io.BytesIO()
    named = list(zip(_codes(work), work.handed, strict=True))
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        rows = []
        for name, each in named:
            modified = datetime.fromtimestamp(each.file.handed_in.modified, UTC)
            rows.append((f"{name}.py", "", modified.isoformat(timespec="seconds"), each.student))
            file.writestr(f"{name}.py", _bytes(each.read.code))
        file.writestr("info.csv", table(("filename", "label", "created_at", "full_name"), rows))
    return {"dolos/submissions.zip": archive.getvalue(), f"dolos/{work.source_name}.py": _bytes(work.handout.code)}


def _codes(work: ClassWork) -> dict[str, bytes]:
    """Return the code of each student by a name that is one of a file on every system."""
    found: dict[str, bytes] = {}
    for each in work.handed:
        plain = re.sub(r"[^\w.-]+|^[.-]+", "_", each.student)[:_MAX_NAME_CHARS] or "_"
        name, number = plain, 2
        while name.casefold() in {known.casefold() for known in found}:
            name, number = f"{plain}_{number}", number + 1
        found[name] = _bytes(each.read.code)
    return found


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
