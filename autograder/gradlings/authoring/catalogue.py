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
from gradlings.model.misconceptions import Misconception

F = TypeVar("F", bound=Callable[..., object])


@dataclass(frozen=True)
class CatalogueEntry:
    """One implementation of one function of an exercise."""

    exercise: str
    name: str
    function: str
    sentence: str
    """What the student reads; empty for a variant."""
    code: str
    """Imports and helpers of the catalogue file, and the function, as source text."""
    hint: str = ""
    """What `gradlings hint` shows for this misconception; empty where an earlier entry has the hint."""

    def submission(self, solution: str) -> str:
        """Return the source of a submission: `solution` with this function in place of its own."""
        return f"{solution}\n# %%\n{self.code}\n"


class Catalogue:
    """Collects the entries of one file; its methods are decorators."""

    def __init__(self) -> None:
        self._declared: list[tuple[str, str, str, str, int, Mapping[str, Sequence[float]]]] = []

    def misconception(
        self,
        exercise: str,
        name: str,
        sentence: str,
        hint: str = "",
        constants: Mapping[str, Sequence[float]] | None = None,
    ) -> Callable[[F], F]:
        """Declare a wrong implementation.

        Args:
            exercise: its id, such as "3.5".
            name: unique in the exercise; for authors.
            sentence: states a fact about the result and asks a question; students read it.
            hint: something to try that uncovers the misconception, never the solution. Entries of an exercise with
                the same sentence are one misconception and need it once.
            constants: for a name that the catalogue file defines and the function uses, the numbers that people write
                there. Each makes an entry of its own, so that the choice does not matter.
        """

        def declare(function: F) -> F:
            first_line = inspect.unwrap(function).__code__.co_firstlineno  # the decorator's line
            self._declared.append((exercise, name, sentence, hint, first_line, constants or {}))
            return function

        return declare

    def variant(self, exercise: str, name: str) -> Callable[[F], F]:
        """Declare a correct implementation that looks different from the solution."""
        return self.misconception(exercise, name, sentence="")

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
        for exercise, name, sentence, hint, line, constants in self._declared:
            node = by_line[line]
            node.decorator_list = node.decorator_list[1:]
            for number, definitions in enumerate(_definitions(constants), 1):
                code = f"{prelude}\n\n{definitions}{ast.unparse(node)}"
                numbered = name if number == 1 else f"{name}-{number}"
                found.append(CatalogueEntry(exercise, numbered, node.name, sentence, code, hint))
        return tuple(found)


def _definitions(constants: Mapping[str, Sequence[float]]) -> list[str]:
    """Return one text for each choice of the constants; a single empty one if there are none."""
    choices = product(*([f"{name} = {_literal(value)}\n\n" for value in values] for name, values in constants.items()))
    return ["".join(choice) for choice in choices]


def _literal(value: float) -> str:
    return repr(value) if math.isfinite(value) else f"float('{value}')"


def _belongs_to_prelude(node: ast.stmt) -> bool:
    is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return not (is_docstring or ast.unparse(node).startswith(("from gradlings", "catalogue = ", "@catalogue.")))


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
    names = [(entry.exercise, entry.name) for entry in entries]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise InputError(f"{path}: exercise {twice[0]} has two entries called {twice[1]!r}")
    return entries


def merge_misconceptions(entries: Iterable[CatalogueEntry]) -> tuple[Misconception, ...]:
    """Merge the entries of an exercise that have the same sentence into one misconception.

    It has the name of the first entry and the first hint; the hint is empty where the author wrote none.
    """
    found: dict[tuple[str, str], Misconception] = {}
    for entry in entries:
        first = found.get((entry.exercise, entry.sentence), entry)
        hint = first.hint or entry.hint
        found[entry.exercise, entry.sentence] = Misconception(entry.exercise, first.name, entry.sentence, hint)
    return tuple(found.values())
