"""What grading in locked-down workers costs: processor time of a submission, isolated and in one process.

    python benchmarks/isolation.py [03 06] [--rounds 12]

Both ways grade the same submissions with the same checks and seed, a dozen one way and then the same dozen the other
way, in turns; every submission is a source that neither has seen before. Isolated means: judge, zygote and workers
together. The hidden probes, which need a second worker, are a row of their own: what they add to the isolated way.

03: what isolation adds, as a share of the processor time of `python -c "import torch"`     to be at most 1.5 %
06: isolated / in process                                                                    to be at most 1.1
03: what hidden probes add, in processor time                                                to be at most 40 ms
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from gradlings.authoring.catalogue import load_catalogue
from gradlings.checks.hidden_probes import FILE, checks_of, read_hidden
from gradlings.grading.class_inputs import graded_source_name
from gradlings.grading.hidden_pass import checks_to_run
from gradlings.model.exercise import read_exercises
from gradlings.model.run_mode import RunMode
from gradlings.runners.session import collected_checks
from gradlings.sandbox.judge import Judge
from gradlings.submission.cells import module_cells
from gradlings.submission.reader import from_source

ROOT = Path(__file__).resolve().parent.parent
SEED = 7  # one for a whole class, as when grading


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*", default=["03", "06"])
    parser.add_argument("--rounds", type=int, default=12, help="rounds over the class, one of warming up (default: 12)")
    options = parser.parse_args()
    floor = statistics.median(import_torch() for _ in range(5))
    print(f"import torch: {floor * 1000:.0f} ms of processor time (median of 5)")
    for number in options.assignments or ["03", "06"]:
        measure(number, options.rounds, floor)


def import_torch() -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(number: str, rounds: int, floor: float) -> None:
    """Print one line for each kind of submission."""
    folder = ROOT / "assignments" / number
    source_name = graded_source_name(folder)
    checks = folder / f"test_{source_name}.py"
    hidden_file = ROOT / "solutions" / number / FILE
    hidden = read_hidden(hidden_file.read_text(encoding="utf-8"), hidden_file, checks_of(read_exercises(checks)))
    drivers = (folder / "drivers.py").read_text(encoding="utf-8") if (folder / "drivers.py").is_file() else ""

    with (
        collected_checks(folder) as grader,
        Judge(grader.exercises(checks), closed=[ROOT / "solutions"]) as judge,
    ):
        print(f"{number}: {judge.protection.sentence()}")

        def in_process(text: str, path: Path) -> None:
            loaded = grader.run_cells(from_source(text, path), checks)
            loaded.tried_on_virtual_gpu = False  # as when grading: the same work on both sides
            grader.check(loaded, checks, seed=SEED)

        def isolated(text: str, path: Path) -> None:
            remote = judge.load(text.encode(), str(path), drivers)
            grader.check(remote, checks, seed=SEED)
            remote.close()

        def with_hidden_probes(text: str, path: Path) -> None:
            remote = judge.load(text.encode(), str(path), drivers)
            card = grader.check(remote, checks, seed=SEED).scorecard
            if chosen := checks_to_run(card, hidden):
                remote.begin_hidden_probes()
                grader.check(remote, checks, seed=SEED, only=chosen, hidden=hidden, mode=RunMode.HIDDEN)
            remote.close()

        for kind, texts in submissions(number, source_name).items():
            here, there, hiding = [], [], []
            for turn in range(rounds + 1):
                paths = [Path(f"/class/{kind}-{turn}-{index}/{source_name}.py") for index in range(len(texts))]
                mine = spent(partial(of_all, in_process, texts, paths), len(texts))
                theirs = spent(partial(of_all, isolated, texts, paths), len(texts), judge.process_id)
                hidden_too = spent(partial(of_all, with_hidden_probes, texts, paths), len(texts), judge.process_id)
                if turn:  # the first is for warming up
                    here.append(mine)
                    there.append(theirs)
                    hiding.append(hidden_too)
            report(number, kind, here, there, floor)
            cpu, wall = (
                statistics.mean(more) - statistics.mean(less)
                for less, more in zip(zip(*there, strict=True), zip(*hiding, strict=True), strict=True)
            )
            print(f"{number} {kind:12} hidden probes add {cpu * 1000:.1f} ms, {wall * 1000:.1f} ms of wall time")


def report(
    number: str, kind: str, here: list[tuple[float, float]], there: list[tuple[float, float]], floor: float
) -> None:
    alone, apart = (statistics.mean(cpu for cpu, _ in found) for found in (here, there))
    wall = statistics.mean(wall for _, wall in there)
    print(
        f"{number} {kind:12} in process {alone * 1000:6.1f} ms   isolated {apart * 1000:6.1f} ms"
        f" ({wall * 1000:.1f} ms of wall time)   adds {(apart - alone) * 1000:6.1f} ms"
        f" = {(apart - alone) / floor:6.2%} of import torch   ratio {apart / alone:.2f}"
    )


def submissions(number: str, source_name: str) -> dict[str, list[str]]:
    """Return the solution, and a class: a third has all right, a third half of it, a third a misconception or two."""
    solution = (ROOT / "solutions" / number / f"{source_name}.py").read_text(encoding="utf-8")
    stub = (ROOT / "assignments" / number / f"{source_name}.py").read_text(encoding="utf-8")
    done, empty = (module_cells(text, "") for text in (solution, stub))
    half = "\n".join(cell.source for cell in (*done[: len(done) // 2], *empty[len(empty) // 2 :]))
    wrong = [entry.submission(solution) for entry in load_catalogue(ROOT / "solutions" / number / "misconceptions.py")]
    mixed = [text for entry in wrong[::7][:4] for text in (solution, half, entry)]
    return {"solution": [solution] * len(mixed), "mixed class": mixed}


def of_all(work: Callable[[str, Path], None], texts: list[str], paths: list[Path]) -> None:
    for text, path in zip(texts, paths, strict=True):
        work(text, path)


def spent(work: Callable[[], None], count: int, helper: int | None = None) -> tuple[float, float]:
    """Seconds of processor time, those of a helper process and its children included, and of wall time; for each."""
    started, before = time.perf_counter(), time.process_time() + (of_process(helper) if helper else 0.0)
    work()
    after = time.process_time()
    waited = time.perf_counter() - started
    if helper:
        time.sleep(0.02)  # until the worker is taken down and counted; nobody is charged for this
        after += of_process(helper)
    return (after - before) / count, waited / count


def of_process(pid: int) -> float:
    """Seconds of processor time of a process and of those it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
