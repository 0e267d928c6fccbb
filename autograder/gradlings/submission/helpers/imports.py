"""Import the helpers of a submission from memory while its code runs, and never at any other time.

So two submissions in one process can have helpers of one name, each run of the cells reads them anew, and neither
checks nor oracles import one by mistake.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from gradlings.submission.cells import Cell, compiled
from gradlings.submission.helpers.files import Helper, Helpers
from gradlings.submission.helpers.inert_modules import IF_MISSING, SERVICES, InertLoader, InertModule, is_inert


class HelperImports:
    """A finder and loader of modules for one submission; it may be begun and ended many times.

    `right` are functions that stand in for those that were taken out of helpers.
    """

    def __init__(self, helpers: Helpers, right: Mapping[str, Any] | None = None) -> None:
        self._helpers = helpers.by_module()
        self._right = right or {}
        self._packages = {name[:end] for name in self._helpers for end, letter in enumerate(name) if letter == "."}
        self._roots = (*{name.partition(".")[0] for name in self._helpers}, *SERVICES)
        self._inert = InertLoader()
        self._own: dict[str, ModuleType] = {}
        self._others: dict[str, ModuleType] = {}

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Have imports in the body find the helpers first."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    def begin(self) -> None:
        """Have imports find the helpers first; what was imported before under their names is put aside."""
        self._others = self._taken_out()
        sys.modules.update(self._own)
        sys.meta_path.insert(0, self)
        sys.meta_path.append(self._inert)

    def end(self) -> None:
        """Have imports be as they were before."""
        self._own = self._taken_out()
        sys.modules.update(self._others)
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self and finder is not self._inert]

    def _taken_out(self) -> dict[str, ModuleType]:
        """Take the modules of our names out of Python's table, and return them."""
        roots = tuple(root for root in self._roots if root in sys.modules)
        roots += tuple(root for root in IF_MISSING if isinstance(sys.modules.get(root), InertModule))
        names = [name for name in sys.modules if is_inert(name, roots)] if roots else []
        return {name: sys.modules.pop(name) for name in names}

    # What Python's import system asks for

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """Find a helper, a folder of helpers, or an inert module of a notebook service."""
        helper = self._helpers.get(name)
        if helper is not None:
            spec = self._spec(name, helper.file, is_package=helper.is_package or name in self._packages)
            spec.has_location = True  # it has a __file__
            return spec
        if name in self._packages:  # a folder without an __init__.py
            return self._spec(name, None, is_package=True)
        return self._inert.spec(name) if is_inert(name, SERVICES) else None

    def _spec(self, name: str, file: str | None, *, is_package: bool) -> ModuleSpec:
        return ModuleSpec(name, self, origin=file, is_package=is_package)  # type: ignore[arg-type]

    def create_module(self, _spec: ModuleSpec) -> None:
        """Leave it to Python to make the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Run a helper.

        Raises:
            SyntaxError: it is not valid Python.
        """
        helper = self._helpers.get(module.__name__)
        if helper is None:
            return
        code = compiled(cell_of(helper)).code
        right = {name: self._right[name] for name in helper.replaced if name in self._right}
        vars(module).update(right)
        exec(code, vars(module))
        vars(module).update(right)  # whatever the names stand for now


def cell_of(helper: Helper) -> Cell:
    """Return a helper as one piece of source."""
    return Cell(helper.text, helper.file)
