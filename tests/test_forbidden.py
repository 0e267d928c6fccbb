"""The rules of an exercise: what each layer finds in a corpus of student code, and what it leaves alone."""

from __future__ import annotations

import subprocess
import sys
import threading
import types
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from forbidden_corpus import FORBIDDEN, LEGITIMATE, NOT_CHASED, Snippet
from gradlings.forbidden.runtime_recorder import CallRecorder, merged
from gradlings.forbidden.static_check import breaches_in_cells
from gradlings.model.rule_table import RULES
from gradlings.model.rules import Breach
from gradlings.submission.cells import Cell, module_cells


def x_tensor() -> torch.Tensor:
    return torch.tensor([[0.5, 1.5], [-2.0, 3.0]], dtype=torch.float64)


def breaches_in_source(source: str, functions: list[str], rules: Collection[str], file: str) -> tuple[Breach, ...]:
    return breaches_in_cells(module_cells(source, file), functions, rules)


class Submission:
    """Student code as the grader loads it: in a file of its own, compiled under its name."""

    def __init__(self, folder: Path, source: str) -> None:
        self.source = source
        self.file = str(folder / "student.py")
        Path(self.file).write_text(source, encoding="utf-8")
        module = sys.modules["student"] = types.ModuleType("student")  # dataclasses look their module up
        self.names = vars(module)
        exec(compile(source, self.file, "exec"), self.names)

    def in_source(self, *rules: str) -> tuple[Breach, ...]:
        return breaches_in_source(self.source, ["f"], rules, self.file)

    def recorded(
        self, rules: tuple[str, ...], call: Callable[..., Any] | None = None
    ) -> tuple[Any, tuple[Breach, ...]]:
        recorder = CallRecorder(rules, {self.file})
        with recorder:
            result = (call or self.names["f"])(x_tensor())
        return result, recorder.breaches


Submitted = Callable[[str], Submission]


@pytest.fixture
def submitted(tmp_path: Path) -> Iterator[Submitted]:
    yield lambda source: Submission(tmp_path, source)
    sys.modules.pop("student", None)


def name_of(snippet: Snippet) -> str:
    return f"{snippet.rule}: {snippet.name}"


