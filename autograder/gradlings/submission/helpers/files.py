"""Files of Python beside a submission that it imports: which of them go with it, and which are refused.

They are found by their names in import statements, which are searched for as text: nothing is parsed or run here, since
a judge does it, too. The rule is the same at home and for marks, so that what runs at home runs there.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gradlings.submission.cells import decode

MAX_HELPERS = 50
MAX_HELPER_BYTES = 200_000
MAX_HELPERS_BYTES = 500_000
"""Of all together."""
MAX_HELPER_DEPTH = 4
"""Folders between a helper and the submission."""
_MAX_LISTED = 5_000
_LIBRARIES = frozenset({"torch", "numpy", "gradlings", "jaxtyping"})
_OF_THE_KIT = re.compile(r"test_.*\.py|drivers\.py|conftest\.py|warm_up\.(py|ipynb)", re.IGNORECASE)
_START = r"(?:^|[;:,\"'\[])\s*"  # in a notebook's JSON a line of code stands in quotes
_FROM = re.compile(_START + r"from\s+(\w+)(?:\.[\w.]*)?\s+import\b")
_IMPORT = re.compile(_START + r"import\s+([^#;\"\\]+)")
_BY_NAME = re.compile(r"(?:import_module|__import__)\(\s*\\?[\"'](\w+)")


@dataclass(frozen=True)
class Helper:
    """A file that a submission imports."""

    path: str
    """Below the folder of the submission, with slashes: "tools/norms.py"."""
    file: str
    """What tracebacks show."""
    data: bytes
    replaced: tuple[str, ...] = ()
    """Functions that were taken out of its text, since right ones stand in for them."""

    @property
    def module(self) -> str:
        """The name under which it is imported: "tools.norms"; that of a package for its `__init__.py`."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def is_package(self) -> bool:
        """Whether it is the `__init__.py` of a package."""
        return self.path.endswith("/__init__.py")

    @property
    def text(self) -> str:
        """Its source."""
        return decode(self.data)


@dataclass(frozen=True)
class Helpers:
    """What goes with a submission."""

    files: tuple[Helper, ...] = ()
    refused: tuple[str, ...] = ()
    """A sentence for each file that is imported, and does not go with it."""

    def by_module(self) -> dict[str, Helper]:
        """Return the files by the names under which they are imported; a package comes before a file of its name."""
        return {helper.module: helper for helper in sorted(self.files, key=lambda helper: helper.is_package)}


NO_HELPERS = Helpers()


def is_of_the_kit(name: str) -> bool:
    """Return whether a file of this name is one that students get with every assignment and do not edit."""
    return _OF_THE_KIT.fullmatch(name) is not None


def first_name(path: str) -> str:
    """Return the first part of the name under which a file is imported: "tools" for "tools/norms.py"."""
    return path.removesuffix(".py").partition("/")[0]


def can_be_imported(path: str) -> bool:
    """Return whether a file can be a helper, by its path below the folder of the submission."""
    parts = path.removesuffix(".py").split("/")
    return path.endswith(".py") and all(map(str.isidentifier, parts)) and not _is_taken(parts[0])


def _is_taken(name: str) -> bool:
    return name in sys.stdlib_module_names or name in _LIBRARIES


def digest_with(data: bytes, helpers: Helpers) -> str:
    """Return the SHA-256, in hex, of a submission's bytes; with helpers, of all of them."""
    digest = hashlib.sha256(data)
    for helper in helpers.files:
        digest.update(f"\0{helper.path}\0{hashlib.sha256(helper.data).hexdigest()}".encode())
    return digest.hexdigest()


def imported_names(text: str) -> set[str]:
    """Return the names of the top-level modules that a source or a notebook seems to import."""
    found: set[str] = set()
    for line in text.replace("\\n", "\n").split("\n"):
        if "import" in line:
            found.update(_FROM.findall(line), _BY_NAME.findall(line))
            for listed in _IMPORT.findall(line):
                found.update(name.strip().partition(" ")[0].partition(".")[0] for name in listed.split(","))
    return found


