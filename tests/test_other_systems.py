"""What holds on Windows and can be tried here: modules are imported, and commands run, as they would be there."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from student_kit import PROJECT, RIGHT, Kit

# A sitecustomize module: the modules of gradlings find what Python has on Windows when they are imported. Other ones
# go by the name of the system, and stay as they are.
WINDOWS = """
import builtins, ctypes, os, signal, sys

gone = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
import_module, library = builtins.__import__, ctypes.CDLL

def import_as_on_windows(name, *args, **kwargs):
    if name in gone and args and (args[0] or {}).get("__name__", "").startswith("gradlings"):
        if sys._getframe(1).f_code.co_name == "<module>":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return import_module(name, *args, **kwargs)

class Library(library):
    def __init__(self, name, *args, **kwargs):
        if name is None:
            raise TypeError("a library needs a name")
        super().__init__(name, *args, **kwargs)

builtins.__import__, ctypes.CDLL = import_as_on_windows, Library
names = {
    os: "fork forkpty setsid killpg mkfifo mknod sched_yield wait4 waitid nice memfd_create writev "
    "O_NOFOLLOW O_DIRECTORY O_NONBLOCK O_NOCTTY O_CLOEXEC O_PATH",
    signal: "SIGALRM SIGHUP SIGSTOP SIGTSTP SIGWINCH setitimer ITIMER_REAL ITIMER_PROF alarm",
}
for module in names:
    for name in names[module].split():
        if hasattr(module, name):
            delattr(module, name)
os.supports_dir_fd = frozenset()
"""

IMPORT_ALL = """
import importlib, pkgutil, gradlings
for module in pkgutil.walk_packages(gradlings.__path__, "gradlings."):
    if not module.name.startswith("gradlings.sandbox.inside") and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""


@pytest.fixture
def windows(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "sitecustomize.py").write_text(WINDOWS)
    return {"PYTHONPATH": str(tmp_path), "PYTHONUTF8": "0", "PYTHONIOENCODING": "cp1252:replace"}


def test_every_module_but_those_of_workers_can_be_imported(kit: Kit, windows: dict[str, str]) -> None:
    done = kit.run("timeit", "-n1", "-r1", f"exec({IMPORT_ALL!r})", environment=windows)
    assert done.code == 0, done.said


def test_a_student_checks_a_file_with_carriage_returns(kit: Kit, windows: dict[str, str]) -> None:
    kit.answer(**RIGHT)
    kit.module.write_bytes(kit.module.read_bytes().replace(b"\n", b"\r\n"))
    done = kit.run("pytest", "assignments/09", environment=windows)
    assert done.code == 0, done.said
    assert "30 of 30 points" in done.said


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("marks", "."), "holds no results"),
        (("similarity", "09", ".", "--to", "similar"), "Give a zip of it"),
    ],
    ids=str,
)
def test_a_command_that_cannot_go_on_says_why(
    kit: Kit, windows: dict[str, str], command: tuple[str, ...], said: str
) -> None:
    done = kit.run("gradlings", *command, environment=windows)
    assert done.code == 2, done.said
    assert said in " ".join(done.said.split())


def test_no_two_files_differ_by_the_case_of_letters_alone() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False).stdout
    names = tracked.splitlines() or [path.relative_to(PROJECT).as_posix() for path in PROJECT.rglob("*")]
    assert len(names) > 300
    assert [name for name, count in Counter(name.casefold() for name in names).items() if count > 1] == []
    assert [name for name in names if re.search(r'[<>:"\\|?*]|[ .]$', name)] == [], "Windows has no such names"
