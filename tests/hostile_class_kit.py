"""Classes in which some submissions attack: the kit that attacks are written for, and honest submissions of it."""

from __future__ import annotations

import csv
import json
import os
import resource
import shutil
import tomllib
from pathlib import Path
from typing import Any

from student_kit import Kit

ATTACKS = Path(__file__).parent / "attacks"
RIGHT = {"double": "return 2 * x", "slope": "return 3 * x**2", "tidy": "return sorted(words)"}
HONEST = {
    "right": RIGHT,
    "other_slope": {**RIGHT, "slope": "return 3 * x * x"},
    "changes_its_input": {**RIGHT, "tidy": "words.sort()\n    return words"},
    "forgot_the_factor": {**RIGHT, "slope": "return x**2"},
    "raises": {**RIGHT, "double": "return x @ None"},
    "forbidden": {**RIGHT, "slope": "import torch\n    return torch.autograd.grad((x**3).sum(), x)[0]"},
}
POINTS = dict(zip(HONEST, (30, 30, 20, 20, 20, 20), strict=True))


def source(bodies: dict[str, str]) -> bytes:
    parameters = {"tidy": "words"}
    return "\n\n# %%\n".join(
        f"def {name}({parameters.get(name, 'x')}):\n    {body}\n" for name, body in bodies.items()
    ).encode()


def attacked_kit(root: Path) -> Kit:
    """The kit whose checks the attacks are written for."""
    folder = root / "assignments" / "09"
    folder.mkdir(parents=True)
    shutil.copy(ATTACKS / "checks.py", folder / "test_attacked.py")
    return Kit(root)


def attack(name: str) -> bytes:
    """The bytes of an attack's submission, which is a module."""
    return (ATTACKS / name / "submission.py").read_bytes()


def expectation(name: str) -> dict[str, Any]:
    """What an attack's `expect.toml` says."""
    return tomllib.loads((ATTACKS / name / "expect.toml").read_text())


def hard_limits() -> None:
    """For everything that is started from here on, so that a guard that fails harms nobody else."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if os.geteuid() == 0:  # counted for each user id, and workers have their own
        resource.setrlimit(resource.RLIMIT_NPROC, (64, 64))


def scores(to: Path) -> dict[str, str]:
    """The scores of a class by student."""
    with open(to / "scores.csv", newline="", encoding="utf-8-sig") as file:
        return {row["student"]: row["score"] for row in csv.DictReader(file)}


def card(to: Path, student: str) -> Any:
    return json.loads((to / "scorecards" / f"{student}.json").read_text())["card"]
