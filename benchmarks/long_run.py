"""A class of ten thousand: is its end as fast as its start, does memory stay flat, how soon does a killed run go on?

    python benchmarks/long_run.py [--submissions 10000] [--distinct 500]

Hands in many submissions of assignment 03, of which some hundred are different: each takes some functions from the
solution, some from the catalogue of misconceptions. They differ in what they cost, and come in rounds; every tenth of
the class that is compared is of whole rounds, and holds each equally often; the last one ends with the class.
Grades them all with `gradlings grade`, watched from outside: when a record was written says when its submission was
done; processor time and memory are sums over all processes of the run, of memory the proportional set sizes (PSS). Wall
time says something on an idle machine only, and processor time not much beside other work. Then half of the records are
taken away, the same command is killed with SIGKILL while it grades the missing ones, and started again. Takes half an
hour on two cores that have nothing else to do.

time of a submission, last tenth / first tenth          to be between 0.95 and 1.05, of the wall and of processors
memory, last tenth / from the 1,000th on                to be at most 1.02
from the command to a first new score after the kill    to be at most 5 s
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from gradlings.authoring.catalogue import load_catalogue
from gradlings.grading.class_inputs import graded_source_name

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENT = "03"
WARM = 100
"""Submissions that are graded before anything is measured."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=10_000)
    parser.add_argument("--distinct", type=int, default=500)
    options = parser.parse_args()
    if options.submissions < WARM + 10 * options.distinct:
        parser.error(f"--submissions must be at least {WARM} + 10 * --distinct: a tenth holds all distinct ones")
    with tempfile.TemporaryDirectory() as name:
        folder, to = Path(name, "class"), Path(name, "results")
        hand_in(folder, distinct_submissions(options.distinct), options.submissions)
        start = time.time()
        seen = watched(grader(folder, to), to, options.submissions)
        times = sorted(path.stat().st_mtime for path in records(to))
        report(start, times, seen, options.distinct)
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


class Seen(NamedTuple):
    """What a run had used at some moment."""

    done: int
    """Submissions that were done."""
    memory: float
    """MB."""
    processor: float
    """Seconds, of its judges, zygotes and workers."""


def watched(run: subprocess.Popen[bytes], to: Path, total: int) -> list[Seen]:
    """Look at a run every second until its end."""
    found: list[Seen] = []
    while run.poll() is None:
        time.sleep(1)
        memory, processor = used_by(psutil.Process(run.pid))
        found.append(Seen(count_of(to), memory, max(processor, found[-1].processor if found else 0.0)))  # none unspends
        print(f"\r{found[-1].done:6} of {total}, {found[-1].memory:5.0f} MB ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if run.returncode:
        sys.exit(f"gradlings grade ended with {run.returncode}")
    return found


def used_by(process: psutil.Process) -> tuple[float, float]:
    """Memory in MB and processor seconds of a process and all below it; workers come and go meanwhile.

    The seconds of a worker are its zygote's once it has ended; until then they are left out.
    """
    memory = seconds = 0.0
    try:
        for each in (process, *process.children(recursive=True)):
            try:
                memory += each.memory_full_info().pss
                times = each.cpu_times()
                seconds += sum(times[:4]) if each.parent() is None or not is_worker(each) else 0.0
            except psutil.Error:
                continue
    except psutil.Error:
        pass
    return memory / 1e6, seconds


def is_worker(process: psutil.Process) -> bool:
    """Return whether a process is the fork of its parent."""
    return bool(process.cmdline() == process.parent().cmdline())


def report(start: float, times: list[float], seen: list[Seen], distinct: int) -> None:
    count = len(times)
    print(f"{count} submissions in {times[-1] - start:.0f} s, the first after {times[0] - start:.1f} s")
    print("submissions        ms each   processor ms   memory in MB")
    tenth = (count - WARM) // 10 // distinct * distinct
    starts = [WARM + (count - WARM - tenth) * part // 9 for part in range(10)]
    wall, processor = [], []
    for first, last in ((start, start + tenth) for start in starts):
        wall.append((times[last - 1] - times[first - 1]) / (last - first) * 1000)
        processor.append((spent_at(seen, last) - spent_at(seen, first)) / (last - first) * 1000)
        print(f"{first:6} to {last:6}   {wall[-1]:8.1f}   {processor[-1]:12.1f}   {highest(seen, first, last):10.0f}")
    for each, name in ((wall, "time"), (processor, "processor time")):
        print(f"{name}, last tenth / first tenth: {each[-1] / each[0]:.3f}   to be between 0.95 and 1.05")
    if starts[-1] > 1000:
        ratio = highest(seen, starts[-1], count) / highest(seen, 1000, 1000 + count // 10)
        print(f"memory, last tenth / from the 1,000th on: {ratio:.3f}   to be at most 1.02")


def spent_at(seen: list[Seen], done: int) -> float:
    """Return the processor seconds when so many submissions were done, between two looks by their proportion."""
    before = max((look for look in seen if look.done <= done), key=lambda look: look.done)
    after = min((look for look in seen if look.done >= done), key=lambda look: look.done)
    share = (done - before.done) / (after.done - before.done) if after.done > before.done else 0.0
    return before.processor + share * (after.processor - before.processor)


def highest(seen: list[Seen], first: int, last: int) -> float:
    """Return the most memory at a time: with two workers at once, which a median would have by chance."""
    return max((look.memory for look in seen if first <= look.done < last), default=float("nan"))


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
