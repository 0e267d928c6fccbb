"""Run every solution as a student would, on the CPU alone and on a GPU, too: points and seconds.

    python benchmarks/gpu.py [--device cuda]

Needs a GPU. A right answer must be right there, and a check that runs on two devices may take twice its time and the
device's start, not more.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    device = parser.parse_args().device
    failed = False
    print(f"| assignment | CPU: points | seconds | and {device}: points | seconds |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for assignment in sorted((ROOT / "assignments").glob("[0-9]*")):
            folder = Path(name, "assignments", assignment.name)
            shutil.copytree(assignment, folder)
            for source in (ROOT / "solutions" / assignment.name).glob("*.py"):
                if (folder / source.name).is_file() and source.name != "misconceptions.py":
                    shutil.copy(source, folder)
            columns = []
            for devices in ("cpu", device):
                points, seconds, page = run(folder, devices)
                columns += [points, f"{seconds:.1f}"]
                if points != "100":
                    failed = True
                    print(page, file=sys.stderr)
            print(f"| {assignment.name} | {' | '.join(columns)} |", flush=True)
    sys.exit(int(failed))


def run(folder: Path, device: str) -> tuple[str, float, str]:
    """Return the points of a solution, the seconds its run took, and its page."""
    path = os.pathsep.join([str(ROOT / "autograder"), os.environ.get("PYTHONPATH", "")])
    plugin = [] if installed() else ["-p", "gradlings.runners.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", str(folder), "--gradlings-device", device, *plugin]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    seconds = time.perf_counter() - start
    found = re.search(r"(\d+) of 100 points", done.stdout)
    return (found[1] if found else "none"), seconds, done.stdout + done.stderr


def installed() -> bool:
    """Return whether pytest finds the plugin by itself."""
    from importlib.metadata import entry_points

    return any(point.name == "gradlings" for point in entry_points(group="pytest11"))


if __name__ == "__main__":
    main()
