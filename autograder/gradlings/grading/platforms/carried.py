"""What travels to a platform: gradlings as a wheel, the versions it was proven with, an assignment's checks.

The wheel is made from the files of the package that is running, so that the platform grades with the same code (see
`grading/fingerprint.py`), from a checkout as from an install. No answer is part of it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import platform
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import gradlings

PYTHON = ".".join(platform.python_version_tuple()[:2])
"""Of this process: the platform uses the same, for which the versions are known to exist."""
WHEEL = f"gradlings-{gradlings.__version__}-py3-none-any.whl"
_STAMP = (2020, 1, 1, 0, 0, 0)
"""The time of every file in the archives, so that the same content gives the same bytes."""
_JUNK = ("__pycache__", ".ipynb_checkpoints", ".pytest_cache")
_NOT_READ = (".png", ".svg", ".pyc")


@dataclass(frozen=True)
class CarriedFile:
    """A file of an archive."""

    name: str
    data: bytes
    executable: bool = False


def zipped(files: Iterator[CarriedFile] | list[CarriedFile]) -> bytes:
    """Return a zip of the files, with the permissions that Unix gives them back."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            info = zipfile.ZipInfo(file.name, _STAMP)
            info.create_system = 3  # Unix: the next number is read as a mode
            info.external_attr = (0o100755 if file.executable else 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.data)
    return buffer.getvalue()


def wheel() -> CarriedFile:
    """Return a wheel of the package that is running, without the assignments that ship with it."""
    package = Path(gradlings.__file__).parent
    found = [
        CarriedFile(f"gradlings/{path.relative_to(package).as_posix()}", path.read_bytes())
        for path in _files_below(package)
        if path.relative_to(package).parts[:2] != ("kit", "assignments")
    ]
    ours = metadata.distribution("gradlings")
    folder = f"gradlings-{gradlings.__version__}.dist-info"
    about = {
        "METADATA": ours.read_text("METADATA") or "",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: gradlings\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "entry_points.txt": ours.read_text("entry_points.txt") or "",
    }
    found += [CarriedFile(f"{folder}/{name}", text.encode()) for name, text in about.items()]
    rows = [f"{file.name},sha256={_digest(file.data)},{len(file.data)}" for file in found]
    record = "\n".join([*rows, f"{folder}/RECORD,,"]) + "\n"
    return CarriedFile(WHEEL, zipped([*found, CarriedFile(f"{folder}/RECORD", record.encode())]))


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def constraints() -> dict[str, str]:
    """Return the version of each distribution that gradlings needs, as it is installed here, without local parts."""
    found: dict[str, str] = {}
    wanted = ["gradlings"]
    while wanted:
        try:
            distribution = metadata.distribution(wanted.pop())
        except metadata.PackageNotFoundError:  # for another system
            continue
        name = re.sub(r"[-_.]+", "-", distribution.name).lower()
        if name not in found:
            found[name] = distribution.version.partition("+")[0]
            requirements = (line for line in distribution.requires or () if "extra ==" not in line)
            wanted += [re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in requirements]
    return {name: version for name, version in sorted(found.items()) if name != "gradlings" and not _only_gpu(name)}


def _only_gpu(name: str) -> bool:
    """Return whether a distribution belongs to torch for a GPU, which no platform needs."""
    return name.startswith(("nvidia-", "cuda-")) or name == "triton"


def kit_files(root: Path, assignment: str, *, answer: str = "", hidden: Path | None = None) -> Iterator[CarriedFile]:
    """Yield what a judge needs of a kit, by path in it.

    Args:
        root: the folder of the kit.
        assignment: its id; of others the checks come along, so that a file of another assignment is recognized.
        answer: the name of the solution's file, if it is to stand in for wrong functions (`autodiff`).
        hidden: the file of hidden probes, if there are any.
    """
    folder = root / "assignments" / assignment
    for path in _files_below(folder):
        if path.suffix not in _NOT_READ and not path.name.startswith("."):
            yield CarriedFile(f"assignments/{assignment}/{path.relative_to(folder).as_posix()}", path.read_bytes())
    for checks in sorted((root / "assignments").glob("*/test_*.py")):
        if checks.parent != folder:
            yield CarriedFile(f"assignments/{checks.parent.name}/{checks.name}", checks.read_bytes())
    solution = root / "solutions" / assignment / f"{answer}.py"
    if answer and solution.is_file():
        yield CarriedFile(f"solutions/{assignment}/{answer}.py", solution.read_bytes())
    if hidden is not None:
        yield CarriedFile(f"solutions/{assignment}/hidden.py", hidden.read_bytes())


def _files_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not set(_JUNK).intersection(path.parts) and path.suffix != ".pyc":
            yield path
