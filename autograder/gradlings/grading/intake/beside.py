"""What lies beside a file that a student handed in: files that it can import, whatever the LMS made of folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from gradlings.grading.intake.collect import Candidate
from gradlings.grading.intake.names import original_stem, suffix_of


def paths_beside(main: Candidate, others: Iterable[Candidate]) -> dict[str, Candidate]:
    """Return the files of Python that a file can import, by their paths below its folder.

    What an LMS hands out without folders lay in one folder; a zip is the folder in which it lies. Of several files with
    one path, as of several attempts, the newest counts.
    """
    found: dict[str, Candidate] = {}
    for other in sorted(others, key=lambda other: (other.attempt, other.number, other.entry.modified)):
        path = _path(main, other)
        if path and other is not main and suffix_of(other.name) == ".py" and other.attempt == main.attempt:
            found[path] = other
    return found


def _path(main: Candidate, other: Candidate) -> str:
    """Return the path of a file below the folder of another, or ""."""
    if other.entry.is_loose and not other.entry.zip:
        name = PurePath(other.name)
        plain = name.stem.isidentifier()
        beside = main.entry.is_loose and not main.entry.zip
        return f"{name.stem if plain else original_stem(other.name)}.py" if beside else ""
    folder = main.entry.parts[:-1]
    parts = other.entry.parts
    if parts[: len(folder)] != folder:
        return ""
    archive = other.entry.zip.parts[-1] if other.entry.zip else ""
    return "/".join(part for part in parts[len(folder) :] if part != archive)
