"""What `gradlings similarity` finds, and what it remarks where nobody copied.

    python benchmarks/similarity.py [--assignments 03] [--sizes 30 200 500] [--seeds 5]

Classes are made up (tests/honest_class.py): each student draws, for each function, the solution, a variant or a
misconception of the catalogue, and writes it with other names, comments and small changes. Everything goes the way of
the command; the misconceptions are known, as with --results.

    honest: the largest number of pairs that are remarked in one class    to be at most 1 of 200
    found: of pairs that copied, in classes of 200 in which five of each kind are planted:
           plain 100 %, renamed 100 %, reordered at least 90 %, half (as it stands) at least 70 %;
           half with other names and comments is told without an aim
    time and memory of the command for 500 students with 03              to be at most 60 s, 1 GB
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from gradlings.reports.similarity.gather import ClassWork, gather  # noqa: E402
from gradlings.reports.similarity.remarked import Comparison, compare  # noqa: E402
from honest_class import KINDS, Student, hand_in_class, honest_class, plant, pool  # noqa: E402

PLANTED_IN, EACH_KIND = 200, 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assignments", nargs="+", default=["01", "02", "03", "04", "05", "06", "07", "08", "09"])
    parser.add_argument("--sizes", nargs="*", type=int, default=[30, 200, 500])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=1)
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    for size in options.sizes:
        for assignment in options.assignments:
            remarked = [len(pairs_of(*compared(assignment, honest_class(assignment, size, seed)))) for seed in seeds]
            print(f"honest {assignment}, {size} students: remarked {remarked}", flush=True)
    sums = Counter[str]()
    for assignment in options.assignments:
        found = Counter[str]()
        others = 0
        for seed in seeds:
            students = honest_class(assignment, PLANTED_IN, 1000 + seed)
            planted = plant(students, EACH_KIND, seed)
            pairs = pairs_of(*compared(assignment, students))
            found.update({kind: len(pairs & {*planted[kind]}) for kind in KINDS})
            others += len(pairs - {pair for each in planted.values() for pair in each})
        sums.update(found)
        count = EACH_KIND * options.seeds
        shown = ", ".join(f"{kind} {found[kind]}" for kind in KINDS)
        print(f"found {assignment}, of {count} each: {shown}; other pairs remarked: {others}", flush=True)
    count = EACH_KIND * options.seeds * len(options.assignments)
    print("found in all: " + ", ".join(f"{kind} {100 * sums[kind] / count:.0f} %" for kind in KINDS))
    command()


def compared(assignment: str, students: list[Student]) -> tuple[ClassWork, Comparison]:
    source_name = pool(assignment).source_name
    with tempfile.TemporaryDirectory() as name:
        submissions = hand_in_class(Path(name), students, pool(assignment))
        work = gather(ROOT / "assignments" / assignment, source_name, submissions)
    work = with_mistakes(work, {student.name: student for student in students}, pool(assignment).exercise_of)
    return work, compare(work)


def with_mistakes(work: ClassWork, students: dict[str, Student], exercise_of: dict[str, str]) -> ClassWork:
    """The same with the misconceptions that were drawn, as the records of a run would have them."""
    rows = []
    for exercise, works in zip(work.exercises, work.work, strict=True):
        row = []
        for handed, each in zip(work.handed, works, strict=True):
            drawn = students[handed.student].misconceptions
            mistakes = frozenset(id for function, id in drawn.items() if exercise_of[function] == exercise.id)
            row.append(replace(each, mistakes=mistakes if each.shapes else frozenset()))
        rows.append(tuple(row))
    return replace(work, work=tuple(rows))


def pairs_of(work: ClassWork, comparison: Comparison) -> set[tuple[str, str]]:
    return {(work.handed[pair.first].student, work.handed[pair.second].student) for pair in comparison.pairs}


def command() -> None:
    with tempfile.TemporaryDirectory() as name:
        submissions = hand_in_class(Path(name) / "submissions", honest_class("03", 500, 1), pool("03"))
        call = [sys.executable, "-m", "gradlings", "similarity", "03", str(submissions), "--to", f"{name}/out"]
        start = time.perf_counter()
        subprocess.run(call, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        took = time.perf_counter() - start
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000  # of the processes, the largest one
    print(f"500 students, 03: {took:.1f} s, {largest:.0f} MB at most in one process   to be at most 60, 1000 in all")


if __name__ == "__main__":
    main()
