"""Record forbidden calls of student code while it runs: what its source hides. Best effort.

PyTorch reports every call to two kinds of modes: a function mode (the Python layer: `torch.sigmoid`, `x @ y`) and a
dispatch mode (the operations below it, also those of a backward pass, of TorchScript, or with the Python layer
switched off). A few Python functions that neither sees are wrapped while student code runs. Everything is recorded,
nothing raised, and no result changes. Student code runs in the same process and could undo all of this on purpose.
"""

from __future__ import annotations

import _thread
import functools
import linecache
import sys
import threading
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack
from types import FrameType, TracebackType
from typing import Any, Self

import torch
from torch.overrides import TorchFunctionMode
from torch.utils import _python_dispatch
from torch.utils._python_dispatch import TorchDispatchMode

from gradlings.forbidden.blame import HANDLERS, ThreadOrigin, engine_frame, harness_files, responsible_place
from gradlings.forbidden.torch_symbols import Match, SymbolTable, symbol_table
from gradlings.model.rule_table import rules_named
from gradlings.model.rules import Breach

_backward_pass: Callable[[], int] = getattr(torch._C, "_current_graph_task_id", lambda: -1)
"""The number of the backward pass that runs in this thread; -1 if none does."""
_function_mode_stack = getattr(torch.overrides, "_get_current_function_mode_stack", None)
_dispatch_mode_stack = getattr(_python_dispatch, "_get_current_dispatch_mode_stack", None)
_OPERATORS = (torch._ops.OpOverload, torch._ops.OpOverloadPacket)


class CallRecorder:
    """A context in which forbidden calls of student code are recorded.

    Only what runs below a frame of the student's files counts, and it is reported at the innermost such line. A
    function that a driver passes in is the grader's own, and so is what PyTorch itself runs inside an allowed call.
    Threads that student code starts are watched, too. Enter it after (inside) any other mode; it can be entered again,
    and then adds to what it has recorded. `rules` are names in `gradlings.model.rule_table.RULES` (ValueError if one is
    unknown), `files` the names under which student code was compiled.
    """

    def __init__(self, rules: Collection[str], files: Collection[str]) -> None:
        self.breaches: tuple[Breach, ...] = ()
        """What was recorded, in the order in which it happened; complete once the context is left."""
        self._names = tuple(rule.name for rule in rules_named(rules) if rule.at_run_time)
        self._files = frozenset(map(str, files))
        self._found: dict[tuple[str, str, int], Breach] = {}
        self._origins: dict[int, ThreadOrigin] = {}
        self._wrappers: dict[tuple[int, str], tuple[Any, Any]] = {}
        """By owner and name: a function and its wrapper, made once though the context may be entered often."""
        self._undo = ExitStack()
        self._active = False

    def __enter__(self) -> Self:
        if self._names:
            table = symbol_table(self._names)
            self._active = True
            with self._undo:  # in case some of this fails
                self._replace(threading.Thread, "start", functools.partial(self._watched_start, table))
                self._replace(_thread, "start_new_thread", functools.partial(self._watched_start_new, table))
                for owner, name, match in table.wrapped:
                    self._replace(owner, name, functools.partial(self._watched_function, match))
                self._watch_this_thread(table, self._undo)
                self._undo = self._undo.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._active = False
        self._undo.close()
        self.breaches = tuple(self._found.values())

    def take(self) -> tuple[Breach, ...]:
        """Return what was recorded since the last take, in the order in which it happened, and forget it."""
        taken = tuple(self._found.values())
        self._found.clear()
        self.breaches = ()
        return taken

    def note(self, matches: Iterable[Match], frame: FrameType) -> None:
        """Record forbidden calls made in `frame`, if student code is responsible for them. For the modes below."""
        if not self._active:
            return
        origin = self._origins.get(_thread.get_ident(), ThreadOrigin())
        for match in matches:
            place = responsible_place(frame, self._files, match.rule.wrapper_files, origin, self)
            if place is not None and (match.rule.name, *place) not in self._found:
                file, line = place
                code = linecache.getline(file, line).strip()
                self._found[match.rule.name, file, line] = Breach(match.rule.name, match.what, line, file, code)

    def _watch_this_thread(self, table: SymbolTable, undo: ExitStack) -> None:
        if table.functions:
            _enter(_Functions(self, table), TorchFunctionMode, _function_mode_stack, undo)
        if any(rule.aten or rule.backward_pass for rule in table.rules):
            _enter(_Operations(self, table), TorchDispatchMode, _dispatch_mode_stack, undo)

    # What is replaced while student code runs

    def _replace(self, owner: Any, name: str, watched: Callable[[Any], Any]) -> None:
        original = getattr(owner, name)
        cached = self._wrappers.get((id(owner), name))
        if cached is None or cached[0] is not original:
            cached = self._wrappers[id(owner), name] = original, functools.wraps(original)(watched(original))
        self._undo.callback(setattr, owner, name, original)
        setattr(owner, name, cached[1])

    def _watched_function(self, match: Match, original: Any) -> Any:
        def watched(*args: Any, **kwargs: Any) -> Any:
            is_module = args and isinstance(args[0], torch.nn.Module)
            if not is_module or type(args[0]).__module__.partition(".")[0] == "torch":  # no class of the student's
                self.note((match,), sys._getframe(1))
            return original(*args, **kwargs)

        return watched

    def _watched_start(self, table: SymbolTable, original: Any) -> Any:
        def start(thread: threading.Thread) -> None:
            if self._active:
                run, origin = thread.run, self._origin(sys._getframe(1))
                thread.run = lambda: self._run(run, table, origin)  # type: ignore[method-assign]
            original(thread)

        return start

    def _watched_start_new(self, table: SymbolTable, original: Any) -> Any:
        def start_new_thread(function: Any, args: Any, kwargs: Any = None) -> Any:
            origin = self._origin(sys._getframe(1))
            run = functools.partial(function, *args, **(kwargs or {}))
            return original(self._run, (run, table, origin))

        return start_new_thread

    def _origin(self, frame: FrameType) -> ThreadOrigin:
        before = self._origins.get(_thread.get_ident(), ThreadOrigin())
        place = responsible_place(frame, self._files, ("",), before)
        return ThreadOrigin(place, before.harness | harness_files(frame, self._files))

    def _run(self, run: Callable[[], Any], table: SymbolTable, origin: ThreadOrigin) -> None:
        self._origins[_thread.get_ident()] = origin
        with ExitStack() as undo:
            undo.callback(self._origins.pop, _thread.get_ident(), None)
            self._watch_this_thread(table, undo)
            run()


