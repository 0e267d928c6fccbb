"""Collects the submissions of one assignment: whose files there are, and which of them may count.

Understands a folder or a file per student, clones of repositories, the downloads of the usual LMSs, nbgrader's
`submitted/` tree, and zips of all of these. A problem belongs to one student and never stops the others. Names are all
that is looked at here; which of a student's files counts, is decided in `choose.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from gradlings.grading.intake.found import (
    MEGABYTE,
    POINTS_OUT,
    FoundFile,
    ReadLimits,
    Refused,
    Source,
    readable,
    too_large,
)
from gradlings.grading.intake.handed_in import TIMESTAMP, HandedIn, Timestamps
from gradlings.grading.intake.lms_records import Group, blackboard_files, gradescope_groups
from gradlings.grading.intake.names import (
    CODE,
    DOCUMENTS,
    Owner,
    copy_number,
    is_named,
    is_of_the_kit,
    may_be_code,
    original_stem,
    owner_of,
    suffix_of,
)
from gradlings.grading.intake.sources import open_source
from gradlings.model.errors import InputError
from gradlings.model.text import some

LIMITS = ReadLimits()
_MAX_CANDIDATES = 200


@dataclass(frozen=True)
class Candidate:
    """A file of a student that may count."""

    entry: FoundFile
    name: str
    """As the student called it."""
    named: bool
    """Whether it has the expected name, or is all that lies there under the student's own."""
    attempt: tuple[int, int] = (0, 0)
    number: int = 0
    """See `Owner`."""
    handed_in: HandedIn = field(default_factory=HandedIn)


@dataclass(frozen=True)
class StudentFiles:
    """What one student handed in."""

    student: str
    candidates: tuple[Candidate, ...] = ()
    notes: tuple[str, ...] = ()
    """What an instructor should know: lateness, files that were refused."""
    problem: str = ""
    """Why nothing can be graded; empty otherwise."""
    others: tuple[str, ...] = ()
    """What else there is, by path: no code by its name."""

    @property
    def last_handed_in(self) -> HandedIn:
        """How and when the last of the files came that may count."""
        last = max(self.candidates, key=lambda each: (each.attempt, each.number), default=None)
        return last.handed_in if last else HandedIn(named=self.others[0].partition("/")[0] if self.others else "")


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
class _Found:
    """The entries of one student while they are sorted out."""

    candidates: list[Candidate] = field(default_factory=list)
    refused: list[FoundFile] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    late: bool = False


def collect(path: Path, source_name: str, limits: ReadLimits = LIMITS) -> Submissions:
    """Find every student's submission.

    The student's name is the folder's or the file's; in the download of an LMS the name and the number that tells
    namesakes apart (`doejane_123`), as far as it has both.

    Raises:
        InputError: the path holds nothing that can be read.
    """
    source = open_source(path, limits)
    entries = _without_wrappers(list(source.entries()), source_name)
    top = {entry.parts[0] for entry in entries}
    if {"source", "submitted"} <= top:
        raise InputError(f"{path} is a whole nbgrader course. Give the submissions: {path / 'submitted'}")
    receipts, timestamps = blackboard_files(source, entries), Timestamps(source, entries)
    flat = all(entry.is_loose for entry in entries)
    found: dict[str, _Found] = {}
    problems: list[str] = []
    ignored: list[str] = []
    try:
        groups = gradescope_groups(source, entries, limits.file)
    except Refused as refused:
        groups = {}
        problems.append(f"{refused} Students have the names of their folders.")
    for entry in entries:
        owner = _owner(entry, receipts)
        if entry.refused and (".." in entry.parts[:1] or entry.parts[0].startswith("/")):
            problems.append(f"{entry.shown} {entry.refused}.")
        elif _is_nobodys(entry, owner, flat):
            ignored.append(entry.shown)
        elif len(entry.parts) == 1 and not owner.from_lms and original_stem(owner.file).lower() == source_name.lower():
            problems.append(f"{entry.shown} is in nobody's folder: put it into a folder named after the student.")
        else:
            group = groups.get(entry.parts[0]) or Group((owner.student,))
            handed_in = _handed_in(entry, owner, group, timestamps)
            for student in group.students:
                _sort_in(found.setdefault(student, _Found()), entry, owner, source_name, handed_in)
    _merge_second_copies(found)
    students, bytes_left = [], limits.total
    for student in sorted(found):
        files = _student_files(student, found[student], source_name, limits)
        bytes_left -= sum(candidate.entry.size for candidate in files.candidates)
        if bytes_left < 0:
            total = f"{limits.total / MEGABYTE:,.0f} MB"
            files = replace(files, candidates=(), problem=f"All files together exceed {total}.")
        students.append(files)
        ignored.extend(files.others)
    return Submissions(source_name, source, tuple(students), tuple(problems), tuple(dict.fromkeys(ignored)), limits)


