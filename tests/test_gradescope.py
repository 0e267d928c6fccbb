"""`gradlings gradescope`: the zip, its scripts in a folder made like Gradescope's, and what Gradescope reads."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gradlings.grading.fingerprint import fingerprint
from gradlings.grading.platforms.carried import constraints
from gradlings.grading.platforms.gradescope_results import SubmissionFacts, facts_of, no_results, results_of
from gradlings.model.scorecard import CheckResult, ExerciseScore, Scorecard, Verdict
from gradlings.model.student_result import Status, StudentResult, graded
from student_kit import RIGHT, Kit

linux = pytest.mark.skipif(sys.platform != "linux", reason="submissions are locked in on Linux only")

SECRET = "77.125"
HIDDEN = f"""from gradlings import floats

PROBES = {{"9.1::test_vectors": [(floats([{SECRET}]), floats([1.0]))]}}
"""
METADATA = {
    "id": 4711,
    "created_at": "2026-11-28T14:22:32.365935-07:00",
    "assignment": {"due_date": "2026-11-28T12:00:00.000000-07:00", "total_points": "20.0", "title": "Tiny"},
    "users": [{"name": "Jane Doe", "email": "jane@example.com", "id": 12}],
}


def problems_of(results: dict[str, Any]) -> list[str]:
    """What Gradescope's documentation of results.json does not allow."""
    known = {
        *("score", "execution_time", "output", "output_format", "test_output_format", "test_name_format", "visibility"),
        *("stdout_visibility", "extra_data", "tests", "leaderboard"),
    }
    of_a_test = {
        *("score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags"),
        *("visibility", "extra_data"),
    }
    shown = {"hidden", "after_due_date", "after_published", "visible"}
    formats = {"text", "html", "simple_format", "md", "ansi"}
    found = [f"unknown {key}" for key in results if key not in known]
    for part in (results, *results.get("tests", ())):
        found += ["visibility"] * (part.get("visibility", "visible") not in shown)
        found += ["output_format"] * (part.get("output_format", "text") not in formats)
        found += ["score is no number"] * (not isinstance(part.get("score", 0), int | float))
    for test in results.get("tests", ()):
        found += [f"unknown {key} in a test" for key in test if key not in of_a_test]
        found += ["status"] * (test.get("status", "passed") not in ("passed", "failed"))
        found += ["number is no text"] * (not isinstance(test.get("number", ""), str))
    return found


def unpacked(data: bytes, to: Path) -> None:
    """Unpack a zip as Gradescope does, with its modes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(to)
        for info in archive.infolist():
            (to / info.filename).chmod(info.external_attr >> 16 & 0o777)


@pytest.fixture(scope="module")
def uploaded(built_kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The zip for the tiny kit, with a hidden probe."""
    folder = tmp_path_factory.mktemp("zip")
    (folder / "private").mkdir()
    (folder / "private" / "hidden.py").write_text(HIDDEN, encoding="utf-8")
    to = folder / "autograder.zip"
    done = built_kit.gradlings("gradescope", "09", "--to", str(to), "--hidden", str(folder / "private"))
    assert done.code == 0, done.said
    assert "give it to Gradescope only" in done.said
    assert "Without Landlock there, it grades nothing." in done.said
    return to.read_bytes()


def prepared(root: Path, data: bytes) -> Path:
    """The folder /autograder, as Gradescope makes it, with another root."""
    unpacked(data, root / "source")
    shutil.copy(root / "source" / "run_autograder", root / "run_autograder")
    (root / "submission").mkdir()
    (root / "submission_metadata.json").write_text(json.dumps(METADATA), encoding="utf-8")
    return root


def run(root: Path, python: str = sys.executable) -> tuple[dict[str, Any], str]:
    environment = {"PATH": os.environ["PATH"], "GRADLINGS_AUTOGRADER": str(root), "GRADLINGS_PYTHON": python}
    done = subprocess.run(
        [str(root / "run_autograder")], cwd=root, env=environment, capture_output=True, encoding="utf-8", timeout=400
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (root / "results").iterdir()) == ["results.json"]
    results = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    assert problems_of(results) == []
    return results, done.stdout + done.stderr


# ---- the zip


