"""Who pays for a mistake: later code, home or marks, and everybody's time.

    python benchmarks/fairness.py [02 03 ...] [--mistakes 0] [--pairs 100] [--rounds 10]

Three tables, each for the assignments that are named (02 to 06 if none are). Only the cost depends on the machine.

mistakes  Each misconception of the catalogue alone in an otherwise right file, at home: the points of other exercises'
          checks that fail because of it, how many of these follow-through gives back, and how many it does not (0 is to
          be reached); checks of right code that name a misconception or make a claim (0). `--mistakes N` takes every
          so manieth, so that about N are left.
pairs     Files with two misconceptions, drawn by a fixed seed, in two exercises: the same points at home and in marks,
          hidden probes and another seed of probes included (all are to be the same).
cost      What a right file pays for follow-through, in processor time of the process that decides: with it and without,
          in turns, at home and in the judge (at most 2 % is to be reached).
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch

from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.authoring.catalogue import CatalogueEntry
from gradlings.checks.hidden_probes import FILE
from gradlings.execution.runner_protocol import SubmissionRunner
from gradlings.grading.judge_session import JudgeSession, bundle_of
from gradlings.model.scorecard import CheckResult, Scorecard, Verdict
from gradlings.runners.session import Grader, collected_checks
from gradlings.sandbox.judge import Judge
from gradlings.submission.reader import from_source
from gradlings.submission.reference_functions import cut

ROOT = Path(__file__).resolve().parent.parent
NUMBERS = ("02", "03", "04", "05", "06")
MARKS_SEED = 12
DRAWN_BY = 2026


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*", default=list(NUMBERS))
    parser.add_argument("--mistakes", type=int, default=0, help="about how many of the catalogue (0: all)")
    parser.add_argument("--pairs", type=int, default=100, help="files with two mistakes, over all assignments")
    parser.add_argument("--rounds", type=int, default=10, help="of the cost (0: do not measure it)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    assignments = find_assignments(ROOT, tuple(options.assignments or NUMBERS))
    report_mistakes(assignments, options.mistakes)
    report_pairs(assignments, options.pairs)
    if options.rounds:
        report_cost(assignments, options.rounds)


def graded_at_home(grader: Grader, assignment: Assignment, text: str) -> Scorecard:
    """The scorecard of a file of this text, by the public probes."""
    source = assignment.main
    return grader.grade(from_source(text, source.path), source.checks_file, seed=0).scorecard


def failing_elsewhere(card: Scorecard, exercises: set[str]) -> Iterator[CheckResult]:
    for score in card.exercises:
        if score.id not in exercises:
            yield from (check for check in score.checks if check.verdict is not Verdict.PASS)


def report_mistakes(assignments: list[Assignment], count: int) -> None:
    entries = [(a, entry) for a in assignments for entry in a.catalogue("misconceptions")]
    step = max(1, len(entries) // count) if count else 1
    print(f"mistakes: {len(entries[::step])} of {len(entries)}")
    print("     mistakes  carried  points carried  given back  not given back  named falsely")
    totals = [0] * 6
    for assignment in assignments:
        row = [0] * 6
        with collected_checks(assignment.folder) as grader:
            for entry in [entry for a, entry in entries[::step] if a is assignment]:
                card = graded_at_home(grader, assignment, entry.submission(assignment.main.text))
                row = [a + b for a, b in zip(row, counted(card, entry), strict=True)]
        totals = [a + b for a, b in zip(totals, row, strict=True)]
        print(f"{assignment.id}   {row[0]:8} {row[1]:8} {row[2]:15} {row[3]:11} {row[4]:15} {row[5]:14}", flush=True)
    print(f"all  {totals[0]:8} {totals[1]:8} {totals[2]:15} {totals[3]:11} {totals[4]:15} {totals[5]:14}\n")


def counted(card: Scorecard, entry: CatalogueEntry) -> list[int]:
    checks = list(failing_elsewhere(card, {entry.exercise}))
    carried, given = sum(c.max_points for c in checks), sum(c.points for c in checks)
    named = sum(bool(c.misconception or c.claim) for c in checks)
    if carried > given or named:
        told = ", ".join(f"{c.exercise} {c.verdict.value}" for c in checks)
        print(f"     {entry.exercise} {entry.name!r}: {told}")
    return [1, bool(checks), carried, given, carried - given, named]


def two_slips(assignment: Assignment, count: int) -> Iterator[tuple[str, str]]:
    """Files with two misconceptions in two exercises, each with a name to print."""
    drawn = random.Random(f"{DRAWN_BY} {assignment.id}")
    entries = assignment.catalogue("misconceptions")
    while count:
        first, second = drawn.sample(entries, 2)
        if first.exercise != second.exercise:
            count -= 1
            text = second.submission(first.submission(assignment.main.text))
            yield f"{first.exercise} {first.name!r}, {second.exercise} {second.name!r}", text


def report_pairs(assignments: list[Assignment], count: int) -> None:
    print("pairs: two mistakes in a file\n     files  same points at home and in marks")
    for index, assignment in enumerate(assignments):
        share = count // len(assignments) + (index < count % len(assignments))
        same = sum(home == marks for _, home, marks in both_ways(assignment, share))
        print(f"{assignment.id}   {share:5} {same:6}", flush=True)
    print()


def both_ways(assignment: Assignment, count: int) -> Iterator[tuple[str, int, int]]:
    """Yield the points of files with two mistakes: a name, at home, in marks. What differs is printed."""
    hidden = assignment.solutions / FILE
    bundle = bundle_of(assignment.folder, assignment.main.path.stem, hidden=hidden if hidden.is_file() else None)
    with collected_checks(assignment.folder) as grader, JudgeSession(bundle) as session:
        for name, text in two_slips(assignment, count):
            home = graded_at_home(grader, assignment, text)
            reply = session.judge(text.encode(), assignment.main.path.name, MARKS_SEED)
            if reply.card is None:
                raise RuntimeError(f"{name}: {reply.problem}{reply.fault}")
            if reply.card.points != home.points:
                print(f"     {name}: {', '.join(differing(home, reply.card))}")
            yield name, home.points, reply.card.points


def differing(home: Scorecard, marks: Scorecard) -> Iterator[str]:
    for one, other in zip(home.exercises, marks.exercises, strict=True):
        for a, b in zip(one.checks, other.checks, strict=True):
            if a.points != b.points:
                yield f"{a.exercise}::{a.check} {a.verdict.value} at home, {b.verdict.value} in marks ({b.message})"


def report_cost(assignments: list[Assignment], rounds: int) -> None:
    print("cost: a right file, milliseconds of processor time of the process that decides (median)")
    print("           without      with   more")
    for assignment in assignments:
        source = assignment.main
        texts = cut(source.text, [name for exercise in source.exercises for name in exercise.functions])
        with collected_checks(assignment.folder) as grader:
            local = grader.run_cells(from_source(source.text, source.path), source.checks_file)

            def check(runner: SubmissionRunner, follow: bool) -> None:
                grader.follow_with(texts, 1.0 if follow else None)  # noqa: B023
                grader.check(runner, source.checks_file, seed=0)  # noqa: B023

            print_cost(f"{assignment.id} home ", partial(check, local), rounds)
            with Judge(source.exercises, closed=[assignment.solutions]) as judge:
                drivers = (assignment.folder / "drivers.py").read_text(encoding="utf-8")
                remote = judge.load(source.text.encode(), source.path.name, drivers)
                print_cost(f"{assignment.id} judge", partial(check, remote), rounds)
                remote.close()


def print_cost(name: str, run: Callable[[bool], None], rounds: int) -> None:
    taken: dict[bool, list[float]] = {False: [], True: []}
    for number in range(rounds + 1):
        for follow in (number % 2 == 0, number % 2 == 1):
            start = time.process_time()
            run(follow)
            if number:  # the first round warms up
                taken[follow].append(1000 * (time.process_time() - start))
    without, with_it = statistics.median(taken[False]), statistics.median(taken[True])
    print(f"{name} {without:9.1f} {with_it:9.1f} {100 * (with_it / without - 1):5.1f} %", flush=True)


if __name__ == "__main__":
    main()
