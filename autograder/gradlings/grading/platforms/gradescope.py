"""`gradlings gradescope 03 --to autograder.zip`: all that Gradescope needs to grade an assignment, in one zip.

setup.sh          installs Python, torch and gradlings, once
run_autograder    grades one submission
kit/              the checks; readable, like all else in the zip, by root only
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import msgspec

from gradlings.grading.platforms.carried import PYTHON, CarriedFile, constraints, kit_files, wheel, zipped
from gradlings.grading.platforms.gradescope_results import no_results
from gradlings.grading.platforms.one_submission import SETTINGS, PlatformSettings

MEMORY_MB = 256
"""For a submission: a container has 768 MB, and the judge with torch takes most of it."""


def autograder_zip(
    root: Path, assignment: str, source_name: str, *, hidden: Path | None, stand_ins: bool, allow_weaker: bool
) -> bytes:
    """Return the zip for an assignment of the kit at `root`; hidden probes are in it, and answers if they stand in."""
    settings = PlatformSettings(assignment, secrets.token_hex(16), stand_ins, allow_weaker, MEMORY_MB)
    return zipped(list(_files(root, settings, source_name if stand_ins else "", hidden)))


def _files(root: Path, settings: PlatformSettings, answer: str, hidden: Path | None) -> Iterator[CarriedFile]:
    versions = constraints()
    names = {"PYTHON_VERSION": PYTHON, "TORCH_VERSION": versions["torch"]}
    for name in ("setup.sh", "run_autograder"):
        text = files("gradlings.grading.platforms").joinpath("templates", name).read_text(encoding="utf-8")
        for placeholder, value in names.items():
            text = text.replace(placeholder, value)
        yield CarriedFile(name, text.encode(), executable=True)
    yield CarriedFile("not_graded.json", json.dumps(no_results(), indent=1).encode())
    yield CarriedFile(SETTINGS, msgspec.json.encode(settings))
    yield CarriedFile("constraints.txt", "".join(f"{name}=={version}\n" for name, version in versions.items()).encode())
    yield wheel()
    for file in kit_files(root, settings.assignment, answer=answer, hidden=hidden):
        yield CarriedFile(f"kit/{file.name}", file.data)
