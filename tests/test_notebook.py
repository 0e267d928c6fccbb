"""`check("9.1")` in a notebook, and notebooks as submissions."""

from __future__ import annotations

import io
import linecache
import re
import warnings
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.compilerop import CachingCompiler
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell
from nbgrader.validator import Validator
from traitlets.config import Config

import gradlings
from chain_kit import FOURFOLD, LARGEST, THREEFOLD, TWICE, UNSHARED, chain_kit
from course_kit import KERNEL_TIMEOUTS
from gradlings.execution.kept_settings import kept_settings
from gradlings.grading.judge_session import JudgeSession, bundle_of
from gradlings.model.scorecard import Scorecard
from student_kit import PROJECT, RIGHT, Kit, as_if_started_in

DIFFERENCE = "import torch\ndef difference(a, b):\n    return a - b"
WRONG = "def difference(a, b):\n    return b - a"
FORBIDDEN = "def row_totals(x):\n    return x @ torch.ones(x.shape[1], dtype=x.dtype), x.amax(1)"
ROWS = "def row_totals(x):\n    return x.sum(1), x.amax(1)"


class Shell:
    """IPython in this process, in the folder of a kit: what a kernel is to `check`, without a kernel."""

    def __init__(self) -> None:
        self._shell = InteractiveShell.instance()
        self.run("from gradlings import check")

    def run(self, *cells: str) -> Any:
        """Runs cells; the result of the last one."""
        for cell in cells:
            ended = self._shell.run_cell(cell, store_history=True)
        return ended.result

    def next_cell(self) -> str:
        """The cell that was put below the last one."""
        text: str = self._shell.rl_next_input
        return text

    def verdict(self, exercise: str) -> tuple[str, str]:
        """What nbgrader reads and what people read."""
        shown = self.run(f'check("{exercise}")')
        return repr(shown), text_of(shown._repr_html_())


def text_of(html: str) -> str:
    """What a person sees of some HTML, on one line."""
    bare = re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)
    return " ".join(bare.replace("&#34;", '"').replace("&quot;", '"').replace("&#39;", "'").split())


@pytest.fixture
def shell(kit: Kit) -> Iterator[Shell]:
    with as_if_started_in(kit.folder):
        yield Shell()
    InteractiveShell.clear_instance()


def test_the_score_and_the_verdict(shell: Shell) -> None:
    points, said = shell.verdict("9.1")
    assert (points, "There is no function called difference in this notebook now." in said) == ("0", True)
    shell.run(DIFFERENCE)
    points, said = shell.verdict("9.1")
    assert points == "10"
    assert "10 of 10 points" in said


def test_what_is_wrong_is_said_as_in_the_terminal(shell: Shell, kit: Kit) -> None:
    shell.run("import torch", WRONG)
    points, said = shell.verdict("9.1")
    assert points == "0"
    page = kit.answer(difference="return b - a").check("-k", "difference").said
    for sentence in ("difference(a=5.0, b=3.0)", "opposite sign. Which of the two is taken away from the other?"):
        assert sentence in page
        assert sentence in said


def test_settings_of_the_kernel_reach_neither_the_oracle_nor_the_functions(shell: Shell) -> None:
    with kept_settings():
        shell.run("import torch, numpy", "torch.set_default_device('meta')", "torch.set_default_dtype(torch.float64)")
        shell.run("numpy.seterr(all='raise')", "torch.autocast('cpu').__enter__()", DIFFERENCE)
        assert shell.verdict("9.1")[0] == "10"
        assert repr(shell.run("torch.ones(1).device, torch.ones(1).dtype")) == "(device(type='meta'), torch.float64)"
        points, said = shell.run(WRONG) or shell.verdict("9.1")
        assert points == "0"
        assert "Your file changes autocast, np.seterr, torch's default device and " in said


def test_a_wrong_answer_names_what_helps(shell: Shell) -> None:
    shell.run("import torch", WRONG)
    said = shell.verdict("9.1")[1]
    assert 'Stuck? hint("9.1") helps, and try_call("9.1") makes a cell of the call that fails.' in said
    assert "(First: from gradlings import hint, try_call)" in said
    shell.run("from gradlings import hint, try_call")
    assert "First:" not in shell.verdict("9.1")[1]
    shell.run(DIFFERENCE)
    assert "Stuck?" not in shell.verdict("9.1")[1]


