"""Runs attacks: an assignment to attack, its grader and a judge with a choice of layers of protection.

Run as a program (`python tests/attack_harness.py '{"user": 61000, ...}'`), it changes to another user first, and the
attacks are then run as that user runs them. It prints what went wrong, as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradlings.model.exercise import read_exercises
from gradlings.model.scorecard import Scorecard, Verdict
from gradlings.sandbox.settings import ProtectionLayers, SubmissionLimits
from gradlings.submission.helpers.files import NO_HELPERS, Helpers, choose_helpers

if TYPE_CHECKING:
    from gradlings.runners.session import Grader
    from gradlings.sandbox.judge import Judge
    from gradlings.sandbox.self_check import Protection

ATTACKS = Path(__file__).parent / "attacks"
TIERS = 4
"""So many kinds of protection are tried; see `test_attacks.py`."""
_OURS = Verdict.GRADER_ERROR
HONEST = b"""
def double(x):
    return 2 * x


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
"""


class AttackHarness:
    """Runs attacks, each followed by an honest submission."""

    def __init__(self, judge: Judge, folder: Path) -> None:
        self._judge, self._folder = judge, folder

    @property
    def protection(self) -> Protection:
        return self._judge.protection

    def failures(self, names: Sequence[str]) -> list[str]:
        from gradlings.runners.session import collected_checks

        # pytest's own session is left alone: the checks are collected in one of their own
        with collected_checks(self._folder) as grader:
            return [f"{name}: {sentence}" for name in names for sentence in self._attack(grader, ATTACKS / name)]

    def _attack(self, grader: Grader, attack: Path) -> list[str]:
        expected = _expected(attack)
        name, data = submission_of(attack)
        card = self._grade(grader, data, name, helpers_of(attack, name, data))
        check = card.exercises[0].checks[0]
        said = "\n".join([check.message, *card.problems, *(row.got for row in check.rows)])
        found = []
        if check.verdict not in map(Verdict, expected["verdicts"]) or card.points != expected["points"]:
            points = f"{card.points} points ({expected['points']} expected)"
            found.append(f"{check.verdict}, {points}: {check.message[:200]} {list(card.problems)}")
        if expected.get("says", "") not in said:
            found.append(f"says {said!r}")
        ours = [result for exercise in card.exercises for result in exercise.checks if result.verdict is _OURS]
        if ours and _OURS not in expected["verdicts"]:
            found.append(f"a fault of the grader: {card}")
        if len(card.to_json()) > 1 << 20:
            found.append("its scorecard is huge")
        if self._grade(grader, HONEST, "attacked.py").points != 30:
            found.append("an honest submission after it lost points")
        for folder in ("/tmp", "/var/tmp", "/dev/shm", "/"):
            if os.path.exists(os.path.join(folder, "gradlings-attack")):
                found.append(f"left a file in {folder}")
        return found

    def _grade(self, grader: Grader, data: bytes, name: str, helpers: Helpers = NO_HELPERS) -> Scorecard:
        remote = self._judge.load(data, name, helpers=helpers)
        card = grader.check(remote, self._folder / "test_attacked.py", seed=7).scorecard
        return replace(card, problems=tuple(remote.problems()))


@contextmanager
def attack_harness(layers: ProtectionLayers) -> Iterator[AttackHarness]:
    """Start a judge for attacks; its zygote is under hard limits of its own, in case a lock does not hold."""
    from gradlings.sandbox.judge import Judge

    with tempfile.TemporaryDirectory(prefix="attacked-") as name:
        folder = Path(name, "09")
        secret = Path(name, "solutions", "09", "attacked.py")
        for path in (folder, secret.parent):
            path.mkdir(parents=True)
        shutil.copy(ATTACKS / "checks.py", folder / "test_attacked.py")
        secret.write_bytes(HONEST)
        for path in (Path(name), folder, secret.parent.parent, secret.parent):
            path.chmod(0o755)  # protected by the judge, not by chance
        with Judge(
            read_exercises(folder / "test_attacked.py"),
            closed=[secret],
            submission_limits=SubmissionLimits(cell_seconds=1.0, wait_seconds=8.0),
            layers=layers,
        ) as judge:
            zygote = judge.process_id
            if os.geteuid() == 0:  # counted for each user id: a worker has one of its own
                resource.prlimit(zygote, resource.RLIMIT_NPROC, (32, 32))
            resource.prlimit(zygote, resource.RLIMIT_AS, (16 << 30, 16 << 30))
            yield AttackHarness(judge, folder)


def submission_of(attack: Path) -> tuple[str, bytes]:
    """The name and the bytes that are handed in; one line may stand there many times, with other digits each time."""
    (file,) = attack.glob("submission.*")
    data = file.read_bytes()
    grown = _expected(attack).get("grown")
    if grown:
        line = str(grown["line"])
        assert data.count(line.encode()) == 1
        copies = "\n".join(line.replace("0", str(number), 1) for number in range(grown["times"]))
        data = data.replace(line.encode(), copies.encode())
    return f"attacked{file.suffix}", data


def helpers_of(attack: Path, name: str, data: bytes) -> Helpers:
    """What is handed in with it: the other files of Python in its folder."""
    files = {path.relative_to(attack).as_posix(): path.read_bytes() for path in attack.rglob("*.py")}
    return choose_helpers(Path(name), data, files, files.__getitem__)


def attack_names() -> list[str]:
    return sorted(path.parent.name for path in ATTACKS.glob("*/expect.toml"))


def attack_names_on(tier: int) -> list[str]:
    """The attacks that are run on one of the tiers.

    Costly ones are run on one tier each, and with EVERY in the environment on all: they take seconds, and what stops
    them is the judge's clock or its limits on what it reads, of which cheaper ones try each on every tier.
    """
    names = attack_names()
    if os.environ.get("EVERY"):
        return names
    costly = [name for name in names if _expected(ATTACKS / name).get("costly")]
    return [name for name in names if name not in costly or costly.index(name) % TIERS == tier]


def _expected(attack: Path) -> dict[str, Any]:
    return tomllib.loads((attack / "expect.toml").read_text())


def main() -> None:
    asked = json.loads(sys.argv[1])
    os.setgroups([])
    os.setresgid(asked["user"], asked["user"], asked["user"])
    os.setresuid(asked["user"], asked["user"], asked["user"])
    with attack_harness(ProtectionLayers(**asked["layers"])) as harness:
        wrong = harness.failures(asked["names"])
        print(json.dumps({"wrong": wrong, "protection": asdict(harness.protection)}))


if __name__ == "__main__":
    main()
