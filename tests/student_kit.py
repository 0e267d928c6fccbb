"""Kits for the tests: copies of assignments that a test edits as a student would, and runs.

Most runs are made in this process, which spares each of them the two seconds that importing torch takes;
`test_plugin.py` proves that a run in a process of its own shows the same page.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from unittest import mock

import pytest

from gradlings import cli

PROJECT = Path(__file__).parent.parent
TINY = Path(__file__).parent / "kits" / "tiny"
COLUMNS = "80"
T = TypeVar("T")

# Correct bodies for every function of the tiny kit.
RIGHT = {
    "difference": "return a - b",
    "row_totals": "return x.sum(1), x.amax(1)",
    "count_up": "if n < 0:\n    raise ValueError\nreturn list(range(n))",
    "make_counter": "import itertools\nreturn itertools.count(start).__next__",
}
_EXERCISE_OF = {"difference": "9.1", "row_totals": "9.2", "count_up": "9.3", "make_counter": "9.3"}
_COPY = shutil.ignore_patterns("__pycache__", ".pytest_cache")


@dataclass(frozen=True)
class Finished:
    """A run that has ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything that was written, on one line with single spaces: for sentences that may be wrapped anywhere."""
        return " ".join((self.out + " " + self.err).split())


class Kit:
    """A folder with `assignments/` (and `solutions/`, for authors) in it."""

    def __init__(self, root: Path, assignment: str = "09", topic: str = "tiny") -> None:
        self.root = root
        self.folder = root / "assignments" / assignment
        self.sources = root / "solutions" / assignment
        self.module = self.folder / f"{topic}.py"
        self.notebook = self.folder / f"{topic}.ipynb"
        self.target = f"assignments/{assignment}"

    @classmethod
    def copied(cls, source: Path, root: Path, *folders: str) -> Kit:
        """A copy of a built kit; only the named folders of it."""
        for folder in folders:
            shutil.copytree(source / folder, root / folder, ignore=_COPY)
        return cls(root)

    # ---- editing

    def answer(self, **bodies: str) -> Kit:
        """Put bodies in the place of stubs of the tiny kit: `answer(difference="return b - a")`."""
        for name, body in bodies.items():
            self.edit(self.module, _stub(name), _indented(body))
        return self

    def answer_in_notebook(self, **bodies: str) -> Kit:
        """Do the same in the notebook, as Jupyter would save it."""
        notebook = json.loads(self.notebook.read_text(encoding="utf-8"))
        for name, body in bodies.items():
            for cell in notebook["cells"]:
                cell["source"] = "".join(cell["source"]).replace(_stub(name), _indented(body)).splitlines(keepends=True)
        self.notebook.write_text(json.dumps(notebook), encoding="utf-8")
        return self

    def edit(self, path: Path | str, old: str, new: str) -> Kit:
        """Replace a text that occurs in a file exactly once."""
        path = self.root / path
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {path}"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return self

    def place(self, text: str) -> str:
        """`assignments/09/tiny.py:21`: the place of a text in the module."""
        before = self.module.read_text(encoding="utf-8").partition(text)[0]
        return f"{self.target}/{self.module.name}:{before.count(chr(10)) + 1}"

    def contents(self) -> dict[str, bytes]:
        """Every file of the kit."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and not {"__pycache__", ".pytest_cache"} & set(path.parts)
        }

    # ---- running

    def check(self, *arguments: str) -> Finished:
        """`pytest assignments/09 ...` in this process, at 80 columns and without color."""
        with as_if_started_in(self.root) as (out, err):
            code = pytest.main([self.target, *arguments, "-p", "no:cacheprovider", "--import-mode=importlib"])
        return Finished(int(code), out.getvalue(), err.getvalue())

    def gradlings(self, *arguments: str) -> Finished:
        """`gradlings ...` in this process."""
        with as_if_started_in(self.root) as (out, err), mock.patch.object(sys, "argv", ["gradlings", *arguments]):
            try:
                cli.main()
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
        return Finished(code, out.getvalue(), err.getvalue())

    def run(
        self, *command: str, stdin: str = "", environment: dict[str, str] | None = None, seconds: float = 400
    ) -> Finished:
        """A command in a process of its own; `pytest` and `gradlings` are those of this Python.

        Raises:
            subprocess.TimeoutExpired: it had to be ended after so many seconds.
        """
        ended = subprocess.run(
            [sys.executable, "-m", "gradlings.cli" if command[0] == "gradlings" else command[0], *command[1:]],
            cwd=self.root,
            env=_environment() | (environment or {}),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=seconds,
        )
        return Finished(ended.returncode, ended.stdout, ended.stderr)


def below(pid: int) -> list[int]:
    """All processes that a process started, and those they started (Linux only); workers come and go meanwhile."""
    found = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *below(child)]
    return found


def has_ended(pid: int, seconds: float = 60) -> bool:
    """Wait for the end of a process, which need not be ours; False if it does not end in time. Linux only."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ended, _, _ = select.select([pidfd], [], [], seconds)
    os.close(pidfd)
    return bool(ended)


def until(happened: Callable[[], T], process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> T:
    """Wait until what is asked is true of a process that is at work, and return it (Linux only).

    It is asked every few milliseconds: a loop without a pause takes the time from the process that it waits for.

    Raises:
        AssertionError: the process has ended before.
    """
    pidfd = os.pidfd_open(process.pid)
    try:
        while not (found := happened()):
            ended, _, _ = select.select([pidfd], [], [], 0.005)
            assert not ended, process.stderr and process.stderr.read()
        return found
    finally:
        os.close(pidfd)


def _stub(name: str) -> str:
    return f'    raise NotImplementedError("Exercise {_EXERCISE_OF[name]}: {name}")'


def _indented(body: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in body.splitlines())


def _environment() -> dict[str, str]:
    """This process's environment without what would change a page."""
    unwanted = ("PYTEST_", "PY_COLORS", "NO_COLOR", "FORCE_COLOR", "COV_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return kept | {"COLUMNS": COLUMNS, "PYTHONIOENCODING": "utf-8", "TERM": "xterm"}


@contextlib.contextmanager
def as_if_started_in(folder: Path) -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """Current folder, environment, output streams and imported modules as in a fresh process; all put back."""
    out, err = io.StringIO(), io.StringIO()
    before, modules = Path.cwd(), set(sys.modules)
    console = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    try:
        os.chdir(folder)
        with (
            mock.patch.dict(os.environ, _environment(), clear=True),
            mock.patch.object(sys, "__stdout__", console),
            mock.patch.object(sys, "path", list(sys.path)),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            yield out, err
    finally:
        os.chdir(before)
        for name in set(sys.modules) - modules:
            if name.startswith(("assignments", "test_", "catalogue_")):  # two kits have modules of one name
                del sys.modules[name]
