"""Run what must work with every version that pyproject.toml allows, in the environment of this Python.

    python benchmarks/bounds.py [STEP ...]     all steps: stubs solutions verify grade notebook

gradlings must be installed in it from a checkout, with the extra `class`; `nox -s bounds` makes such environments. It
prints a row of a Markdown table: Python, the versions of what is bounded, what passed, and the seconds.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENTS = sorted(path.name for path in (ROOT / "solutions").glob("[0-9]*"))
SHOWN = ("torch", "numpy", "pytest", "jaxtyping", "typer", "rich", "msgspec")


class Failed(Exception):
    """A step did not end as it must; carries what was said."""


def run(folder: Path, *command: str, code: int = 0) -> str:
    """Run a command of this environment and return what it said.

    Raises:
        Failed: it ended with another code.
    """
    environment = {**os.environ, "PYTHONUTF8": "1", "COLUMNS": "120"}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, timeout=7200
    )
    if done.returncode != code:
        said = (done.stdout + done.stderr)[-6000:]
        raise Failed(f"{' '.join(command)} ended with code {done.returncode}, and not {code}:\n{said}")
    return done.stdout


def kit_in(folder: Path, *, solved: bool) -> Path:
    """Write the assignments as students get them, or with the solutions in place of the stubs."""
    kit = folder / ("solved" if solved else "untouched")
    shutil.copytree(ROOT / "assignments", kit / "assignments")
    if solved:
        for source in (ROOT / "solutions").glob("[0-9]*/*.py"):
            beside = kit / "assignments" / source.parent.name / source.name
            if beside.is_file():
                shutil.copy(source, beside)
    return kit


def must_say(text: str, *wanted: str) -> None:
    """Check that a text says something."""
    for each in wanted:
        if not re.search(each, text):
            raise Failed(f"{each!r} is not said:\n{text[-6000:]}")


def stubs(folder: Path) -> None:
    """Show a kit that nobody has touched: no points, and code 1."""
    said = run(kit_in(folder, solved=False), "pytest", "assignments", code=1)
    must_say(said, rf"\b0 of {100 * len(ASSIGNMENTS)} points")


def solutions(folder: Path) -> None:
    """Check all solutions as a student does: full marks, and code 0."""
    said = run(kit_in(folder, solved=True), "pytest", "assignments")
    must_say(said, rf"\b{100 * len(ASSIGNMENTS)} of {100 * len(ASSIGNMENTS)} points")


def verify(_: Path) -> None:
    """Prove that every misconception is caught and named, and every variant right."""
    run(ROOT, "gradlings", "verify", "--seeds", "1")


def grade(folder: Path) -> None:
    """Grade a class of two for marks: a solution and a stub."""
    for student, source in (("ada", ROOT / "solutions"), ("bob", ROOT / "assignments")):
        (folder / "submissions" / student).mkdir(parents=True)
        shutil.copy(source / "03" / "autodiff.py", folder / "submissions" / student)
    run(ROOT, "gradlings", "grade", "03", str(folder / "submissions"), "--to", str(folder / "results"))
    scores = (folder / "results" / "scores.csv").read_text(encoding="utf-8-sig")
    must_say(scores, r"(?m)^\W*ada\b.*\b100\b", r"(?m)^\W*bob\b.*\b0\b")


def notebook(folder: Path) -> None:
    """Run a solution as a notebook in a kernel of this environment, and have it checked there."""
    import jupytext
    import nbformat
    from nbclient import NotebookClient

    kit = kit_in(folder / "notebook", solved=False)
    page = jupytext.read(ROOT / "solutions" / "03" / "autodiff.py")
    asked = nbformat.v4.new_code_cell('from gradlings import check\ncheck("3.5")')
    page.cells.append(asked)
    path = str(kit / "assignments" / "03")
    NotebookClient(page, resources={"metadata": {"path": path}}, timeout=600, kernel_name="python3").execute()
    said = "\n".join(str(output.get("data", output)) for output in page.cells[-1].outputs)
    must_say(said, r"'text/plain': '10'")


STEPS = {"stubs": stubs, "solutions": solutions, "verify": verify, "grade": grade, "notebook": notebook}


def main() -> None:
    """Run the steps, print a row, and end with 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="*", metavar="STEP", help=", ".join(STEPS))
    chosen = parser.parse_args().steps or list(STEPS)
    start, failed = time.monotonic(), []
    for step in chosen:
        with tempfile.TemporaryDirectory() as name:
            try:
                STEPS[step](Path(name))
            except Failed as error:
                failed.append(step)
                print(f"{step} fails: {error}", file=sys.stderr, flush=True)
            except Exception as error:
                failed.append(step)
                print(f"{step} fails: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in SHOWN)
    result = f"fails: {', '.join(failed)}" if failed else f"passed: {', '.join(chosen)}"
    print(f"| {platform.python_version()} | {versions} | {result} | {time.monotonic() - start:.0f} |")
    sys.exit(int(bool(failed)))


if __name__ == "__main__":
    main()
