"""Settings for the whole process that student code makes: what each costs (nothing), and where they end (with it).

The same table at home and in the judge: a full solution of an assignment with a setting before its functions and again
after them. Then names that a submission takes, which may make correct code wrong: that has to be said.
"""

import io
import locale
import logging
import os
import random
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gradlings.execution.kept_settings import kept_settings, standard_settings
from gradlings.execution.local_runner import run_cells
from gradlings.model.exercise import Exercise, read_exercises
from gradlings.model.scorecard import Scorecard, Verdict
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission.reader import from_source

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
if sys.platform == "linux":
    from gradlings.sandbox.judge import Judge
    from gradlings.sandbox.processes import WorkerFailed

ROOT = Path(__file__).parents[1]
FOLDER, PATH = ROOT / "assignments" / "03", ROOT / "solutions" / "03" / "autodiff.py"
CHECKS, SOLUTION = FOLDER / "test_autodiff.py", PATH.read_text(encoding="utf-8")
DRIVERS = (FOLDER / "drivers.py").read_text(encoding="utf-8")

HARMLESS = {
    "cuda": "import torch; torch.set_default_device('cuda')",
    "mps": "import torch; torch.set_default_device('mps')",
    "meta": "import torch; torch.set_default_device('meta')",
    "a device entered": "import torch; torch.device('meta').__enter__()",
    "float64": "import torch; torch.set_default_dtype(torch.float64)",
    "DoubleTensor": "import torch; torch.set_default_tensor_type(torch.DoubleTensor)",
    "autocast enabled": "import torch; torch.set_autocast_enabled('cpu', True)",
    "autocast entered": "import torch; torch.autocast('cpu', dtype=torch.bfloat16).__enter__()",
    "no gradients": "import torch; torch.set_grad_enabled(False)",
    "no_grad entered": "import torch; torch.no_grad().__enter__()",
    "inference mode": "import torch; kept = torch.inference_mode(); kept.__enter__()",
    "anomaly": "import torch; torch.autograd.set_detect_anomaly(True)",
    "threads": "import torch; torch.set_num_threads(3)",
    "printing": "import torch, numpy; torch.set_printoptions(precision=1); numpy.set_printoptions(precision=1)",
    "medium products": "import torch; torch.set_float32_matmul_precision('medium')",
    "a mode entered": "import torch; torch.overrides.TorchFunctionMode().__enter__()",
    "numpy raises": "import numpy; numpy.seterr(all='raise')",
    "warnings raise": "import warnings; warnings.simplefilter('error')",
    "seeds": "import torch, numpy, random; torch.manual_seed(1); numpy.random.seed(1); random.seed(1)",
    "little recursion": "import sys; sys.setrecursionlimit(150)",
    "much recursion": "import sys; sys.setrecursionlimit(10**6)",
    "locale": "import locale; locale.setlocale(locale.LC_ALL, 'C')",
    "folder": "import os; os.chdir('..')",
    "logging": "import logging; logging.basicConfig(level=0, force=True); logging.disable(50)",
    "stdout replaced": "import sys, io; sys.stdout = io.StringIO()",
    "stdout wrapped": "import sys, io; sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='utf-8')",
    "stdout set up": "import sys; sys.stdout.reconfigure(encoding='utf-8')",
    "import of all of math": "from math import *",
}
"""Each is put before the functions and again after them, but for those in `ONCE`."""
ONCE = ("import of all of math", "stdout wrapped")  # takes a name that the solution defines; closes stdout by itself
ONLY_IN_THE_JUDGE = {
    "deterministic": "import torch; torch.use_deterministic_algorithms(True)",  # imports what takes seconds, once
    "interop threads": "import torch; torch.set_num_interop_threads(2)",  # a process can set them only once
    "log file": "import logging; logging.basicConfig(filename='train.log')",  # would leave a file
    "no such folder": "import os; os.chdir('/content/drive/MyDrive')",  # of another machine
}


