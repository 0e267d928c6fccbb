"""Kills a run of class grading at every write to the disk, and finishes it with the same command.

python killed_runs.py ASSIGNMENT_FOLDER SUBMISSIONS RESULTS

A process of its own: every try is forked from it, so that torch is imported once. Prints how many runs were killed.
"""

from __future__ import annotations

import csv
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from class_kit import SOURCE_NAME, InProcess
from gradlings.grading.command import grade_submissions
from gradlings.grading.intake.collect import collect
from gradlings.runners.session import Grader, collected_checks


class CollectedOnce(InProcess):
    """Judges whose checks are collected before the first run."""

    def __init__(self, folder: Path, grader: Grader) -> None:
        super().__init__(folder)
        self._grader = grader

    def checks(self) -> AbstractContextManager[Grader]:
        return nullcontext(self._grader)


def main(folder: Path, submissions: Path, results: Path) -> int:
    with collected_checks(folder) as grader:
        return runs_killed(CollectedOnce(folder, grader), folder, submissions, results)


def runs_killed(pool: InProcess, folder: Path, submissions: Path, results: Path) -> int:
    def run(to: Path) -> None:
        grade_submissions(pool, folder, collect(submissions, SOURCE_NAME), to, seed=5)

    run(results / "reference")
    expected = scores(results / "reference")
    for killed in range(1000):
        to = results / f"killed{killed}"
        if not was_killed(killed + 1, partial(run, to)):
            return killed
        kept = {path: path.read_bytes() for path in (to / "records").glob("*.json")}
        run(to)
        assert scores(to) == expected, f"killed at write {killed + 1}"
        assert all(path.read_bytes() == data for path, data in kept.items()), "a score that was there was graded again"
        assert not list(to.rglob("*.unfinished"))
        records = list((to / "records").glob("*.json"))
        assert len(records) == len(expected)
        for record in records:
            assert (to / "feedback" / f"{record.stem}.html").is_file()
    raise AssertionError("a run never ends")


def was_killed(moment: int, work: Callable[[], None]) -> bool:
    """Runs the work in a fork that is killed at its moment-th write; False if it came to its end before."""
    child = os.fork()
    if child == 0:
        kill_at(moment)
        try:
            work()
            os._exit(0)
        finally:
            os._exit(3)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the run failed before it was killed"
    return os.WIFSIGNALED(status)


def kill_at(moment: int) -> None:
    writes = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any) -> Any:
            nonlocal writes
            writes += 1
            if writes == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments)

        return counting

    os.replace, os.fsync = counted(os.replace), counted(os.fsync)


def scores(to: Path) -> list[dict[str, str]]:
    with open(to / "scores.csv", newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)  # a fork of a process that used more can hang
    print(main(*map(Path, sys.argv[1:])))
