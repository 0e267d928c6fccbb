"""Tests the protection: a worker tries what must not work, and grading continues only if all of it failed.

Nothing is concluded from version numbers: a kernel may have a layer switched off, a container may refuse it, a folder
may be readable that should not be.
"""

from __future__ import annotations

import contextlib
import os
import sysconfig
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradlings.checks import assertions
from gradlings.execution.runner_protocol import Target
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise
from gradlings.sandbox import remote_runner
from gradlings.sandbox.remote_runner import RemoteRunner
from gradlings.sandbox.settings import WorkerLimits
from gradlings.submission import shipped_kit

_ATTEMPTS = Path(__file__).parent / "inside" / "escape_attempts.py"
_PACKAGE_FILES = (Path(assertions.__file__), Path(remote_runner.__file__))
"""Two files of the grader itself, which no worker may read."""
_TEST_FILE = "gradlings-self-check"
"""What the attempts write; `inside/escape_attempts.py` has the same name."""
_TIMEOUT_SECONDS = 20.0
_MAX_FILES_PER_FOLDER = 5
_MAX_LISTED = 8
_LANDLOCK = (
    "This system gives no Landlock: it takes Linux 5.13 or newer with `landlock` listed in /sys/kernel/security/lsm, "
    "and a container whose seccomp profile allows the landlock calls (those of Docker and Podman do)."
)
_BUBBLEWRAP = "Or install bubblewrap (the package `bubblewrap`), where user namespaces are allowed."
_SECCOMP = "No system-call filter is in force: it takes x86_64 or aarch64 and a kernel with seccomp."
_ROOT = "Workers run as root: start as an ordinary user, or as a root that may change to another user id."


class Unprotected(InputError):
    """Grading for marks is refused; the message says what is open and what would close it."""


@dataclass(frozen=True)
class Protection:
    """The protection that was really active, for the record of a run."""

    landlock: int = 0
    """The active ABI; 0 for none."""
    seccomp: bool = False
    no_new_privileges: bool = False
    private_uid: bool = False
    """Whether workers run under a user id of their own."""
    uid: int = -1
    bubblewrap: bool = False
    limits: WorkerLimits | None = None
    reads_python: bool = True
    """Whether a worker can still read Python's own library."""
    succeeded: tuple[str, ...] = ()
    """What a worker could do that it must not be able to do."""

    @property
    def holds(self) -> bool:
        """Whether every attempt failed."""
        return not self.succeeded

    def sentence(self) -> str:
        """Return one line for instructors."""
        layers = [
            f"Landlock (ABI {self.landlock})" if self.landlock else "",
            "seccomp" if self.seccomp else "",
            "a user id of their own" if self.private_uid else "",
            "bubblewrap" if self.bubblewrap else "",
            f"limits ({self.limits.memory_mb} MB, {self.limits.cpu_seconds} s of processor)" if self.limits else "",
        ]
        text = "Workers are locked down with " + (", ".join(filter(None, layers)) or "nothing")
        return f"{text}. " + ("All attempts to get out failed." if self.holds else f"A worker can: {self._list()}.")

    def notes(self) -> tuple[str, ...]:
        """Return what is no hole but good to know."""
        if self.reads_python:
            return ()
        folder = sysconfig.get_path("stdlib")
        return (
            f"Workers cannot read Python's own library in {folder} (its folder is closed to other users): submissions "
            "can import only what is loaded beforehand. Start as an ordinary user, or use a Python that all can read.",
        )

    def refusal(self) -> str:
        """Return what is open and what would close it."""
        remedies = [
            _LANDLOCK if not self.landlock else "",
            _BUBBLEWRAP if not self.landlock and not self.bubblewrap else "",
            _SECCOMP if not self.seccomp else "",
            _ROOT if self.uid == 0 else "",
        ]
        text = f"Grading for marks is refused: a submission could {self._list()}."
        return " ".join(filter(None, [text, *remedies]))

    def _list(self) -> str:
        more = len(self.succeeded) - _MAX_LISTED
        return ", ".join(self.succeeded[:_MAX_LISTED]) + (f" and {more} more" if more > 0 else "")


def protection(
    load: Callable[[bytes, str], RemoteRunner],
    startup: dict[str, Any],
    limits: WorkerLimits,
    closed: Sequence[Path] = (),
) -> Protection:
    """Have a worker try what must not work, and return what was active and what succeeded.

    `load` is that of a `Judge`, `startup` and `limits` those of its zygote; `closed` are files or folders of solutions
    and hidden checks that no worker may read.
    """
    with tempfile.TemporaryDirectory(prefix="gradlings-") as name:
        os.chmod(name, 0o755)  # the layers must protect the canary, not its mode
        canary = Path(name, "canary.py")
        canary.write_text("# not for workers\n")
        canary.chmod(0o644)
        facts = _try_to_escape(load, canary, closed)
    if isinstance(facts, str):
        return Protection(succeeded=(facts,))
    succeeded = list(facts["succeeded"])
    if facts["uid"] == 0:
        succeeded.append("act as root")
    if startup["threads"] != 1:
        succeeded.append(f"hang: its parent runs {startup['threads']} threads")
    return Protection(
        landlock=startup["landlock"],
        seccomp=facts["seccomp"] == 2,
        no_new_privileges=facts["no_new_privs"] == 1,
        private_uid=startup["private_uid"] and facts["uid"] != os.geteuid(),
        uid=facts["uid"],
        bubblewrap=startup["bubblewrap"],
        limits=limits,
        reads_python=facts["python_is_readable"],
        succeeded=tuple(succeeded),
    )


def _try_to_escape(
    load: Callable[[bytes, str], RemoteRunner], canary: Path, closed: Sequence[Path]
) -> dict[str, Any] | str:
    """Return what `inside/escape_attempts.py` reports, or what a submission could do if it reports nothing."""
    files = [*_PACKAGE_FILES, *_files_in([*closed, *_shipped_solutions()])]
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"), str(canary.parent), os.getcwd()}
    folders = sorted({"/tmp", "/var/tmp", "/dev/shm", "/", os.path.expanduser("~"), *places})
    exercise = Exercise("0", ("escape_attempts",), 0, seconds=_TIMEOUT_SECONDS)
    remote = load(_ATTEMPTS.read_bytes(), "self_check.py")
    try:
        if remote.submission.problem or remote.type_of("escape_attempts") != "function":
            return f"not be started at all: {'; '.join(remote.problems()) or 'no answer'}"
        args = (str(canary), [str(file) for file in files], folders, os.getpid(), os.__file__)
        result = remote.result(Target("escape_attempts"), args, exercise)
    finally:
        remote.close()
        for folder in folders:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(folder, _TEST_FILE))
    if result.raised is not None:
        return f"break the self-check ({result.raised.kind}: {result.raised.message})"
    facts: dict[str, Any] = result.value
    return facts


def _shipped_solutions() -> list[Path]:
    """Return the folders of the solutions that come with this package; none if it was installed without."""
    try:
        return sorted(path for path in shipped_kit.solutions().iterdir() if path.is_dir())
    except InputError:
        return []


def _files_in(paths: Sequence[Path]) -> list[Path]:
    """Return the files among the paths, and the first few of each folder."""
    files: list[Path] = []
    for path in paths:
        files += sorted(path.rglob("*.py"))[:_MAX_FILES_PER_FOLDER] if path.is_dir() else [path]
    return files
