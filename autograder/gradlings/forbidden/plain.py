"""Code so plain that nothing forbidden can hide in it: then neither its source is read for it, nor its run watched.

Both cost more than the code itself. Nearly all submissions use a few dozen functions by their names and nothing else;
for those, a list of the names proves as much. What is not on a list is not plain, be it as innocent as it may, and the
other layers look at it.

Of the code that an exercise's functions can reach it is shown that
- its attributes and builtins are on the lists: it gets at a function by its name, and in no other way;
- none of them is what the rules are about;
- nobody hands it a function in secret: whatever shares a variable, a class or a field of an object with it, or calls
  what does, is reached, too.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any, TypeGuard

from gradlings.forbidden.plain_names import (
    AT_ANY_TIME,
    BUILTINS,
    ELSEWHERE,
    FIELDS,
    LISTED,
    METHODS,
    MODULES,
    MODULES_ELSEWHERE,
    NOT_OURS,
    UNWATCHED,
    forbidden_by,
    forbidden_by_any,
)
from gradlings.model.rules import Rule, chosen, names_in
from gradlings.submission.cells import Cell, compiled

_BUILT_IN = frozenset(dir(builtins))
_STRANGE = (ast.Global, ast.Match, ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
_WITHOUT_CODE = names_in("ctx op ops id attr name names arg module level type_comment kind type_ignores")


@dataclass(eq=False)
class _Part:
    """A function, class or import at top level, or all that is not one of these: what it uses."""

    name: str = ""
    """What it binds."""
    names: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    stored: set[str] = field(default_factory=set)
    """Attributes that are set or deleted."""
    functions: set[str] = field(default_factory=set)
    """Names of functions inside it: of a class, its methods."""
    modules: set[str] = field(default_factory=set)
    product: bool = False
    """Whether there is an `@` between two values."""
    strange: bool = False

    @property
    def given(self) -> set[str]:
        """Attributes that something has from here."""
        return self.stored | self.functions


@dataclass(frozen=True)
class _Outline:
    """A whole submission."""

    parts: tuple[_Part, ...]
    named: dict[str, list[_Part]]
    """The same, by the name that each binds; what runs while the file is loaded binds none."""
    shared: frozenset[str]
    """Names of what one function may change and another see."""
    given: frozenset[str]
    """Attributes and methods that the submission itself gives to something, whatever else has one of that name."""
    own: frozenset[str]
    """Those that nothing in the library has."""


def is_plain(cells: Sequence[Cell], functions: Iterable[str], rules: Iterable[str]) -> bool:
    """Whether the names that an exercise's functions use prove that they keep to the rules.

    Args:
        cells: the submission's. One that Python cannot read does not run, either.
        functions: names of the exercise's functions.
        rules: names in `gradlings.model.rules.RULES`.

    Raises:
        ValueError: there is no rule of that name.
    """
    wanted = chosen(rules)
    if not UNWATCHED.isdisjoint(rule.name for rule in wanted):
        return False
    outline = _outline(tuple(cells))
    return outline is not None and all(_innocent(part, outline, wanted) for part in _reached(outline, functions))


def _innocent(part: _Part, outline: _Outline, rules: tuple[Rule, ...]) -> bool:
    """Whether code uses nothing but what is listed and allowed."""
    if not part.modules <= MODULES or not part.attributes - outline.own <= LISTED | FIELDS:
        return False
    return all(
        part.attributes.isdisjoint(forbidden_by(rule)) and not (part.product and "@" in rule.operators)
        for rule in rules
    )


def _harmless(part: _Part, own: frozenset[str]) -> bool:
    """Whether code, whatever it does itself, can change others only by what `_reached` knows of."""
    if part.strange or not part.modules <= MODULES | MODULES_ELSEWHERE or not part.names & _BUILT_IN <= BUILTINS:
        return False
    if any(name.startswith("__") for name in (part.names - BUILTINS) | (part.functions - METHODS)):
        return False
    others = part.attributes - own - LISTED - FIELDS - ELSEWHERE
    return not others or (others <= forbidden_by_any() and all(name[0] != "_" for name in others))


def _reached(outline: _Outline, functions: Iterable[str]) -> Iterator[_Part]:
    """The code that may run when an exercise's functions do, and all that may have prepared something for it."""
    waiting = [(part, False) for name in ("", *functions) for part in outline.named.get(name, ())]
    done: set[tuple[int, bool]] = set()
    while waiting:
        part, prepares = waiting.pop()
        together, given = part.names & outline.shared, part.attributes & outline.given
        prepares = prepares or bool(together or given)
        if (id(part), prepares) in done:
            continue
        done.add((id(part), prepares))
        yield part
        waiting += [(other, False) for name in part.names for other in outline.named.get(name, ())]
        if prepares:
            waiting += [
                (other, True)
                for other in outline.parts
                if part.name in other.names or not together.isdisjoint(other.names) or not given.isdisjoint(other.given)
            ]


