"""Run on Gradescope by `run_autograder`: grades `/autograder/submission` and writes `results/results.json` once.

    python -I -m gradlings.grading.platforms.gradescope_run /autograder

What is printed is for instructors: Gradescope keeps it from students.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any

import msgspec

from gradlings.grading.platforms.gradescope_results import facts_of, no_results, results_of
from gradlings.grading.platforms.one_submission import SETTINGS, PlatformSettings, grade_one
from gradlings.model.errors import InputError
from gradlings.model.files import write_atomically


def graded(root: Path) -> dict[str, Any]:
    """Grade the submission below the folder that Gradescope has prepared, and return `results.json`.

    Raises:
        InputError: grading for marks is refused here, or what was uploaded cannot be used.
    """
    source = root / "source"
    settings = msgspec.json.decode((source / SETTINGS).read_bytes(), type=PlatformSettings)
    facts = facts_of(_metadata(root / "submission_metadata.json"))
    kit, submission = source / "kit", root / "submission"
    result = grade_one(kit, settings, submission, student=facts.student, name=facts.id)
    print(f"{result.status_text}: {result.points} of {result.max_points} points. {result.protection}.")
    return results_of(result, facts)


def _metadata(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"{path} cannot be read ({error}): whether the submission is late is not known.")
        return {}
    return found if isinstance(found, dict) else {}


def main() -> None:
    """Grade, and write the results whatever happens."""
    root = Path(sys.argv[1])
    try:
        results = graded(root)
    except InputError as error:
        print(f"gradlings: {error}")
        results = no_results()
    except Exception:  # for the instructor, who has no other place to read it
        traceback.print_exc(file=sys.stdout)
        results = no_results()
    write_atomically(root / "results" / "results.json", json.dumps(results, indent=1).encode(), durable=True)


if __name__ == "__main__":
    main()