def collect_one(path: Path, student: str, source_name: str, limits: ReadLimits = LIMITS) -> Submissions:
    """Find the submission of one student in a folder that is all theirs, such as a clone of their repository.

    Raises:
        InputError: the path holds nothing that can be read.
    """
    source = open_source(path, limits)
    found = _Found()
    for entry in source.entries():
        _sort_in(found, entry, Owner(student, readable(entry.parts[0]), from_lms=False), source_name, HandedIn())
    return Submissions(source_name, source, (_student_files(student, found, source_name, limits),), limits=limits)


def _without_wrappers(entries: list[FoundFile], source_name: str) -> list[FoundFile]:
    """Return the entries without the folders around them all, such as zips have; a student's folder is none."""
    while _is_wrapped(entries, source_name):
        entries = [entry.without_first() for entry in entries]
    return entries


def _is_wrapped(entries: list[FoundFile], source_name: str) -> bool:
    tops = {entry.parts[0] for entry in entries}
    if len(tops) != 1 or any(len(entry.parts) == 1 or entry.refused == POINTS_OUT for entry in entries):
        return False
    top = readable(tops.pop())
    if owner_of(top, is_file=entries[0].is_loose).from_lms:
        return False
    loose = [entry.parts[1] for entry in entries if len(entry.parts) == 2]
    folders = {entry.parts[1] for entry in entries if len(entry.parts) > 2}
    if any(is_named(name, source_name) for name in loose) or "assignments" in folders:
        return False
    code = [name for name in loose if suffix_of(name) in (*CODE, ".zip") and not is_of_the_kit(("", name))]
    if len(code) + len(folders) > 1 or any(owner_of(readable(name), is_file=True).from_lms for name in code):
        return True
    if top == "submitted" or any(owner_of(readable(name), is_file=False).from_lms for name in folders):
        return True
    return any(len(entry.parts) > 3 for entry in entries)


def _owner(entry: FoundFile, receipts: Mapping[str, tuple[str, str]]) -> Owner:
    owner = owner_of(readable(entry.parts[0]), entry.is_loose)
    if entry.is_loose and entry.parts[0] in receipts:
        student, file = receipts[entry.parts[0]]
        return replace(owner, student=student, file=file)
    return owner


def _is_nobodys(entry: FoundFile, owner: Owner, flat: bool) -> bool:
    """Return whether a loose file is no student's work, by its name; in a folder of files, a document may be."""
    if not entry.is_loose or owner.from_lms:
        return False
    if entry.parts[0].startswith("."):
        return True
    return not (entry.refused or suffix_of(owner.file) in (*CODE, ".zip", *(DOCUMENTS if flat else ())))


