"""Decides which file of a student counts: the one that has this assignment's functions, whatever its name or place.

Several are named to the instructor, and the newest counts. What holds no code, or another assignment's, is said. For
that files are read here, and searched as bytes (see `content.py`); nothing is parsed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from gradlings.grading.intake.beside import paths_beside
from gradlings.grading.intake.collect import Candidate, StudentFiles, Submissions, nothing_there
from gradlings.grading.intake.content import Content, content_of, functions_by_assignment
from gradlings.grading.intake.found import Refused
from gradlings.grading.intake.handed_in import HandedIn
from gradlings.grading.intake.names import CODE, copy_number, suffix_of
from gradlings.model.exercise import path_of
from gradlings.model.text import some
from gradlings.submission.cells import decode
from gradlings.submission.given.on_path import path_said_in
from gradlings.submission.helpers.files import (
    NO_HELPERS,
    Helpers,
    choose_helpers,
    digest_with,
    first_name,
    imported_names,
)
from gradlings.submission.manifest import digest, read_manifest

_MAX_SHOWN = 3
_SAME_AGE_SECONDS = 120.0
"""Files of a clone or of an unpacked zip are as old as that, in any order."""


@dataclass(frozen=True)
class ChosenFile:
    """The file of a student that counts."""

    filename: str
    data: bytes
    digest: str
    """SHA-256 of the bytes, and of those of its helpers."""
    notes: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    """Files with code that play no part."""
    handed_in: HandedIn = field(default_factory=HandedIn)
    helpers: Helpers = NO_HELPERS
    """What the file imports."""


@dataclass(frozen=True)
class _Read:
    """A candidate with what is in it."""

    candidate: Candidate
    data: bytes
    content: Content

    @property
    def shown(self) -> str:
        return self.candidate.entry.shown


def choose(
    submissions: Submissions,
    files: StudentFiles,
    folder: Path,
    code_digest: Callable[[bytes, str], str] | None = None,
) -> ChosenFile:
    """Read what a student handed in and decide which file counts, for the assignment in a folder.

    Where module and notebook are both there, the one that differs from the original in that folder counts; for
    `code_digest` see `_Choice.edited`.

    Raises:
        Refused: nothing counts; the text says why.
    """
    if files.problem:
        raise Refused(files.problem)
    choice = _Choice(submissions, files, folder)
    found = choice.fitting()
    last = choice.of_last_attempt(found)
    counts = choice.newest(choice.edited(choice.of_this_assignment(last), code_digest))
    suffix, name = counts.content.suffix, counts.candidate.name
    if not counts.candidate.named:
        choice.notes.append(f"{counts.shown} counts, as there is no {choice.expected}.")
    if suffix_of(name) in CODE and suffix != suffix_of(name):
        what = "a notebook" if suffix == ".ipynb" else "a module"
        choice.notes.append(f"{counts.shown} is {what}, whatever its name says, and is read as one.")
    said, on = path_said_in(counts.data), path_of(folder)
    if said and (on is None or said != on.name):
        choice.notes.append(f"{counts.shown} says that it is on the path {said}, and is not graded with --path {said}.")
    filename = submissions.source_name + suffix
    helpers, used = choice.helpers_of(counts, filename)
    known = [each.candidate for each in found] + used
    unused = [each.entry.shown for each in files.candidates if each not in known]
    sha256, handed_in = digest_with(counts.data, helpers), counts.candidate.handed_in
    return ChosenFile(filename, counts.data, sha256, tuple(choice.notes), tuple(unused), handed_in, helpers)


def _with_functions(read: Iterable[_Read]) -> list[_Read]:
    """Return the files of this assignment; one with less than half of another's functions is no rival of that."""
    found = [each for each in read if each.content.functions and not each.content.of_another]
    most = max((each.content.functions for each in found), default=0)
    return [each for each in found if 2 * each.content.functions >= most]