def with_setting(name: str) -> str:
    line = (HARMLESS | ONLY_IN_THE_JUDGE)[name]
    return f"{line}\n\n# %%\n{SOLUTION}\n\n# %%\n{line if name not in ONCE else ''}\n"


@pytest.fixture(scope="module")
def exercises() -> tuple[Exercise, ...]:
    return read_exercises(CHECKS)


@pytest.fixture(scope="module")
def judge(exercises: tuple[Exercise, ...]) -> "Iterator[Judge]":
    with Judge(exercises) as judge:
        yield judge


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with collected_checks(FOLDER) as grader:
        yield grader


def failures(card: Scorecard) -> dict[str, str]:
    return {f"{s.id}::{c.check}": c.message for s in card.exercises for c in s.checks if c.verdict is not Verdict.PASS}


def at_home(grader: Grader, text: str) -> Scorecard:
    return grader.grade(from_source(text, PATH), CHECKS, seed=0).scorecard


def in_the_judge(grader: Grader, judge: "Judge", text: str) -> Scorecard:
    remote = judge.load(text.encode(), PATH.name, DRIVERS)
    assert remote.problems() == []
    return grader.check(remote, CHECKS, seed=0).scorecard


@on_linux
@pytest.mark.parametrize("name", [*HARMLESS, *ONLY_IN_THE_JUDGE])
def test_a_setting_costs_nothing_in_the_judge(name: str, grader: Grader, judge: "Judge") -> None:
    card = in_the_judge(grader, judge, with_setting(name))
    assert (failures(card), card.points) == ({}, 100)


@pytest.mark.parametrize("name", HARMLESS)
def test_a_setting_costs_nothing_at_home_and_ends_with_the_cells(name: str, grader: Grader) -> None:
    before = state()
    runner = run_cells(from_source(with_setting(name), PATH))
    assert state() == before
    assert runner.cell_errors == []
    del runner  # a guard of inference mode, a wrapper of stdout
    assert state() == before
    card = at_home(grader, with_setting(name))
    assert (failures(card), card.points) == ({}, 100)


SETS_IN_CALLS = """
import sys
import torch

def sigmoid(z):
    sys.setrecursionlimit(150)
    torch.set_default_device("cuda")
    torch.set_default_dtype(torch.float64)
    return 1 / (1 + torch.exp(-z))


# %%
def bce(a, y):
    small = torch.tensor(-100.0, dtype=a.dtype)
    return -(y * torch.log(a).maximum(small) + (1 - y) * torch.log(1 - a).maximum(small)).mean()
"""


@on_linux
def test_what_one_exercise_sets_in_its_calls_costs_neither_it_nor_the_next(grader: Grader, judge: "Judge") -> None:
    wanted = {"3.2": 5, "3.3": 7}
    remote = judge.load(SETS_IN_CALLS.encode(), PATH.name, DRIVERS)
    there = grader.check(remote, CHECKS, seed=0, only=wanted).scorecard
    here = grader.grade(from_source(SETS_IN_CALLS, PATH), CHECKS, seed=0, only=wanted).scorecard
    for card in (there, here):
        assert (failures(card), {score.id: score.points for score in card.exercises}) == ({}, wanted)


@pytest.mark.parametrize("name", HARMLESS)
def test_a_setting_made_in_a_call_ends_with_the_check(name: str) -> None:
    before = state()
    with kept_settings():
        exec(HARMLESS[name], {})
    assert state() == before


