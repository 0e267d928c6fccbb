"""What runs in a worker: reads a submission, runs its cells, calls its functions, and answers with facts.

Nothing here decides anything. What the source forbids is read before the first byte of it runs; everything after that
is said by a process that student code may have taken over, and the judge treats it so.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import linecache
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any, cast

import torch

from gradlings.execution.tensor_tree import fresh, identical
from gradlings.execution.time_limit import TimeUp
from gradlings.execution.torch_state import kept_settings
from gradlings.forbidden.runtime_recorder import CallRecorder
from gradlings.forbidden.static_check import breaches_in_sources
from gradlings.runners.notebook import check  # noqa: F401  (notebooks import it; here it does nothing)
from gradlings.sandbox.inside.lockdown import CHANNEL, Locks, arrange_descriptors, lock
from gradlings.sandbox.wire.channel import Channel, Ended
from gradlings.sandbox.wire.encode import packed, sendable
from gradlings.sandbox.wire.types import REPLY, REQUEST, Unsendable
from gradlings.submission.cell_runner import Nothing, fresh_namespace, remember_lines, run_code
from gradlings.submission.cells import compiled, decode, module_cells, notebook_cells
from gradlings.submission.manifest import digest_of_code
from gradlings.submission.reader import Submission, from_cells

_MOST_PRINTED = 64 << 10
_MOST_NAMES = 2000
_LONGEST_MESSAGE = 2000
DRIVERS_FILE = "drivers.py"
"""What messages call the judge's own drivers."""
Facts = dict[str, Any]


class Output(io.TextIOBase):
    """Standard output with a cap: what is over it is dropped, so that a chatty submission is cut and not failed."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, descriptor: int, cap: int) -> None:
        self._descriptor, self._left = descriptor, cap

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def write(self, text: str) -> int:
        data = text.encode("utf-8", "replace")[: max(self._left, 0)]
        self._left -= len(data)
        if data:
            try:
                os.write(self._descriptor, data)
            except OSError:
                self._left = 0
        return len(text)


def start(locks: Locks, uid: int | None, channel: int, output: int) -> None:
    """Locks this process, then serves the judge until it hangs up. Does not return."""
    ruleset = arrange_descriptors(channel, output, locks)
    lock(locks, uid, ruleset)
    _settle()
    served = _Worker(Channel(CHANNEL))
    with contextlib.suppress(Ended):
        served.serve()
    os._exit(0)


def rehearse() -> None:
    """In the zygote, once: loads and calls something small, so that no worker is the first to need a module."""
    mine, its = socket.socketpair()
    with mine, its:
        rehearsed = _Worker(Channel(its.fileno()))
        source = (
            b"import torch\nx = 1\n\n\ndef f(t):\n    return t.sum(), [1.5, 'a']\n\n\ndef g(t):\n    return 1 / 0\n"
        )
        load = {
            "file": "rehearsal.py",
            "source": source,
            "drivers": "",
            "skip": [],
            "run": True,
        }
        rehearsed._load({**load, "exercises": [(("f",), ("matmul",))]})
        for name in ("f", "g"):
            call: Facts = {
                "target": name,
                "driver": False,
                "forbids": [],
                "calls": 1,
            }
            Channel(mine.fileno()).send(packed((torch.ones(2, dtype=torch.float64),)))
            rehearsed._call_all(call)
        linecache.clearcache()


@lru_cache(maxsize=8)
def driver_code(source: str, file: str) -> CodeType:
    """The judge's own drivers, compiled: once in the zygote, for all workers that come after."""
    return compile(source, file, "exec")


