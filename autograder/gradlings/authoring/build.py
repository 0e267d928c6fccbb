"""`gradlings build`: from `solutions/NN/` makes what students get in `assignments/NN/`.

Built files carry no solution. A file that somebody edited is never overwritten unless asked to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradlings.authoring.catalogue import CatalogueEntry, load_catalogue
from gradlings.authoring.misconception_hints import misconceptions
from gradlings.authoring.notebooks import stub_notebook
from gradlings.authoring.source import Source, hints_page, read_source, stub_module
from gradlings.checks.hidden_probes import FILE as HIDDEN
from gradlings.checks.hidden_probes import Hidden, checks_of, read_hidden
from gradlings.checks.misconception_match import FILE as SHIPPED
from gradlings.checks.misconception_match import observed, same_observed
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise, read_exercises
from gradlings.model.misconceptions import Misconception
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import Verdict
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission.cells import decode
from gradlings.submission.manifest import MANIFEST, digest, digest_of_code, read_manifest
from gradlings.submission.reader import from_source

_NO_TOPICS = ("misconceptions", "variants", Path(HIDDEN).stem)


@dataclass(frozen=True)
class Topic:
    """One source with its checks."""

    source: Source
    exercises: tuple[Exercise, ...]
    checks_file: Path


@dataclass(frozen=True)
class Assignment:
    """One assignment as its author keeps it."""

    id: str
    solutions: Path
    folder: Path
    topics: tuple[Topic, ...]

    @property
    def main(self) -> Topic:
        """The topic that has solutions to hide; the warm-up has none."""
        return next((topic for topic in self.topics if topic.source.has_solutions), self.topics[0])

    def catalogue(self, name: str) -> tuple[CatalogueEntry, ...]:
        """The entries of `misconceptions` or `variants`.

        Raises:
            InputError: an entry belongs to no exercise, or defines none of its functions.
        """
        path = self.solutions / f"{name}.py"
        entries = load_catalogue(path)
        functions = {exercise.id: exercise.functions for exercise in self.main.exercises}
        for entry in entries:
            if entry.function not in functions.get(entry.exercise, ()):
                raise InputError(f"{path}: {entry.name!r} defines {entry.function}, not of exercise {entry.exercise}")
        return entries

    def misconceptions(self) -> tuple[Misconception, ...]:
        """The named misconceptions, each with the hint that its author wrote.

        Raises:
            InputError: a misconception has no hint.
        """
        found = misconceptions(self.catalogue("misconceptions"))
        without = ", ".join(
            f"{misconception.exercise} {misconception.name!r}" for misconception in found if not misconception.hint
        )
        if without:
            raise InputError(
                f"{self.solutions / 'misconceptions.py'}: no hint for {without}. "
                'Add hint="..." there: something to try that uncovers the misconception, never the solution.'
            )
        return found

    def hidden(self) -> Hidden:
        """The hidden probes of the assignment.

        Raises:
            InputError: they cannot be used.
        """
        path = self.solutions / HIDDEN
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        return read_hidden(text, path, checks_of(self.main.exercises))


@dataclass(frozen=True)
class WriteResult:
    """What a build did with one file."""

    path: Path
    state: str
    """"written", "current", "stale" (with --check) or "kept" (edited, not overwritten)."""


def find_assignments(root: Path, ids: tuple[str, ...] = ()) -> list[Assignment]:
    """The assignments under `root/solutions`, all or the given ones.

    Raises:
        InputError: an id is unknown, or a source is not as it must be.
    """
    present = {path.name: path for path in sorted((root / "solutions").glob("[0-9]*")) if path.is_dir()}
    if not present:
        raise InputError(f"There is no solutions/ folder with assignments in {root}. Run this where it is.")
    unknown = [id for id in ids if id not in present]
    if unknown:
        raise InputError(f"No assignment {', '.join(unknown)} in {root / 'solutions'}; there are {', '.join(present)}.")
    return [_read_assignment(root, present[id]) for id in (ids or tuple(present))]


def _read_assignment(root: Path, solutions: Path) -> Assignment:
    folder = root / "assignments" / solutions.name
    topics = []
    for path in sorted(solutions.glob("*.py")):
        if path.stem not in _NO_TOPICS:
            checks_file = folder / f"test_{path.stem}.py"
            if not checks_file.is_file():
                raise InputError(f"{path} has no checks: {checks_file} is missing")
            exercises = read_exercises(checks_file)
            topics.append(Topic(read_source(path, exercises), exercises, checks_file))
    if not topics:
        raise InputError(f"{solutions} holds no source")
    return Assignment(solutions.name, solutions, folder, tuple(topics))


def build(assignment: Assignment, *, check: bool = False, force: bool = False) -> Iterator[WriteResult]:
    """Builds every file of an assignment.

    Args:
        check: writes nothing; says which files are stale.
        force: overwrites edited files, too.

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
        edited = path.is_file() and digest(decode(path.read_bytes())) not in (recorded.get(name), whole[name])
        yield _write(path, text, check=check, keep=edited and not force)
    yield _write(assignment.folder / "hints.md", hints_page(assignment.main.source), check=check)
    manifest = {"title": assignment.main.source.title, "code": code, "text": whole}
    yield _write(assignment.folder / MANIFEST, json.dumps(manifest, indent=1) + "\n", check=check)
    yield _build_misconceptions(assignment, check=check)