class _Functions(TorchFunctionMode):
    """A mode that sees the functions of PyTorch's Python layer, but not what they call inside."""

    def __init__(self, recorder: CallRecorder, table: SymbolTable) -> None:
        super().__init__()
        self.recorder = recorder
        self.table = table

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        matches = self.table.functions.get(func)
        if matches is None and isinstance(func, _OPERATORS):
            matches = self.table.operator_matches(func)
        if matches:
            self.recorder.note(matches, sys._getframe(1))
        return func(*args, **kwargs) if kwargs else func(*args)


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]  # unannotated in torch
    """A mode that sees the operations below the Python layer, and whether a backward pass runs them."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else PyTorch wraps the handler, imports its compiler (1 s), and every call takes twice as long

    def __init__(self, recorder: CallRecorder, table: SymbolTable) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # unannotated in torch
        self.recorder = recorder
        self.table = table
        self.engine = tuple(Match(rule, "a backward pass") for rule in table.rules if rule.backward_pass)
        self.passes: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        running = _backward_pass()
        if running != -1:
            if self.engine and running not in self.passes:
                self.passes.add(running)
                self.recorder.note(self.engine, engine_frame(sys._getframe(1)))
        elif matches := self.table.operation_matches(func):
            self.recorder.note(matches, sys._getframe(1))
        return func(*args, **kwargs) if kwargs else func(*args)


HANDLERS |= {_Functions.__torch_function__.__code__, _Operations.__torch_dispatch__.__code__}


def merged(source_breaches: Iterable[Breach], call_breaches: Iterable[Breach]) -> tuple[Breach, ...]:
    """Return one breach for each rule and line, in line order; where both layers found it, the source's words."""
    found: dict[tuple[str, str, int], Breach] = {}
    for breach in (*source_breaches, *call_breaches):
        found.setdefault((breach.rule, breach.file, breach.line), breach)
    return tuple(sorted(found.values(), key=lambda breach: breach.line))


def _enter(mode: Any, base: Any, stack: Callable[[], list[Any]] | None, undo: ExitStack) -> None:
    mode.__enter__()
    undo.callback(_leave, mode, base, stack)


def _leave(mode: Any, base: Any, stack: Callable[[], list[Any]] | None) -> None:
    """Take a mode off its stack, with those that student code left on top; do nothing if student code took it off."""
    if stack is None:
        mode.__exit__(None, None, None)
    elif any(entered is mode for entered in stack()):
        top = None
        while top is not mode:
            top = stack()[-1]
            base.__exit__(top, None, None, None)