@lru_cache(maxsize=8)  # the exercises of a submission are asked about one after the other
def _outline(cells: tuple[Cell, ...]) -> _Outline | None:
    """None if something in the file may do more than is understood here: then no exercise of it is plain."""
    always, code, imports, shared = _Part(), list[_Part](), list[_Part](), set[str]()
    for node in _statements(cells):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports += [_imported(node, alias) for alias in node.names]
        elif isinstance(node, ast.ClassDef) or _is_simple(node):
            part = _look(node, _Part(node.name))
            code.append(part)
            if isinstance(node, ast.ClassDef):
                part.stored |= _bound(node)
            if part.stored or isinstance(node, ast.ClassDef):
                shared.add(part.name)
                part.names.add(part.name)
            if isinstance(node, ast.ClassDef) and (
                node.bases or node.decorator_list or not part.functions.isdisjoint(AT_ANY_TIME)
            ):
                always.names.add(part.name)
        else:
            _look(node, always)
            if not _is_constant(node):
                shared |= _bound(node)
    always.names |= shared - {part.name for part in code}
    code.append(always)
    mentioned = {"*", *chain(*(part.names for part in code))}
    code += [part for part in imports if part.name in mentioned]
    given = frozenset(chain(*(part.given for part in code)))
    own = frozenset(name for name in given - NOT_OURS - LISTED if not name.startswith("__"))
    if not all(_harmless(part, own) for part in code):
        return None
    named = defaultdict(list)
    for part in code:
        named[part.name].append(part)
    return _Outline(tuple(code), named, frozenset(shared), given - {"__init__"}, own)


def _statements(cells: Iterable[Cell]) -> Iterator[ast.stmt]:
    for cell in cells:
        with contextlib.suppress(SyntaxError):
            yield from compiled(cell).body


def _is_simple(node: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    """Whether it is a function that keeps nothing from one call to the next."""
    if not isinstance(node, ast.FunctionDef) or node.decorator_list:
        return False
    return all(_is_fixed(default) for default in (*node.args.defaults, *node.args.kw_defaults) if default is not None)


def _bound(node: ast.stmt) -> set[str]:
    """The names that a statement binds, itself or by anything inside it."""
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and type(n.ctx) is ast.Store}
    return found | {n.name for n in ast.walk(node) if isinstance(n, ast.FunctionDef | ast.ClassDef)}


def _is_constant(node: ast.stmt) -> bool:
    """Whether it gives a name to what cannot be changed."""
    value = node.value if isinstance(node, ast.Assign) else None
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    return all(isinstance(part.operand if isinstance(part, ast.UnaryOp) else part, ast.Constant) for part in parts)


def _is_fixed(value: ast.expr) -> bool:
    """Whether a value is a constant, or has a name of its own."""
    if isinstance(value, ast.Tuple):
        return all(map(_is_fixed, value.elts))
    if isinstance(value, ast.UnaryOp):
        value = value.operand
    return isinstance(value, ast.Constant | ast.Name | ast.Attribute)


def _look(root: ast.AST, part: _Part) -> _Part:
    """Adds what a piece of code uses."""
    waiting: list[Any] = [root]
    while waiting:
        node = waiting.pop()
        kind: Any = type(node)
        if kind is ast.Name:
            part.names.add(node.id)
        elif kind is ast.Constant:
            continue
        elif kind is ast.Call and _asks_for_a_type(node):
            waiting += node.args
        elif kind is ast.Attribute:
            part.attributes.add(node.attr)
            if type(node.ctx) is not ast.Load:
                part.stored.add(node.attr)
            waiting.append(node.value)
        else:
            if kind in _STRANGE or (kind is ast.ClassDef and node.keywords):
                part.strange = True
            elif kind is ast.Import or kind is ast.ImportFrom:
                part.strange = True  # inside a function
            elif (kind is ast.BinOp or kind is ast.AugAssign) and type(node.op) is ast.MatMult:
                part.product = True
            elif kind is ast.FunctionDef and node is not root:
                part.functions.add(node.name)
            for name in _fields_with_code(kind):
                value = getattr(node, name, None)
                if type(value) is list:
                    waiting += value
                elif value is not None:
                    waiting.append(value)
    return part


@lru_cache(maxsize=256)
def _fields_with_code(kind: Any) -> tuple[str, ...]:
    """The fields of a kind of node that may hold other nodes."""
    return tuple(name for name in getattr(kind, "_fields", ()) if name not in _WITHOUT_CODE)


def _asks_for_a_type(call: ast.Call) -> bool:
    """`type(x)`; with three arguments it would make one."""
    known = isinstance(call.func, ast.Name) and call.func.id == "type" and len(call.args) == 1
    return known and not call.keywords and not isinstance(call.args[0], ast.Starred)


def _imported(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> _Part:
    part = _Part((alias.asname or alias.name).partition(".")[0])
    if isinstance(node, ast.Import):
        part.modules.add(alias.name)
    elif (whole := f"{node.module}.{alias.name}") in MODULES | MODULES_ELSEWHERE:
        part.modules.add(whole)
    else:
        part.modules.add(node.module or "")
        part.attributes.add(alias.name)  # an asterisk is on no list
    part.strange = isinstance(node, ast.ImportFrom) and bool(node.level)
    return part
