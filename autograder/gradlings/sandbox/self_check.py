"""Tests the protection: a worker tries what must not work, and grading continues only if all of it failed.

Nothing is concluded from version numbers: a kernel may have a layer switched off, a container may refuse it, a folder
may be readable that should not be.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sysconfig
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradlings.checks import assertions
from gradlings.execution.runner_protocol import Target
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise
from gradlings.model.text import without_control_characters
from gradlings.sandbox import remote_runner
from gradlings.sandbox.processes import WorkerFailed, WorkerProcess
from gradlings.sandbox.remote_runner import RemoteRunner
from gradlings.sandbox.settings import LAYERS_IN_ORDER, NOT_ASKED_FOR, WorkerLimits
from gradlings.sandbox.wire.channel import ChannelClosed, ReplyTimeout
from gradlings.submission import shipped_kit

_ATTEMPTS = Path(__file__).parent / "inside" / "escape_attempts.py"
_PACKAGE_FILES = (Path(assertions.__file__), Path(remote_runner.__file__))
"""Two files of the grader itself, which no worker may read."""
_TEST_FILE = "gradlings-self-check"
"""What the attempts write; `inside/escape_attempts.py` has the same name."""
_TIMEOUT_SECONDS = 20.0
_MAX_FILES_PER_FOLDER = 5
_MAX_LISTED = 8
_NAMES = {
    "descriptors": "closed descriptors",
    "limits": "limits",
    "user id": "a user id of their own",
    "privileges": "no privileges",
    "landlock": "Landlock",
    "seccomp": "a filter of system calls (seccomp)",
    "bubblewrap": "bubblewrap",
}
"""What workers have when a layer is on."""
_PREVENTED_BY = {
    "files": ("landlock", "bubblewrap"),
    "calls": ("seccomp",),
    "limits": ("limits",),
    "identity": ("user id",),
}
"""The layers of which one is enough, by the kind of attempt; others are our own work in every worker."""
_REMEDIES = {
    "landlock ENOSYS": "This kernel has none (it takes Linux 5.13 or newer, built with it), or a container's seccomp "
    "profile hides it: allow the landlock calls, as Docker's and Podman's do.",
    f"landlock {errno.errorcode[errno.EOPNOTSUPP]}": "This kernel has it switched off: name `landlock` in the boot "
    "parameter `lsm=`.",
    "landlock": "A container's seccomp profile may refuse it: allow the landlock calls, as Docker's and Podman's do.",
    "seccomp EINVAL": "This kernel has no such filters: it takes one built with CONFIG_SECCOMP_FILTER.",
    "seccomp": "It takes x86_64 or aarch64, and a surrounding that lets a process put a filter on itself.",
    "user id": "This root may not change to any user id: start as an ordinary user, or give it CAP_SETUID, "
    "CAP_SETGID and CAP_KILL (docker run --cap-add SETUID --cap-add SETGID --cap-add KILL; a user namespace has to map "
    "more ids than its root's).",
    "bubblewrap not installed": "Install the package `bubblewrap`; it needs user namespaces, or root.",
    "bubblewrap": "It is installed and does not work; usually user namespaces are forbidden: see the settings "
    "user.max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns, and the container's profile.",
    "limits": "Whatever surrounds this process must let it lower its own limits.",
    "descriptors ENOSYS": "It takes Linux 5.9 or newer.",
    "privileges": "Whatever surrounds this process must let it give up its own privileges.",
}
"""What would put a layer on, by its name and, if it is known, a word of the reason why it is not."""
_LAYER_FAILED = re.compile(r"LayerFailed: ([^:]+): (.+)")


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
    open: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What a worker could do that it must not be able to do, by the kind of attempt."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Layers that are not on, and why."""
    failed: str = ""
    """The layer at which every worker ends, or "start" if the reason is none of them; no submission can be run."""

    @property
    def succeeded(self) -> tuple[str, ...]:
        """What a worker could do that it must not be able to do."""
        return tuple(name for names in self.open.values() for name in names)

    @property
    def holds(self) -> bool:
        """Whether a worker starts, and every attempt failed."""
        return not self.succeeded and not self.failed

    def sentence(self) -> str:
        """Return one line for instructors."""
        text = f"Workers are locked down with {self._layers() or 'nothing'}"
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
        """Return what is open, which layers are on, which one is not and why, and what would put that one on."""
        if not self.failed:
            text = (
                f"Grading for marks is refused: a submission could {self._list()}. On: {self._layers() or 'nothing'}."
            )
            return " ".join([text, *self._remedies()])
        if self.failed not in LAYERS_IN_ORDER:
            return f"Grading for marks is refused: no worker can be started: {self.missing[self.failed]}."
        at = LAYERS_IN_ORDER.index(self.failed)
        on, later = (
            ", ".join(_NAMES[layer] for layer in layers if layer not in self.missing) or "nothing"
            for layers in (LAYERS_IN_ORDER[:at], LAYERS_IN_ORDER[at + 1 :])
        )
        text = f"Grading for marks is refused: no worker could be locked down. Put on: {on}."
        return f"{text} {self._why_not(self.failed, 'Failed')} Not reached: {later}."

    def _remedies(self) -> list[str]:
        remedies = []
        for kind, names in self.open.items():
            off = [layer for layer in _PREVENTED_BY.get(kind, ()) if layer in self.missing]
            if names and len(off) == len(_PREVENTED_BY.get(kind, ())) > 0:
                remedies += [self._why_not(layer) for layer in off]
            elif names and kind == "files":
                remedies.append(
                    "Files that a layer leaves open lie in folders of Python or torch: move them elsewhere."
                )
            elif names:
                remedies.append(f"No layer that could be put on is missing against `{names[0]}`: please report this.")
        return remedies

    def _why_not(self, layer: str, verb: str = "Not on") -> str:
        """Return why a layer is not on and what would put it on."""
        reason = self.missing[layer]
        keys = (f"{layer} {reason}", *(f"{layer} {word}" for word in re.findall(r"\w+", reason)), layer)
        remedy = next((_REMEDIES[key] for key in keys if key in _REMEDIES), "")
        return f"{verb}: {_NAMES[layer]} ({reason}). {remedy}".rstrip()

    def _layers(self) -> str:
        """Return the layers that are on."""
        layers = [
            f"Landlock (ABI {self.landlock})" if self.landlock else "",
            "seccomp" if self.seccomp else "",
            "a user id of their own" if self.private_uid else "",
            "bubblewrap" if self.bubblewrap else "",
            f"limits ({self.limits.memory_mb} MB, {self.limits.cpu_seconds} s of processor)" if self.limits else "",
        ]
        return ", ".join(filter(None, layers))

    def _list(self) -> str:
        more = len(self.succeeded) - _MAX_LISTED
        return ", ".join(self.succeeded[:_MAX_LISTED]) + (f" and {more} more" if more > 0 else "")


