"""Classes in which everybody works alone, and copies planted in them: text only, nothing of it is run.

For each function a student draws the solution, one of its variants or a misconception of the catalogue, the usual ones
far more often than the rare ones, and writes it in a way of their own: other names, comments, values that get a name
or lose it, factors the other way round, `torch.sum(x)` for `x.sum()`. Able students have fewer misconceptions, and a
habit (giving names to values, say) goes through all that a student writes.
"""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gradlings.model.exercise import read_exercises
from student_kit import PROJECT

NAMES = [
    "res",
    "out",
    "tmp",
    "val",
    "total",
    "acc",
    "grad",
    "left",
    "right",
    "step",
    "first",
    "second",
    "parts",
    "item",
    "rows",
    "cols",
    "scale",
    "shift",
    "delta",
    "u",
    "w",
    "q",
    "r",
]
COMMENTS = (
    "as in the text",
    "see the hint",
    "shape is kept",
    "not sure about this",
    "checked on paper",
    "now the rest",
)
METHODS = {"sum", "mean", "exp", "log", "sqrt", "abs", "reshape", "transpose", "matmul", "amax", "clamp", "tanh"}
KINDS = ("plain", "renamed", "reordered", "half", "half renamed")


@dataclass(frozen=True)
class Entry:
    """One way to write a function."""

    node: ast.FunctionDef
    misconception: str = ""
    """Its id; empty for right code."""


@dataclass(frozen=True)
class Pool:
    """What can be written in an assignment."""

    source_name: str
    right: dict[str, list[Entry]]
    """By function, the solution first."""
    wrong: dict[str, list[Entry]]
    exercise_of: dict[str, str]
    helpers: dict[str, ast.stmt]
    """What an entry may need of its file."""
    imports: str


@dataclass
class Student:
    """One student's file, as syntax trees."""

    name: str
    functions: dict[str, ast.FunctionDef]
    seeds: dict[str, int]
    """Of the names and comments in each function."""
    misconceptions: dict[str, str]
    """By function."""


@lru_cache
def pool(assignment: str) -> Pool:
    """Read solution, variants and misconceptions of an assignment, without importing them."""
    folder = PROJECT / "assignments" / assignment
    checks = next(path for path in sorted(folder.glob("test_*.py")) if any(e.points for e in read_exercises(path)))
    source_name = checks.stem.removeprefix("test_")
    exercise_of = {name: exercise.id for exercise in read_exercises(checks) for name in exercise.functions}
    helpers: dict[str, ast.stmt] = {}
    imports: list[str] = []
    right: dict[str, list[Entry]] = {name: [] for name in exercise_of}
    wrong: dict[str, list[Entry]] = {name: [] for name in exercise_of}
    for file in (source_name, "variants", "misconceptions"):
        tree = ast.parse((PROJECT / "solutions" / assignment / f"{file}.py").read_text(encoding="utf-8"))
        for node in tree.body:
            match node:
                case ast.Import() | ast.ImportFrom():
                    imports += [] if "gradlings" in ast.unparse(node) else [ast.unparse(node)]
                case ast.FunctionDef(name=name) if name in exercise_of and (file == source_name or node.decorator_list):
                    (wrong if file == "misconceptions" else right)[name].append(_entry(node, file, exercise_of[name]))
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
                    helpers |= {} if file == source_name or name == "catalogue" else {name: node}
    return Pool(source_name, right, wrong, exercise_of, helpers, "\n".join(dict.fromkeys(imports)))


def _entry(node: ast.FunctionDef, file: str, exercise: str) -> Entry:
    """The function without decorators, docstring and types."""
    id = ""
    if file == "misconceptions":
        (declared,) = [
            d for d in node.decorator_list if isinstance(d, ast.Call) and ast.unparse(d.func).startswith("cat")
        ]
        same = next((k.value for k in declared.keywords if k.arg == "same_as"), declared.args[1])
        id = f"{exercise}/{ast.literal_eval(same)}"
    node = copy.deepcopy(node)
    node.decorator_list, node.returns = [], None
    for each in ast.walk(node):
        if isinstance(each, ast.arg):
            each.annotation = None
    if ast.get_docstring(node) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    return Entry(node, id)


