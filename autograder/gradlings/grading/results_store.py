"""The folder of a class's results: a record of the run, and one per student that is written whole or not at all.

A student's record is the one place that says "this is graded". It names the run and the digest of the submission, so
that the same command, started again after any end, finishes the rest and changes nothing that is done.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import re
import secrets
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from gradlings.grading.intake.handed_in import HandedIn
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise
from gradlings.model.files import UNFINISHED, write_atomically
from gradlings.model.scorecard import Verdict
from gradlings.model.student_result import Status, StudentResult

RUN = "run.json"
RECORDS = "records"
_log = logging.getLogger(__name__)


_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True)
class RunRecord:
    """What all scores of a run have in common. Two scores are comparable only where these agree."""

    assignment: str
    source_name: str
    files: dict[str, str]
    """SHA-256 of the checks and of all they use, by path."""
    gradlings_version: str
    versions: dict[str, str]
    protection: str
    seed: int
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    exercises: tuple[Exercise, ...] = ()
    """Without their checks: what the table of scores and the marks need of them."""

    @property
    def points(self) -> dict[str, int]:
        """The points of each exercise, by id."""
        return {exercise.id: exercise.points for exercise in self.exercises}

    def differences(self, other: RunRecord) -> list[str]:
        """Return what makes scores of the two runs incomparable, each as the subject of a sentence."""
        names = {name for name in {*self.files, *other.files} if self.files.get(name) != other.files.get(name)}
        found = [f"the file {name}" for name in sorted(names)]
        found += [
            f"the {what} ({getattr(other, key)}, then {getattr(self, key)})"
            for key, what in _COMPARED_FIELDS.items()
            if getattr(self, key) != getattr(other, key)
        ]
        return found + [
            f"the version of {name} ({other.versions.get(name)}, then {self.versions.get(name)})"
            for name in sorted({*self.versions, *other.versions})
            if self.versions.get(name) != other.versions.get(name)
        ]


_COMPARED_FIELDS = {
    "assignment": "assignment",
    "source_name": "module",
    "gradlings_version": "version of gradlings",
    "protection": "protection",
    "seed": "seed",
}


@dataclass(frozen=True)
class Scores:
    """What a student had before being graded again."""

    total: int | None
    exercises: dict[str, int | None]
    """By id; None where a check failed through our fault."""
    run: str
    """See `Record.run`."""


@dataclass(frozen=True)
class Record:
    """One student's result and what it belongs to."""

    run: str
    """`RunRecord.id`"""
    filename: str
    digest: str
    """SHA-256 of the file that was graded; "" if none was."""
    result: StudentResult
    again: bool = False
    """Whether the next run grades it again: a fault of ours is in it, or `--force` asks for it."""
    handed_in: HandedIn = field(default_factory=HandedIn)
    earlier: Scores | None = None
    """Of the record that was here before."""
    functions: dict[str, str] = field(default_factory=dict)
    """The texts of functions whose mistake has no name, without what tells who wrote them."""


