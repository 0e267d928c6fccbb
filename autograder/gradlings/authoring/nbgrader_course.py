"""`gradlings course DIR`: write an nbgrader course with the assignments as notebooks.

    DIR/nbgrader_config.py    short enough to read; yours to change
    DIR/source/NN/            the notebook with solutions, and what `check` needs beside it
    DIR/hidden/NN/            hidden probes, and what feedback says of solved exercises; never released

Everything else in the folder is nbgrader's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from gradlings.authoring.assignment import Assignment
from gradlings.authoring.build import WriteResult, is_edited, write_text
from gradlings.authoring.notebooks import course_notebook
from gradlings.checks.hidden_probes import FILE as HIDDEN
from gradlings.model.exercise import PATH_FILE
from gradlings.submission.cells import decode, decode_file
from gradlings.submission.exercise_text import SOLVED
from gradlings.submission.given.named_paths import EVERYTHING, SETTINGS_FILE, named_path, setting, settings_text
from gradlings.submission.given.on_path import assignment_path
from gradlings.submission.manifest import MANIFEST, digest, read_manifest

CONFIG = "nbgrader_config.py"
_NOT_SHIPPED = (".ipynb", ".pyc", ".png", ".html")


def write_course(
    root: Path, assignments: list[Assignment], path: str = "", *, force: bool = False
) -> Iterator[WriteResult]:
    """Write the course, or bring it up to date; edited files are kept unless `force` is given.

    Args:
        root: the folder of the course.
        assignments: what is in it.
        path: the name of the path that the course is on, or "all"; the one that its settings name if none.
        force: whether edited files are overwritten, too.

    Raises:
        InputError: there is no such path.
    """
    wanted = path or setting(root) or EVERYTHING
    on = named_path(assignments[0].folder.parent, wanted)
    if wanted != (setting(root) or EVERYTHING):
        yield write_text(root / SETTINGS_FILE, settings_text(wanted))

    def write(path: Path, text: str, recorded: str | None = None) -> WriteResult:
        return write_text(path, text, keep=not force and is_edited(path, recorded))

    config = files("gradlings.authoring").joinpath("nbgrader_config.py.txt").read_text(encoding="utf-8")
    yield write(root / CONFIG, config.replace("COURSE", re.sub(r"[^\w.-]", "-", root.name)))
    for assignment in assignments:
        folder = root / "source" / assignment.id
        if on and not on.of(assignment.folder):
            continue  # all of it is given
        texts = {f"{assignment.main.path.stem}.ipynb": course_notebook(assignment.main, on)}
        texts |= {path.name: decode_file(path.read_bytes()) for path in _shipped(assignment)}
        if on:
            texts[PATH_FILE] = assignment_path(assignment.folder, on, assignment.folder.parent.parent).to_json()
        else:
            (folder / PATH_FILE).unlink(missing_ok=True)
        recorded = read_manifest(folder).get("text", {})
        for name, text in texts.items():
            yield write(folder / name, text, recorded.get(name))
        manifest = {"title": assignment.main.title, "text": {name: digest(text) for name, text in texts.items()}}
        yield write_text(folder / MANIFEST, json.dumps(manifest, indent=1) + "\n")
        for unreleased in (assignment.solutions / HIDDEN, assignment.folder / SOLVED):
            if unreleased.is_file():
                yield write(root / "hidden" / assignment.id / unreleased.name, decode(unreleased.read_bytes()))


def _shipped(assignment: Assignment) -> list[Path]:
    """List the files beside the notebook: checks, drivers, hints, misconceptions, data. No stub modules."""
    stubs = {f"{source.path.stem}.py" for source in assignment.sources}
    warm_ups = {source.checks_file.name for source in assignment.sources if source is not assignment.main}
    names = {MANIFEST, SOLVED, *stubs, *warm_ups}
    present = (path for path in sorted(assignment.folder.glob("[!.]*")) if path.is_file())
    return [path for path in present if path.suffix not in _NOT_SHIPPED and path.name not in names]
