"""The picture at the end of an assignment: the student's own functions draw it, or a sentence names one of them."""

from __future__ import annotations

import ast
import io
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import matplotlib.image
import nbformat
import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from gradlings import picture
from gradlings.execution.local_runner import LocalRunner, run_cells
from gradlings.execution.student_api import Unavailable
from gradlings.execution.time_limit import TimeUp
from gradlings.runners.final_picture.draw import Drawn, drawn_with
from gradlings.runners.session import collected_checks
from gradlings.sandbox.worker_bundle import MODULES
from gradlings.submission.reader import parse, read_submission
from student_kit import PROJECT, Kit, as_if_started_in

TOPICS = dict(
    zip(
        ("01", "02", "03", "04", "05", "06", "07", "08", "09"),
        ("tensors", "gpt_config", "autodiff", "backprop", "training", "tiny_gpt", "tokens", "writing", "tuning"),
        strict=True,
    )
)
EASY = [assignment for assignment in TOPICS if assignment != "06"]  # which takes seconds
DRAWING = {
    "01": ("row_major_strides", "as_column", "swap_last_two", "split_heads", "merge_heads"),
    "02": ("linear_params", "embedding_params", "attention_params", "feedforward_params", "gpt_params"),
    "03": ("exp", "topological_order", "backprop"),
    "04": ("mlp_forward", "mlp_backward"),
    "05": ("sgd_step", "momentum_step", "adam_step"),
    "06": ("pretrain",),
    "07": ("train_bpe", "encode", "compression"),
    "08": ("gpt_step", "with_temperature", "keep_top_p", "generate_cached"),
    "09": ("fine_tune",),
}
"""The functions that each picture is made with."""
EACH = [(assignment, name) for assignment, names in DRAWING.items() for name in names]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As in every run of checks: the tensors are tiny, and a second thread only waits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def solved(assignment: str) -> LocalRunner:
    return run_cells(parse(PROJECT / "solutions" / assignment / f"{TOPICS[assignment]}.py"))


def drawn(runner: LocalRunner, assignment: str) -> Drawn:
    return drawn_with(runner, PROJECT / "assignments" / assignment)


@cache
def drawn_by_the_solution(assignment: str) -> Drawn:
    return drawn(solved(assignment), assignment)


def why_none(runner: LocalRunner, assignment: str) -> str:
    with pytest.raises(Unavailable) as refused:
        drawn(runner, assignment)
    return str(refused.value)


@pytest.mark.parametrize("assignment", EASY)
def test_the_solution_draws_it(assignment: str) -> None:
    found = drawn_by_the_solution(assignment)
    pixels = matplotlib.image.imread(io.BytesIO(found.png))
    height, width = pixels.shape[:2]
    assert width == 1080
    assert 500 < height < 1000
    shades = (pixels[::3, ::3, :3] * 255).round().astype(int) @ np.array([1 << 16, 1 << 8, 1])
    drawn_in, often = np.unique(shades, return_counts=True)
    assert (often > 40).sum() > 3  # a ground, and colors
    assert drawn_in[often.argmax()] == 0xFFFFFF or assignment == "04"  # which is colored all over
    assert len(found.picture.alt) > 80


@pytest.mark.parametrize("assignment", EASY)
def test_no_text_in_it_is_small(assignment: str) -> None:
    from matplotlib.text import Text

    texts = [text for text in drawn_by_the_solution(assignment).picture.figure.findobj(Text) if text.get_text()]
    assert len(texts) > 5
    assert min(float(text.get_fontsize()) for text in texts) >= 9


@pytest.mark.parametrize("assignment", TOPICS)
def test_its_file_is_named_where_students_look_and_is_nobodys_work(assignment: str) -> None:
    folder = PROJECT / "assignments" / assignment
    ignored = folder.joinpath(".gitignore").read_text(encoding="utf-8").splitlines()
    text = (folder / f"{TOPICS[assignment]}.py").read_text(encoding="utf-8")
    assert [f"`{name}`" in text for name in ignored[1:]] == [True] * len(ignored[1:])
    if assignment in EASY:
        found = drawn_by_the_solution(assignment).picture
        assert ignored[1:] == [*found.texts, found.file]
    *_, prose, cell, _closing = nbformat.read(folder / f"{TOPICS[assignment]}.ipynb", as_version=4).cells
    assert prose.source.startswith("## What your functions draw")
    assert cell.source == "from gradlings import picture\n\npicture()"


