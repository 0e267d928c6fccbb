"""Many judges at once, here and on a cluster: the same scores from all, and nothing lost when one dies."""

import contextlib
import csv
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from class_kit import HALF, SOURCE_NAME, hand_in, module, notebook, saved_by_jupyter
from gradlings.checks.hidden_probes import read_hidden
from gradlings.grading.dask_pool import DaskPool
from gradlings.grading.judge_session import JudgeReply, bundle_of
from gradlings.grading.local_pool import LocalPool
from gradlings.model.errors import InputError
from student_kit import RIGHT, Kit, below, has_ended, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="grading for marks needs Linux")

ANSWERS = {
    "right": RIGHT,
    "half": HALF,
    "untouched": {},
    "sign": {"difference": "return b - a"},
    "ends": {**RIGHT, "count_up": "import os; os._exit(0)"},
}
POINTS = {"right": 30, "half": 10, "untouched": 0, "sign": 0, "ends": 27}


@pytest.fixture
def submissions(kit: Kit, tmp_path: Path) -> Path:
    """Two of a kind each, one of them a notebook."""
    files = {f"{name}/tiny.py": module(kit, **bodies) for name, bodies in ANSWERS.items()}
    files |= {f"{name}2/tiny.ipynb": notebook(kit, **bodies) for name, bodies in ANSWERS.items()}
    return hand_in(tmp_path / "submissions", files)


@pytest.fixture
def judges() -> Callable[[], set[BaseProcess]]:
    """The judges that this test has running; other tests may have left theirs to the end of the process."""
    others = set(multiprocessing.active_children())
    return lambda: set(multiprocessing.active_children()) - others


def scores(to: Path) -> dict[str, dict[str, str]]:
    with open(to / "scores.csv", newline="", encoding="utf-8-sig") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def points(to: Path) -> dict[str, int]:
    return {student.rstrip("2"): int(row["score"]) for student, row in scores(to).items()}


def handed_over(pool: LocalPool, kit: Kit, **bodies: str) -> Future[JudgeReply]:
    return pool.submit(pool.judge, module(kit, **bodies), "tiny.py", 3)


def earned(reply: JudgeReply) -> int | None:
    return reply.card.points if reply.card else None


# ---- this machine


