"""CONTRIBUTING.md explains how to add an exercise; here somebody does as it says."""

import re
import shutil
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
