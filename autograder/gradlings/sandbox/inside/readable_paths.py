"""Lists what a worker may read: Python's standard library, torch, and the packages torch needs, each by name.

Never a folder that can hold other packages: this package, and with it solutions and checks, may be installed in the
same site-packages.
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
"""Distributions that submissions may import if they are installed, with their dependencies."""

_EXCLUDED = frozenset({"gradlings", "nbgrader", "pip", "pytest", "ipython", "jupyter-core", "jupyterlab"})
_SYSTEM = ("/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo", "/dev/null", "/dev/zero", "/dev/urandom")
_MEMORY_FACTS = ("/sys/kernel/mm/transparent_hugepage", "/proc/meminfo", "/proc/cpuinfo")


def readable() -> list[str]:
    """Return files, and folders with their whole content."""
    return [*_standard_library(), *distributions(), *_shared_libraries(), *_SYSTEM, *_MEMORY_FACTS]


def listable() -> list[str]:
    """Return the folders in which Python looks for modules."""
    return sorted({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def _standard_library() -> list[str]:
    """Return every entry by itself: site-packages may be one of them."""
    found = []
    for folder in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}:
        if os.path.isdir(folder):
            names = os.listdir(folder)
            found += [os.path.join(folder, name) for name in names if not name.endswith("-packages")]
    zipped = Path(sys.base_prefix, "lib", f"python{sys.version_info[0]}{sys.version_info[1]}.zip")
    return [*found, str(zipped)]


def distributions(further: Sequence[str] = ()) -> list[str]:
    """Return the modules and packages of `PACKAGES`, of `further` distributions, and of their dependencies.

    Not their scripts and shared data.
    """
    wanted, seen, found = [*PACKAGES, *further], set(_EXCLUDED), []
    while wanted:
        name = re.sub(r"[-_.]+", "-", wanted.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        names = _top_level_names(distribution) - {"..", "bin", "share", "__pycache__"}
        found += [str(distribution.locate_file(name)) for name in sorted(names) if not name.endswith(".pth")]
        for requirement in distribution.requires or ():
            if "extra ==" not in requirement:
                wanted.append(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0])
    return found


def _top_level_names(distribution: metadata.Distribution) -> set[str]:
    """Return the first part of the path of every installed file.

    Read from the record itself where there is one: `distribution.files` makes an object for each of 20,000 files.
    """
    record = distribution.read_text("RECORD")
    if record is None:
        return {file.parts[0] for file in distribution.files or ()}
    return {line.partition(",")[0].strip('"').partition("/")[0] for line in record.splitlines()}


def _shared_libraries() -> list[str]:
    """Return the files that extension modules may have to load."""
    machine = sysconfig.get_config_var("MULTIARCH") or ""
    folders = {"/lib64", "/usr/lib64", f"/lib/{machine}", f"/usr/lib/{machine}", os.path.join(sys.base_prefix, "lib")}
    found = []
    for folder in folders:
        if os.path.isdir(folder):
            found += [entry.path for entry in os.scandir(folder) if ".so" in entry.name and entry.is_file()]
    return found
