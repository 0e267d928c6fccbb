"""Progress over a class: a bar with students per second and the time left, on a terminal only."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from gradlings.grading.class_run import GradedStudent


class _Rate(ProgressColumn):
    """Students graded per second, those taken over from an earlier run not counted."""

    def render(self, task: Task) -> Text:
        seconds = time.monotonic() - task.fields["since"]
        return Text(f"{task.fields['fresh'] / seconds:.1f} students/s" if seconds > 0 and task.fields["fresh"] else "")


@contextmanager
def class_progress(assignment: str, students: int) -> Iterator[Callable[[GradedStudent], None]]:
    """Give a function to call after each student. Write nothing unless stderr is a terminal."""
    stream = sys.stderr  # bound now: pytest replaces sys.stderr while checks run
    if not stream.isatty():
        yield lambda graded: None
        return
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate()]
    columns += [TimeRemainingColumn(elapsed_when_finished=True), TextColumn("{task.fields[student]}", markup=False)]
    console = Console(file=stream, highlight=False)
    # no thread of its own that redraws: threads and forks do not mix
    with Progress(
        *columns, console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
    ) as progress:
        task = progress.add_task(f"grading {assignment}", total=students, fresh=0, since=time.monotonic(), student="")
        shown, fresh = 0.0, 0

        def step(graded: GradedStudent) -> None:
            nonlocal shown, fresh
            fresh += graded.fresh
            progress.update(task, completed=graded.number, fresh=fresh, student=graded.student[:30])
            if time.monotonic() - shown > 0.1 or graded.number == graded.total:
                shown = time.monotonic()
                progress.refresh()

        yield step
