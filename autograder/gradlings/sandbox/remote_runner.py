"""A submission whose code runs in a worker: a `SubmissionRunner`, as `LocalRunner` is in this process.

Everything that comes back is checked for its form and taken as a value, never as a verdict. What was forbidden in the
source was read before the submission ran; time is the judge's own clock; a worker that hangs, dies or sends an answer
that makes no sense is killed, and the next check gets a new one in which the cells are run again.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

from gradlings.checks.call_variants import Calls
from gradlings.execution.kept_settings import NO_SIDE_EFFECTS, SideEffects
from gradlings.execution.runner_protocol import Target, loading_problems
from gradlings.model.exercise import Exercise
from gradlings.model.observation import CallResult, NotKept, Raised
from gradlings.model.rules import Breach
from gradlings.model.scorecard import Verdict
from gradlings.model.text import without_control_characters
from gradlings.sandbox.budget import OverBudget
from gradlings.sandbox.loading import Loader, send
from gradlings.sandbox.processes import WorkerDied, WorkerFailed, WorkerProcess
from gradlings.sandbox.reply_validation import failure_text, parse_breaches, parse_names, parse_raised
from gradlings.sandbox.source_facts import names_used_by_driver
from gradlings.sandbox.stopwatch import Stopwatch
from gradlings.sandbox.wire.channel import ReplyTimeout
from gradlings.sandbox.wire.encode import pack
from gradlings.sandbox.wire.types import REQUEST_LIMITS, MalformedMessage
from gradlings.submission.reader import Submission

_NO_MEMORY = re.compile(r"can't allocate memory|not enough memory|out of memory", re.IGNORECASE)
_MAX_KEPT_REPLY_BYTES = 4096
_MEMORY_PER_HEADER_BYTE = 20
"""A list takes so much more memory than its JSON."""


class RemoteRunner:
    """A submission in a worker, which `fork` starts. Made by `Judge.load`."""

    tried_on_virtual_gpu = False  # it pretends in the process that it runs in; grading is on the CPU
    in_notebook = False

    def __init__(self, loader: Loader) -> None:
        self._loader, self._budget = loader, loader.budget
        self._worker = loader.start()
        self._with_stand_ins: dict[tuple[str, ...], RemoteRunner] = {}
        self._last_size = 0
        """Memory of the last result, in bytes."""

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

    def function_texts(self, names: Collection[str]) -> dict[str, str]:
        """Return the texts of some functions without comments and annotations; see `Loader.function_texts`."""
        return self._loader.function_texts(names)

    def type_of(self, name: str) -> str:
        """Return "" if the submission binds no such name, "function" if it can be called, else its type's name.

        It is not known, and "", where no worker has said it; `submission.problem` then says why.
        """
        return self._loader.names.types.get(name, "") if self._loader.names else ""

    @property
    def side_effects(self) -> SideEffects:
        """What its cells did to the process that they ran in; a check that fails says so."""
        return self._loader.names.side_effects if self._loader.names else NO_SIDE_EFFECTS

    def needed_by(self, target: Target, functions: tuple[str, ...]) -> tuple[str, ...]:
        """Return which of an exercise's functions a target calls."""
        if not target.driver:
            return (target.name,)
        used = names_used_by_driver(self._loader.material.drivers, target.name)
        return tuple(name for name in functions if name in used) or functions

    def results(self, target: Target, calls: Sequence[tuple[Any, ...]], exercise: Exercise) -> Iterator[CallResult]:
        """Call the target on each argument tuple; see `SubmissionRunner.results`.

        The worker is told one call at a time, and the next one only after it has answered.
        """
        worker = self._worker = self._worker or self._loader.start()
        if worker is None:
            yield self._not_run()
            return
        try:
            yield from self._each_result(worker, target, calls, exercise)
        except (ReplyTimeout, WorkerDied, MalformedMessage, OverBudget) as error:
            worker.kill()
            self._show_printed(worker)
            self.close()
            yield self._failed(error)
        except WorkerFailed:
            self.close()
            raise
        else:
            self._show_printed(worker)

    def result(self, target: Target, args: tuple[Any, ...], exercise: Exercise) -> CallResult:
        """Call the target once."""
        return next(self.results(target, [args], exercise))

    def kept(self, result: CallResult) -> CallResult:
        """Return the last result as it may be kept: without its value if that takes too much memory (`NotKept`)."""
        if self._budget.keep(self._last_size):
            return result
        return replace(result, value=NotKept(), args_after=())

    def judging(self) -> AbstractContextManager[None]:
        """Count the time of the body as work on what this submission gave back."""
        return self._budget.judging()

    def forbidden_in_source(self, exercise: Exercise) -> tuple[Breach, ...]:
        """Return what the source of an exercise's functions uses though the exercise forbids it."""
        try:
            return self._loader.forbidden_in_source(exercise) if exercise.forbids else ()
        except OverBudget:
            return ()  # every further result says so

    def with_stand_ins(self, sources: Mapping[str, str]) -> RemoteRunner:
        """Run the cells in another worker, with right functions in place; see `SubmissionRunner.with_stand_ins`."""
        known = tuple(sorted(sources))
        for names, runner in self._with_stand_ins.items():
            if names != known:
                runner.close()  # one at a time: each is a process
        if known not in self._with_stand_ins:
            self._with_stand_ins[known] = RemoteRunner(self._loader.varied(stand_ins=dict(sources)))
        return self._with_stand_ins[known]

    @contextmanager
    def in_float64(self) -> Iterator[RemoteRunner]:
        """Run the cells in another worker, with their float32 steps in float64; see `SubmissionRunner.in_float64`."""
        again = RemoteRunner(self._loader.varied(in_float64=True))
        try:
            yield again
        finally:
            again.close()

    def begin_hidden_probes(self) -> None:
        """Have all further calls run in a new worker, which has met no call yet, and within the time kept for them."""
        self.close()
        self._budget.open_reserve()

    def bound(self, target: Target) -> Callable[..., Any]:
        """Raise `RuntimeError`: there is no bare function here."""
        raise RuntimeError("the functions of this submission run in another process")

    def close(self) -> None:
        """End the worker, and those with stand-ins; a later call starts a new one."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        for runner in self._with_stand_ins.values():
            runner.close()

    # Calling

    def _each_result(
        self, worker: WorkerProcess, target: Target, calls: Sequence[tuple[Any, ...]], exercise: Exercise
    ) -> Iterator[CallResult]:
        watch = Stopwatch(worker, exercise.seconds, self._budget)
        begin = {"do": "begin", "target": target.name, "driver": target.driver, "forbids": list(exercise.forbids)}
        before = pack(begin, REQUEST_LIMITS)
        for index, arguments in enumerate(_packed_calls(calls)):
            send(worker, *before, arguments)
            before = []
            result = self._next_result(watch, calls, index)
            yield result
            if result.verdict in (Verdict.MEMORY, Verdict.TIMEOUT):
                return

    def _next_result(self, watch: Stopwatch, calls: Sequence[tuple[Any, ...]], index: int) -> CallResult:
        """Return what the next call gave; a reply with the very bytes of an earlier submission's is the same result."""
        frame = watch.frame()
        size = len(frame.header) + len(frame.body)
        self._last_size = _MEMORY_PER_HEADER_BYTE * len(frame.header) + len(frame.body)
        memory = calls.memory if size <= _MAX_KEPT_REPLY_BYTES and isinstance(calls, Calls) else None
        content = (frame.header, bytes(frame.body)) if memory else (b"", b"")
        known = memory.known_reply(calls, index, content) if memory else None
        if known is not None:
            return known
        with self._budget.judging():
            answer = frame.value()
        if type(answer) is not tuple or len(answer) != 5:
            raise MalformedMessage("an answer to another question")
        value, error, changed, breaches, used = answer
        if changed is True:
            frame = watch.frame()
            self._last_size += _MEMORY_PER_HEADER_BYTE * len(frame.header) + len(frame.body)
            with self._budget.judging():
                after = frame.value()
        else:
            after = calls[index]
        if type(after) is not tuple or len(after) != len(calls[index]):
            raise MalformedMessage("the arguments afterwards")
        self._budget.check()
        called = parse_names(used, self._loader.material.stand_ins)
        result = _result(value, parse_raised(error, self.submission.files), after, parse_breaches(breaches))
        result = replace(result, called=called) if called else result
        if memory and result.raised is None and changed is False and not breaches:
            memory.keep_reply(calls, index, content, result)
        return result

    def _not_run(self) -> CallResult:
        if self._budget.exceeded:
            return self._failed(OverBudget(self._budget.exceeded))
        return self._out_of_time()

    def _failed(self, error: Exception) -> CallResult:
        if isinstance(error, OverBudget):
            return CallResult(Verdict.MEMORY, None, Raised("OverBudget", str(error), "", ()))
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


def _result(value: Any, raised: Raised | None, after: tuple[Any, ...], breaches: tuple[Breach, ...]) -> CallResult:
    if raised is None:
        return CallResult(Verdict.PASS, value, None, after, breaches)
    if raised.kind == "TimeUp":
        return CallResult(Verdict.TIMEOUT, None, raised, after, breaches)
    no_memory = raised.kind == "MemoryError" or (raised.kind == "RuntimeError" and _NO_MEMORY.search(raised.message))
    return CallResult(Verdict.MEMORY if no_memory else Verdict.ERROR, None, raised, after, breaches)


def _packed_calls(calls: Sequence[tuple[Any, ...]]) -> list[bytes]:
    """Pack each call's arguments as a message of their own; those of a ladder once for the whole class."""

    def pack_each() -> list[bytes]:
        return [b"".join(pack(tuple(call), REQUEST_LIMITS)) for call in calls]

    return calls.memory.recall(("packed", calls), pack_each) if isinstance(calls, Calls) else pack_each()
