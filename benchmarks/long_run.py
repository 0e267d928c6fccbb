"""A class of ten thousand: is its end as fast as its start, does memory stay flat, how soon does a killed run go on?

    python benchmarks/long_run.py [--submissions 10000] [--distinct 500]

Hands in many submissions of assignment 03, of which some hundred are different: each takes some functions from the
solution, some from the catalogue of misconceptions. Grades them all with `gradlings grade`, watched from outside: when
a record was written says when its submission was done; memory is the sum of the proportional set sizes (PSS) of all
processes of the run. Then half of the records are taken away, the same command is killed with SIGKILL while it grades
the missing ones, and started again. Takes five to ten minutes on two cores that have nothing else to do.

time of a submission, last tenth / first tenth          to be between 0.95 and 1.05
memory, last tenth / from the 1,000th on                to be at most 1.02
from the command to a first new score after the kill    to be at most 5 s
"""

from __future__ import annotations

import argparse
import csv
import itertools
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from gradlings.authoring.catalogue import load_catalogue
from gradlings.grading.command import graded_source_name

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENT = "03"
WARM = 100
"""Submissions that are graded before anything is measured."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=10_000)
    parser.add_argument("--distinct", type=int, default=500)
    options = parser.parse_args()
    if options.submissions < 10 * WARM:
        parser.error(f"--submissions must be at least {10 * WARM}")
    with tempfile.TemporaryDirectory() as name:
        folder, to = Path(name, "class"), Path(name, "results")
        hand_in(folder, distinct_submissions(options.distinct), options.submissions)
        start = time.time()
        memory = watched(grader(folder, to), to, options.submissions)
        times = sorted(path.stat().st_mtime for path in records(to))
        report(start, times, memory)
        check_scores(to, options)
        resumed(folder, to, options.submissions)


def distinct_submissions(count: int) -> list[str]:
    """Return different modules: a third as in the solution, the others with some misconceptions."""
    source_name = graded_source_name(ROOT / "assignments" / ASSIGNMENT)
    solution = (ROOT / "solutions" / ASSIGNMENT / f"{source_name}.py").read_text(encoding="utf-8")
    wrong = load_catalogue(ROOT / "solutions" / ASSIGNMENT / "misconceptions.py")
    rng, found = random.Random(0), [solution]
    while len(found) < count:
        text = solution
        for entry in rng.sample(wrong, rng.randrange(4)):
            text = entry.submission(text)
        if text in found:
            text = f"{text}\n\n# %%\nattempt = {len(found)}\n"
        found.append(text)
    return found


def hand_in(folder: Path, texts: list[str], count: int) -> None:
    folder.mkdir()
    for number in range(count):
        (folder / f"s{number:05}.py").write_text(texts[number % len(texts)], encoding="utf-8")


def grader(folder: Path, to: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gradlings.cli", "grade", ASSIGNMENT, str(folder), "--to", str(to)]
    return subprocess.Popen([*command, "--root", str(ROOT)], stderr=subprocess.DEVNULL)


def records(to: Path) -> list[Path]:
    return list((to / "records").glob("*.json"))


def count_of(to: Path) -> int:
    try:
        return len(os.listdir(to / "records"))
    except FileNotFoundError:
        return 0


def watched(run: subprocess.Popen[bytes], to: Path, total: int) -> list[tuple[int, float]]:
    """Wait for the end of a run; return its memory in MB, each time with the number of submissions that were done."""
    found = []
    while run.poll() is None:
        time.sleep(1)
        found.append((count_of(to), memory_of(psutil.Process(run.pid))))
        print(f"\r{found[-1][0]:6} of {total}, {found[-1][1]:5.0f} MB ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if run.returncode:
        sys.exit(f"gradlings grade ended with {run.returncode}")
    return found


def memory_of(process: psutil.Process) -> float:
    """Sum of the proportional set sizes of a process and all below it, in MB; workers come and go meanwhile."""
    total = 0
    try:
        for each in (process, *process.children(recursive=True)):
            try:
                total += each.memory_full_info().pss
            except psutil.Error:
                continue
    except psutil.Error:
        pass
    return total / 1e6


def report(start: float, times: list[float], memory: list[tuple[int, float]]) -> None:
    count = len(times)
    print(f"{count} submissions in {times[-1] - start:.0f} s, the first after {times[0] - start:.1f} s")
    print("submissions        ms each   memory in MB")
    edges = [WARM + (count - 1 - WARM) * part // 10 for part in range(11)]
    each = []
    for first, last in itertools.pairwise(edges):
        each.append((times[last] - times[first]) / (last - first) * 1000)
        print(f"{first:6} to {last:6}   {each[-1]:8.1f}   {highest(memory, first, last):10.0f}")
    print(f"time, last tenth / first tenth: {each[-1] / each[0]:.3f}   to be between 0.95 and 1.05")
    if edges[-2] > 1000:
        ratio = highest(memory, *edges[-2:]) / highest(memory, 1000, 1000 + count // 10)
        print(f"memory, last tenth / from the 1,000th on: {ratio:.3f}   to be at most 1.02")


def highest(memory: list[tuple[int, float]], first: int, last: int) -> float:
    """Return the most memory at a time: with two workers at once, which a median would have by chance."""
    return max((mb for done, mb in memory if first <= done < last), default=float("nan"))


def check_scores(to: Path, options: argparse.Namespace) -> None:
    """Everybody has a score, and equal submissions have equal ones."""
    with open(to / "scores.csv", newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == options.submissions
    scores: dict[int, str] = {}
    for number, row in enumerate(rows):
        assert row["status"] == "graded", row
        assert scores.setdefault(number % options.distinct, row["score"]) == row["score"], row


def resumed(folder: Path, to: Path, total: int) -> None:
    """Kill a run in its middle and time how soon the same command shows a new score."""
    for path in records(to)[::2]:
        path.unlink()
    before = count_of(to)
    run = grader(folder, to)
    while count_of(to) < before + WARM:
        time.sleep(0.05)
    run.kill()
    run.wait()
    kept = {path.name for path in records(to)}
    start = time.time()
    run = grader(folder, to)
    while not (new := [path for path in records(to) if path.name not in kept]):
        assert run.poll() is None
        time.sleep(0.05)
    seconds = min(path.stat().st_mtime for path in new) - start
    run.kill()
    run.wait()
    print(f"killed with {len(kept)} of {total} done: a first new score after {seconds:.1f} s   to be at most 5")


if __name__ == "__main__":
    main()
