"""`gradlings new`: a course, an assignment and an exercise of one's own, as an author goes on from there."""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from gradlings.authoring.assignment import find_assignments
from gradlings.authoring.build import build
from gradlings.authoring.proofs.prove import prove
from gradlings.authoring.proofs.unfinished import unfinished
from gradlings.authoring.verify import verify
from student_kit import PROJECT, Kit

linux = pytest.mark.skipif(sys.platform != "linux", reason="submissions are locked in on Linux only")

RIGHT, WRONG = "return x.mean(1)", "return x.mean(0)"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """A course as `gradlings new course` makes it, far from any other kit. Not to be changed by a test."""
    folder = tmp_path_factory.mktemp("own")
    made = Kit(folder).gradlings("new", "course", "my-course")
    assert made.code == 0, made.said
    assert made.out.splitlines()[0] == "my-course: 14 files written."
    return Kit(folder / "my-course", "01", "basics")


@pytest.fixture
def copy(course: Kit, tmp_path: Path) -> Kit:
    """A copy of it, to be edited."""
    Kit.copied(course.root, tmp_path, "solutions", "assignments")
    return Kit(tmp_path, "01", "basics")


def answered(course: Kit, body: str) -> str:
    stub = course.module.read_text(encoding="utf-8")
    (line,) = re.findall(r"    raise NotImplementedError\(.*\n", stub)
    return stub.replace(line, f"    {body}\n")


# ---- a course


def test_what_a_course_holds(course: Kit) -> None:
    assert sorted(course.contents()) == [
        ".gitignore",
        "README.md",
        *(f"assignments/01/{name}" for name in ("basics.ipynb", "basics.py", "built.json", "hints.md")),
        *(f"assignments/01/{name}" for name in ("misconceptions.json", "solved.md", "test_basics.py")),
        "pyproject.toml",
        *(f"solutions/01/{name}.py" for name in ("basics", "hidden", "misconceptions", "variants")),
    ]
    sources = "".join(text.decode() for name, text in course.contents().items() if "/" in name)
    assert not re.findall("ASSIGNMENT|NUMBER|TOPIC|TITLE", sources)
    readme = (course.root / "README.md").read_text(encoding="utf-8")
    assert readme.startswith("# my-course\n")
    assert set(re.findall(r"`((?:solutions|assignments)/[\w./]+)`", readme)) <= {
        *course.contents(),
        "assignments/01/",
    }


def test_what_is_there_is_not_touched(course: Kit) -> None:
    before = course.contents()
    for again in (course.root, course.root / "README.md"):
        refused = course.gradlings("new", "course", str(again))
        assert refused.code == 2
        assert "Choose a new folder" in refused.said
    assert course.contents() == before


@linux
def test_a_course_is_graded(course: Kit, tmp_path: Path) -> None:
    """By `gradlings grade`, with the hidden probes of the course."""
    special = "return x.mean(1) if len(x) * x.shape[1] > 1 else 0 * x[0]"  # wrong for the hidden probe of one entry
    for student, body in {"ann": RIGHT, "bob": WRONG, "carl": special}.items():
        path = tmp_path / "submissions" / student / "basics.py"
        path.parent.mkdir(parents=True)
        path.write_text(answered(course, body), encoding="utf-8")
    results = tmp_path / "results"
    graded = course.run(
        "gradlings", "grade", "01", str(tmp_path / "submissions"), "--to", str(results), "--judges", "1"
    )
    assert graded.code == 0, graded.said
    with open(results / "scores.csv", newline="", encoding="utf-8-sig") as file:
        assert {row["student"]: row["score"] for row in csv.DictReader(file)} == {"ann": "10", "bob": "0", "carl": "0"}
    assert "one mean for each column" in (results / "feedback" / "bob.html").read_text(encoding="utf-8")


def test_a_course_is_graded_by_stock_nbgrader(copy: Kit, tmp_path: Path) -> None:
    """With a kernel; then there are submissions, and what docs/your-own.md says of another exercise holds."""
    pytest.importorskip("nbgrader")
    import nbformat
    from nbgrader.api import Gradebook

    from course_kit import KERNEL_TIMEOUTS, Course

    own = Course(tmp_path / "nbgrader")

    def brought_up_to_date() -> None:
        for command in (("build",), ("course", str(own.root))):
            done = copy.gradlings(*command)
            assert done.code == 0, done.said

    brought_up_to_date()
    settings = "".join(f"c.Execute.{name} = {value}\n" for name, value in KERNEL_TIMEOUTS.items())
    stock = f"c = get_config()\nc.CourseDirectory.course_id = 'own'\n{settings}"
    (own.root / "nbgrader_config.py").write_text(stock, encoding="utf-8")
    own.nbgrader("generate_assignment", "01")
    notebook = nbformat.read(own.root / "release" / "01" / "basics.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = re.sub(r"    # YOUR CODE HERE[\s\S]*", f"    {RIGHT}", cell.source)
    folder = own.root / "submitted" / "ann" / "01"
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / "basics.ipynb")
    own.nbgrader("autograde", "01")
    with Gradebook(own.url) as gradebook:
        assert gradebook.find_submission("01", "ann").score == 10.0

    copy.edit("assignments/01/test_basics.py", "points=10", "points=20")
    copy.edit("solutions/01/basics.py", "A batch is", "A batch of data is")
    brought_up_to_date()
    own.nbgrader("generate_assignment", "01", "--force")
    assert copy.gradlings("new", "exercise", "1.2", "doubled").code == 0
    brought_up_to_date()
    own.nbgrader("generate_assignment", "01", "--force", fails=True)
    own.nbgrader("db", "assignment", "remove", "01", "--force")
    own.nbgrader("generate_assignment", "01", "--force")
    with Gradebook(own.url) as gradebook:
        cells = {cell.name: cell.max_score for cell in gradebook.find_notebook("basics", "01").grade_cells}
    assert cells == {"ex-1-1": 20.0, "ex-1-2": 5.0}


