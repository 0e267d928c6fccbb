"""What student code calls while it runs: forbidden operations that its source hides. Best effort.

PyTorch tells two kinds of watchers about every call: a function mode (the Python layer: `torch.sigmoid`, `x @ y`) and a
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

from gradlings.forbidden.blame import HANDLERS, Origin, blamed, engine_frame, harness_files
from gradlings.forbidden.torch_symbols import Hit, Table, table_of
from gradlings.model.rules import Breach, chosen

_backward_pass: Callable[[], int] = getattr(torch._C, "_current_graph_task_id", lambda: -1)
"""The number of the backward pass that runs in this thread; -1 if none does."""
_function_modes = getattr(torch.overrides, "_get_current_function_mode_stack", None)
_dispatch_modes = getattr(_python_dispatch, "_get_current_dispatch_mode_stack", None)
_OPERATORS = (torch._ops.OpOverload, torch._ops.OpOverloadPacket)


class CallRecorder:
    """Records what student code uses that the rules forbid, from `with recorder:` until its end.

    Only what runs below a frame of the student's files counts, and it is reported at the innermost such line. A
    function that a driver passes in is the grader's own, and so is what PyTorch itself runs inside an allowed call.
    Threads that student code starts are watched, too. Enter it after (inside) any other mode; it can be entered again,
    and then adds to what it has recorded.

    Args:
        rules: names in `gradlings.model.rules.RULES`.
        files: the file names under which student code was compiled.

    Raises:
        ValueError: there is no rule of that name.
    """

    def __init__(self, rules: Collection[str], files: Collection[str]) -> None:
        self.breaches: tuple[Breach, ...] = ()
        """What was recorded, in the order in which it happened; complete once the context is left."""
        self._names = tuple(rule.name for rule in chosen(rules) if rule.at_run_time)
        self._files = frozenset(map(str, files))
        self._found: dict[tuple[str, str, int], Breach] = {}
        self._origins: dict[int, Origin] = {}
        self._watchers: dict[tuple[int, str], tuple[Any, Any]] = {}
        """What stands in for a function, with that function: made once, though the context may be entered often."""
        self._undo = ExitStack()
        self._active = False

    def __enter__(self) -> Self:
        if self._names:
            try:
                table = table_of(self._names)
                self._active = True
                self._replace(threading.Thread, "start", functools.partial(self._watched_start, table))
                self._replace(_thread, "start_new_thread", functools.partial(self._watched_start_new, table))
                for owner, name, hit in table.entries:
                    self._replace(owner, name, functools.partial(self._watched_entry, hit))
                self._watch_this_thread(table, self._undo)
            except BaseException:
                self._undo.close()
                raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._active = False
        self._undo.close()
        self.breaches = tuple(self._found.values())

    def note(self, hits: Iterable[Hit], frame: FrameType) -> None:
        """Records forbidden calls made in `frame`, if student code is to blame. For the watchers below."""
        if not self._active:
            return
        origin = self._origins.get(_thread.get_ident())
        for hit in hits:
            place = blamed(frame, self._files, hit.rule.through, origin, self)
            if place is not None and (hit.rule.name, *place) not in self._found:
                file, line = place
                code = linecache.getline(file, line).strip()
                self._found[hit.rule.name, file, line] = Breach(hit.rule.name, hit.what, line, file, code)

    def _watch_this_thread(self, table: Table, undo: ExitStack) -> None:
        if table.functions:
            functions = _Functions(self, table)
            functions.__enter__()
            undo.callback(_leave, functions, TorchFunctionMode, _function_modes)
        if table.below_python:
            operations = _Operations(self, table)
            operations.__enter__()
            undo.callback(_leave, operations, TorchDispatchMode, _dispatch_modes)

    # What is replaced while student code runs

    def _replace(self, owner: Any, name: str, watched: Callable[[Any], Any]) -> None:
        original = getattr(owner, name)
        known = self._watchers.get((id(owner), name))
        if known is None or known[0] is not original:
            known = self._watchers[id(owner), name] = original, functools.wraps(original)(watched(original))
        self._undo.callback(setattr, owner, name, original)
        setattr(owner, name, known[1])

    def _watched_entry(self, hit: Hit, original: Any) -> Any:
        def entry(*args: Any, **kwargs: Any) -> Any:
            own_module = args and isinstance(args[0], torch.nn.Module) and not _of_torch(type(args[0]))
            if not own_module:
                self.note((hit,), sys._getframe(1))
            return original(*args, **kwargs)

        return entry

    def _watched_start(self, table: Table, original: Any) -> Any:
        def start(thread: threading.Thread) -> None:
            if self._active:
                run, origin = thread.run, self._origin(sys._getframe(1))
                thread.run = lambda: self._run(run, table, origin)  # type: ignore[method-assign]
            original(thread)

        return start

    def _watched_start_new(self, table: Table, original: Any) -> Any:
        def start_new_thread(function: Any, args: Any, kwargs: Any = None) -> int:
            origin = self._origin(sys._getframe(1))
            run = functools.partial(function, *args, **(kwargs or {}))
            return original(self._run, (run, table, origin))

        return start_new_thread

    def _origin(self, frame: FrameType) -> Origin:
        before = self._origins.get(_thread.get_ident(), Origin())
        place = blamed(frame, self._files, ("",), before)
        return Origin(place, before.harness | harness_files(frame, self._files))

    def _run(self, run: Callable[[], Any], table: Table, origin: Origin) -> None:
        self._origins[_thread.get_ident()] = origin
        with ExitStack() as undo:
            undo.callback(self._origins.pop, _thread.get_ident(), None)
            self._watch_this_thread(table, undo)
            run()


class _Functions(TorchFunctionMode):
    """Sees the functions of PyTorch's Python layer, but not what they call inside."""

    def __init__(self, recorder: CallRecorder, table: Table) -> None:
        super().__init__()
        self.recorder = recorder
        self.table = table
        self.known = table.functions

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        hits = self.known.get(func)
        if hits is None and isinstance(func, _OPERATORS):
            hits = self.table.called(func)
        if hits:
            self.recorder.note(hits, sys._getframe(1))
        return func(*args, **kwargs) if kwargs else func(*args)