def state() -> dict[str, Any]:
    """All that may be set, read in public ways that raise or differ if something is not as it was."""
    weight = torch.ones(2, 2, requires_grad=True)
    return {
        "device": (torch.get_default_device(), torch.zeros(1).device, torch.empty(1).dtype),
        "product": ((weight @ weight).dtype, (weight @ weight).requires_grad),
        "modes": (torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.is_autocast_enabled("cpu")),
        "algorithms": (torch.are_deterministic_algorithms_enabled(), torch.is_anomaly_enabled()),
        "precision": torch.get_float32_matmul_precision(),
        "printing": (repr(torch.tensor(1 / 3)), repr(np.array(1 / 3))),
        "threads": torch.get_num_threads(),
        "numpy": np.geterr(),
        "warnings": [entry[0] for entry in warnings.filters],
        "python": (sys.getrecursionlimit(), os.getcwd(), locale.setlocale(locale.LC_ALL), random.getstate()),
        "logging": (logging.root.level, list(logging.root.handlers), logging.root.manager.disable),
        "streams": (sys.stdout, sys.stdout.closed, sys.stderr),
        "drawn": seeded_numbers(),
    }


def seeded_numbers() -> list[float]:
    """What torch draws next; the generators are as before then. NumPy's cannot be read without drawing."""
    kept = torch.get_rng_state()
    drawn: list[float] = torch.rand(2, device="cpu").tolist()
    torch.set_rng_state(kept)
    return drawn


def test_numpy_draws_on_where_it_was() -> None:
    np.random.seed(3)
    expected = np.random.rand(4)
    np.random.seed(3)
    drawn = [np.random.rand()]
    with kept_settings():
        np.random.seed(0)
        np.random.rand(7)
    drawn += list(np.random.rand(3))
    assert drawn == expected.tolist()


# What makes correct code wrong is said


TAKEN = {
    "torch first": ("from torch import *\n# %%\n" + SOLUTION, "range", "Python's own abs, max and range"),
    "torch last": (
        SOLUTION + "\n# %%\nfrom torch import *\n",
        "Value",
        "Your file defines exp, logsumexp, sigmoid and softmax, and",
    ),
    "math last": (
        SOLUTION + "\n# %%\nfrom math import *\n",
        "real number",
        "Your file defines exp, and something else",
    ),
    "own names": (SOLUTION + "\n# %%\nrange = 3\nsum = 0\n", "not callable", "Python's own range. Is that meant?"),
}


@on_linux
@pytest.mark.parametrize("name", TAKEN)
def test_a_name_that_is_taken_is_told_where_it_hurts(name: str, grader: Grader, judge: "Judge") -> None:
    text, error, told = TAKEN[name]
    there = failures(in_the_judge(grader, judge, text))
    assert there == failures(at_home(grader, text))
    assert there
    assert all(told in message for message in there.values())
    assert any(error in message for message in there.values())


NEEDS_FLOAT64 = """
import torch
torch.set_default_dtype(torch.float64)

def sigmoid(z):
    return 1 / (1 + torch.exp(-z)) + torch.tensor([0.1]) - torch.tensor(0.1, dtype=torch.float64)
"""


@on_linux
def test_code_that_needs_another_default_dtype_is_told_that_it_is_called_without(
    grader: Grader, judge: "Judge"
) -> None:
    remote = judge.load(NEEDS_FLOAT64.encode(), PATH.name, DRIVERS)
    there = grader.check(remote, CHECKS, seed=0, only=("3.2",)).scorecard
    here = grader.grade(from_source(NEEDS_FLOAT64, PATH), CHECKS, seed=0, only=("3.2",)).scorecard
    assert failures(there) == failures(here)
    assert "Your file changes torch's default dtype; functions are called without that." in str(failures(here))


def test_a_notebook_with_settings_of_its_own_is_checked_without_them() -> None:
    with kept_settings():
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        np.seterr(all="raise")
        kernel = (torch.get_default_dtype(), torch.get_default_device(), np.geterr())
        with standard_settings() as changed:
            assert torch.zeros(1).dtype == torch.float32
            assert torch.zeros(1).device == torch.device("cpu")
        assert set(changed) == {"torch's default device", "torch's default dtype", "np.seterr"}
        assert (torch.get_default_dtype(), torch.get_default_device(), np.geterr()) == kernel


# Silence is no answer, and our fault no zero


