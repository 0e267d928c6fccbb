"""What a submission may consist of: other files of Python, notebooks of other services, names that were used again.

Each kind goes through all ways: a self-check at home, a judge, and (in test_nbgrader.py) nbgrader's autograde.
"""

from __future__ import annotations

import ast
import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain_kit import FOURFOLD, LARGEST, SHARED, THREEFOLD, TWICE, chain_kit
from class_kit import hand_in
from gradlings.execution.local_runner import LocalRunner, run_cells
from gradlings.grading.intake.choose import ChosenFile, choose
from gradlings.grading.intake.collect import collect
from gradlings.learning.watch.edits import EditDetector
from gradlings.model.scorecard import Scorecard, Verdict
from gradlings.progress.record import read_history
from gradlings.progress.summary import summarize
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission.helpers.files import (
    MAX_HELPER_BYTES,
    MAX_HELPERS,
    Helpers,
    choose_helpers,
    imported_names,
)
from gradlings.submission.reader import from_source
from student_kit import PROJECT, Kit

REST = "\n\n".join([SHARED, FOURFOLD, LARGEST])
COLAB = """from google.colab import drive, files, userdata
import google.colab.output
drive.mount('/content/drive')
for name in files.upload():
    print(name)
token = userdata.get('TOKEN')
google.colab.output.eval_js('1')
!pip install torchinfo
%cd /content/drive/MyDrive"""
KAGGLE = "from kaggle_secrets import UserSecretsClient\nkey = UserSecretsClient().get_secret('key')"