def test_hints_come_one_after_the_other(shell: Shell) -> None:
    shell.run("from gradlings import hint", "import torch", WRONG)
    shell.verdict("9.1")
    fitting, first = (repr(shell.run('hint("9.1")')) for _ in range(2))
    assert "A hint for what your last attempt at 9.1 shows" in fitting
    assert "Try 5 and 3 by hand" in fitting
    assert first.startswith("**Hint 1 of 3 for exercise 9.1**\n\nThere are two orders.")
    assert first.endswith('More: `hint("9.1")`')
    last = shell.run('hint("9.1", 3)')._repr_markdown_()
    assert "Tensors know the minus sign" in last
    assert "That was the last one." in last
    assert "There is no exercise 9.7 here; there are 9.1, 9.2, 9.3" in repr(shell.run('hint("9.7")'))


def test_without_a_kit_the_kernel_remembers(shell: Shell, kit: Kit, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    kit.folder.rename(alone)
    before = sorted(tmp_path.rglob("*"))
    shell.run(f"%cd {alone}", "from gradlings import hint", "import torch", WRONG)
    shell.verdict("9.1")
    assert "A hint for what your last attempt at 9.1 shows" in repr(shell.run('hint("9.1")'))
    assert repr(shell.run('hint("9.1")')).startswith("**Hint 1 of 3 for exercise 9.1**")
    assert [path for path in sorted(tmp_path.rglob("*")) if "__pycache__" not in path.parts] == before


def test_the_failing_call_becomes_a_cell(shell: Shell) -> None:
    shell.run("from gradlings import try_call", "import torch", WRONG, "a = 'mine'")
    said = repr(shell.run('try_call("9.1")'))
    assert said.startswith("The cell below makes the call `difference(a=5.0, b=3.0)`")
    cell = shell.next_cell()
    assert "a_ = torch.tensor(5.0, dtype=torch.float64)" in cell
    with redirect_stdout(io.StringIO()) as printed:
        shell.run(cell)
    assert "got -2.0   expected 2.0" in printed.getvalue()
    assert shell.run("a") == "mine"
    shell.run(DIFFERENCE)
    assert "9.1 is right" in repr(shell.run('try_call("9.1")'))


def test_a_call_through_a_driver_becomes_a_cell(shell: Shell) -> None:
    shell.run("from gradlings import try_call", "def count_up(n):\n    return []")
    shell.run("def make_counter(start):\n    return lambda: start")
    shell.run('try_call("9.3")')
    with redirect_stdout(io.StringIO()) as printed:
        shell.run(shell.next_cell())
    assert "got []" in printed.getvalue()


def test_all_exercises_are_checked_at_once(shell: Shell) -> None:
    assert "Run the cells above first" in text_of(shell.run("check()")._repr_html_())
    shell.run(DIFFERENCE, FORBIDDEN, "def count_up(n):\n    raise NotImplementedError", "make_counter = count_up")
    with redirect_stdout(io.StringIO()) as printed:
        shown = shell.run("check()")
    assert "checking 9.2 row_totals ... (2 of 3)" in printed.getvalue()
    assert "1 of 3 exercises are solved." in printed.getvalue()
    assert repr(shown) == "10"
    said = text_of(shown._repr_html_())
    assert "1 of 3 exercises are solved 10 of 30 points" in said
    assert "9.1 difference : right, 10 of 10 points" in said
    assert "9.2 row_totals : not right yet, 0 of 15 points" in said


def test_outside_a_notebook_they_say_what_to_do_in_a_terminal() -> None:
    assert repr(gradlings.hint("3.5")).endswith("gradlings hint 3.5")
    assert repr(gradlings.try_call("3.5")).endswith("gradlings try 3.5")


def test_what_ipython_sets_for_itself_is_not_said_to_be_the_students(shell: Shell) -> None:
    with warnings.catch_warnings():
        warnings.resetwarnings()  # those of this test run, which no kernel has
        shell.run("import IPython.core.completer, warnings")
        own = "category=IPython.core.completer.ProvisionalCompleterWarning"
        shell.run(f"warnings.filterwarnings('error', {own})", "import torch", WRONG)
        assert "Your file changes" not in shell.verdict("9.1")[1]
        with warnings.catch_warnings():
            shell.run("warnings.simplefilter('error')")
            assert "Your file changes warnings into errors" in shell.verdict("9.1")[1]


def test_part_of_the_points(shell: Shell) -> None:
    shell.run("def count_up(n):\n    if n < 0:\n        raise ValueError\n    return list(range(n))")
    assert shell.verdict("9.3")[0] == "3"


def test_the_last_definition_counts_and_the_line_is_the_cells(shell: Shell) -> None:
    shell.run("import torch", FORBIDDEN)
    points, said = shell.verdict("9.2")
    assert points == "0"
    assert "is to be solved without" in said
    assert re.search(r"cell \[\d+\]:2", said), said
    shell.run(ROWS)
    assert shell.verdict("9.2")[0] == "15"


def test_a_function_that_is_gone_and_one_that_python_cannot_read(shell: Shell) -> None:
    shell.run(DIFFERENCE, "del difference")
    assert "no function called difference in this notebook now" in shell.verdict("9.1")[1]
    shell.run("def difference(a, b)\n    return a - b")
    assert "Python cannot read this line" in shell.verdict("9.1")[1]


def test_an_error_names_cell_and_line(shell: Shell) -> None:
    shell.run("def difference(a, b):\n    c = a - b\n    return c / undefined")
    said = shell.verdict("9.1")[1]
    assert "undefined" in said
    assert re.search(r"cell \[\d+\]:3", said), said


def test_a_function_that_was_tried_out_counts_as_it_was_defined(shell: Shell) -> None:
    shell.run(DIFFERENCE, "difference = difference(torch.tensor(5.0), torch.tensor(3.0))")
    points, said = shell.verdict("9.1")
    assert points == "10"
    assert "difference is a Tensor in the end; what counts is the function that it was before." in said
    assert repr(shell.run("difference")) == "tensor(2.)"
    shell.run(WRONG, "difference = 3")
    assert shell.verdict("9.1")[0] == "0"


def test_a_rule_reaches_into_a_file_that_the_notebook_imports(shell: Shell, kit: Kit) -> None:
    (kit.folder / "times.py").write_text("import torch\n\n" + FORBIDDEN, encoding="utf-8")
    shell.run("import sys, torch", "sys.path.insert(0, '')", "from times import row_totals")
    points, said = shell.verdict("9.2")
    assert points == "0"
    assert "times.py:4" in said


def test_magics_and_await_do_not_matter(shell: Shell) -> None:
    shell.run("import torch", "%%time\ndef difference(a, b):\n    return a - b", "%matplotlib inline", "x = !ls")
    shell.run("import asyncio\nawait asyncio.sleep(0)")
    points, said = shell.verdict("9.1")
    assert (points, "something else has that name" in said) == ("10", False)


def test_a_check_leaves_the_notebook_as_it_was(shell: Shell) -> None:
    shell.run(DIFFERENCE, "torch.set_num_threads(2)\nseen = []\nseen.append(len(seen))")
    shell.verdict("9.1")
    assert shell.run("torch.get_num_threads()") == 2
    assert shell.run("import gc\ngc.get_freeze_count()") == 0
    assert shell.run("seen") == [0]


def test_what_stands_in_the_way_is_said_and_nothing_is_raised(shell: Shell) -> None:
    shell.run("from gradlings import hint, try_call")
    for call in ('check("9.7")._repr_html_()', 'hint("9.7")', 'try_call("9.7")'):
        assert "There is no exercise 9.7 here; there are 9.1, 9.2, 9.3" in text_of(str(shell.run(call)))


def test_a_notebook_elsewhere_in_a_kit_is_checked_with_its_checks(shell: Shell, kit: Kit) -> None:
    (kit.root / "mine").mkdir()
    shell.run(f"%cd {kit.root / 'mine'}", DIFFERENCE)
    assert shell.verdict("9.1")[0] == "10"
    assert [path.name for path in kit.root.iterdir() if path.suffix == ".jsonl"] == ["progress.jsonl"]


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Shell]:
    """IPython in a folder that holds nothing, as in Colab."""
    (tmp_path / "content").mkdir()
    with as_if_started_in(tmp_path / "content"):
        shell = Shell()
        shell.run("from gradlings import check, hint, try_call", "import torch")
        yield shell
        written = sorted(path.name for path in (tmp_path / "content").rglob("*"))
    InteractiveShell.clear_instance()
    assert not written