def test_what_is_in_the_zip(uploaded: bytes, built_kit: Kit) -> None:
    with zipfile.ZipFile(io.BytesIO(uploaded)) as archive:
        names = set(archive.namelist())
        scripts = {name: archive.getinfo(name).external_attr >> 16 for name in ("setup.sh", "run_autograder")}
        texts = {name: archive.read(name) for name in scripts}
        wheel = archive.read(next(name for name in names if name.endswith(".whl")))
        pinned = archive.read("constraints.txt").decode()
    assert scripts == dict.fromkeys(scripts, 0o100755)
    for text in texts.values():
        assert text.startswith(b"#!/usr/bin/env bash\n")
        assert b"\r" not in text
        assert subprocess.run(["bash", "-n"], input=text, check=False).returncode == 0
    assert {"kit/assignments/09/test_tiny.py", "kit/solutions/09/tiny.py", "kit/solutions/09/hidden.py"} <= names
    assert {"settings.json", "not_graded.json"} <= names
    assert f"torch=={constraints()['torch']}\n" in pinned
    assert "+cpu" not in pinned
    with zipfile.ZipFile(io.BytesIO(wheel)) as package:
        assert package.testzip() is None
        files = set(package.namelist())
    assert {"gradlings/cli.py", "gradlings/grading/platforms/templates/setup.sh"} <= files
    assert not [name for name in files if "solutions/" in name or "kit/assignments" in name or name.endswith(".pyc")]


def test_pip_installs_the_wheel(uploaded: bytes, tmp_path: Path) -> None:
    pytest.importorskip("pip")
    with zipfile.ZipFile(io.BytesIO(uploaded)) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".whl"))
        path = archive.extract(name, tmp_path)
    options = ["--quiet", "--no-deps", "--no-index", "--no-compile", "--target", str(tmp_path / "site")]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, path], check=True)
    code = "import gradlings, gradlings.grading.fingerprint as f; print(gradlings.__file__, f.fingerprint())"
    said = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(tmp_path / "site")}, capture_output=True, encoding="utf-8"
    )
    assert said.stdout.split() == [str(tmp_path / "site" / "gradlings" / "__init__.py"), fingerprint()], said.stderr


def test_without_stand_ins_no_answer_leaves_the_house(built_kit: Kit, tmp_path: Path) -> None:
    to = tmp_path / "autograder.zip"
    assert built_kit.gradlings("gradescope", "09", "--to", str(to), "--no-stand-ins").code == 0
    with zipfile.ZipFile(to) as archive:
        assert not [name for name in archive.namelist() if "solutions" in name]
        assert json.loads(archive.read("settings.json"))["stand_ins"] is False


def test_an_unknown_assignment_is_named(built_kit: Kit, tmp_path: Path) -> None:
    done = built_kit.gradlings("gradescope", "77", "--to", str(tmp_path / "autograder.zip"))
    assert done.code == 2
    assert "No assignment 77" in done.said
    assert not list(tmp_path.iterdir())


@linux
def test_setup_makes_a_python_of_its_own(uploaded: bytes, tmp_path: Path) -> None:
    """The commands that it runs, with stand-ins for those that need the network."""
    root = prepared(tmp_path / "autograder", uploaded)
    bin, log, home = tmp_path / "bin", tmp_path / "log", tmp_path / "opt"
    bin.mkdir()
    package = 'mkdir -p "$GRADLINGS_HOME/venv/lib/python3.11/site-packages/gradlings"'
    for name, does in {"uv": package, "apt-get": "exit 1", "curl": "exit 1", "python3": "exit 1"}.items():
        (bin / name).write_text(f'#!/bin/sh\necho "{name} $*" >> "{log}"\n{does}\n', encoding="utf-8")
        (bin / name).chmod(0o755)
    environment = {"PATH": f"{bin}:/usr/bin:/bin", "GRADLINGS_AUTOGRADER": str(root), "GRADLINGS_HOME": str(home)}
    done = subprocess.run(
        ["bash", str(root / "source" / "setup.sh")], env=environment, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    lines = log.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith(("python3", "curl"))] == []
    venv, torch, ours = (line for line in lines if line.startswith("uv"))
    assert venv == f"uv venv --python 3.{sys.version_info.minor} {home}/venv"
    assert torch.endswith(f"--index-url https://download.pytorch.org/whl/cpu torch=={constraints()['torch']}")
    assert ours.endswith(".whl")
    assert "--constraint" in ours
    for closed in (root / "source", root / "source" / "kit" / "solutions" / "09" / "hidden.py"):
        assert closed.stat().st_mode & 0o077 == 0


# ---- a run


