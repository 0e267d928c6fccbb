"""`gradlings github 03`: a workflow for GitHub Actions, and beside it what it runs.

    .github/workflows/gradlings-03.yml    when, on which machine, and what becomes of the results
    .github/gradlings-03/autograder.py    installs and grades; Classroom 50 can run it without the workflow
    .github/gradlings-03/                 the wheel, the versions, the checks

There is no answer and no hidden probe in it: whoever can read the repository could read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import msgspec

from gradlings.grading.platforms.carried import PYTHON, CarriedFile, constraints, kit_files, wheel
from gradlings.grading.platforms.one_submission import SETTINGS, PlatformSettings


def workflow_files(root: Path, assignment: str) -> Iterator[CarriedFile]:
    """Yield the files for the top of a repository, for an assignment of the kit at `root`."""
    versions = constraints()
    names = {"PYTHON_VERSION": PYTHON, "TORCH_VERSION": versions["torch"], "ASSIGNMENT_ID": assignment}
    folder = f".github/gradlings-{assignment}"

    def template(name: str) -> bytes:
        text = files("gradlings.grading.platforms").joinpath("templates", name).read_text(encoding="utf-8")
        for placeholder, value in names.items():
            text = text.replace(placeholder, value)
        return text.encode()

    yield CarriedFile(f".github/workflows/gradlings-{assignment}.yml", template("workflow.yml"))
    yield CarriedFile(f"{folder}/autograder.py", template("autograder.py.txt"))
    yield CarriedFile(f"{folder}/{SETTINGS}", msgspec.json.encode(PlatformSettings(assignment)))
    pinned = "".join(f"{name}=={version}\n" for name, version in versions.items())
    yield CarriedFile(f"{folder}/constraints.txt", pinned.encode())
    for file in (wheel(), *kit_files(root, assignment)):
        yield CarriedFile(f"{folder}/{file.name}", file.data)
