"""Collects the submissions of one assignment: whose files there are, which count, what is wrong with the rest.

Understands a folder per student, flat files named after students, zips of either, the downloads of Canvas and Moodle,
and nbgrader's `submitted/` tree. A problem belongs to one student and never stops the others. Bytes are passed on as
they are: nothing here reads code.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from gradlings.grading.sources import MEGABYTE, FoundFile, ReadLimits, Refused, Source, open_source, readable, too_large
from gradlings.model.errors import InputError
from gradlings.submission.cells import decode
from gradlings.submission.manifest import digest, read_manifest

CODE = (".py", ".ipynb")
LIMITS = ReadLimits()
_CANVAS = re.compile(r"(?P<name>.+?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<number>\d+)_(?P<file>.+)")
_MOODLE = re.compile(r"(?P<name>.+)_(?P<user>\d+)_assignsubmission_[a-z]+_?")
_COUNTED = re.compile(r"(?P<stem>.+?)(?: \((?P<a>\d+)\)|-(?P<b>\d+))")  # as browsers and Canvas name a second copy
_OF_THE_KIT = re.compile(r"test_.*\.py|drivers\.py|conftest\.py|warm_up\.py", re.IGNORECASE)


@dataclass(frozen=True)
class StudentFiles:
    """What one student handed in: at most one module and one notebook that may count."""

    student: str
    module: FoundFile | None = None
    notebook: FoundFile | None = None
    notes: tuple[str, ...] = ()
    """What an instructor should know: duplicates, other names, files that were refused."""
    problem: str = ""
    """Why nothing can be graded; empty otherwise."""


@dataclass(frozen=True)
class ChosenFile:
    """The file of a student that counts."""

    filename: str
    data: bytes
    digest: str
    """SHA-256 of the bytes."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Submissions:
    """The submissions of a class, by student in alphabetical order."""

    source_name: str
    source: Source
    students: tuple[StudentFiles, ...]
    problems: tuple[str, ...] = ()
    """What is wrong with files that belong to no student."""
    ignored: tuple[str, ...] = ()
    """Files that play no part, so that nothing is dropped silently."""
    limits: ReadLimits = LIMITS


@dataclass
class _Candidates:
    """The entries of one student while they are sorted out."""

    named: list[FoundFile] = field(default_factory=list)
    """Code under the expected name."""
    misnamed: list[FoundFile] = field(default_factory=list)
    refused: list[FoundFile] = field(default_factory=list)
    others: list[FoundFile] = field(default_factory=list)
    late: bool = False


def collect(path: Path, source_name: str, limits: ReadLimits = LIMITS) -> Submissions:
    """Find every student's submission.

    The student's name is the folder's or the file's; in a Canvas or Moodle download the name and the number that
    tells namesakes apart (`doejane_123`).

    Raises:
        InputError: the path holds nothing that can be read.
    """
    source = open_source(path)
    entries = _without_wrapper(list(source.entries()), source_name)
    top = {entry.parts[0] for entry in entries}
    if {"source", "submitted"} <= top:
        raise InputError(f"{path} is a whole nbgrader course. Give the submissions: {path / 'submitted'}")
    candidates: dict[str, _Candidates] = {}
    problems: list[str] = []
    ignored: list[str] = []
    for entry in entries:
        student = _student_of(entry)
        if entry.refused and (".." in entry.parts[:1] or entry.parts[0].startswith("/")):
            problems.append(f"{entry.shown} {entry.refused}.")
        elif len(entry.parts) == 1 and (entry.parts[0].startswith(".") or not (student or entry.refused)):
            ignored.append(entry.shown)
        elif len(entry.parts) == 1 and _counted(Path(entry.parts[0]).stem)[0].lower() == source_name.lower():
            problems.append(f"{entry.shown} is in nobody's folder: put it into a folder named after the student.")
        else:
            _sort_in(candidates.setdefault(student, _Candidates()), entry, source_name)
    _merge_second_copies(candidates)
    students, bytes_left = [], limits.total
    for student in sorted(candidates):
        files = _student_files(student, candidates[student], source_name, limits, ignored)
        bytes_left -= sum(entry.size for entry in (files.module, files.notebook) if entry)
        if bytes_left < 0:
            total = f"{limits.total / MEGABYTE:,.0f} MB"
            files = replace(files, module=None, notebook=None, problem=f"All files together exceed {total}.")
        students.append(files)
    return Submissions(source_name, source, tuple(students), tuple(problems), tuple(ignored), limits)


