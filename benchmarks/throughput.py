"""How fast a class is graded for marks: against one warm process, stock nbgrader, otter, and Dask.

    python benchmarks/throughput.py [--submissions 500] [--otter PATH] [--only isolation pool ...]

One run, one machine, the same submissions of assignment 03 as notebooks: a third of the class has everything right, a
third half of it, a third a misconception. What is compared is compared in turns.

isolation   processor time that locked-down workers add to a submission; see isolation.py
pool        wall time per submission of `gradlings grade`, start-up apart, all cores
nbgrader    the same for stock `nbgrader autograde`, which runs the notebooks with `check(...)` in their test cells
otter       the same for `otter run` (give the path of an otter of version 7 whose Python has gradlings, too)
dask        a Dask LocalCluster with as many judges against the local pool
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import course
import jupytext
import nbformat
from isolation import submissions

from gradlings.grading import progress_bar
from gradlings.grading.class_run import GradedStudent
from gradlings.grading.command import grade_submissions
from gradlings.grading.intake.collect import collect
from gradlings.grading.judge_session import bundle_of
from gradlings.grading.local_pool import JudgePool, LocalPool
from gradlings.model.exercise import read_exercises

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENT, SOURCE_NAME = "03", "autodiff"
FOLDER = ROOT / "assignments" / ASSIGNMENT
JUDGES = len(os.sched_getaffinity(0))
PARTS = ("isolation", "pool", "nbgrader", "otter", "dask")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=500)
    parser.add_argument("--slow", type=int, default=6, help="submissions for nbgrader and otter (default: 6)")
    parser.add_argument("--otter", type=Path, help="path of an `otter` command")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    if "isolation" in options.only:
        subprocess.run([sys.executable, str(Path(__file__).with_name("isolation.py")), "03", "06"], check=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pool = per_submission_pool(folder, options.submissions) if {*PARTS[1:4]} & {*options.only} else 0.0
        if "nbgrader" in options.only:
            against("nbgrader autograde", stock_nbgrader(folder, options.slow), pool)
        if "otter" in options.only and options.otter:
            against("otter run", otter(folder, options.otter, options.slow), pool)
        if "dask" in options.only:
            dask_against_pool(folder, options.submissions)


def against(name: str, seconds: float, pool: float) -> None:
    print(f"{name}: {seconds:.2f} s a submission, {seconds / pool:.0f} times the local pool's   to be at least 100")


# ---- the class


def notebooks(count: int) -> list[str]:
    """Return the text of each student's notebook; no two are the same file."""
    texts = submissions(ASSIGNMENT, SOURCE_NAME)["mixed class"]
    made = [jupytext.reads(text, fmt="py:percent") for text in texts]
    found = []
    for number in range(count):
        notebook = made[number % len(made)]
        notebook.metadata["student"] = number
        found.append(nbformat.writes(notebook))
    return found


def hand_in(folder: Path, texts: list[str]) -> Path:
    for number, text in enumerate(texts):
        student = folder / f"student{number:05}"
        student.mkdir(parents=True)
        (student / f"{SOURCE_NAME}.ipynb").write_text(text, encoding="utf-8")
    return folder


# ---- gradlings


def graded(pool: JudgePool, class_folder: Path, to: Path, note: Callable[[], Any]) -> list[Any]:
    """Grades a class and calls `note` as each submission is done."""
    notes: list[Any] = []
    with progress_noted(lambda done: notes.append(note())):
        grade_submissions(pool, FOLDER, collect(class_folder, SOURCE_NAME), to, seed=1)
    return notes


@contextmanager
def progress_noted(note: Callable[[GradedStudent], None]) -> Iterator[None]:
    """`gradlings grade` with its progress bar replaced: what is timed is the whole of the rest."""

    @contextmanager
    def silent(*_: object) -> Iterator[Callable[[GradedStudent], None]]:
        yield note

    original, progress_bar.class_progress = progress_bar.class_progress, silent  # type: ignore[assignment]
    try:
        yield
    finally:
        progress_bar.class_progress = original


def per_submission_pool(folder: Path, count: int) -> float:
    class_folder = hand_in(folder / "pool", notebooks(count))
    with LocalPool(bundle_of(FOLDER, SOURCE_NAME), JUDGES) as pool:
        moments = graded(pool, class_folder, folder / "pool_results", time.perf_counter)
    seconds = steady(moments)
    print(f"local pool: {seconds * 1000:.1f} ms of wall time a submission ({count} of them, {JUDGES} judges)")
    return seconds


