"""What each install brings: a student's is light and enough, and a command that needs more names the extra."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import trove_classifiers
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager
from packaging.requirements import Requirement

from class_kit import hand_in
from student_kit import PROJECT, RIGHT, Kit

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# A sitecustomize module under which the packages of the extras, and what only they bring, are not there.
STUDENT = """
import sys

class Missing:
    names = {"IPython", "dask", "distributed", "ipykernel", "jupyterlab", "jupytext", "nbclient", "nbconvert"}
    names |= {"nbformat", "nbgrader", "sqlalchemy", "traitlets", "yaml"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
"""


@pytest.fixture
def student(tmp_path: Path) -> dict[str, str]:
    """An environment as a student's install leaves it."""
    (tmp_path / "sitecustomize.py").write_text(STUDENT)
    return {"PYTHONPATH": str(tmp_path)}


@pytest.mark.parametrize(
    "command",
    [
        ("pytest", "assignments/09"),
        ("gradlings",),
        ("gradlings", "--help"),
        ("gradlings", "hint", "9.1"),
        ("gradlings", "progress", "--html", "page.html"),
        ("gradlings", "init", "another-kit"),
    ],
)
def test_a_students_install_is_enough_for_students(kit: Kit, student: dict[str, str], command: tuple[str, ...]) -> None:
    kit.answer(**RIGHT)
    done = kit.run(*command, environment=student)
    assert done.code == 0, done.said


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (("build",), "author"),
        (("course", "course"), "author"),
        (("verify",), "author"),
        (("grade", "09", "gradescope", "--to", "to"), "class"),
        (
            ("grade", "09", "assignments", "--to", "to", "--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"),
            "cluster",
        ),
    ],
)
def test_a_command_that_needs_more_names_the_extra(
    kit: Kit, student: dict[str, str], command: tuple[str, ...], extra: str
) -> None:
    hand_in(kit.root / "gradescope", {"submission_metadata.yml": b"{}", "submission_1/tiny.py": b""})
    done = kit.run("gradlings", *command, environment=student)
    assert (done.code, f"pip install '.[{extra}]'" in done.err) == (2, True), done.said
    assert "Traceback" not in done.said


def test_the_extras_are_real_ones() -> None:
    from gradlings.cli import _EXTRAS

    brought_along = {"nbformat": "jupytext", "sqlalchemy": "nbgrader", "yaml": "pyyaml"}
    for package, extra in _EXTRAS.items():
        named = {Requirement(line).name for line in PYPROJECT["optional-dependencies"][extra]}
        assert brought_along.get(package, package) in named


# ---- in other people's projects


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Somebody's project, whose conftest has options of the names that one would think of first."""
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n"
        "    for name in ('--device', '--seed', '--probe-seed', '--student', '--points'):\n"
        "        parser.addoption(name)\n"
        "    parser.addini('device', 'theirs')\n"
    )
    (tmp_path / "test_theirs.py").write_text(
        "def test_theirs(request):\n    assert request.config.getoption('--device')\n"
    )
    return tmp_path


def theirs(project: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    return done.stdout + done.stderr


def test_other_peoples_options_are_theirs(project: Path) -> None:
    assert "1 passed" in theirs(project, "--device", "cuda")


def test_nothing_of_ours_is_shown_in_other_projects(project: Path) -> None:
    assert "gradlings" not in theirs(project, "--device", "cuda", "-v", "-rA").replace("plugins: ", "").replace(
        f"gradlings-{PYPROJECT['version']}", ""
    )


def test_our_fixtures_are_not_known_in_other_projects(project: Path) -> None:
    (project / "test_theirs.py").write_text("def test_theirs(student, probes):\n    pass\n")
    said = theirs(project)
    assert "fixture 'student' not found" in said
    said = theirs(project, "--fixtures")
    assert "probes" not in said
    assert "checks_module" not in said


# ---- on the page of a package index


def test_the_readme_leads_somewhere_outside_a_clone() -> None:
    metadata = ProjectMetadata(str(PROJECT), PluginManager())
    repository = metadata.core.urls["Repository"]
    targets = re.findall(r"\]\(([^)]*)\)", metadata.core.readme)
    paths = [re.sub(rf"^{re.escape(repository)}/(?:blob|raw)/main/", "", target) for target in targets]
    assert len(targets) > 15
    assert [path for path in paths if not (PROJECT / path.partition("#")[0]).is_file()] == []
    assert not set(targets).intersection(paths)
    assert f"]({repository}/raw/main/docs/first-minute.svg)" in metadata.core.readme
    assert set(PYPROJECT["classifiers"]) <= trove_classifiers.classifiers


def test_the_repositorys_address_is_in_one_place() -> None:
    (address,) = PYPROJECT["urls"].values()
    tracked = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False).stdout
    files = [PROJECT / name for name in tracked.splitlines() if not name.endswith((".png", ".zip"))]
    assert [path.name for path in files if address.encode() in path.read_bytes()] in ([], ["pyproject.toml"])
