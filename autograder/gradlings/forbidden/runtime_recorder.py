"""Record forbidden calls of student code while it runs: the evidence of a breach. Best effort.

PyTorch reports every function of its Python layer (`torch.sigmoid`, `x @ y`, `x.grad_fn`) to a function mode. Inside of
TorchScript there is no Python layer; there a dispatch mode, which costs more, sees the operations. Rules about anything
else (NumPy, `eval`, layers that are built) have `forbidden.python_calls` look at the calls that student code makes.
Everything is recorded, nothing raised, and no result changes. Student code runs in the same process and could undo all
of this on purpose.
"""

from __future__ import annotations

import linecache
import sys
import threading
from collections.abc import Callable, Collection, Iterable
from types import FrameType, TracebackType
from typing import Any, Self

import torch
from torch.overrides import TorchFunctionMode
from torch.utils import _python_dispatch
from torch.utils._python_dispatch import TorchDispatchMode

from gradlings.forbidden.blame import responsible_place
from gradlings.forbidden.python_calls import PythonCalls
from gradlings.forbidden.torch_symbols import Match, SymbolTable, symbol_table
from gradlings.model.rules import Breach

_OPERATORS = (torch._ops.OpOverload, torch._ops.OpOverloadPacket)
_CALLS_BACK = frozenset({torch.Tensor.apply_, torch.Tensor.map_, torch.Tensor.map2_})
"""Functions that run what they are given while PyTorch has the mode switched off."""
_COMPILED = (torch.jit.ScriptFunction, torch._C.ScriptMethod)


