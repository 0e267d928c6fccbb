"""What student code calls while it runs: forbidden operations that its source hides. Best effort.

PyTorch tells two kinds of watchers about every call: a function mode (the Python layer: `torch.sigmoid`, `x @ y`) and a
dispatch mode (the operations below it, also those of a backward pass, of TorchScript, or with the Python layer
switched off). A few Python functions neither of them sees are wrapped while student code runs. Everything is recorded,
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
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Self

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from autograder.forbidden import Breach, Rule, chosen
from autograder.forbidden_frames import Place, blamed, harness_files
from autograder.forbidden_table import Hit, Table, table_of


class CallRecorder:
    """Records what student code uses that the rules forbid, from `with recorder:` until its end.

    Only what runs below a frame of the student's files counts, and it is reported at the innermost such line. Calls
    that a probe or a driver passes in are the grader's own, and so is what PyTorch itself runs inside an allowed call.
    Threads that student code starts are watched, too. Enter it after (inside) any other mode.

    Args:
        rules: names in `autograder.forbidden.RULES`.
        files: the file names under which student code was compiled.

    Raises:
        ValueError: there is no rule of that name.
    """

    def __init__(self, rules: Collection[str], files: Collection[str]) -> None:
        names = tuple(rule.name for rule in chosen(rules) if rule.at_run_time)
        self.breaches: tuple[Breach, ...] = ()
        """What was recorded, in the order in which it happened; complete once the context is left."""
        self._names = names
        self._files = frozenset(map(str, files))
        self._found: dict[tuple[str, str, int], Breach] = {}
        self._threads: dict[int, _Origin] = {}
        self._undo = ExitStack()
        self._active = False

    def __enter__(self) -> Self:
        if self._names:
            try:
                self._table = table_of(self._names)
                self._active = True
                self._wrap_entries()
                self._watch_this_thread(self._undo)
            except BaseException:
                self._undo.close()
                raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._active = False
        self._undo.close()
        self.breaches = tuple(self._found.values())

    def _watch_this_thread(self, undo: ExitStack) -> None:
        if self._table.functions:
            function_mode = _Functions(self, self._table)
            function_mode.__enter__()
            undo.callback(_leave, function_mode, torch.overrides, "_get_current_function_mode")
        if self._table.operations or self._table.engine:
            dispatch_mode = _Operations(self, self._table)
            dispatch_mode.__enter__()
            undo.callback(_leave, dispatch_mode, torch.utils._python_dispatch, "_get_current_dispatch_mode")

    def _wrap_entries(self) -> None:
        self._replace(threading.Thread, "start", self._watched_start)
        self._replace(_thread, "start_new_thread", self._watched_start_new)
        for owner, name, hit in self._table.entries:
            self._replace(owner, name, functools.partial(self._watched_entry, hit))

    def _replace(self, owner: Any, name: str, watched: Callable[[Any], Any]) -> None:
        original = getattr(owner, name, None)
        if original is not None:
            self._undo.callback(setattr, owner, name, original)
            setattr(owner, name, watched(original))

    def _watched_entry(self, hit: Hit, original: Any) -> Any:
        @functools.wraps(original)
        def entry(*args: Any, **kwargs: Any) -> Any:
            if not isinstance(args[0] if args else None, torch.nn.Module) or _of_torch(args[0]):
                self.note((hit,), sys._getframe(1))
            return original(*args, **kwargs)

        return entry

    def _watched_start(self, original: Any) -> Any:
        @functools.wraps(original)
        def start(thread: threading.Thread) -> None:
            if self._active:
                run, origin = thread.run, self._origin(sys._getframe(1))
                thread.run = lambda: self._run(run, origin)  # type: ignore[method-assign]
            original(thread)

        return start

    def _watched_start_new(self, original: Any) -> Any:
        @functools.wraps(original)
        def start_new_thread(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> int:
            origin = self._origin(sys._getframe(1))
            return original(lambda: self._run(lambda: function(*args, **(kwargs or {})), origin), ())

        return start_new_thread

    def _origin(self, frame: FrameType) -> _Origin:
        before = self._threads.get(_thread.get_ident(), _Origin())
        place = blamed(frame, self._files, ("",), before.harness)
        return _Origin(place or before.place, before.harness | harness_files(frame, self._files))

    def _run(self, run: Callable[[], Any], origin: _Origin) -> None:
        identity = _thread.get_ident()
        self._threads[identity] = origin
        try:
            with ExitStack() as undo:
                self._watch_this_thread(undo)
                run()
        finally:
            del self._threads[identity]

    def note(self, hits: Iterable[Hit], frame: FrameType) -> None:
        """Records a forbidden call made from this frame, if that can be blamed on the student."""
        if not self._active:
            return
        origin = self._threads.get(_thread.get_ident())
        for hit in hits:
            place = blamed(frame, self._files, hit.rule.through, origin.harness if origin else frozenset())
            if place is None:
                continue
            if place == _NOBODY:
                if origin is None or origin.place is None:
                    continue
                place = origin.place
            key = (hit.rule.name, *place)
            if key not in self._found:
                file, line = place
                code = linecache.getline(file, line).strip()
                self._found[key] = Breach(hit.rule.name, hit.what, line, file, code)