def _settle() -> None:
    """A plain world for student code: nothing of the environment, one thread, output that cannot flood."""
    os.environ.clear()
    sys.argv[:] = ["submission"]
    sys.dont_write_bytecode = True
    builtins.input = _no_input
    for name in ("IPython", "IPython.display"):  # notebooks import what shows things; here nobody looks
        sys.modules[name] = Nothing()  # type: ignore[assignment]
    for name in ("set_num_threads", "set_num_interop_threads"):  # threads are refused; asking for them is no crime
        for owner in (torch, torch._C):
            if hasattr(owner, name):
                setattr(owner, name, _ignored)
    sys.stdout = sys.__stdout__ = Output(1, _MOST_PRINTED)  # type: ignore[misc, assignment]
    sys.stderr = sys.__stderr__ = Output(2, 0)  # type: ignore[misc, assignment]


def _no_input(*_: object) -> str:
    raise EOFError("input() has nobody to ask while your code is checked")


def _ignored(_count: int) -> None:
    return None


class _Alarm:
    """Raises `TimeUp` in student code when the judge says that its time is over: to learn on which line it was.

    Code that swallows it, or takes the alarm away, is killed a moment later.
    """

    def __init__(self) -> None:
        self._inside = False

    def set(self) -> None:
        signal.signal(signal.SIGALRM, self._ring)

    def __enter__(self) -> None:
        self._inside = True

    def __exit__(self, *_: object) -> None:
        self._inside = False

    def _ring(self, _number: int, _frame: object) -> None:
        if self._inside:
            self._inside = False
            raise TimeUp


