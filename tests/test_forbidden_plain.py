"""Plain code: what proves by its names alone that it keeps to the rules, and above all what does not."""

from __future__ import annotations

import contextlib
import itertools
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from forbidden_corpus import FORBIDDEN, LEGITIMATE
from gradlings.authoring.catalogue import load_catalogue
from gradlings.forbidden.plain import is_plain
from gradlings.forbidden.plain_names import LISTED, UNWATCHED, forbidden_by
from gradlings.forbidden.static_check import breaches_in_source
from gradlings.model.exercise import Exercise, read_exercises
from gradlings.model.rules import RULES
from gradlings.submission.cells import module_cells

PROJECT = Path(__file__).parent.parent
USUAL = """\
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

"""


def plain(source: str, *rules: str, functions: tuple[str, ...] = ("f",)) -> bool:
    return is_plain(module_cells(USUAL + source, "student.py"), functions, rules or ("autograd",))


@pytest.mark.parametrize("snippet", FORBIDDEN, ids=lambda snippet: f"{snippet.rule}: {snippet.name}")
def test_nothing_forbidden_is_plain(snippet):
    assert not is_plain(module_cells(snippet.source, "student.py"), ["f"], [snippet.rule])


def test_legitimate_code_is_often_plain():
    found = [is_plain(module_cells(snippet.source, "student.py"), ["f"], [snippet.rule]) for snippet in LEGITIMATE]
    assert sum(found) >= len(found) / 4  # the corpus is of odd code


