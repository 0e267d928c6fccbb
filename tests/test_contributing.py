"""CONTRIBUTING.md explains how to add an exercise; this follows it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parent.parent
PLACES = (
    "solutions/01/tensors.py",
    "assignments/01/test_tensors.py",
    "solutions/01/misconceptions.py",
    "solutions/01/variants.py",
)


def gradlings(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gradlings.cli", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


def test_an_exercise_added_as_explained_holds(tmp_path: Path) -> None:
    for folder in ("assignments/01", "solutions/01"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    blocks = re.findall(r"```python\n(.*?)```", (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == len(PLACES)
    for place, block in zip(PLACES, blocks, strict=True):
        with (tmp_path / place).open("a", encoding="utf-8") as file:
            file.write("\n\n" + block)
    assert gradlings(tmp_path, "build", "01").returncode == 0
    proven = gradlings(tmp_path, "verify", "01", "--seeds", "0")
    assert "1.12 count_zeros" in proven.stdout
    assert " 0 breaches" in proven.stdout
    assert proven.returncode == 0
