"""What is installed: the wheel carries the kit, and a worker that grades cannot read the answers in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import gradlings
from gradlings.grading.judge_session import versions
from student_kit import PROJECT

_TRIES = '''
import json
from pathlib import Path

import gradlings
from gradlings.submission import shipped_kit
from gradlings.model.exercise import Exercise
from gradlings.sandbox.judge import Judge
from gradlings.sandbox.settings import ProtectionLayers
from gradlings.execution.runner_protocol import Target

SUBMISSION = b"""
def opened(paths):
    found = []
    for path in paths:
        try:
            with open(path, "rb") as file:
                found.append(len(file.read()))
        except OSError:
            pass
    return found
"""
answers = [str(path) for path in sorted(shipped_kit.solutions().rglob("*.py*"))]
found = {"package": gradlings.__file__, "answers": len(answers)}
for name, layers in (("locked", ProtectionLayers()), ("open", ProtectionLayers(landlock=0, bubblewrap=False))):
    with Judge(layers=layers, allow_weaker=True) as judge:
        remote = judge.load(SUBMISSION, "peeking.py")
        result = remote.result(Target("opened"), (answers,), Exercise("0", ("opened",), 0))
        found[name] = {"read": len(result.value), "self-check": list(judge.protection.succeeded)}
print(json.dumps(found))
'''


def run(*command: str | Path, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHONPATH"))}
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=clean, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution, as an index would have them."""
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, cwd=PROJECT)
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    run(
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        folder,
        cwd=folder / sdist.name[: -len(".tar.gz")],
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the answers."""
    folder = tmp_path_factory.mktemp("answers")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=PROJECT / "solutions")
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Iterator[Path]:
    """Python of an environment with the wheel in it, and with what this environment has besides; no answers.

    It lies where everybody may read, so that only the lock keeps a worker out.
    """
    with tempfile.TemporaryDirectory(prefix="gradlings-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
        python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
        packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(packages)
        (packages / "besides.pth").write_text(sysconfig.get_path("purelib") + "\n")
        yield python


@pytest.fixture
def installed_with_answers(installed: Path, answers: Path, tmp_path: Path) -> Iterator[Path]:
    """The same Python, with the answers installed while a test runs."""
    packages = Path(
        run(installed, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip()
    )
    with zipfile.ZipFile(answers) as archive:
        archive.extractall(packages)
    yield installed
    for folder in packages.glob("gradlings_answers*"):
        shutil.rmtree(folder)


LEFT_BEHIND = ("sample.txt", "tokens.html")
"""What checks leave beside the file of whoever runs them here, besides pictures."""


def test_the_wheel_carries_the_kit_and_nothing_that_is_left_behind(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert sum(name.startswith("gradlings/kit/assignments/") for name in names) > 20
    for path in (PROJECT / "assignments").rglob("*.*"):
        expected = "__pycache__" not in path.parts and path.suffix != ".png" and path.name not in LEFT_BEHIND
        assert (f"gradlings/kit/{path.relative_to(PROJECT).as_posix()}" in names) == expected, path
    assert {"gradlings/kit/README.md", "gradlings/kit/pyproject.toml"} <= names
    about = next(name for name in names if name.endswith(".dist-info/METADATA"))
    description = zipfile.ZipFile(wheel).read(about).decode("utf-8")
    assert "/raw/main/docs/first-minute.svg)" in description
    assert "gradlings/py.typed" in names
    top = {name.partition("/")[0] for name in names}
    assert top == {"gradlings", f"gradlings-{gradlings.__version__}.dist-info"}
    assert wheel.stat().st_size < 3 << 20


def test_no_file_of_the_wheel_is_an_answer(wheel: Path, answers: Path) -> None:
    sources = list((PROJECT / "solutions").glob("[0-9]*/*.*"))
    with zipfile.ZipFile(answers) as archive:
        assert {f"gradlings_answers/{path.parent.name}/{path.name}" for path in sources} <= set(archive.namelist())
        assert {name.partition("/")[0].partition("-")[0] for name in archive.namelist()} == {"gradlings_answers"}
    texts = {path.read_bytes() for path in sources if path.stat().st_size}
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if archive.read(name) in texts]
        assert not [name for name in archive.namelist() if "solutions/" in name]


def test_without_the_answers_the_command_says_how_to_get_them(installed: Path, tmp_path: Path) -> None:
    command = [str(installed), "-m", "gradlings", "init", "my-kit", "--solutions"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=400)
    assert (done.returncode, "pip install './solutions'" in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr


def test_an_installed_gradlings_writes_a_kit_whose_checks_run(installed_with_answers: Path, tmp_path: Path) -> None:
    installed = installed_with_answers
    run(installed, "-m", "gradlings.cli", "init", "my-kit", "--solutions", cwd=tmp_path)
    mine = tmp_path / "my-kit"
    for name in ("assignments/01/tensors.py", "assignments/06/corpus.txt", "solutions/06/tiny_gpt.py"):
        assert (mine / name).read_bytes() == (PROJECT / name).read_bytes()
    assert "1.0 next_number" in run(installed, "-m", "pytest", "assignments/01", "-k", "1.0", cwd=mine)
    assert "next: 1.1" in run(installed, "-m", "gradlings.cli", cwd=mine)


def test_a_package_called_autograder_beside_ours_changes_nothing(installed: Path, tmp_path: Path) -> None:
    """Another distribution has that import name, and a plugin of its own for pytest."""
    beside = tmp_path / "site"
    for name, text in {
        "autograder/__init__.py": "THEIRS = True\n",
        "autograder/pytest_plugin.py": "def pytest_configure(config):\n    open('theirs', 'w').close()\n",
        "autograder-3.7.7.dist-info/METADATA": "Metadata-Version: 2.1\nName: autograder\nVersion: 3.7.7\n",
        "autograder-3.7.7.dist-info/entry_points.txt": "[pytest11]\nautograder = autograder.pytest_plugin\n",
    }.items():
        path = beside / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    run(installed, "-m", "gradlings", "init", "my-kit", cwd=tmp_path)
    code = f"import sys; sys.path.append({str(beside)!r}); import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    page = run(installed, "-c", code, "assignments/01", "-k", "1.0", cwd=tmp_path / "my-kit")
    assert "1.0 next_number" in page
    assert (tmp_path / "my-kit" / "theirs").exists(), "their plugin was loaded, too"
    code = f"import sys; sys.path.append({str(beside)!r}); import autograder, gradlings; print(autograder.THEIRS)"
    assert run(installed, "-c", code, cwd=tmp_path) == "True\n"


@pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
def test_a_worker_cannot_read_the_answers_that_are_installed(installed_with_answers: Path, tmp_path: Path) -> None:
    installed = installed_with_answers
    found = json.loads(run(installed, "-c", _TRIES, cwd=tmp_path))
    assert found["package"].startswith(str(installed.parents[1]))
    assert found["answers"] > 15
    assert found["locked"]["read"] == 0
    assert found["locked"]["self-check"] == []
    # without the lock they are open: this test, and the self-check at every start, would notice
    assert found["open"]["read"] == found["answers"]
    assert any("gradlings_answers" in attempt for attempt in found["open"]["self-check"])


def test_a_wheel_and_a_checkout_are_the_same_grader(installed: Path, tmp_path: Path) -> None:
    """Or a run begun with one could not be finished with the other, and Dask workers could not join."""
    code = "import json; from gradlings.grading.judge_session import versions; print(json.dumps(versions()))"
    assert json.loads(run(installed, "-c", code, cwd=tmp_path)) == versions()


def test_a_notebook_alone_is_checked_with_what_the_wheel_carries(installed: Path, tmp_path: Path) -> None:
    """And nothing is written into the package."""
    package = Path(run(installed, "-c", "import gradlings; print(gradlings.__file__)", cwd=tmp_path).strip()).parent
    before = {path for path in package.rglob("*") if "__pycache__" not in path.parts}
    cells = [
        "import torch; from gradlings import check, hint, try_call",
        "def manual_gradients(x, w, b, y):\n    dz = torch.sigmoid(x * w + b) - y\n    return dz * x, dz",
        *('check("3.5")', 'hint("3.5")', 'try_call("3.5")'),
    ]
    code = f"""
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in {cells!r}:
    print("shown:", shell.run_cell(cell, store_history=True).result)
"""
    said = run(installed, "-c", code, cwd=tmp_path)
    assert "shown: 10\n" in said, said
    assert "shown: **3.5 is right.**" in said
    assert "shown: 3.5 is right: every check passes" in said
    assert {path for path in package.rglob("*") if "__pycache__" not in path.parts} == before
    assert not list(tmp_path.iterdir())
