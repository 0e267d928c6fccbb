"""How long a student waits for `pytest assignments/01`, and an instructor for `gradlings grade` of one submission.

Against what Python, torch and pytest cost by themselves.

Prints ratios of median wall times of interleaved runs, so that they can be compared between machines:

    python benchmarks/startup.py [--runs 7]

full solution / (import torch + a bare one-test pytest)    to be at most 1.2
untouched kit / a bare one-test pytest                     to be at most 1.3
grade of one submission of 03 / import torch               to be at most 2.5

And by processor time (not on Windows):

gradlings --help / import typer, rich                      to be at most 1.5
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7, help="counted runs of each command (default: 7)")
    parser.add_argument("--assignment", default="01")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        commands = prepare(Path(folder), options.assignment)
        medians = timed(commands, options.runs)
    for name, seconds in medians.items():
        print(f"{name:28} {seconds:6.2f} s (median of {options.runs})")
    full = medians["full solution"] / (medians["import torch"] + medians["bare pytest"])
    untouched = medians["untouched kit"] / medians["bare pytest"]
    print(f"full solution / (import torch + bare pytest)   {full:.2f}   to be at most 1.2")
    print(f"untouched kit / bare pytest                    {untouched:.2f}   to be at most 1.3")
    graded = medians["grade of one submission"] / medians["import torch"]
    print(f"grade of one submission / import torch         {graded:.2f}   to be at most 2.5")
    helped = help_over_its_libraries(options.runs)
    print(f"gradlings --help / import typer, rich          {helped:.2f}   to be at most 1.5")
    sys.exit(0 if full <= 1.2 and untouched <= 1.3 and graded <= 2.5 and helped <= 1.5 else 1)


def prepare(folder: Path, assignment: str) -> dict[str, list[str]]:
    """Return the commands, on copies of the assignment, and one to grade its solution for marks."""
    for name in ("untouched", "full"):
        shutil.copytree(ROOT / "assignments" / assignment, folder / name / assignment)
    for source in (ROOT / "solutions" / assignment).glob("*.py"):
        if (folder / "full" / assignment / source.name).is_file():
            shutil.copy(source, folder / "full" / assignment)
    bare = folder / "bare"
    bare.mkdir()
    (bare / "test_bare.py").write_text("def test_bare():\n    assert True\n")
    (folder / "submissions" / "one").mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / "03" / "autodiff.py", folder / "submissions" / "one")
    grade = [sys.executable, "-m", "gradlings", "grade", "03", str(folder / "submissions"), "--root", str(ROOT)]
    pytest = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    return {
        "import torch": [sys.executable, "-c", "import torch"],
        "bare pytest": [*pytest, str(bare)],
        "untouched kit": [*pytest, str(folder / "untouched" / assignment)],
        "full solution": [*pytest, str(folder / "full" / assignment)],
        "grade of one submission": [*grade, "--force", "--to", str(folder / "results")],
    }


def timed(commands: dict[str, list[str]], runs: int) -> dict[str, float]:
    """Median wall seconds of each command; the runs are interleaved, after one warm-up that fills the caches."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            if done.returncode not in (0, 1):
                sys.exit(f"{name} failed:\n{done.stdout}{done.stderr}")
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def help_over_its_libraries(runs: int) -> float:
    """Median processor time of `gradlings --help` over that of its libraries; the runs are interleaved."""
    import resource

    seconds: dict[str, list[float]] = {}
    for _ in range(runs + 1):
        for name, arguments in {"help": ("-m", "gradlings", "--help"), "bare": ("-c", "import typer, rich")}.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            seconds.setdefault(name, []).append(used)
    return statistics.median(seconds["help"][1:]) / statistics.median(seconds["bare"][1:])


if __name__ == "__main__":
    main()
