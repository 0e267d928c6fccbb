"""A class in which every tenth submission attacks: the others get exactly what they get alone."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from class_kit import hand_in
from gradlings.reports.class_report import class_report
from gradlings.reports.read_results import read_run
from hostile_class_kit import HONEST, POINTS, attack, attacked_kit, card, expectation, hard_limits, scores, source
from student_kit import Kit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="grading for marks needs Linux")

ATTACKERS = (
    *("deletes", "drips", "endless_loop", "floods_stdout"),
    *("forged_verdict", "fork_bomb", "garbage_after_the_answer", "huge_tensor"),
    *("kills_itself", "leaves_a_message", "network_ipv4", "os_exit_at_import"),
    *("os_exit_zero", "patched_comparisons", "reads_proc", "searches_the_disk"),
    *("signals_the_grader", "takes_over_the_worker", "thread_bomb", "torch_function_subclass"),
)


@pytest.fixture
def attacked(tmp_path: Path) -> Kit:
    return attacked_kit(tmp_path / "kit")


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
    return scores(to)


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
            files[f"s{number:03}.py"] = attack(ATTACKERS[number // 10])
        else:
            files[f"s{number:03}.py"] = source(HONEST[kinds[number % len(kinds)]])
    to = tmp_path / "to"
    found = graded(attacked, hand_in(tmp_path / "class", files), to)
    assert len(found) == 200
    cards = {name: card(tmp_path / "to_alone", name) for name in HONEST}
    for number in range(200):
        student = f"s{number:03}"
        if number % 10 == 9:
            name = ATTACKERS[number // 10]
            assert int(found[student]) == expectation(name)["points"], name
        else:
            kind = kinds[number % len(kinds)]
            assert found[student] == scores_alone[kind]
            assert differences(card(to, student), cards[kind]) == []
    (report,) = class_report([read_run(to)], attacked.root).assignments
    clusters = {cluster.code: cluster.students for cluster in report.unnamed.clusters}
    honest = [kinds[number % len(kinds)] for number in range(200) if number % 10 != 9]
    assert clusters["def slope(x):\n    return x ** 2"] >= honest.count("forgot_the_factor")
    assert max(clusters.values()) <= honest.count("raises") + len(ATTACKERS), "one student is in one group at most"
    tags = set(re.findall(r"<(\w+)", (to / "class.html").read_text(encoding="utf-8")))
    assert tags.isdisjoint({"script", "img", "iframe", "object", "link"}), "what attackers say stays text"
