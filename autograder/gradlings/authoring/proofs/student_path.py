"""Prove that a student who hands in the solution gets full marks: pytest in a process of its own, on a kit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from gradlings.authoring.assignment import Assignment
from gradlings.authoring.proofs.whole_files import Proof

PATH = "kits with the solution in them: pytest ends with code 0 and all points"
_SECONDS = 600
_TOLD = 30


def full_marks_at_home(assignment: Assignment) -> Proof:
    """Run `pytest assignments/NN` on a copy of what students get, the solution in the place of its stubs."""
    proof = Proof(PATH)
    with TemporaryDirectory() as folder:
        kit = Path(folder) / "assignments" / assignment.id
        shutil.copytree(assignment.folder, kit, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        for source in assignment.sources:
            (kit / source.path.name).write_text(source.text, encoding="utf-8")
        report = Path(folder) / "report.xml"
        options = ["-p", "no:cacheprovider", "-p", "no:xdist", f"--junitxml={report}"]
        command = [sys.executable, "-m", "pytest", f"assignments/{assignment.id}", *options]
        # as in a terminal of the student's: nothing that this process was told about pytest
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        try:
            ended = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            proof.add(f"{assignment.id}: pytest on a kit with the solution in it has not ended after {_SECONDS} s")
            return proof
        points = _points_in(report)
    full = sum(exercise.points for exercise in assignment.exercises)
    if ended.returncode == 0 and points == full:
        proof.add("")
    else:
        said = "\n".join((ended.stdout + ended.stderr).strip().splitlines()[-_TOLD:])
        what = (
            f"pytest on a kit with the solution in it ends with code {ended.returncode} and {points} of {full} points"
        )
        proof.add(f"{assignment.id}: {what}, though `verify` runs the same checks. The end of what it says:\n{said}")
    return proof


def _points_in(report: Path) -> int:
    """Return the points in pytest's report; 0 if there is none."""
    if not report.is_file():
        return 0
    properties = ElementTree.parse(report).iter("property")
    return sum(int(each.get("value", "0")) for each in properties if each.get("name") == "points")
