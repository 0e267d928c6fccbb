"""Read the folders that `gradlings grade` wrote: the run, and a record for each student."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from gradlings.grading.marks.marking import read_marking
from gradlings.grading.results_store import RECORDS, RUN, Record, RunRecord
from gradlings.model.errors import InputError


@dataclass(frozen=True)
class ClassRun:
    """One results folder."""

    folder: Path
    run: RunRecord
    records: tuple[Record, ...]
    """By student in alphabetical order."""
    begun: datetime
    """When the run was begun, in the local time zone."""
    absent: tuple[str, ...] = ()
    """Who is on the roster and handed in nothing."""
    unread: int = 0
    """Records that this version cannot read."""

    @property
    def outdated(self) -> int:
        """How many records are from before the checks or the grader changed."""
        return sum(record.run != self.run.id for record in self.records)

    @property
    def assignment(self) -> str:
        """Its id, such as "03"."""
        return self.run.assignment


def read_run(folder: Path) -> ClassRun:
    """Read a results folder.

    Raises:
        InputError: it holds no results, or those of a version that stored them in another way.
    """
    path = folder / RUN
    try:
        run = msgspec.json.decode(path.read_bytes(), type=RunRecord)
        begun = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    except OSError as error:
        raise InputError(
            f"{folder} holds no results ({RUN}: {error.strerror}). Name the folder that `gradlings grade --to` wrote."
        ) from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} was not written by this version of gradlings ({error}). Grade the class again: "
            f"gradlings grade NN submissions/ --to {folder} --force"
        ) from None
    records, unread = [], 0
    for file in sorted((folder / RECORDS).glob("*.json")):
        try:
            record = msgspec.json.decode(file.read_bytes(), type=Record)
        except (msgspec.MsgspecError, UnicodeDecodeError, OSError):
            unread += 1
            continue
        records.append(record)
    records.sort(key=lambda record: record.result.student)
    return ClassRun(folder, run, tuple(records), begun, read_marking(folder).missing, unread)
