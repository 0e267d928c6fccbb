"""nbgrader's own commands on a course of ours: what its stock grader does with a class, and what ours does."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook, MissingEntry

from course_kit import ASSIGNMENT, KERNEL_TIMEOUTS, NOTEBOOK, Course, answered, cell_of
from student_kit import RIGHT, Kit

FULL = {"ex-9-1": 10, "ex-9-2": 15, "ex-9-3": 5}
NOTHING = dict.fromkeys(FULL, 0)
WRONG_ROWS = {**RIGHT, "row_totals": "return x.sum(0), x.amax(0)"}
STOCK = 'c = get_config()\nc.CourseDirectory.course_id = "stock"\n' + "".join(
    f"c.Execute.{name} = {seconds}\n" for name, seconds in KERNEL_TIMEOUTS.items()
)
SEED = "c.JudgeExecute.seed = 987654321\n"
HIDDEN = """
from gradlings import floats

PROBES = {"9.1::test_vectors": [(floats([41.5, 0.0]), floats([1.0, 2.0]))]}
"""


@pytest.fixture(scope="module")
def generated(built_kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with its assignment generated. Not to be changed by a test."""
    return Course.made(built_kit, tmp_path_factory.mktemp("made") / "course")


@pytest.fixture
def course(generated: Course, tmp_path: Path) -> Course:
    return Course.copied(generated, tmp_path / "course")


# ---- a class in which not everybody is honest


def with_first(notebook: nbformat.NotebookNode, source: str) -> nbformat.NotebookNode:
    """A notebook with a cell of the student's own after the one that imports `check`."""
    place = next(i for i, cell in enumerate(notebook.cells) if cell["id"] == "check")
    notebook.cells.insert(place + 1, new_code_cell(source))
    return notebook


def odd_numbers(course: Course) -> nbformat.NotebookNode:
    """NaN, a negative number and a tensor in the place of scores; nothing is solved."""
    return with_first(
        answered(course),
        "class Shown:\n"
        "    def __init__(self, text): self.text = text\n"
        "    def __repr__(self): return self.text\n"
        'check = lambda id: Shown({"9.1": "nan", "9.2": "-1.0", "9.3": "tensor(0.5)"}[id])',
    )


def forged(course: Course) -> nbformat.NotebookNode:
    """Says itself what it earned, and writes into the gradebook."""
    reach = f"import sqlite3\nbook = sqlite3.connect({str(course.root / 'gradebook.db')!r})\n"
    reach += 'book.execute("UPDATE grade SET manual_score = 99")\nbook.commit()\nbook.close()'
    notebook = with_first(answered(course), 'check = lambda id: {"9.1": 10, "9.2": 15, "9.3": 5}[id]')
    notebook.cells.append(new_code_cell(reach))
    return notebook


def rearranged(course: Course) -> nbformat.NotebookNode:
    """All right; one test cell deleted, one moved to the top."""
    notebook = answered(course, **RIGHT)
    moved = cell_of(notebook, "ex-9-2")
    notebook.cells = [cell for cell in notebook.cells if cell["id"] not in ("ex-9-1", "ex-9-2")]
    notebook.cells.insert(0, moved)
    return notebook


def twice(course: Course) -> nbformat.NotebookNode:
    """All right; one test cell is there twice, as copying it in Jupyter leaves it."""
    notebook = answered(course, **RIGHT)
    notebook.cells.append(nbformat.from_dict({**cell_of(notebook, "ex-9-3"), "id": "again"}))
    return notebook


def honest(course: Course) -> nbformat.NotebookNode:
    return answered(course, **WRONG_ROWS)


def relabeled(course: Course) -> nbformat.NotebookNode:
    """Nothing solved; the test cells' own metadata says that they are something else."""
    notebook = answered(course)
    cell_of(notebook, "ex-9-1").metadata["nbgrader"].update(solution=True)
    cell_of(notebook, "ex-9-2").metadata["nbgrader"].update(grade=False)
    del cell_of(notebook, "ex-9-3").metadata["nbgrader"]["points"]
    return notebook


