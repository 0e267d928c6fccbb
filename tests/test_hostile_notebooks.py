"""Hostile notebooks through nbgrader's own commands: one class, in which every second student means harm.

Nobody gets a point that was not earned, the run goes on, and no page or row of the gradebook is the student's to write.
`test_nbgrader.py` has the class in which not everybody is honest; `test_attacks.py` what code does to its worker.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbconvert.exporters import HTMLExporter
from nbgrader.api import MissingEntry
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.server_extensions.formgrader.handlers import template_path
from traitlets.config import Config

from course_kit import ASSIGNMENT, NOTEBOOK, Course, answered, as_if_in, cell_of
from student_kit import RIGHT, Kit
from telling_corpus import HIDDEN, TOLD, telling

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="grading for marks needs Linux")

FULL: dict[str, float | None] = {"ex-9-1": 10, "ex-9-2": 15, "ex-9-3": 5}
NOTHING: dict[str, float | None] = dict.fromkeys(FULL, 0)
BLANK: dict[str, float | None] = dict.fromkeys(FULL)
"""Left to a person, and named in nbgrader's log."""
MARK = "hostile("
"""In every piece of script that a notebook below holds."""
SCRIPT = f"<script>{MARK}1)</script>"
Scores = dict[str, float | None]
Maker = Callable[[Course], Any]
HOSTILE: dict[str, tuple[Scores, Maker]] = {}
"""By student: the scores, and what makes the content of the notebook: JSON, or text."""


def earns(scores: Scores) -> Callable[[Maker], Maker]:
    def add(make: Maker) -> Maker:
        HOSTILE[make.__name__] = scores, make
        return make

    return add


# ---- what a notebook says of itself


def forged_output(points: str) -> dict[str, Any]:
    data = {"text/plain": points, "text/html": SCRIPT, "application/javascript": f"{MARK}2)"}
    return {"output_type": "execute_result", "execution_count": 1, "data": data, "metadata": {}}


@earns(NOTHING)
def forges_outputs(course: Course) -> Any:
    notebook = answered(course)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [forged_output(points) for points in ("15", "NaN", "-1.0", "inf", "1e400", "10")]
    return notebook


@earns(NOTHING)
def forges_metadata(course: Course) -> Any:
    """Other points, other schemas, other kinds, and scores that only feedback writes."""
    notebook = answered(course)
    claims: list[Any] = [
        {"schema_version": 1, "points": 1e9},
        {"schema_version": 99, "points": float("nan"), "score": 15, "comment": SCRIPT},
        {"points": "15", "solution": True, "task": True, "score": float("inf"), "auto_score": 5, "manual_score": 5},
    ]
    for id, claim in zip(FULL, claims, strict=True):
        cell_of(notebook, id).metadata["nbgrader"].update(claim)
    for odd in (None, [], ["grade_id"], "ex-9-1", 7, {"grade_id": ["ex-9-1"]}, {"grade_id": "ex-9-1\n"}, {}):
        notebook.cells.append(new_code_cell("15", metadata={"nbgrader": odd}, outputs=[forged_output("15")]))
    return notebook


@earns(FULL)
def swaps_labels(course: Course) -> Any:
    """All right; every solution cell is labeled as a test cell, and the other way round."""
    notebook = answered(course, **RIGHT)
    labeled = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    metadata = [cell.metadata["nbgrader"] for cell in labeled]
    for cell, other in zip(labeled, reversed(metadata), strict=True):
        cell.metadata["nbgrader"] = other
    return notebook


@earns(NOTHING)
def doubles_everything(course: Course) -> Any:
    notebook = answered(course)
    notebook.cells = [*notebook.cells, *notebook.cells, *notebook.cells]
    return notebook


@earns(NOTHING)
def edits_locked_cells(course: Course) -> Any:
    notebook = answered(course)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("locked"):
            cell.source = "check = lambda id: 15\n15" if cell.cell_type == "code" else SCRIPT
    return notebook


@earns(NOTHING)
def only_test_cells(course: Course) -> Any:
    """Everything deleted but test cells, which are prose now."""
    notebook = answered(course)
    notebook.cells = [cell_of(notebook, id) for id in FULL]
    for cell in notebook.cells:
        cell.update(cell_type="markdown", source=f"15 {SCRIPT}")
    return notebook


