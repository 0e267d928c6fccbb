"""Loads a submission into workers: one reads the source, then runs the cells; a later one runs them again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradlings.model.exercise import Exercise
from gradlings.model.observation import Raised
from gradlings.model.rules import Breach
from gradlings.sandbox.budget import Budget, OverBudget
from gradlings.sandbox.processes import WorkerDied, WorkerFailed, WorkerProcess, ZygoteDied
from gradlings.sandbox.reply_validation import failure_text, parse_raised
from gradlings.sandbox.source_facts import Material, Names, facts_from, names_from, unreadable
from gradlings.sandbox.stopwatch import Stopwatch
from gradlings.sandbox.wire.channel import ChannelClosed, ReplyTimeout
from gradlings.sandbox.wire.encode import pack
from gradlings.sandbox.wire.facts import CellReply, checked
from gradlings.sandbox.wire.types import REQUEST_LIMITS, MalformedMessage
from gradlings.submission.reader import Submission, shown

_log = logging.getLogger(__name__)
_SEND_TIMEOUT_SECONDS = 20.0
MAX_CELL_ERRORS = 100
"""That are kept of a submission."""


def send(worker: WorkerProcess, *messages: bytes) -> None:
    """Send packed messages to a worker.

    Raises:
        WorkerDied: it has ended, or does not read.
        WorkerFailed: our own code failed in it.
    """
    try:
        worker.channel.send(messages, time.monotonic() + _SEND_TIMEOUT_SECONDS)
    except (ReplyTimeout, ChannelClosed):
        raise worker.exit_reason() from None


class Loader:
    """What is known of a submission from its source and from running its cells, over all its workers."""

    def __init__(self, material: Material, fork: Callable[[], WorkerProcess], budget: Budget) -> None:
        self.material, self.budget = material, budget
        self.submission = Submission(Path(material.filename), (), {})
        self.names: Names | None = None
        """What the cells defined; None as long as no worker has said it, which is not the same as nothing."""
        self._fork = fork
        self._skipped: set[int] = set()
        """Cells that ended or hung a worker."""
        self._cell_errors: dict[int, Raised] = {}
        self._was_loaded = False
        self._breaches_in_source: dict[str, tuple[Breach, ...]] = {}
        """By exercise."""

    def varied(self, **changes: Any) -> Loader:
        """Return what loads the same submission with some fields of its material changed, in the same budget."""
        return Loader(replace(self.material, **changes), self._fork, self.budget)

    @property
    def cell_errors(self) -> list[tuple[int, Raised]]:
        """What cells raised, by the index of the cell: the first `MAX_CELL_ERRORS` that were met."""
        return sorted(self._cell_errors.items(), key=lambda entry: entry[0])

    def start(self) -> WorkerProcess | None:
        """Fork a worker and have it run the cells, but those that ended or hung an earlier one.

        Returns None if there is no worker in which they can run; if there never was one, the submission says why.

        Raises:
            WorkerFailed: our own code failed in it.
        """
        while self.budget.wait_seconds > 0 and not self.submission.problem:
            try:
                self.budget.charge_worker()
            except OverBudget as error:
                self._refuse(error)
                return None
            worker = self._fork()
            try:
                stopped_at = self._load(worker)
            except (ReplyTimeout, WorkerDied, MalformedMessage, OverBudget) as error:
                worker.close()
                self._refuse(error)
                return None
            except WorkerFailed:
                worker.close()
                raise
            if stopped_at is None:
                self._was_loaded = True
                return worker
            worker.close()
            self._skipped.add(stopped_at)
        if not self.submission.problem:
            self._refuse(OverBudget(f"Your file may take {self.budget.limits.wait_seconds:g} s; its cells took more."))
        return None

    def _refuse(self, error: Exception) -> None:
        """Say of a submission that was never loaded why it cannot be."""
        path = self.submission.path
        if self._was_loaded:
            return
        if isinstance(error, OverBudget):
            self.submission = replace(self.submission, problem=str(error))
        elif self.submission.cells:
            problem = f"{shown(path)} cannot be run: {failure_text(error, 'running it')}"
            self.submission = replace(self.submission, problem=problem)
        else:
            self.submission = unreadable(path, failure_text(error, "reading it"))

    def forbidden_in_source(self, exercise: Exercise) -> tuple[Breach, ...]:
        """Return what the source uses though it is forbidden.

        For an exercise that was not among the material's, a new worker reads the source and runs nothing.
        """
        if exercise.id not in self._breaches_in_source:
            self.budget.charge_worker()
            reader = self._fork()
            try:
                send(reader, *pack(self.material.load_request([exercise], run=False), REQUEST_LIMITS))
                answer = self._stopwatch(reader).value()
                self._breaches_in_source |= facts_from(answer, self.submission.path, [exercise])[1]
            finally:
                reader.close()
        return self._breaches_in_source[exercise.id]

    def function_texts(self, names: Collection[str]) -> dict[str, str]:
        """Return `anonymous_code.code_of` of some functions, read by a new worker that runs nothing; none if it fails.

        Nothing of a score depends on it. It may use up a worker, so it comes last.
        """
        if not names:
            return {}
        try:
            self.budget.charge_worker()
            reader = self._fork()
            try:
                send(reader, *pack(self.material.load_request([], run=False, code=names), REQUEST_LIMITS))
                return facts_from(self._stopwatch(reader).value(), self.submission.path, [])[0].code
            finally:
                reader.close()
        except (OverBudget, ReplyTimeout, WorkerDied, WorkerFailed, ZygoteDied, MalformedMessage):
            _log.info("no text of %s", ", ".join(names), exc_info=True)
            return {}

    def _stopwatch(self, worker: WorkerProcess) -> Stopwatch:
        return Stopwatch(worker, self.budget.limits.cell_seconds, self.budget)

    def _load(self, worker: WorkerProcess) -> int | None:
        """Have a worker read the source and run the cells; return the index of a cell that ended or hung it."""
        first = not self.submission.cells
        exercises = self.material.exercises if first else ()  # later workers have run some of it when they are asked
        request = self.material.load_request(exercises, skip=sorted(self._skipped), shapes=first)
        send(worker, *pack(request, REQUEST_LIMITS))
        answer = self._stopwatch(worker).value()
        if first:
            with self.budget.judging():
                submission, breaches = facts_from(answer, self.submission.path, exercises)
            self.budget.charge_cells(len(submission.cells))
            self.submission, self._breaches_in_source = submission, breaches
        if self.submission.problem:
            return None
        watch = self._stopwatch(worker)
        for index in range(len(self.submission.cells)):
            if index in self._skipped:
                continue
            try:
                raised = self._cell_result(watch.value(), index)
            except (ReplyTimeout, WorkerDied, MalformedMessage) as error:
                cell, hung = self.submission.cells[index], isinstance(error, ReplyTimeout)
                kind, message = ("TimeUp", "") if hung else ("Crash", failure_text(error, "it"))
                self._note_cell(index, Raised(kind, message, f"{shown(cell.file)}:{cell.first_line}", ()))
                return index
            if raised is not None:
                self._note_cell(index, raised)
                if raised.kind == "TimeUp":  # the cells after it get as much again
                    watch = self._stopwatch(worker)
        try:
            self.names = names_from(watch.value(), self.submission.functions)
        except ReplyTimeout:
            raise WorkerDied("it went on after its last cell", None) from None
        return None

    def _cell_result(self, answer: Any, index: int) -> Raised | None:
        with self.budget.judging():
            reply = checked(answer, CellReply, "what became of a cell")
            if reply.cell != index:
                raise MalformedMessage("another cell's answer")
            raised = parse_raised(reply.raised, self.submission.files)
        self.budget.check()
        return raised

    def _note_cell(self, index: int, raised: Raised) -> None:
        if len(self._cell_errors) < MAX_CELL_ERRORS:
            self._cell_errors.setdefault(index, raised)
