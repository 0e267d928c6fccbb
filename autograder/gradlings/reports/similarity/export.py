"""A class's files as JPlag or Dolos read them: one module a student, and apart from these what was handed out."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from gradlings.rendering.csv import table
from gradlings.reports.similarity.gather import ClassWork

_MAX_NAME_CHARS = 60


def exported(work: ClassWork, detector: str) -> dict[str, bytes]:
    """Return the files to be written, by path, for "jplag" or "dolos".

    Notebooks become modules; a student's own modules go with their file.
    """
    return {"jplag": _jplag, "dolos": _dolos}[detector](work)


def command_for(detector: str, to: Path) -> str:
    """Return the command line that compares what was exported to a folder."""
    return {
        "jplag": f"java -jar jplag.jar -l python3 -bc {to / 'jplag/base'} {to / 'jplag/submissions'}",
        "dolos": f"dolos run -l python {to / 'dolos.zip'}",
    }[detector]


def _jplag(work: ClassWork) -> dict[str, bytes]:
    files = {f"jplag/submissions/{name}/{work.source_name}.py": code for name, code in _codes(work).items()}
    return files | {f"jplag/base/{work.source_name}.py": _bytes(work.handout.code)}


def _dolos(work: ClassWork) -> dict[str, bytes]:
    """Return a zip with a list of its files, of which the one that was handed out is marked."""
    files = {f"handed_out/{work.source_name}.py": _bytes(work.handout.code)}
    rows = [(*files, "", "", "", "true")]
    for (name, code), each in zip(_codes(work).items(), work.handed, strict=True):
        files[path := f"submissions/{name}.py"] = code
        modified = datetime.fromtimestamp(each.file.handed_in.modified, UTC).isoformat(timespec="seconds")
        rows.append((path, "", modified, each.student, "false"))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("info.csv", table(("filename", "label", "created_at", "full_name", "ignored"), rows))
        for path, data in files.items():
            file.writestr(path, data)
    return {"dolos.zip": archive.getvalue()}


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
