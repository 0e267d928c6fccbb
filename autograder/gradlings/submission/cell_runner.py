"""Run the code of a cell as a notebook does: with top-level await, and with the names that IPython adds."""

from __future__ import annotations

import contextlib
import inspect
import linecache
from pathlib import Path
from types import CodeType
from typing import Any


def run_code(code: CodeType, namespace: dict[str, Any]) -> None:
    """Run a cell in a namespace. Top-level await is stepped without an event loop, which would need sockets."""
    if not code.co_flags & inspect.CO_COROUTINE:
        exec(code, namespace)
        return
    with contextlib.suppress(StopIteration), contextlib.closing(eval(code, namespace)) as awaited:
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