class _Operations(TorchDispatchMode):
    """Sees the operations below the Python layer, and whether a backward pass runs them."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return (
            False  # else PyTorch wraps the handler, imports its compiler (a second) and every call costs twice as much
        )

    def __init__(self, recorder: CallRecorder, table: Table) -> None:
        super().__init__()
        self.recorder = recorder
        self.table = table
        self.known = table.operations
        self.engine = table.engine
        self.passes: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        running = _backward_pass()
        if running != -1:
            if self.engine and running not in self.passes:
                self.passes.add(running)
                self.recorder.note(self.engine, engine_frame(sys._getframe(1)))
        else:
            hits = self.known.get(func)
            if hits is None:
                hits = self.table.dispatched(func)
            if hits:
                self.recorder.note(hits, sys._getframe(1))
        return func(*args, **kwargs) if kwargs else func(*args)


HANDLERS |= {_Functions.__torch_function__.__code__, _Operations.__torch_dispatch__.__code__}


def merged(source_breaches: Iterable[Breach], call_breaches: Iterable[Breach]) -> tuple[Breach, ...]:
    """What both layers found: one breach for each rule and line, in line order; the source's words come first."""
    found: dict[tuple[str, str, int], Breach] = {}
    for breach in (*source_breaches, *call_breaches):
        found.setdefault((breach.rule, breach.file, breach.line), breach)
    return tuple(sorted(found.values(), key=lambda breach: breach.line))


def _leave(mode: Any, base: Any, stack: Callable[[], list[Any]] | None) -> None:
    """Takes a mode off its stack, with those that student code left on top; nothing if student code took it off."""
    if stack is None:
        mode.__exit__(None, None, None)
    elif any(entered is mode for entered in stack()):
        top = None
        while top is not mode:
            top = stack()[-1]
            base.__exit__(top, None, None, None)


def _of_torch(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == "torch"
