"""Hostile submissions where several judges are at work: over a Dask cluster, and in graders beside each other."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from class_kit import hand_in
from hostile_class_kit import RIGHT, attack, attacked_kit, card, expectation, hard_limits, scores, source
from student_kit import Kit, below, has_ended

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="grading for marks needs Linux")

FIRST_PRIVATE_UID = 61184


@pytest.fixture
def attacked(tmp_path: Path) -> Kit:
    return attacked_kit(tmp_path / "kit")


def hostile_class(folder: Path, attacks: tuple[str, ...]) -> Path:
    """The attacks, with an honest submission before and after each."""
    files: dict[str, bytes] = {}
    for number, name in enumerate(attacks):
        files |= {f"s{number:02}.py": source(RIGHT), f"s{number:02}_{name}.py": attack(name)}
    return hand_in(folder, files | {"z.py": source(RIGHT)})


def assert_all_got_what_they_earned(to: Path, attacks: tuple[str, ...]) -> None:
    found = scores(to)
    assert len(found) == 2 * len(attacks) + 1
    for student, score in found.items():
        _, _, name = student.partition("_")
        if name:
            first = card(to, student)["exercises"][0]["checks"][0]
            expected = expectation(name)
            assert (int(score), first["verdict"] in expected["verdicts"]) == (expected["points"], True), (name, first)
        else:
            assert score == "30", f"{student} is honest"


def test_a_hostile_class_over_a_cluster_gets_what_it_earned_and_the_cluster_lives(
    attacked: Kit, tmp_path: Path
) -> None:
    from dask.distributed import Client, LocalCluster

    attacks = (
        *("null_pointer", "grows_slowly", "endless_loop", "fork_bomb_that_insists"),
        *("kills_itself", "forged_verdict", "floods_stdout", "never_ends_its_answer"),
    )
    folder, to = hostile_class(tmp_path / "class", attacks), tmp_path / "to"
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", host="127.0.0.1") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        workers = client.run(os.getpid)
        arguments = ("grade", "09", str(folder), "--to", str(to), "--engine", "dask")
        done = attacked.gradlings(*arguments, "--scheduler", cluster.scheduler_address)
        assert done.code == 0, done.said
        assert_all_got_what_they_earned(to, attacks)
        assert client.run(os.getpid) == workers, "a worker of the cluster was lost"
        assert all(not below(pid) for pid in workers.values()), "a zygote lives on in the cluster"


def test_three_graders_beside_each_other_under_fork_memory_and_disk_load(attacked: Kit, tmp_path: Path) -> None:
    attacks = ("fork_bomb_that_insists", "thread_bomb", "grows_slowly", "fills_the_disk")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    graders = []
    for number in range(3):
        folder = hostile_class(tmp_path / f"class{number}", attacks)
        command = ("grade", "09", str(folder), "--to", str(tmp_path / f"to{number}"), "--judges", "1")
        graders.append(
            subprocess.Popen(
                [sys.executable, "-m", "gradlings.cli", *command],
                cwd=attacked.root,
                env=os.environ | {"TMPDIR": str(scratch)},
                stderr=subprocess.PIPE,
                text=True,
                preexec_fn=hard_limits,
            )
        )
    seen: dict[int, str] = {}
    """When each process started: another one may get its number after it."""
    had_uids, shared = [False] * len(graders), list[int]()
    while any(still_running(grader) for grader in graders):
        owners = [{pid: owner(pid) for pid in below(grader.pid)} for grader in graders]
        seen |= {pid: started(pid) for found in owners for pid in found}
        private = [{uid: pid for pid, uid in found.items() if uid >= FIRST_PRIVATE_UID} for found in owners]
        had_uids = [had or bool(found) for had, found in zip(had_uids, private, strict=True)]
        for one, other in itertools.combinations(private, 2):  # a judge may get what one had that has ended
            shared += [uid for uid in one.keys() & other.keys() if owner(one[uid]) == owner(other[uid]) == uid]
    for number, grader in enumerate(graders):
        _, complaints = grader.communicate()
        assert grader.returncode == 0, complaints
        assert_all_got_what_they_earned(tmp_path / f"to{number}", attacks)
    if os.geteuid() == 0:
        assert all(had_uids), "workers have user ids of their own"
        assert not shared, "two graders shared a user id"
    assert not [pid for pid, start in seen.items() if started(pid) == start and not has_ended(pid)]
    assert not list(scratch.iterdir())
    left = [Path(folder, "gradlings-attack") for folder in ("/tmp", "/var/tmp", "/dev/shm", "/")]
    assert not [path for path in left if path.exists()]


def still_running(grader: subprocess.Popen[str]) -> bool:
    """Whether a process has not ended a moment later."""
    try:
        grader.wait(0.02)
    except subprocess.TimeoutExpired:
        return True
    return False


def started(pid: int) -> str:
    """When a process started, in ticks since the machine did; "" if it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def owner(pid: int) -> int:
    """The user id of a process; -1 if it has ended."""
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return -1