# Ways in which the code of f gets at a derivative, without a word of it in f
SECRETS = {
    "a list that both know": "fs = []\ndef g(): fs.append(torch.autograd.grad)\ndef f(x): return fs[0](x.sum(), x)",
    "a list, by way of a helper": (
        "fs = []\ndef put(v): fs.append(v)\ndef g(): put(torch.autograd.grad)\ndef f(x): return fs[0](x.sum(), x)"
    ),
    "a list, by way of two": (
        "fs = []\ndef put(v): fs.append(v)\ndef give(v): put(v)\n"
        "def g(): give(torch.autograd.grad)\ndef f(x): return fs[0](x.sum(), x)"
    ),
    "a dict": "d = {}\ndef g(): d['k'] = torch.autograd.grad\ndef f(x): return d['k'](x.sum(), x)",
    "a default that is a list": (
        "def h(v, kept=[]):\n    kept.append(v)\n    return kept[0]\n"
        "def g(): h(torch.autograd.grad)\ndef f(x): return h(0)(x.sum(), x)"
    ),
    "its own default": "def f(x, kept=[]):\n    kept.append(x)\n    return kept[0](x)\ndef g(): f(torch.autograd.grad)",
    "a default that has a name": (
        "kept = []\ndef h(kept=kept): return kept\ndef g(): kept.append(torch.autograd.grad)\n"
        "def f(x): return h()[0](x.sum(), x)"
    ),
    "a module-level value": "grad = torch.autograd.grad\ndef f(x): return grad(x.sum(), x)",
    "a lambda": "h = lambda y, x: torch.autograd.grad(y, x)\ndef f(x): return h(x.sum(), x)",
    "a cache": (
        "import functools\n@functools.lru_cache\ndef kept(): return []\n"
        "def g(): kept().append(torch.autograd.grad)\ndef f(x): return kept()[0](x.sum(), x)"
    ),
    "a global statement": (
        "h = None\ndef g():\n    global h\n    h = torch.autograd.grad\ndef f(x): return h(x.sum(), x)"
    ),
    "an attribute of a class": (
        "class C:\n    pass\ndef g(): C.h = torch.autograd.grad\ndef f(x): return C.h(x.sum(), x)"
    ),
    "a list in a class": (
        "class C:\n    def __init__(self): type(self).h = []\ndef g(): C.h.append(torch.autograd.grad)\n"
        "def f(x, c): return c.h[0](x.sum(), x)"
    ),
    "a field that a helper sets": (
        "class C:\n    pass\ndef put(o, v): o.h = v\ndef g(): put(C, torch.autograd.grad)\n"
        "def f(x, c): return c.h(x.sum(), x)"
    ),
    "a field, by way of two helpers": (
        "class C:\n    pass\ndef put(o, v): o.h = v\ndef give(v): put(C, v)\ndef g(): give(torch.autograd.grad)\n"
        "def f(x, c): return c.h(x.sum(), x)"
    ),
    "another method of the object": (
        "class C:\n    def h(self, x): return torch.autograd.grad(x.sum(), x)\ndef f(x, c): return c.h(x)"
    ),
    "an operator of the object": (
        "class C:\n    def __add__(self, x): return torch.autograd.grad(x.sum(), x)\ndef f(x, c): return c + x"
    ),
    "a module that is called": (
        "class C(nn.Module):\n    def forward(self, x): return torch.autograd.grad(x.sum(), x)\n"
        "def f(x, c): return c(x)"
    ),
    "a value that has two names": (
        "class C:\n    def __init__(self): type(self).h = []\nC()\nkept = C.h\n"
        "def g(): kept.append(torch.autograd.grad)\ndef f(x): return kept[0](x.sum(), x)"
    ),
    "a class in a block": (
        "if True:\n    class C:\n        exp = []\ndef g(): C.exp.append(torch.autograd.grad)\n"
        "def f(x): return C.exp[0](x.sum(), x)"
    ),
    "a list of a class, under a listed name": (
        "class C:\n    exp = []\ndef g(): C.exp.append(torch.autograd.grad)\ndef f(x, c): return c.exp[0](x.sum(), x)"
    ),
    "a method under a listed name": (
        "class C:\n    def exp(self, x): return torch.autograd.grad(x.sum(), x)\ndef f(x, c): return c.exp(x)"
    ),
    "a field that tensors have, too": (
        "class C:\n    pass\ndef g(): C.data = torch.autograd.grad\ndef f(x, c): return c.data(x.sum(), x)"
    ),
    "the text of an object": (
        "class C:\n    def __str__(self): return str(torch.autograd.grad(self.y, self.y))\n"
        "def f(x, c):\n    c.y = x\n    return float(str(c))"
    ),
    "the evaluated annotations of a function": (
        "import typing\nclass C:\n    def get_type_hints(self): pass\n"
        "def f(x):\n    def h(a: 'torch.autograd.grad'): pass\n    return typing.get_type_hints(h)"
    ),
    "a metaclass": (
        "class M(type):\n    def __call__(cls, x): return torch.autograd.grad(x.sum(), x)\n"
        "class C(metaclass=M):\n    pass\ndef f(x): return C(x)"
    ),
    "a function of the library that is replaced": (
        "def g(): torch.exp = torch.autograd.grad\ndef f(x): return torch.exp(x.sum(), x)"
    ),
    "a replacement by way of a helper": (
        "def put(o, v): o.exp = v\ndef g(): put(torch, torch.autograd.grad)\ndef f(x): return torch.exp(x.sum(), x)"
    ),
    "a replacement by way of a method": (
        "class C:\n    def put(self, v): self.exp = v\ndef g(): C.put(torch, torch.autograd.grad)\n"
        "def f(x): return torch.exp(x.sum(), x)"
    ),
    "setattr": "def g(): setattr(torch, 'exp', torch.autograd.grad)\ndef f(x): return torch.exp(x.sum(), x)",
    "vars": "def g(): vars(torch)['exp'] = torch.autograd.grad\ndef f(x): return torch.exp(x.sum(), x)",
    "__dict__": "def g(): torch.__dict__['exp'] = 1\ndef f(x): return torch.exp(x)",
    "__defaults__": "def g(): f.__defaults__ = (torch.autograd.grad,)\ndef f(x, h=None): return h(x.sum(), x)",
    "mock": (
        "from unittest import mock\ndef g(): mock.patch('torch.exp', torch.autograd.grad).start()\n"
        "def f(x): return torch.exp(x.sum(), x)"
    ),
    "another kernel": (
        "def g(): torch.library.Library('aten', 'IMPL').impl('exp', torch.autograd.grad, 'CPU')\n"
        "def f(x): return torch.exp(x)"
    ),
    "another import": "import sys\ndef f(x): return sys.modules['torch'].autograd.grad(x.sum(), x)",
    "an asterisk": "from torch.autograd import *\ndef f(x): return grad(x.sum(), x)",
    "an import under another name": "from torch.autograd import grad as exp\ndef f(x): return exp(x.sum(), x)",
    "a module under another name": "import torch.autograd as math\ndef f(x): return math.grad(x.sum(), x)",
    "an import inside": "def f(x):\n    from torch.func import grad as h\n    return h(torch.sum)(x)",
    "getattr": "def f(x): return getattr(torch, 'auto' + 'grad').grad(x.sum(), x)",
    "eval": "def f(x): return eval('torch.autograd.grad(x.sum(), x)')",
    "a pattern": "def f(x):\n    match torch:\n        case object(autograd=a):\n            return a",
    "a type": "C = type('C', (), {'__torch_function__': None})\ndef f(x): return C()",
    "builtins": "def f(x): return __builtins__['ev' + 'al']('1')",
    "globals": "def f(x): return globals()['torch'].exp(x)",
    "the frame of an exception": (
        "def f(x):\n    try:\n        1 / 0\n    except ArithmeticError as e:\n        return e.__traceback__"
    ),
}