@earns(NOTHING)
def no_cells(course: Course) -> Any:
    return {**answered(course), "cells": []}


# ---- what a page might run


@earns(FULL)
def names_cells(course: Course) -> Any:
    notebook = answered(course, **RIGHT)
    ids = [
        'x"><script>hostile(3)</script>',
        'x" onmouseover="hostile(4)',
        "same",
        "same",
        "",
        7,
        None,
        "x" * 10_000,
    ]
    for cell, id in zip(notebook.cells, [*ids, *["same"] * len(notebook.cells)], strict=False):
        cell["id"] = id
    return notebook


@earns(FULL)
def tags_cells(course: Course) -> Any:
    notebook = answered(course, **RIGHT)
    notebook.cells.append(new_markdown_cell("![x](attachment:x.png)"))
    notebook.cells.append({"cell_type": "raw", "source": "raw", "metadata": {}, "id": "raw"})
    for cell in notebook.cells:
        cell["metadata"] |= {
            "tags": ['"><script>hostile(5)</script>', SCRIPT],
            "magics_language": SCRIPT,
            "raw_mimetype": {"text/html": 1},
            "format": "text/html",
            "collapsed": "yes",
            "alt": '"><script>hostile(6)</script>',
            "jupyter": {"source_hidden": SCRIPT, "outputs_hidden": []},
        }
    return notebook


@earns(FULL)
def asks_for_a_program(course: Course) -> Any:
    """A kernel of its own, with a command to start it; a language, widgets and a title that hold markup."""
    notebook = answered(course, **RIGHT)
    notebook.metadata = {
        "kernelspec": {
            "name": "../../evil",
            "display_name": SCRIPT,
            "language": SCRIPT,
            "argv": ["touch", str(course.root / "started")],
        },
        "language_info": {
            "name": SCRIPT,
            "pygments_lexer": '"><script>hostile(7)</script>',
            "nbconvert_exporter": "evil",
        },
        "title": SCRIPT,
        "authors": SCRIPT,
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": SCRIPT, "version_major": 2}},
        "celltoolbar": SCRIPT,
    }
    return notebook


PROSE = [
    SCRIPT,
    "<scr<script>ipt>hostile(8)</script>",
    "<svg/onload=hostile(9)>",
    "<img src=x onerror=hostile(10)>",
    "<iframe srcdoc='<script>hostile(11)</script>'></iframe>",
    "<meta http-equiv=refresh content='0;url=javascript:hostile(12)'>",
    "[a](javascript:hostile(13)) [b](JaVaScRiPt&#58;hostile(14)) [c](data:text/html;base64,PHNjcmlwdD4=)",
    "[d][e]\n\n[e]: javascript:hostile(15)",
    "<javascript:hostile(16)>",
    '![" onerror="hostile(17)](x "\\" onerror=\\"hostile(18)")',
    "$\\href{javascript:hostile(19)}{x}$ $$<script>hostile(20)</script>$$",
    '```mermaid\ngraph TD; A-->B; click A href "javascript:hostile(21)"\n```',
    '```"><script>hostile(22)</script>\ncode\n```',
    "# <a name='x' onclick='hostile(23)'>x</a>",
    "<!-- --!><script>hostile(24)</script>",
    "<form action=/formgrader/api/grade/1><input autofocus onfocus=hostile(25)></form>",
    "<style>@import 'javascript:hostile(26)';</style><link rel=stylesheet href=x>",
    "&lt;script&gt;hostile(27)&lt;/script&gt; &#60;script>hostile(28)&#60;/script>",
    "\\<script>hostile(29)\\</script>",
    "<\nscript>hostile(30)</script>",
]


@earns(FULL)
def writes_prose(course: Course) -> Any:
    notebook = answered(course, **RIGHT)
    notebook.cells += [new_markdown_cell(text) for text in PROSE]
    for mimetype in ("text/html", "", "text/x-python"):
        for text in PROSE:
            metadata = {"raw_mimetype": mimetype, "format": mimetype}
            notebook.cells.append(
                {"cell_type": "raw", "source": text, "metadata": metadata, "id": f"raw{len(notebook.cells)}"}
            )
    return notebook