class CallRecorder:
    """A context in which forbidden calls of student code are recorded.

    Only what runs below a frame of the student's files counts, and it is reported at the innermost such line. A
    function that a driver passes in is the grader's own, and so is what PyTorch itself runs inside an allowed call.
    Threads that student code starts are watched, too. Enter it after (inside) any other mode; it can be entered again,
    and then adds to what it has recorded. `rules` are names in `gradlings.model.rule_table.RULES` (ValueError if one is
    unknown), `files` the names under which student code was compiled.
    """

    def __init__(self, rules: Collection[str], files: Collection[str]) -> None:
        self._table = symbol_table(tuple(rules))
        self._files = frozenset(map(str, files))
        self._found: dict[tuple[str, str, int], Breach] = {}
        self._functions = _Functions(self, self._table)
        looked_at = tuple(rule for rule in self._table.rules if rule.calls)
        self._calls = PythonCalls(looked_at, self._files, self.note) if looked_at else None
        self._undo: list[Callable[[], None]] = []
        self._active = False

    def __enter__(self) -> Self:
        if self._table.rules:
            self._active = True
            self._replace(threading.Thread, "start", self._watched_start)
            for kind in _COMPILED if self._table.functions else ():
                self._replace(kind, "__call__", self._watched_compiled)
            depth = torch._C._len_torch_dispatch_stack()
            self._undo.append(lambda: _leave_operations(depth))
            self._undo += self._watch_this_thread()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._active = False
        while self._undo:
            self._undo.pop()()

    @property
    def breaches(self) -> tuple[Breach, ...]:
        """What was recorded and not taken, in the order in which it happened."""
        return tuple(self._found.values())

    def take(self) -> tuple[Breach, ...]:
        """Return what was recorded since the last take, in the order in which it happened, and forget it."""
        taken = self.breaches
        self._found.clear()
        return taken

    def note(self, matches: Iterable[Match], frame: FrameType) -> None:
        """Record forbidden calls made in `frame`, if student code is responsible for them."""
        if not self._active:
            return
        for match in matches:
            place = responsible_place(frame, self._files, match.rule.wrapper_files)
            if place is not None and (match.rule.name, *place) not in self._found:
                file, line = place
                code = linecache.getline(file, line).strip()
                self._found[match.rule.name, file, line] = Breach(match.rule.name, match.what, line, file, code)

    def read(self, matches: Iterable[Match], frame: FrameType) -> None:
        """Record a forbidden attribute that is read in `frame`, if that is student code itself."""
        if frame.f_code.co_filename in self._files:
            self.note(matches, frame)

    def _watch_this_thread(self) -> list[Callable[[], None]]:
        undo: list[Callable[[], None]] = []
        if self._table.functions:
            self._functions.__enter__()  # type: ignore[no-untyped-call]  # unannotated in torch
            undo.append(self._leave_functions)
        if self._calls is not None:
            undo.append(self._calls.start())
        return undo

    def _leave_functions(self) -> None:
        """Take our mode off its stack, with those that student code left on top; nothing if it took ours off."""
        stack = torch.overrides._get_current_function_mode_stack()  # type: ignore[no-untyped-call]  # torch's own
        if any(mode is self._functions for mode in stack):
            while torch._C._pop_torch_function_stack() is not self._functions:
                pass

    # What is replaced while student code runs

    def _replace(self, owner: Any, name: str, watched: Callable[[Any], Any]) -> None:
        original = getattr(owner, name)
        self._undo.append(lambda: setattr(owner, name, original))
        setattr(owner, name, watched(original))

    def _watched_start(self, original: Any) -> Any:
        def start(thread: threading.Thread) -> None:
            run = thread.run
            thread.run = lambda: self._run(run)  # type: ignore[method-assign]
            original(thread)

        return start

    def _run(self, run: Callable[[], Any]) -> None:
        undo = self._watch_this_thread()
        try:
            run()
        finally:
            while undo:
                undo.pop()()

    def _watched_compiled(self, original: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            with _Operations(self, self._table, sys._getframe(1)):
                return original(*args, **kwargs)

        return call


class _Functions(TorchFunctionMode):
    """A mode that sees the functions of PyTorch's Python layer, but not what they call inside."""

    def __init__(self, recorder: CallRecorder, table: SymbolTable) -> None:
        super().__init__()
        self.recorder = recorder
        self.table = table
        self.functions = table.functions

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        matches = self.functions.get(func)
        if matches is None:  # not met before
            if isinstance(func, _OPERATORS):
                matches = self.table.operator_matches(func)
            elif func in _CALLS_BACK:
                args = tuple(self._watched(value) if callable(value) else value for value in args)
            else:
                self.functions[func] = ()
        if matches and func.__name__ == "__get__":  # x.grad_fn is None tells nothing
            value = func(*args)
            if value is not None:
                self.recorder.read(matches, sys._getframe(1))
            return value
        if matches:
            self.recorder.note(matches, sys._getframe(1))
        return func(*args, **kwargs) if kwargs else func(*args)

    def _watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any) -> Any:
            with self:
                return function(*args)

        return watched


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]  # unannotated in torch
    """A mode that sees the operations below the Python layer; all count as the caller's."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else PyTorch wraps the handler, imports its compiler (1 s), and every call takes twice as long

    def __init__(self, recorder: CallRecorder, table: SymbolTable, caller: FrameType) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # unannotated in torch
        self.recorder = recorder
        self.table = table
        self.caller = caller

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if matches := self.table.operator_matches(func):
            self.recorder.note(matches, self.caller)
        return func(*args, **kwargs) if kwargs else func(*args)


def _leave_operations(depth: int) -> None:
    """Take off the dispatch modes that student code left on."""
    while torch._C._len_torch_dispatch_stack() > depth:
        _python_dispatch._pop_mode()


def merged(source_breaches: Iterable[Breach], call_breaches: Iterable[Breach]) -> tuple[Breach, ...]:
    """Return one breach for each rule and line, in line order; where both layers found it, the source's words."""
    found: dict[tuple[str, str, int], Breach] = {}
    for breach in (*source_breaches, *call_breaches):
        found.setdefault((breach.rule, breach.file, breach.line), breach)
    return tuple(sorted(found.values(), key=lambda breach: breach.line))
