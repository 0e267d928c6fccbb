"""A submission whose code runs in a worker: the same surface as `gradlings.execution.local_runner.LoadedSubmission`.

Everything that comes back is checked for its form and taken as a value, never as a verdict. What was forbidden in the
source was read before the submission ran; time is the judge's own clock; a worker that hangs, dies or answers nonsense
is killed, and the next check gets a new one in which the cells are run again.
"""

from __future__ import annotations

import ast
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from gradlings.checks.probes import Calls
from gradlings.execution.local_runner import LoadedSubmission, Target
from gradlings.forbidden.runtime_recorder import merged
from gradlings.model.exercise import Exercise
from gradlings.model.observation import CallResult, Raised
from gradlings.model.rules import Breach
from gradlings.model.scorecard import Verdict
from gradlings.model.text import without_control_characters
from gradlings.sandbox.processes import WorkerDied, WorkerProcess
from gradlings.sandbox.reply_validation import failure_text, parse_breaches, parse_raised, require_fields, require_row
from gradlings.sandbox.settings import TIMEOUTS, Timeouts
from gradlings.sandbox.stopwatch import Stopwatch
from gradlings.sandbox.wire.channel import ChannelClosed, Frame, ReplyTimeout
from gradlings.sandbox.wire.encode import pack
from gradlings.sandbox.wire.types import REQUEST_LIMITS, MalformedMessage
from gradlings.submission.cells import Cell, Function
from gradlings.submission.reader import Submission, SyntaxProblem, shown

_NO_MEMORY = re.compile(r"can't allocate memory|not enough memory|out of memory", re.IGNORECASE)
_START = 20.0
_SMALL = 4096
"""Bytes of an answer that is worth keeping."""
_MOST_KEPT = 16
"""Answers to one call that are kept."""


@dataclass(frozen=True)
class Material:
    """What a worker is given."""

    data: bytes
    filename: str
    drivers: str
    exercises: tuple[Exercise, ...] = ()
    """Those whose forbidden names are looked for in the source before it runs."""