@linux
def test_a_submission_is_graded(uploaded: bytes, built_kit: Kit, tmp_path: Path) -> None:
    root = prepared(tmp_path / "autograder", uploaded)
    kit = Kit.copied(built_kit.root, tmp_path / "student", "assignments")
    special = "return a - b if a.numel() != 1 or a.ndim == 0 else 0 * a"  # right for every probe but the hidden one
    kit.answer(difference=special, row_totals="return x.sum(0), x.amax(0)", count_up=RIGHT["count_up"])
    shutil.copy(kit.module, root / "submission" / "tiny.py")
    results, printed = run(root)
    by_number = {test["number"]: test for test in results["tests"] if "number" in test}
    points = {number: (test["score"], test["max_score"], test["status"]) for number, test in by_number.items()}
    assert points == {"9.1": (5, 10, "failed"), "9.2": (0, 15, "failed"), "9.3": (3, 5, "failed")}
    assert results["score"] == sum(test["score"] for test in by_number.values()) == 8
    assert {test["visibility"] for test in by_number.values()} == {"visible"}
    assert "one entry a column" in by_number["9.2"]["output"]
    assert "<style" not in json.dumps(results)
    assert SECRET not in json.dumps(results) + printed
    assert "2 h 22 min after the due date" in results["output"]
    assert results["extra_data"]["seconds_late"] == 2 * 3600 + 22 * 60 + 32
    (private,) = (test for test in results["tests"] if test["visibility"] == "hidden")
    assert "locked down with" in private["output"]
    assert "Gradescope has 20 points" in private["output"]
    assert "score" not in private
    for closed in ("source", "results"):
        assert (root / closed).stat().st_mode & 0o077 == 0


@linux
@pytest.mark.parametrize("broken", ["the judge ends at once", "the upload is damaged", "the checks are gone"])
def test_a_fault_of_ours_gives_no_score_and_a_sentence(broken: str, uploaded: bytes, tmp_path: Path) -> None:
    root = prepared(tmp_path / "autograder", uploaded)
    python = sys.executable
    if broken == "the judge ends at once":
        python = shutil.which("false") or "/bin/false"
    elif broken == "the upload is damaged":
        (root / "source" / "settings.json").write_text("{", encoding="utf-8")
    else:
        (root / "source" / "kit" / "assignments" / "09" / "test_tiny.py").unlink()
    results, _ = run(root, python)
    assert results == no_results()
    assert "score" not in json.dumps(results)
    assert "not the fault of your submission" in results["output"]


# ---- what Gradescope reads


def result_with(*verdicts: Verdict) -> StudentResult:
    checks = tuple(
        CheckResult("9.1", f"test_{number}", "a <title>", verdict, 5, message="<b>what</b> happened")
        for number, verdict in enumerate(verdicts)
    )
    card = Scorecard("09", "Tiny", (ExerciseScore("9.1", ("difference",), 5 * len(checks), checks),))
    return graded("jane", card, notes=(), protection="Workers are locked down", gradlings_version="0")


def test_a_check_that_failed_through_our_fault_leaves_no_score_at_all() -> None:
    results = results_of(result_with(Verdict.PASS, Verdict.GRADER_ERROR), SubmissionFacts())
    assert problems_of(results) == []
    assert "score" not in results
    assert not [test for test in results["tests"] if "score" in test]
    shown = [test for test in results["tests"] if test["visibility"] == "visible"]
    assert "happened" not in json.dumps(shown), "the reason is for instructors"
    assert "happened" in results["tests"][-1]["output"]


def test_what_a_student_wrote_is_text() -> None:
    results = results_of(result_with(Verdict.WRONG), SubmissionFacts())
    (test, _) = results["tests"]
    assert "&lt;b&gt;what&lt;/b&gt; happened" in test["output"]
    assert "<b>" not in test["output"]


@pytest.mark.parametrize(
    ("reason", "score"),
    [("There is no tiny.py or tiny.ipynb.", 0), ("grader error: OSError: no space", None)],
)
def test_what_cannot_be_graded(reason: str, score: int | None) -> None:
    result = StudentResult("jane", "09", Status.NOT_GRADABLE, reason, max_points=30)
    results = results_of(result, SubmissionFacts())
    assert problems_of(results) == []
    assert results.get("score") == score
    assert ("There is no tiny.py" in results["output"]) == (score == 0)
    assert "OSError" not in results["output"]


def test_lateness_is_told_from_when_it_was_made() -> None:
    assert facts_of(METADATA) == SubmissionFacts("4711", "Jane Doe", timedelta(seconds=8552, microseconds=365935), 20.0)
    extended = {"name": "Jane Doe", "assignment": {"due_date": "2026-11-30T12:00:00-07:00"}}
    assert facts_of(METADATA | {"users": [extended]}).late is None
    useless: list[dict[str, Any]] = [{}, {"created_at": "yesterday"}, {"users": None, "assignment": []}]
    for nothing in (*useless, METADATA | {"assignment": {}}):
        assert facts_of(nothing).late is None
    late = replace(facts_of(METADATA), late=timedelta(days=3, hours=2, minutes=59))
    assert "3 days 2 h after" in results_of(result_with(Verdict.PASS), late)["output"]