GRADIENTS = """
def manual_gradients(x, w, b, y):
    dz = 1 / (1 + torch.exp(-(x * w + b))) - y
    return dz * {}, dz
"""


def test_a_notebook_alone_is_checked_with_the_checks_of_the_package(alone: Shell) -> None:
    progress = PROJECT / "progress.jsonl"
    before = progress.stat() if progress.exists() else None
    said = alone.verdict("3.5")[1]
    assert "Exercise 3.5 asks for manual_gradients, and no such function is defined here: run its cell first." in said
    assert "There is no exercise 3.99 here; there are 3.1, 3.2, 3.3" in alone.verdict("3.99")[1]
    alone.run(GRADIENTS.format("w"))
    points, said = alone.verdict("3.5")
    assert (points, "dL/dw is dL/db times w" in said) == ("0", True)
    assert "A hint for what your last attempt at 3.5 shows" in repr(alone.run('hint("3.5")'))
    assert "The cell below makes the call `manual_gradients(" in repr(alone.run('try_call("3.5")'))
    with redirect_stdout(io.StringIO()) as printed:
        alone.run(alone.next_cell())
    assert "expected" in printed.getvalue()
    alone.run(GRADIENTS.format("x"))
    assert alone.verdict("3.5")[0] == "10"
    assert repr(alone.run('hint("3.5")')).startswith("**3.5 is right.**")
    with redirect_stdout(io.StringIO()):
        assert "1 of 12 exercises are solved" in text_of(alone.run("check()")._repr_html_())
    assert (progress.stat() if progress.exists() else None) == before