@on_linux
def test_names_that_were_never_sent_are_not_missing(grader: Grader, judge: "Judge") -> None:
    hostile = "import atexit, os, sys\ndef sigmoid(z):\n    return z\n"
    hostile += "sys.modules['gradlings.sandbox.inside.worker'].taken_names = lambda *_: os._exit(3)\n"
    remote = judge.load(hostile.encode(), PATH.name, DRIVERS)
    card = grader.check(remote, CHECKS, seed=0, only=("3.2", "3.3")).scorecard
    verdicts = {check.verdict for score in card.exercises for check in score.checks}
    assert verdicts == {Verdict.ERROR}
    assert all(f"{PATH.name} cannot be run" in message for message in failures(card).values())


@on_linux
def test_a_file_may_define_thousands_of_names_and_what_is_beyond_is_refused(judge: "Judge") -> None:
    many = judge.load(b"for n in range(5000): globals()[f'n{n}'] = n\n\ndef f(): pass\n", "many.py")
    assert (many.type_of("f"), many.type_of("g"), many.type_of("n7")) == ("function", "", "int")
    more = judge.load(b"for n in range(50_000): globals()[f'n{n}'] = n\n\ndef f(): pass\n", "more.py")
    assert "Your file defines 50,0" in more.submission.problem


BROKEN_BY = "import sys\nworker = sys.modules['gradlings.sandbox.inside.worker']\n"


@on_linux
def test_a_fault_of_ours_in_a_worker_ends_no_score_and_is_logged(
    judge: "Judge", grader: Grader, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(WorkerFailed, match="the grader failed in the process of this submission: TypeError"):
        judge.load((BROKEN_BY + "worker.taken_names = None\n").encode(), PATH.name)
    assert "Our own code failed in a worker, so the score stays blank" in caplog.text
    assert "in _run_cells" in caplog.text

    text = f"{BROKEN_BY}def sigmoid(z):\n    worker.identical = None\n    return z\n"
    card = grader.check(judge.load(text.encode(), PATH.name), CHECKS, seed=0, only=("3.2",)).scorecard
    assert {check.verdict for check in card.exercises[0].checks} == {Verdict.GRADER_ERROR}
    assert card.points == 0


FORGED = """
import os, sys
frame = sys._getframe()
while frame.f_code.co_name != "_become_worker":
    frame = frame.f_back
word = frame.f_locals["request"]["word"]
os.pwrite(1, f"{word} Traceback:\\x1b[2J\\nKeyError: 'made up' {word}".encode(), 0)
os._exit(70)
"""


@on_linux
def test_who_ends_the_process_with_our_status_has_ended_it(judge: "Judge", caplog: pytest.LogCaptureFixture) -> None:
    remote = judge.load(b"import os\nprint('Traceback: KeyError')\nos._exit(70)\n", "ended.py")
    assert remote.problems() == ["ended.py:1: Crash while this cell was run: its process ended with status 70"]
    assert caplog.text == ""
    with pytest.raises(WorkerFailed, match="made up"):  # a blank score, which earns nothing, and an entry in the log
        judge.load(FORGED.encode(), "forged.py")
    assert "read the submission" in " ".join(caplog.text.split())
    assert "Traceback:?[2J" in caplog.text


@on_linux
def test_student_code_that_leaves_no_memory_is_no_fault_of_ours(judge: "Judge") -> None:
    text = "import sys\n\ndef f():\n    return 1\n" + BROKEN_BY
    text += "def full(*_):\n    raise MemoryError\n\nworker.taken_names = full\n"
    remote = judge.load(text.encode(), "full.py")
    assert "it left no memory for its answer" in remote.submission.problem


def test_a_replaced_stream_does_not_close_ours() -> None:
    ours = sys.stdout
    wrapped = io.TextIOWrapper(io.BytesIO())
    with kept_settings():
        sys.stdout = wrapped
        print("kept")
    assert sys.stdout is ours
    wrapped.seek(0)
    assert wrapped.read() == "kept\n"