def _code_files(assignment: Assignment) -> dict[str, str]:
    files = {}
    for topic in assignment.topics:
        files[f"{topic.source.path.stem}.py"] = stub_module(topic.source, topic.exercises)
        if topic.source.has_solutions:
            files[f"{topic.source.path.stem}.ipynb"] = stub_notebook(topic.source, topic.exercises)
    return files


def _write(path: Path, text: str, *, check: bool, keep: bool = False) -> WriteResult:
    current = decode(path.read_bytes()) if path.is_file() else None
    if current == text:
        return WriteResult(path, "current")
    if check:
        return WriteResult(path, "stale")
    if keep:
        return WriteResult(path, "kept")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return WriteResult(path, "written")


def _build_misconceptions(assignment: Assignment, *, check: bool) -> WriteResult:
    """The outcomes of every misconception on the public probes; compared by value, as floats differ by machine."""
    path = assignment.folder / SHIPPED
    with collected_checks(assignment.folder, mode=RunMode.PROOF) as grader:
        made = shipped_data(assignment, grader)
    try:
        current = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        current = None
    if current is not None and same_observed(current, made):
        return WriteResult(path, "current")
    if check:
        return WriteResult(path, "stale")
    path.write_text(_compact(made), encoding="utf-8", newline="\n")
    return WriteResult(path, "written")


def shipped_data(assignment: Assignment, grader: Grader) -> dict[str, Any]:
    """What `misconceptions.json` holds: sentences, misconceptions with hints, and per check what each entry gives."""
    topic = assignment.main
    solution = grader.grade(from_source(topic.source.text, topic.source.path), topic.checks_file, seed=0).scorecard
    if not solution.full_marks:
        failing = ", ".join(score.id for score in solution.exercises if not score.solved)
        raise InputError(
            f"The solution in {topic.source.path} fails its own checks ({failing}): no misconceptions were recorded. "
            f"See `gradlings verify {assignment.id}`."
        )
    sentences: list[str] = []
    checks: dict[str, list[Any]] = {}
    for entry in assignment.catalogue("misconceptions"):
        submission = from_source(entry.submission(topic.source.text), topic.source.path)
        graded = grader.grade(submission, topic.checks_file, seed=0, only=(entry.exercise,))
        if entry.sentence not in sentences:
            sentences.append(entry.sentence)
        for score in graded.scorecard.exercises:
            for result in score.checks:
                key = f"{score.id}::{result.check}"
                seen = observed(graded.examinations[key]) if result.verdict is not Verdict.PASS else None
                listed = checks.setdefault(key, [])
                row = {"says": sentences.index(entry.sentence), "observed": seen}
                if row not in listed:
                    listed.append(row)
    named = [
        {"exercise": m.exercise, "name": m.name, "says": sentences.index(m.sentence), "hint": m.hint}
        for m in assignment.misconceptions()
    ]
    return {"sentences": sentences, "misconceptions": named, "checks": checks}


def _compact(data: dict[str, Any]) -> str:
    """One line an entry: small, and a readable diff."""
    rows = [
        f" {json.dumps(check)}: [\n" + ",\n".join("  " + json.dumps(entry) for entry in entries) + "\n ]"
        for check, entries in data["checks"].items()
    ]
    sentences = ",\n".join("  " + json.dumps(sentence) for sentence in data["sentences"])
    named = ",\n".join("  " + json.dumps(misconception) for misconception in data["misconceptions"])
    head = '{"sentences": [\n' + sentences + '\n],\n"misconceptions": [\n' + named + "\n],\n"
    return head + '"checks": {\n' + ",\n".join(rows) + "\n}}\n"