def steady(moments: list[float]) -> float:
    """Seconds per submission once everything is warm."""
    warm = min(40, len(moments) // 5)
    return (moments[-1] - moments[warm]) / (len(moments) - 1 - warm)


def dask_against_pool(folder: Path, count: int) -> None:
    """In turns, two rounds each."""
    from dask.distributed import LocalCluster

    from gradlings.grading.dask_pool import DaskPool

    class_folder = hand_in(folder / "dask", notebooks(count))
    bundle = bundle_of(FOLDER, SOURCE_NAME)
    found: dict[str, list[float]] = {"pool": [], "dask": []}
    with LocalCluster(n_workers=JUDGES, threads_per_worker=1, dashboard_address="", host="127.0.0.1") as cluster:
        for turn in range(2):
            for name in found:
                judges = LocalPool(bundle, JUDGES) if name == "pool" else DaskPool(bundle, cluster.scheduler_address)
                with judges as entered:
                    moments = graded(entered, class_folder, folder / f"{name}{turn}", time.perf_counter)
                found[name].append(steady(moments))
    ratio = statistics.mean(found["pool"]) / statistics.mean(found["dask"])
    print(f"Dask LocalCluster / local pool, throughput: {ratio:.2f}   to be at least 0.9")


# ---- the others


def stock_nbgrader(folder: Path, count: int) -> float:
    """Wall time per further submission of stock `nbgrader autograde`, start-up apart."""
    made = course.made_course(folder, ASSIGNMENT, count)
    submitted = made / "submitted"
    shutil.rmtree(submitted)
    for number, text in enumerate(course_notebooks(made, count)):
        student_folder = submitted / f"s{number:03}" / ASSIGNMENT
        student_folder.mkdir(parents=True)
        (student_folder / f"{SOURCE_NAME}.ipynb").write_text(text, encoding="utf-8")
    options = argparse.Namespace(assignment=ASSIGNMENT)
    few, all = (course.graded(made, options, "stock", number) for number in (2, count))
    return (all - few) / (count - 2)


def course_notebooks(made: Path, count: int) -> list[str]:
    """Return the notebooks of the class as the released notebook has them: with cells that check."""
    released = nbformat.read(made / "release" / ASSIGNMENT / f"{SOURCE_NAME}.ipynb", as_version=4)
    found = []
    for text in submissions(ASSIGNMENT, SOURCE_NAME)["mixed class"][:count]:
        functions = {
            node.name: ast.get_source_segment(text, node)
            for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef)
        }
        notebook = copy.deepcopy(released)
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source = functions[cell.id.rpartition("-")[2]]
        found.append(nbformat.writes(notebook))
    return found


def otter(folder: Path, command: Path, count: int) -> float:
    """Wall time of `otter run`, a command for each submission; its tests call `check(...)`, too."""
    made = course.made_course(folder / "otter", ASSIGNMENT, 1)
    work = folder / "otter" / "work"
    (work / "tests").mkdir(parents=True)
    for exercise in read_exercises(FOLDER / f"test_{SOURCE_NAME}.py"):
        test = OTTER_TEST.format(id=exercise.id, name=f"ex{exercise.id.replace('.', '_')}", points=exercise.points)
        (work / "tests" / f"ex{exercise.id.replace('.', '_')}.py").write_text(test)
    others = [str(path) for path in FOLDER.iterdir() if path.suffix in (".py", ".json") and path.stem != SOURCE_NAME]
    for path in others:
        shutil.copy(path, work)
    names = sorted(Path(path).name for path in others)
    run([str(command), "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment", *names], work)
    spent = []
    for number, text in enumerate(course_notebooks(made, count)):
        student_folder = work / f"student{number}"
        shutil.copytree(work, student_folder, ignore=shutil.ignore_patterns("student*"))
        (student_folder / f"{SOURCE_NAME}.ipynb").write_text(text, encoding="utf-8")
        start = time.perf_counter()
        run([str(command), "run", "-a", "autograder.zip", "-o", ".", f"{SOURCE_NAME}.ipynb"], student_folder)
        spent.append(time.perf_counter() - start)
        if number == 0:
            (first, *_) = json.loads((student_folder / "results.json").read_text())["tests"]
            assert first["status"] == "passed", first  # the solution
    return statistics.mean(spent)


OTTER_TEST = """
import sys
from pathlib import Path

import gradlings
from otter.test_files import test_case

# otter works in a package `autograder.submission` of its own making
for folder in (Path.cwd(), *Path.cwd().parents[:2]):
    (folder / "__init__.py").unlink(missing_ok=True)
sys.path[:] = [entry for entry in sys.path if not Path(entry, "autograder", "submission", "test_autodiff.py").exists()]

OK_FORMAT = False
name = "{name}"
points = {points}


@test_case(points={points}, hidden=False)
def test_it(env):
    found = env["check"]("{id}")
    assert found.points == {points}, found.html
"""


def run(command: list[str], folder: Path) -> None:
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(command, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


if __name__ == "__main__":
    main()