def dies(course: Course) -> nbformat.NotebookNode:
    """The first two are right; then a cell ends the process."""
    notebook = answered(course, difference=RIGHT["difference"], row_totals=RIGHT["row_totals"])
    place = next(i for i, cell in enumerate(notebook.cells) if cell["id"] == "ex-9-2")
    notebook.cells.insert(place + 1, new_code_cell("import os\nos._exit(0)"))
    return notebook


def a_warning(course: Course) -> nbformat.NotebookNode:
    """Right answers that write to standard error whenever they are checked."""
    louder = "import sys\nquiet = check\ndef check(id):\n    print('careful', file=sys.stderr)\n    return quiet(id)"
    return with_first(answered(course, **RIGHT), louder)


CLASS = {make.__name__: make for make in (dies, forged, odd_numbers, rearranged, relabeled, a_warning, twice)} | {
    "zoe": honest
}

SETTINGS = {
    "set_autocast": "import torch\ntorch.autocast('cpu').__enter__()",
    "set_cuda": "import torch\ntorch.set_default_device('cuda')",
    "set_folder": "import os\nos.chdir('/content/drive/MyDrive')",
    "set_warnings": "import sys, warnings\nwarnings.simplefilter('error')\nsys.setrecursionlimit(150)",
}
"""Settings that cost nothing: the first cell of notebooks that are right."""


def graded_by_stock(course: Course) -> Course:
    """The class as nbgrader grades it by itself."""
    (course.root / "nbgrader_config.py").write_text(STOCK)
    for name, make in CLASS.items():
        course.hand_in(name, make(course))
    course.nbgrader("autograde", ASSIGNMENT, fails=True)  # a dead kernel is an error of nbgrader's
    return course


def graded_by_judge(course: Course) -> Course:
    """The same class, and some more, as it is graded with our configuration."""
    (course.root / "hidden" / ASSIGNMENT).mkdir(parents=True, exist_ok=True)
    (course.root / "hidden" / ASSIGNMENT / "hidden.py").write_text(HIDDEN)
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(SEED)
    for name, make in CLASS.items():
        course.hand_in(name, make(course))
    sly = "print(a.tolist())\nif (a > 40).any():\n    raise ValueError(f'secret {a.tolist()}')\nreturn a - b"
    course.hand_in("sly", answered(course, **{**RIGHT, "difference": sly}))
    calls = {"difference": "return b - a", "row_totals": "return difference(x.sum(1), 0), x.amax(1)"}
    course.hand_in("carried", answered(course, **{**RIGHT, **calls}))
    script = with_first(
        answered(course, **RIGHT), "%matplotlib inline\nprint('<script>document.title = 1</script>')\n1 / 0"
    )
    script.cells.append(new_markdown_cell("I did *this*. <script>document.title = 2</script> <img src=x onerror=f()>"))
    script.cells += [new_code_cell("def broken():\n    raise KeyError('inside')"), new_code_cell("broken()")]
    course.hand_in("stumbles", script)
    for student, setting in SETTINGS.items():
        course.hand_in(student, with_first(answered(course, **RIGHT), setting))
    course.nbgrader("autograde", ASSIGNMENT)
    course.nbgrader("generate_feedback", ASSIGNMENT)
    return course


def test_a_class_in_which_not_everybody_is_honest(generated: Course, built_kit: Kit, tmp_path: Path) -> None:
    """One test, since grading the class takes long: what stock nbgrader does with it, and what ours does."""
    stock = graded_by_stock(Course.copied(generated, tmp_path / "stock"))
    judged = graded_by_judge(Course.copied(generated, tmp_path / "judged"))
    scores = {student: (stock.scores(student), judged.scores(student)) for student in CLASS if student != "zoe"}
    nothing_said = dict.fromkeys(FULL)
    assert scores == {
        "a_warning": (NOTHING, FULL),
        "dies": (nothing_said, {"ex-9-1": 10, "ex-9-2": 15, "ex-9-3": 0}),
        "forged": (FULL, NOTHING),
        "odd_numbers": (FULL, NOTHING),
        "rearranged": ({"ex-9-1": None, "ex-9-2": 0, "ex-9-3": 5}, FULL),
        "relabeled": (nothing_said, NOTHING),
        "twice": (nothing_said, FULL),
    }
    with pytest.raises(MissingEntry):  # nbgrader stops at the doubled cell of `twice`, and grades nobody after that
        stock.scores("zoe")
    assert judged.scores("zoe") == {**FULL, "ex-9-2": 0}
    assert {student: judged.scores(student) for student in SETTINGS} == dict.fromkeys(SETTINGS, FULL)
    assert 99.0 in manual_scores(stock)
    assert manual_scores(judged) == {None}
    every_test_cell_has_one_output(judged)
    feedback_shows_the_verdict_and_leaks_nothing(judged)
    feedback_names_the_cell_that_failed_and_runs_nothing(judged)
    both_commands_write_the_same_gradebook(judged, built_kit, tmp_path)