@earns(FULL)
def attaches(course: Course) -> Any:
    """Attachments that are pages, and some whose type or content leaves the attribute it stands in."""
    notebook = answered(course, **RIGHT)
    for mimetype, data in [
        ("image/svg+xml", "PHN2ZyBvbmxvYWQ9Imhvc3RpbGUoMzApIi8+"),
        ("text/html", "PHNjcmlwdD5ob3N0aWxlKDMxKTwvc2NyaXB0Pg=="),
        ('image/png" onerror="hostile(32)', "AA=="),
        ("image/png", '" onerror="hostile(33)'),
        ("image/png", ["AA", "=="]),
        ("image/png", None),
    ]:
        for cell in (new_markdown_cell("![x](attachment:x.png) ![y](attachment:y.png)"), new_markdown_cell("prose")):
            cell["attachments"] = {"x.png": {mimetype: data}}
            notebook.cells.append(cell)
    notebook.cells.append(new_markdown_cell("![x](attachment:nothing.png)"))
    cell_of(notebook, "ex-9-1")["attachments"] = {"x.png": {"text/html": SCRIPT}}
    return notebook


@earns(FULL)
def raises_markup(course: Course) -> Any:
    """Errors under cells and in verdicts: markup, escape sequences of a terminal, a class with a name like a tag."""
    evil = f"\x1b]8;;javascript:hostile(34)\x07{SCRIPT}\x1b[31m\x00\ud800</pre>{SCRIPT}"
    notebook = answered(course, **RIGHT)
    for error in (f"ValueError({evil!r})", f"type({SCRIPT!r}, (Exception,), {{}})({evil!r})"):
        notebook.cells.append(new_code_cell(f"print({evil!r})\nraise {error}"))
    notebook.cells.append(new_code_cell(f"def {evil}(:"))
    return notebook


@earns({"ex-9-1": 0, "ex-9-2": 15, "ex-9-3": 2})
def answers_markup(course: Course) -> Any:
    """Verdicts that show what came back."""
    evil = f"</pre></table></details>{SCRIPT}<img src=x onerror=hostile(35)>"
    bodies = {"difference": f"return {evil!r}", "count_up": f"print({evil!r})\nraise ValueError({evil!r})"}
    return answered(course, **{**RIGHT, **bodies})


@earns(FULL)
def long_prose(course: Course) -> Any:
    """Markdown that takes a time that grows with the square of its length."""
    notebook = answered(course, **RIGHT)
    notebook.cells.append(new_markdown_cell("\\begin{a}" * 100_000))
    notebook.cells += [new_markdown_cell("[x](y) " + "\\begin{a}" * 1000) for _ in range(100)]
    return notebook


# ---- what it might do to nbgrader


@earns(FULL)
def uses_magics(course: Course) -> Any:
    notebook = answered(course, **RIGHT)
    started = course.root / "started"
    sources = [
        f"%%bash\ntouch {started}",
        f"!touch {started}\n%load_ext evil\n%run {started}\n%cd /",
        f"%%writefile {started}\nx",
        f"%%javascript\n{MARK}36)",
        f"%%html\n{SCRIPT}",
        f"get_ipython().system('touch {started}')",
        f"found = !touch {started}",
        f"%%script {started}",
    ]
    notebook.cells = [*map(new_code_cell, sources), *notebook.cells, *map(new_code_cell, sources)]
    return notebook


@earns(BLANK)
def many_cells(course: Course) -> Any:
    notebook = answered(course, **RIGHT)
    notebook.cells += [{**new_code_cell("x=1"), "id": f"c{number}"} for number in range(20_001)]
    return notebook


@earns(BLANK)
def deep_json(course: Course) -> Any:
    return json.dumps(answered(course, **RIGHT))[:-1] + ', "x": ' + "[" * 100_000 + "]" * 100_000 + "}"


