"""Bind functions in a submission's namespace: right ones, whose calls are noted, and those that are given."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gradlings.forbidden.blame import trust
from gradlings.model.given import NOTHING_GIVEN, Given
from gradlings.submission.cell_runner import bound_in
from gradlings.submission.reader import Submission
from gradlings.submission.stand_ins import without_definitions


class StandInNames:
    """Right functions, made from the texts by name, and what is given: to be bound in place of a submission's own."""

    def __init__(self, sources: Mapping[str, str], given: Given = NOTHING_GIVEN) -> None:
        self._called: set[str] = set()
        self.given = given
        self._given_names = _given_names(given)
        self.replaces_own = bool(sources)
        """Whether any stands in for what is the student's to write."""
        right = {name: self._counted(name, source) for name, source in sources.items()}
        self.functions: dict[str, Any] = {name: self._given_names[name] for name in given.functions} | right
        """By name; a class stands in for a class."""

    def bind(self, namespace: dict[str, Any]) -> None:
        """Bind all of them, whatever the names stand for now; what is given borrows what others stand for then."""
        namespace.update(self.functions)
        self._given_names.update({name: namespace[name] for name in self.given.borrows if name in namespace})

    @contextlib.contextmanager
    def bound(self, namespace: dict[str, Any]) -> Iterator[None]:
        """Bind them in the body only."""
        with bound_in(namespace, self.functions):
            self.bind(namespace)
            yield

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


def in_place(
    submission: Submission, sources: Mapping[str, str], given: Given = NOTHING_GIVEN
) -> tuple[Submission, StandInNames]:
    """Return a submission without its own functions of these names, and what to bind in their place."""
    return without_definitions(submission, {*sources, *given.functions}), StandInNames(sources, given)


def _given_names(given: Given) -> dict[str, Any]:
    """Return the names of the module that is given; none if nothing is."""
    namespace: dict[str, Any] = {"__name__": "given", "__file__": "<given>"}
    if given.functions:  # not to be trusted: what it does for an exercise that forbids it counts as its caller's
        exec(compile(given.code, "<given>", "exec"), namespace)
    return namespace


def _counted_class(right: Any, count: Callable[[], None]) -> Any:
    created = right.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        count()
        created(self, *args, **kwargs)

    right.__init__ = __init__
    return right
