"""`scores.csv` while a class is graded: it is there from the start, and a run that is killed leaves a whole one."""

from __future__ import annotations

import time
from collections.abc import Iterable

from gradlings.grading.results_store import ResultsFolder
from gradlings.model.exercise import Exercise
from gradlings.model.mark import Mark
from gradlings.model.student_result import StudentResult
from gradlings.rendering.csv import header_row, student_row

FILE = "scores.csv"
OUTDATED = "Graded before the checks or the grader changed."
"""The note on a score that is not comparable with those of the run."""
_SECONDS_BETWEEN_WRITES = 2.0


class ScoreTable:
    """The rows of a class, written to a folder every few seconds.

    Only the text of the rows is kept, so that neither memory nor time for a write grows with what is on a scorecard.

    Args:
        folder: of the results.
        exercises: one column each.
    """

    def __init__(self, folder: ResultsFolder, exercises: Iterable[Exercise]) -> None:
        self._folder, self._exercises = folder, tuple(exercises)
        self._rows: dict[str, str] = {}
        self._changed, self._next_write = True, time.monotonic()

    def add(self, result: StudentResult, mark: Mark, notes: Iterable[str] = ()) -> None:
        """Give a student a row, in the place of the earlier one; see `student_row`."""
        self._rows[result.student] = student_row(result, mark, self._exercises, notes)
        self._changed = True

    def seconds_until_write(self) -> float | None:
        """Return how long `write_if_due` has nothing to do; None if that is until the next change."""
        return max(0.0, self._next_write - time.monotonic()) if self._changed else None

    def write_if_due(self) -> None:
        """Write the table if it has changed and the last time was some seconds ago.

        Raises:
            InputError: it could not be written.
        """
        if self.seconds_until_write() == 0.0:
            self.write(durable=False)
            self._changed, self._next_write = False, time.monotonic() + _SECONDS_BETWEEN_WRITES

    def write(self, *, durable: bool = True) -> None:
        """Write the table, by student in alphabetical order; see `ResultsFolder.write`.

        Raises:
            InputError: it could not be written.
        """
        rows = (self._rows[student] for student in sorted(self._rows))
        text = "".join([header_row(self._exercises), *rows])  # with a mark, or Excel takes it for Windows-1252
        self._folder.write(FILE, text.encode("utf-8-sig"), durable=durable)