class _Worker:
    """One submission in one process."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._alarm = _Alarm()
        self._submission = Submission(Path(), (), {})
        self._namespace: dict[str, Any] = {}
        self._drivers: tuple[str, str] = ("", "")
        self._driver_functions: dict[str, Any] | None = None

    def serve(self) -> None:
        self._alarm.set()
        while True:
            request = self._channel.receive(REQUEST)
            {"load": self._load, "call": self._call_all, "digest": self._digest}[request["do"]](request)

    def _say(self, facts: Facts) -> None:
        try:
            buffers = packed(facts, REPLY)
        except (Unsendable, RecursionError, MemoryError, RuntimeError):
            buffers = packed({key: sendable(value) for key, value in facts.items()}, REPLY)
        self._channel.send(buffers)

    def _say_outcome(self, value: Any, raised: Any, changed_args: tuple[Any, ...] | None) -> None:
        """What a call gave and, in a second message, its arguments if it changed them."""
        changed = changed_args is not None
        try:
            buffers = packed((value, raised, changed), REPLY)
        except (Unsendable, RecursionError, MemoryError, RuntimeError):
            buffers = packed((sendable(value), raised, changed), REPLY)
        self._channel.send([*buffers, *(_packed_or_stand_in(changed_args) if changed_args is not None else ())])

    # Reading and running the submission

    def _digest(self, request: Facts) -> None:
        try:
            self._say({"digest": digest_of_code(request["file"], decode(request["source"]))})
        except (ValueError, RecursionError, MemoryError):
            self._say({"digest": ""})

    def _load(self, request: Facts) -> None:
        self._drivers = request["drivers"], DRIVERS_FILE
        path = Path(request["file"])
        try:
            text = decode(request["source"])
            cells = notebook_cells(text, path) if path.suffix == ".ipynb" else module_cells(text, str(path))
            self._submission = from_cells(path, cells)
            facts = self._read(request["exercises"])
        except ValueError as error:
            self._say({"problem": _clipped(str(error))})
            return
        except (RecursionError, MemoryError):
            self._say({"problem": "it is nested too deep for Python"})
            return
        self._remember_lines(text)
        self._say(facts)
        if not request["run"]:
            return
        self._namespace = fresh_namespace(path)
        self._alarm.set()
        with kept_settings():
            for index in range(len(self._submission.cells)):
                if index not in request["skip"]:
                    self._say({"cell": index, "raised": self._run_cell(index)})
        names = {}
        for name, value in list(self._namespace.items())[:_MOST_NAMES]:
            if type(name) is str:
                names[name] = "function" if callable(value) else _clipped(type(value).__name__)
        self._say({"names": names})

    def _remember_lines(self, text: str) -> None:
        """For tracebacks: the files themselves cannot be read from here."""
        for cell in self._submission.cells:
            if cell.file not in linecache.cache:
                remember_lines(cell.file, text if cell.on_disk else cell.source)

    def _read(self, exercises: list[Any]) -> Facts:
        """What the source says, before any of it runs."""
        submission = self._submission
        sources = submission.sources()
        return {
            "problem": "",
            "cells": [(cell.source, cell.file, cell.first_line) for cell in submission.cells],
            "functions": [(f.name, f.file, f.line, f.attempted) for f in submission.functions.values()],
            "syntax": [(p.file, p.line, p.text, p.message) for p in submission.syntax_problems],
            "breaches": [
                _listed(breaches_in_sources(sources, functions, rules)) if submission.attempted(functions) else []
                for functions, rules in exercises
            ],
        }

    def _run_cell(self, index: int) -> Any:
        try:
            code = compiled(self._submission.cells[index]).code
        except SyntaxError:
            return None  # among the problems of syntax already
        try:
            with self._alarm:
                run_code(code, self._namespace)
        except BaseException as error:
            return self._raised(error)
        return None

    # Calling

    def _call_all(self, request: Facts) -> None:
        try:
            function = self._target(request["target"], request["driver"])
        except BaseException as error:
            raised = self._raised(error)
            function = _raises(raised)
        recorder = CallRecorder(request["forbids"], self._submission.files)
        with kept_settings():
            self._answer(request, function, recorder)
        self._say({"breaches": _listed(recorder.breaches)})

    def _answer(self, request: Facts, function: Callable[..., Any], recorder: CallRecorder) -> None:
        self._alarm.set()
        frames = [self._channel.frame(REQUEST) for _ in range(request["calls"])]
        for frame in frames:
            args = frame.value(REQUEST)
            before = fresh(args)
            try:
                with self._alarm, recorder:
                    value, raised = function(*args), None
            except _AlreadyTold as told:
                value, raised = None, told.raised
            except BaseException as error:
                value, raised = None, self._raised(error)
            self._say_outcome(value, raised, None if identical(before, args) else args)
            if raised is not None and raised[0] in ("MemoryError", "TimeUp"):
                break

    def _target(self, name: str, driver: bool) -> Callable[..., Any]:
        if not driver:
            return cast(Callable[..., Any], self._namespace[name])
        if self._driver_functions is None:
            source, file = self._drivers
            functions: dict[str, Any] = {"__name__": "drivers", "__file__": file}
            remember_lines(file, source)
            exec(driver_code(source, file), functions)
            self._driver_functions = functions
        drive, names = self._driver_functions[name], SimpleNamespace(**self._namespace)
        return lambda *args: drive(names, *args)

    def _raised(self, error: BaseException) -> tuple[str, str, bool, list[Any]]:
        """Kind, message, whether it is a ValueError, and the submission's lines on the way to it."""
        try:
            message = _clipped(str.__str__(str(error)))
        except BaseException:  # a hostile or broken __str__
            message = ""
        try:
            files = self._submission.files
            frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in files][-4:]
            lines = [(f.filename, f.lineno or 0, f.name, _clipped(f.line or "")) for f in frames]
        except BaseException:
            lines = []
        return _clipped(type(error).__name__), message, isinstance(error, ValueError), lines


class _AlreadyTold(BaseException):
    def __init__(self, raised: Any) -> None:
        self.raised = raised


def _packed_or_stand_in(args: tuple[Any, ...]) -> list[Any]:
    try:
        return packed(args, REPLY)
    except (Unsendable, RecursionError, MemoryError, RuntimeError):
        return packed(sendable(args), REPLY)


def _raises(raised: Any) -> Callable[..., Any]:
    def function(*_: Any) -> Any:
        raise _AlreadyTold(raised)

    return function


def _listed(breaches: Any) -> list[Any]:
    return [(b.rule, b.what, b.line, b.file, _clipped(b.code)) for b in list(breaches)[:200]]


def _clipped(text: str) -> str:
    return text[:_LONGEST_MESSAGE]