def same(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and torch.allclose(a, b, equal_nan=True) and a.dtype == b.dtype
    if type(a).__module__ == "numpy":
        return bool((a == b).all())
    return type(a) is type(b) and (len(a) == len(b) and all(map(same, a, b)) if isinstance(a, tuple | list) else a == b)


def lines(breaches: tuple[Breach, ...]) -> list[int]:
    return [breach.line for breach in breaches]


@pytest.mark.parametrize("snippet", FORBIDDEN, ids=name_of)
class TestForbiddenCode:
    def test_lines_reported(self, snippet: Snippet, submitted: Submitted) -> None:
        submission = submitted(snippet.source)
        breaches = merged(submission.in_source(snippet.rule), submission.recorded((snippet.rule,))[1])
        assert lines(breaches) == snippet.lines
        for breach in breaches:
            assert breach.rule == snippet.rule
            assert breach.file == submission.file
            assert breach.code == snippet.source.split("\n")[breach.line - 1].strip()
            assert breach.what

    def test_the_record_alone_is_evidence(self, snippet: Snippet, submitted: Submitted) -> None:
        if snippet.name in MADE_BY_A_CLASS:
            pytest.skip("Python tells nobody that a builtin class is called; only the source says it")
        assert submitted(snippet.source).recorded((snippet.rule,))[1]


MADE_BY_A_CLASS = ("legacy constructor", "legacy typed constructor", "class under another name", "np broadcast object")


@pytest.mark.parametrize("snippet", LEGITIMATE, ids=name_of)
class TestLegitimateCode:
    def test_source_is_no_breach(self, snippet: Snippet, submitted: Submitted) -> None:
        assert submitted(snippet.source).in_source(snippet.rule) == ()

    def test_run_is_no_breach(self, snippet: Snippet, submitted: Submitted) -> None:
        assert submitted(snippet.source).recorded((snippet.rule,))[1] == ()


@pytest.mark.parametrize("snippet", FORBIDDEN + LEGITIMATE, ids=name_of)
def test_results_are_those_of_a_plain_call(snippet: Snippet, submitted: Submitted) -> None:
    submission = submitted(snippet.source)
    watched, _ = submission.recorded(tuple(RULES))
    assert same(watched, submission.names["f"](x_tensor()))


def test_the_corpus_is_large_enough() -> None:
    assert len(FORBIDDEN) >= 60
    assert len(LEGITIMATE) >= 30
    assert {snippet.rule for snippet in FORBIDDEN} == set(RULES)


@pytest.mark.parametrize(("rule", "body"), NOT_CHASED)
def test_what_is_not_chased(rule: str, body: str, submitted: Submitted) -> None:
    submission = submitted(
        f"import torch\ndef f(x):\n    {body if body.startswith(STATEMENTS) else f'return {body}'}\n"
    )
    assert submission.in_source(rule) + submission.recorded((rule,))[1] == ()


STATEMENTS = ("with ", "import ", "torch._C._pop")


CERTAIN = """
import torch
import torch.nn.functional as F
from torch import sigmoid as s

def helper(z):
    with torch.no_grad():
        return F.silu(z)

def unused(z):
    return s(z)

def f(x):
    y = s(x) + helper(x)
    for row in torch.special.expit(x):
        torch.logit(row)
    import torch.special as special
    if (z := special.expit(x)).sum():
        pass
    return y
"""


class TestSource:
    @pytest.mark.parametrize(
        ("rule", "imports", "expression", "said"),
        [
            ("sigmoid", "import torch.nn.functional as F", "F.silu(x)", "F.silu"),
            ("sigmoid", "from torch import sigmoid as s", "s(x)", "torch.sigmoid"),
            ("sigmoid", "from torch.nn.functional import silu", "silu(x)", "F.silu"),
            ("sigmoid", "from torch import nn", "nn.Sigmoid()(x)", "nn.Sigmoid"),
            ("matmul", "", "x @ x", "the @ operator"),
            ("matmul", "from numpy import dot", "dot(x, x)", "np.dot"),
            ("autograd", "import torch", "torch.autograd.grad(x, x)", "torch.autograd.grad"),
            ("eval", "", "eval('1')", "eval"),
            ("tensor", "import numpy", "numpy.array(1)", "np.array"),
            ("json", "import json", "json.loads('1')", "json.loads"),
            ("tokenizers", "import tiktoken", "tiktoken.get_encoding('gpt2')", "tiktoken.get_encoding"),
            (
                "tokenizers",
                "from tokenizers import Tokenizer as T",
                "T.from_file('a')",
                "tokenizers.Tokenizer.from_file",
            ),
        ],
    )
    def test_says_what_a_student_would_write(self, rule: str, imports: str, expression: str, said: str) -> None:
        (breach,) = breaches_in_source(f"{imports}\ndef f(x):\n    return {expression}\n", ["f"], [rule], "a.py")
        assert breach == Breach(rule, said, 3, "a.py", f"return {expression}")

    def test_what_surely_runs(self) -> None:
        assert lines(breaches_in_source(CERTAIN, ["f"], ["sigmoid"], "a.py")) == [8, 14, 15, 18]

    @pytest.mark.parametrize(
        "code",
        [
            "def f(x):\n    if x.sum() > 9:\n        return torch.sigmoid(x)\n    return x",
            "def f(x):\n    if x.sum() < 9:\n        return x\n    return torch.sigmoid(x)",
            "def f(x):\n    for row in x:\n        torch.sigmoid(row)",
            "def f(x):\n    try:\n        torch.sigmoid(x)\n    except TypeError:\n        torch.sigmoid(x)",
            "def f(x):\n    return torch.sigmoid(x) if x.sum() else x",
            "def f(x):\n    return x.sum() > 9 and torch.sigmoid(x)",
            "def f(x):\n    return lambda: torch.sigmoid(x)",
            "def f(x):\n    def g():\n        return torch.sigmoid(x)\n    return g",
            "def f(x):\n    raise ValueError\n    torch.sigmoid(x)",
            "def f(x):\n    act = torch.sigmoid\n    return act is torch.sigmoid",
            "def f(x, torch):\n    return torch.sigmoid(x)",
            "def f(x):\n    torch = Own()\n    return torch.sigmoid(x)",
            "torch = Own()\ndef f(x):\n    return torch.sigmoid(x)",
            "def g():\n    global torch\n    torch = Own()\ndef f(x):\n    return torch.sigmoid(x)",
            "def f(x):\n    return torch.sigmoid(x)\ndef f(x):\n    return x",
            "def g(x):\n    return torch.sigmoid(x)\ndef f(x, g=abs):\n    return g(x)",
        ],
    )
    def test_what_may_not_run_or_be_something_else_is_left_to_the_record(self, code: str) -> None:
        assert breaches_in_source(f"import torch\n{code}\n", ["f"], ["sigmoid"], "a.py") == ()

    def test_the_last_definition_counts(self) -> None:
        source = "import torch\ndef f(x):\n    return x\ndef f(x):\n    return torch.sigmoid(x)\n"
        assert lines(breaches_in_source(source, ["f"], ["sigmoid"], "a.py")) == [5]

    def test_an_operator_of_ones_own(self) -> None:
        source = "class M:\n    def __matmul__(self, o): return 1\ndef f(x):\n    return M() @ M()\n"
        assert breaches_in_source(source, ["f"], ["matmul"], "a.py") == ()

    def test_only_the_named_functions_count(self) -> None:
        source = "import torch\ndef f(x):\n    return x\ndef g(x):\n    return torch.sigmoid(x)\n"
        assert breaches_in_source(source, ["f"], ["sigmoid"], "a.py") == ()
        assert lines(breaches_in_source(source, ["f", "g"], ["sigmoid"], "a.py")) == [5]
        assert breaches_in_source(source, ["absent"], ["sigmoid"], "a.py") == ()

    def test_several_rules_come_in_line_order(self) -> None:
        source = "import torch\ndef f(x):\n    x = x @ x\n    return torch.sigmoid(x)\n"
        assert lines(breaches_in_source(source, ["f"], ["sigmoid", "matmul"], "a.py")) == [3, 4]

    @pytest.mark.parametrize("source", ["def f(:\n", "\0", "%matplotlib inline\n", ""])
    def test_what_cannot_be_parsed_has_no_breaches(self, source: str) -> None:
        assert breaches_in_source(source, ["f"], ["sigmoid"], "a.py") == ()

    @pytest.mark.parametrize(
        "body",
        ["return " + "+".join(["x"] * 5000), "if x: pass\n" + "    elif x: pass\n" * 900 + "    return x"],
        ids=["sum", "elif"],
    )
    def test_very_deep_code_is_left_to_the_run_time_layer(self, body: str) -> None:
        assert breaches_in_source(f"def f(x):\n    {body}\n", ["f"], ["sigmoid"], "a.py") == ()

    def test_cells_of_a_module_keep_their_lines(self) -> None:
        source = "import torch\n# %%\n\ndef broken(:\n# %%\n\ndef f(x):\n    return torch.sigmoid(x)\n"
        (breach,) = breaches_in_source(source, ["f"], ["sigmoid"], "a.py")
        assert (breach.file, breach.line, breach.code) == ("a.py", 8, "return torch.sigmoid(x)")

    def test_a_cell_that_can_be_parsed_but_not_compiled_does_not_count(self) -> None:
        source = "def f(x):\n    return x\n# %%\nreturn\ndef f(x):\n    return x.sigmoid()\n"
        assert breaches_in_source(source, ["f"], ["sigmoid"], "a.py") == ()

    def test_cells_of_a_notebook_share_their_names(self) -> None:
        cells = [
            Cell("import torch\nfrom torch import sigmoid as s\n", "cell 1"),
            Cell("def broken(:\n", "cell 2"),
            Cell("\ndef helper(z):\n    return s(z)\n", "cell 3"),
            Cell("def f(x):\n    return helper(x)\n", "cell 4"),
        ]
        (breach,) = breaches_in_cells(cells, ["f"], ["sigmoid"])
        assert (breach.file, breach.line, breach.code) == ("cell 3", 3, "return s(z)")

    def test_an_unknown_rule_is_the_authors_mistake(self) -> None:
        with pytest.raises(ValueError, match="no rule called 'sigmund'"):
            breaches_in_source("", ["f"], ["sigmund"], "a.py")
        with pytest.raises(ValueError, match="no rule called 'sigmund'"):
            CallRecorder(["sigmund"], [])


BACKWARD = """
import torch
def f(x):
    z = x.clone().requires_grad_()
    (z**2).sum().backward()
    return z.grad
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z * z
    @staticmethod
    def backward(ctx, g):
        return 2 * ctx.saved_tensors[0] * g
def square(x):
    return Square.apply(x)
def apply(function, x):
    return function(x)
def plain(x):
    return x * x
"""


def patched() -> list[Any]:
    """Everything that the recorder replaces for a while, and the depth of PyTorch's mode stacks."""
    return [
        threading.Thread.start,
        np.matmul,
        torch.jit.ScriptFunction.__call__,
        sys.getprofile(),
        sys.gettrace(),
        torch._C._len_torch_function_stack(),
        torch._C._len_torch_dispatch_stack(),
    ]


class TestRecorder:
    def test_the_callers_own_autograd_is_no_breach(self, submitted: Submitted) -> None:
        submission = submitted(BACKWARD)

        def driver(x: torch.Tensor) -> Any:
            z = x.requires_grad_()
            submission.names["square"](z).sum().backward()
            torch.autograd.grad(submission.names["plain"](z).sum(), z)
            torch.func.jvp(submission.names["plain"], (x,), (x,))
            torch.func.grad(lambda t: submission.names["plain"](t).sum())(x)
            return z.grad

        result, breaches = submission.recorded(("autograd",), driver)
        assert breaches == ()
        assert torch.equal(result, 2 * x_tensor())

    @pytest.mark.parametrize(
        "passed_in",
        [
            torch.nn.Sequential(torch.nn.Identity()),
            lambda z: torch.sigmoid(z),
            lambda z: torch.func.grad(lambda t: (t @ t).sum())(z),
            lambda z: torch.special.expit(z.requires_grad_()).sum().backward(),
        ],
    )
    def test_a_function_that_the_driver_passes_in_is_the_drivers_own(
        self, submitted: Submitted, passed_in: Callable[..., Any]
    ) -> None:
        submission = submitted(BACKWARD)
        _, breaches = submission.recorded(tuple(RULES), lambda x: submission.names["apply"](passed_in, x))
        assert breaches == ()

    def test_what_student_code_passes_on_is_its_own(self, submitted: Submitted) -> None:
        submission = submitted("def f(x):\n    return run(lambda z: z.sigmoid(), x)\n")
        submission.names["run"] = lambda function, x: function(x)
        _, breaches = submission.recorded(("sigmoid",))
        assert lines(breaches) == [2]

    def test_calls_outside_the_context_are_not_recorded(self, submitted: Submitted) -> None:
        submission = submitted(BACKWARD)
        recorder = CallRecorder(["autograd"], {submission.file})
        submission.names["f"](x_tensor())
        with recorder:
            submission.names["plain"](x_tensor())
        submission.names["f"](x_tensor())
        assert recorder.breaches == ()

    def test_taken_breaches_are_forgotten(self, submitted: Submitted) -> None:
        submission = submitted("def f(x):\n    return x.sigmoid() if x.numel() > 1 else x\n")
        recorder = CallRecorder(["sigmoid"], {submission.file})
        taken = []
        for x in (x_tensor(), torch.ones(1), x_tensor()):
            with recorder:
                submission.names["f"](x)
            taken.append(lines(recorder.take()))
        assert taken == [[2], [], [2]]
        assert recorder.breaches == recorder.take() == ()

    def test_one_breach_a_line(self, submitted: Submitted) -> None:
        submission = submitted("def f(x):\n    for _ in range(5):\n        x = x.sigmoid()\n    return x\n")
        _, (breach,) = submission.recorded(("sigmoid",))
        assert breach == Breach("sigmoid", "x.sigmoid", 3, submission.file, "x = x.sigmoid()")

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
    def test_nothing_stays_replaced_after_an_exception(self, submitted: Submitted, error: type[BaseException]) -> None:
        submission = submitted(
            f"import torch\ndef f(x):\n    with torch.no_grad():\n        x.sigmoid()\n        raise {error.__name__}\n"
        )
        before = patched()
        recorder = CallRecorder(tuple(RULES), {submission.file})
        with pytest.raises(error), recorder:
            submission.names["f"](x_tensor())
        assert patched() == before
        assert lines(recorder.breaches) == [4]

    def test_a_mode_that_student_code_leaves_behind_is_taken_off(self, submitted: Submitted) -> None:
        submission = submitted(
            "from torch.overrides import TorchFunctionMode\n"
            "from torch.utils._python_dispatch import TorchDispatchMode\n"
            "def f(x):\n    y = x.sigmoid()\n"
            "    TorchFunctionMode().__enter__()\n    TorchDispatchMode().__enter__()\n    return y\n"
        )
        before = patched()
        _, breaches = submission.recorded(("sigmoid",))
        assert lines(breaches) == [4]
        assert patched() == before

    def test_student_code_that_takes_our_modes_off(self, submitted: Submitted) -> None:
        submission = submitted(
            "import torch\ndef f(x):\n    y = x.sigmoid()\n    torch._C._pop_torch_function_stack()\n    return y\n"
        )
        before = patched()
        assert lines(submission.recorded(("sigmoid",))[1]) == [3]
        assert patched() == before

    def test_a_default_device_does_not_disturb(self, submitted: Submitted) -> None:
        submission = submitted('import torch\ndef f(x):\n    torch.set_default_device("cpu")\n    return x.sigmoid()\n')
        try:
            assert lines(submission.recorded(("sigmoid",))[1]) == [4]
            modes = torch.overrides._get_current_function_mode_stack()  # type: ignore[no-untyped-call]  # torch's own
            assert not any("gradlings" in type(mode).__module__ for mode in modes)
        finally:
            torch.set_default_device(None)

    def test_nothing_is_recorded_after_the_context(self, submitted: Submitted) -> None:
        submission = submitted(
            "import threading\ngo = threading.Event()\ndef f(x):\n"
            "    t = threading.Thread(target=lambda: (go.wait(10), x.sigmoid()))\n    t.start()\n    return t\n"
        )
        before = patched()
        recorder = CallRecorder(["sigmoid"], {submission.file})
        with recorder:
            thread = submission.names["f"](x_tensor())
        assert patched() == before
        submission.names["go"].set()
        thread.join()
        assert recorder.breaches == ()

    def test_a_thread_of_a_thread(self, submitted: Submitted) -> None:
        submission = submitted(
            "import threading\n"
            "def work(f, x):\n    t = threading.Thread(target=f, args=(x,))\n    t.start()\n    t.join()\n"
            "def f(x):\n    work(lambda x: work(lambda x: x.sigmoid(), x), x)\n"
        )
        _, breaches = submission.recorded(("sigmoid",))
        assert lines(breaches) == [7]

    def test_an_exception_in_a_thread_stays_there(self, submitted: Submitted, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(threading, "excepthook", lambda arguments: None)
        submission = submitted(
            "import threading\n"
            "def f(x):\n    t = threading.Thread(target=lambda: x.sigmoid().nothing)\n    t.start()\n    t.join()\n"
        )
        _, breaches = submission.recorded(("sigmoid",))
        assert lines(breaches) == [3]

    def test_recorders_can_be_nested(self, submitted: Submitted) -> None:
        submission = submitted("def f(x):\n    return x.sigmoid() @ x\n")
        before = patched()
        outer, inner = CallRecorder(["sigmoid"], {submission.file}), CallRecorder(["matmul"], {submission.file})
        with outer, inner:
            submission.names["f"](x_tensor())
        assert patched() == before
        assert [breach.rule for breach in outer.breaches + inner.breaches] == ["sigmoid", "matmul"]

    def test_without_rules_nothing_changes(self) -> None:
        before = patched()
        with CallRecorder((), {"a.py"}) as recorder:
            assert patched() == before
        assert recorder.breaches == ()

    def test_a_debugger_that_traces_goes_on(self, submitted: Submitted) -> None:
        submission = submitted("def f(x):\n    return x.numpy() @ x.numpy()\n")
        seen: list[str] = []

        def debugger(frame: types.FrameType, event: str, _: Any) -> Any:
            seen.append(frame.f_code.co_name)

        before = sys.gettrace()
        sys.settrace(debugger)
        try:
            submission.recorded(("matmul",))
        finally:
            sys.settrace(before)
        assert "f" in seen

    def test_an_operator_of_ones_own(self, submitted: Submitted) -> None:
        submission = submitted("class M:\n    def __matmul__(self, other): return 1\ndef f(x):\n    return M() @ M()\n")
        assert submission.recorded(("matmul",))[1] == ()

    def test_a_graph_that_is_printed_or_not_there(self, submitted: Submitted) -> None:
        submission = submitted(
            "def f(x):\n    y = x.requires_grad_() * 2\n    print(y)\n    return x.grad_fn is None\n"
        )
        assert submission.recorded(("autograd",))[1] == ()

    def test_autograd_of_an_allowed_call_is_the_librarys_own_matter(self, submitted: Submitted) -> None:
        submission = submitted(
            "import torch\ndef f(x):\n    z = x.clone().requires_grad_()\n"
            "    torch.cov(z).sum().backward()\n    return z.grad\n"
        )
        assert submission.recorded(("matmul", "sigmoid", "tensor", "broadcast"))[1] == ()

    def test_layers_build_their_own_tensors(self, submitted: Submitted) -> None:
        submission = submitted("from torch import nn\ndef f(x):\n    return nn.LSTM(2, 2).hidden_size\n")
        assert submission.recorded(("tensor", "broadcast", "bce", "dropout"))[1] == ()


def test_merged_keeps_one_breach_for_a_rule_and_a_line() -> None:
    source = (Breach("sigmoid", "F.silu", 4, "a.py", "c"), Breach("sigmoid", "s", 9, "a.py", "c"))
    calls = (
        Breach("matmul", "the @ operator", 4, "a.py", "c"),
        Breach("sigmoid", "x.silu", 4, "a.py", "c"),
        Breach("sigmoid", "torch.sigmoid", 2, "a.py", "c"),
    )
    assert [(b.line, b.rule, b.what) for b in merged(source, calls)] == [
        (2, "sigmoid", "torch.sigmoid"),
        (4, "sigmoid", "F.silu"),
        (4, "matmul", "the @ operator"),
        (9, "sigmoid", "s"),
    ]


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import gradlings.model.rules, gradlings.forbidden.static_check", ("torch", "numpy")),
        (
            "import torch; from gradlings.forbidden.runtime_recorder import CallRecorder\n"
            "with CallRecorder(['autograd', 'matmul', 'sigmoid', 'tensor', 'modules'], ['a.py']): torch.ones(2).exp()",
            ("torch._dynamo", "sympy"),
        ),
    ],
)
def test_what_is_not_imported(statement: str, absent: tuple[str, ...]) -> None:
    code = f"import sys\n{statement}\nprint([name for name in {absent} if name in sys.modules])"
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, timeout=400)
    assert done.stdout.strip() == "[]", done.stderr
