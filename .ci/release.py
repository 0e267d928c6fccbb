"""Build both distributions, and install and use them as their users will: `nox -s release`.

    python .ci/release.py [--to dist]

Needs an index for pip, and takes minutes: three environments are made, each with a torch of its own. As root, what is
installed is installed and run by user 65534, who owns nothing else; that needs a Python which this user may run.
Prints a line for each thing that holds, and ends with the first that does not.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534

# command, exit code, a pattern of what it says
Line = tuple[str, int, str]
STUDENT: list[Line] = [
    ("pip check", 0, "No broken requirements"),
    ("gradlings --version", 0, r"gradlings \d"),
    ("gradlings init my-kit && cd my-kit && gradlings", 0, "next: 1.1"),
    ("cd my-kit && pytest assignments/01", 1, "1.0 next_number"),
    ("cd my-kit && gradlings hint 1.1 && gradlings list 01 && gradlings progress", 0, "make_ranks"),
    ("cd my-kit && gradlings update", 0, "up to date"),
    ("cd my-kit && gradlings init . --solutions", 2, r"answers are not installed: .* pip install '\./solutions'"),
    ("cd my-kit && gradlings build", 2, r"pip install '\.\[author\]'"),
]
AFTER_THE_README: list[Line] = [
    ("pip check", 0, "No broken requirements"),
    ("cd my-kit && pytest assignments/01", 1, "1.0 next_number"),
    ("cd my-kit && gradlings init . --solutions", 0, "new files"),
    ("cd my-kit && cp solutions/01/tensors.py assignments/01/ && pytest assignments/01", 0, "100 of 100|100/100"),
]
TEACHER: list[Line] = [
    ("pip check", 0, "No broken requirements"),
    ("gradlings init course --solutions", 0, "new files"),
    ("cd course && gradlings build --check", 0, ""),
    ("cd course && gradlings verify 1.1 --seeds 1", 0, " 0 breaches"),
    ("cd course && gradlings course llm-course 01", 0, ""),
    ("cd course && mkdir -p handed-in/jane && cp solutions/01/tensors.py handed-in/jane/", 0, ""),
    ("cd course && gradlings grade 01 handed-in --to results && grep ^jane,01,100,100 results/scores.csv", 0, "graded"),
]


def main() -> None:
    """Build into a folder, and try what is in it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=ROOT / "dist", help="where the distributions go (default: dist)")
    to = parser.parse_args().to.resolve()
    done("the contract of this minor version lists everything", *pytest("tests/test_contract.py"))
    # not in every run of the tests: a filter for warnings is a setting that some of them would take for a student's
    ours = "filterwarnings=error::DeprecationWarning:gradlings"
    done("our modules use nothing deprecated", sys.executable, "-m", "nox", "-s", "quick", "--", "-o", ours)
    shutil.rmtree(to, ignore_errors=True)
    for folder in (ROOT, ROOT / "solutions"):
        done(f"built {folder.name}", sys.executable, "-m", "hatchling", "build", "-d", str(to), cwd=folder)
    with ordinary_user() as user:
        user.environment("tools", "twine")
        user.take(to)
        user.says("tools", ("twine check --strict dist/*", 0, "PASSED"))
        wheel, answers = (next(to.glob(f"{name}-*.whl")).name for name in ("gradlings", "gradlings_answers"))
        user.environment("student", f"dist/{wheel}")
        user.says("student", *STUDENT)
        user.unpack(next(to.glob("gradlings-*.tar.gz")))
        user.says("readme", (readme_lines(), 0, "1.1"), *AFTER_THE_README)
        user.environment("teacher", f"dist/{wheel}[class]", f"dist/{answers}")
        user.says("teacher", *TEACHER)
    print(f"all of it holds; to be uploaded: {', '.join(sorted(path.name for path in to.iterdir()))}")


