"""A submission whose code runs in a worker: a `SubmissionRunner`, as `LocalRunner` is in this process.

Everything that comes back is checked for its form and taken as a value, never as a verdict. What was forbidden in the
source was read before the submission ran; time is the judge's own clock; a worker that hangs, dies or sends an answer
that makes no sense is killed, and the next check gets a new one in which the cells are run again.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from gradlings.checks.call_variants import Calls
from gradlings.execution.runner_protocol import Target, loading_problems
from gradlings.forbidden.runtime_recorder import merged
from gradlings.model.exercise import Exercise
from gradlings.model.observation import CallResult, Raised
from gradlings.model.rules import Breach
from gradlings.model.scorecard import Verdict
from gradlings.model.text import without_control_characters
from gradlings.sandbox.loading import Loader, send
from gradlings.sandbox.processes import WorkerDied, WorkerProcess
from gradlings.sandbox.reply_validation import failure_text, parse_breaches, parse_raised, require_fields
from gradlings.sandbox.source_facts import names_used_by_driver
from gradlings.sandbox.stopwatch import Stopwatch
from gradlings.sandbox.wire.channel import ReplyTimeout
from gradlings.sandbox.wire.encode import pack
from gradlings.sandbox.wire.types import REQUEST_LIMITS, MalformedMessage
from gradlings.submission.reader import Submission

_NO_MEMORY = re.compile(r"can't allocate memory|not enough memory|out of memory", re.IGNORECASE)
_MAX_KEPT_REPLY_BYTES = 4096


class RemoteRunner:
    """A submission in a worker, which `fork` starts. Made by `Judge.load`."""

    tried_on_virtual_gpu = False  # it pretends in the process that it runs in; grading is on the CPU
    in_notebook = False

    def __init__(self, loader: Loader) -> None:
        self._loader, self._budget = loader, loader.budget
        self._worker = loader.start()

    @property
    def submission(self) -> Submission:
        """What the source says, read in a worker before the first byte of it ran."""
        return self._loader.submission

    @property
    def cell_errors(self) -> list[tuple[int, Raised]]:
        """What cells raised, by the index of the cell."""
        return self._loader.cell_errors

    def problems(self) -> list[str]:
        """Return one sentence for each cell that cannot be read or that failed."""
        return loading_problems(self.submission, self.cell_errors)

    def type_of(self, name: str) -> str:
        """Return "" if the submission binds no such name, "function" if it can be called, else its type's name."""
        return self._loader.names.get(name, "")

    def needed_by(self, target: Target, functions: tuple[str, ...]) -> tuple[str, ...]:
        """Return which of an exercise's functions a target calls."""
        if not target.driver:
            return (target.name,)
        used = names_used_by_driver(self._loader.material.drivers, target.name)
        return tuple(name for name in functions if name in used) or functions

    def results(
        self, target: Target, calls: Sequence[tuple[Any, ...]], exercise: Exercise
    ) -> tuple[list[CallResult], tuple[Breach, ...]]:
        """Call the target on each argument tuple; see `SubmissionRunner.results`."""
        in_source = self._loader.forbidden_in_source(exercise) if exercise.forbids else ()
        results, recorded = self._call(target, calls, exercise, exercise.forbids)
        return results, merged(in_source, recorded) if exercise.forbids else ()

    def result(self, target: Target, args: tuple[Any, ...], exercise: Exercise) -> CallResult:
        """Call the target once."""
        return self._call(target, [args], exercise)[0][0]

    def bound(self, target: Target) -> Callable[..., Any]:
        """Raise `RuntimeError`: there is no bare function here."""
        raise RuntimeError("the functions of this submission run in another process")

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    # Calling

    def _call(
        self, target: Target, calls: Sequence[tuple[Any, ...]], exercise: Exercise, watched: Sequence[str] = ()
    ) -> tuple[list[CallResult], list[Breach]]:
        if self._worker is None:
            self._worker = self._loader.start()
        if self._worker is None:
            return [self._out_of_time()], []
        worker, results = self._worker, list[CallResult]()
        request = {"do": "call", "target": target.name, "driver": target.driver}
        request |= {"forbids": list(watched), "calls": len(calls)}
        try:
            send(worker, *pack(request, REQUEST_LIMITS), *_packed_calls(calls))
            watch = Stopwatch(worker, exercise.seconds, self._budget)
            for index in range(len(calls)):
                results.append(self._next_result(watch, calls, index))
                if results[-1].raised is not None and results[-1].raised.kind in ("MemoryError", "TimeUp"):
                    break
            recorded = parse_breaches(require_fields(watch.value(), "breaches")["breaches"])
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
        frame = watch.frame()
        small = len(frame.header) + len(frame.body) <= _MAX_KEPT_REPLY_BYTES
        memory = calls.memory if small and isinstance(calls, Calls) else None
        content = (frame.header, bytes(frame.body)) if memory else (b"", b"")
        known = memory.known_reply(calls, index, content) if memory else None
        if known is not None:
            return known
        answer = frame.value()
        if type(answer) is not tuple or len(answer) != 3:
            raise MalformedMessage("an answer to another question")
        value, error, changed = answer
        after = watch.value() if changed is True else calls[index]
        if type(after) is not tuple or len(after) != len(calls[index]):
            raise MalformedMessage("the arguments afterwards")
        result = _result(value, parse_raised(error, self.submission.files), after)
        if memory and result.raised is None and changed is False:
            memory.keep_reply(calls, index, content, result)
        return result

    def _failed(self, error: Exception) -> CallResult:
        if isinstance(error, ReplyTimeout):
            if self._budget.wait_seconds <= 0:
                return self._out_of_time()
            return CallResult(Verdict.TIMEOUT, None, Raised("TimeUp", "", "", ()))
        message = f"The process that ran your code is gone: {failure_text(error, 'the call')}."
        return CallResult(Verdict.CRASH, None, Raised("Crash", message, "", ()))

    def _out_of_time(self) -> CallResult:
        message = f"Your whole file may take {self._budget.limits.wait_seconds:g} s; they are used up."
        return CallResult(Verdict.TIMEOUT, None, Raised("TimeUp", message, "", ()))

    def _show_printed(self, worker: WorkerProcess) -> None:
        """Write what the submission printed to where pytest captures it for the scorecard."""
        sys.stdout.write(without_control_characters(worker.printed()))


def _result(value: Any, raised: Raised | None, after: tuple[Any, ...]) -> CallResult:
    if raised is None:
        return CallResult(Verdict.PASS, value, None, after)
    if raised.kind == "TimeUp":
        return CallResult(Verdict.TIMEOUT, None, raised, after)
    no_memory = raised.kind == "MemoryError" or (raised.kind == "RuntimeError" and _NO_MEMORY.search(raised.message))
    return CallResult(Verdict.MEMORY if no_memory else Verdict.ERROR, None, raised, after)


def _packed_calls(calls: Sequence[tuple[Any, ...]]) -> list[bytes]:
    """Pack each call's arguments as a message of their own; those of a ladder once for the whole class."""

    def pack_each() -> list[bytes]:
        return [b"".join(pack(tuple(call), REQUEST_LIMITS)) for call in calls]

    return calls.memory.recall(("packed", calls), pack_each) if isinstance(calls, Calls) else pack_each()