@pytest.mark.parametrize("source", SECRETS.values(), ids=SECRETS)
def test_nothing_is_plain_that_can_be_handed_something_in_secret(source):
    compile(source, "student.py", "exec")
    assert not plain(source)


PLAIN = {
    "a formula": "def f(x): return 1 / (1 + torch.exp(-x))",
    "a helper": "def h(x): return x.exp().sum(dim=-1, keepdim=True)\ndef f(x): return x.exp() / h(x)",
    "a constant": "EPS = 1e-7\ndef f(x): return x.clamp(EPS, 1 - EPS)",
    "annotations": 'def f(x: Float[Tensor, "n d"], g: Callable[[Tensor], Tensor]) -> Float[Tensor, "n"]: return g(x)',
    "loops and lists": "def f(x):\n    out = []\n    for row in x:\n        out.append(row.max())\n    return out",
    "an inner function": "def f(x):\n    def inner(y): return y * 2\n    return inner(x)",
    "a forbidden thing elsewhere": "def g(x):\n    x.sum().backward()\n    return x.grad\ndef f(x): return x * 2",
    "a matrix product, under another rule": "def f(x): return x @ x.T",
    "a class of its own": (
        "class Node:\n    def __init__(self, data): self.data, self.grad, self.parents = data, 0.0, ()\n"
        "    def __add__(self, other): return Node(self.data + other.data)\n"
        "def f(nodes):\n    for node in reversed(nodes):\n        for p, slope in node.parents:\n"
        "            p.grad += node.grad * slope"
    ),
    "prints": 'def f(x):\n    print(f"{x.shape=}")\n    return x\nprint(f(torch.ones(2)))',
}


def test_a_name_of_its_own_is_no_cover_for_one_of_the_library():
    source = "class C:\n    def multi_dot(self): pass\ndef f(x): return torch.linalg.multi_dot([x, x])"
    assert not plain(source, "matmul")
    source = "import numpy as np\nclass C:\n    def correlate(self): pass\ndef f(x): return np.correlate(x, x)"
    assert not plain(source, "matmul")


@pytest.mark.parametrize("source", PLAIN.values(), ids=PLAIN)
def test_everyday_code_is_plain(source):
    assert plain(source)


def test_the_rule_decides():
    assert plain("def f(x): return x @ x", "autograd")
    assert not plain("def f(x): return x @ x", "matmul")
    assert not plain("def f(x):\n    x @= x\n    return x", "matmul")
    assert not plain("def f(x): return torch.sigmoid(x)", "autograd", "sigmoid")
    assert not plain("def f(x): return x[[0]]", "tensor")


# ---- the catalogues


def cases() -> Iterator[tuple[Path, str, dict[str, Exercise]]]:
    for checks in sorted(PROJECT.glob("assignments/*/test_*.py")):
        folder = PROJECT / "solutions" / checks.parent.name
        solution = (folder / f"{checks.stem.removeprefix('test_')}.py").read_text(encoding="utf-8")
        yield folder, solution, {each.id: each for each in read_exercises(checks) if each.forbids}


