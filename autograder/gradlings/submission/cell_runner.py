"""Run the code of a cell as a notebook does: with top-level await, and with the names that IPython adds."""

from __future__ import annotations

import contextlib
import inspect
import linecache
from collections.abc import Collection, Iterator, Mapping, MutableMapping
from pathlib import Path
from types import CodeType
from typing import Any


class LastFunctions:
    """Remembers which function each of some names stood for last, while cells run in a namespace.

    An exercise is judged on that: who tries a function out with `sigmoid = sigmoid(x)` has not taken it back.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(names)
        self._functions: dict[str, Any] = {}

    def watching(self, namespace: dict[str, Any]) -> MutableMapping[str, Any]:
        """Return what stands for the namespace while a cell runs; itself if there is nothing to watch."""
        return _Watched(namespace, self._names, self._functions) if self._names else namespace

    def restore(self, namespace: dict[str, Any]) -> dict[str, str]:
        """Bind the last functions of names that stand for something else; return by name the type of that."""
        lost = {name: f for name, f in self._functions.items() if name in namespace and not callable(namespace[name])}
        types = {name: type.__dict__["__name__"].__get__(type(namespace[name])) for name in lost}
        namespace.update(lost)
        return types


class _Watched(MutableMapping[str, Any]):
    """A namespace that notes each function that is bound in it."""

    def __init__(self, namespace: dict[str, Any], names: Collection[str], functions: dict[str, Any]) -> None:
        self._namespace, self._names, self._functions = namespace, names, functions

    def __getitem__(self, name: str) -> Any:
        return self._namespace[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._namespace[name] = value
        if name in self._names and callable(value):
            self._functions[name] = value

    def __delitem__(self, name: str) -> None:
        del self._namespace[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._namespace)

    def __len__(self) -> int:
        return len(self._namespace)


@contextlib.contextmanager
def bound_in(namespace: dict[str, Any], values: Mapping[str, Any]) -> Iterator[None]:
    """Have names of a namespace stand for these values in the body."""
    own = {name: namespace[name] for name in values if name in namespace}
    namespace.update(values)
    try:
        yield
    finally:
        for name in values:
            del namespace[name]
        namespace.update(own)


def run_code(code: CodeType, namespace: dict[str, Any], last: LastFunctions | None = None) -> None:
    """Run a cell in a namespace. Top-level await is stepped without an event loop, which would need sockets."""
    names = last.watching(namespace) if last else namespace
    if not code.co_flags & inspect.CO_COROUTINE:
        exec(code, namespace, names)
        return
    with contextlib.suppress(StopIteration), contextlib.closing(eval(code, namespace, names)) as awaited:
        while True:
            awaited.send(None)


def remember_lines(file: str, source: str) -> None:
    """Let tracebacks quote the lines of a source that is in no readable file."""
    lines = [line + "\n" for line in source.split("\n")]
    linecache.cache[file] = (len(source), None, lines, file)


def fresh_namespace(path: Path) -> dict[str, Any]:
    """Return the names that a submission's code finds before its first cell."""
    names: dict[str, Any] = {"__name__": path.stem, "__file__": str(path)}
    if path.suffix == ".ipynb":
        names |= {"get_ipython": Nothing, "display": _display}
    return names


def _display(*values: object, **_: object) -> None:
    for value in values:
        print(value)


class Nothing:
    """A stand-in for IPython: every attribute is callable and does nothing."""

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: object, **__: object) -> Nothing:
        """Do nothing."""
        return self
