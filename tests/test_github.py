"""`gradlings github`: the workflow by GitHub's rules, its shell steps run, and what GitHub and Classroom 50 read."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from gradlings.grading.intake.choose import choose
from gradlings.grading.intake.collect import collect_one
from gradlings.grading.intake.found import Refused
from gradlings.grading.platforms.github_results import junit_xml, result_json, summary_page
from gradlings.model.scorecard import CheckResult, ExerciseScore, Row, Scorecard, Verdict
from gradlings.model.student_result import Status, StudentResult, graded
from student_kit import RIGHT, Kit

linux = pytest.mark.skipif(sys.platform != "linux", reason="submissions are locked in on Linux only")

CLASSROOM = {
    "CLASSROOM": "llm",
    "ASSIGNMENT": "tiny",
    "ASSIGNMENT_TYPE": "individual",
    "USERNAME": "jane",
    "OWNER": "jane",
    "SUBMISSION_TAG": "submit/2026-11-28T14-32-05Z-a1b2c3d",
    "COMMIT_URL": "https://github.com/llm/llm-tiny-jane/commit/a1b2c3d",
    "RELEASE_URL": "https://github.com/llm/llm-tiny-jane/releases/tag/submit%2F1",
    "REVIEW_URL": "https://github.com/llm/llm-tiny-jane/compare/0...a1b2c3d",
}


@pytest.fixture(scope="module")
def repository(built_kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """A student's repository, with the workflow and some answers in it."""
    kit = Kit.copied(built_kit.root, tmp_path_factory.mktemp("repository"), "assignments")
    done = kit.gradlings("github", "09", "--root", str(built_kit.root))
    assert done.code == 0, done.said
    assert "who may push to the repository may change workflow, checks and result" in done.said
    kit.answer(difference=RIGHT["difference"], row_totals="return x.sum(0), x.amax(0)")
    return kit


@pytest.fixture(scope="module")
def workflow(repository: Kit) -> dict[Any, Any]:
    text = (repository.root / ".github" / "workflows" / "gradlings-09.yml").read_text(encoding="utf-8")
    loaded: dict[Any, Any] = yaml.safe_load(text)
    return loaded


# ---- what is written


def test_the_workflow_keeps_the_rules(workflow: dict[Any, Any]) -> None:
    events = workflow[True]  # YAML 1.1 reads `on` as a truth value
    assert set(workflow) == {"name", True, "permissions", "concurrency", "jobs"}
    assert set(events) == {"push", "workflow_dispatch"}
    assert workflow["permissions"] == {"contents": "read"}, "a token that can change nothing"
    assert set(workflow["concurrency"]) <= {"group", "cancel-in-progress"}
    for name, job in workflow["jobs"].items():
        assert re.fullmatch(r"[A-Za-z_][\w-]*", name)
        assert set(job) == {"runs-on", "timeout-minutes", "steps"}
        assert isinstance(job["timeout-minutes"], int)
        for step in job["steps"]:
            assert len({"uses", "run"} & set(step)) == 1
            assert set(step) <= {"name", "uses", "run", "with", "if", "env"}
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@v\d+", step.get("uses", "a/b@v1"))
            assert "${{" not in step.get("run", ""), "text of an event would be run as a program"
            assert all(isinstance(value, str | bool) for value in step.get("with", {}).values())


def test_what_it_runs_is_there(repository: Kit, workflow: dict[Any, Any]) -> None:
    paths = re.findall(r"\.github/[\w./-]+", json.dumps(workflow["jobs"]))
    assert len(paths) == 2
    assert [path for path in paths if not (repository.root / path).is_file()] == []


def test_no_answer_is_written(repository: Kit) -> None:
    texts = [path.read_bytes() for path in (repository.root / ".github").rglob("*") if path.is_file()]
    assert len(texts) > 8
    assert not [text for text in texts if b"leftover_after" in text or b"PROBES = {" in text]


# ---- its steps