# ---- what is only for looks may fail, and the verdict stands


class CompilerOf2022(CachingCompiler):
    """Keeps the cells as IPython 7 does, which Colab has: no labels for names, and a cache of its own."""

    @property
    def format_code_name(self) -> Any:
        raise AttributeError("format_code_name")

    def cache(self, transformed_code: str, number: int = 0, raw_code: str | None = None) -> str:
        name = super().cache(transformed_code, number, raw_code)
        vars(linecache).setdefault("_ipython_cache", {})[name] = linecache.cache[name]
        return name


def test_cells_of_an_older_ipython_are_read_as_well(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linecache, "_ipython_cache", {}, raising=False)
    monkeypatch.setattr(InteractiveShell.instance(), "compile", CompilerOf2022())  # type: ignore[no-untyped-call]
    shell.run("import torch\n\n", f"{FORBIDDEN}\n")
    points, said = shell.verdict("9.2")
    assert (points, "is to be solved without" in said) == ("0", True)
    assert re.search(r"cell \[\d+\]:2", said), said
    shell.run(DIFFERENCE, "%%time\n" + DIFFERENCE)
    assert shell.verdict("9.1")[0] == "10"


def no(*_: object, **__: object) -> Any:
    raise RuntimeError("an API that changed")


@pytest.mark.parametrize(
    ("broken", "lost"),
    [
        ("IPython.core.compilerop.CachingCompiler.format_code_name", False),
        ("gradlings.runners.kernel.check.keep", False),
        ("gradlings.runners.kernel.check._advice", True),
        ("gradlings.rendering.html.exercise_fragment", True),
        ("gradlings.rendering.html.summary_fragment", True),
        ("IPython.display.display", False),
    ],
)
def test_a_verdict_stands_whatever_becomes_of_its_looks(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, broken: str, lost: bool
) -> None:
    shell.run("def count_up(n):\n    return list(range(n))", DIFFERENCE)
    monkeypatch.setattr(broken, no)
    points, said = shell.verdict("9.3")
    every = shell.run("check()")
    both = f"{said} {text_of(every._repr_html_())}"
    assert points == "3" or points == "0"
    assert int(repr(every)) == int(points) + 10
    assert "Not checked" not in both
    assert ("The page could not be made (RuntimeError: an API that changed" in both) == lost
    if broken.endswith("exercise_fragment"):
        assert f"9.3 count_up, make_counter: {points} of" in said


