"""What a worker says of a submission: each fact has a form and a size, and what exceeds it is refused in words."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cpu_seconds import CpuSeconds
from gradlings.execution.kept_settings import SideEffects
from gradlings.model.exercise import Exercise
from gradlings.submission.size_limits import MAX_CELLS, MAX_CODE_CHARS, MAX_FUNCTIONS, MAX_SYNTAX_PROBLEMS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
if sys.platform == "linux":
    from gradlings.sandbox.budget import OverBudget
    from gradlings.sandbox.judge import Judge
    from gradlings.sandbox.remote_runner import RemoteRunner
    from gradlings.sandbox.settings import SubmissionLimits
    from gradlings.sandbox.source_facts import facts_from, names_from
    from gradlings.sandbox.wire.facts import (
        MAX_BREACHES,
        MAX_NAME_CHARS,
        MAX_NAMES,
        CellReply,
        Digest,
        checked,
    )
    from gradlings.sandbox.wire.types import MalformedMessage

SQUARES = Exercise("9.1", ("square",), 10, forbids=("autograd",))
MODULE = Path("signs.py")


def notebook(*sources: str) -> bytes:
    return json.dumps({"cells": [{"cell_type": "code", "source": source} for source in sources]}).encode()


# ---- honest, but huge


@pytest.fixture(scope="module")
def judge() -> Iterator["Judge"]:
    limits = SubmissionLimits(workers=3, cells=MAX_CELLS - 1)
    with Judge([SQUARES], allow_weaker=True, submission_limits=limits) as judge:
        yield judge


def loaded(judge: "Judge", text: str | bytes, name: str = "signs.py") -> "RemoteRunner":
    return judge.load(text.encode() if isinstance(text, str) else text, name)


LINES = "\n".join(f"def f{n:x}():0" for n in range(20_000))
LONG = "\n".join(f"def {chr(0x20000) * 50}{n}():0" for n in range(4_700))
TOO_LARGE = {
    "functions": (LINES, f"it has 20,000 functions and other names at top level; at most {MAX_FUNCTIONS:,} are read"),
    "names": ("=".join(f"a{n}" for n in range(9_000)) + "=1", "it has 9,000 functions and other names at top level"),
    "code": ("# " + "x" * MAX_CODE_CHARS, f"it has 300,002 characters of code; at most {MAX_CODE_CHARS:,} are read"),
    "cells": ("# %%\nx=1\n" * 20_001, f"it has 20,001 cells of code; at most {MAX_CELLS:,} are read"),
    "syntax": ("# %%\nx=\n" * 300, f"it has 300 cells that Python cannot read; at most {MAX_SYNTAX_PROBLEMS} are read"),
    "together": (
        "\n".join(f"def {chr(0x20000) * 50}{n}():0" for n in range(4_700)),
        "too many and too long to be read together",
    ),
}


@pytest.mark.parametrize("kind", TOO_LARGE)
def test_what_is_too_large_is_named(judge: "Judge", kind: str) -> None:
    text, said = TOO_LARGE[kind]
    (problem,) = loaded(judge, text).problems()
    assert problem.startswith("signs.py cannot be read: ")
    assert said in problem


def test_a_notebook_of_20_001_cells_is_named_at_once(judge: "Judge") -> None:
    data = notebook(*["x=1"] * 20_001)
    with CpuSeconds() as spent:
        (problem,) = loaded(judge, data, "signs.ipynb").problems()
    assert spent.seconds < 0.5
    assert problem == "signs.ipynb cannot be read: it has 20,001 cells of code; at most 2,000 are read"


def test_as_many_cells_as_are_read_cost_the_judge_little(judge: "Judge") -> None:
    data = notebook(*["x=1"] * (MAX_CELLS - 2), "def square(x): return x * x")
    with CpuSeconds() as spent:
        remote = loaded(judge, data, "signs.ipynb")
    assert spent.seconds < 3
    assert (remote.problems(), remote.type_of("square")) == ([], "function")


def test_long_facts_are_cut(judge: "Judge") -> None:
    lines = "".join(f" torch.autograd.grad(x, {n})\n" for n in range(MAX_BREACHES + 50))
    text = f"import torch\ndef square(x):\n{lines}"
    text += "# %%\nraise type('E' * 9000, (ValueError,), {})('m' * 9000)\n"
    text += "# %%\nexec(compile('1/0', __file__, 'exec').replace(co_firstlineno=2**31 - 2, co_name='c' * 9000))\n"
    remote = loaded(judge, text)
    (first, long), (second, far) = remote.cell_errors
    assert (first, len(long.kind), len(long.message)) == (1, MAX_NAME_CHARS, 2_000)
    assert (second, far.kind) == (2, "ZeroDivisionError")
    assert "c" * MAX_NAME_CHARS in "".join(far.trace)
    assert 0 < len(remote.forbidden_in_source(SQUARES)) <= MAX_BREACHES


def test_a_name_that_a_class_makes_up_is_not_asked_for(judge: "Judge") -> None:
    text = """
class Meta(type):
    __name__ = property(lambda cls: 1 / 0)

class E(Exception, metaclass=Meta):
    pass