def choose(
    submissions: Submissions,
    files: StudentFiles,
    folder: Path,
    code_digest: Callable[[bytes, str], str] | None = None,
) -> ChosenFile:
    """Read what a student handed in and decide which file counts.

    Where module and notebook are both there, the one that differs from the original in the assignment's folder counts.
    A notebook that was only opened and saved differs in its text, not in its code. To see that, its cells must be read:
    `code_digest` is `digest_of_code` of bytes and file name, computed where hostile input may be parsed.

    Raises:
        Refused: nothing counts; the text says why.
    """
    if files.problem:
        raise Refused(files.problem)
    present = [entry for entry in (files.module, files.notebook) if entry]
    read = {entry: submissions.source.read(entry, submissions.limits.file) for entry in present}
    counts, notes = present[0], files.notes
    if len(present) == 2:
        originals = read_manifest(folder)
        edited = []
        for entry in present:
            name = submissions.source_name + _suffix(entry)
            same = digest(decode(read[entry])) == originals.get("text", {}).get(name)
            if not same and code_digest is not None:
                with contextlib.suppress(ValueError):  # not a notebook: it was edited
                    same = code_digest(read[entry], name) == originals.get("code", {}).get(name)
            if not same:
                edited.append(entry)
        if len(edited) == 2:
            both = " and ".join(entry.shown for entry in present)
            raise Refused(f"Both {both} differ from what was handed out, and which one counts is not guessed.")
        counts, other = reversed(present) if edited == present[1:] else present
        notes += (f"{counts.shown} counts; {other.shown} is as it was handed out.",)
    sha256 = hashlib.sha256(read[counts]).hexdigest()
    return ChosenFile(submissions.source_name + _suffix(counts), read[counts], sha256, notes)


def _without_wrapper(entries: list[FoundFile], source_name: str) -> list[FoundFile]:
    """Return the entries without a single folder around them all, such as zips have; a student's folder is none."""
    tops = {entry.parts[0] for entry in entries}
    if len(tops) != 1 or any(len(entry.parts) == 1 or entry.refused == "points out of the zip" for entry in entries):
        return entries
    if _MOODLE.fullmatch(tops.pop()):
        return entries
    files = [Path(entry.parts[1]) for entry in entries if len(entry.parts) == 2]
    if any(_is_source_name(path.name, source_name) for path in files):
        return entries
    code = [path for path in files if path.suffix.lower() in CODE and not _OF_THE_KIT.fullmatch(path.name)]
    folders = {entry.parts[1] for entry in entries if len(entry.parts) > 2}
    if len(code) + len(folders) < 2 and not any(len(entry.parts) > 3 for entry in entries):
        named = [name for name in (*map(str, code), *folders) if _CANVAS.fullmatch(name) or _MOODLE.fullmatch(name)]
        if not named:
            return entries
    return [replace(entry, parts=entry.parts[1:], wrapper=entry.parts[:1]) for entry in entries]


def _student_of(entry: FoundFile) -> str:
    """Return the student's name, from the first part of the path; "" for a loose file that is no submission."""
    first = unicodedata.normalize("NFC", readable(entry.parts[0]))
    if len(entry.parts) == 1 and (canvas := _CANVAS.fullmatch(first)):
        return f"{canvas['name']}_{canvas['user']}"
    if moodle := _MOODLE.fullmatch(first):
        return f"{moodle['name']}_{moodle['user']}"
    if len(entry.parts) > 1:
        return first.strip() or "(no name)"
    if entry.refused:
        return first.removesuffix(Path(first).suffix) if Path(first).suffix.lower() in CODE else first
    return Path(first).stem.strip() if Path(first).suffix.lower() in (*CODE, ".zip") else ""


