"""Watch the calls that student code makes itself, and its `@` operators: what PyTorch's modes do not report."""

from __future__ import annotations

import dis
import functools
import sys
from collections.abc import Callable
from contextlib import ExitStack
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from gradlings.forbidden.torch_symbols import Match
from gradlings.model.rules import Rule, short_name

_UFUNCS = ("matmul", "vecdot", "matvec", "vecmat")
"""NumPy's products that Python's hooks do not report: they are replaced for a while."""

_OPERATOR_METHODS = ("__matmul__", "__rmatmul__", "__imatmul__")

Note = Callable[[tuple[Match, ...], FrameType], None]


class PythonCalls:
    """Python's profile hook and, for rules about `@`, its trace hook, in the thread that starts them.

    A call counts when its caller is a frame of `files`: what a library does with the same function is its own business.
    It does not matter under which name the function was called. A debugger that is tracing goes on tracing.
    """

    def __init__(self, rules: tuple[Rule, ...], files: frozenset[str], note: Note) -> None:
        self._rules = rules
        self._files = files
        self._note = note
        self._known: dict[Any, tuple[Match, ...]] = {}
        self._operators = tuple(Match(rule, "the @ operator") for rule in rules if "__matmul__" in rule.methods)

    def start(self) -> Callable[[], None]:
        """Watch this thread; return what ends it."""
        with ExitStack() as undo:
            if self._operators:
                self._replace_ufuncs(undo)
                if sys.gettrace() is None:
                    undo.callback(sys.settrace, None)
                    sys.settrace(self._trace)
            undo.callback(sys.setprofile, sys.getprofile())
            sys.setprofile(self._profile)
            return undo.pop_all().close

    def _replace_ufuncs(self, undo: ExitStack) -> None:
        numpy = sys.modules.get("numpy")
        for name in _UFUNCS:
            if original := getattr(numpy, name, None):
                undo.callback(setattr, numpy, name, original)
                setattr(numpy, name, self._watched_ufunc(name, original))

    def _watched_ufunc(self, name: str, original: Any) -> Any:
        def watched(*args: Any, **kwargs: Any) -> Any:
            self._note(tuple(Match(match.rule, f"np.{name}") for match in self._operators), sys._getframe(1))
            return original(*args, **kwargs)

        return watched

    def _profile(self, frame: FrameType, event: str, argument: Any) -> None:
        caller = frame.f_back if event == "call" else frame
        if not event.endswith("call") or caller is None or caller.f_code.co_filename not in self._files:
            return
        callee: Any = frame.f_code if event == "call" else argument
        if event == "c_call" and not _is_plain(argument):
            callee = type(argument.__self__), argument.__name__  # bound to an object that need not be hashable
        matches = self._known.get(callee)
        if matches is None:
            path = _path_of_code(frame) if event == "call" else _path_of_builtin(argument)
            what = short_name(path.partition(".<locals>")[0])
            matches = self._known[callee] = tuple(Match(rule, what) for rule in self._rules if rule.covers(path))
        if matches:
            self._note(matches, caller)

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "call":
            wanted = frame.f_code.co_filename in self._files and _lines_with_products(frame.f_code)
            return self._trace if wanted and not self._has_own_products(frame) else None
        if event == "line" and frame.f_lineno in _lines_with_products(frame.f_code):
            self._note(self._operators, frame)
        return self._trace

    def _has_own_products(self, frame: FrameType) -> bool:
        """Return whether the student's names hold a class of theirs that says itself what `@` means."""
        kinds = [value for value in frame.f_globals.values() if isinstance(value, type)]
        methods = [vars(kind).get(name) for kind in kinds for name in _OPERATOR_METHODS]
        return any(isinstance(m, FunctionType) and m.__code__.co_filename in self._files for m in methods)


def _path_of_code(frame: FrameType) -> str:
    return f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}"


def _path_of_builtin(function: Any) -> str:
    owner = function.__self__
    if _is_plain(function):
        return f"{function.__module__}.{function.__name__}"
    kind = owner if isinstance(owner, type) else type(owner)
    return f"{kind.__module__}.{kind.__name__}.{function.__name__}"


def _is_plain(builtin: Any) -> bool:
    """Return whether a builtin belongs to a module, not to an object or a class."""
    return builtin.__self__ is None or isinstance(builtin.__self__, ModuleType)


@functools.lru_cache(maxsize=256)
def _lines_with_products(code: CodeType) -> frozenset[int]:
    products = (step for step in dis.get_instructions(code) if step.argrepr in ("@", "@="))
    return frozenset(step.positions.lineno for step in products if step.positions and step.positions.lineno)
