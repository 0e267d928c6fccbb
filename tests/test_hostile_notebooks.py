"""Hostile notebooks through nbgrader's own commands, in one class with honest ones.

Nobody gets a point that was not earned, the run goes on, and no page or row of the gradebook is the student's to write.
`test_nbgrader.py` has the class in which not everybody is honest; `test_attacks.py` what code does to its worker.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from collections import Counter
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell
from nbgrader.api import MissingEntry
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.server_extensions.formgrader.handlers import template_path
from traitlets.config import Config

from course_kit import ASSIGNMENT, NOTEBOOK, Course, answered, as_if_in
from hostile_notebooks import BESIDE, BLANK, FULL, HOSTILE, MARK, Scores
from student_kit import RIGHT, Kit
from telling_corpus import HIDDEN, TOLD, telling

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="grading for marks needs Linux"),
    pytest.mark.filterwarnings("ignore::nbformat.warnings.DuplicateCellId"),
]

TELLING = ("a message", "output of a failure", "a value", "lines of code", "a forged failure")
"""Channels that bring a hidden probe to light; `test_hidden_probes.py` tries all of them with `gradlings grade`."""
HONEST = ("abe", "honest", "zoe")
"""Before, between and after the others: nbgrader takes the alphabetical order."""


def tells(channel: str) -> str:
    """A notebook that tells what it met; the released one has nothing to do with it."""
    cells = [new_code_cell(telling(channel, 100_000.0))]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@dataclass(frozen=True)
class Graded:
    """The class after autograde and generate_feedback."""

    course: Course
    before: dict[Path, bytes]
    """What lay in the instructor's folders before."""
    log: str

    def scores(self, student: str) -> Scores:
        try:
            return self.course.scores(student)
        except MissingEntry:  # nbgrader itself refused it before there was a row
            return BLANK

    def pages(self, student: str) -> list[str]:
        """The page of feedback, and that of the formgrader, as its handler makes it; none if nbgrader has none."""
        notebook = self.course.root / "autograded" / student / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
        if not notebook.is_file():
            assert not (self.course.root / "feedback" / student).exists()
            return []
        config = Config()
        config.HTMLExporter.template_name = "formgrade"
        config.HTMLExporter.extra_template_basedirs = [template_path]
        names = ("submission_id", "assignment_id", "notebook_id", "base_url", "student", "last_name", "first_name")
        resources = {**dict.fromkeys((*names, "notebook_path"), ""), "index": 0, "total": 1}
        page, _ = HTMLExporter(config=config).from_filename(str(notebook), resources=resources)
        return [self.course.feedback(student), page]


def instructors_files(course: Course) -> dict[Path, bytes]:
    paths = [path for name in ("source", "release", "hidden") for path in (course.root / name).rglob("*")]
    paths.append(course.root / "nbgrader_config.py")
    return {path: path.read_bytes() for path in paths if path.is_file()}


