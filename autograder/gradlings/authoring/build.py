"""`gradlings build`: make what students get in `assignments/NN/` from `solutions/NN/`.

Built files carry no solution. An edited file is overwritten only with `force`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gradlings.authoring.assignment import Assignment
from gradlings.authoring.notebooks import stub_notebook
from gradlings.authoring.source import hints_page, solved_page, stub_module
from gradlings.checks.misconception_match import recorded, same_observed
from gradlings.model.errors import InputError
from gradlings.model.files import write_atomically
from gradlings.model.misconceptions import FILE as SHIPPED
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import Verdict
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission.cells import decode_file, encode_file
from gradlings.submission.exercise_text import SOLVED
from gradlings.submission.manifest import MANIFEST, digest, digest_of_code, read_manifest
from gradlings.submission.reader import from_source


@dataclass(frozen=True)
class WriteResult:
    """What a build did with one file."""

    path: Path
    state: Literal["written", "current", "stale", "kept"]
    """"stale" differs and was not written because of --check; "kept" was edited and not overwritten."""


def build(assignment: Assignment, *, check: bool = False, force: bool = False) -> Iterator[WriteResult]:
    """Build every file of an assignment, and yield what was done with each.

    With `check` nothing is written and stale files are reported; with `force` edited files are overwritten, too.

    Raises:
        InputError: a catalogue is not as it must be or a misconception has no hint (nothing is written then), or the
            solution fails its own checks.
    """
    assignment.misconceptions()
    recorded = read_manifest(assignment.folder).get("text", {})
    code: dict[str, str] = {}
    whole: dict[str, str] = {}
    for name, text in _code_files(assignment).items():
        path = assignment.folder / name
        code[name], whole[name] = digest_of_code(name, text), digest(text)
        keep = not force and is_edited(path, recorded.get(name), whole[name])
        yield write_text(path, text, check=check, keep=keep)
    yield write_text(assignment.folder / "hints.md", hints_page(assignment.main), check=check)
    yield write_text(assignment.folder / SOLVED, solved_page(assignment.main), check=check)
    manifest = {"title": assignment.main.title, "code": code, "text": whole}
    yield write_text(assignment.folder / MANIFEST, json.dumps(manifest, indent=1) + "\n", check=check)
    yield _build_misconceptions(assignment, check=check)


def _code_files(assignment: Assignment) -> dict[str, str]:
    files = {}
    for source in assignment.sources:
        files[f"{source.path.stem}.py"] = stub_module(source)
        if source.has_solutions:
            files[f"{source.path.stem}.ipynb"] = stub_notebook(source)
    return files


def is_edited(path: Path, *digests: str | None) -> bool:
    """Whether there is a file whose content has none of the digests."""
    return path.is_file() and digest(decode_file(path.read_bytes())) not in digests


def write_text(path: Path, text: str, *, check: bool = False, keep: bool = False) -> WriteResult:
    """Write a file whose content differs from `text`, unless `check` or `keep` says not to."""
    if path.is_file() and decode_file(path.read_bytes()) == text:
        return WriteResult(path, "current")
    if check or keep:
        return WriteResult(path, "stale" if check else "kept")
    write_atomically(path, encode_file(text))
    return WriteResult(path, "written")


def _build_misconceptions(assignment: Assignment, *, check: bool) -> WriteResult:
    """Record what every misconception gives on the public probes; compare by value, as floats differ by machine."""
    path = assignment.folder / SHIPPED
    with collected_checks(assignment.folder, mode=RunMode.PROOF) as grader:
        data = _shipped_data(assignment, grader)
    current = None
    with suppress(OSError, ValueError):
        current = json.loads(path.read_text(encoding="utf-8"))
    if same_observed(current, data) and same_observed(data, current):
        return WriteResult(path, "current")
    return write_text(path, _compact(data), check=check)


def _shipped_data(assignment: Assignment, grader: Grader) -> dict[str, Any]:
    """Return what `misconceptions.json` holds: by id the misconceptions with their hints, and what each entry gives."""
    source = assignment.main
    solution = grader.grade(from_source(source.text, source.path), source.checks_file, seed=0).scorecard
    if not solution.full_marks:
        failing = ", ".join(score.id for score in solution.exercises if not score.solved)
        raise InputError(
            f"The solution in {source.path} fails its own checks ({failing}): no misconceptions were recorded. "
            f"See `gradlings verify {assignment.id}`."
        )
    checks: dict[str, list[Any]] = {}
    for entry in assignment.catalogue("misconceptions"):
        submission = from_source(entry.submission(source.text), source.path)
        graded = grader.grade(submission, source.checks_file, seed=0, only=(entry.exercise,))
        for score in graded.scorecard.exercises:
            for result in score.checks:
                key = f"{score.id}::{result.check}"
                seen = recorded(graded.examinations[key]) if result.verdict is not Verdict.PASS else None
                listed = checks.setdefault(key, [])
                row = {"id": entry.id, "observed": seen}
                if row not in listed:
                    listed.append(row)
    told = {each.id: {"sentence": each.sentence, "hint": each.hint} for each in assignment.misconceptions()}
    return {"misconceptions": told, "checks": checks}


def _compact(data: dict[str, Any]) -> str:
    """Write one line an entry: small, and a readable diff."""

    def rows(entries: list[Any]) -> str:
        return ",\n".join(f"  {json.dumps(entry)}" for entry in entries)

    told = ",\n".join(f"  {json.dumps(id)}: {json.dumps(row)}" for id, row in data["misconceptions"].items())
    checks = ",\n".join(f" {json.dumps(check)}: [\n{rows(entries)}\n ]" for check, entries in data["checks"].items())
    return f'{{"misconceptions": {{\n{told}\n}},\n"checks": {{\n{checks}\n}}}}\n'