@linux
def test_the_steps_run(repository: Kit, workflow: dict[Any, Any], tmp_path: Path) -> None:
    """Also where files of the checkout have names of modules: they are nobody's but the student's."""
    for name in ("torch.py", "gradlings.py", "json.py"):
        (repository.root / name).write_text("raise SystemExit('run outside of a worker')\n", encoding="utf-8")
    git = {"GIT_COMMITTER_DATE": "2026-11-28T16:32:05+02:00", "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    git |= {f"GIT_{who}_{what}": "jane" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "answers"]):
        subprocess.run(["git", "-C", str(repository.root), *arguments], env=git, check=True)
    summary = tmp_path / "summary.md"
    environment = {"PATH": os.environ["PATH"], "GRADLINGS_PYTHON": sys.executable, "GITHUB_SHA": "a1b2c3d"}
    environment |= {"GITHUB_STEP_SUMMARY": str(summary), "RUNNER_TEMP": str(tmp_path), **CLASSROOM}
    (command,) = (step["run"] for step in workflow["jobs"]["grade"]["steps"] if "run" in step)
    command = re.sub(r"^python ", f"{sys.executable} ", command)
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", command],  # as GitHub does
        cwd=repository.root,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=400,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "::notice title=Points::10 of 30" in done.stdout
    page = summary.read_text(encoding="utf-8")
    assert page.startswith("## 09 A tiny kit: 10 of 30 points\n")
    assert "one entry a column" in page
    assert "locked down with" in page
    result = json.loads((repository.root / "result.json").read_text(encoding="utf-8"))
    assert (result["schema"], result["owner"], result["submission"]) == (
        *("classroom50/result/v1", "jane", CLASSROOM["SUBMISSION_TAG"]),
    )
    assert [(test["test-name"], test["passed"], test["score"], test["max-score"]) for test in result["tests"]] == [
        *[("9.1 difference", True, 10, 10), ("9.2 row_totals", False, 0, 15)],
        ("9.3 count_up, make_counter", False, 0, 5),
    ]
    assert all(type(result[key]) is int for key in ("score", "max-score"))
    assert (result["score"], result["max-score"]) == (10, 30)
    assert result["datetime"] == "2026-11-28T14:32:05Z", "the time of the commit"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", result["graded_at"])
    folder = repository.root / "gradlings-results"
    assert sorted(path.name for path in folder.iterdir()) == ["feedback.html", "junit.xml", "scorecard.json"]


# ---- what GitHub reads


def result_with(verdict: Verdict, text: str = "") -> StudentResult:
    rows = (Row("", text, "1.0"),)
    check = CheckResult("9.1", "test_a", "the title", verdict, 10, call=text, message=text, rows=rows, printed=text)
    card = Scorecard("09", "Tiny", (ExerciseScore("9.1", ("difference",), 10, (check,)),), problems=(text,))
    return graded("jane", card, notes=(), protection="locked down", gradlings_version="0")


NOW = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)
HOSTILE = "</pre></details>\n\n# 100 points\n\n![x](https://example.com/x.png) <script>x</script>\x00\ud800|`*"


def test_what_a_student_wrote_cannot_pass_for_the_page() -> None:
    page = summary_page(result_with(Verdict.WRONG, HOSTILE))
    blocks = page.split("\n\n")
    assert [block for block in blocks if not block.startswith(("## 09 Tiny: 0 of 10", "<"))] == []
    assert "<script>" not in page
    assert page.count("</details>") == page.count("<details>")


def test_a_page_that_is_too_long_is_cut() -> None:
    page = summary_page(result_with(Verdict.WRONG, "x" * 2_000_000))
    assert len(page.encode()) < 1 << 20
    assert page.rstrip().endswith("</p>")


@pytest.mark.parametrize(
    ("verdict", "element"),
    [
        *[
            (Verdict.PASS, None),
            (Verdict.FOLLOWED_THROUGH, None),
            (Verdict.WRONG, "failure"),
            (Verdict.CRASH, "failure"),
        ],
        *[(Verdict.GRADER_ERROR, "error"), (Verdict.NOT_ATTEMPTED, "skipped")],
    ],
)
def test_junit(verdict: Verdict, element: str | None) -> None:
    suites = ElementTree.fromstring(junit_xml(result_with(verdict, HOSTILE)))
    (suite,) = suites
    (test,) = suite
    assert (suites.tag, suite.tag, test.tag) == ("testsuites", "testsuite", "testcase")
    assert (test.get("classname"), test.get("name")) == ("9.1 difference", "the title")
    assert [child.tag for child in test] == ([element] if element else [])
    counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    named = {"failure": "failures", "error": "errors", "skipped": "skipped"}
    assert counts == {
        "tests": "1",
        **{key: str(int(named.get(element or "") == key)) for key in ("failures", "errors", "skipped")},
    }


def test_what_could_not_be_graded_has_no_score_anywhere() -> None:
    result = StudentResult("jane", "09", Status.NOT_GRADABLE, "There is no tiny.py.", max_points=30)
    assert summary_page(result).startswith("## 09: no score\n\n<p>There is no tiny.py.</p>")
    (suite,) = ElementTree.fromstring(junit_xml(result))
    assert (suite.get("errors"), suite.get("tests")) == ("1", "1")
    with pytest.raises(AssertionError):
        result_json(result, CLASSROOM, submitted=NOW, graded=NOW)


# ---- which file of a repository counts


@pytest.mark.parametrize(
    ("files", "counts"),
    [
        ({"assignments/09/tiny.py": "def difference(a, b): ..."}, "def difference(a, b): ..."),
        ({"src/deep/er/still/mine.py": "def row_totals(x): ...", "src/deep/setup.py": ""}, "def row_totals(x): ..."),
        ({"tiny.py": "def difference(a, b): 1", ".github/g/assignments/09/tiny.py": "def difference(a, b): 2"}, "1"),
        ({"README.md": "nothing"}, None),
        ({}, None),
    ],
)
def test_a_repository_is_one_submission(
    files: dict[str, str], counts: str | None, built_kit: Kit, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    collected = collect_one(tmp_path, "jane", "tiny")
    (student,) = collected.students
    assert student.student == "jane"
    if counts is None:
        with pytest.raises(Refused, match=r"There is no tiny\.py or tiny\.ipynb"):
            choose(collected, student, built_kit.folder)
    else:
        assert choose(collected, student, built_kit.folder).data.decode().endswith(counts)
