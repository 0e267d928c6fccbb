"""A function as a set of parts of its syntax tree: what renaming, comments, formatting and order do not change.

A part is an expression, a statement, a block with all that is in it, or the whole function. Parameters are known by
their place, other names of the function's own by the order in which the part mentions them, and the statements of a
block are put into one order. Two functions that differ in nothing else have the same parts. Docstrings, annotations and
`pass` are no parts. What is in the student's own words is kept apart from these: statements with the names that stand
there, and comments.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

MIN_NODES, MAX_NODES = 4, 150
"""Of the syntax tree of an expression that is a part by itself; smaller ones are everywhere."""
MAX_PARTS = 2_000
"""Of one function; of a larger one the rest is left out."""
MIN_COMMENT_WORDS = 2
_WORD = re.compile(r"\w+")
_Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Kind(IntEnum):
    """How much a part is."""

    PIECE = 0
    """An expression, a statement without others in it, or the head of a block."""
    BLOCK = 1
    """A statement with the statements in it."""
    WHOLE = 2
    WORDING = 3
    """A statement with the student's own names in it, or a comment."""


class Part(NamedTuple):
    """A part of a function."""

    digest: str
    """16 hex digits."""
    first: int
    """Its first line, counted from that of the function, which is 0."""
    last: int
    kind: int


@dataclass(frozen=True)
class Known:
    """What names of a file stand for."""

    helpers: frozenset[str] = frozenset()
    """Functions, classes and constants of the student's own, which may be called anything."""
    modules: dict[str, str] = field(default_factory=dict)
    """What an imported name was called before `as`."""


def function_parts(node: Scope, known: Known) -> list[Part]:
    """Return the parts of a function or a class, but for its comments.

    Raises:
        RecursionError: it is nested too deep.
    """
    names = _Names([node], known, node.args if isinstance(node, _Function) else None)
    found = _Parts(names, node.lineno)
    inside = found.block(node.body)
    head = names.tokens(node.args) if isinstance(node, _Function) else []
    lines = (node.end_lineno or node.lineno) - node.lineno
    return [*found.parts, Part(_digest([*head, *inside]), 0, lines, Kind.WHOLE)]


def statement_parts(statements: Sequence[ast.stmt], known: Known) -> Iterator[list[Part]]:
    """Yield the parts of each of some statements that stand outside of functions, with lines of its own."""
    names = _Names(statements, known, None)
    for statement in statements:
        found = _Parts(names, statement.lineno)
        found.block([statement])
        yield found.parts


def comment_parts(text: str) -> list[Part]:
    """Return the comments in the text of a function that say something."""
    found = []
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            words = _WORD.findall(token.string.casefold()) if token.type == tokenize.COMMENT else []
            if len(words) >= MIN_COMMENT_WORDS:
                line = token.start[0] - 1
                found.append(Part(_digest(["#", *words]), line, line, Kind.WORDING))
    return found[:MAX_PARTS]


