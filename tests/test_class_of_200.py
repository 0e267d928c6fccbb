"""A class in which every tenth submission attacks: the others get exactly what they get alone."""

import csv
import json
import os
import resource
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from class_kit import hand_in
from student_kit import Kit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="grading for marks needs Linux")

ATTACKS = Path(__file__).parent / "attacks"
ATTACKERS = (
    *("deletes", "drips", "endless_loop", "floods_stdout"),
    *("forged_verdict", "fork_bomb", "garbage_after_the_answer", "huge_tensor"),
    *("kills_itself", "leaves_a_message", "network_ipv4", "os_exit_at_import"),
    *("os_exit_zero", "patched_comparisons", "reads_proc", "searches_the_disk"),
    *("signals_the_grader", "takes_over_the_worker", "thread_bomb", "torch_function_subclass"),
)
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


@pytest.fixture
def attacked(tmp_path: Path) -> Kit:
    """The kit whose checks the attacks are written for."""
    folder = tmp_path / "kit" / "assignments" / "09"
    folder.mkdir(parents=True)
    shutil.copy(ATTACKS / "checks.py", folder / "test_attacked.py")
    return Kit(tmp_path / "kit")


def hard_limits() -> None:
    """For everything that is started from here on, so that a guard that fails harms nobody else."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if os.geteuid() == 0:  # counted for each user id, and workers have their own
        resource.setrlimit(resource.RLIMIT_NPROC, (64, 64))


def graded(kit: Kit, folder: Path, to: Path) -> dict[str, str]:
    command = ("grade", "09", str(folder), "--to", str(to), "--judges", "2", "--seed", "11")
    done = subprocess.run(
        [sys.executable, "-m", "gradlings.cli", *command],
        cwd=kit.root,
        stderr=subprocess.PIPE,
        text=True,
        timeout=400,
        preexec_fn=hard_limits,
    )
    assert done.returncode == 0, done.stderr
    with open(to / "scores.csv", newline="", encoding="utf-8") as file:
        return {row["student"]: row["score"] for row in csv.DictReader(file)}


def card(to: Path, student: str) -> Any:
    return json.loads((to / "scorecards" / f"{student}.json").read_text())["card"]


def differences(mine: Any, its: Any, where: str = "") -> list[str]:
    """Where two pieces of JSON are not the same."""
    if type(mine) is type(its) is dict and mine.keys() == its.keys():
        return [found for key in mine for found in differences(mine[key], its[key], f"{where}.{key}")]
    if type(mine) is type(its) is list and len(mine) == len(its):
        return [
            found
            for index, pair in enumerate(zip(mine, its, strict=True))
            for found in differences(*pair, f"{where}.{index}")
        ]
    return [] if mine == its else [f"{where}: {mine!r}, alone {its!r}"]


def test_every_tenth_attacks_and_nobody_else_notices(attacked: Kit, tmp_path: Path) -> None:
    alone = hand_in(tmp_path / "alone", {f"{name}.py": source(bodies) for name, bodies in HONEST.items()})
    scores_alone = graded(attacked, alone, tmp_path / "to_alone")
    assert {name: int(score) for name, score in scores_alone.items()} == POINTS

    kinds, files = list(HONEST), {}
    for number in range(200):
        if number % 10 == 9:
            (attack,) = (ATTACKS / ATTACKERS[number // 10]).glob("submission.*")
            files[f"s{number:03}.py"] = attack.read_bytes()
        else:
            files[f"s{number:03}.py"] = source(HONEST[kinds[number % len(kinds)]])
    to = tmp_path / "to"
    scores = graded(attacked, hand_in(tmp_path / "class", files), to)
    assert len(scores) == 200
    cards = {name: card(tmp_path / "to_alone", name) for name in HONEST}
    for number in range(200):
        student = f"s{number:03}"
        if number % 10 == 9:
            expected = tomllib.loads((ATTACKS / ATTACKERS[number // 10] / "expect.toml").read_text())
            assert int(scores[student]) == expected["points"], ATTACKERS[number // 10]
        else:
            kind = kinds[number % len(kinds)]
            assert scores[student] == scores_alone[kind]
            assert differences(card(to, student), cards[kind]) == []