@pytest.mark.parametrize("assignment", TOPICS)
def test_before_anything_is_written_a_sentence_says_what_is_missing(assignment: str) -> None:
    stubs = run_cells(parse(PROJECT / "assignments" / assignment / f"{TOPICS[assignment]}.py"))
    first = DRAWING[assignment][0]
    assert why_none(stubs, assignment).startswith(f"The picture at the end comes once {first} (")


@pytest.mark.parametrize(("assignment", "name"), EACH)
def test_every_function_that_draws_is_named_when_it_is_wrong(assignment: str, name: str) -> None:
    runner = solved(assignment)
    runner.namespace[name] = lambda *_: None
    said = why_none(runner, assignment)
    assert said.startswith("No picture yet: ")
    assert f"what {name} (" in said
    assert "\n" not in said


def divided_by_zero(*_: Any) -> Any:
    return 1 // 0


@pytest.mark.parametrize(
    ("assignment", "code", "said"),
    [
        ("01", "def merge_heads(o): return o.flatten(5)", "merge_heads (1.11): IndexError"),
        (
            "01",
            "def split_heads(x, heads): return x.reshape(1, heads, 3, -1)",
            "what split_heads (1.11) gives for it is",
        ),
        ("01", "del as_column", "as_column (1.5): There is no function called as_column"),
        ("01", "def as_column(): return 1", "as_column (1.5): as_column cannot be called as as_column(...)"),
        ("02", "def gpt_params(cfg, tied=False): return 124_439_808.5", "what gpt_params (2.8) gives for it is not"),
        ("03", "def topological_order(node): return [node] * 8", "what topological_order (3.9) gives for it is not"),
        ("03", "def topological_order(node): return 8", "cannot be made of what topological_order (3.9) gives (Typ"),
        ("03", "def backprop(root): raise SystemExit", "backprop (3.10): Your code ended the program"),
        ("03", "def exp(node): return Value(math.exp(node.data), (node,), (1.0,))", "what exp (3.10) gives for it"),
        ("04", "def mlp_forward(X, p): return {'a': X.sum()}", "what mlp_forward (4.1) gives for it is not right."),
        ("05", "def adam_step(p, g, state, lr): p.sub_(lr * g)", "what adam_step (5.3) gives for it is not right."),
    ],
)
def test_a_mistake_is_said_in_a_sentence(assignment: str, code: str, said: str) -> None:
    runner = solved(assignment)
    exec(code, runner.namespace)
    sentence = why_none(runner, assignment)
    assert said in sentence
    assert "Traceback" not in sentence
    assert "\n" not in sentence


def losses(*_: Any) -> tuple[torch.nn.Module, list[float]]:
    return torch.nn.Identity(), [3.0 - step / 120 for step in range(300)]


def test_the_losses_of_06_and_a_text_that_goes_with_them() -> None:
    runner = solved("06")
    runner.namespace |= {
        "pretrain": losses,
        "generate": lambda model, ids, *_: ids,
        "pretrain_with_validation": lambda *_: (
            [3.0 - step / 120 for step in range(201)],
            [(step, 1 + abs(step - 25) / 250) for step in range(0, 201, 25)],
        ),
    }
    found = drawn(runner, "06").picture
    assert found.file == "loss.png"
    assert found.texts == {"sample.txt": ("what it writes", "the \n")}
    assert found.missing == ""
    assert "at step 25, 1.00, and ends at 1.70" in found.alt
    runner.namespace |= dict.fromkeys(("generate", "pretrain_with_validation"), divided_by_zero)
    found = drawn(runner, "06").picture
    assert (found.texts, "Once generate (6.12) works" in found.missing) == ({}, True)
    assert "pretrain_with_validation (6.14) works" in found.missing
    assert len(found.figure.axes) == 1


def not_done_in_time(*_: Any) -> Any:
    raise TimeUp


def test_what_takes_too_long_beside_the_losses_of_06_does_not_cost_them() -> None:
    runner = solved("06")
    runner.namespace |= {"pretrain": losses, "generate": lambda model, ids, *_: ids}
    runner.namespace |= {"pretrain_with_validation": not_done_in_time}
    found = drawn(runner, "06").picture
    assert len(found.figure.axes) == 1
    assert found.missing.startswith("Once pretrain_with_validation (6.14) works")
    assert found.texts
    runner.namespace |= {"generate": not_done_in_time}
    found = drawn(runner, "06").picture
    assert (len(found.figure.axes), found.texts) == (1, {})
    assert "Once generate (6.12) works" in found.missing


