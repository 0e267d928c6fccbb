"""Serves the judge in a worker: reads a submission, runs its cells, calls its functions, replies with facts.

Nothing is decided here. What the source forbids is read before the first byte of it runs; every later reply comes from
a process that student code may have taken over, and the judge treats it so.
"""

from __future__ import annotations

import contextlib
import gc
import linecache
import os
import socket
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any, cast

import torch

from gradlings.execution.float64_steps import Float64Steps
from gradlings.execution.kept_settings import kept_settings, taken_names
from gradlings.execution.python_state import ensure_recursion_limit
from gradlings.execution.stand_in_names import StandInNames
from gradlings.execution.tensor_tree import fresh, identical
from gradlings.forbidden.runtime_recorder import CallRecorder
from gradlings.model.given import Given
from gradlings.runners.notebook import check  # noqa: F401  (notebooks import it and its like; here they do nothing)
from gradlings.sandbox.inside.lockdown import CHANNEL, Locks, arrange_descriptors, lock
from gradlings.sandbox.inside.reply_rows import breach_rows, clip, describe_source, names_row, raised_row
from gradlings.sandbox.inside.student_environment import Alarm, prepare_for_student_code
from gradlings.sandbox.wire.channel import Channel, ChannelClosed
from gradlings.sandbox.wire.encode import pack, sendable
from gradlings.sandbox.wire.facts import MAX_NAME_CHARS, RaisedRow
from gradlings.sandbox.wire.types import REPLY_LIMITS, REQUEST_LIMITS, MalformedMessage, Unsendable, stand_in_class
from gradlings.submission.cell_runner import LastFunctions, fresh_namespace, remember_lines, run_code
from gradlings.submission.cells import compiled, decode
from gradlings.submission.helpers.files import NO_HELPERS, Helper, Helpers
from gradlings.submission.helpers.imports import HelperImports
from gradlings.submission.manifest import digest_of_code
from gradlings.submission.reader import Submission, from_source
from gradlings.submission.stand_ins import without_definitions

_DRIVERS_FILE = "drivers.py"
Facts = dict[str, Any]


def start(locks: Locks, uid: int | None, channel: int, output: int) -> None:
    """Lock this process down, as `lock` does, then serve the judge until it closes the channel. Does not return."""
    lock(locks, uid, arrange_descriptors(channel, output, locks))
    prepare_for_student_code()
    worker = _Worker(Channel(CHANNEL))
    with contextlib.suppress(ChannelClosed, MalformedMessage):  # or what student code did to the channel
        worker.serve()
    os._exit(0)


def rehearse() -> None:
    """Load and call a small submission in the zygote, so that no worker is the first to import a module."""
    judge_end, worker_end = socket.socketpair()
    with judge_end, worker_end:
        worker = _Worker(Channel(worker_end.fileno()))
        source = b"import torch\nx = 1\n\ndef f(t):\n    return t.sum(), [1.5, 'a']\n\ndef g(t):\n    return 1 / 0\n"
        load = {
            "file": "rehearsal.py",
            "source": source,
            "drivers": "",
            "skip": [],
            "run": True,
            "in_float64": False,
            "helpers": [],
            "functions": [],
            "stand_ins": {"h": "def h():\n    pass"},
            "given": ((), (), ""),
        }
        worker._load({**load, "exercises": [(("f",), ("matmul",))]})
        for name in ("f", "g"):
            worker._begin({"target": name, "driver": False, "forbids": []})
            Channel(judge_end.fileno()).send(pack((torch.ones(2, dtype=torch.float64),)))
            worker._call(worker._channel.receive(REQUEST_LIMITS))
        worker._settings.close()
        worker._imports.end()
        linecache.clearcache()


@lru_cache(maxsize=8)
def driver_code(source: str) -> CodeType:
    """Compile the judge's own drivers; the zygote does it once for all workers forked after."""
    return compile(source, _DRIVERS_FILE, "exec")


