"""What a worker may read, granted by name: Python's own library, torch, and the packages torch needs.

Never a folder in which other packages could lie: the kit itself, and with it solutions and checks, may be installed in
the very same site-packages.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

PACKAGES = ("torch", "numpy", "jaxtyping", "matplotlib", "pandas", "scipy", "tqdm", "einops")
"""Distributions that submissions may import where they are installed, with all that these need."""

_NEVER = frozenset({"gradlings", "nbgrader", "pip", "pytest", "ipython", "jupyter-core", "jupyterlab"})
_SYSTEM = ("/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo", "/dev/null", "/dev/zero", "/dev/urandom")
_MEMORY_FACTS = ("/sys/kernel/mm/transparent_hugepage", "/proc/meminfo", "/proc/cpuinfo")


def readable() -> list[str]:
    """Files and folders with all that is in them."""
    return [*_standard_library(), *distributions(), *_shared_libraries(), *_SYSTEM, *_MEMORY_FACTS]


def listable() -> list[str]:
    """Folders in which Python looks for modules."""
    return sorted({str(path) for path in _module_folders()})


def _module_folders() -> list[Path]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return [Path(sysconfig.get_path(name)) for name in names]


def _standard_library() -> list[str]:
    """Every entry by itself: site-packages may be a folder in it."""
    found = []
    for folder in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}:
        if os.path.isdir(folder):
            names = os.listdir(folder)
            found += [os.path.join(folder, name) for name in names if not name.endswith("-packages")]
    zipped = Path(sys.base_prefix, "lib", f"python{sys.version_info[0]}{sys.version_info[1]}.zip")
    return [*found, str(zipped)]


def distributions(further: Sequence[str] = ()) -> list[str]:
    """The files and folders of `PACKAGES` and other distributions, and of all that these need."""
    wanted, seen, found = [*PACKAGES, *further], set(_NEVER), []
    while wanted:
        name = re.sub(r"[-_.]+", "-", wanted.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found += _top_level(distribution)
        for requirement in distribution.requires or ():
            if "extra ==" not in requirement:
                wanted.append(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0])
    return found


def _top_level(distribution: metadata.Distribution) -> list[str]:
    """The packages and modules of a distribution, from its record of files; not what it puts elsewhere."""
    names = {file.parts[0] for file in distribution.files or ()}
    names -= {"..", "bin", "share", "__pycache__"}
    return [str(distribution.locate_file(name)) for name in sorted(names) if not name.endswith(".pth")]


def _shared_libraries() -> list[str]:
    """What extension modules may have to load, file by file."""
    machine = sysconfig.get_config_var("MULTIARCH") or ""
    folders = {"/lib64", "/usr/lib64", f"/lib/{machine}", f"/usr/lib/{machine}", os.path.join(sys.base_prefix, "lib")}
    found = []
    for folder in folders:
        if os.path.isdir(folder):
            found += [entry.path for entry in os.scandir(folder) if ".so" in entry.name and entry.is_file()]
    return found
