"""A function as text that does not tell who wrote it: no comments, no names and no sentences of its author.

It is made in two steps. Where the source is read, which is in a worker, the syntax tree is written anew without
comments, docstrings and annotations. The rest works on that text alone, parses nothing, and so may run anywhere: names
and texts that are not known words are replaced.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import copy
import keyword
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar

from gradlings.submission.cells import compiled
from gradlings.submission.reader import Submission
from gradlings.submission.size_limits import MAX_FUNCTION_CHARS

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Kept = ast.FunctionDef | ast.AsyncFunctionDef | ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom
_AT_HAND = ("import torch", "import math")
"""What every catalogue imports."""
_MAX_FORMULA_LETTERS = 4
_TOKEN = re.compile(
    r"""(?P<text>[rbuRBU]{0,2}(?:'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    |(?P<number>0[xX][\da-fA-F]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?[jJ]?)
    |(?P<name>[^\W\d]\w*)""",
    re.VERBOSE,
)
N = TypeVar("N", bound=ast.AST)


def code_of(submission: Submission, names: Collection[str]) -> dict[str, str]:
    """Return functions of a submission by name, each as text without comments, docstrings and annotations.

    What a function needs of the top level (helpers, constants, imports) is put into its body, so that the text stands
    by itself; the other functions of `names` are left out of it.
    """
    statements: list[ast.stmt] = []
    for cell in submission.cells:
        with contextlib.suppress(SyntaxError):  # among the syntax problems already
            statements += compiled(cell).body
    defined = {name: statement for statement in statements for name in _names_bound_by(statement)}
    found = {}
    for name in names:
        function = defined.get(name)
        if isinstance(function, _Function) and submission.attempted((name,)):
            # a stranger's tree may be deep, and a number in it too long to be written
            with contextlib.suppress(RecursionError, MemoryError, ValueError):
                text = _standing_alone(function, defined, names)
                if len(text) <= MAX_FUNCTION_CHARS:
                    found[name] = text
    return found


def anonymous(code: str, known: Collection[str]) -> str:
    """Return a text of `code_of` with all names and texts replaced that are neither single letters nor known words."""
    numbers: dict[str, str] = {}

    def replaced(found: re.Match[str]) -> str:
        token = found[0]
        if found["number"]:
            return token
        if found["text"]:
            quoted = token.lstrip("rbuRBU")[1:-1]
            return token if quoted in known or _is_formula(quoted) else "'...'"
        if len(token) == 1 or token in known or keyword.iskeyword(token):
            return token
        return numbers.setdefault(token, f"v{len(numbers) + 1}")

    return _TOKEN.sub(replaced, code)


def known_words(texts: Iterable[str]) -> frozenset[str]:
    """Return the names of Python, PyTorch, NumPy and of the standard library's math, and all words of some texts."""
    import functools
    import itertools
    import math
    import operator

    import numpy as np
    import torch

    modules = (builtins, math, operator, itertools, functools, np, torch, torch.nn, torch.nn.functional, torch.linalg)
    places = (*modules, torch.optim, torch.autograd, torch.Tensor, np.ndarray, str, list, dict, tuple, set, int, float)
    words = {name for place in places for name in dir(place) if not name.startswith("_")}
    words |= {"np", "numpy", "torch", "math", "operator", "itertools", "functools", "nn", "F", "Tensor", "functional"}
    words |= {"self", "cls", "dim", "keepdim", "dtype", "device", "axis", "keepdims", "unbiased", "correction", "p"}
    return frozenset(words.union(*(re.findall(r"[^\W\d]\w*", text) for text in texts)))


def _is_formula(quoted: str) -> bool:
    """Return whether a text is one for `einsum`, such as "bij,bjk->bik"."""
    parts = re.split(r"->|,|\s|\.\.\.", quoted)
    return "->" in quoted and all(part.isalpha() and len(part) <= _MAX_FORMULA_LETTERS for part in parts if part)


def _names_bound_by(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, _Function):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        yield from (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))


def _standing_alone(function: _Function, defined: Mapping[str, ast.stmt], others: Collection[str]) -> str:
    needed: dict[int, ast.stmt] = {}
    plain = _plain(function)
    todo: list[ast.AST] = [plain]
    while todo:
        for name in {node.id for node in ast.walk(todo.pop()) if isinstance(node, ast.Name)} - {*others}:
            statement = defined.get(name)
            if isinstance(statement, _Kept) and statement.lineno not in needed and statement is not function:
                needed[statement.lineno] = _plain(statement)
                todo.append(needed[statement.lineno])
    before = [statement for _, statement in sorted(needed.items()) if ast.unparse(statement) not in _AT_HAND]
    plain.body = [*before, *plain.body]
    return ast.unparse(ast.fix_missing_locations(plain))


def _plain(node: N) -> N:
    plain: N = _Plain().visit(copy.deepcopy(node))
    return plain


class _Plain(ast.NodeTransformer):
    """Leaves out docstrings, annotations and what f-strings say."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        return self._function(node)

    def _function(self, node: _FunctionT) -> _FunctionT:
        self.generic_visit(node)
        node.returns, node.type_comment = None, None
        node.body = [each for each in node.body if not _says_only(each)] or [ast.Pass()]
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation, node.type_comment = None, None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        self.generic_visit(node)
        return ast.copy_location(ast.Assign([node.target], node.value) if node.value else ast.Pass(), node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.Constant:
        return ast.Constant("...")


_FunctionT = TypeVar("_FunctionT", ast.FunctionDef, ast.AsyncFunctionDef)


def _says_only(statement: ast.stmt) -> bool:
    """Return whether a statement is a text by itself: a docstring, or a comment in quotes."""
    is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return is_text and isinstance(statement.value.value, str)  # type: ignore[attr-defined]
