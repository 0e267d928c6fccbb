"""What a page could say of two mistakes in one function, and how often it would name one that is not there.

    python benchmarks/two_mistakes.py draw FILE [--count 60] [--seed 0] [--exercises 3.5 6.6]
    python benchmarks/two_mistakes.py report FILE...

`draw` makes doubles: a function with two small faults (two mutations, or a misconception of the catalogue and a
mutation), each of which changes its results, and both together once more. Where no misconception explains all probes
of the check that is shown, it notes which ones explain the probe that is shown. `report` counts, for a few rules, how
often exactly one of them does, and how often that one is neither of the two faults.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.authoring.mutants.mutation import Mutant, mutants_of
from gradlings.checks.misconception_match import observed, same_observed
from gradlings.model.exercise import Exercise
from gradlings.model.misconceptions import FILE
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import ExerciseScore, Verdict
from gradlings.runners.session import Graded, Grader, collected_checks
from gradlings.submission.reader import from_source

ROOT = Path(__file__).resolve().parent.parent
MAX_BYTES = 8 << 30
MAX_SECONDS_A_RUN = 1.0  # slower exercises get fewer doubles
MAX_SECONDS_AN_EXERCISE = 240.0
TRIES_A_DOUBLE = 6


@dataclass(frozen=True)
class Single:
    """A function with one fault, as the checks saw it."""

    what: str
    code: str
    ids: tuple[str, ...]
    seen: dict[str, list[Any]]


class Lab:
    """The checks of one exercise, and what was found with them so far."""

    def __init__(self, assignment: Assignment, exercise: Exercise, grader: Grader) -> None:
        self.assignment, self.exercise, self.grader = assignment, exercise, grader
        self.known: dict[str, Single | None] = {}
        text = (assignment.folder / FILE).read_text(encoding="utf-8")
        self.shipped: dict[str, list[dict[str, Any]]] = json.loads(text)["checks"]

    def run(self, code: str) -> tuple[ExerciseScore, Graded]:
        source = self.assignment.main
        submission = from_source(f"{source.text}\n# %%\n{code}\n", source.path)
        runner = self.grader.run_cells(submission, source.checks_file)
        graded = self.grader.check(runner, source.checks_file, seed=0, only=(self.exercise.id,))
        (score,) = graded.scorecard.exercises
        return score, graded

    def seen(self, graded: Graded) -> dict[str, list[Any]]:
        return {check: observed(found) for check, found in graded.examinations.items()}

    def single(self, what: str, code: str, id: str = "") -> Single | None:
        """Run a function with one fault; None if it is right, never came back or cannot be compared."""
        if code not in self.known:
            score, graded = self.run(code)
            ended = any(check.verdict not in (Verdict.PASS, Verdict.WRONG, Verdict.ERROR) for check in score.checks)
            ids = tuple(dict.fromkeys([*filter(None, [id]), *score.misconceptions]))
            self.known[code] = None if ended or score.solved else Single(what, code, ids, self.seen(graded))
        return self.known[code]

    def double(self, code: str, first: Single, second: Single) -> dict[str, Any] | None:
        """Return what could be said of a function with both faults; None if the two do not both show."""
        score, graded = self.run(code)
        seen = self.seen(graded)
        if score.solved or any(same_observed(seen, single.seen) for single in (first, second)):
            return None
        (shown,) = list(score.shown.values())[:1]
        found: dict[str, Any] = {
            "exercise": self.exercise.id,
            "first": first.what,
            "second": second.what,
            "is": sorted({*first.ids, *second.ids}),
            "named": list(score.misconceptions),
            "verdict": shown.verdict.value,
            "code": code,
            "fits": [],
        }
        check = f"{self.exercise.id}::{shown.check}"
        right = [one for examination in graded.examinations.get(check, []) for one in examination.right]
        if score.misconceptions or shown.verdict is not Verdict.WRONG or all(right):
            return found
        mine, place = seen[check], right.index(False)
        failing = [index for index, is_right in enumerate(right) if not is_right and index < len(mine)]
        explained: dict[str, int] = {}
        for id, theirs in ((entry["id"], entry["observed"]) for entry in self.shipped.get(check, [])):
            if theirs is not None and len(theirs) == len(mine) and same_observed(mine[place], theirs[place]):
                count = sum(same_observed(mine[index], theirs[index]) for index in failing)
                explained[id] = max(count, explained.get(id, 0))
        found["fits"] = [[id, count, len(failing)] for id, count in sorted(explained.items())]
        found["digits"] = len({number for number in floats_in(mine[place]) if not is_round(number)})
        return found


def floats_in(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from floats_in(item)


def is_round(number: float) -> bool:
    return abs(1000 * number - round(1000 * number)) < 1e-6 * max(1.0, abs(1000 * number))


def doubles(lab: Lab, count: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    """Yield so many doubles of an exercise, half of them with a misconception of the catalogue in them."""
    functions, source = lab.exercise.functions, lab.assignment.main.text
    mutants = mutants_of(source, functions)
    by_change = {(m.function, m.operator, m.change): m for m in mutants}
    entries = [e for e in lab.assignment.catalogue("misconceptions") if e.exercise == lab.exercise.id]
    made: set[str] = set()
    for number in range(TRIES_A_DOUBLE * count):
        if len(made) >= count:
            return
        if number % 2 and entries:
            entry = chance.choice(entries)
            first = lab.single(entry.name, entry.code, entry.id)
            function, prelude = entry.function, entry.code
        else:
            mutant = chance.choice(mutants)
            first = lab.single(describe(mutant), mutant.code)
            function, prelude = mutant.function, ""
        if first is None:
            continue
        changed = mutants_of(first.code, (function,))
        further = [m for m in changed if (m.function, m.operator, m.change) in by_change]
        if not further:
            continue
        both = chance.choice(further)
        second = by_change[both.function, both.operator, both.change]
        alone = lab.single(describe(second), second.code)
        code = f"{prelude}\n{both.code}" if prelude else both.code
        if alone is None or code in made:
            continue
        found = lab.double(code, first, alone)
        if found is not None:
            made.add(code)
            yield found


def describe(mutant: Mutant) -> str:
    return f"{mutant.function}, {mutant.operator}: {mutant.change}"


def draw(file: Path, count: int, seed: int, ids: tuple[str, ...]) -> None:
    """Append the doubles of every exercise to a file, one line of JSON each; each exercise in a process of its own."""
    torch.set_num_threads(1)
    for assignment in find_assignments(ROOT):
        wanted = [e for e in assignment.main.exercises if e.points and (not ids or e.id in ids)]
        if not wanted:
            continue
        with collected_checks(assignment.folder, mode=RunMode.PROOF) as grader:
            grader.follow_with({}, None)
            for exercise in wanted:
                start = time.monotonic()
                pid = os.fork()
                if pid == 0:
                    _child(Lab(assignment, exercise, grader), file, count, seed)
                ended = 0
                while not ended:
                    ended, _ = os.waitpid(pid, os.WNOHANG)
                    if not ended and time.monotonic() - start > MAX_SECONDS_AN_EXERCISE:
                        os.kill(pid, signal.SIGKILL)
                    time.sleep(0.05)
                print(f"{exercise.id}: {time.monotonic() - start:.0f} s", flush=True)


def _child(lab: Lab, file: Path, count: int, seed: int) -> None:
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, MAX_BYTES))
        start = time.monotonic()
        lab.run("")
        if time.monotonic() - start > MAX_SECONDS_A_RUN:
            count = max(count // 10, 1)
        with file.open("a", encoding="utf-8") as lines:
            for found in doubles(lab, count, random.Random(f"{lab.exercise.id} {seed}")):
                lines.write(json.dumps(found) + "\n")
                lines.flush()
    finally:
        os._exit(0)


RULES: dict[str, Callable[[str, int, int, int], bool]] = {
    "the probe that is shown": lambda id, count, failing, digits: True,
    "... and another that fails": lambda id, count, failing, digits: count >= 2,
    "... and half of those that fail": lambda id, count, failing, digits: count >= 2 and 2 * count >= failing,
    "... and all that fail but one": lambda id, count, failing, digits: count >= 2 and count >= failing - 1,
    "... and all that fail": lambda id, count, failing, digits: count >= failing,
    "... and there are 3 numbers with digits": lambda id, count, failing, digits: digits >= 3,
    "... of both": lambda id, count, failing, digits: digits >= 3 and count >= 2 and 2 * count >= failing,
}


def report(lines: Iterable[str]) -> None:
    """Print, for each rule, how many doubles it says something of, and how much of that is false."""
    found = [json.loads(line) for line in lines]
    silent = [each for each in found if not each["named"]]
    print(f"{len(found)} doubles; {len(found) - len(silent)} have a name for all probes; {len(silent)} are silent")
    for words, rule in RULES.items():
        said, false = 0, Counter[str]()
        for each in silent:
            if len(each["fits"]) != 1:
                continue
            id, count, failing = each["fits"][0]
            if rule(id, count, failing, each["digits"]):
                said += 1
                false[id] += id not in each["is"]
        wrong = +false
        print(f"{words}: said of {said}, false of {sum(wrong.values())}  {dict(wrong.most_common(5))}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("draw", "report"))
    parser.add_argument("files", type=Path, nargs="+", help="of doubles, one line of JSON each")
    parser.add_argument("--count", type=int, default=60, help="doubles of each exercise")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--exercises", nargs="*", default=(), metavar="ID", help="all if none is named")
    wanted = parser.parse_args()
    if wanted.task == "draw":
        draw(wanted.files[0], wanted.count, wanted.seed, tuple(wanted.exercises))
    else:
        report(line for path in wanted.files for line in path.read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    main()