def _sort_in(found: _Candidates, entry: FoundFile, source_name: str) -> None:
    canvas = _CANVAS.fullmatch(readable(entry.parts[0])) if len(entry.parts) == 1 else None
    name = canvas["file"] if canvas else entry.parts[-1]
    found.late |= bool(canvas and canvas["late"])
    hidden = any(part.startswith(".") for part in entry.parts)
    code = Path(name).suffix.lower() in CODE
    if entry.refused:
        relevant = len(entry.parts) == 1 or _is_source_name(name, source_name) or ".." in entry.parts
        (found.refused if relevant else found.others).append(entry)
    elif code and not hidden and (_is_source_name(name, source_name) or (len(entry.parts) == 1 and not canvas)):
        found.named.append(entry)
    elif code and not hidden and len(entry.parts) <= 2 and not _OF_THE_KIT.fullmatch(name):
        found.misnamed.append(entry)
    else:
        found.others.append(entry)


def _merge_second_copies(candidates: dict[str, _Candidates]) -> None:
    """Give `alice (1).py` beside `alice.py` to alice, as a second copy."""
    for student in sorted(candidates):
        first, copy = _counted(student)
        loose = all(len(entry.parts) == 1 for entry in candidates[student].named + candidates[student].refused)
        if copy and " (" in student and loose and first in candidates:
            for kind in ("named", "misnamed", "refused", "others"):
                getattr(candidates[first], kind).extend(getattr(candidates[student], kind))
            del candidates[student]


def _student_files(
    student: str, found: _Candidates, source_name: str, limits: ReadLimits, ignored: list[str]
) -> StudentFiles:
    absent = f"There is no {source_name}.py or {source_name}.ipynb"
    notes = ["Canvas marks it as late."] if found.late else []
    notes += [f"{entry.shown} {entry.refused}." for entry in found.refused]
    wanted, misnamed = found.named, found.misnamed
    if not wanted and len(misnamed) == 1:
        notes.append(f"{misnamed[0].shown} counts, as there is no {source_name}.py or {source_name}.ipynb.")
        wanted, misnamed = misnamed, []
    ignored.extend(entry.shown for entry in (*misnamed, *found.others))
    notes += [too_large(entry, limits.file) for entry in wanted if entry.size > limits.file]
    wanted = [entry for entry in wanted if entry.size <= limits.file]
    module = _newest([entry for entry in wanted if _suffix(entry) == ".py"], notes)
    notebook = _newest([entry for entry in wanted if _suffix(entry) == ".ipynb"], notes)
    if module and notebook and module.size + notebook.size > limits.student:
        limit = f"{limits.student / MEGABYTE:,.0f} MB"
        return StudentFiles(student, notes=tuple(notes), problem=f"The files together exceed {limit}.")
    if module or notebook:
        return StudentFiles(student, module, notebook, tuple(notes))
    if misnamed:
        names = ", ".join(entry.shown for entry in misnamed)
        notes.append(f"{absent}, and which of {names} counts is not guessed.")
    elif any(entry.parts[-1].lower().endswith(".zip") for entry in found.others):
        notes.append("A zip inside is not opened: unpack it and grade again.")
    elif not notes:
        notes.append(f"{absent}.")
    return StudentFiles(student, problem=" ".join(notes))


def _newest(entries: Iterable[FoundFile], notes: list[str]) -> FoundFile | None:
    ordered = sorted(entries, key=_age)
    if len(ordered) > 1:
        older = ", ".join(entry.shown for entry in ordered[:-1])
        notes.append(f"{ordered[-1].shown} counts as the newest; not graded: {older}.")
    return ordered[-1] if ordered else None


def _age(entry: FoundFile) -> tuple[int, float, int, tuple[str, ...]]:
    """Return a sort key: Canvas's number, which grows in time; elsewhere the file's time, then the copy's number."""
    canvas = _CANVAS.fullmatch(entry.parts[0]) if len(entry.parts) == 1 else None
    name = Path(canvas["file"] if canvas else entry.parts[-1]).stem
    return int(canvas["number"][:18]) if canvas else 0, entry.modified, _counted(name)[1], entry.parts


def _counted(stem: str) -> tuple[str, int]:
    """Return the name and the number of a copy: ("autodiff", 2) for `autodiff (2)` and `autodiff-2`."""
    found = _COUNTED.fullmatch(stem)
    return (found["stem"], int((found["a"] or found["b"])[:9])) if found else (stem, 0)


def _is_source_name(name: str, source_name: str) -> bool:
    path = Path(name)
    return path.suffix.lower() in CODE and source_name.lower() in (path.stem.lower(), _counted(path.stem)[0].lower())


def _suffix(entry: FoundFile) -> str:
    return Path(entry.parts[-1]).suffix.lower()