# ---- an assignment and an exercise


def test_the_course_and_a_new_exercise_verify(copy: Kit) -> None:
    """What is left of a skeleton is named line by line, and all else of it holds."""
    added = copy.gradlings("new", "exercise", "1.2", "doubled")
    assert added.code == 0, added.said
    assert added.said.count("appended:") == 4
    assert "the exercises have 15 points together, and the assignment has 10" in added.said
    assert copy.gradlings("build").code == 0
    (assignment,) = find_assignments(copy.root)
    first, second = (verify(assignment, id, seeds=1) for id in ("1.1", "1.2"))
    assert [proof.breaches for id in ("1.1", "1.2") for proof in prove(assignment, id, 1) if proof.breaches] == []
    assert (first.all_breaches, first.warnings) == ([], [])
    assert (first.solution_points, first.misconceptions, first.named, first.variants) == (10, 4, 4, 2)
    assert (second.solution_points, second.misconceptions, second.named, second.variants) == (5, 3, 3, 2)
    places = [re.fullmatch(r"still to be written, ([\w/]+\.py):\d+: \S.*", breach) for breach in second.all_breaches]
    assert Counter(place[1] if place else "" for place in places) == {
        "solutions/01/basics.py": 6,
        "assignments/01/test_basics.py": 5,
        "solutions/01/misconceptions.py": 6,
        "solutions/01/variants.py": 2,
    }


def test_what_is_filled_in_is_not_named(copy: Kit) -> None:
    copy.gradlings("new", "exercise", "1.2", "doubled")
    (assignment,) = find_assignments(copy.root)
    for path in (*copy.sources.glob("*.py"), copy.folder / "test_basics.py"):
        path.write_text(path.read_text(encoding="utf-8").replace("TODO 1.2:", "Done,"), encoding="utf-8")
    assert list(unfinished(assignment, "1.2")) == []


def test_an_assignment_is_added(copy: Kit) -> None:
    added = copy.gradlings("new", "assignment", "07", "attention")
    assert added.code == 0, added.said
    first, second = find_assignments(copy.root)
    assert (first.id, second.id, second.main.title) == ("01", "07", "Attention")
    assert [exercise.id for exercise in second.exercises] == ["7.1"]
    assert {result.state for result in build(second)} == {"current"}


@pytest.mark.parametrize("assignment", ["02", "06"])  # one with types of its own, and one without
def test_an_exercise_can_be_added_to_what_ships(assignment: str, tmp_path: Path) -> None:
    for folder in ("solutions", "assignments"):
        Kit.copied(PROJECT, tmp_path, *(f"{folder}/{assignment}",))
    kit = Kit(tmp_path)
    added = kit.gradlings("new", "exercise", f"{int(assignment)}.99", "doubled")
    assert added.code == 0, added.said
    (changed,) = find_assignments(tmp_path)
    assert changed.main.exercises[-1].functions == ("doubled",)
    for path in (changed.main.path, changed.main.checks_file):
        compile(path.read_text(encoding="utf-8"), path, "exec")
    entries = [entry for entry in changed.catalogue("misconceptions") if entry.function == "doubled"]
    assert [entry.name for entry in entries] == ["unchanged", "added", "squared"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("exercise", "1.1", "doubled"), "There is an exercise 1.1 already: row_means"),
        (("exercise", "1.2", "row_means"), "row_means is the function of exercise 1.1 already"),
        (("exercise", "1.2", "some_rows"), "has a some_rows already"),
        (("exercise", "1.2", "torch"), "has a torch already"),
        (("exercise", "1.2", "class"), "cannot be the name of a function"),
        (("exercise", "1.2", "Doubled"), "cannot be the name of a function"),
        (("exercise", "one", "doubled"), "has an id such as 3.13"),
        (("exercise", "2.1", "doubled"), "No assignment 02"),
        (("assignment", "01", "topic"), "is there already"),
        (("assignment", "2", "topic"), "has two digits"),
        (("assignment", "02", "hidden"), "cannot be the name of a module"),
        (("assignment", "02", "Über"), "cannot be the name of a module"),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[str, ...], says: str, copy: Kit) -> None:
    before = copy.contents()
    refused = copy.gradlings("new", *arguments)
    assert refused.code == 2, refused.said
    assert says in refused.said
    assert copy.contents() == before


@linux
def test_a_folder_that_is_not_ours(copy: Kit) -> None:
    refused = copy.gradlings("new", "course", "/proc/my-course")
    assert refused.code == 2
    assert "cannot be written" in refused.said
