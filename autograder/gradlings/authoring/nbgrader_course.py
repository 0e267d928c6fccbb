"""`gradlings course DIR`: an nbgrader course with the assignments as notebooks.

    DIR/nbgrader_config.py    short enough to read; yours to change
    DIR/source/NN/            the notebook with solutions, and what `check` needs beside it
    DIR/hidden/NN/            hidden probes, where there are any; never released

Everything else in the folder is nbgrader's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from gradlings.authoring.build import Assignment, WriteResult
from gradlings.authoring.notebooks import course_notebook
from gradlings.checks.hidden_probes import FILE as HIDDEN
from gradlings.submission.cells import decode
from gradlings.submission.manifest import MANIFEST, digest, read_manifest

CONFIG = "nbgrader_config.py"
_NOT_SHIPPED = (".ipynb", ".pyc", ".png")


def write_course(root: Path, assignments: list[Assignment], *, force: bool = False) -> Iterator[WriteResult]:
    """Writes the course, or brings it up to date. What somebody edited is kept, unless `force` says otherwise."""
    config = files("gradlings.authoring").joinpath("nbgrader_config.py.txt").read_text(encoding="utf-8")
    config = config.replace("COURSE", re.sub(r"[^\w.-]", "-", root.name))
    yield _write(root / CONFIG, config, known=None, force=force)
    for assignment in assignments:
        yield from _write_assignment(root, assignment, force)


def _write_assignment(root: Path, assignment: Assignment, force: bool) -> Iterator[WriteResult]:
    folder = root / "source" / assignment.id
    topic = assignment.main
    texts = {f"{topic.source.path.stem}.ipynb": course_notebook(topic.source, topic.exercises)}
    texts |= {path.name: decode(path.read_bytes()) for path in _shipped(assignment)}
    known = read_manifest(folder).get("text", {})
    for name, text in texts.items():
        yield _write(folder / name, text, known=known.get(name, ""), force=force)
    manifest = {"title": topic.source.title, "text": {name: digest(text) for name, text in texts.items()}}
    yield _write(folder / MANIFEST, json.dumps(manifest, indent=1) + "\n", known=None, force=True)
    secret = assignment.solutions / HIDDEN
    if secret.is_file():
        text = decode(secret.read_bytes())
        yield _write(root / "hidden" / assignment.id / HIDDEN, text, known=None, force=force)


def _shipped(assignment: Assignment) -> list[Path]:
    """The files beside the notebook: checks, drivers, hints, what known misconceptions give, data. No stub modules."""
    stubs = {f"{topic.source.path.stem}.py" for topic in assignment.topics}
    warm_ups = {topic.checks_file.name for topic in assignment.topics if topic is not assignment.main}
    return [
        path
        for path in sorted(assignment.folder.iterdir())
        if path.is_file()
        and path.suffix not in _NOT_SHIPPED
        and path.name not in {MANIFEST, *stubs, *warm_ups}
        and not path.name.startswith(".")
    ]


def _write(path: Path, text: str, *, known: str | None, force: bool) -> WriteResult:
    """Writes a file; one that differs from what was last written (its digest is `known`) is kept."""
    current = decode(path.read_bytes()) if path.is_file() else None
    if current == text:
        return WriteResult(path, "current")
    if current is not None and not force and digest(current) != known:
        return WriteResult(path, "kept")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return WriteResult(path, "written")
