"""Loads a submission into workers: one reads the source, then runs the cells; a later one runs them again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradlings.model.exercise import Exercise
from gradlings.model.observation import Raised
from gradlings.model.rules import Breach
from gradlings.sandbox.budget import Budget, OverBudget
from gradlings.sandbox.processes import WorkerDied, WorkerProcess
from gradlings.sandbox.reply_validation import failure_text, parse_raised, require_fields
from gradlings.sandbox.source_facts import Material, facts_from, names_from, unreadable
from gradlings.sandbox.stopwatch import Stopwatch
from gradlings.sandbox.wire.channel import ChannelClosed, ReplyTimeout
from gradlings.sandbox.wire.encode import pack
from gradlings.sandbox.wire.types import REQUEST_LIMITS, MalformedMessage
from gradlings.submission.reader import Submission, shown

_SEND_TIMEOUT_SECONDS = 20.0


def send(worker: WorkerProcess, *messages: bytes) -> None:
    """Send packed messages to a worker.

    Raises:
        WorkerDied: it has ended, or does not read.
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
        self.cell_errors: list[tuple[int, Raised]] = []
        """What cells raised, by the index of the cell."""
        self.names: dict[str, str] = {}
        """The type of each name that the cells defined, as `SubmissionRunner.type_of` has it."""
        self._fork = fork
        self._skipped: set[int] = set()
        """Cells that ended or hung a worker."""
        self._breaches_in_source: dict[str, tuple[Breach, ...]] = {}
        """By exercise."""

    def varied(self, **changes: Any) -> Loader:
        """Return what loads the same submission with some fields of its material changed, in the same budget."""
        return Loader(replace(self.material, **changes), self._fork, self.budget)

    def start(self) -> WorkerProcess | None:
        """Fork a worker and have it run the cells, but those that ended or hung an earlier one.

        Returns None if there is no worker in which they can run.
        """
        while self.budget.wait_seconds > 0 and not self.submission.problem:
            try:
                self.budget.charge_worker()
            except OverBudget:
                return None
            worker = self._fork()
            try:
                stopped_at = self._load(worker)
            except (ReplyTimeout, WorkerDied, MalformedMessage, OverBudget) as error:
                worker.close()
                if not self.submission.cells:
                    self.submission = unreadable(self.submission.path, failure_text(error, "reading it"))
                return None
            if stopped_at is None:
                return worker
            worker.close()
            self._skipped.add(stopped_at)
        return None

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

    def _stopwatch(self, worker: WorkerProcess) -> Stopwatch:
        return Stopwatch(worker, self.budget.limits.cell_seconds, self.budget)

    def _load(self, worker: WorkerProcess) -> int | None:
        """Have a worker read the source and run the cells; return the index of a cell that ended or hung it."""
        exercises = self.material.exercises
        send(worker, *pack(self.material.load_request(exercises, skip=sorted(self._skipped)), REQUEST_LIMITS))
        answer = self._stopwatch(worker).value()
        if not self.submission.cells:  # of later workers: some of it has run by then
            self.submission, self._breaches_in_source = facts_from(answer, self.submission.path, exercises)
        if self.submission.problem:
            return None
        watch = self._stopwatch(worker)
        for index in range(len(self.submission.cells)):
            if index in self._skipped:
                continue
            try:
                reply = require_fields(watch.value(), "cell", "raised")
                if reply["cell"] != index:
                    raise MalformedMessage("another cell's answer")
                raised = parse_raised(reply["raised"], self.submission.files)
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
            self.names = names_from(watch.value())
        except ReplyTimeout:
            raise WorkerDied("it went on after its last cell", None) from None
        return None

    def _note_cell(self, index: int, raised: Raised) -> None:
        if index not in dict(self.cell_errors):
            self.cell_errors.append((index, raised))
            self.cell_errors.sort(key=lambda entry: entry[0])