def manual_scores(course: Course) -> set[float | None]:
    with contextlib.closing(sqlite3.connect(course.root / "gradebook.db")) as book:
        return {score for (score,) in book.execute("SELECT DISTINCT manual_score FROM grade")}


def every_test_cell_has_one_output(judged: Course) -> None:
    for student in CLASS:
        path = judged.root / "autograded" / student / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
        notebook = nbformat.read(str(path), as_version=4)
        graded = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
        assert sorted(cell.metadata["nbgrader"]["grade_id"] for cell in graded) == sorted(FULL)
        for cell in graded:
            (output,) = cell.outputs
            points = judged.scores(student)[cell.metadata["nbgrader"]["grade_id"]]
            assert output.data["text/plain"] == repr(int(points or 0))
            assert "gradlings" in output.data["text/html"]


def feedback_shows_the_verdict_and_leaks_nothing(judged: Course) -> None:
    assert "Which axis is added up, and which one is left?" in judged.feedback("zoe")
    assert "Score: 15.0 / 30.0" in judged.feedback("zoe")
    region = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)
    source = "\n".join(cell.source for cell in nbformat.read(str(judged.source), as_version=4).cells)
    secrets = {line.strip() for found in region.findall(source) for line in found.splitlines() if len(line) > 20}
    assert len(secrets) > 3
    assert judged.scores("sly") == {"ex-9-1": 5, "ex-9-2": 15, "ex-9-3": 5}
    assert judged.scores("carried") == {"ex-9-1": 0, "ex-9-2": 15, "ex-9-3": 5}
    assert "Your row_totals is right. It calls difference (9.1)" in judged.feedback("carried")
    for student in ("sly", "zoe", "odd_numbers"):
        page = judged.feedback(student)
        for secret in (*secrets, "41.5", "987654321", "BEGIN SOLUTION", "PROBES"):
            assert secret not in page, (student, secret)


def feedback_names_the_cell_that_failed_and_runs_nothing(judged: Course) -> None:
    assert judged.scores("stumbles") == FULL
    path = judged.root / "autograded" / "stumbles" / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    failed = [
        c
        for c in nbformat.read(str(path), as_version=4).cells
        if any(o.output_type == "error" for o in c.get("outputs", []))
    ]
    assert [cell.source.splitlines()[-1] for cell in failed] == ["1 / 0", "broken()"], "not where `broken` is defined"
    page = judged.feedback("stumbles")
    assert "ZeroDivisionError" in page
    assert "I did <em>this</em>" in page
    assert "<script>document.title" not in page
    assert "<img src=x" not in page


def both_commands_write_the_same_gradebook(judged: Course, built_kit: Kit, tmp_path: Path) -> None:
    exported = judged.exported()
    course = Course.copied(judged, tmp_path / "both")
    (course.root / "gradebook.db").unlink()
    done = built_kit.gradlings(
        *("grade", ASSIGNMENT, str(course.root / "submitted"), "--to", str(tmp_path / "results")),
        *("--gradebook", course.url, "--seed", "987654321", "--hidden", str(course.root / "hidden"), "--judges", "1"),
    )
    assert done.code == 0, done.said
    assert course.exported() == exported
    for student in [*CLASS, "sly", "stumbles"]:
        assert course.grades(student) == judged.grades(student)


# ---- people, faults of ours, and the other command