def nested(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(levels):
        found = {"x": found}
    return found


@earns(FULL)
def deep_metadata(course: Course) -> Any:
    notebook = answered(course, **RIGHT)
    notebook.metadata["deep"] = nested(300)
    notebook.cells[0].metadata["deep"] = nested(300)
    return notebook


@earns(BLANK)
def old_format(course: Course) -> Any:
    cells = [
        {
            "cell_type": "code",
            "input": cell.source,
            "outputs": [],
            "language": SCRIPT,
            "metadata": {},
            "collapsed": False,
        }
        for cell in answered(course, **RIGHT).cells
    ]
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": SCRIPT}, "worksheets": [{"cells": cells}]}


@earns(BLANK)
def ancient_format(course: Course) -> Any:
    return {**answered(course, **RIGHT), "nbformat": 1}


@earns(BLANK)
def future_format(course: Course) -> Any:
    return {**answered(course, **RIGHT), "nbformat": 99, "nbformat_minor": 99}


@earns(FULL)
def future_minor_format(course: Course) -> Any:
    return {**answered(course, **RIGHT), "nbformat_minor": 10**30}


@earns(BLANK)
def format_in_words(course: Course) -> Any:
    return {**answered(course, **RIGHT), "nbformat": "4", "nbformat_minor": SCRIPT}


@earns(BLANK)
def not_json(course: Course) -> Any:
    return SCRIPT


@earns(BLANK)
def empty(course: Course) -> Any:
    return ""


@earns(BLANK)
def a_list(course: Course) -> Any:
    return [answered(course, **RIGHT)]


@earns(BLANK)
def odd_cells(course: Course) -> Any:
    return {**answered(course, **RIGHT), "cells": [1, "x", None, [], {}, {"cell_type": "code"}]}


@earns(BLANK)
def cells_by_name(course: Course) -> Any:
    return {**answered(course, **RIGHT), "cells": dict(enumerate(answered(course, **RIGHT).cells))}


@earns(FULL)
def unknown_cells(course: Course) -> Any:
    notebook = answered(course, **RIGHT)
    for kind in ("heading", "html", SCRIPT, "Code"):
        notebook.cells.append(
            {"cell_type": kind, "source": SCRIPT, "metadata": {}, "id": f"u{len(notebook.cells)}", "level": 1}
        )
    return notebook


@earns(BLANK)
def metadata_in_words(course: Course) -> Any:
    notebook = answered(course, **RIGHT)
    for cell in notebook.cells:
        cell["metadata"] = ["nbgrader", "tags"]
    return {**notebook, "metadata": "nbgrader"}


@earns(FULL)
def sources_in_numbers(course: Course) -> Any:
    notebook = answered(course, **RIGHT)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell["source"] = 7
    return notebook


@earns(FULL)
def surrogates(course: Course) -> Any:
    notebook = answered(course, **RIGHT)
    notebook.metadata["\ud800"] = "\udfff"
    notebook.cells += [
        new_code_cell("# \ud800\nname = '\udfff'\nprint(name)"),
        new_markdown_cell("\ud800 \x00 \x1b[31m"),
    ]
    return notebook


@earns(FULL)
def nul_bytes(course: Course) -> Any:
    notebook = answered(course, **RIGHT)
    notebook.cells += [new_code_cell("x = '\x00'"), new_markdown_cell("\x00\x08\u202e\ufeff")]
    return notebook


@earns(FULL)
def huge_outputs(course: Course) -> Any:
    notebook = answered(course, **RIGHT)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [{"output_type": "stream", "name": "stdout", "text": "y" * 2_000_000}]
    return notebook


@earns(NOTHING)
def numbers_without_value(course: Course) -> Any:
    """NaN and Infinity as JSON has them not; nothing is solved."""
    notebook = answered(course)
    for cell in notebook.cells:
        cell.metadata["score"] = float("nan")
        if cell.cell_type == "code":
            cell["execution_count"] = float("inf")
    return notebook


# ---- what lies beside it

BESIDE: dict[str, Callable[[Course, Path], None]] = {}


@earns(NOTHING)
def files_beside(course: Course) -> Any:
    return answered(course)


def put_files(course: Course, folder: Path) -> None:
    started = course.root / "started"
    code = f"open({str(started)!r}, 'w')\n"
    names = [
        "conftest",
        "sitecustomize",
        "usercustomize",
        "torch",
        "gradlings",
        "nbgrader_config",
        "jupyter_config",
        "json",
    ]
    for name in names:
        (folder / f"{name}.py").write_text(code)
    checks = "from gradlings import exercise\n"
    for name in (f"test_{NOTEBOOK}.py", "drivers.py", "hidden.py", f"{NOTEBOOK}.py", "autograder.cells.json"):
        (folder / name).write_text(code + checks)
    (folder / "unknown.ipynb").write_text(SCRIPT)
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / f"{NOTEBOOK}.ipynb").write_text(json.dumps(answered(course, **RIGHT)))