class _Choice:
    """The choice for one student: fewer and fewer files, with a note for each that an instructor should know of."""

    def __init__(self, submissions: Submissions, files: StudentFiles, folder: Path) -> None:
        self.submissions, self.files, self.folder = submissions, files, folder
        self.expected = f"{submissions.source_name}.py or {submissions.source_name}.ipynb"
        self.notes = list(files.notes)
        self.reasons: list[str] = []
        """Why files cannot count."""

    def read(self, candidates: Iterable[Candidate]) -> list[_Read]:
        found = []
        for candidate in candidates:
            try:
                data = self.submissions.source.read(candidate.entry, self.submissions.limits.file)
            except Refused as refused:
                self.reasons.append(str(refused))
                continue
            content = content_of(data, candidate.name, self.folder)
            if content.foreign:
                self.reasons.append(f"{candidate.entry.shown} {content.foreign}.")
            else:
                found.append(_Read(candidate, data, content))
        return found

    def fitting(self) -> list[_Read]:
        """Return the files that may count: those with most of the assignment's functions, or else by their names.

        Raises:
            Refused: there is none, or which one is meant cannot be said.
        """
        candidates = self.files.candidates
        read = self.read(each for each in candidates if suffix_of(each.name) in CODE)
        found = _with_functions(read)
        if not found:
            found = _with_functions(self.read(each for each in candidates if suffix_of(each.name) not in CODE))
        found = self._importing(found, read)
        if found:
            self._say_what_they_lack(each for each in read if each.candidate.named and each not in found)
            return found
        others = [each for each in read if each.content.of_another]
        self.reasons += [f"{each.shown} is a file of assignment {each.content.of_another}." for each in others]
        unknown = [each for each in read if not each.content.of_another]
        named = [each for each in unknown if each.candidate.named]
        if named:
            self._say_what_they_lack(named)
            return named
        near = [each for each in unknown if not each.candidate.entry.folders]
        if len(near) > 1:
            names = ", ".join(each.shown for each in near)
            raise Refused(f"There is no {self.expected}, and which of {names} counts is not guessed.")
        if not near:
            reasons = [*self.files.notes, *self.reasons]
            other = [*(each.shown for each in unknown), *self.files.others]
            raise Refused(" ".join(reasons) or nothing_there(self.submissions.source_name, other))
        self._say_what_they_lack(near)
        return near

    def _importing(self, found: list[_Read], read: list[_Read]) -> list[_Read]:
        """Return those files that import others in place of the others, however many functions a helper has."""
        imported = [self._imported_by(each, read) for each in read] if len(read) > 1 else []
        mains: list[_Read] = []
        for each in found:
            by = [one for one, names in zip(read, imported, strict=False) if each in names and not each.candidate.named]
            mains += [one for one in by or [each] if one not in mains]
        return mains

    def _imported_by(self, each: _Read, read: list[_Read]) -> list[_Read]:
        if each.content.of_another or not (each.content.functions or each.candidate.named):
            return []
        beside = paths_beside(each.candidate, (other.candidate for other in read))
        names = imported_names(decode(each.data))
        imported = [candidate for path, candidate in beside.items() if first_name(path) in names]
        return [other for other in read if other.candidate in imported]

    def helpers_of(self, counts: _Read, filename: str) -> tuple[Helpers, list[Candidate]]:
        """Return what the file that counts imports, which is then called `filename`, and where it was found."""
        beside = paths_beside(counts.candidate, self.files.candidates)

        def read(path: str) -> bytes:
            try:
                return self.submissions.source.read(beside[path].entry, self.submissions.limits.file)
            except Refused as refused:
                raise ValueError(str(refused)) from None

        handed_out = [path.name for path in self.folder.glob("*.py")]
        helpers = choose_helpers(Path(filename), counts.data, beside, read, handed_out)
        used = [helper.path for helper in helpers.files]
        if used:
            self.notes.append(f"{counts.shown} imports {some(used, _MAX_SHOWN)}.")
        return helpers, [beside[path] for path in used]

    def _say_what_they_lack(self, read: Iterable[_Read]) -> None:
        """Note of files that count, or that seem to by their names, why they are worth nothing."""
        for each in read:
            if each.content.empty:
                self.notes.append(f"{each.shown} is empty.")
            elif not each.content.functions and self.folder.name in functions_by_assignment(self.folder.parent):
                self.notes.append(f"{each.shown} has none of the functions of assignment {self.folder.name}.")
        self.notes += self.reasons

    def of_last_attempt(self, found: list[_Read]) -> list[_Read]:
        last = max(each.candidate.attempt for each in found)
        return self._keep([each for each in found if each.candidate.attempt == last], found, "of an earlier attempt")

    def of_this_assignment(self, found: list[_Read]) -> list[_Read]:
        """Return them without copies in the folder of another assignment, as nbgrader's trees have them."""
        others = functions_by_assignment(self.folder.parent).keys() - {self.folder.name}
        kept = [each for each in found if not others.intersection(each.candidate.entry.folders)]
        return self._keep(kept, found, "in the folder of another assignment") if kept else found

    def _keep(self, kept: list[_Read], found: list[_Read], why_not: str) -> list[_Read]:
        if dropped := ", ".join(each.shown for each in found if each not in kept):
            self.notes.append(f"Not graded, as {why_not}: {dropped}.")
        return kept

    def edited(self, found: list[_Read], code_digest: Callable[[bytes, str], str] | None) -> list[_Read]:
        """Return them without files that are as they were handed out; where all are, the modules, if there are any.

        A notebook that was only opened and saved differs in its text, not in its code. To see that, its cells must be
        read: `code_digest` is `digest_of_code` of bytes and file name, computed where hostile input may be parsed.
        """
        originals = read_manifest(self.folder)
        if len(found) < 2 or not originals:
            return found
        edited = [each for each in found if not self._is_original(each, originals, code_digest)]
        kept = edited or [each for each in found if each.content.suffix == ".py"] or found
        counts = f"{kept[0].shown} counts; " if len(kept) == 1 else ""
        self.notes += [f"{counts}{each.shown} is as it was handed out." for each in found if each not in kept]
        return kept

    def _is_original(
        self, each: _Read, originals: dict[str, dict[str, str]], code_digest: Callable[[bytes, str], str] | None
    ) -> bool:
        name = self.submissions.source_name + each.content.suffix
        if digest(decode(each.data)) == originals.get("text", {}).get(name):
            return True
        if code_digest is not None and each.content.suffix == ".ipynb":
            with contextlib.suppress(ValueError):  # not a notebook: it was edited
                return code_digest(each.data, name) == originals.get("code", {}).get(name)
        return False

    def newest(self, found: list[_Read]) -> _Read:
        """Return the newest of the modules, or of the notebooks.

        Raises:
            Refused: there are both.
        """
        kinds = [[each for each in found if each.content.suffix == suffix] for suffix in CODE]
        newest = [self._newest(kind) for kind in kinds if kind]
        if len(newest) > 1:
            both = " and ".join(each.shown for each in newest)
            raise Refused(f"Both {both} differ from what was handed out, and which one counts is not guessed.")
        return newest[0]

    def _newest(self, found: list[_Read]) -> _Read:
        latest = max(each.candidate.entry.modified for each in found)

        def age(each: _Read) -> tuple[int, bool, bool, float, int, tuple[str, ...]]:
            candidate, entry = each.candidate, each.candidate.entry
            fresh = entry.modified >= latest - _SAME_AGE_SECONDS
            copy = copy_number(Path(candidate.name).stem)[1]
            return candidate.number, fresh, candidate.named, entry.modified, copy, entry.parts

        ordered = sorted(found, key=age)
        if len(ordered) > 1:
            older = ", ".join(each.shown for each in ordered[:-1])
            self.notes.append(f"{ordered[-1].shown} counts as the newest; not graded: {older}.")
        return ordered[-1]
