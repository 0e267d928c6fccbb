"""Where a system refuses what grading for marks needs, the refusal names the layer, the call and the remedy.

A system that refuses a call is imitated by a seccomp filter that the kernel puts around a real process.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
if sys.platform == "linux":
    from gradlings.sandbox.self_check import Protection
    from gradlings.sandbox.settings import LAYERS_IN_ORDER, NOT_ASKED_FOR

ROOT = Path(__file__).parents[1]
as_root = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="not root")
on_x86 = pytest.mark.skipif(
    platform.machine() != "x86_64", reason="the numbers of system calls here are those of x86_64"
)
CLOSE_RANGE, PRCTL, PRLIMIT, SETGROUPS, LANDLOCK = 436, 157, 302, 116, (444, 445, 446)

REFUSING = """
import ctypes, json, struct, sys

def refuse(rules):
    # rules: system call, its first argument or -1 for any, error number
    code = struct.pack("<HBBI", 0x20, 0, 0, 0)
    for call, argument, error in rules:
        if argument < 0:
            code += struct.pack("<HBBI", 0x15, 0, 1, call) + struct.pack("<HBBI", 0x06, 0, 0, 0x50000 | error)
        else:
            code += struct.pack("<HBBI", 0x15, 0, 3, call) + struct.pack("<HBBI", 0x20, 0, 0, 16)
            code += struct.pack("<HBBI", 0x15, 0, 1, argument) + struct.pack("<HBBI", 0x06, 0, 0, 0x50000 | error)
            code += struct.pack("<HBBI", 0x20, 0, 0, 0)
    code += struct.pack("<HBBI", 0x06, 0, 0, 0x7FFF0000)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("<HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0) == 0, ctypes.get_errno()

refuse(json.loads(sys.argv[1]))
"""
LOCKING = """
import os
from gradlings.sandbox import settings
from gradlings.sandbox.inside import lockdown

locks = lockdown.prepare_locks(settings.LAYERS, settings.WorkerLimits(), [], [])
channel, output = os.pipe()[0], os.dup(1)
uid = 61999 if os.geteuid() == 0 else None
print(json.dumps(locks.missing), flush=True)
try:
    lockdown.lock(locks, uid, lockdown.arrange_descriptors(channel, output, locks))
except lockdown.LayerFailed as error:
    os.write(1, str(error).encode())
os._exit(0)
"""


def locked_where_refused(*rules: tuple[int, int, int]) -> tuple[dict[str, str], str]:
    """Return the layers that are left out and why, and what failed, where calls (with an argument) are refused."""
    command = [sys.executable, "-c", REFUSING + LOCKING, json.dumps(rules)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    missing, _, failed = done.stdout.partition("\n")
    return json.loads(missing), failed


@on_x86
@pytest.mark.parametrize(
    ("error", "remedy"),
    [(errno.ENOSYS, "Linux 5.13"), (errno.EOPNOTSUPP, "boot parameter"), (errno.EPERM, "container's seccomp profile")],
    ids=errno.errorcode.get,
)
def test_why_there_is_no_landlock_is_told_apart(error: int, remedy: str) -> None:
    missing, failed = locked_where_refused(*((call, -1, error) for call in LANDLOCK))
    assert missing == {"landlock": f"landlock_create_ruleset: {errno.errorcode[error]}, {os.strerror(error)}"}
    assert failed == ""
    missing["bubblewrap"] = "not installed"
    refusal = Protection(open={"files": ("read a file of the grader",)}, missing=missing).refusal()
    assert f"Not on: Landlock ({missing['landlock']})" in refusal
    assert remedy in refusal
    assert "Install the package `bubblewrap`" in refusal
    assert "seccomp)" not in refusal


@on_x86
@pytest.mark.parametrize(
    ("rule", "layer", "call", "remedy"),
    [
        ((CLOSE_RANGE, -1, errno.ENOSYS), "descriptors", "close_range: ENOSYS", "Linux 5.9"),
        ((PRLIMIT, -1, errno.EPERM), "limits", "setrlimit: EPERM", "lower its own limits"),
        pytest.param((SETGROUPS, -1, errno.EPERM), "user id", "setgroups: EPERM", "CAP_SETUID", marks=as_root),
        ((PRCTL, 4, errno.EPERM), "privileges", "prctl(4): EPERM", "its own privileges"),
        ((LANDLOCK[2], -1, errno.EPERM), "landlock", "landlock_restrict_self: EPERM", "container's seccomp profile"),
        ((PRCTL, 22, errno.EINVAL), "seccomp", "prctl(22): EINVAL", "CONFIG_SECCOMP_FILTER"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_layer_that_fails_is_named_with_what_is_on(
    rule: tuple[int, int, int], layer: str, call: str, remedy: str
) -> None:
    _, failed = locked_where_refused(rule)
    assert failed.startswith(f"{layer}: {call}, ")
    refusal = Protection(missing={layer: failed.partition(": ")[2]}, failed=layer).refusal()
    on, _, later = refusal.partition("Failed: ")
    assert call in later
    assert remedy in later
    assert on.count(",") == max(0, LAYERS_IN_ORDER.index(layer) - 1)


def test_only_the_layer_that_would_have_prevented_it_is_asked_for() -> None:
    off = {"landlock": NOT_ASKED_FOR, "bubblewrap": "bwrap: No permissions", "limits": NOT_ASKED_FOR}
    refusal = Protection(open={"files": (), "limits": ("use memory without a limit",)}, missing=off).refusal()
    assert "Not on: limits" in refusal
    assert "Landlock" not in refusal
    files = Protection(open={"files": ("read answers.py",)}, missing=off).refusal()
    assert "bubblewrap (bwrap: No permissions). It is installed and does not work" in files
    without = {"bubblewrap": "not installed"}
    assert "move them" in Protection(landlock=7, open={"files": ("read answers.py",)}, missing=without).refusal()
    assert "please report" in Protection(open={"leftovers": ("keep the descriptors [9]",)}).refusal()


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    """A folder with one right submission of assignment 03."""
    folder = tmp_path / "submissions" / "ada"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / "03" / "autodiff.py", folder)
    return folder.parent


def refused(before: list[str], submission: Path) -> str:
    """Return the one sentence of `gradlings grade` under a command that takes something from it."""
    with tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o755)
        grade = [sys.executable, "-m", "gradlings", "grade", "03", str(submission), "--root", str(ROOT)]
        done = subprocess.run(
            [*before, *grade, "--to", str(submission.parent / "results")],
            env=os.environ | {"TMPDIR": scratch},
            capture_output=True,
            text=True,
            timeout=400,
        )
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        assert os.listdir(scratch) == []
    assert not [name for name in os.listdir("/proc") if name.isdigit() and scratch.encode() in environment_of(name)]
    assert not (submission.parent / "results" / "scores.csv").exists()
    return done.stderr


def environment_of(pid: str) -> bytes:
    try:
        return Path("/proc", pid, "environ").read_bytes()
    except OSError:
        return b""


@as_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
def test_root_without_capabilities_is_told_so_and_not_that_landlock_is_missing(submission: Path) -> None:
    said = refused(["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"], submission)
    assert "Put on: closed descriptors, limits." in said
    assert "Failed: a user id of their own (setgroups: EPERM, Operation not permitted)" in said
    assert "CAP_SETUID" in said
    assert "gives no Landlock" not in said
    assert "Not reached: no privileges, Landlock, a filter of system calls" in said


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="prlimit is not installed")
def test_too_little_memory_to_start_is_a_sentence(submission: Path) -> None:
    assert "gradlings: " in refused(["prlimit", "--as=700000000"], submission)


@as_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
def test_root_that_may_not_end_workers_is_told_so(submission: Path) -> None:
    said = refused(["setpriv", "--bounding-set", "-kill", "--inh-caps", "-kill"], submission)
    assert "may not end a process of another user id" in said
    assert "--cap-add KILL" in said