def test_outside_a_notebook_check_does_nothing() -> None:
    assert not InteractiveShell.initialized()
    assert repr(gradlings.check("9.1")) == "not checked"


def test_importing_it_does_not_import_torch(kit: Kit) -> None:
    code = "import sys, gradlings; gradlings.check('9.1'); print('torch' in sys.modules, 'nbgrader' in sys.modules)"
    assert kit.run("timeit", "-n1", "-r1", code).said.startswith("False False")


# ---- in a kernel


def test_validate_agrees_with_what_the_cells_say(kit: Kit) -> None:
    """As `jupyter nbconvert --execute` runs it, and as the button of JupyterLab does."""
    bodies = {
        "difference": RIGHT["difference"],
        "row_totals": "return x.sum(0), x.amax(0)",
        "count_up": RIGHT["count_up"],
    }
    points = {"ex-9-1": 10, "ex-9-2": 15, "ex-9-3": 5}
    kit.answer_in_notebook(**bodies)
    notebook = nbformat.read(str(kit.notebook), as_version=4)
    for cell in notebook.cells:
        if cell["id"] in points:
            metadata = {"grade": True, "grade_id": cell["id"], "locked": True, "points": points[cell["id"]]}
            cell.metadata["nbgrader"] = {**metadata, "schema_version": 3, "solution": False, "task": False}
    nbformat.write(notebook, str(kit.notebook))
    NotebookClient(notebook, resources={"metadata": {"path": str(kit.folder)}}, timeout=400).execute()
    shown = {cell["id"]: cell.outputs for cell in notebook.cells if cell["id"] in points}
    scores = {id: float(outputs[0].data["text/plain"]) for id, outputs in shown.items()}
    assert scores == {"ex-9-1": 10, "ex-9-2": 0, "ex-9-3": 3}
    assert "Which axis is added up" in text_of(shown["ex-9-2"][0].data["text/html"])
    failed = Validator(config=Config(Execute=Config(KERNEL_TIMEOUTS))).validate(str(kit.notebook))["failed"]
    assert [cell["source"] for cell in failed] == ['check("9.2")', 'check("9.3")']


# ---- notebooks as submissions


@pytest.fixture(scope="module")
def session(built_kit: Kit) -> Iterator[JudgeSession]:
    with JudgeSession(bundle_of(built_kit.folder, "tiny")) as session:
        yield session


def module_text(**bodies: str) -> str:
    functions = {
        "difference": "def difference(a, b):",
        "row_totals": "def row_totals(x):",
        "count_up": "def count_up(n):",
        "make_counter": "def make_counter(start):",
    }
    cells = ["# %%\nimport torch\nfrom torch import Tensor"]
    for name, head in functions.items():
        body = "\n".join(f"    {line}" for line in bodies[name].splitlines())
        cells.append(f"# %%\n{head}\n{body}")
    return "\n\n".join(cells) + "\n"


def notebook_of(*sources: str) -> bytes:
    notebook = nbformat.v4.new_notebook(cells=[new_code_cell(source) for source in sources])
    return str(nbformat.writes(notebook)).encode()


def cells_of(module: str) -> list[str]:
    return [part.removeprefix("\n").strip("\n") for part in module.split("# %%")[1:]]


def without_places(card: Scorecard) -> Scorecard:
    """The scorecard without file names and line numbers."""
    exercises = tuple(
        replace(score, checks=tuple(replace(check, place="", trace=()) for check in score.checks))
        for score in card.exercises
    )
    return replace(card, exercises=exercises)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"difference": "return b - a", "row_totals": "return x.sum(0), x.amax(0)"},
        {"difference": "return 1 / 0", "count_up": "raise NotImplementedError"},
        {"row_totals": "return (x @ torch.ones(x.shape[1], dtype=x.dtype)), x.amax(1)"},
    ],
    ids=["right", "wrong", "errors", "forbidden"],
)
def test_a_notebook_and_the_same_code_as_a_module(session: JudgeSession, changed: dict[str, str]) -> None:
    text = module_text(**{**RIGHT, **changed})
    as_module = session.judge(text.encode(), "tiny.py", 0).card
    as_notebook = session.judge(notebook_of(*cells_of(text)), "tiny.ipynb", 0).card
    assert as_module is not None
    assert as_notebook is not None
    assert without_places(as_module) == without_places(as_notebook)


