"""Run by the `autograder.py` that `gradlings github` writes: grades a checkout and leaves what GitHub shows.

    python -I -m gradlings.grading.platforms.github_run KIT CHECKOUT

In the checkout it writes `gradlings-results/` (feedback page, scorecard, JUnit) and, for Classroom 50, `result.json`;
the summary goes to the file that `$GITHUB_STEP_SUMMARY` names. The exit code is 0 if there is a score, whatever it is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gradlings.grading.platforms.github_results import junit_xml, result_json, summary_page
from gradlings.grading.platforms.one_submission import SETTINGS, PlatformSettings, grade_one
from gradlings.model.errors import InputError
from gradlings.model.files import write_atomically
from gradlings.model.student_result import StudentResult, for_student
from gradlings.rendering.html import feedback_page

RESULTS = "gradlings-results"


def write_results(result: StudentResult, checkout: Path, environment: Mapping[str, str]) -> None:
    """Write all that GitHub and Classroom 50 read of a result."""
    folder = checkout / RESULTS
    pages = {
        "feedback.html": feedback_page(result).encode("utf-8", "replace"),
        "scorecard.json": msgspec.json.encode(for_student(result)),
        "junit.xml": junit_xml(result),
    }
    for name, data in pages.items():
        write_atomically(folder / name, data)
    if summary := environment.get("GITHUB_STEP_SUMMARY"):
        with open(summary, "a", encoding="utf-8", errors="replace") as file:
            file.write(summary_page(result))
    if result.points is not None and environment.get("CLASSROOM"):
        now = datetime.now(UTC)
        fields = result_json(result, environment, submitted=_time_of_commit(checkout) or now, graded=now)
        write_atomically(checkout / "result.json", json.dumps(fields, indent=2).encode())


def _time_of_commit(checkout: Path) -> datetime | None:
    """Return when the commit was made that is checked out; None where git does not say."""
    command = ["git", "-C", str(checkout), "log", "-1", "--format=%cI"]
    try:
        said = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=60).stdout
        return datetime.fromisoformat(said.strip())
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def main() -> None:
    """Grade, say the points as a notice of the run, and end with code 1 where there is no score."""
    kit, checkout = Path(sys.argv[1]), Path(sys.argv[2])
    settings = msgspec.json.decode((kit / SETTINGS).read_bytes(), type=PlatformSettings)
    commit = os.environ.get("GITHUB_SHA", "")
    student = os.environ.get("USERNAME") or os.environ.get("GITHUB_ACTOR") or "submission"
    try:
        result = grade_one(kit, settings, checkout, student=student, name=commit)
    except InputError as error:
        print(f"::error title=Not graded::{_in_one_line(str(error))}")
        sys.exit(1)
    write_results(result, checkout, os.environ)
    if result.points is None:
        print(f"::error title=Not graded::{_in_one_line(for_student(result).reason)}")
        sys.exit(1)
    print(f"::notice title=Points::{result.points} of {result.max_points}")


def _in_one_line(text: str) -> str:
    """Return a text as the value of a workflow command, in which these three characters have a meaning."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


if __name__ == "__main__":
    main()
