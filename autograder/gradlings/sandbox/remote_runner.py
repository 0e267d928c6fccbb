"""A submission whose code runs in a worker: a `SubmissionRunner`, as `LocalRunner` is in this process.

Everything that comes back is checked for its form and taken as a value, never as a verdict. What was forbidden in the
source was read before the submission ran; time is the judge's own clock; a worker that hangs, dies or sends an answer
that makes no sense is killed, and the next check gets a new one in which the cells are run again.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gradlings.checks.call_variants import Calls
from gradlings.execution.runner_protocol import Target, loading_problems
from gradlings.forbidden.runtime_recorder import merged
from gradlings.model.exercise import Exercise
from gradlings.model.observation import CallResult, Raised
from gradlings.model.rules import Breach
from gradlings.model.scorecard import Verdict
from gradlings.model.text import without_control_characters
from gradlings.sandbox.processes import WorkerDied, WorkerProcess
from gradlings.sandbox.reply_validation import failure_text, parse_breaches, parse_raised, require_fields
from gradlings.sandbox.settings import TIMEOUTS, Timeouts
from gradlings.sandbox.source_facts import Material, facts_from, names_from, names_used_by_driver, unreadable
from gradlings.sandbox.stopwatch import Stopwatch
from gradlings.sandbox.wire.channel import ChannelClosed, Frame, ReplyTimeout
from gradlings.sandbox.wire.encode import pack
from gradlings.sandbox.wire.types import REQUEST_LIMITS, MalformedMessage
from gradlings.submission.reader import Submission, shown

_NO_MEMORY = re.compile(r"can't allocate memory|not enough memory|out of memory", re.IGNORECASE)
_SEND_TIMEOUT_SECONDS = 20.0
_MAX_KEPT_REPLY_BYTES = 4096


class RemoteRunner:
    """A submission in a worker. Made by `Judge.load`.

    Args:
        material: the submission and what its worker is given with it.
        fork: starts a worker.
        clock: how long things may take.
    """

    tried_on_virtual_gpu = False  # it pretends in the process that it runs in; grading is on the CPU
    in_notebook = False

    def __init__(self, material: Material, fork: Callable[[], WorkerProcess], clock: Timeouts = TIMEOUTS) -> None:
        self.submission = Submission(Path(material.filename), (), {})
        self.cell_errors: list[tuple[int, Raised]] = []
        self._material, self._fork, self._clock = material, fork, clock
        self._left = clock.whole
        self._worker: WorkerProcess | None = None
        self._skipped: set[int] = set()
        self._names: dict[str, str] = {}
        self._breaches_in_source: dict[str, tuple[Breach, ...]] = {}
        """By exercise."""
        self._start()

    def problems(self) -> list[str]:
        """Return one sentence for each cell that cannot be read or that failed."""
        return loading_problems(self.submission, self.cell_errors)

    def type_of(self, name: str) -> str:
        """Return "" if the submission binds no such name, "function" if it can be called, else its type's name."""
        return self._names.get(name, "")

    def needed_by(self, target: Target, functions: tuple[str, ...]) -> tuple[str, ...]:
        """Return which of an exercise's functions a target calls."""
        if not target.driver:
            return (target.name,)
        used = names_used_by_driver(self._material.drivers, target.name)
        return tuple(name for name in functions if name in used) or functions

    def results(
        self, target: Target, calls: Sequence[tuple[Any, ...]], exercise: Exercise
    ) -> tuple[list[CallResult], tuple[Breach, ...]]:
        """Call the target on each argument tuple; see `SubmissionRunner.results`."""
        if not exercise.forbids:
            return self._call(target, calls, exercise)[0], ()
        in_source = self._forbidden_in_source(exercise)
        results, recorded = self._call(target, calls, exercise, exercise.forbids)
        return results, merged(in_source, recorded)

    def result(self, target: Target, args: tuple[Any, ...], exercise: Exercise) -> CallResult:
        """Call the target once."""
        results, _ = self._call(target, [args], exercise)
        return results[0]

    def bound(self, target: Target) -> Callable[..., Any]:
        """Raise `RuntimeError`: there is no bare function here."""
        raise RuntimeError("the functions of this submission run in another process")

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    # Starting a worker: it reads the source, then runs the cells

    def _start(self) -> None:
        """Fork a worker and have it run the cells, but those that ended or hung an earlier one."""
        while self._left > 0:
            try:
                self._worker = self._fork()
                stopped_at = self._load(self._worker)
            except (ReplyTimeout, WorkerDied, MalformedMessage) as error:
                self.close()
                if not self.submission.cells and not self.submission.problem:
                    self.submission = unreadable(self.submission.path, failure_text(error, "reading it"))
                return
            if stopped_at is None:
                return
            self.close()
            self._skipped.add(stopped_at)

    def _load(self, worker: WorkerProcess) -> int | None:
        """Have a worker read the source and run the cells; return the index of a cell that ended or hung it."""
        exercises = self._material.exercises
        self._send(worker, self._material.load_request(exercises, skip=sorted(self._skipped)))
        answer = self._receive(self._stopwatch(worker, self._clock.cells))
        if not self.submission.cells and not self.submission.problem:  # of later workers: some of it has run by then
            facts = facts_from(answer, self.submission.path, exercises)
            self.submission, self._breaches_in_source = facts.submission, facts.breaches
        if self.submission.problem:
            return None
        watch = self._stopwatch(worker, self._clock.cells)
        for index in range(len(self.submission.cells)):
            if index in self._skipped:
                continue
            try:
                reply = require_fields(self._receive(watch), "cell", "raised")
                if reply["cell"] != index:
                    raise MalformedMessage("another cell's answer")
                raised = parse_raised(reply["raised"], self.submission.files)
            except (ReplyTimeout, WorkerDied, MalformedMessage) as error:
                self._note_cell(index, self._end_of_cell(index, error))
                return index
            if raised is not None:
                self._note_cell(index, raised)
                if raised.kind == "TimeUp":  # the cells after it get as much again
                    watch = self._stopwatch(worker, self._clock.cells)
        try:
            self._names = names_from(self._receive(watch))
        except ReplyTimeout:
            raise WorkerDied("it went on after its last cell", None) from None
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

    def _forbidden_in_source(self, exercise: Exercise) -> tuple[Breach, ...]:
        """Return what the source uses though it is forbidden.

        For an exercise that was not among the material's, a new worker reads the source and runs nothing.
        """
        if exercise.id not in self._breaches_in_source:
            reader = self._fork()
            try:
                self._send(reader, self._material.load_request([exercise], run=False))
                answer = self._receive(self._stopwatch(reader, self._clock.cells))
                self._breaches_in_source |= facts_from(answer, self.submission.path, [exercise]).breaches
            finally:
                reader.close()
        return self._breaches_in_source[exercise.id]

    # Calling

    def _call(
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
            self._send(worker, request, _packed_calls(calls))
            watch = self._stopwatch(worker, exercise.seconds)
            for index in range(len(calls)):
                results.append(self._next_result(watch, calls, index))
                if results[-1].raised is not None and results[-1].raised.kind in ("MemoryError", "TimeUp"):
                    break
            recorded = parse_breaches(require_fields(self._receive(watch), "breaches")["breaches"])
        except (ReplyTimeout, WorkerDied, MalformedMessage) as error:
            worker.kill()
            self._show_printed(worker)
            self.close()
            if len(results) == len(calls):
                results.pop()  # it answered every call and then did not stop
            return [*results, self._failed(error)], []
        self._show_printed(worker)
        return results, list(recorded)

    def _next_result(self, watch: Stopwatch, calls: Sequence[tuple[Any, ...]], index: int) -> CallResult:
        """Return what the next call gave; a reply with the very bytes of an earlier submission's is the same result."""
        frame = self._receive_frame(watch)
        memory = calls.memory if isinstance(calls, Calls) and frame.size <= _MAX_KEPT_REPLY_BYTES else None
        content = (frame.header, bytes(frame.body)) if memory else (b"", b"")
        known = memory.known_reply(calls, index, content) if memory else None
        if known is not None:
            return known
        answer = frame.value()
        if type(answer) is not tuple or len(answer) != 3:
            raise MalformedMessage("an answer to another question")
        value, error, changed = answer
        after = self._receive(watch) if changed is True else calls[index]
        if type(after) is not tuple or len(after) != len(calls[index]):
            raise MalformedMessage("the arguments afterwards")
        result = self._result_from(value, error, after)
        if memory and result.raised is None and changed is False:
            memory.keep_reply(calls, index, content, result)
        return result

    def _result_from(self, value: Any, error: Any, after: tuple[Any, ...]) -> CallResult:
        raised = parse_raised(error, self.submission.files)
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

    # Messages to and from the worker

    def _send(self, worker: WorkerProcess, request: dict[str, Any], further: Sequence[bytes] = ()) -> None:
        try:
            worker.channel.send([*pack(request, REQUEST_LIMITS), *further], time.monotonic() + _SEND_TIMEOUT_SECONDS)
        except ChannelClosed:
            raise worker.exit_reason() from None

    def _stopwatch(self, worker: WorkerProcess, seconds: float) -> Stopwatch:
        return Stopwatch(worker, min(seconds, self._left))

    def _receive(self, watch: Stopwatch) -> Any:
        return self._receive_frame(watch).value()

    def _receive_frame(self, watch: Stopwatch) -> Frame:
        """Wait for the next frame, by the judge's own clock; the time counts against the whole submission."""
        start = time.monotonic()
        try:
            return watch.frame()
        finally:
            self._left -= time.monotonic() - start

    def _show_printed(self, worker: WorkerProcess) -> None:
        """Write what the submission printed to where pytest captures it for the scorecard."""
        text = without_control_characters(worker.printed())
        if text:
            sys.stdout.write(text)


def _packed_calls(calls: Sequence[tuple[Any, ...]]) -> list[bytes]:
    """Pack each call's arguments as a message of their own; those of a ladder once for the whole class."""

    def pack_each() -> list[bytes]:
        return [b"".join(pack(tuple(call), REQUEST_LIMITS)) for call in calls]

    return calls.memory.recall(("packed", calls), pack_each) if isinstance(calls, Calls) else pack_each()
