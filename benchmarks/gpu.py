"""Compare a real GPU with what the checks and the virtual GPU say of one; prints tables, in less than eight minutes.

    python benchmarks/gpu.py [--device cuda]    or mps
    python benchmarks/gpu.py --device cpu       a dry run: proves that the script runs, and nothing of a GPU

It needs torch for the device, NumPy and jaxtyping, and no network. All else is taken from wheels in `.wheels/` where that
folder is there; for a machine with Linux and Python 3.12 they are put there by

    pip download --only-binary=:all: --python-version 312 --platform manylinux2014_x86_64 --platform manylinux_2_28_x86_64 \
        -d .wheels pytest msgspec rich typer jupytext

What runs on the device is `gpu_parts.py`, in processes of its own: one that fails, or hangs, takes nothing with it. The
tables go also to `gpu.md`, and all rows to `gpu.json`, in the folder that the environment variable OUT names, if it is set.
"""  # noqa: E501

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PARTS = Path(__file__).with_name("gpu_parts.py")
WHEELS = ROOT / ".wheels"
SECONDS = 450
"""Of the whole; what has not ended by then is stopped, and what it had found is reported."""
LONGEST_PART = 200
_NO_GPU = {"CUDA_VISIBLE_DEVICES": ""}

Row = dict[str, Any]


