"""Modules of the services in which notebooks are written (Colab, Kaggle), which do nothing where none of them is there.

To mount a drive or to upload a file is no part of an exercise. The import works; calls give None, or no files.
"""

from __future__ import annotations

from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

SERVICES = ("google.colab", "kaggle_secrets", "kaggle_datasets")
"""Inert also where they are installed, since pytest may be run there."""
IF_MISSING = ("google", "IPython")
"""Inert where they are not installed."""
_GIVE_FILES = ("upload", "upload_file")


def is_inert(name: str, modules: tuple[str, ...]) -> bool:
    """Return whether a module is one of some modules, or below one."""
    return any(name == module or name.startswith(f"{module}.") for module in modules)


class Inert:
    """Something of such a module: every attribute is another, a class makes another, and a function does nothing."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Inert:
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert(name)

    def __call__(self, *_: object, **__: object) -> Any:
        """Do nothing."""
        if self._name in _GIVE_FILES:
            return {}
        return self if self._name[:1].isupper() else None


class InertModule(ModuleType):
    """Such a module, or a package of them."""

    def __getattr__(self, name: str) -> Inert:
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert(name)


class InertLoader:
    """Makes inert modules."""

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        """Find what is not installed: the last of all finders."""
        return self.spec(name) if is_inert(name, IF_MISSING) else None

    def spec(self, name: str) -> ModuleSpec:
        """Return what the import system needs to know of an inert module."""
        return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]  # it is no subclass of Loader

    def create_module(self, spec: ModuleSpec) -> InertModule:
        """Make an inert module."""
        return InertModule(spec.name)

    def exec_module(self, _module: ModuleType) -> None:
        """Do nothing."""