def test_a_manual_grade_survives_a_regrade(course: Course) -> None:
    course.hand_in("bob", answered(course, **WRONG_ROWS))
    course.nbgrader("autograde", ASSIGNMENT)
    with Gradebook(course.url) as gradebook:
        gradebook.find_grade("ex-9-2", NOTEBOOK, ASSIGNMENT, "bob").manual_score = 7
        gradebook.db.commit()
    course.hand_in("bob", answered(course, **RIGHT), at="2026-11-26 10:00:00 UTC")
    course.nbgrader("autograde", ASSIGNMENT)
    assert course.grades("bob")["ex-9-2"] == (15, 7, True)


def test_a_fault_of_ours_leaves_the_score_blank(course: Course) -> None:
    checks = course.source.with_name(f"test_{NOTEBOOK}.py")
    text = checks.read_text(encoding="utf-8").replace("    return a - b\n", '    raise KeyError("broken oracle")\n')
    checks.write_text(text, encoding="utf-8")
    notebook = answered(course, **RIGHT)
    course.hand_in("bob", notebook)
    course.nbgrader("autograde", ASSIGNMENT)
    assert course.grades("bob") == {
        "ex-9-1": (None, None, True),
        "ex-9-2": (15, None, False),
        "ex-9-3": (5, None, False),
    }
    course.nbgrader("generate_feedback", ASSIGNMENT)
    assert "It costs nothing; a person will look at it." in course.feedback("bob")
    assert "broken oracle" not in course.feedback("bob")


def test_a_cell_without_checks_is_left_to_a_person(built_kit: Kit, tmp_path: Path) -> None:
    """An instructor's own test cell: without an output, nbgrader would give it full points."""
    course = Course(tmp_path / "course")
    assert built_kit.gradlings("course", str(course.root)).code == 0
    notebook = nbformat.read(str(course.source), as_version=4)
    metadata = {
        "grade": True,
        "grade_id": "own",
        "locked": True,
        "points": 2,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    notebook.cells.append(new_code_cell("assert difference(2, 1) == 1", metadata={"nbgrader": metadata}))
    essay = {**metadata, "grade_id": "essay", "locked": False, "solution": True}
    notebook.cells.append(new_markdown_cell("Why?", metadata={"nbgrader": essay}))
    nbformat.write(notebook, str(course.source))
    course.nbgrader("generate_assignment", ASSIGNMENT)
    course.hand_in("bob", answered(course, **RIGHT))
    course.nbgrader("autograde", ASSIGNMENT)
    assert course.scores("bob") == {**FULL, "own": None, "essay": 0}


def test_without_checks_nobody_gets_a_score(course: Course, capfd: pytest.CaptureFixture[str]) -> None:
    course.source.with_name(f"test_{NOTEBOOK}.py").unlink()
    course.hand_in("bob", answered(course, **RIGHT))
    course.nbgrader("autograde", ASSIGNMENT, fails=True)
    assert f"has no checks: test_{NOTEBOOK}.py is missing" in capfd.readouterr().err
    assert course.scores("bob") == dict.fromkeys(FULL)


def test_by_way_of_the_exchange(course: Course, tmp_path: Path) -> None:
    """release_assignment, fetch_assignment, submit, collect, autograde, export: as they come."""
    exchange = tmp_path / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    place = [f"--Exchange.root={exchange}", "--course=course"]
    course.nbgrader("release_assignment", ASSIGNMENT, *place)
    student_folder = Course(tmp_path / "student")
    student_folder.root.mkdir()
    student_folder.nbgrader("fetch_assignment", ASSIGNMENT, *place)
    fetched = student_folder.root / ASSIGNMENT
    assert sorted(path.name for path in fetched.iterdir()) == sorted(p.name for p in course.released.parent.iterdir())
    nbformat.write(answered(course, **RIGHT), str(fetched / f"{NOTEBOOK}.ipynb"))
    student_folder.nbgrader("submit", ASSIGNMENT, *place)
    course.nbgrader("collect", ASSIGNMENT, *place)
    course.nbgrader("autograde", ASSIGNMENT)
    (student,) = [path.name for path in (course.root / "submitted").iterdir()]
    assert course.scores(student) == FULL
    assert f",{student}," in course.exported()
