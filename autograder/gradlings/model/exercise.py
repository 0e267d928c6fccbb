"""What an exercise is: its id, the functions a student writes, its points and its rules.

The arguments of `@exercise` are literals, so that `read_exercises` reads an assignment from the text of its checks,
without importing them (and thus without importing torch). An assignment on a path has a file that says which of them
are to be done.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from gradlings.model.errors import InputError
from gradlings.model.given import NOTHING_GIVEN, Given
from gradlings.model.rule_table import RULES

C = TypeVar("C", bound=type)

PATH_FILE = "path.json"
"""Beside the checks of an assignment on a path; written by `submission/given/on_path.py`."""


@dataclass(frozen=True)
class Check:
    """One check of an exercise: a test method, worth a whole number of points."""

    name: str
    title: str
    """The first line of its docstring, which students read."""
    points: int
    line: int


@dataclass(frozen=True)
class Exercise:
    """An exercise as its checks declare it; see `exercise` for the fields."""

    id: str
    functions: tuple[str, ...]
    points: int
    minutes: int = 0
    difficulty: int = 1
    forbids: tuple[str, ...] = ()
    builds_on: tuple[str, ...] = ()
    seconds: float = 5.0
    class_name: str = ""
    """Of the class that holds the checks."""
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class AssignmentPath:
    """Which exercises of an assignment are to be done; the others are given."""

    name: str
    """Of the path, e.g. "core"."""
    exercises: tuple[str, ...]
    """The ids of those to be done."""
    source: str = ""
    """The stem of the student's file that the given functions belong in, e.g. "autodiff"."""
    given: Given = NOTHING_GIVEN

    def asks_for(self, exercise: Exercise) -> bool:
        """Return whether an exercise is to be done; a warm-up, which is worth nothing, always is."""
        return exercise.id in self.exercises or not exercise.points

    def to_json(self) -> str:
        """Return the text of the file."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


def exercise(
    id: str,
    *functions: str,
    points: int,
    minutes: int = 0,
    difficulty: int = 1,
    forbids: str | tuple[str, ...] = (),
    builds_on: tuple[str, ...] = (),
    seconds: float = 5.0,
) -> Callable[[C], C]:
    """Declare the exercise that a class of checks belongs to.

    Args:
        id: "3.5": assignment and number.
        functions: names of the functions the student writes.
        points: split as evenly as whole numbers allow over the methods of the class.
        minutes: how long a newcomer needs.
        difficulty: 1 (follow the text) to 3 (think).
        forbids: rules of `gradlings.model.rule_table`, e.g. "autograd".
        builds_on: ids of exercises that come first.
        seconds: time limit of one check.
    """

    def mark(cls: C) -> C:
        cls.exercise_id = id  # type: ignore[attr-defined]
        return cls

    return mark


def shares(points: int, parts: int) -> list[int]:
    """Split points into whole numbers as evenly as possible; the remainder goes to the first parts, one each."""
    each, rest = divmod(points, parts)
    return [each + (index < rest) for index in range(parts)]


def read_exercises(checks_file: Path) -> tuple[Exercise, ...]:
    """Return the exercises in a file of checks that are to be done, in their order: all, or those on the path.

    Raises:
        InputError: the file cannot be read as checks; the message names the file, the line and the remedy.
        OSError: there is no such file.
    """
    path = path_of(checks_file.parent)
    return tuple(each for each in all_exercises(checks_file) if path is None or path.asks_for(each))


def place_of(exercises: Sequence[Exercise]) -> tuple[int, ...]:
    """Return the key that orders the files of an assignment, given the exercises of one: the number of its first.

    In a file they are in the order in which they stand, whatever their numbers: one that was added later has a later
    number.
    """
    return tuple(int(part) for part in exercises[0].id.split(".")) if exercises else ()


def path_of(folder: Path) -> AssignmentPath | None:
    """Return the path that the assignment in a folder is on; None where all of it is to be done.

    Raises:
        InputError: its file cannot be read.
    """
    file = folder / PATH_FILE
    try:
        found = json.loads(file.read_bytes())
        code = found["given"]
        given = Given(tuple(code["functions"]), tuple(code["borrows"]), str(code["code"]))
        return AssignmentPath(str(found["name"]), tuple(found["exercises"]), str(found["source"]), given)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{file} cannot be read ({error!r}). `gradlings init . --path NAME` in the kit writes it anew."
        ) from None


def code_given_to(checks_file: Path) -> Given:
    """Return the code that is given to the submissions that a file of checks is for.

    Raises:
        InputError: the file of the path cannot be read.
    """
    path = path_of(checks_file.parent)
    return path.given if path and checks_file.stem == f"test_{path.source}" else NOTHING_GIVEN


def given_sentence(folder: Path, wanted: str) -> str:
    """Return what to say of an exercise or function that an assignment's folder gives; "" if it does not."""
    path = path_of(folder)
    if path is None:
        return ""
    for exercise in [each for file in folder.glob("test_*.py") for each in all_exercises(file)]:
        if wanted in (exercise.id, *exercise.functions) and not path.asks_for(exercise):
            return (
                f"{exercise.id} {', '.join(exercise.functions)} is given on the path {path.name}: nothing to do there."
            )
    return ""


def all_exercises(checks_file: Path) -> tuple[Exercise, ...]:
    """Return all exercises declared in a file of checks; otherwise as `read_exercises`."""
    text = checks_file.read_text(encoding="utf-8")
    return _declared_in(text, checks_file) if "@exercise(" in text else ()


@lru_cache(maxsize=32)  # one run asks for an assignment's exercises several times
def _declared_in(text: str, checks_file: Path) -> tuple[Exercise, ...]:
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise InputError(f"{checks_file}:{error.lineno}: {error.msg}") from None
    found = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "exercise":
                    found.append(_exercise_of(node, decorator, checks_file))
    return tuple(found)


def _exercise_of(node: ast.ClassDef, decorator: ast.Call, file: Path) -> Exercise:
    where = f"{file}:{node.lineno}"
    try:
        arguments = [ast.literal_eval(argument) for argument in decorator.args]
        options = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in decorator.keywords}
    except ValueError:
        raise InputError(f"{where}: the arguments of @exercise must be plain literals") from None
    methods = [m for m in node.body if isinstance(m, ast.FunctionDef) and m.name.startswith("test_")]
    if len(arguments) < 2 or "points" not in options or not methods:
        raise InputError(f"{where}: @exercise needs an id, a function name, points=, and a class with checks")
    if isinstance(options.get("forbids"), str):
        options["forbids"] = (options["forbids"],)
    points = shares(options["points"], len(methods))
    checks = tuple(
        Check(m.name, (ast.get_docstring(m) or m.name[5:].replace("_", " ")).splitlines()[0], share, m.lineno)
        for m, share in zip(methods, points, strict=True)
    )
    try:
        declared = Exercise(
            id=arguments[0], functions=tuple(arguments[1:]), class_name=node.name, checks=checks, **options
        )
    except TypeError as error:
        raise InputError(f"{where}: @exercise: {error}") from None
    unknown = [rule for rule in declared.forbids if rule not in RULES]
    if unknown:
        raise InputError(f"{where}: forbids= names no rule {unknown}; there are {', '.join(RULES)}")
    return declared


def grade_id(exercise: str) -> str:
    """Return the name of an exercise's cell in nbgrader, which allows no dots: "ex-3-5" for "3.5"."""
    return "ex-" + exercise.replace(".", "-")
