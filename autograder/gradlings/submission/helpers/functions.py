"""Which functions a source gets from helpers: found in the text of both, so that a place in a helper can be named."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter

from gradlings.submission.cells import Compiled, Function, compiled
from gradlings.submission.helpers.files import Helper, Helpers
from gradlings.submission.helpers.imports import cell_of


class HelperFunctions:
    """The functions that the helpers of a submission define at top level, or import from each other."""

    def __init__(self, helpers: Helpers) -> None:
        self._helpers = helpers.by_module()
        self._known: dict[str, dict[str, Function]] = {}

    def bound_in(self, source: Compiled, package: str = "") -> list[Function]:
        """Return what a source binds at top level, in order: its own functions and those that it imports.

        A function of a helper has the name that the source gives it, and the place where it is defined.
        """
        if not self._helpers:
            return list(source.functions)
        own = [(function.line, function) for function in source.functions]
        found = [(node.lineno, function) for node in source.body for function in self._imported(node, package)]
        return [function for _, function in sorted([*own, *found], key=itemgetter(0))]

    def _imported(self, node: ast.stmt, package: str) -> Iterator[Function]:
        if not isinstance(node, ast.ImportFrom):
            return
        known = self._functions_of(module_named(node, package))
        for alias in node.names:
            if alias.name == "*":
                yield from (function for name, function in known.items() if name[0] != "_")
            elif alias.name in known:
                yield replace(known[alias.name], name=alias.asname or alias.name)

    def _functions_of(self, module: str) -> dict[str, Function]:
        helper = self._helpers.get(module)
        if helper is None:
            return {}
        if module not in self._known:
            self._known[module] = {}  # of helpers that import each other
            try:
                found = self.bound_in(compiled(cell_of(helper)), package_of(helper))
            except SyntaxError:  # as the cell that imports it will say
                found = []
            self._known[module] = {function.name: function for function in found}
        return self._known[module]


def package_of(helper: Helper) -> str:
    """Return the package that relative imports in a helper start from."""
    return helper.module if helper.is_package else helper.module.rpartition(".")[0]


def module_named(node: ast.ImportFrom, package: str) -> str:
    """Return the module that a statement imports from, in code that belongs to a package; "" if it leads out of it."""
    try:
        return importlib.util.resolve_name("." * node.level + (node.module or ""), package)
    except ImportError:
        return ""
