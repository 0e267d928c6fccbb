"""Notebooks that mean harm to nbgrader, to its pages or to the gradebook, by the student who hands each in."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell

from course_kit import ASSIGNMENT, NOTEBOOK, Course, answered, cell_of
from student_kit import RIGHT

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
def a_pipe(course: Course) -> Any:
    """Reading it would wait for ever."""
    return ""


def pipe_instead(course: Course, folder: Path) -> None:
    (folder / f"{NOTEBOOK}.ipynb").unlink()
    os.mkfifo(folder / f"{NOTEBOOK}.ipynb")


BESIDE["a_pipe"] = pipe_instead


@earns(BLANK)
def a_pipe_beside(course: Course) -> Any:
    return answered(course, **RIGHT)


BESIDE["a_pipe_beside"] = lambda course, folder: os.mkfifo(folder / "pipe.txt")
