"""An nbgrader course of the tiny kit, and nbgrader's own commands on it, in this process."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import nbformat
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderApp
from traitlets.config import Application

from student_kit import Kit

ASSIGNMENT, NOTEBOOK = "09", "tiny"
KERNEL_TIMEOUTS = {"timeout": 400, "startup_timeout": 400, "iopub_timeout": 100}
"""Seconds that nbgrader's own Execute gives a kernel in tests: importing torch takes long on a busy machine."""


@dataclass
class Course:
    """A course folder, made by `gradlings course`."""

    root: Path

    @classmethod
    def made(cls, kit: Kit, root: Path) -> Course:
        """A course with its assignment generated; `kit` has the solutions."""
        done = kit.gradlings("course", str(root), "--root", str(kit.root))
        assert done.code == 0, done.said
        course = cls(root)
        course.nbgrader("generate_assignment", ASSIGNMENT)
        return course

    @classmethod
    def copied(cls, source: Course, root: Path) -> Course:
        shutil.copytree(source.root, root, dirs_exist_ok=True)
        return cls(root)

    @property
    def source(self) -> Path:
        return self.root / "source" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"

    @property
    def released(self) -> Path:
        return self.root / "release" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.root / 'gradebook.db'}"

    def nbgrader(self, *arguments: str, fails: bool = False) -> None:
        """A command of nbgrader, as its entry point runs it."""
        with as_if_in(self.root):
            try:
                NbGraderApp.launch_instance(argv=list(arguments))
                failed = False
            except SystemExit as end:
                failed = bool(end.code)
            finally:
                while Application.initialized():
                    type(Application.instance()).clear_instance()
        assert failed == fails, f"nbgrader {' '.join(arguments)}"

    def hand_in(self, student: str, notebook: nbformat.NotebookNode, at: str = "2026-11-25 10:00:00 UTC") -> Path:
        """What `nbgrader collect` leaves of a submission."""
        folder = self.root / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "timestamp.txt").write_text(at, encoding="utf-8")
        (folder / f"{NOTEBOOK}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        return folder

    def scores(self, student: str) -> dict[str, float | None]:
        """Automatic scores by grade id; None is a score that is left to a person."""
        return {name: auto for name, (auto, _, _) in self.grades(student).items()}

    def grades(self, student: str) -> dict[str, tuple[float | None, float | None, bool]]:
        """Automatic score, manual score, and whether a person is to look at it, by grade id."""
        with Gradebook(self.url) as gradebook:
            submission = gradebook.find_submission(ASSIGNMENT, student)
            return {
                grade.name: (grade.auto_score, grade.manual_score, bool(grade.needs_manual_grade))
                for notebook in submission.notebooks
                for grade in notebook.grades
            }

    def feedback(self, student: str) -> str:
        """The page that `nbgrader generate_feedback` made."""
        return (self.root / "feedback" / student / ASSIGNMENT / f"{NOTEBOOK}.html").read_text(encoding="utf-8")

    def exported(self) -> str:
        self.nbgrader("export", "--to", "exported.csv")
        return (self.root / "exported.csv").read_text(encoding="utf-8")


def answered(course: Course, **bodies: str) -> nbformat.NotebookNode:
    """The released notebook with some functions filled in."""
    notebook: nbformat.NotebookNode = nbformat.read(str(course.released), as_version=4)
    for name, body in bodies.items():
        cell = next(cell for cell in notebook.cells if cell.cell_type == "code" and f"def {name}(" in cell.source)
        head, _, _ = cell.source.partition("    # YOUR CODE HERE")
        assert head != cell.source
        cell.source = head + "\n".join(f"    {line}" for line in body.splitlines())
    return notebook


def cell_of(notebook: nbformat.NotebookNode, grade_id: str) -> nbformat.NotebookNode:
    cells: list[nbformat.NotebookNode] = notebook.cells
    return next(cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


@contextlib.contextmanager
def as_if_in(folder: Path) -> Iterator[None]:
    """The current folder, the commands of this Python, and no settings of the person who runs the tests."""
    before = Path.cwd()
    environment = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "JUPYTER_CONFIG_DIR": str(folder / ".jupyter-config"),
        "JUPYTER_DATA_DIR": str(folder / ".jupyter-data"),
        "JUPYTER_RUNTIME_DIR": str(folder / ".jupyter-runtime"),
        "IPYTHONDIR": str(folder / ".ipython"),
    }
    try:
        os.chdir(folder)
        with mock.patch.dict(os.environ, environment):
            yield
    finally:
        os.chdir(before)