class ResultsFolder:
    """Results on disk. Only one run writes to a folder at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Make the folder and keep other runs out of it until the end, even if that is `kill -9`.

        Raises:
            InputError: another run is writing to it, or it cannot be made.
        """
        try:
            (self.path / RECORDS).mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path / ".lock", os.O_CREAT | os.O_RDWR | _NO_LINKS, 0o600)
        except OSError as error:
            raise InputError(f"{self.path} cannot be written to ({error.strerror}).") from None
        try:
            _keep_others_out(lock)
            for unfinished in self.path.rglob(f".*{UNFINISHED}"):
                unfinished.unlink(missing_ok=True)
            yield
        except (BlockingIOError, PermissionError):
            raise InputError(f"Another `gradlings grade` is writing to {self.path}. Wait for its end.") from None
        finally:
            os.close(lock)

    def run(self) -> RunRecord:
        """Return the run on disk.

        Raises:
            InputError: there is none that can be read.
        """
        found = self._stored()
        if found is None or not found.exercises:
            raise InputError(
                f"{self.path} holds no results of this version. Run `gradlings grade` with --to {self.path}."
            )
        return found

    def _stored(self, or_none: bool = False) -> RunRecord | None:
        path = self.path / RUN
        try:
            return msgspec.json.decode(path.read_bytes(), type=RunRecord) if path.is_file() else None
        except (msgspec.MsgspecError, OSError) as error:
            if or_none:
                return None
            raise InputError(f"{path} is not a run record of this version ({error}). {_REMEDY}") from None

    def resume(self, wanted: RunRecord, *, force: bool, any_seed: bool) -> tuple[RunRecord, list[str]]:
        """Return the run on disk if its scores are comparable with `wanted`; else store `wanted` and return it.

        With it comes what makes them incomparable, as `RunRecord.differences` says it. With `any_seed` the seed on disk
        is kept; `force` takes the place of a record that cannot be read.

        Raises:
            InputError: the folder holds results of something else, or they cannot be read.
        """
        stored, differences = self._stored(force), []
        if stored is not None:
            if (stored.assignment, stored.source_name) != (wanted.assignment, wanted.source_name):
                raise InputError(
                    f"{self.path} holds results of {stored.assignment} ({stored.source_name}). Grade "
                    f"{wanted.assignment} ({wanted.source_name}) into another folder with --to."
                )
            if any_seed:
                wanted = replace(wanted, seed=stored.seed)
            differences = wanted.differences(stored)
            if not differences:
                wanted = replace(wanted, id=stored.id)
        if wanted != stored:
            self.write(RUN, msgspec.json.format(msgspec.json.encode(wanted), indent=1), private=True)
        return wanted, differences

    def records(self) -> Iterator[Record]:
        """Yield the records one at a time, those of earlier runs among them, without unreadable ones."""
        for path in sorted((self.path / RECORDS).glob("*.json")):
            try:
                yield msgspec.json.decode(path.read_bytes(), type=Record)
            except (msgspec.MsgspecError, OSError) as error:
                _log.warning("%s cannot be read (%s): this submission is graded again.", path, error)

    def record(self, student: str) -> Record:
        """Return a student's record.

        Raises:
            InputError: there is none that can be read.
        """
        path = self._record_path(student)
        try:
            return msgspec.json.decode(path.read_bytes(), type=Record)
        except (msgspec.MsgspecError, OSError) as error:
            raise InputError(f"{path} cannot be read ({error}). Run the same command again.") from None

    def store(self, record: Record, pages: Mapping[str, bytes]) -> None:
        """Write the pages and then the record, so that where there is a record the pages are there, too.

        Pages are contents by folder and extension, e.g. `feedback/*.html`; the star stands for the student.
        """
        student = record.result.student
        self._write_pages(student, pages)
        self._write(self._record_path(student), msgspec.json.encode(record), private=True, durable=True)

    def rewrite(self, record: Record) -> None:
        """Write a record that is there already, with other facts around the same result, without waiting for the disk.

        Raises:
            InputError: it could not be written.
        """
        self._write(self._record_path(record.result.student), msgspec.json.encode(record), private=True, durable=False)

    def refresh_pages(self, student: str, pages: Mapping[str, bytes]) -> bool:
        """Write those of a student's pages that are not on disk as they should be; return whether there were any.

        A power cut, marks set by hand and a later version of the pages have this effect.

        Raises:
            InputError: one could not be written.
        """
        stem = file_stem(student)
        stale = {}
        for pattern, data in pages.items():
            with contextlib.suppress(OSError):
                if (self.path / pattern.replace("*", stem)).read_bytes() == data:
                    continue
            stale[pattern] = data
        self._write_pages(student, stale)
        return bool(stale)

    def _record_path(self, student: str) -> Path:
        return self.path / RECORDS / f"{file_stem(student)}.json"

    def _write_pages(self, student: str, pages: Mapping[str, bytes]) -> None:
        """Write pages without waiting for the disk: they can be made again from the record, which does wait."""
        stem = file_stem(student)
        for pattern, data in pages.items():
            self.write(pattern.replace("*", stem), data, durable=False)

    def write(self, name: str, data: bytes, *, private: bool = False, durable: bool = True) -> None:
        """Write a file below the folder whole, or leave what was there; `durable`: wait until no power cut can undo it.

        Raises:
            InputError: it could not be written; a full disk is the usual reason.
        """
        self._write(self.path / name, data, private=private, durable=durable)

    def _write(self, target: Path, data: bytes, *, private: bool, durable: bool) -> None:
        try:
            write_atomically(target, data, mode=0o600 if private else 0o644, durable=durable)
        except OSError as error:
            what = "The disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else str(error.strerror)
            raise InputError(
                f"{target} could not be written: {what}. What was graded before is safe; run the same command again."
            ) from None


_REMEDY = "Grade into another folder with --to, or grade everybody anew with --force."


def _keep_others_out(lock: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)  # PermissionError where another process holds it
    else:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def file_stem(student: str) -> str:
    """Return a student's name as a file name: itself if it is plain, else with a digest that keeps it unique."""
    plain = re.sub(r"[^\w.-]", "_", student)[:60].strip(".") or "_"
    if plain == student and len(plain.encode()) < 200 and not re.search(r"-[0-9a-f]{10}$", plain):
        return plain
    return f"{plain[:40]}-{hashlib.sha256(student.encode()).hexdigest()[:10]}"


def has_our_fault(result: StudentResult) -> bool:
    """Return whether anything in it is a fault of the grader."""
    return result.status is Status.PARTLY or bool(
        result.card and any(c.verdict is Verdict.GRADER_ERROR for e in result.card.exercises for c in e.checks)
    )