class _Names:
    """What is told of names, and of everything else in a tree, one word a node."""

    def __init__(self, scope: Iterable[ast.stmt], known: Known, arguments: ast.arguments | None) -> None:
        nodes = [node for statement in scope for node in ast.walk(statement)]
        self._own = {node.arg for node in nodes if isinstance(node, ast.arg)}
        self._own |= {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
        self._own |= {node.name for node in nodes if isinstance(node, Scope)}
        self._own |= {node.name for node in nodes if isinstance(node, ast.ExceptHandler) and node.name}
        self._known = known
        self._place: dict[str, int] = {}
        if arguments is not None:
            every = [*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs, arguments.kwarg]
            self._place = {each.arg: place for place, each in enumerate(filter(None, every))}

    def wording(self, root: ast.AST) -> list[str]:
        """Return a tree as words with all names as they stand there; empty if none of them is the student's choice."""
        chosen = (self._own | self._known.helpers) - self._place.keys()
        nodes = list(_inside(root))
        if not any(isinstance(node, ast.Name) and node.id in chosen for node in nodes):
            return []
        return ["names", *(_word(node, lambda name: name) for node in nodes)]

    def tokens(self, root: ast.AST) -> list[str]:
        """Return a tree as words, without the statements in it."""
        numbers: dict[str, int] = {}

        def shown(name: str) -> str:
            if name in self._place:
                return f"P{self._place[name]}"
            if name in self._own:
                return f"v{numbers.setdefault(name, len(numbers))}"
            return "helper" if name in self._known.helpers else self._known.modules.get(name, name)

        words: list[str] = []
        todo: list[tuple[int, ast.AST]] = [(0, root)]
        while todo:  # no recursion: a stranger's expression is as deep as they like
            depth, node = todo.pop()
            words.append(f"{depth}{_word(node, shown)}")
            todo += [(depth + 1, child) for child in reversed(_expressions(node))]
        return words


class _Parts:
    """Collects the parts of one function."""

    def __init__(self, names: _Names, first_line: int) -> None:
        self.parts: list[Part] = []
        self._names, self._first_line = names, first_line

    def block(self, statements: Iterable[ast.AST]) -> list[str]:
        """Take the parts of statements; return their digests in an order that is not theirs."""
        return sorted(self._statement(each) for each in statements if not _says_nothing(each))

    def _statement(self, node: ast.AST) -> str:
        self._take_expressions(node)
        words = self._names.tokens(node)
        if isinstance(node, Scope):
            words[0] = type(node).__name__
            words += self._names.tokens(node.args) if isinstance(node, _Function) else []
        blocks = _blocks(node)
        if wording := self._names.wording(node):
            self._take(node, wording, Kind.WORDING, only_head=bool(blocks))
        if not blocks:
            return self._take(node, words, Kind.PIECE)
        self._take(node, words, Kind.PIECE, only_head=True)
        for name, statements in blocks:
            words += [name, *self.block(statements)]
        return self._take(node, words, Kind.BLOCK)

    def _take_expressions(self, node: ast.AST) -> None:
        """Take the expressions of a statement, or of the head of one, that are large enough."""
        sizes: dict[int, int] = {}
        for each in reversed(list(_inside(node))[1:]):
            sizes[id(each)] = 1 + sum(sizes[id(child)] for child in _expressions(each))
            if isinstance(each, ast.expr) and MIN_NODES <= sizes[id(each)] <= MAX_NODES:
                self._take(each, self._names.tokens(each), Kind.PIECE)

    def _take(self, node: ast.AST, words: Iterable[str], kind: Kind, *, only_head: bool = False) -> str:
        digest = _digest(words)
        first = getattr(node, "lineno", self._first_line)
        last = first if only_head else getattr(node, "end_lineno", None) or first
        if len(self.parts) < MAX_PARTS:
            self.parts.append(Part(digest, first - self._first_line, last - self._first_line, kind))
        return digest


def _digest(words: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(words).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _word(node: ast.AST, shown: Callable[[str], str]) -> str:
    match node:
        case ast.Name():
            return shown(node.id)
        case ast.arg():
            return shown(node.arg)
        case ast.Constant():
            value = node.value  # Python refuses to write a long number in decimal
            return hex(value) if type(value) is int else repr(value)
        case ast.alias():
            return f"import {node.name}"
        case ast.Attribute():
            return f".{node.attr}"
        case ast.keyword():
            return f"{node.arg}="
        case ast.AnnAssign():
            return "Assign"
    return type(node).__name__


def _inside(root: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all that it consists of; parents come before their children."""
    todo = [root]
    while todo:
        yield (node := todo.pop())
        todo += reversed(_expressions(node))


def _expressions(node: ast.AST) -> list[ast.AST]:
    """Return what a node consists of, without statements, annotations and what says how a name is used."""
    match node:
        case ast.AnnAssign():
            return [node.target, *([node.value] if node.value else [])]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return list(node.decorator_list)
        case ast.arg():
            return []
        case ast.Call():  # keywords come in any order
            return [node.func, *node.args, *sorted(node.keywords, key=lambda keyword: keyword.arg or "")]
    hidden = (ast.stmt, ast.ExceptHandler, ast.match_case, ast.expr_context)
    return [child for child in ast.iter_child_nodes(node) if not isinstance(child, hidden)]


def _blocks(node: ast.AST) -> list[tuple[str, list[ast.AST]]]:
    """Return the lists of statements in a node, and of the handlers or cases in it."""
    inner = (ast.stmt, ast.ExceptHandler, ast.match_case)
    fields = ((name, value) for name, value in ast.iter_fields(node) if isinstance(value, list))
    return [(name, value) for name, value in fields if value and isinstance(value[0], inner)]


def _says_nothing(node: ast.AST) -> bool:
    """Return whether a statement is `pass` or a text by itself, such as a docstring."""
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    )