@pytest.fixture(scope="module")
def graded(built_kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    course = Course.made(built_kit, tmp_path_factory.mktemp("hostile") / "course")
    (course.root / "hidden" / ASSIGNMENT).mkdir(parents=True, exist_ok=True)
    (course.root / "hidden" / ASSIGNMENT / "hidden.py").write_text(HIDDEN)
    contents = {name: make(course) for name, (_, make) in HOSTILE.items()}
    contents |= {f"tells_{number}": tells(channel) for number, channel in enumerate(TELLING)}
    contents |= {name: answered(course, **RIGHT) for name in HONEST}
    for name, content in contents.items():
        folder = course.hand_in(name, answered(course))
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{NOTEBOOK}.ipynb").write_text(text, encoding="utf-8")
        if name in BESIDE:
            BESIDE[name](course, folder)
    before, said = instructors_files(course), io.StringIO()
    with contextlib.redirect_stderr(said):
        course.nbgrader("autograde", ASSIGNMENT, fails=True)  # since some notebooks cannot be read
        course.nbgrader("generate_feedback", ASSIGNMENT)
    return Graded(course, before, said.getvalue())


def test_nobody_gets_what_was_not_earned_and_the_honest_get_all(graded: Graded) -> None:
    expected = {name: scores for name, (scores, _) in HOSTILE.items()} | dict.fromkeys(HONEST, FULL)
    assert {name: graded.scores(name) for name in expected} == expected
    for number, channel in enumerate(TELLING):
        scores = graded.scores(f"tells_{number}")
        assert sum(score or 0 for score in scores.values()) <= 15, f"{channel}: {scores}"


def test_whoever_has_no_score_is_named_in_the_log(graded: Graded) -> None:
    for name, (scores, _) in HOSTILE.items():
        if scores == BLANK:
            named = [f"for student '{name}'", f"{NOTEBOOK} of {name}: "]
            assert any(text in graded.log for text in named), name


def test_no_page_holds_a_script_of_a_student(graded: Graded) -> None:
    known = [_Active.in_page(page) for page in graded.pages("zoe")]
    assert all(known)  # the pages do have scripts, of nbgrader's own
    for name in HOSTILE:
        for page, ours in zip(graded.pages(name), known, strict=False):
            assert _Active.in_page(page) - ours == Counter(), name


def test_no_page_and_no_notebook_holds_a_hidden_probe(graded: Graded) -> None:
    folders = [
        graded.course.root / name / f"tells_{n}" for name in ("autograded", "feedback") for n in range(len(TELLING))
    ]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) >= 2 * len(TELLING)
    for path in [*files, graded.course.root / "gradebook.db"]:
        assert re.search(rf"\b12345[67]|{TOLD}".encode(), path.read_bytes()) is None, path


def test_the_gradebook_is_sound(graded: Graded) -> None:
    course = graded.course
    for student in (*HOSTILE, *HONEST):
        grades = course.grades(student) if graded.scores(student) is not BLANK else {}
        for name, (auto, manual, by_hand) in grades.items():
            assert manual is None
            assert by_hand == (auto is None)
            assert auto is None or 0 <= auto <= (FULL[name] or 0)
    with as_if_in(course.root):
        shown = NbGraderAPI(CourseDirectory(root=str(course.root))).get_submissions(ASSIGNMENT)
    json.dumps(shown, allow_nan=False)
    assert {entry["student"] for entry in shown} >= {*HOSTILE, *HONEST}
    exported = course.exported()
    assert "nan" not in exported.lower()
    assert MARK not in exported


def test_notebooks_are_valid_and_nothing_else_was_touched(graded: Graded) -> None:
    root = graded.course.root
    for student in (*HOSTILE, *HONEST):
        path = root / "autograded" / student / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
        if path.is_file():
            notebook = nbformat.read(str(path), as_version=4)
            nbformat.validate(notebook)
            ids = [cell.metadata.nbgrader.grade_id for cell in notebook.cells if "nbgrader" in cell.metadata]
            assert sorted(set(ids)) == sorted(ids), student
            assert set(ids) >= set(FULL), student
    assert instructors_files(graded.course) == graded.before
    assert not (root / "started").exists()
    secrets = [path for path in (root / "feedback").rglob("*") if path.name in ("probes.txt", "book.db")]
    assert secrets == []


class _Active(HTMLParser):
    """Collects what of a page a browser may run or load, by name and attributes."""

    _TAGS = (
        *("script", "style", "link", "meta", "base", "iframe", "object", "embed"),
        *("form", "input", "button", "svg", "math", "video", "audio"),
    )

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[tuple[str, ...]] = Counter()
        self._in_script = False

    @classmethod
    def in_page(cls, page: str) -> Counter[tuple[str, ...]]:
        parser = cls()
        parser.feed(page)
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            address = re.sub(r"[\x00-\x20]", "", value or "").lower()
            runs = name in ("href", "src", "action") and not re.match(
                r"https?:|data:image/(png|jpeg|gif)|[^:]*$", address
            )
            if name.startswith("on") or name in ("srcdoc", "formaction") or runs:
                self.found[tag, name, value or ""] += 1
        if tag in self._TAGS:
            self.found[tag, *(f"{name}={value}" for name, value in attrs)] += 1
        self._in_script = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script and MARK in data:
            self.found["script", data] += 1
