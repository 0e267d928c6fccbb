"""What is the same for every submission that meets the same probes, and is therefore worked out once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from types import BuiltinFunctionType
from typing import Any, TypeVar, cast

from gradlings.model.observation import CallResult

T = TypeVar("T")

_MAX_REPLIES_PER_CALL = 16


class ClassMemory:
    """Values by key, for one ladder of probes: the oracle's answers, replies that recur, what checks said of those.

    Nothing in it depends on a submission but replies, which are found by their bytes, and no submission is ever given
    any of it.
    """

    def __init__(self) -> None:
        self._values: dict[Hashable, Any] = {}
        self._replies: dict[tuple[Hashable, int], dict[tuple[bytes, bytes], CallResult]] = {}
        self._recurring: set[CallResult] = set()

    def recall(self, key: Hashable | None, find: Callable[[], T]) -> T:
        """Return the value of a key, which is found once; what has no key (None) is found anew each time."""
        if key is None:
            return find()
        if key not in self._values:
            self._values[key] = find()
        return cast(T, self._values[key])

    def known_reply(self, calls: Hashable, index: int, content: tuple[bytes, bytes]) -> CallResult | None:
        """Return the result of an earlier submission's reply to a call, if that had the same bytes."""
        return self._replies.get((calls, index), {}).get(content)

    def keep_reply(self, calls: Hashable, index: int, content: tuple[bytes, bytes], result: CallResult) -> None:
        """Keep the result of a reply to a call, for submissions that give the same one; a few for each call."""
        replies = self._replies.setdefault((calls, index), {})
        if len(replies) < _MAX_REPLIES_PER_CALL:
            replies[content] = result
            self._recurring.add(result)

    def recurs(self, *results: CallResult) -> bool:
        """Return whether all of these results are kept, so that other submissions get them, too."""
        return self._recurring.issuperset(results)


def stateless_key(function: Callable[..., Any]) -> Hashable | None:
    """Return a key of a function that depends on its arguments and its module alone; None if it may hold state.

    Two runs of a check make two functions of one `lambda`, which share their code object.
    """
    code = getattr(function, "__code__", None)
    if code is None:
        return function if isinstance(function, BuiltinFunctionType) else None
    holds_state = function.__closure__ or function.__defaults__ or function.__kwdefaults__
    return None if holds_state else cast(Hashable, code)