def protection(
    load: Callable[[bytes, str], RemoteRunner],
    fork: Callable[[], WorkerProcess],
    startup: dict[str, Any],
    limits: WorkerLimits,
    closed: Sequence[Path] = (),
) -> Protection:
    """Have a worker try what must not work, and return what was active and what succeeded.

    `load` and `fork` are those of a `Judge`, `startup` and `limits` those of its zygote; `closed` are files or folders
    of solutions and hidden checks that no worker may read.
    """
    with tempfile.TemporaryDirectory(prefix="gradlings-") as name:
        os.chmod(name, 0o755)  # the layers must protect the canary, not its mode
        canary = Path(name, "canary.py")
        canary.write_text("# not for workers\n")
        canary.chmod(0o644)
        facts = _try_to_escape(load, canary, closed)
    missing: dict[str, str] = startup["missing"]
    if isinstance(facts, str):
        layer, reason = _why_no_worker(fork) or ("start", facts)
        return Protection(missing={**missing, layer: reason}, failed=layer)
    attempts = {kind: tuple(names) for kind, names in facts["succeeded"].items()}
    if startup["threads"] != 1:
        attempts["leftovers"] += (f"hang: its parent runs {startup['threads']} threads",)
    private = startup["private_uid"] and facts["uid"] != os.geteuid()
    return Protection(
        landlock=startup["landlock"],
        seccomp=facts["seccomp"] == 2,
        no_new_privileges=facts["no_new_privs"] == 1,
        private_uid=private,
        uid=facts["uid"],
        bubblewrap=startup["bubblewrap"],
        limits=None if "limits" in missing else limits,
        reads_python=facts["python_is_readable"],
        open=attempts,
        missing=missing if private else {"user id": NOT_ASKED_FOR, **missing},
    )


def _why_no_worker(fork: Callable[[], WorkerProcess]) -> tuple[str, str] | None:
    """Return the layer at which a worker ends that is given nothing to do, and the call that failed, if that is why."""
    worker = fork()
    try:
        with contextlib.suppress(ChannelClosed, ReplyTimeout):
            worker.channel.frame(deadline=time.monotonic() + _TIMEOUT_SECONDS)
        found = _LAYER_FAILED.search(without_control_characters(worker.printed()))
    finally:
        worker.close()
    return (found[1], found[2]) if found else None


def _try_to_escape(
    load: Callable[[bytes, str], RemoteRunner], canary: Path, closed: Sequence[Path]
) -> dict[str, Any] | str:
    """Return what `inside/escape_attempts.py` reports, or a clause on why it reports nothing."""
    files = [*_PACKAGE_FILES, *_files_in([*closed, *_shipped_solutions()])]
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"), str(canary.parent), os.getcwd()}
    folders = sorted({"/tmp", "/var/tmp", "/dev/shm", "/", os.path.expanduser("~"), *places})
    exercise = Exercise("0", ("escape_attempts",), 0, seconds=_TIMEOUT_SECONDS)
    try:
        remote = load(_ATTEMPTS.read_bytes(), "self_check.py")
    except WorkerFailed as error:
        return str(error)
    try:
        if remote.submission.problem or remote.type_of("escape_attempts") != "function":
            return "; ".join(remote.problems()) or "it did not answer"
        args = (str(canary), [str(file) for file in files], folders, os.getpid(), os.__file__)
        result = remote.result(Target("escape_attempts"), args, exercise)
    finally:
        remote.close()
        for folder in folders:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(folder, _TEST_FILE))
    if result.raised is not None:
        return f"the self-check broke off with {result.raised.kind}: {result.raised.message}"
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
