"""Classes for the tests: submissions of the tiny kit, and judges that run them in this process.

They are for tests only: code that runs in the judge's own process can forge its score.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from gradlings.execution.drivers import load_drivers
from gradlings.execution.local_runner import LocalRunner, run_cells
from gradlings.grading.judge_session import JudgeReply, bundle_of
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission.cells import decode, module_cells, notebook_cells
from gradlings.submission.helpers.files import NO_HELPERS, Helpers
from gradlings.submission.manifest import digest_of_code
from gradlings.submission.reader import Submission, from_cells
from student_kit import RIGHT, Kit

T = TypeVar("T")
Load = Callable[[bytes, str], LocalRunner]
SOURCE_NAME = "tiny"
HALF = {"difference": RIGHT["difference"], "row_totals": "return x.sum(0), x.amax(0)"}


class InProcess:
    """Judges submissions one after the other, here.

    Args:
        load: bytes and file name into a submission; a broken one, for tests of what then happens.
    """

    def __init__(self, folder: Path, load: Load | None = None, protection: str = "none, a test") -> None:
        self._folder, self._load = folder, load or in_process(folder)
        self.bundle = bundle_of(folder, SOURCE_NAME)
        self.protection = protection
        self.notes: tuple[str, ...] = ()
        self.capacity = 1

    def submit(self, call: Callable[..., T], *args: Any) -> Future[T]:
        """Make the call at once: an alarm, which limits time, is for the main thread."""
        done = Future[T]()
        try:
            done.set_result(call(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    def judge(self, data: bytes, filename: str, seed: int, helpers: Helpers = NO_HELPERS) -> JudgeReply:
        assert not helpers.files, "these judges run single files"
        with self.checks() as grader:
            try:
                loaded = self._load(data, filename)
                if loaded.submission.problem:
                    return JudgeReply(problem=loaded.submission.problem)
                card = grader.check(loaded, self._folder / f"test_{SOURCE_NAME}.py", seed=seed).scorecard
            except RuntimeError as error:
                return JudgeReply(fault=f"{type(error).__name__}: {error}")
        return JudgeReply(replace(card, problems=tuple(loaded.problems())))

    def checks(self) -> AbstractContextManager[Grader]:
        """Collects the checks for one submission."""
        return collected_checks(self._folder)

    def code_digest(self, data: bytes, filename: str) -> str:
        return digest_of_code(filename, decode(data))


def in_process(folder: Path) -> Load:
    """A loader for the submissions of an assignment."""
    drivers = load_drivers(folder)

    def load(data: bytes, filename: str) -> LocalRunner:
        path = Path(filename)
        try:
            text = decode(data)
            cells = notebook_cells(text, path) if path.suffix == ".ipynb" else module_cells(text, filename)
        except ValueError as error:
            return run_cells(Submission(path, (), {}, problem=f"{filename} cannot be read: {error}"))
        return run_cells(from_cells(path, cells), lambda: drivers)

    return load


def module(kit: Kit, **bodies: str) -> bytes:
    """The text of the tiny module with some functions filled in."""
    return _restored(kit.module, lambda: kit.answer(**bodies))


def notebook(kit: Kit, **bodies: str) -> bytes:
    """The text of the tiny notebook with some functions filled in."""
    return _restored(kit.notebook, lambda: kit.answer_in_notebook(**bodies))


def saved_by_jupyter(notebook: bytes) -> bytes:
    """A notebook that was opened, run and saved: another text, the same code."""
    content = json.loads(notebook)
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"], cell["outputs"] = 1, []
    return json.dumps(content, indent=1).encode()


def hand_in(folder: Path, files: dict[str, bytes]) -> Path:
    """Writes files below a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def _restored(path: Path, edit: Callable[[], object]) -> bytes:
    original = path.read_bytes()
    edit()
    edited = path.read_bytes()
    path.write_bytes(original)
    return edited