# ---- where it is left, and where not


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """A kit in which assignment 03 is solved."""
    kit = Kit(tmp_path_factory.mktemp("engine"), "03", "autodiff")
    shutil.copytree(PROJECT / "assignments" / "03", kit.folder, ignore=shutil.ignore_patterns("__pycache__", "*.png"))
    shutil.copy(PROJECT / "solutions" / "03" / "autodiff.py", kit.module)
    return kit


def test_a_self_check_leaves_it_and_says_where(engine: Kit) -> None:
    path = engine.folder / "graph.png"
    done = engine.check("-k", "3.12")
    assert done.code == 0
    assert "Have a look at graph.png (a computation graph with the gradients of your own engine) in" in done.said
    assert path.read_bytes().startswith(b"\x89PNG")
    path.unlink()
    path.mkdir()
    done = engine.check("-k", "3.12")
    path.rmdir()
    assert (done.code, "The picture at the end could not be written" in done.said) == (0, True)


def test_grading_leaves_nothing_and_no_worker_can_draw(engine: Kit) -> None:
    submission = read_submission(engine.folder, "autodiff")
    with collected_checks(engine.folder) as grader:
        checks_file = engine.folder / "test_autodiff.py"
        (score,) = grader.grade(submission, checks_file, seed=0, only=("3.12",)).scorecard.exercises
    assert (score.solved, score.notes) == (True, ())
    assert not (engine.folder / "graph.png").exists()
    assert not [module for module in MODULES if "final_picture" in module]


# ---- in a notebook


@pytest.fixture
def run(engine: Kit) -> Iterator[Callable[[str], Any]]:
    """Runs a cell in IPython, beside the checks of 03."""
    with as_if_started_in(engine.folder):
        shell = InteractiveShell.instance()
        yield lambda cell: shell.run_cell(cell, store_history=True).result
    InteractiveShell.clear_instance()


def test_a_notebook_shows_it_inline(run: Callable[[str], Any], engine: Kit) -> None:
    assert "Nothing of this assignment is defined yet." in repr(run("from gradlings import picture\npicture()"))
    run(engine.module.read_text(encoding="utf-8"))
    shown = run("picture()")
    html = shown._repr_html_()
    assert html.startswith('<img alt="The graph of y = h exp(h) + h')
    assert 'src="data:image/png;base64,iVBOR' in html
    assert repr(shown).startswith("The graph of")
    assert not (engine.folder / "graph.png").exists()
    run("def backprop(root):\n    root.grad = 1.0")
    assert "No picture yet: what backprop (3.10) gives" in run("picture()")._repr_markdown_()


def test_outside_a_notebook_it_does_nothing() -> None:
    assert "works in a notebook" in repr(picture())


# ---- for authors


def test_a_picture_below_a_cell_needs_its_drawing(author_kit: Kit) -> None:
    source = author_kit.sources / "tiny.py"
    source.write_text(source.read_text(encoding="utf-8") + '\n# %% [markdown] picture="below"\n# ## Look\n')
    built = author_kit.gradlings("build")
    assert built.code == 2
    assert "picture.py, which draws it. Write it, or take it out." in built.said
    (author_kit.folder / "picture.py").write_text("")
    assert author_kit.gradlings("build", "--force").code == 0
    *_, look, cell, _closing = nbformat.read(author_kit.notebook, as_version=4).cells
    assert (look.source, cell.id) == ("## Look", "picture")
    assert "picture()" not in author_kit.module.read_text(encoding="utf-8")


def lines_of(tree: ast.AST) -> set[str]:
    """The lines of its functions; settings, which stand outside of them, are given."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    lines = ast.Return | ast.Assign | ast.AugAssign
    return {ast.unparse(node) for function in functions for node in ast.walk(function) if isinstance(node, lines)}


def test_no_picture_holds_a_line_of_a_solution() -> None:
    for assignment, topic in TOPICS.items():
        drawing = (PROJECT / "assignments" / assignment / "picture.py").read_text(encoding="utf-8")
        tree = ast.parse((PROJECT / "solutions" / assignment / f"{topic}.py").read_text(encoding="utf-8"))
        solutions, found = lines_of(tree), lines_of(ast.parse(drawing))
        assert not {line for line in solutions & found if len(line) > 20}, assignment
