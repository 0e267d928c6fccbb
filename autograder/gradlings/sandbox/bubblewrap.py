"""Bubblewrap around the zygote: a world of its own with nothing in it but Python, torch and the system's libraries.

Used where it works, on top of the other layers; where Landlock is missing it is what hides the files. Solutions, checks
and submissions are not closed in there, they do not exist. What bubblewrap needs (the program itself, and either root
or user namespaces that are allowed) is found out by trying.
"""

from __future__ import annotations

import glob
import os
import shutil
import sys
import sysconfig
from pathlib import Path

from gradlings.sandbox.inside import readable_paths

_ALSO = ("msgspec",)
"""What the zygote needs besides what submissions may import."""
_LINKS = ("/lib", "/lib64")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
_FACTS = ("/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo", "/sys/kernel/mm/transparent_hugepage")


def prefix() -> list[str]:
    """What comes before a command for it to run in a bubble; empty where bubblewrap is not installed."""
    program = shutil.which("bwrap")
    if program is None:
        return []
    command = [program, "--unshare-ipc", "--unshare-net", "--unshare-uts", "--unshare-pid", "--unshare-cgroup-try"]
    command += ["--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"]  # to take /proc away again; given up after that
    if os.geteuid() == 0:  # workers change to a user id of their own, which takes the real one and these two
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user"]
    command += _files()
    return [*command, "--remount-ro", "/", "--chdir", "/", "--"]


def _files() -> list[str]:
    """Folders of installed packages are emptied, then the granted ones put back by name."""
    folders = _outermost([*_library_folders(), sysconfig.get_path("stdlib")])
    emptied = [path for path in _package_folders() if any(Path(folder) in Path(path).parents for folder in folders)]
    single = [*_python_itself(), *readable_paths.distributions(_ALSO), *_FACTS]
    options: list[str] = []
    for path in _parents([*folders, *single, *_DEVICES]):
        options += ["--dir", path]  # else only root may enter them
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
    """Where the system keeps shared libraries; links to such a folder are made separately."""
    machine = sysconfig.get_config_var("MULTIARCH") or "none"
    wanted = [f"/usr/lib/{machine}", "/usr/lib64", f"/lib/{machine}", "/lib64"]
    return [path for path in wanted if os.path.isdir(path) and os.path.realpath(path) == path]


def _python_itself() -> list[str]:
    """The program, under the name it was started by and its own; its library; what makes a virtual environment one."""
    library = glob.glob(f"{sys.base_prefix}/lib/libpython*")
    return [sys.executable, os.path.realpath(sys.executable), *library, os.path.join(sys.prefix, "pyvenv.cfg")]


def _parents(paths: list[str]) -> list[str]:
    """The folders that have to be there for something to be put into, outermost first."""
    found = {str(parent) for path in paths for parent in Path(path).parents} - {"/"}
    return sorted(found)


def _package_folders() -> list[str]:
    """Wherever packages may be installed below a folder that is shown."""
    roots = {sys.base_prefix, sys.prefix, "/usr", "/usr/local"}
    patterns = [f"{root}/lib*/python*/{kind}-packages" for root in roots for kind in ("site", "dist")]
    found = {path for pattern in patterns for path in glob.glob(pattern)}
    found |= {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    return sorted(path for path in found if os.path.isdir(path) and not os.path.islink(path))


def _outermost(paths: list[str]) -> list[str]:
    """Without those that lie in another one."""
    return [path for path in paths if not any(Path(other) in Path(path).parents for other in paths if other != path)]
