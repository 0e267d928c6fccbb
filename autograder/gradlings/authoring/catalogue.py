"""The catalogues of an assignment: named wrong implementations, and correct ones that look different.

An entry is the code of one student function. As a submission it is the solution's source with that function defined
again at the end, so that it goes through the checks like a student's file.
"""

from __future__ import annotations

import ast
import inspect
import math
import runpy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TypeVar

from gradlings.model.errors import InputError
from gradlings.model.misconceptions import MAX_NAME_CHARS, Misconception, is_name, name_made_of

F = TypeVar("F", bound=Callable[..., object])


@dataclass(frozen=True)
class CatalogueEntry:
    """One implementation of one function of an exercise."""

    exercise: str
    name: str
    """Of the entry, unique in its exercise."""
    function: str
    sentence: str
    """What the student reads; empty for a variant, and where `same_as` has it."""
    code: str
    """Imports and helpers of the catalogue file, and the function, as source text."""
    hint: str = ""
    """What `gradlings hint` shows for this misconception; empty where `same_as` has it."""
    same_as: str = ""
    """The name of another entry of the exercise that is the same misconception."""
    place: str = ""
    """`file:line` of its declaration."""

    @property
    def id(self) -> str:
        """The id of its misconception, such as "3.5/sign-of-dw"."""
        return f"{self.exercise}/{self.same_as or self.name}"

    def submission(self, solution: str) -> str:
        """Return the source of a submission: `solution` with this function in place of its own."""
        return f"{solution}\n# %%\n{self.code}\n"


class Catalogue:
    """Collects the entries of one file; its methods are decorators."""

    def __init__(self) -> None:
        self._declared: list[tuple[int, dict[str, str], Mapping[str, Sequence[float]]]] = []

    def misconception(
        self,
        exercise: str,
        name: str,
        sentence: str = "",
        hint: str = "",
        *,
        same_as: str = "",
        constants: Mapping[str, Sequence[float]] | None = None,
    ) -> Callable[[F], F]:
        """Declare a wrong implementation.

        Args:
            exercise: its id, such as "3.5".
            name: lower-case words joined by hyphens, unique in the exercise. With the exercise it is the id of the
                misconception, "3.5/sign-of-dw", by which records know it: it stays when the sentence changes.
            sentence: states a fact about the result and asks a question; students read it.
            hint: something to try that uncovers the misconception, never the solution.
            same_as: the name of another entry, in place of sentence and hint, if this is the same misconception in
                other code.
            constants: for a name that the catalogue file defines and the function uses, the numbers that people write
                there. Each makes an entry of its own, so that the choice does not matter.
        """

        def declare(function: F) -> F:
            first_line = inspect.unwrap(function).__code__.co_firstlineno  # the decorator's line
            entry = {"exercise": exercise, "name": name, "sentence": sentence, "hint": hint, "same_as": same_as}
            self._declared.append((first_line, entry, constants or {}))
            return function

        return declare

    def variant(self, exercise: str, name: str) -> Callable[[F], F]:
        """Declare a correct implementation that looks different from the solution."""
        return self.misconception(exercise, name)

    def entries(self, path: Path) -> tuple[CatalogueEntry, ...]:
        """Return the declared entries with their source text, read from the file that defines this catalogue."""
        tree = ast.parse(path.read_text(encoding="utf-8"))
        by_line = {
            node.decorator_list[0].lineno: node
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and node.decorator_list
        }
        prelude = "\n".join(ast.unparse(node) for node in tree.body if _belongs_to_prelude(node))
        found = []
        for line, entry, constants in self._declared:
            node = by_line[line]
            node.decorator_list = node.decorator_list[1:]
            for number, definitions in enumerate(_definitions(constants), 1):
                code = f"{prelude}\n\n{definitions}{ast.unparse(node)}"
                named = entry if number == 1 else _same(entry, number)
                found.append(CatalogueEntry(**named, function=node.name, code=code, place=f"{path}:{line}"))
        return tuple(found)


def _same(entry: dict[str, str], number: int) -> dict[str, str]:
    """Return the declaration of an entry that is the same misconception with other constants."""
    name, same_as = f"{entry['name']}-{number}", entry["same_as"] or entry["name"]
    return {"exercise": entry["exercise"], "name": name, "sentence": "", "hint": "", "same_as": same_as}


def _definitions(constants: Mapping[str, Sequence[float]]) -> list[str]:
    """Return one text for each choice of the constants; a single empty one if there are none."""
    choices = product(*([f"{name} = {_literal(value)}\n\n" for value in values] for name, values in constants.items()))
    return ["".join(choice) for choice in choices]


def _literal(value: float) -> str:
    return repr(value) if math.isfinite(value) else f"float('{value}')"


def _belongs_to_prelude(node: ast.stmt) -> bool:
    is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return not (is_docstring or ast.unparse(node).startswith(("from gradlings", "catalogue = ", "@catalogue.")))


def load_misconceptions(path: Path) -> tuple[CatalogueEntry, ...]:
    """Read the entries of `misconceptions.py`, as `load_catalogue` does.

    Raises:
        InputError: also if a name cannot be part of an id, or `same_as` names no entry that has a sentence.
    """
    entries = load_catalogue(path)
    with_sentence = {entry.id for entry in entries if entry.sentence and not entry.same_as}
    for entry in entries:
        what = f"{entry.place}: misconception {entry.name!r} of {entry.exercise}"
        if not is_name(entry.name):
            proposed = name_made_of(entry.name)
            such_as = f": {proposed!r}" if is_name(proposed) else f", {MAX_NAME_CHARS} characters at most"
            raise InputError(f"{what} needs a name that can be its id{such_as}. Lower-case words joined by hyphens.")
        if entry.same_as and (entry.sentence or entry.hint):
            raise InputError(f"{what} is the same as {entry.same_as!r}, which has the sentence and the hint for both.")
        if entry.id not in with_sentence:
            without = f"is the same as {entry.same_as!r}, which is no entry with a" if entry.same_as else "has no"
            raise InputError(f"{what} {without} sentence.")
    return entries


def load_catalogue(path: Path) -> tuple[CatalogueEntry, ...]:
    """Read the entries of `misconceptions.py` or `variants.py`; none if there is no such file.

    Raises:
        InputError: the file defines no `catalogue`, or two entries of an exercise have one name.
    """
    if not path.is_file():
        return ()
    try:
        catalogue = runpy.run_path(str(path)).get("catalogue")
    except SyntaxError as error:
        raise InputError(f"{path}:{error.lineno}: {error.msg}") from None
    if not isinstance(catalogue, Catalogue):
        raise InputError(f"{path}: it must define `catalogue = Catalogue()`")
    entries = catalogue.entries(path)
    met: set[tuple[str, str]] = set()
    for entry in entries:
        if (entry.exercise, entry.name) in met:
            raise InputError(f"{entry.place}: exercise {entry.exercise} has two entries called {entry.name!r}")
        met.add((entry.exercise, entry.name))
    return entries


def merge_misconceptions(entries: Iterable[CatalogueEntry]) -> tuple[Misconception, ...]:
    """Return the misconceptions of some entries, each once; the hint is empty where the author wrote none."""
    return tuple(Misconception(entry.id, entry.sentence, entry.hint) for entry in entries if not entry.same_as)