def honest_class(assignment: str, students: int, seed: int) -> list[Student]:
    """A class of so many, each of whom works alone."""
    rng = random.Random(f"{assignment} {students} {seed}")
    return [_student(f"student{number:03}", pool(assignment), rng) for number in range(students)]


def _student(name: str, pool: Pool, rng: random.Random) -> Student:
    ability, habit = rng.betavariate(4, 1.6), rng.random()
    every = list(pool.exercise_of)
    done = every if rng.random() < 0.85 else every[: rng.randrange(1, len(every))]
    functions, misconceptions = {}, {}
    for function in done:
        right, wrong = pool.right[function], pool.wrong[function]
        if not wrong or rng.random() < ability:
            chosen = right[0] if len(right) == 1 or rng.random() < 0.5 else _usual_first(right[1:], rng)
        else:
            chosen = _usual_first(wrong, rng)
            misconceptions[function] = chosen.misconception
        functions[function] = _in_own_way(chosen.node, habit, rng)
    seeds = {function: rng.randrange(10**9) for function in functions}
    return Student(name, functions, seeds, misconceptions)


def _usual_first(entries: list[Entry], rng: random.Random) -> Entry:
    return rng.choices(entries, [1 / (1 + place) for place in range(len(entries))])[0]


def _in_own_way(node: ast.FunctionDef, habit: float, rng: random.Random) -> ast.FunctionDef:
    node = copy.deepcopy(node)
    _OwnWay(rng).visit(node)
    last = node.body[-1]
    if isinstance(last, ast.Return) and last.value is not None and not isinstance(last.value, ast.Name):
        if rng.random() < habit * 0.6:
            node.body[-1:] = [_assign("kept_1", last.value), ast.Return(ast.Name("kept_1", ast.Load()))]
        elif isinstance(last.value, ast.BinOp) and rng.random() < habit * 0.5:
            kept, last.value.left = last.value.left, ast.Name("kept_2", ast.Load())
            node.body.insert(-1, _assign("kept_2", kept))
    elif len(node.body) > 1 and rng.random() < (1 - habit) * 0.6:
        before = node.body[-2]
        if isinstance(before, ast.Assign) and ast.unparse(last) == f"return {ast.unparse(before.targets[0])}":
            node.body[-2:] = [ast.Return(before.value)]
    return ast.fix_missing_locations(node)