class RemoteSubmission(LoadedSubmission):
    """A submission in a worker. Made by `Judge.load`."""

    tried_on_virtual_gpu = False  # it pretends in the process that it runs in; grading is on the CPU

    def __init__(self, material: Material, fork: Callable[[], WorkerProcess], clock: Timeouts = TIMEOUTS) -> None:
        self._material, self._fork, self._clock = material, fork, clock
        self._left = clock.whole
        self._worker: WorkerProcess | None = None
        self._skipped: set[int] = set()
        self._names: dict[str, str] = {}
        self._breaches_read: dict[str, tuple[Breach, ...]] = {}
        self.cell_errors: list[tuple[int, Raised]] = []
        self.submission = Submission(Path(material.filename), (), {})
        self._start()

    # The surface of a loaded submission

    def type_of(self, name: str) -> str:
        return self._names.get(name, "")

    def needed_by(self, target: Target, functions: tuple[str, ...]) -> tuple[str, ...]:
        if not target.driver:
            return (target.name,)
        used = _names_used(self._material.drivers, target.name)
        return tuple(name for name in functions if name in used) or functions

    def outcomes(
        self, target: Target, calls: Sequence[tuple[Any, ...]], exercise: Exercise
    ) -> tuple[list[CallResult], tuple[Breach, ...]]:
        if not exercise.forbids:
            return self._ask(target, calls, exercise)[0], ()
        in_source = self._in_source(exercise)
        results, recorded = self._ask(target, calls, exercise, exercise.forbids)
        return results, merged(in_source, recorded)

    def outcome(self, target: Target, args: tuple[Any, ...], exercise: Exercise) -> CallResult:
        results, _ = self._ask(target, [args], exercise)
        return results[0]

    def bound(self, target: Target) -> Callable[..., Any]:
        raise RuntimeError("the functions of this submission run in another process")

    def close(self) -> None:
        """Ends the worker."""
        self._drop()

    # Starting a worker: read, then run the cells

    def _start(self) -> None:
        """Forks a worker and has it run the cells, leaving out those that ended or hung an earlier one."""
        while self._left > 0:
            first = not self.submission.cells
            try:
                worker = self._worker = self._fork()
                following = self._load(worker)
            except (ReplyTimeout, WorkerDied, MalformedMessage) as error:
                self._drop()
                if first and not self.submission.cells and not self.submission.problem:
                    problem = f"{shown(self.submission.path)} cannot be read: {failure_text(error, 'reading it')}"
                    self.submission = Submission(self.submission.path, (), {}, problem=problem)
                return
            if following is None:
                return
            self._drop()
            self._skipped.add(following)

    def _load(self, worker: WorkerProcess) -> int | None:
        """The facts of the source, then how each cell ended; the index of the cell that ended or hung the worker."""
        material = self._material
        asked = [(exercise.functions, exercise.forbids) for exercise in material.exercises]
        request = {
            "do": "load",
            "run": True,
            "file": material.filename,
            "source": material.data,
            "drivers": material.drivers,
            "exercises": asked,
            "skip": sorted(self._skipped),
        }
        self._tell(worker, request)
        self._take_facts(self._hear(self._stopwatch(worker, self._clock.cells)))
        if self.submission.problem:
            return None
        watch = self._stopwatch(worker, self._clock.cells)
        for index in range(len(self.submission.cells)):
            if index in self._skipped:
                continue
            try:
                answer = self._hear(watch)
                told = require_fields(answer, "cell", "raised")
                if told["cell"] != index:
                    raise MalformedMessage("another cell's answer")
                raised = parse_raised(told["raised"], self.submission.files)
            except (ReplyTimeout, WorkerDied, MalformedMessage) as error:
                self._note_cell(index, self._end_of_cell(index, error))
                return index
            if raised is not None:
                self._note_cell(index, raised)
                if raised.kind == "TimeUp":  # the cells after it get as much again
                    watch = self._stopwatch(worker, self._clock.cells)
        try:
            names = require_fields(self._hear(watch), "names")["names"]
        except ReplyTimeout:
            raise WorkerDied("it went on after its last cell", None) from None
        if type(names) is not dict or not all(type(k) is str and type(v) is str for k, v in names.items()):
            raise MalformedMessage("names")
        self._names = names
        return None

    def _note_cell(self, index: int, raised: Raised) -> None:
        if all(known != index for known, _ in self.cell_errors):
            self.cell_errors.append((index, raised))
            self.cell_errors.sort(key=lambda entry: entry[0])

    def _end_of_cell(self, index: int, error: Exception) -> Raised:
        cell = self.submission.cells[index]
        place = f"{shown(cell.file)}:{cell.first_line}"
        if isinstance(error, ReplyTimeout):
            return Raised("TimeUp", "", place, ())
        return Raised("Crash", failure_text(error, "it"), place, ())

    def _take_facts(self, answer: Any) -> None:
        """What the source says: taken once, from the first worker, before a byte of it has run."""
        if self.submission.cells or self.submission.problem:
            return
        path = self.submission.path
        if type(answer) is dict and answer.keys() == {"problem"} and type(answer["problem"]) is str:
            problem = f"{shown(path)} cannot be read: {without_control_characters(answer['problem'])}"
            self.submission = Submission(path, (), {}, problem=problem)
            return
        facts = require_fields(answer, "problem", "cells", "functions", "syntax", "breaches")
        cells = tuple(Cell(*require_row(row, str, str, int)) for row in facts["cells"])
        functions = [Function(*require_row(row, str, str, int, bool)) for row in facts["functions"]]
        problems = tuple(SyntaxProblem(*require_row(row, str, int, str, str)) for row in facts["syntax"])
        self.submission = Submission(path, cells, {function.name: function for function in functions}, problems)
        read = facts["breaches"]
        if type(read) is not list or len(read) != len(self._material.exercises):
            raise MalformedMessage("breaches")
        for exercise, rows in zip(self._material.exercises, read, strict=True):
            self._breaches_read[exercise.id] = parse_breaches(rows)

    def _in_source(self, exercise: Exercise) -> tuple[Breach, ...]:
        """What the source forbids; for an exercise not announced before, a new worker reads it and runs nothing."""
        if exercise.id not in self._breaches_read:
            reader = self._fork()
            try:
                material = self._material
                request = {
                    "do": "load",
                    "run": False,
                    "file": material.filename,
                    "source": material.data,
                    "drivers": "",
                    "exercises": [(exercise.functions, exercise.forbids)],
                    "skip": [],
                }
                self._tell(reader, request)
                answer = self._hear(self._stopwatch(reader, self._clock.cells))
                (rows,) = require_fields(answer, "problem", "cells", "functions", "syntax", "breaches")["breaches"]
                self._breaches_read[exercise.id] = parse_breaches(rows)
            finally:
                reader.close()
        return self._breaches_read[exercise.id]

    # Calling

    def _ask(
        self, target: Target, calls: Sequence[tuple[Any, ...]], exercise: Exercise, watched: Sequence[str] = ()
    ) -> tuple[list[CallResult], list[Breach]]:
        if self._worker is None and self._left > 0:
            self._start()
        if self._worker is None:
            return [self._out_of_time()], []
        worker, results = self._worker, list[CallResult]()
        request = {
            "do": "call",
            "target": target.name,
            "driver": target.driver,
            "forbids": list(watched),
            "calls": len(calls),
        }
        try:
            self._tell(worker, request, _packed_calls(calls))
            watch = self._stopwatch(worker, exercise.seconds)
            for index in range(len(calls)):
                results.append(self._next_outcome(watch, calls, index))
                if results[-1].raised is not None and results[-1].raised.kind in ("MemoryError", "TimeUp"):
                    break
            recorded = parse_breaches(require_fields(self._hear(watch), "breaches")["breaches"])
        except (ReplyTimeout, WorkerDied, MalformedMessage) as error:
            worker.kill()
            self._show_printed(worker)
            self._drop()
            if len(results) == len(calls):
                results.pop()  # it answered every call and then did not stop
            return [*results, self._failed(error)], []
        self._show_printed(worker)
        return results, list(recorded)

    def _next_outcome(self, watch: Stopwatch, calls: Sequence[tuple[Any, ...]], index: int) -> CallResult:
        """What the next call gave. An answer with the very bytes of an earlier submission's is taken for the same."""
        frame = self._hear_frame(watch)
        known = calls.answers.setdefault(index, {}) if isinstance(calls, Calls) else {}
        form = (frame.header, bytes(frame.body)) if frame.size <= _SMALL else (b"", b"")
        if form in known:
            return known[form]
        answer = frame.value()
        if type(answer) is not tuple or len(answer) != 3:
            raise MalformedMessage("an answer to another question")
        value, told, changed = answer
        after = self._hear(watch) if changed is True else calls[index]
        if type(after) is not tuple or len(after) != len(calls[index]):
            raise MalformedMessage("the arguments afterwards")
        outcome = self._outcome_from(value, told, after)
        if outcome.raised is None and changed is False and frame.size <= _SMALL and len(known) < _MOST_KEPT:
            outcome = known[form] = replace(outcome, judged={})
        return outcome

    def _outcome_from(self, value: Any, told: Any, after: tuple[Any, ...]) -> CallResult:
        raised = parse_raised(told, self.submission.files)
        if raised is None:
            return CallResult(Verdict.PASS, value, None, after)
        if raised.kind == "TimeUp":
            return CallResult(Verdict.TIMEOUT, None, raised, after)
        no_memory = raised.kind == "MemoryError" or (
            raised.kind == "RuntimeError" and _NO_MEMORY.search(raised.message)
        )
        return CallResult(Verdict.MEMORY if no_memory else Verdict.ERROR, None, raised, after)

    def _failed(self, error: Exception) -> CallResult:
        if isinstance(error, ReplyTimeout):
            if self._left <= 0:
                return self._out_of_time()
            return CallResult(Verdict.TIMEOUT, None, Raised("TimeUp", "", "", ()))
        message = f"The process that ran your code is gone: {failure_text(error, 'the call')}."
        return CallResult(Verdict.CRASH, None, Raised("Crash", message, "", ()))

    def _out_of_time(self) -> CallResult:
        message = f"Your whole file may take {self._clock.whole:g} s; they are used up."
        return CallResult(Verdict.TIMEOUT, None, Raised("TimeUp", message, "", ()))

    # Talking to the worker

    def _tell(self, worker: WorkerProcess, request: dict[str, Any], further: Sequence[bytes] = ()) -> None:
        try:
            worker.channel.send([*pack(request, REQUEST_LIMITS), *further], time.monotonic() + _START)
        except ChannelClosed:
            raise worker.exit_reason() from None

    def _stopwatch(self, worker: WorkerProcess, seconds: float) -> Stopwatch:
        return Stopwatch(worker, min(seconds, self._left))

    def _hear(self, watch: Stopwatch) -> Any:
        return self._hear_frame(watch).value()

    def _hear_frame(self, watch: Stopwatch) -> Frame:
        """The next answer, by the judge's own clock; what is waited for counts against the whole submission."""
        start = time.monotonic()
        try:
            return watch.frame()
        finally:
            self._left -= time.monotonic() - start

    def _show_printed(self, worker: WorkerProcess) -> None:
        """What the submission printed, where pytest captures it for the scorecard."""
        text = without_control_characters(worker.printed())
        if text:
            sys.stdout.write(text)

    def _drop(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None


def digest_in_worker(worker: WorkerProcess, data: bytes, filename: str, seconds: float) -> str:
    """What a submission's code is, as SHA-256, without running it.

    Raises:
        ValueError: there was no proper answer.
    """
    deadline = time.monotonic() + seconds
    try:
        worker.channel.send(pack({"do": "digest", "file": filename, "source": data}, REQUEST_LIMITS), deadline)
        (answer,) = require_fields(worker.channel.receive(deadline=deadline), "digest").values()
    except (ReplyTimeout, ChannelClosed, MalformedMessage) as error:
        raise ValueError(f"{filename} cannot be read: {failure_text(error, 'reading it')}") from None
    if type(answer) is not str or not re.fullmatch("[0-9a-f]{64}", answer):
        raise ValueError(f"{filename} is not a notebook")
    return answer


def _packed_calls(calls: Sequence[tuple[Any, ...]]) -> tuple[bytes, ...]:
    """Each call's arguments as a message of their own. Those of a ladder are packed once for the whole class."""
    return _packed_once(calls) if isinstance(calls, Calls) else tuple(map(_packed_call, calls))


@lru_cache(maxsize=256)
def _packed_once(calls: Calls) -> tuple[bytes, ...]:
    return tuple(map(_packed_call, calls))


def _packed_call(call: tuple[Any, ...]) -> bytes:
    return b"".join(pack(tuple(call), REQUEST_LIMITS))


@lru_cache(maxsize=64)
def _names_used(drivers: str, name: str) -> frozenset[str]:
    """The names in the code of one driver: read from the judge's own copy, not run."""
    for node in ast.parse(drivers).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            module = compile(ast.Module([node], []), "drivers.py", "exec")
            codes = [constant for constant in module.co_consts if isinstance(constant, CodeType)]
            return frozenset(code_name for code in codes if code.co_name == name for code_name in code.co_names)
    raise KeyError(name)