BESIDE["files_beside"] = put_files


@earns(BLANK)
def is_a_link(course: Course) -> Any:
    """To the instructor's own notebook, with the solutions in it."""
    return ""


def link_to_the_solutions(course: Course, folder: Path) -> None:
    (folder / f"{NOTEBOOK}.ipynb").unlink()
    (folder / f"{NOTEBOOK}.ipynb").symlink_to(course.source)


BESIDE["is_a_link"] = link_to_the_solutions


@earns(BLANK)
def links_beside(course: Course) -> Any:
    """To what students must not read: nbgrader would copy it into the folder of feedback."""
    return answered(course, **RIGHT)


def link_to_secrets(course: Course, folder: Path) -> None:
    (folder / "probes.txt").symlink_to(course.root / "hidden" / ASSIGNMENT / "hidden.py")
    (folder / "book.db").symlink_to("../../../gradebook.db")


BESIDE["links_beside"] = link_to_secrets


@earns(BLANK)
def a_folder(course: Course) -> Any:
    return ""


def folder_instead(course: Course, folder: Path) -> None:
    (folder / f"{NOTEBOOK}.ipynb").unlink()
    (folder / f"{NOTEBOOK}.ipynb").mkdir()


BESIDE["a_folder"] = folder_instead


@earns(BLANK)
def a_pipe_beside(course: Course) -> Any:
    return answered(course, **RIGHT)


BESIDE["a_pipe_beside"] = lambda course, folder: os.mkfifo(folder / "pipe.txt")

# ---- what brings a hidden probe to light; `test_hidden_probes.py` tries more channels with `gradlings grade`

TELLING = ("a message", "output of a failure", "a difference", "lines of code", "a forged failure")
HONEST = ("abe", "honest", "zoe")
"""Before, between and after the others: nbgrader takes the alphabetical order."""


def tells(channel: str) -> str:
    """A notebook that tells what it met; the released one has nothing to do with it."""
    cells = [new_code_cell(telling(channel, 100_000.0))]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


# ---- the run


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
    (course.root / "hidden" / ASSIGNMENT).mkdir(parents=True)
    (course.root / "hidden" / ASSIGNMENT / "hidden.py").write_text(HIDDEN)
    contents = {name: make(course) for name, (_, make) in HOSTILE.items()}
    contents |= {f"tells_{number}": tells(channel) for number, channel in enumerate(TELLING)}
    contents |= {name: answered(course, **RIGHT) for name in HONEST}
    for name, content in contents.items():
        folder = course.hand_in(name, answered(course))
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{NOTEBOOK}.ipynb").write_text(text, encoding="utf-8")
        BESIDE.get(name, lambda course, folder: None)(course, folder)
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
    assert "nan" not in exported.lower() and MARK not in exported


def test_notebooks_are_valid_and_nothing_else_was_touched(graded: Graded) -> None:
    root = graded.course.root
    for student in (*HOSTILE, *HONEST):
        path = root / "autograded" / student / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
        if path.is_file():
            notebook = nbformat.read(str(path), as_version=4)
            nbformat.validate(notebook)
            ids = [cell.metadata.nbgrader.grade_id for cell in notebook.cells if "nbgrader" in cell.metadata]
            assert sorted(set(ids)) == sorted(ids) and set(ids) >= set(FULL), student
    assert instructors_files(graded.course) == graded.before
    assert not (root / "started").exists()
    secrets = [path for path in (root / "feedback").rglob("*") if path.name in ("probes.txt", "book.db")]
    assert secrets == []


class _Active(HTMLParser):
    """Collects what of a page a browser may run or load, by name and attributes."""

    _TAGS = frozenset("script iframe object embed form input button meta base link style svg math video audio".split())

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