class _Worker:
    """One submission in one process."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._alarm = Alarm()
        self._submission = Submission(Path(), (), {})
        self._namespace: dict[str, Any] = {}
        self._drivers = ""
        self._driver_functions: dict[str, Any] | None = None
        self._function: Callable[..., Any] = _raising(RuntimeError("no check has begun"))
        self._recorder: CallRecorder | Float64Steps = CallRecorder((), ())
        self._steps: Float64Steps | None = None
        self._stand_ins = StandInNames({})
        self._imports = HelperImports(NO_HELPERS)
        self._settings = contextlib.ExitStack()

    def serve(self) -> None:
        self._alarm.install()
        while True:
            request = self._channel.receive(REQUEST_LIMITS)
            if isinstance(request, tuple):  # the arguments of a call
                self._call(request)
            else:
                {"load": self._load, "begin": self._begin, "digest": self._digest}[request["do"]](request)

    def _reply(self, facts: Facts) -> None:
        """Send facts, which hold no value of a student's class."""
        self._channel.send(pack(facts, REPLY_LIMITS))

    def _reply_to_call(
        self,
        value: Any,
        raised: RaisedRow | None,
        args: tuple[Any, ...],
        changed: bool,
        rest: tuple[list[Any], list[str]],
    ) -> None:
        """Send the result of a call and, in a second message, its arguments if the call changed them."""
        facts = (raised, changed, *rest)
        buffers = _packed((value, *facts), lambda: (sendable(value), *facts))
        if changed:
            buffers += _packed(args, lambda: _sendable_each(args))
        self._channel.send(buffers)

    # Reading and running the submission

    def _digest(self, request: Facts) -> None:
        try:
            digest = digest_of_code(request["file"], decode(request["source"]))
        except (ValueError, RecursionError, MemoryError):
            digest = ""
        self._reply({"digest": digest})

    def _load(self, request: Facts) -> None:
        self._drivers = request["drivers"]
        path = Path(request["file"])
        try:
            text = decode(request["source"])
            self._submission = from_source(text, path, Helpers(tuple(Helper(*row) for row in request["helpers"])))
            given = Given(*request["given"])
            if replaced := {*request["stand_ins"], *given.functions}:
                self._submission = without_definitions(self._submission, replaced)
            answer = pack(
                describe_source(
                    self._submission,
                    request["exercises"],
                    with_shapes=request.get("shapes", False),
                    code=request.get("code", ()),
                ),
                REPLY_LIMITS,
            )
        except ValueError as error:
            self._reply({"problem": clip(str(error))})
            return
        except (RecursionError, MemoryError):
            self._reply({"problem": "it is nested too deep, or too large, for Python"})
            return
        except Unsendable:  # each count is within its limit, all together are not
            self._reply({"problem": "its cells and names are too many and too long to be read together"})
            return
        for cell in self._submission.cells:  # for tracebacks: the files cannot be read from here
            if cell.file not in linecache.cache:
                remember_lines(cell.file, text if cell.on_disk else cell.source)
        for helper in self._submission.helpers.files:
            remember_lines(helper.file, helper.text)
        self._channel.send(answer)
        self._steps = Float64Steps(self._submission.files) if request["in_float64"] else None
        if request["run"]:
            self._stand_ins = StandInNames(request["stand_ins"], given)
            self._run_cells(path, request["skip"], LastFunctions(self._submission.rebound(request["functions"])))

    def _run_cells(self, path: Path, skip: list[int], last: LastFunctions) -> None:
        self._imports = HelperImports(self._submission.helpers, self._stand_ins.functions)
        self._imports.begin()
        self._namespace = fresh_namespace(path)
        self._stand_ins.bind(self._namespace)
        self._alarm.install()
        gc.freeze()  # what was read stays to the end
        gc.enable()
        with kept_settings() as settings:
            for index in range(len(self._submission.cells)):
                if index not in skip:
                    self._reply({"cell": index, "raised": self._run_cell(index, last)})
                    self._stand_ins.bind(self._namespace)
        self._stand_ins.take_called()
        rebound = {name: clip(kind, MAX_NAME_CHARS) for name, kind in last.restore(self._namespace).items()}
        taken = list(taken_names(self._namespace, self._submission))
        effects = {"settings": settings, "taken": taken, "rebound": rebound}
        try:
            answer = pack({"names": names_row(self._namespace), **effects}, REPLY_LIMITS)
        except Unsendable:  # not too many, but too long together
            answer = pack({"names": len(self._namespace), **effects}, REPLY_LIMITS)
        self._channel.send(answer)

    def _run_cell(self, index: int, last: LastFunctions) -> RaisedRow | None:
        try:
            code = compiled(self._submission.cells[index]).code
        except SyntaxError:
            return None  # among the syntax problems already
        try:
            with self._alarm, self._steps or contextlib.nullcontext():
                run_code(code, self._namespace, last)
        except BaseException as error:
            return raised_row(error, self._submission.files)
        finally:
            ensure_recursion_limit()
        return None

    # Calling

    def _call(self, args: tuple[Any, ...]) -> None:
        """Make one call of the check that was begun. Nothing is known here of the calls after it."""
        before = fresh(args)
        value, raised = None, None
        try:
            with self._alarm, self._recorder:
                value = self._function(*args)
        except BaseException as error:
            value, raised = None, raised_row(error, self._submission.files)
        ensure_recursion_limit()
        rest = breach_rows(self._recorder.take()), list(self._stand_ins.take_called())
        self._reply_to_call(value, raised, args, not identical(before, args), rest)

    def _begin(self, request: Facts) -> None:
        """Prepare the calls of a check: settings of torch, also its random state, last until the next check begins."""
        self._settings.close()
        self._settings.enter_context(kept_settings())
        try:
            self._function = self._target(request["target"], request["driver"])
        except BaseException as error:
            self._function = _raising(error)
        self._recorder = self._steps or CallRecorder(request["forbids"], self._submission.files)
        self._alarm.install()

    def _target(self, name: str, driver: bool) -> Callable[..., Any]:
        if not driver:
            return cast(Callable[..., Any], self._namespace[name])
        if self._driver_functions is None:
            functions: dict[str, Any] = {"__name__": "drivers", "__file__": _DRIVERS_FILE}
            remember_lines(_DRIVERS_FILE, self._drivers)
            exec(driver_code(self._drivers), functions)
            self._driver_functions = functions
        drive, names = self._driver_functions[name], SimpleNamespace(**self._namespace)
        return lambda *args: drive(names, *args)


def _raising(error: BaseException) -> Callable[..., Any]:
    def function(*_: Any) -> Any:
        raise error

    return function


def _sendable_each(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return arguments as they can be sent together: with a stand-in for each that cannot, or for all."""
    each = tuple(map(sendable, args))
    if isinstance(sendable(each), tuple):
        return each
    return tuple(stand_in_class("object")("an argument: all together are too large") for _ in args)


def _packed(message: Any, with_stand_ins: Callable[[], Any]) -> list[Any]:
    """Encode a message; if that fails, for whatever reason, encode the one with stand-ins in place of values."""
    try:
        return pack(message, REPLY_LIMITS)
    except Exception:  # student classes may raise anything; the stand-in says what it was
        return pack(with_stand_ins(), REPLY_LIMITS)