def readme_lines() -> str:
    """Return the README's first lines, with the unpacked source distribution in place of the clone."""
    block = re.search(r"^```\n(git clone .*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    assert block, "the README begins with other lines"
    return block[1].partition("\n")[2]


def pytest(*arguments: str) -> tuple[str, ...]:
    """Return the command that runs tests of this repository."""
    return (sys.executable, "-m", "pytest", "-q", *arguments)


def done(what: str, *command: str, cwd: Path = ROOT) -> None:
    """Run a command, and say what holds, or show what it said and end."""
    ended = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env=os.environ | {"GRADLINGS_RELEASE": "1"}, check=False
    )
    if ended.returncode:
        sys.exit(f"NOT {what}\n{ended.stdout}\n{ended.stderr}")
    print(what, flush=True)


class User:
    """Somebody who owns a folder and nothing else; an environment of theirs is a folder in it."""

    def __init__(self, home: Path, python: str, rights: dict[str, Any]) -> None:
        self.home, self._python, self._rights = home, python, rights

    def take(self, folder: Path) -> None:
        """Copy a folder into the own one."""
        shutil.copytree(folder, self.home / folder.name)
        self._own()

    def unpack(self, sdist: Path) -> None:
        """Unpack the source distribution where the README has its clone."""
        place = self.home / "readme"
        with tarfile.open(sdist) as archive:
            archive.extractall(place, filter="data")
        (place / sdist.name.removesuffix(".tar.gz")).rename(place / "gradlings")
        self._own()

    def environment(self, name: str, *packages: str) -> None:
        """Make an environment, and install packages into it."""
        place = self.home / name
        self._sh(f"{self._python} -m venv {place}/.venv", self.home)
        self._sh(f"{place}/.venv/bin/pip install -q {' '.join(repr(package) for package in packages)}", self.home)
        print(f"{name}: installed {', '.join(packages)}", flush=True)

    def says(self, name: str, *lines: Line) -> None:
        """Run lines in an environment that is active, if it is there already."""
        for command, code, pattern in lines:
            active = f'[ ! -d "{self.home}/{name}/.venv" ] || . "{self.home}/{name}/.venv/bin/activate"\n'
            said = self._sh(active + command, self.home / name if name != "tools" else self.home, code)
            if not re.search(pattern, " ".join(said.split())):
                sys.exit(f"NOT said: {pattern}\n{command}\n{said}")
            print(f"{name}: {' '.join(command.split())}", flush=True)

    def _own(self) -> None:
        for path in (self.home, *self.home.rglob("*")) if self._rights else ():
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)

    def _sh(self, script: str, folder: Path, code: int = 0) -> str:
        kept = ("LANG", "LC_ALL", "http_proxy", "https_proxy", "no_proxy")
        environment = {name: value for name, value in os.environ.items() if name in kept or name.startswith("PIP_")}
        environment |= {"HOME": str(self.home), "PATH": "/usr/local/bin:/usr/bin:/bin", "TERM": "dumb", "COLUMNS": "80"}
        ended = subprocess.run(
            ["sh", "-ec", script],
            cwd=folder,
            env=environment,
            input="q\n",
            capture_output=True,
            text=True,
            check=False,
            **self._rights,
        )
        said = str(ended.stdout + ended.stderr)
        if ended.returncode != code or "Traceback" in said:
            sys.exit(f"NOT {code} but {ended.returncode}: {script}\n{said}")
        return said


@contextmanager
def ordinary_user() -> Iterator[User]:
    """Yield a user without rights in a folder of their own."""
    rights: dict[str, Any] = {}
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        rights = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    with tempfile.TemporaryDirectory(prefix="gradlings-release-") as name:
        home = Path(name)
        user = User(home, "", rights)
        user._own()
        home.chmod(0o755)
        for python in (sys.executable, *filter(None, [shutil.which("python3", path="/usr/local/bin:/usr/bin")])):
            try:
                subprocess.run(
                    [python, "-c", "import ensurepip, venv"], cwd=home, capture_output=True, check=True, **rights
                )
            except (OSError, subprocess.CalledProcessError):
                continue
            yield User(home, python, rights)
            return
        sys.exit("There is no Python with venv that an ordinary user may run: apt-get install python3-venv")


if __name__ == "__main__":
    main()