def colab(*sources: str) -> str:
    """A notebook as Colab writes it."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{number}",
            "metadata": {"id": f"aB3{number}", "colab": {"base_uri": "https://localhost:8080/"}},
            "outputs": [],
            "source": source.splitlines(keepends=True),
        }
        for number, source in enumerate(sources)
    ]
    metadata = {"colab": {"provenance": [], "name": "Copy of chain.ipynb"}, "accelerator": "GPU"}
    return json.dumps({"nbformat": 4, "nbformat_minor": 0, "metadata": metadata, "cells": cells})


@dataclass(frozen=True)
class Work:
    """What a student hands in, and what becomes of it."""

    main: str
    points: int
    beside: dict[str, str] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    """What is said of it somewhere on the page."""
    silent: bool = True
    """Whether nothing is said of cells and files."""


WORK = {
    "files and a package": Work(
        f"import helper\nfrom tools.shares import shared\ntwice = helper.twice\n{FOURFOLD}{LARGEST}",
        100,
        {
            "helper.py": TWICE,
            "tools/shares.py": "from .sums import total\nfrom helper import twice as _\n"
            "def shared(x):\n    return x / total(x)\n",
            "tools/sums.py": "def total(x):\n    return x.sum()\n",
        },
    ),
    "everything in another file": Work(
        "from helper import *\n", 100, {"helper.py": "\n\n".join([TWICE, SHARED, FOURFOLD, LARGEST])}
    ),
    "a mistake in another file": Work(
        f"from helper import twice, fourfold\n{SHARED}{LARGEST}",
        80,
        {"helper.py": f"\n\n{THREEFOLD}\n{FOURFOLD}"},
        ("helper.py:3", "Your fourfold is right. It calls twice (9.1), which is not yet: start there."),
    ),
    "an error in another file": Work(
        f"from helper import twice\n{REST}",
        80,
        {"helper.py": "def twice(x):\n    return 2 * undefined\n"},
        ("helper.py:2", "undefined"),
    ),
    "forbidden in another file": Work(
        f"import helper\n{TWICE}{SHARED}def fourfold(x):\n    return helper.times(x, 4) + 1\n{LARGEST}",
        70,
        {"helper.py": "import torch\ndef times(x, n):\n    return n * x + 0 * (x @ torch.ones_like(x))\n"},
        ("helper.py:3",),
    ),
    "forbidden in another file, perhaps": Work(
        f"{TWICE}{SHARED}def fourfold(x):\n    from helper import times\n    return times(x) + 1\n{LARGEST}",
        70,
        {
            "helper.py": "import torch\n"
            "def times(x):\n    if x.dim():\n        x.flatten() @ torch.ones_like(x.flatten())\n    return 4 * x\n"
        },
        ("helper.py:4",),
    ),
    "a step in float32 in another file": Work(
        f"from helper import twice\n{REST}",
        100,
        {"helper.py": "import torch\nTWO = 2 * sum([torch.tensor(0.1)] * 10)\ndef twice(x):\n    return TWO * x\n"},
        ("helper.py:2",),
    ),
    "another file that cannot be imported": Work(
        f"{TWICE}{SHARED}{FOURFOLD}\n# %%\nimport helper\n{LARGEST}",
        70,
        {"helper.py": "\n1 / 0\n"},
        ("helper.py:2",),
        False,
    ),
    "another file with Python's name": Work(
        f"import random\nrandom.random()\n{TWICE}{REST}",
        100,
        {"random.py": "1 / 0\n"},
        ("random.py is imported but not read: Python has a module random of its own",),
        False,
    ),
    "tried out": Work(
        f"import torch\n{TWICE}twice = twice(torch.ones(3))\n{REST}",
        100,
        says=("twice is a Tensor in the end; what counts is the function that it was before.",),
    ),
    "tried out what another file has": Work(
        f"import torch\nfrom helper import twice\ntwice = twice(torch.ones(3))\n{REST}", 100, {"helper.py": TWICE}
    ),
    "tried out in a notebook": Work(
        colab("import torch", TWICE, REST, "twice = twice(torch.ones(3))\nshared = shared(twice)"),
        100,
        says=("shared is a Tensor in the end",),
    ),
    "a notebook that writes a file": Work(
        colab(
            f"%%writefile helper.py\n{THREEFOLD}{FOURFOLD}",
            f"%%writefile json.py\n1 / 0\n{TWICE}",
            "import json\njson.dumps([])\nfrom helper import *",
            SHARED + LARGEST,
        ),
        80,
        {"helper.py": "1 / 0"},
        ("chain.ipynb cell 1:2", "Your fourfold is right. It calls twice (9.1)"),
    ),
    "written on Colab": Work(
        colab(COLAB, KAGGLE, TWICE, FOURFOLD, "from helper import *"), 100, {"helper.py": SHARED + LARGEST}
    ),
}


def name_of(work: Work) -> str:
    return "chain.ipynb" if work.main.startswith("{") else "chain.py"


def said(card: Scorecard) -> str:
    parts: list[str] = [*card.problems]
    for score in card.exercises:
        for check in score.checks:
            parts += [check.message, check.place, *check.notes, *check.trace]
    return "\n".join(parts)


def reported(card: Scorecard) -> list[tuple[str, int, Verdict]]:
    return [(check.exercise, check.points, check.verdict) for score in card.exercises for check in score.checks]


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    return chain_kit(tmp_path_factory.mktemp("chain"), solved=True)


@pytest.fixture(scope="module")
def grader(solved: Kit) -> Iterator[Grader]:
    with collected_checks(solved.folder) as grader:
        yield grader


def at_home(kit: Kit, grader: Grader, work: Work) -> Scorecard:
    """The scorecard of what lies in the folder of the assignment."""
    kit.module.unlink(missing_ok=True)
    written = hand_in(
        kit.folder, {name: text.encode() for name, text in (work.beside | {name_of(work): work.main}).items()}
    )
    checks_file = written / "test_chain.py"
    runner = grader.own_submission(checks_file)
    card = grader.check(runner, checks_file, seed=0).scorecard
    for name in (*work.beside, name_of(work)):
        (kit.folder / name).unlink()
    return Scorecard(card.assignment, card.title, card.exercises, tuple(runner.problems()), card.seed)


@pytest.fixture(scope="module")
def home(solved: Kit, grader: Grader) -> Callable[[str], Scorecard]:
    """Gives the scorecard of a kind of work at home."""
    return cache(lambda kind: at_home(solved, grader, WORK[kind]))


@pytest.mark.parametrize("kind", WORK)
def test_at_home(kind: str, home: Callable[[str], Scorecard]) -> None:
    work = WORK[kind]
    modules, finders, path = set(sys.modules), list(sys.meta_path), list(sys.path)
    card = home(kind)
    assert card.points == work.points, said(card)
    assert [sentence for sentence in work.says if sentence not in said(card)] == [], said(card)
    assert bool(card.problems) != work.silent
    assert {
        name for name in set(sys.modules) - modules if name.startswith(("helper", "tools", "google.colab"))
    } == set()
    assert (finders, path) == (sys.meta_path, sys.path)


@pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
def test_in_marks_as_at_home(solved: Kit, home: Callable[[str], Scorecard]) -> None:
    from gradlings.grading.judge_session import JudgeSession, bundle_of

    with JudgeSession(bundle_of(solved.folder, "chain")) as session:
        for kind, work in WORK.items():
            helpers = beside(work.beside, work.main, name_of(work))
            reply = session.judge(work.main.encode(), name_of(work), 0, helpers)
            assert reply.card is not None, (kind, reply)
            assert reported(reply.card) == reported(home(kind)), (kind, said(reply.card))
            assert [text for text in work.says if text not in said(reply.card)] == [], (kind, said(reply.card))
            assert bool(reply.card.problems) != work.silent, kind
        alone = session.judge(WORK["everything in another file"].main.encode(), "chain.py", 0)
        assert alone.card is not None
        assert "No module named 'helper'" in said(alone.card)


def beside(files: dict[str, str], main: str, name: str = "chain.py") -> Helpers:
    return choose_helpers(Path(name), main.encode(), files, lambda path: files[path].encode(), ["corpus.py"])


# ---- which files go with a submission


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a, b as c, d.e", {"a", "b", "d"}),
        ("  from a.b import c", {"a"}),
        ("from . import a\nfrom .b import c", set()),
        ("x = 1; import a", {"a"}),
        ("try: import a", {"a"}),
        ("importlib.import_module('a.b'); __import__(\"c\")", {"a", "c"}),
        ("# import a, and do not import b", set()),
        ("reimport a", set()),
        (json.dumps({"source": ["import a\n", "  from b import c"]}), {"a", "b"}),
        (json.dumps({"source": 'x = 1\nimport a\nimport_module("b")'}), {"a", "b"}),
    ],
)
def test_names_in_import_statements(source: str, names: set[str]) -> None:
    assert imported_names(source) == names


NAMES = st.sampled_from(["alpha", "beta", "gamma.delta", "eps as e"])
STATEMENTS = st.one_of(
    st.lists(NAMES, min_size=1, max_size=3).map(lambda names: f"import {', '.join(names)}"),
    NAMES.map(lambda name: f"from {name.split()[0]} import (x,\n    y)"),
    NAMES.map(lambda name: f"if x:\n    import {name}  # and more"),
    st.sampled_from(["x = 'from here'", "# important", "y = [1,\n 2]"]),
)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(STATEMENTS, max_size=5), st.sampled_from([None, 1]))
def test_every_import_statement_is_found(statements: list[str], indent: int | None) -> None:
    source = "\n".join(statements)
    wanted = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            wanted |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            wanted.add((node.module or "").partition(".")[0])
    assert imported_names(source) == wanted
    cells = [
        {"cell_type": "code", "source": source.splitlines(keepends=True)},
        {"cell_type": "markdown", "source": "x"},
    ]
    assert imported_names(json.dumps({"cells": cells}, indent=indent)) >= wanted


def test_a_long_line_takes_no_long_time() -> None:
    for line in (
        "from " + "a" * 200_000 + "! import",
        "from a" + "." * 200_000 + "! import",
        "import " * 50_000,
        ";" * 200_000,
    ):
        assert imported_names(f"import b\n{line}") >= {"b"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("torch", "is a library"),
        ("numpy/linalg", "is a library"),
        ("gradlings/checks/assertions", "is a library"),
        ("json", "Python has a module json of its own"),
        ("corpus", "came with the assignment"),
        ("drivers", "came with the assignment"),
        ("test_chain", "came with the assignment"),
        ("a/b/c/d/e/f", "lies more than 4 folders deep"),
    ],
)
def test_a_file_that_is_refused(name: str, reason: str) -> None:
    found = beside({f"{name}.py": "", "other.py": ""}, f"import {name.replace('/', '.')}")
    assert found.files == ()
    (sentence,) = found.refused
    assert sentence.startswith(f"{name}.py is imported but not read: ")
    assert reason in sentence


def test_what_is_not_imported_stays_behind() -> None:
    files = {"a.py": "import b", "b.py": "import a", "c.py": "", "chain.py": "", "not-a-name.py": "", "d/x.txt": ""}
    assert [helper.path for helper in beside(files, "import a, chain, d").files] == ["a.py", "b.py"]


def test_how_many_and_how_large() -> None:
    many = beside({f"p/m{number:02}.py": "" for number in range(MAX_HELPERS + 2)}, "import p")
    assert (len(many.files), len(many.refused)) == (MAX_HELPERS, 2)
    large = beside({"a.py": "#" * (MAX_HELPER_BYTES + 1), "b.py": ""}, "import a, b")
    assert [helper.path for helper in large.files] == ["b.py"]
    assert "more than 200,000 bytes" in large.refused[0]
    together = beside({f"m{n}.py": "#" * MAX_HELPER_BYTES for n in range(4)}, "import m0, m1, m2, m3")
    assert len(together.files) == 2
    assert "500,000 bytes together" in together.refused[0]


def test_two_assignments_have_a_file_of_one_name(tmp_path: Path) -> None:
    for number in "12":
        kit = chain_kit(
            tmp_path / number,
            "from helper import VALUE\n\ndef later():\n    from helper import VALUE\n    return VALUE\n",
        )
        (kit.folder / "helper.py").write_text(f"VALUE = {number}\n")
    with collected_checks(tmp_path / "1/assignments/09") as grader:
        loaded = [grader.own_submission(tmp_path / f"{number}/assignments/09/test_chain.py") for number in "12"]
    assert [runner.namespace["VALUE"] for runner in loaded] == [1, 2]
    assert [called(runner, "later") for runner in loaded] == [1, 2]


def test_an_endless_loop_in_another_file_is_stopped() -> None:
    text = "import helper\n# %%\nx = 1\n"
    loaded = run_cells(
        from_source(text, Path("x.py"), beside({"helper.py": "while True:\n    pass"}, text)), seconds=0.2
    )
    (problem,) = loaded.problems()
    assert problem.startswith("helper.py:")
    assert "still running after its time limit" in problem
    assert loaded.namespace["x"] == 1


def called(runner: LocalRunner, name: str) -> object:
    from gradlings.execution.runner_protocol import Target

    return runner.bound(Target(name))()


def test_pytest_names_the_line_in_another_file(tmp_path: Path) -> None:
    work = WORK["a mistake in another file"]
    kit = chain_kit(tmp_path, work.main, solved=True)
    hand_in(kit.folder, {name: text.encode() for name, text in work.beside.items()})
    page = kit.check().out
    assert "assignments/09/helper.py:3" in page
    assert "80 of 100 points" in page


# ---- as an LMS hands them out


def zipped(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


HELPER, MAIN = b"def twice(x): return 2 * x\n", b"from helper import twice\n" + REST.encode()
LAYOUTS: dict[str, dict[str, bytes]] = {
    "a folder": {"jane/chain.py": MAIN, "jane/helper.py": HELPER, "bob/chain.py": REST.encode()},
    "deep in a folder": {
        "jane/hw/a/chain.py": MAIN,
        "jane/hw/a/helper.py": HELPER,
        "jane/helper.py": b"1 / 0",
        "bob/chain.py": MAIN,
    },
    "a zip": {"jane/hw.zip": zipped({"hw/chain.py": MAIN, "hw/helper.py": HELPER}), "bob/chain.py": REST.encode()},
    "a zip beside": {
        "jane/chain.py": MAIN,
        "jane/more.zip": zipped({"helper.py": HELPER}),
        "bob/chain.py": REST.encode(),
    },
    "canvas": {
        "jane_11_101_chain.py": MAIN,
        "jane_11_102_helper-1.py": HELPER,
        "bob_12_103_chain.py": REST.encode(),
        "bob_12_104_helper.py": b"1 / 0",
    },
    "moodle": {
        "Jane_11_assignsubmission_file_/chain.py": MAIN,
        "Jane_11_assignsubmission_file_/helper.py": HELPER,
        "Bob_12_assignsubmission_file_/chain.py": REST.encode(),
    },
}


def chosen(tmp_path: Path, files: dict[str, bytes], kit: Kit) -> ChosenFile:
    submissions = collect(hand_in(tmp_path, files), "chain")
    (jane,) = [student for student in submissions.students if student.student.lower().startswith("jane")]
    return choose(submissions, jane, kit.folder)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_helper_comes_in(layout: str, tmp_path: Path, solved: Kit) -> None:
    found = chosen(tmp_path, LAYOUTS[layout], solved)
    assert found.data == MAIN
    assert [(helper.path, helper.data) for helper in found.helpers.files] == [("helper.py", HELPER)]
    assert "chain.py imports helper.py." in " ".join(found.notes)
    assert not [path for path in found.unused if "helper" in path and "jane/helper" not in path]


def test_a_changed_helper_is_another_submission(tmp_path: Path, solved: Kit) -> None:
    layout = LAYOUTS["a folder"]
    digests = {
        chosen(tmp_path / name, layout | {"jane/helper.py": text}, solved).digest
        for name, text in {"a": HELPER, "b": HELPER + b"#"}.items()
    }
    assert len(digests) == 2
    alone = chosen(tmp_path / "c", layout | {"jane/chain.py": REST.encode()}, solved)
    assert alone.digest not in digests


def test_a_helper_with_most_of_the_functions_is_no_submission(tmp_path: Path, solved: Kit) -> None:
    files = {"jane/chain.py": b"from work import *\n" + TWICE.encode(), "jane/work.py": REST.encode()}
    found = chosen(tmp_path, files, solved)
    assert (found.data[:9], [helper.path for helper in found.helpers.files]) == (b"from work", ["work.py"])


# ---- the last function


@pytest.mark.parametrize(
    "text",
    [
        "def f(): return 1\nf = f()",
        "def f(): return 0\nf = f()\ndef f(): return 1\nf = 5",
        "def f(): return 0\nf = lambda: 1\nf = f()",
        "import functools\nf = functools.partial(int, 1)\nf = f()\n",
        "try:\n    def f(): return 1\n    f = f() / 0\nexcept ZeroDivisionError:\n    f = None",
        "if True:\n    def f(): return 1\nfor f in range(3): pass",
        "import functools\n@functools.cache\ndef f(): return 1\nf, g = f(), 2",
        "def f(): return 1\n# %%\nf = 3\n1 / 0\n",
        "def f(): return 1\nf = 2\n1 / 0\n# %%\ndef g(): return f()",
        "def f(): return 1\nwith open('/dev/null') as f: pass",
        "def f(): return 1\n(f := 3)",
        "class f:\n    def __new__(cls): return 1\nf = f()",
    ],
)
def test_the_last_function_counts(text: str) -> None:
    loaded = run_cells(from_source(text, Path("x.py")), functions=["f"])
    assert called(loaded, "f") == 1
    assert list(loaded.rebound) == ["f"]


@pytest.mark.parametrize("text", ["f = 3", "def g(): return 1\nf = g()", "def f(): return 1\ndel f"])
def test_what_was_never_a_function_or_is_deleted_is_none(text: str) -> None:
    loaded = run_cells(from_source(text, Path("x.py")), functions=["f"])
    assert loaded.type_of("f") in ("int", "")
    assert loaded.rebound == {}


def test_only_functions_of_exercises_are_bound_again() -> None:
    text = "def rate(): return 1\nrate = rate()\ndef f(): return rate\n"
    assert called(run_cells(from_source(text, Path("x.py")), functions=["f"]), "f") == 1


def test_the_place_is_that_of_the_last_def() -> None:
    submission = from_source("def f():\n    ...\n\nf = f()\n", Path("x.py"))
    assert (submission.functions["f"].line, submission.attempted(("f",))) == (1, False)


# ---- Colab


@pytest.mark.parametrize("path", sorted((PROJECT / "assignments").glob("*/*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_that_colab_saved_is_read(path: Path) -> None:
    original = json.loads(path.read_text(encoding="utf-8"))
    original["nbformat_minor"], original["metadata"]["colab"] = 0, {"provenance": []}
    for cell in original["cells"]:
        cell["metadata"]["id"] = cell["id"]
    ours = from_source(path.read_text(encoding="utf-8"), path)
    theirs = from_source(json.dumps(original), path)
    assert theirs == ours
    assert not theirs.problem


# ---- watch mode


def test_a_saved_helper_is_noticed(tmp_path: Path) -> None:
    kit = chain_kit(tmp_path, MAIN.decode())
    helper = kit.folder / "helper.py"
    helper.write_bytes(HELPER)
    detector = EditDetector(summarize(kit.root, read_history(kit.root)))
    checks_file = kit.folder / "test_chain.py"
    assert detector.edited_exercises(checks_file) is None
    helper.write_bytes(HELPER + b"# saved\n")
    assert detector.checks_files_of({helper}) == [checks_file]
    assert detector.edited_exercises(checks_file) == ()
    assert detector.edited_exercises(checks_file) is None
