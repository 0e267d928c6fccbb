"""The fingerprint of all code that decides scores, so that scores of different graders are never mixed.

It depends on the text of the listed modules only: a checkout and a wheel of the same commit have the same one, and an
edit to watch mode, pages or the command line leaves it as it is.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import gradlings

DECIDES_SCORES = (
    *("__init__", "model", "submission", "forbidden", "execution", "checks", "sandbox"),
    *("runners/__init__", "runners/pytest_plugin", "runners/results", "runners/run_state", "runners/session"),
    *("runners/checks_module", "runners/follow_through", "runners/judged_again", "runners/public_answers"),
    "runners/notebook",  # imported by submissions, in the sandbox
    *("grading/__init__", "grading/fingerprint", "grading/hidden_pass", "grading/judge_session"),
)
"""Rooms and modules, as paths in the package without `.py`; a room stands for all modules in it."""

DECIDES_NOTHING = (
    *("__main__", "cli", "rendering", "progress", "reports", "learning", "authoring"),
    *("runners/failing_call", "runners/final_picture", "runners/kernel", "runners/run_report", "runners/unattempted"),
    # which file of a student is graded is no part of it: each record has the digest of that file
    *("grading/intake", "grading/class_inputs", "grading/class_run", "grading/command", "grading/progress_bar"),
    "grading/export",
    *("grading/local_pool", "grading/dask_pool", "grading/parent_watch", "grading/results_store", "grading/nbgrader"),
    *("grading/platforms", "grading/marks", "grading/class_report", "grading/class_results", "grading/fault_log"),
)
"""All others, so that a new module has to be put on one of the two lists."""


def fingerprint(package: Path | None = None) -> str:
    """Return 12 hexadecimal digits that change with the code that decides scores.

    Args:
        package: the folder of the package; the one that is running if None.
    """
    package = package or Path(gradlings.__file__).parent
    digest = hashlib.sha256()
    listed = {path for name in DECIDES_SCORES for path in (package / f"{name}.py", *(package / name).rglob("*.py"))}
    for path in sorted(filter(Path.is_file, listed)):
        text = path.read_text(encoding="utf-8")  # line ends become \n, however the file was checked out
        digest.update(f"{path.relative_to(package).as_posix()}\0{text}\0".encode())
    return digest.hexdigest()[:12]
