"""Bind right functions in a submission's namespace, and note which of them are called."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from gradlings.forbidden.blame import trust


class StandInNames:
    """Right functions, to be bound in place of a submission's own; made from the texts by name."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._called: set[str] = set()
        self.functions: dict[str, Any] = {name: self._counted(name, source) for name, source in sources.items()}
        """By name; a class stands in for a class."""

    def bind(self, namespace: dict[str, Any]) -> None:
        """Bind all of them, whatever the names stand for now."""
        namespace.update(self.functions)

    def take_called(self) -> tuple[str, ...]:
        """Return the names of those that were called since the last take."""
        called = tuple(sorted(self._called))
        self._called.clear()
        return called

    def _counted(self, name: str, source: str) -> Any:
        file = f"<stand-in {name}>"
        namespace: dict[str, Any] = {"__name__": "stand_ins", "__file__": file}
        code = compile(source, file, "exec")
        trust(code)
        exec(code, namespace)
        right = namespace[name]
        if isinstance(right, type):
            return _counted_class(right, lambda: self._called.add(name))

        @functools.wraps(right)
        def stand_in(*args: Any, **kwargs: Any) -> Any:
            self._called.add(name)
            return right(*args, **kwargs)

        return stand_in


def _counted_class(right: Any, count: Callable[[], None]) -> Any:
    created = right.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        count()
        created(self, *args, **kwargs)

    right.__init__ = __init__
    return right
