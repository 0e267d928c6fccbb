"""The checks that proofs run, collected once for the exercises of an assignment that one process proves."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from gradlings.authoring.assignment import Assignment
from gradlings.model.run_mode import RunMode
from gradlings.runners.session import Grader, collected_checks

_kept_open = contextlib.ExitStack()
_kept: dict[Path, Grader] = {}
"""Those of the assignment that this process proves, if it keeps any; what it made for one exercise serves the next."""
_keep = False


def keep_checks_open() -> None:
    """Collect the checks of an assignment once from now on: a process that calls this edits none of its files."""
    global _keep
    _keep = True


@contextlib.contextmanager
def checks_of(assignment: Assignment) -> Iterator[Grader]:
    """Yield what runs the checks of an assignment, as if they had been collected just now.

    Raises:
        InputError: they cannot be collected.
    """
    if not _keep:
        with collected_checks(assignment.folder, mode=RunMode.PROOF) as grader:
            yield grader
        return
    if assignment.folder not in _kept:
        _kept.clear()
        _kept_open.close()
        _kept[assignment.folder] = _kept_open.enter_context(collected_checks(assignment.folder, mode=RunMode.PROOF))
    _kept[assignment.folder].follow_installed()
    yield _kept[assignment.folder]