def test_a_problem_belongs_to_the_cell_that_failed(session: JudgeSession) -> None:
    cells = ("def broken():\n    raise KeyError('inside')", "broken()", "def (")
    problems = dict(session.judge(notebook_of(*cells), "my tiny.ipynb", 0).cell_problems)
    assert list(problems) == ["my tiny.ipynb cell 3", "my tiny.ipynb cell 2"]
    assert problems["my tiny.ipynb cell 2"].startswith("my tiny.ipynb cell 1:2: KeyError"), "where it was raised"


ODD = {
    "magics": [
        "%matplotlib inline",
        "!pip install something \\\n  else",
        "files = !ls\nfor f in files or []:\n    !cat f",
    ],
    "shown": ["display(torch.ones(2))\nget_ipython().run_line_magic('time', '1')"],
    "await": ["import asyncio\nasync def two():\n    await asyncio.sleep(0)\n    return 2\nx = await two()"],
    "checks": [
        "from gradlings import check, hint, try_call",
        'check("9.1")',
        'hint("9.2")',
        'try_call("9.2")',
        "check()",
    ],
    "a call that was tried": ["from gradlings import print_result", "print_result(1, 2, names=('a',))"],
    "ipython": ["import IPython.display as d\nfrom IPython.display import HTML, display\ndisplay(HTML('<b>1</b>'))"],
    "bash": ["%%bash\necho it's fine"],
    "timed": ["%%time\ny = 1"],
}


@pytest.mark.parametrize("kind", ODD)
def test_what_only_notebooks_have_costs_nothing(session: JudgeSession, kind: str) -> None:
    imports, *functions = cells_of(module_text(**RIGHT))
    judged = session.judge(notebook_of(imports, *ODD[kind], *functions), "tiny.ipynb", 1)
    assert judged.card is not None, judged
    assert (judged.card.points, judged.card.problems) == (30, ())


def test_a_cell_that_fails_half_way_is_named_and_the_rest_counts(session: JudgeSession) -> None:
    imports, *functions = cells_of(module_text(**RIGHT))
    broken = f"{functions[0]}\nvalue = 1 / 0\n\ndef lost():\n    pass"
    awaits = f"import asyncio\n{functions[1]}\nawait asyncio.get_running_loop().create_future()"
    card = session.judge(notebook_of(imports, broken, awaits, *functions[2:]), "tiny.ipynb", 1).card
    assert card is not None
    assert card.points == 30
    first, second = card.problems
    assert first.startswith("tiny.ipynb cell 2:3: ZeroDivisionError")
    assert second.startswith("tiny.ipynb cell 3:")


def test_cells_in_another_order_are_graded_on_what_they_define(session: JudgeSession) -> None:
    imports, *functions = cells_of(module_text(**RIGHT))
    card = session.judge(notebook_of("helper = early + 1", *functions[::-1], imports), "tiny.ipynb", 1).card
    assert card is not None
    assert card.points == 30
    assert "NameError" in card.problems[0]


@pytest.mark.parametrize("solved", [True, False], ids=["with a solution", "without"])
def test_right_code_after_a_mistake_is_followed_through(tmp_path: Path, solved: bool) -> None:
    kit = chain_kit(tmp_path, solved=solved)
    kit.module.unlink()
    with as_if_started_in(kit.folder):
        shell = Shell()
        shell.run(THREEFOLD, UNSHARED, FOURFOLD, LARGEST)
        for exercise, points in {"9.1": "0", "9.3": "30", "9.4": "30" if solved else "0"}.items():
            assert shell.verdict(exercise)[0] == points
        assert "Your fourfold is right. It calls twice (9.1), which is not yet: start there." in shell.verdict("9.3")[1]
        said = shell.verdict("9.4")[1]
        assert ("is right. It calls shared (9.2)" in said) == solved
        assert ("is decided when it is graded" in said) != solved
        assert repr(shell.run("twice(2)")) == "6"  # the kernel's own again
        shell.run(TWICE)
        assert "right, 30 of 30" in shell.verdict("9.3")[1]
    InteractiveShell.clear_instance()
