"""What nbgrader's grading of a class costs with our judge, against stock nbgrader, on the same notebooks and checks.

    python benchmarks/course.py [--students 30] [--assignment 03] [--few 3] [--many 120]

Every way grades two classes, of a few students and of thirty, so that start-up and the cost of a further submission
can be told apart; the second class of `gradlings grade` is larger, since thirty take no longer than its start-up.
Prints ratios of wall times within this run:

nbgrader autograde, stock / with the judge, start-up included     to be at least 8
the same for each further submission, hidden probes included      to be at least 25
gradlings grade --gradebook, each further submission              to be at least 80

At the end: where the time of `nbgrader autograde` with the judge goes, by cProfile (which itself makes Python slower).
"""

from __future__ import annotations

import argparse
import os
import pstats
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
STOCK = "c = get_config()\n"
PARTS = {
    "waiting for the judge": ("built-in method posix.read", "method 'poll'", "'acquire' of '_thread.lock'"),
    "SQLAlchemy, SQLite": ("sqlalchemy", "sqlite3", "alembic"),
    "nbconvert, nbformat, jsonschema, traitlets": (
        *("nbconvert", "nbformat", "jinja2", "jsonschema", "traitlets", "referencing", "fastjsonschema", "mistune"),
        *("json/", "jupyter", "pygments", "bleach", "copy.py"),
    ),
    "nbgrader itself": ("nbgrader/",),
    "imports": ("importlib", "built-in method marshal", "_imp.", "posix.stat", "lark"),
    "ours, in nbgrader's process": ("gradlings/",),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--few", type=int, default=3, help="students of the small class (default: 3)")
    parser.add_argument(
        "--many", type=int, default=120, help="students of the second class of gradlings grade (default: 120)"
    )
    parser.add_argument("--assignment", default="03")
    options = parser.parse_args()
    if not 0 < options.few < options.students < options.many:
        parser.error("--few must be smaller than --students, and that smaller than --many")
    with tempfile.TemporaryDirectory() as folder:
        course = made_course(Path(folder), options.assignment, options.many)
        ways = {"stock": options.students, "judge": options.students, "gradlings": options.many}
        report({way: measured(course, options, way, all) for way, all in ways.items()}, ways, options.few)
        show_profile(course, options)


def made_course(folder: Path, assignment: str, students: int) -> Path:
    """Make a course whose class has handed in: most functions right, some wrong, some not attempted."""
    course = folder / "course"
    run([sys.executable, "-m", "gradlings.cli", "course", str(course), assignment, "--root", str(ROOT)], ROOT)
    run(["nbgrader", "generate_assignment", assignment], course)
    (source,) = (course / "source" / assignment).glob("*.ipynb")
    solved = {cell["id"]: cell.source for cell in nbformat.read(str(source), as_version=4).cells}
    for number in range(students):
        rng = random.Random(number)
        notebook = nbformat.read(str(course / "release" / assignment / source.name), as_version=4)
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                chance = rng.random()
                if chance < 0.8:
                    cell.source = re.sub(r"\s*### (BEGIN|END) SOLUTION", "", solved[cell["id"]])
                elif chance < 0.95:
                    cell.source = cell.source.replace("raise NotImplementedError()", "return torch.tensor(1.0)")
        student_folder = course / "submitted" / f"s{number:03}" / assignment
        student_folder.mkdir(parents=True)
        nbformat.write(notebook, str(student_folder / source.name))
        (student_folder / "timestamp.txt").write_text("2026-11-25 10:00:00 UTC")
    return course


def measured(course: Path, options: argparse.Namespace, way: str, all: int) -> tuple[float, float]:
    """Seconds of wall time for the small class and for all."""
    return graded(course, options, way, options.few), graded(course, options, way, all)


def graded(course: Path, options: argparse.Namespace, way: str, students: int) -> float:
    place = class_of(course, way, students)
    command = ["nbgrader", "autograde", options.assignment]
    if way == "gradlings":
        command = [sys.executable, "-m", "gradlings.cli", "grade", options.assignment, "submitted", "--to", "results"]
        command += ["--gradebook", f"sqlite:///{place / 'gradebook.db'}", "--root", str(ROOT)]
    start = time.perf_counter()
    run(command, place)
    seconds = time.perf_counter() - start
    print(f"{way:10} {students:4} students   {seconds:7.1f} s", flush=True)
    return seconds


def class_of(course: Path, way: str, students: int) -> Path:
    """Copy the course with only the first students in it."""
    place = course.with_name(f"{way}-{students}")
    shutil.copytree(course, place)
    for number, folder in enumerate(sorted((place / "submitted").iterdir())):
        if number >= students:
            shutil.rmtree(folder)
    if way == "stock":
        (place / "nbgrader_config.py").write_text(STOCK)
    return place


def report(times: dict[str, tuple[float, float]], students: dict[str, int], small: int) -> None:
    further = {way: (all - few) / (students[way] - small) for way, (few, all) in times.items()}
    for way, seconds in further.items():
        print(f"{way:10} each further submission {seconds * 1000:8.0f} ms")
    rows = [
        ("nbgrader autograde, stock / judge, start-up included", times["stock"][1] / times["judge"][1], 8),
        ("the same, each further submission", further["stock"] / further["judge"], 25),
        ("gradlings grade --gradebook, each further submission", further["stock"] / further["gradlings"], 80),
    ]
    for name, ratio, least in rows:
        print(f"{name:55} {ratio:6.1f}   to be at least {least}")


def show_profile(course: Path, options: argparse.Namespace) -> None:
    """Where the time of nbgrader with the judge goes: the larger class less the smaller one, by what runs."""
    spent = []
    for students in (options.few, options.students):
        place = class_of(course, "profile", students)
        out = place / "profile.out"
        app = "from nbgrader.apps import NbGraderApp; NbGraderApp.launch_instance()"
        script = place / "run.py"
        script.write_text(app)
        run([sys.executable, "-m", "cProfile", "-o", str(out), str(script), "autograde", options.assignment], place)
        spent.append(by_part(pstats.Stats(str(out))))
    few, all = spent
    number = options.students - options.few
    print("\nmilliseconds under the profiler              start-up   each further submission")
    for part in [*PARTS, "other"]:
        one = (all[part] - few[part]) / number
        print(f"{part:42} {(few[part] - one * options.few) * 1000:10.0f} {one * 1000:10.0f}")


def by_part(stats: pstats.Stats) -> dict[str, float]:
    parts = dict.fromkeys([*PARTS, "other"], 0.0)
    for (file, _, function), (_, _, own, _, _) in stats.stats.items():  # type: ignore[attr-defined]
        name = f"{file} {function}"
        part = next((part for part, words in PARTS.items() if any(word in name for word in words)), "other")
        parts[part] += own
    return parts


def run(command: list[str], folder: Path) -> None:
    commands = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    own = {"JUPYTER_CONFIG_DIR": str(folder / ".config"), "JUPYTER_DATA_DIR": str(folder / ".data"), "PATH": commands}
    done = subprocess.run(command, cwd=folder, env=os.environ | own, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


if __name__ == "__main__":
    main()
