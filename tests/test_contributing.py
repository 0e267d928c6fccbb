"""CONTRIBUTING.md explains how to add an exercise and how to test; here somebody does as it says."""

import re
import shutil
import tomllib
from itertools import chain
from pathlib import Path

from gradlings.authoring.assignment import find_assignments
from gradlings.authoring.verify import wrong_total
from student_kit import PROJECT, Kit

PLACES = (
    "solutions/01/tensors.py",
    "assignments/01/test_tensors.py",
    "solutions/01/misconceptions.py",
    "solutions/01/variants.py",
)


def test_an_exercise_added_as_explained_holds(tmp_path: Path) -> None:
    for folder in ("assignments/01", "solutions/01"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == len(PLACES)
    for place, block in zip(PLACES, blocks, strict=True):
        with (tmp_path / place).open("a", encoding="utf-8") as file:
            file.write("\n\n" + block)
    (hidden,) = re.findall(r"^    (\"1\.12::.*)$", text, re.MULTILINE)
    kit = Kit(tmp_path).edit("solutions/01/hidden.py", "PROBES = {\n", f"PROBES = {{\n    {hidden}\n")
    commands = re.findall(r"^\.venv/bin/gradlings (.*)$", text, re.MULTILINE)
    assert commands == ["build 01", "verify 1.12"]
    built = kit.run("gradlings", *commands[0].split())
    assert built.code == 0, built.said
    proven = kit.run("gradlings", *commands[1].split(), "--seeds", "1")
    assert "1.12 count_zeros 0 5/5 3/3 3/3 2/2 yes" in proven.said
    assert " 0 breaches" in proven.out
    assert proven.code == 0
    # what remains to be done: the points
    (assignment,) = find_assignments(tmp_path)
    assert wrong_total(assignment) == "the exercises have 105 points together, and the assignment has 100"


def test_people_and_ci_run_the_same_commands() -> None:
    install = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' -c constraints.txt && .venv/bin/nox -s "
    for path, session in {"README.md": "tests", ".ci/run": "tests", "CONTRIBUTING.md": "quick"}.items():
        assert f"\n{install}{session}\n" in (PROJECT / path).read_text(encoding="utf-8"), path
    ci = (PROJECT / ".ci" / "run").read_text(encoding="utf-8")
    run = {session for line in re.findall(r"nox -s ([a-z_ ]+)", ci) for session in line.split()}
    nox = (PROJECT / "noxfile.py").read_text(encoding="utf-8")
    assert run == set(re.findall(r"^@nox\.session\ndef (\w+)", nox, re.MULTILINE)) - {
        "quick",
        "docs",  # a test builds the site
        "pytest_bounds",
        "release",
        "gpu",
        "platforms",
    }


def test_what_the_development_environment_needs_is_pinned() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    names = {re.split(r"[\[<>=~ ]", line)[0].lower().replace("_", "-") for line in wanted}
    names -= {"gradlings", "gradlings-answers"}  # what this repository holds
    lines = (PROJECT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert names <= {line.partition("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