@dataclass
class Machine:
    """Where the parts run: an environment for them, a folder for what they find, and the time that is left."""

    device: str
    folder: Path
    packages: Path
    end: float = field(default_factory=lambda: time.monotonic() + SECONDS)
    problems: list[str] = field(default_factory=list)

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a part: our package and the wheels first, and no other plugins of pytest."""
        ours = [self.packages, ROOT / "autograder", ROOT / "tests", os.environ.get("PYTHONPATH", "")]
        path = os.pathsep.join(str(each) for each in ours if str(each))
        plugins = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "gradlings.runners.pytest_plugin"}
        return {**os.environ, "PYTHONPATH": path, **plugins, **more}

    def seconds_left(self, longest: float = LONGEST_PART) -> float:
        """Return how long something may run that starts now."""
        return max(1.0, min(longest, self.end - time.monotonic()))

    def run(self, name: str, part: str, *arguments: str, **more: str) -> tuple[list[Row], int]:
        """Run a part and return what it found, and its exit code; -1 if it was stopped."""
        found = self.folder / f"{name}.jsonl"
        command = [sys.executable, str(PARTS), part, self.device, str(found), *arguments]
        seconds = self.seconds_left()
        try:
            done = subprocess.run(
                command, env=self.environment(**more), capture_output=True, text=True, errors="replace", timeout=seconds
            )
            code, said = done.returncode, done.stderr
        except subprocess.TimeoutExpired:
            code, said = -1, f"stopped after {seconds:.0f} seconds"
        if code:
            self.problems.append(f"{name}: exit code {code}: {last_line(said)}")
        lines = found.read_text(encoding="utf-8").splitlines() if found.is_file() else []
        return [json.loads(line) for line in lines if line.endswith("}")], code


def last_line(text: str) -> str:
    """Return the last line of a text that says something."""
    return next((line.strip()[:300] for line in reversed(text.splitlines()) if line.strip()), "")


def on_the_device(machine: Machine) -> list[Row]:
    """Run the labeled functions on the device; one that ends the process, or its use of the GPU, is left behind."""
    rows: list[Row] = []
    for _ in range(20):
        found, code = machine.run(f"device-{len(rows)}", "device", str(len(rows)))
        rows += found
        if code == 0 or machine.seconds_left() <= 1:
            break
        if not (found and found[-1].get("lost")):
            rows.append({"case": f"number {len(rows)}", "outcome": "died", "error": machine.problems[-1]})
    return rows


def whole_runs(machine: Machine, assignments: Sequence[str]) -> list[Row]:
    """Run each solution as a student would, with pytest: points and seconds on the CPU alone, and with the device."""
    rows: list[Row] = []
    for assignment in assignments:
        folder = machine.folder / "assignments" / assignment
        shutil.copytree(ROOT / "assignments" / assignment, folder)
        for source in (ROOT / "solutions" / assignment).glob("*.py"):
            if (folder / source.name).is_file():
                shutil.copy(source, folder)
        row: Row = {"assignment": assignment}
        for column, device in (("cpu", "cpu"), ("device", machine.device)):
            command = [sys.executable, "-m", "pytest", str(folder), "--gradlings-device", device]
            start = time.perf_counter()
            try:
                done = subprocess.run(
                    command, env=machine.environment(), capture_output=True, text=True, timeout=machine.seconds_left()
                )
                said = done.stdout + done.stderr
            except subprocess.TimeoutExpired:
                said = "stopped"
            points = re.search(r"(\d+) of \d+ points", said)
            row[column] = {"points": int(points[1]) if points else None, "seconds": time.perf_counter() - start}
            if not points or points[1] != "100":
                row[column]["said"] = said[-2000:]
        rows.append(row)
    return rows


# ---- tables


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def right_table(rows: Sequence[Row]) -> str:
    """Return how many solutions and variants got full marks, and what the others were told."""
    lines = []
    for assignment in sorted({row["assignment"] for row in rows}):
        mine = [row for row in rows if row["assignment"] == assignment]
        kinds = [[row for row in mine if row["is_solution"] is is_solution] for is_solution in (True, False)]
        lines.append([assignment, *(f"{sum(row['right'] for row in kind)} of {len(kind)}" for kind in kinds)])
    wrong = [f"- {row['exercise']} {row['what']}: {row['said']}" for row in rows if not row["right"]]
    return "\n".join([table(["assignment", "solutions right", "variants right"], lines), "", *wrong])


REFUSALS = {"mixed": "raises", "unsupported": "raises", "clean": "clean", "left": "left"}
"""What a GPU does where the virtual GPU says this."""


def corpus_table(real: Sequence[Row], virtual: Sequence[Row]) -> str:
    """Return where the device does what the virtual GPU says, and each case in which it does not."""
    said = {row["case"]: row["kind"] for row in virtual}
    pairs = [(said.get(row["case"], "nothing"), row) for row in real]
    kinds = [*REFUSALS, *sorted({kind for kind, _ in pairs} - set(REFUSALS))]
    lines = []
    for kind in kinds:
        outcomes = Counter(row["outcome"] for said, row in pairs if said == kind)
        lines.append([kind, outcomes.total(), *(outcomes[each] for each in ("clean", "left", "raises", "died"))])
    differ = [
        f"- `{row['case']}`: the virtual GPU says {kind}, the device: {row['outcome']} {row['error']}".rstrip()
        for kind, row in pairs
        if kind in REFUSALS and row["outcome"] != REFUSALS[kind]
    ]
    heads = ["the virtual GPU says", "cases", "clean there", "left on the CPU", "raises", "ends the process"]
    judged = sum(kind in REFUSALS for kind, _ in pairs)
    summary = f"Of {judged} functions that the virtual GPU judges, the device does otherwise with {len(differ)}."
    return "\n".join([table(heads, lines), "", summary, "", *differ])


def beside_sentence(virtual: Sequence[Row], beside: Sequence[Row]) -> str:
    """Return whether the virtual GPU says the same where there is a real one beside it."""
    said = {row["case"]: row["kind"] for row in virtual}
    other = [f"`{row['case']}` ({row['kind']})" for row in beside if said.get(row["case"]) != row["kind"]]
    same = f"Beside the device, it says the same of {len(beside) - len(other)} of {len(said)} functions"
    return f"{same}, and otherwise of {', '.join(other)}." if other else f"{same}."


def share_table(rows: Sequence[Row]) -> str:
    """Return for each exercise the largest error of right answers, as a share of what is allowed there."""
    largest: dict[str, Row] = {}
    for row in rows:
        shares = largest.setdefault(row["exercise"], {"cpu": None, "device": None, "narrow": None})
        for name, value in (row.get("shares") or {}).items():
            shares[name] = max(value, shares[name] or 0.0)
    lines = [
        [exercise, *("–" if shares[name] is None else f"{shares[name]:.2g}" for name in ("cpu", "device", "narrow"))]
        for exercise, shares in largest.items()
    ]
    return table(["exercise", "CPU", "device", "device, by the tolerance of the CPU"], lines)


def seconds_table(rows: Sequence[Row]) -> str:
    """Return for each assignment how long the checks of a solution take, warm, and the slowest exercise."""
    lines = []
    for assignment in sorted({row["assignment"] for row in rows}):
        mine = [row for row in rows if row["assignment"] == assignment]
        sums = [1000 * sum(row[name] for row in mine) for name in ("cpu", "virtual", "device")]
        slowest = max(mine, key=lambda row: row["device"])
        slow = f"{slowest['exercise']}: {1000 * slowest['device']:.0f}"
        lines.append([assignment, len(mine), *(f"{each:.0f}" for each in sums), slow])
    heads = ["assignment", "exercises", "CPU, ms", "and virtual GPU, ms", "and device, ms", "slowest, ms"]
    return table(heads, lines)


def run_table(rows: Sequence[Row]) -> str:
    """Return the points and seconds of whole runs."""
    lines = []
    for row in rows:
        cells = [(each["points"], f"{each['seconds']:.1f}") for each in (row["cpu"], row["device"])]
        lines.append([row["assignment"], *cells[0], *cells[1]])
    said = [f"```\n{row[name]['said']}\n```" for row in rows for name in ("cpu", "device") if row[name].get("said")]
    heads = ["assignment", "CPU: points", "seconds", "and device: points", "seconds"]
    return "\n".join([table(heads, lines), "", *said])


# ---- all of it


def measure(machine: Machine, assignments: Sequence[str], show: Callable[[str], None]) -> dict[str, list[Row]]:
    """Run all parts, show each table as soon as it can be made, and return all rows."""
    about, code = machine.run("about", "about")
    if code:
        return {"about": about}
    show(f"# {about[0]['text']}\n")
    with ThreadPoolExecutor(max(2, min(8, os.cpu_count() or 1))) as pool:
        real = pool.submit(on_the_device, machine)
        virtual = pool.submit(machine.run, "virtual", "virtual", **_NO_GPU)
        beside = pool.submit(machine.run, "virtual-beside", "virtual")
        right = [pool.submit(machine.run, f"right-{each}", "right", each) for each in assignments]
    rows = {"about": about, "real": real.result(), "virtual": virtual.result()[0], "beside": beside.result()[0]}
    rows["right"] = [row for each in right for row in each.result()[0]]
    show(f"## Right answers\n\n{right_table(rows['right'])}\n")
    show(f"## Largest error of right answers, as a share of what is allowed\n\n{share_table(rows['right'])}\n")
    show(f"## The virtual GPU, on a machine without one\n\n{corpus_table(rows['real'], rows['virtual'])}\n")
    show(f"{beside_sentence(rows['virtual'], rows['beside'])}\n")
    rows["seconds"] = [row for each in assignments for row in machine.run(f"seconds-{each}", "seconds", each)[0]]
    show(f"## Time of all checks of a solution, warm\n\n{seconds_table(rows['seconds'])}\n")
    rows["runs"] = whole_runs(machine, assignments)
    show(f"## `pytest assignments/NN` as a student runs it\n\n{run_table(rows['runs'])}\n")
    return rows


def main() -> None:
    """Measure, print the tables, and write them to the folder that OUT names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--assignments", nargs="+", default=[path.name for path in (ROOT / "solutions").glob("0*")])
    arguments = parser.parse_args()
    start, shown = time.monotonic(), list[str]()

    def show(text: str) -> None:
        shown.append(text)
        print(text, flush=True)

    with tempfile.TemporaryDirectory() as name:
        packages = Path(name, "packages")
        for wheel in sorted(WHEELS.glob("*.whl")):
            zipfile.ZipFile(wheel).extractall(packages)
        machine = Machine(arguments.device, Path(name), packages)
        rows = measure(machine, sorted(arguments.assignments), show)
    show("\n".join([f"{time.monotonic() - start:.0f} seconds.", *(f"- {each}" for each in machine.problems)]))
    if folder := os.environ.get("OUT"):
        Path(folder, "gpu.md").write_text("\n".join(shown), encoding="utf-8")
        Path(folder, "gpu.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    sys.exit(int(bool(machine.problems) or not all(row["right"] for row in rows.get("right", []))))


if __name__ == "__main__":
    main()