e = E()
raise e
"""
    remote = loaded(judge, text)
    assert [raised.kind for _, raised in remote.cell_errors] == ["E"]
    assert (remote.type_of("E"), remote.type_of("e")) == ("function", "E")


@pytest.mark.parametrize("name", ["'n%d' % i", "'n' * 190 + str(i)"])
def test_names_that_are_not_sent_are_not_missing(judge: "Judge", name: str) -> None:
    remote = loaded(judge, f"globals().update({{{name}: i for i in range(9_990)}})\ndef square(x): return x")
    many = loaded(judge, f"globals().update({{{name}: i for i in range(31_000)}})\ndef square(x): return x")
    (problem,) = many.problems()
    assert problem.startswith("Your file defines 31,0")
    assert f"at most {MAX_NAMES:,} short ones are read." in problem
    assert remote.type_of("square") == "function" or "Your file defines 9,99" in remote.problems()[0]


def test_many_failing_cells_are_a_short_list(judge: "Judge") -> None:
    remote = loaded(judge, "# %%\nraise KeyError('x' * 5000)\n" * 1_500)
    assert len(remote.cell_errors) == 100
    problems = remote.problems()
    assert len(problems) == 51
    assert problems[-1] == "50 more cells cannot be read or fail."
    assert sum(map(len, problems)) < 120_000


def test_a_nested_cell_spoils_only_itself(judge: "Judge") -> None:
    deep = ("+".join("1" * 9_000), "-" * 100_000 + "1", "if x: pass\n" + "elif x: pass\n" * 5_000)
    remote = loaded(judge, notebook(*deep, "def square(x): return x"), "signs.ipynb")
    assert [problem.count("nested too deep") for problem in remote.problems()] == [1, 1, 1]
    assert remote.type_of("square") == "function"


def test_a_submission_has_a_number_of_restarts(judge: "Judge") -> None:
    ends = "# %%\nimport os; os._exit(0)\n"
    (problem,) = loaded(judge, ends * 9 + "# %%\ndef square(x): return x").problems()
    assert problem == "Your code ended or blocked its process 3 times; it is not run again."
    remote = loaded(judge, ends * 2 + "# %%\ndef square(x): return x")
    assert remote.type_of("square") == "function"
    assert [index for index, _ in remote.cell_errors] == [0, 1]


def test_a_judge_may_run_fewer_cells_than_are_read(judge: "Judge") -> None:
    (problem,) = loaded(judge, "# %%\nx = 1\n" * MAX_CELLS).problems()
    assert problem == "Your file has 2,000 cells; at most 1,999 are run."


@pytest.mark.parametrize("data", [b"[" * 100_000, b"{}", b"\xff", notebook("x")[:-1]], ids=["deep", "{}", "ff", "cut"])
def test_what_is_no_notebook_has_no_digest(judge: "Judge", data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^signs\.ipynb is not a notebook$"):
        judge.code_digest(data, "signs.ipynb")


# ---- forged


def answer(**changed: Any) -> dict[str, Any]:
    honest = {
        "cells": [("def square(x): pass", "signs.py", 1)],
        "functions": [("square", "signs.py", 1, False)],
        "syntax": [("signs.py", 1, "x =", "invalid syntax")],
        "breaches": [[("autograd", "backward", 1, "signs.py", "x.backward()")]],
        "shapes": {"square": "0123456789abcdef" * 4},
    }
    return honest | changed


def test_an_honest_answer_is_read() -> None:
    submission, breaches = facts_from(answer(code={"square": "def square(x): pass"}), MODULE, [SQUARES])
    assert submission.code == {"square": "def square(x): pass"}
    assert (submission.problem, set(submission.functions), len(submission.syntax_problems)) == ("", {"square"}, 1)
    assert [breach.what for breach in breaches["9.1"]] == ["backward"]
    unread, nothing = facts_from({"problem": "it is \x1b[2J gone"}, MODULE, [SQUARES])
    assert (unread.problem, nothing) == ("signs.py cannot be read: it is ?[2J gone", {})


CELL, FUNCTION, PROBLEM = ("x", "signs.py", 1), ("f", "signs.py", 1, True), ("signs.py", 1, "x", "y")
BREACH = ("autograd", "backward", 1, "signs.py", "x")
FORGED: dict[str, Any] = {
    "no dict": [1, 2],
    "nothing": {},
    "a problem that is none": {"problem": 3},
    "a long problem": {"problem": "x" * 2_001},
    "a problem and more": {"problem": "", "cells": []},
    "another field": answer(verdict="pass"),
    "a key that is no text": {1: 2},
    "no cells": answer(cells=None),
    "a cell that is none": answer(cells=[("x", "signs.py")]),
    "a line that is true": answer(cells=[("x", "signs.py", True)]),
    "a line below zero": answer(cells=[("x", "signs.py", -1)]),
    "a line beyond all": answer(cells=[("x", "signs.py", 1 << 200)]),
    "too many cells": answer(cells=[CELL] * (2_000 + 1)),
    "a large cell": answer(cells=[("x" * 300_001, "signs.py", 1)]),
    "a file of ours": answer(cells=[("x", "/srv/solutions/signs.py", 1)]),
    "an object for functions": answer(functions=object()),
    "too many functions": answer(functions=[FUNCTION] * 5_001),
    "a function of another file": answer(functions=[("f", "other.py", 1, True)]),
    "an attempt that is a number": answer(functions=[("f", "signs.py", 1, 1)]),
    "too many syntax problems": answer(syntax=[PROBLEM] * 201),
    "a long line": answer(syntax=[("signs.py", 1, "x" * 201, "y")]),
    "a problem of another file": answer(syntax=[("/etc/passwd", 1, "x", "y")]),
    "breaches of another exercise": answer(breaches=[[], []]),
    "too many breaches": answer(breaches=[[BREACH] * 201]),
    "a breach of another file": answer(breaches=[[("autograd", "backward", 1, "other.py", "x")]]),
    "a shape that is none": answer(shapes={"square": "0123456789abcdeg" * 4}),
    "a short shape": answer(shapes={"square": "0123456789abcdef"}),
    "a shape with an end": answer(shapes={"square": "0123456789abcdef" * 4 + "\n"}),
    "shapes without names": answer(shapes=["0123456789abcdef" * 4]),
    "no shapes": {key: value for key, value in answer().items() if key != "shapes"},
    "too many shapes": answer(shapes={str(number): "0" * 64 for number in range(5_001)}),
    "a long function": answer(code={"square": "x" * 4_001}),
    "code that is no text": answer(code={"square": b"x"}),
    "code without names": answer(code=["x"]),
    "a long breach": answer(breaches=[[("autograd", "b" * 201, 1, "signs.py", "x")]]),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_answer_is_refused(name: str) -> None:
    with pytest.raises(MalformedMessage):
        facts_from(FORGED[name], MODULE, [SQUARES])


@pytest.mark.parametrize("file", ["signs.ipynb", "signs.ipynb cell ", "signs.ipynb cell x", "signs.ipynb cell \u0661"])
def test_cells_of_a_notebook_have_numbers(file: str) -> None:
    facts = {"cells": [("x", file, 1)], "functions": [], "syntax": [], "breaches": [], "shapes": {}}
    with pytest.raises(MalformedMessage):
        facts_from(facts, Path("signs.ipynb"), [])
    facts["cells"] = [("x", "signs.ipynb cell 3", 1)]
    assert facts_from(facts, Path("signs.ipynb"), [])[0].files == {"signs.ipynb cell 3"}


NOTHING_CHANGED: dict[str, Any] = {"settings": [], "taken": []}


@pytest.mark.parametrize(
    "names",
    [
        *(None, [], "x", True, {"f": 1}, {1: "f"}, {"f" * 201: "function"}, {"f": "f" * 201}, -1, 1.5),
        {f"n{number}": "int" for number in range(10_001)},
    ],
    ids=str,
)
def test_forged_names_are_refused(names: Any) -> None:
    with pytest.raises(MalformedMessage):
        names_from({"names": names, **NOTHING_CHANGED}, ["f"])


@pytest.mark.parametrize(
    "changed",
    [
        *({"settings": ["what I like"]}, {"settings": None}, {"settings": ["autocast"] * 501}, {"taken": ["no name"]}),
        *({"taken": {"sum": 1}}, {"taken": [1]}, {"further": []}),
    ],
    ids=str,
)
def test_forged_side_effects_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(MalformedMessage):
        names_from({"names": {}, **NOTHING_CHANGED, **changed}, ["f"])


def test_side_effects_are_names_that_are_known() -> None:
    found = names_from({"names": {}, "settings": ["np.seterr", "autocast", "autocast"], "taken": ["sum", "f"]}, ["f"])
    assert found.side_effects == SideEffects(("autocast", "np.seterr"), ("f", "sum"))


def test_names_are_cleaned_and_too_many_are_said() -> None:
    assert names_from({"names": {"f\x1b": "E\x07"}, **NOTHING_CHANGED}, []).types == {"f?": "E?"}
    with pytest.raises(OverBudget, match="defines 31,000 names"):
        names_from({"names": 31_000, **NOTHING_CHANGED}, [])


@pytest.mark.parametrize(
    "reply",
    [
        *(None, {"cell": 0}, {"cell": -1, "raised": None}, {"cell": 2_000, "raised": None}, {"cell": 0, "raised": 0}),
        *({"cell": True, "raised": None}, {"cell": 0, "raised": ("E", "m", False, [("f", (1 << 31) + 1, "g", "c")])}),
    ],
)
def test_a_forged_reply_of_a_cell_is_refused(reply: Any) -> None:
    with pytest.raises(MalformedMessage):
        checked(reply, CellReply, "a cell")


@pytest.mark.parametrize("digest", [None, "0" * 63, "0" * 65, "G" * 64, "0" * 64 + "\n", "A" * 64, b"0" * 64])
def test_a_forged_digest_is_refused(digest: Any) -> None:
    assert checked({"digest": "0" * 64}, Digest, "a digest").digest == "0" * 64
    with pytest.raises(MalformedMessage):
        checked({"digest": digest}, Digest, "a digest")