def _assign(name: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([ast.Name(name, ast.Store())], value)


class _OwnWay(ast.NodeTransformer):
    """Small differences in the writing of expressions."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Mult | ast.Add) and self._rng.random() < 0.12:
            node.left, node.right = node.right, node.left
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if self._rng.random() > 0.15:
            return node
        match node.func:
            case ast.Attribute(value=ast.Name(id="torch"), attr=attr) if attr in METHODS and node.args:
                if not isinstance(node.args[0], ast.Starred):
                    return ast.Call(ast.Attribute(node.args[0], attr, ast.Load()), node.args[1:], node.keywords)
            case ast.Attribute(value=value, attr=attr) if attr in METHODS and not isinstance(value, ast.Name):
                function = ast.Attribute(ast.Name("torch", ast.Load()), attr, ast.Load())
                return ast.Call(function, [value, *node.args], node.keywords)
        return node


# ---- writing


def written(student: Student, pool: Pool) -> str:
    """The student's file."""
    used = {n.id for f in student.functions.values() for n in ast.walk(f) if isinstance(n, ast.Name)}
    needed: dict[str, ast.stmt] = {}
    while missing := sorted(used & pool.helpers.keys() - needed.keys()):
        for name in missing:
            needed[name] = pool.helpers[name]
            used |= {n.id for n in ast.walk(pool.helpers[name]) if isinstance(n, ast.Name)}
    texts = [pool.imports, *map(ast.unparse, needed.values())]
    for name in student.functions:
        rng = random.Random(student.seeds[name])
        lines = ast.unparse(_renamed(student.functions[name], rng)).split("\n")
        for _ in range(rng.randrange(3)):
            lines.insert(rng.randrange(1, len(lines)) if len(lines) > 1 else 1, f"    # {rng.choice(COMMENTS)}")
        texts.append("\n".join(lines))
    return "\n\n\n# %%\n".join(texts) + "\n"


def _renamed(node: ast.FunctionDef, rng: random.Random) -> ast.FunctionDef:
    node = copy.deepcopy(node)
    inner = [n for n in ast.walk(node) if isinstance(n, ast.FunctionDef) and n is not node]
    own = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own |= {n.name for n in inner}
    arguments = {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
    taken = arguments | {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - own
    names = [name for name in rng.sample(NAMES, len(NAMES)) if name not in taken]
    new = {name: names[i] if i < len(names) else f"{name}_{i}" for i, name in enumerate(sorted(own))}
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id in new and each.id not in arguments:
            each.id = new[each.id]
    for function in inner:
        function.name = new[function.name]
    return node


def hand_in_class(folder: Path, students: Iterable[Student], pool: Pool) -> Path:
    """Write a class's files, a folder for each student."""
    for student in students:
        path = folder / student.name / f"{pool.source_name}.py"
        path.parent.mkdir(parents=True)
        path.write_text(written(student, pool), encoding="utf-8")
    return folder


# ---- copies


def plant(students: list[Student], pairs: int, seed: int) -> dict[str, list[tuple[str, str]]]:
    """Plant copies in a class, so many of each kind, and return the names of who copied from whom.

    Copied is from students who did at least half of the functions, by others of any kind; nobody is in two pairs.

    - plain: the whole file.
    - renamed: the same with other names and other comments.
    - reordered: renamed, with functions, and neighbors that do not depend on each other, in another order.
    - half: half of the functions as they stand, the others are the copier's own.
    - half renamed: the same with other names and other comments.
    """
    rng = random.Random(f"{len(students)} {seed}")
    most = max(len(student.functions) for student in students)
    able = [student for student in students if 2 * len(student.functions) >= most]
    sources = rng.sample(able, len(KINDS) * pairs)
    taken = {student.name for student in sources}
    targets = rng.sample([student for student in students if student.name not in taken], len(sources))
    planted: dict[str, list[tuple[str, str]]] = {kind: [] for kind in KINDS}
    for number, (source, target) in enumerate(zip(sources, targets, strict=True)):
        kind = KINDS[number % len(KINDS)]
        _copy(kind, source, target, rng)
        planted[kind].append((min(source.name, target.name), max(source.name, target.name)))
    return planted


def _copy(kind: str, source: Student, target: Student, rng: random.Random) -> None:
    chosen = sorted(source.functions)
    if kind.startswith("half"):
        chosen = rng.sample(chosen, (len(chosen) + 1) // 2)
    else:
        target.functions, target.misconceptions, target.seeds = {}, {}, {}
    for name in (
        rng.sample(chosen, len(chosen)) if kind == "reordered" else [n for n in source.functions if n in chosen]
    ):
        function = copy.deepcopy(source.functions[name])
        target.functions[name] = _reordered(function, rng) if kind == "reordered" else function
        target.seeds[name] = source.seeds[name] if kind in ("plain", "half") else rng.randrange(10**9)
        target.misconceptions.pop(name, None)
        if name in source.misconceptions:
            target.misconceptions[name] = source.misconceptions[name]


def _reordered(node: ast.FunctionDef, rng: random.Random) -> ast.FunctionDef:
    for place in [*range(len(node.body) - 1)] * 2:
        one, two = node.body[place : place + 2]
        assigned = isinstance(one, ast.Assign) and isinstance(two, ast.Assign)
        apart = not (_stored(one) & _mentioned(two) or _stored(two) & _mentioned(one))
        if assigned and apart and rng.random() < 0.7:
            node.body[place : place + 2] = [two, one]
    return node


def _stored(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _mentioned(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