@pytest.mark.parametrize(
    ("folder", "solution", "exercises"), list(cases()), ids=lambda value: getattr(value, "name", "")
)
def test_what_is_plain_has_no_breach_in_its_source(folder, solution, exercises):
    texts = [(solution, exercise) for exercise in exercises.values()]
    for kind in ("misconceptions", "variants"):
        entries = load_catalogue(folder / f"{kind}.py")
        texts += [(e.submission(solution), exercises[e.exercise]) for e in entries if e.exercise in exercises]
    for text, exercise in texts:
        if is_plain(module_cells(text, "student.py"), exercise.functions, exercise.forbids):
            assert breaches_in_source(text, exercise.functions, exercise.forbids, "student.py") == ()


def test_most_solutions_are_plain():
    found = [
        is_plain(module_cells(solution, "student.py"), exercise.functions, exercise.forbids)
        for _, solution, exercises in cases()
        for exercise in exercises.values()
    ]
    assert sum(found) > 0.6 * len(found)


# ---- the lists


class Operations(TorchDispatchMode):
    """Which operations of the dispatcher run."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.seen.add(str(func).split(".")[1])
        return func(*args, **(kwargs or {}))


MATRIX, VECTOR, INDEX = torch.rand(3, 3) + 0.1, torch.rand(3) + 0.1, torch.tensor([0, 2, 1])
GRID = torch.tensor([[0, 1, 2]] * 3)
ORDINARY = [MATRIX, VECTOR, INDEX, torch.rand(2, 3, 3), 1, 0.5]
ODD = [MATRIX > 0.5, (3, 3), [MATRIX, MATRIX]]
PARTICULAR: dict[str, tuple[Any, ...]] = {
    "dropout": (MATRIX, 0.5, True),
    "flip": (MATRIX, (0,)),
    "gather": (MATRIX, 0, GRID),
    "index_add": (MATRIX, 0, INDEX, MATRIX),
    "item": (torch.tensor(1.0),),
    "masked_fill": (MATRIX, MATRIX > 0.5, 0.0),
    "narrow": (MATRIX, 0, 0, 1),
    "new_full": (MATRIX, (2,), 1.0),
    "permute": (MATRIX, (1, 0)),
    "scatter": (MATRIX, 0, GRID, MATRIX),
    "scatter_add": (MATRIX, 0, GRID, MATRIX),
    "unflatten": (torch.rand(6), 0, (2, 3)),
    "unfold": (MATRIX, 0, 2, 1),
    "where": (MATRIX, MATRIX > 0.5, MATRIX),
}
NOT_CALLED = {"ModuleDict", "ParameterDict", "backward", "values", "Optional", "__init__"}
"""Containers; what only sparse tensors have; and the engine, for which a rule has a word of its own."""


def tried(name: str, function: Callable[..., Any]) -> set[str] | None:
    """The operations of all calls that work, with all sorts of arguments; None if none does."""
    watch, worked = Operations(), False
    particular = [PARTICULAR[name.strip("_")]] if name.strip("_") in PARTICULAR else []
    for count in range(4):
        if count == 3 and worked:
            break
        known = ORDINARY if count == 3 else ORDINARY + ODD
        for arguments in [*itertools.product(known, repeat=count), *particular]:
            mine = [a.clone() if isinstance(a, torch.Tensor) else a for a in arguments]
            try:
                with watch, torch.no_grad(), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    made = function(*mine)
                    for argument in (MATRIX, VECTOR, INDEX) if isinstance(made, torch.nn.Module) else ():
                        with contextlib.suppress(Exception):
                            made(argument)
                worked = True
            except Exception:
                continue
    return watch.seen if worked else None


def listed_functions() -> Iterator[tuple[str, str, Any]]:
    for owner in (torch, torch.Tensor, torch.nn.functional, torch.nn, torch.linalg):
        for name in sorted(LISTED - NOT_CALLED):
            function = getattr(owner, name, None)
            layer = isinstance(function, type) and issubclass(function, torch.nn.Module)
            if layer or (callable(function) and not isinstance(function, type) and hasattr(function, "__name__")):
                yield f"{owner.__name__}.{name}", name, function


@pytest.mark.parametrize(
    ("path", "name", "function"), list(listed_functions()), ids=lambda value: value if "." in str(value) else ""
)
def test_a_listed_function_does_nothing_that_is_forbidden_under_another_name(path, name, function):
    seen = tried(name, function)
    assert seen is not None, "no arguments fit"
    for rule in RULES.values():
        if rule.name not in UNWATCHED and name not in forbidden_by(rule):
            assert rule.aten.isdisjoint(seen), rule.name
