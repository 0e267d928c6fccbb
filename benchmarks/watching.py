"""How long somebody who learns alone waits: from a save to the verdict on screen, and from `init` to the first green.

Drives the real commands, the screen through a pseudo-terminal of 80 columns:

    python benchmarks/watching.py [--saves 50]

save to verdict, median          to be at most 150 ms (assignments 01 to 04 and 07, two cores)
init to green / import torch     to be at most 1.5
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pexpect

from gradlings.authoring.catalogue import load_catalogue

ROOT = Path(__file__).resolve().parent.parent
GRADLINGS = [sys.executable, "-m", "gradlings.cli"]
ASSIGNMENTS = ("01", "02", "03", "04", "07")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saves", type=int, default=50, help="counted saves, over all assignments (default: 50)")
    parser.add_argument("--runs", type=int, default=5, help="counted runs of init and import (default: 5)")
    parser.add_argument("--no-fork", action="store_true", help="measure the way of systems without a fork")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds = []
        for number in ASSIGNMENTS:
            kit = Path(folder, f"kit{number}")
            subprocess.run([*GRADLINGS, "init", str(kit)], check=True, capture_output=True)
            its = saves(kit, number, -(-options.saves // len(ASSIGNMENTS)), fork=not options.no_fork)
            print(f"{number}: median {1000 * statistics.median(its):.0f} ms", flush=True)
            seconds += its
        green = init_to_green(Path(folder), options.runs)
    seconds.sort()
    median, late = statistics.median(seconds), seconds[int(0.95 * (len(seconds) - 1))]
    print(f"save to verdict on screen: median {1000 * median:.0f} ms, p95 {1000 * late:.0f} ms, {len(seconds)} saves")
    ratios = {name: green[name] / green["torch"] for name in ("warm-up", "own answer")}
    for name, ratio in ratios.items():
        print(f"init to a green {name}: {green[name]:.2f} s, import torch {green['torch']:.2f} s, ratio {ratio:.2f}")
    sys.exit(0 if median <= 0.150 and max(ratios.values()) <= 1.5 else 1)


def saves(kit: Path, number: str, count: int, fork: bool) -> list[float]:
    """Seconds from each save to its verdict: named misconceptions of all but its last exercise, each with its cure."""
    solutions = ROOT / "solutions" / number
    topic = next(path for path in solutions.glob("*.py") if (solutions / "misconceptions.py") != path and is_main(path))
    solution, module = topic.read_text(), kit / "assignments" / number / topic.name
    every = load_catalogue(solutions / "misconceptions.py")
    misconceptions = [each for each in every if each.exercise != every[-1].exercise]  # the last of all goes on nowhere
    module.write_text(solution)
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    # what the shell or a pipeline set would change the screen
    environment |= {"TERM": "xterm", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"} | (
        {} if fork else {"GRADLINGS_FORK": "0"}
    )
    screen = pexpect.spawn(
        GRADLINGS[0],
        [*GRADLINGS[1:], "watch", number],
        cwd=kit,
        env=environment,
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=60,
    )
    screen.expect("goes on")
    time.sleep(5)  # nobody has typed a first answer before; the check server rehearses meanwhile
    seconds = []
    for turn in range(count):
        misconception = misconceptions[turn // 2 * (len(misconceptions) * 2 // count)]
        if not fork:
            time.sleep(4)  # the spare process is ready by then
        beside = module.with_suffix(".new")
        beside.write_text(solution if turn % 2 else misconception.submission(solution))
        start = time.perf_counter()
        os.replace(beside, module)
        screen.expect(
            "goes on" if turn % 2 else rf"{misconception.exercise} [^\x1b]*{misconception.function}[^\x1b]*\u2591"
        )
        seconds.append(time.perf_counter() - start)
    screen.send("q")
    screen.expect(pexpect.EOF)
    return seconds


def is_main(path: Path) -> bool:
    return "### BEGIN SOLUTION" in path.read_text() and path.stem != "variants"


def init_to_green(folder: Path, runs: int) -> dict[str, float]:
    """Median seconds, interleaved: `init` and a check that comes solved, `init` and an own answer, importing torch."""
    seconds: dict[str, list[float]] = {"warm-up": [], "own answer": [], "torch": []}
    for turn in range(runs + 1):
        for name, exercise in (("warm-up", "1.0"), ("own answer", "make_ranks")):
            kit = folder / f"{name}{turn}"
            start = time.perf_counter()
            subprocess.run([*GRADLINGS, "init", str(kit)], check=True, capture_output=True)
            if name != "warm-up":
                (kit / "assignments/01/tensors.py").write_text((ROOT / "solutions/01/tensors.py").read_text())
            pytest = [sys.executable, "-m", "pytest", "assignments/01", "-k", exercise]
            subprocess.run(pytest, cwd=kit, check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - start)
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch"], check=True)
        seconds["torch"].append(time.perf_counter() - start)
    return {name: statistics.median(values[1:]) for name, values in seconds.items()}  # the first turn fills caches


if __name__ == "__main__":
    main()
