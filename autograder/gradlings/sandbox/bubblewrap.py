"""Builds the bubblewrap command around the zygote: a file system with only Python, torch and system libraries.

Used where it works, on top of the other layers; without Landlock it is what hides the files. Solutions, checks and
submissions do not exist in there. Whether bubblewrap works (it needs the program, and either root or user namespaces)
is found out by trying.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from gradlings.sandbox.inside import readable_paths

_ZYGOTE_PACKAGES = ("msgspec",)
"""What the zygote needs besides what submissions may import."""
_TRIAL_SECONDS = 20.0
_LINKS = ("/lib", "/lib64")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
_SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo", "/sys/kernel/mm/transparent_hugepage")


def command_prefix() -> list[str]:
    """Return what to put before a command to run it in bubblewrap; empty where that is not installed."""
    command = _program_and_namespaces()
    return [*command, *_files(), "--remount-ro", "/", "--chdir", "/", "--"] if command else []


def failure() -> str:
    """Return why a command cannot be run in bubblewrap, tried with one that takes milliseconds; "" if it can.

    A zygote that fails for this reason is missed only when its start is waited for, and then another has to start.
    """
    command = _program_and_namespaces()
    if not command:
        return ""
    try:
        tried = subprocess.run(
            [*command, "--ro-bind", "/", "/", "--", command[0], "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_TRIAL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = tried.stderr.decode("utf-8", "replace").strip()
    return (said or f"it ended with status {tried.returncode}") if tried.returncode else ""


def _program_and_namespaces() -> list[str]:
    program = shutil.which("bwrap")
    if program is None:
        return []
    command = [program, "--unshare-ipc", "--unshare-net", "--unshare-uts", "--unshare-pid", "--unshare-cgroup-try"]
    command += ["--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"]  # to unmount /proc; dropped after that
    if os.geteuid() == 0:  # workers change to a user id of their own
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user"]
    return command


def _files() -> list[str]:
    """Mount library folders without installed packages, then each allowed package by name."""
    folders = [*_library_folders(), sysconfig.get_path("stdlib")]
    folders = [path for path in folders if not _lies_in(path, folders)]
    emptied = [path for path in _package_folders() if _lies_in(path, folders)]
    single = [*_python_itself(), *readable_paths.distributions(_ZYGOTE_PACKAGES), *_SYSTEM_FILES]
    options: list[str] = []
    parents = {str(parent) for path in (*folders, *single, *_DEVICES) for parent in Path(path).parents}
    for path in sorted(parents - {"/"}):
        options += ["--dir", path]  # created here, since bubblewrap would let only root enter them
    for path in folders:
        options += ["--ro-bind", path, path]
    for link in _LINKS:
        if os.path.islink(link):
            options += ["--symlink", os.readlink(link), link]
    for path in emptied:
        options += ["--tmpfs", path]
    for path in single:
        options += ["--ro-bind-try", path, path]
    for path in emptied:
        options += ["--remount-ro", path]
    for path in _DEVICES:
        options += ["--dev-bind", path, path]
    return [*options, "--proc", "/proc"]


def _library_folders() -> list[str]:
    """Return the system's folders of shared libraries, without those that are links."""
    machine = sysconfig.get_config_var("MULTIARCH") or "none"
    wanted = [f"/usr/lib/{machine}", "/usr/lib64", f"/lib/{machine}", "/lib64"]
    return [path for path in wanted if os.path.isdir(path) and os.path.realpath(path) == path]


def _python_itself() -> list[str]:
    """Return the program under both its names, its library, and the file that marks a virtual environment."""
    library = glob.glob(f"{sys.base_prefix}/lib/libpython*")
    return [sys.executable, os.path.realpath(sys.executable), *library, os.path.join(sys.prefix, "pyvenv.cfg")]


def _package_folders() -> list[str]:
    """Return every folder of installed packages that may lie below a mounted folder."""
    roots = {sys.base_prefix, sys.prefix, "/usr", "/usr/local"}
    patterns = [f"{root}/lib*/python*/{kind}-packages" for root in roots for kind in ("site", "dist")]
    found = {path for pattern in patterns for path in glob.glob(pattern)}
    found |= {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return sorted(path for path in found if os.path.isdir(path) and not os.path.islink(path))


def _lies_in(path: str, folders: list[str]) -> bool:
    return any(Path(folder) in Path(path).parents for folder in folders)