def choose_helpers(
    main: Path, data: bytes, paths: Iterable[str], read: Callable[[str], bytes], handed_out: Collection[str] = ()
) -> Helpers:
    """Return the files that a submission imports, and those that these import.

    Args:
        main: the submission; its folder is what tracebacks show before the names of helpers.
        data: its bytes.
        paths: the files below its folder, with slashes.
        read: gives the bytes of one of them; raises `ValueError` with the reason, the end of a sentence, if it cannot.
        handed_out: files that came with the assignment, by name.
    """
    modules = _by_first_name(paths)
    modules.pop(main.stem, None)
    found: dict[str, Helper] = {}
    refused: list[str] = []
    waiting = [data] if modules else []
    while waiting and modules:
        for name in sorted(imported_names(decode(waiting.pop())) & modules.keys()):
            for path in modules.pop(name):
                reason = _why_refused(name, path, found, handed_out)
                try:
                    helper = Helper(path, str(main.parent / path), b"" if reason else read(path))
                except ValueError as error:
                    reason = str(error)
                reason = reason or _why_too_large(helper, found)
                if reason:
                    refused.append(f"{path} is imported but not read: {reason}")
                else:
                    found[path] = helper
                    waiting.append(helper.data)
    return Helpers(tuple(found[path] for path in sorted(found)), tuple(refused))


def helpers_beside(main: Path, data: bytes, handed_out: Collection[str] = ()) -> Helpers:
    """Return the helpers of a submission on this machine's disk; see `choose_helpers`."""

    def read(path: str) -> bytes:
        try:
            with open(main.parent / path, "rb") as file:
                return file.read(MAX_HELPER_BYTES + 1)
        except OSError as error:
            raise ValueError(f"it cannot be opened ({error.strerror}).") from None

    return choose_helpers(main, data, _python_files(main.parent), read, handed_out)


def _python_files(folder: Path) -> Iterator[str]:
    """Yield the files of Python below a folder that can be imported, at most so many."""
    listed = 0
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name.isidentifier() and name != "__pycache__")
        below = PurePosixPath(Path(place).relative_to(folder).as_posix())
        if len(below.parts) > MAX_HELPER_DEPTH:
            folders.clear()
        yield from (str(below / name) for name in sorted(files) if name.endswith(".py"))
        listed += len(files)
        if listed > _MAX_LISTED:
            return


def _by_first_name(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return the paths that can be imported, by the first part of their names."""
    found: dict[str, list[str]] = {}
    for path in sorted(paths):
        if path.endswith(".py") and all(map(str.isidentifier, path.removesuffix(".py").split("/"))):
            found.setdefault(first_name(path), []).append(path)
    return found


def _why_refused(name: str, path: str, found: Mapping[str, Helper], handed_out: Collection[str]) -> str:
    """Return why a file is not even opened, or ""."""
    if name in sys.stdlib_module_names:
        return f"Python has a module {name} of its own, which is imported in its place. Rename yours."
    if name in _LIBRARIES:
        return f"{name} is a library, which is imported in its place. Rename yours."
    if path in handed_out or is_of_the_kit(path):
        return "it came with the assignment and is not handed in. Copy what you need into your own file."
    if path.count("/") > MAX_HELPER_DEPTH:
        return f"it lies more than {MAX_HELPER_DEPTH} folders deep. Move it up."
    if len(found) == MAX_HELPERS:
        return f"at most {MAX_HELPERS} files go with a submission. Put them together."
    return ""


def _why_too_large(helper: Helper, found: Mapping[str, Helper]) -> str:
    if len(helper.data) > MAX_HELPER_BYTES:
        return f"it has more than {MAX_HELPER_BYTES:,} bytes. Split it, or leave out its data."
    if len(helper.data) + sum(len(other.data) for other in found.values()) > MAX_HELPERS_BYTES:
        return f"the files that go with a submission may have {MAX_HELPERS_BYTES:,} bytes together."
    return ""