def test_a_class_is_graded_side_by_side(
    kit: Kit,
    submissions: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    judges: Callable[[], set[BaseProcess]],
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    done = kit.gradlings("grade", "09", str(submissions), "--to", str(tmp_path / "to"), "--judges", "2")
    assert done.code == 0, done.said
    assert points(tmp_path / "to") == POINTS
    assert len(scores(tmp_path / "to")) == 2 * len(ANSWERS)
    assert "All attempts to get out failed" in done.said
    assert not judges()
    assert not list((tmp_path / "temporary").iterdir())


def test_a_judge_that_is_killed_takes_no_score_with_it(kit: Kit, judges: Callable[[], set[BaseProcess]]) -> None:
    with LocalPool(bundle_of(kit.folder, SOURCE_NAME), 2) as pool:
        replies = []
        for number in range(8):
            if number == 4:
                for judge in judges():
                    os.kill(judge.pid or 0, signal.SIGKILL)
            replies.append(handed_over(pool, kit, **(RIGHT if number % 2 else HALF)))
        assert [earned(reply.result()) for reply in replies] == [30 if number % 2 else 10 for number in range(8)]


def test_a_submission_that_takes_judges_down_is_named_and_the_others_are_graded(
    kit: Kit, judges: Callable[[], set[BaseProcess]]
) -> None:
    """A check with a bug that ends the judge, on one answer only."""
    call = "agree(student.difference, probes([scalars(5.0, 3.0), scalars(1.5, -4.0)]), minus)"
    ends = "__import__('os').kill(__import__('os').getpid(), 9)"
    checks = kit.folder / "test_tiny.py"
    kit.edit(checks, call, f"{call} if student.difference(*scalars(1.0, 1.0)) != 666 else {ends}")
    answers = {"a": RIGHT, "b": RIGHT, "deadly": {"difference": "return 666"}, "c": RIGHT, "d": RIGHT}
    with LocalPool(bundle_of(kit.folder, SOURCE_NAME), 2) as pool:
        before = judges()
        replies = {student: handed_over(pool, kit, **bodies) for student, bodies in answers.items()}
        found = {student: reply.result() for student, reply in replies.items()}
        assert len(before & judges()) == 1, "the other judge is still the same process"
    assert found.pop("deadly").fault == "the judge's own process died, twice, while this was graded"
    assert [earned(reply) for reply in found.values()] == [30, 30, 30, 30]


def test_a_judge_that_hangs_leaves_the_others_at_work(kit: Kit, judges: Callable[[], set[BaseProcess]]) -> None:
    """A check with a bug that stops the judge, on one answer only."""
    call = "agree(student.difference, probes([scalars(5.0, 3.0), scalars(1.5, -4.0)]), minus)"
    stops = "__import__('os').kill(__import__('os').getpid(), 19)"
    checks = kit.folder / "test_tiny.py"
    kit.edit(checks, call, f"{call} if student.difference(*scalars(1.0, 1.0)) != 666 else {stops}")
    with LocalPool(bundle_of(kit.folder, SOURCE_NAME), 2) as pool:
        hanging = handed_over(pool, kit, difference="return 666")
        others = [handed_over(pool, kit, **RIGHT) for _ in range(6)]
        assert [earned(reply.result(timeout=300)) for reply in others] == [30] * 6
        assert not hanging.done()
    assert not judges()


def test_a_judge_that_starts_in_the_background_takes_work_at_once_and_survives_its_death(
    kit: Kit, judges: Callable[[], set[BaseProcess]]
) -> None:
    pool = LocalPool(bundle_of(kit.folder, SOURCE_NAME), 1)
    pool.start()
    with contextlib.closing(pool):
        early = handed_over(pool, kit, **RIGHT)
        assert not early.done(), "handing over did not wait for the start"
        pool.wait_until_ready()
        assert "All attempts to get out failed" in pool.protection
        assert earned(early.result()) == 30
        for judge in judges():
            os.kill(judge.pid or 0, signal.SIGKILL)
        assert earned(handed_over(pool, kit, **HALF).result()) == 10
    assert not judges()


def test_a_judge_that_cannot_start_in_the_background_says_why_each_time(kit: Kit) -> None:
    bundle = replace(bundle_of(kit.folder, SOURCE_NAME), hidden=b"PROBES = {", hidden_from="hidden.py")
    pool = LocalPool(bundle, 1)
    pool.start()
    with contextlib.closing(pool):
        for _ in range(2):
            with pytest.raises(InputError, match=r"hidden\.py cannot be run: SyntaxError"):
                pool.wait_until_ready()


def test_a_fault_of_the_judge_leaves_its_traceback(kit: Kit, tmp_path: Path) -> None:
    (kit.folder / "conftest.py").write_text("def pytest_collection_modifyitems(items):\n    del items[1:]\n")
    in_the_worker = b"import sys\nsys.modules['gradlings.sandbox.inside.worker'].taken_names = None\n"
    folder = hand_in(tmp_path / "submissions", {"ann.py": module(kit, **RIGHT), "bea.py": in_the_worker})
    command = ("grade", "09", str(folder), "--judges", "1", "--to")
    quiet = kit.gradlings(*command, str(tmp_path / "quiet"))
    loud = kit.gradlings(*command, str(tmp_path / "loud"), "--verbose")
    assert (quiet.code, loud.code) == (0, 0), quiet.said + loud.said
    for to in ("quiet", "loud"):
        log = (tmp_path / to / "grader.log").read_text()
        assert "ERROR ann: RuntimeError: only checks worth" in log
        assert "Traceback (most recent call last):" in log
        assert "judge_session.py" in log, "where in the judge's process it happened"
        assert "ERROR bea: WorkerFailed: the grader failed in the process of this submission: TypeError:" in log
        assert "inside/worker.py" in log, "where in the worker it happened"
        for student in ("ann", "bea"):
            assert scores(tmp_path / to)[student]["score"] == ""
            page = (tmp_path / to / f"feedback/{student}.html").read_text()
            assert ("Traceback" in page, "Error" in page, "WorkerFailed" in page) == (False, False, False)
            assert "The grader itself failed. It is not your fault" in page
    assert ("Traceback" in quiet.said, "Traceback" in loud.said) == (False, True)


def test_a_grader_that_is_killed_leaves_no_judge_and_the_same_command_finishes(
    kit: Kit, submissions: Path, tmp_path: Path
) -> None:
    to = tmp_path / "to"
    command = [
        sys.executable,
        "-m",
        "gradlings.cli",
        "grade",
        "09",
        str(submissions),
        "--to",
        str(to),
        "--judges",
        "2",
    ]
    grader = subprocess.Popen(
        command,
        cwd=kit.root,
        env=os.environ | {"TMPDIR": str(tmp_path)},  # where judges leave what they had
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until(lambda: list((to / "records").glob("*.json")), grader)
    grader.send_signal(signal.SIGSTOP)  # so that it is not done before it is killed
    descendants = below(grader.pid)
    assert len(descendants) >= 2
    grader.kill()
    grader.wait()
    assert not [process for process in descendants if not has_ended(process)], "a judge or zygote lives on"
    kept = {path: path.read_bytes() for path in (to / "records").glob("*.json")}
    done = kit.run(*["gradlings", *command[3:]])
    assert done.code == 0, done.said
    assert points(to) == POINTS
    assert all(path.read_bytes() == data for path, data in kept.items())


def test_a_notebook_that_was_only_opened_does_not_count(kit: Kit, tmp_path: Path) -> None:
    """What is in a notebook is read in a worker, too."""
    files = {"ann/tiny.py": module(kit, **RIGHT), "ann/tiny.ipynb": saved_by_jupyter(kit.notebook.read_bytes())}
    folder = hand_in(tmp_path / "submissions", files)
    done = kit.gradlings("grade", "09", str(folder), "--to", str(tmp_path / "to"))
    assert done.code == 0, done.said
    assert points(tmp_path / "to") == {"ann": 30}
    assert "tiny.ipynb is as it was handed out" in done.said


# ---- hidden probes, and names at a secret seed

HIDDEN = """
from gradlings import floats, scalars

PROBES = {"9.1::test_vectors": [(floats([41.0, 0.0]), floats([1.0, 2.0]))]}
"""


def test_hidden_probes_catch_what_public_ones_do_not(kit: Kit, tmp_path: Path) -> None:
    hard_coded = "return a - b if (a < 40).all() else a"
    folder = hand_in(
        tmp_path / "submissions",
        {"honest.py": module(kit, **RIGHT), "sly.py": module(kit, **{**RIGHT, "difference": hard_coded})},
    )
    command = ("grade", "09", str(folder), "--judges", "1")
    private = hand_in(tmp_path / "private", {"09/hidden.py": HIDDEN.encode()})
    for options, sly in (((), "30"), (("--hidden", str(private)), "25")):
        to = tmp_path / f"to{sly}"
        done = kit.gradlings(*command, "--to", str(to), *options)
        assert done.code == 0, done.said
        assert {name: row["score"] for name, row in scores(to).items()} == {"honest": "30", "sly": sly}
    (private / "09/hidden.py").write_text(HIDDEN.replace("41.0", "42.0"))
    again = kit.gradlings(*command, "--to", str(to), "--hidden", str(private))
    assert (again.code, "Since the earlier run the file hidden.py (hidden) changed." in again.said) == (0, True)
    assert {name: row["score"] for name, row in scores(to).items()} == {"honest": "30", "sly": "25"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("PROBES = {", "cannot be run: SyntaxError"),
        ("PROBE = {}", "defines no PROBES"),
        ("PROBES = []", "PROBES is a list"),
        ("PROBES = {'9.1::test_vector': []}", "there is no check 9.1::test_vector; there are 9.1::test_numbers, 9.1::"),
        ("PROBES = {'9.1::test_vectors': [1]}", "must be a list of tuples"),
    ],
)
def test_bad_hidden_probes_are_named(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        read_hidden(text, tmp_path / "hidden.py", {"9.1::test_numbers", "9.1::test_vectors"})
    assert str(refused.value).startswith(str(tmp_path / "hidden.py"))
    assert said in str(refused.value)


def test_hidden_probes_that_cannot_be_used_end_the_run_before_it_begins(
    kit: Kit, submissions: Path, tmp_path: Path
) -> None:
    arguments = ("grade", "09", str(submissions), "--to", str(tmp_path / "to"), "--judges", "1")
    for text, said in {"PROBES = {'9.7::test': []}": "there is no check 9.7::test", "": "has no hidden.py"}.items():
        private = hand_in(tmp_path / "private", {"hidden.py": text.encode()} if text else {})
        done = kit.gradlings(*arguments, "--hidden", str(private if text else tmp_path))
        assert (done.code, said in done.said) == (2, True), done.said
        assert not (tmp_path / "to").exists()


SWAPPED = ("9.1/opposite-sign",)


def test_a_mistake_keeps_its_name_at_a_secret_seed(kit: Kit) -> None:
    with LocalPool(bundle_of(kit.folder, SOURCE_NAME), 1) as pool:
        for seed in random.Random(0).sample(range(1 << 40), 3):
            reply = pool.judge(module(kit, difference="return b - a"), "tiny.py", seed)
            assert reply.card is not None
            (score,) = [score for score in reply.card.exercises if score.id == "9.1"]
            assert score.misconceptions == SWAPPED


# ---- a cluster


class Cluster:
    """A Dask scheduler and its workers, each in a process of its own, with their temporary files in a folder."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._environment = os.environ | {"TMPDIR": str(folder)}
        scheduler = self._started("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self._all = [scheduler]
        self.address = said(scheduler, "Scheduler at:").split()[-1]
        options = (self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        self.workers = [self._started("worker", *options) for _ in range(workers)]
        self._all += self.workers
        for worker in self.workers:
            said(worker, "Registered to:")

    def _started(self, *command: str) -> subprocess.Popen[str]:
        everything = [sys.executable, "-m", "dask", *command]
        return subprocess.Popen(
            everything, env=self._environment, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def close(self) -> None:
        for process in reversed(self._all):
            process.kill()
            process.wait()


def said(process: subprocess.Popen[str], start: str) -> str:
    """The line of its log that holds a text."""
    assert process.stderr is not None
    return next(line for line in process.stderr if start in line)


def test_a_cluster_gives_the_same_scores_and_loses_nothing_with_a_worker(
    kit: Kit, submissions: Path, tmp_path: Path
) -> None:
    to = tmp_path / "to"
    hand_in(submissions, {f"more{number}/tiny.py": module(kit, **RIGHT) for number in range(20)})
    with contextlib.closing(Cluster(tmp_path, workers=2)) as cluster:
        command = ["grade", "09", str(submissions), "--to", str(to), "--engine", "dask"]
        command += ["--scheduler", cluster.address]
        grader = subprocess.Popen(
            [sys.executable, "-m", "gradlings.cli", *command], cwd=kit.root, stderr=subprocess.PIPE, text=True
        )
        until(lambda: list((to / "records").glob("*.json")), grader)
        cluster.workers[0].kill()
        _, complaints = grader.communicate(timeout=400)
        assert grader.returncode == 0, complaints
        assert {name: int(row["score"]) for name, row in scores(to).items()} == {
            **POINTS,
            **{f"{name}2": earned for name, earned in POINTS.items()},
            **{f"more{number}": 30 for number in range(20)},
        }
        assert "All attempts to get out failed" in complaints
        before = {path: path.read_bytes() for path in (to / "records").glob("*.json")}
        again = kit.gradlings(*command)
        assert (again.code, "30 in an earlier run" in again.said) == (0, True), again.said
        assert all(path.read_bytes() == data for path, data in before.items())


def test_a_local_cluster_gives_the_same_scores(kit: Kit, submissions: Path, tmp_path: Path) -> None:
    from dask.distributed import LocalCluster

    to = tmp_path / "to"
    with LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=":0", host="127.0.0.1") as cluster:
        address = cluster.scheduler_address
        done = kit.gradlings(
            "grade", "09", str(submissions), "--to", str(to), "--engine", "dask", "--scheduler", address
        )
        assert done.code == 0, done.said
        assert points(to) == POINTS
        with (
            pytest.raises(InputError, match=r"The Dask worker .*Here is gradlings .*; the class is graded with .*9\.9"),
            DaskPool(replace(bundle_of(kit.folder, SOURCE_NAME), versions={"gradlings": "9.9"}), address),
        ):
            pass


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--engine", "dask"), "--engine dask and --scheduler ADDRESS go together"),
        (("--scheduler", "tcp://127.0.0.1:1"), "--engine dask and --scheduler ADDRESS go together"),
        (("--engine", "dask", "--scheduler", "nonsense://x"), "No Dask scheduler answers at nonsense://x"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_named(
    options: tuple[str, ...], sentence: str, kit: Kit, submissions: Path, tmp_path: Path
) -> None:
    done = kit.gradlings("grade", "09", str(submissions), "--to", str(tmp_path / "to"), *options)
    assert done.code == 2
    assert sentence in done.said