def _handed_in(entry: FoundFile, owner: Owner, group: Group, timestamps: Timestamps) -> HandedIn:
    """Return what the LMS says of the time; its own names and lists count before what lies beside the submission."""
    at, said_by = owner.handed_in, owner.lms
    if group.handed_in:
        at, said_by = group.handed_in, "Gradescope"
    elif not owner.from_lms and may_be_code(entry.parts[-1]) and (stamp := timestamps.of(entry)):
        at, said_by = stamp, TIMESTAMP
    return HandedIn(at, said_by if at else "", owner.late, entry.modified, readable(entry.parts[0]))


def _sort_in(found: _Found, entry: FoundFile, owner: Owner, source_name: str, handed_in: HandedIn) -> None:
    at_top = entry.is_loose and not entry.zip
    name = owner.file if at_top else readable(entry.parts[-1])
    named = is_named(name, source_name)
    found.late |= owner.late
    hidden = any(part.startswith(".") for part in entry.parts)
    if name == TIMESTAMP and handed_in.said_by == TIMESTAMP:
        return  # it is the LMS's, and was read
    if entry.refused:
        if len(entry.parts) == 1 or named or ".." in entry.parts or suffix_of(name) == ".zip":
            found.refused.append(entry)
        else:
            found.others.append(entry.shown)
    elif may_be_code(name) and not hidden and not is_of_the_kit(entry.parts):
        own_name = at_top and not owner.from_lms and suffix_of(name) in CODE
        found.candidates.append(Candidate(entry, name, named or own_name, owner.attempt, owner.number, handed_in))
    else:
        found.others.append(entry.shown)


def _merge_second_copies(found: dict[str, _Found]) -> None:
    """Give `alice (1).py` beside `alice.py` to alice, as a second copy."""
    for student in sorted(found):
        (first, copy), own = copy_number(student), found[student]
        entries = [*(candidate.entry for candidate in own.candidates), *own.refused]
        if copy and " (" in student and first in found and all(entry.is_loose for entry in entries):
            found[first].candidates += own.candidates
            found[first].refused += own.refused
            found[first].others += own.others
            del found[student]


def _student_files(student: str, found: _Found, source_name: str, limits: ReadLimits) -> StudentFiles:
    notes = ["Canvas marks it as late."] if found.late else []
    notes += [f"{entry.shown} {entry.refused}." for entry in found.refused]
    code = [each for each in found.candidates if suffix_of(each.name) in CODE]
    notes += [too_large(each.entry, limits.file) for each in code if each.entry.size > limits.file]
    candidates = [each for each in found.candidates if each.entry.size <= limits.file]
    others = [*found.others, *(each.entry.shown for each in found.candidates if each.entry.size > limits.file)]
    for keep in (lambda c: suffix_of(c.name) in CODE, lambda c: c.named):
        if len(candidates) > _MAX_CANDIDATES or sum(each.entry.size for each in candidates) > limits.student:
            others += [each.entry.shown for each in candidates if not keep(each)]
            candidates = list(filter(keep, candidates))
    result = StudentFiles(student, tuple(candidates), tuple(notes), others=tuple(others))
    if sum(each.entry.size for each in candidates) > limits.student:
        problem = f"The files together exceed {limits.student / MEGABYTE:,.0f} MB."
        return replace(result, candidates=(), problem=problem)
    if len(candidates) > _MAX_CANDIDATES:
        problem = f"There are {len(candidates)} files that may count; at most {_MAX_CANDIDATES} are read."
        return replace(result, candidates=(), problem=problem)
    if candidates:
        return result
    return replace(result, problem=" ".join(notes) or nothing_there(source_name, found.others))


def nothing_there(source_name: str, others: list[str] | tuple[str, ...]) -> str:
    """Return what to say where none of a student's files can count."""
    shown = some(others, 3)
    archives = [name for name in others if PurePath(name).suffix.lower() in (".rar", ".7z", ".gz", ".tgz", ".tar")]
    hint = " Of archives, only a zip is opened." if archives else ""
    return f"There is no {source_name}.py or {source_name}.ipynb" + (f", but {shown}.{hint}" if shown else ".")
