"""What stays as it is within a minor version: `tests/golden/contract.txt` lists it, and docs/releases.md promises it.

`REGOLD=1` writes the list anew: for the first release of a minor version, and to add what is new. Read the diff.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from gradlings import __version__
from gradlings.model.exercise import read_exercises
from gradlings.model.misconceptions import FILE
from student_kit import PROJECT

CONTRACT = Path(__file__).parent / "golden" / "contract.txt"


def declared() -> list[str]:
    """A line for the minor version, and for each exercise and each misconception that a student can meet."""
    lines = [f"gradlings {'.'.join(__version__.split('.')[:2])}"]
    for folder in sorted((PROJECT / "assignments").glob("[0-9]*")):
        for checks in sorted(folder.glob("test_*.py")):
            for exercise in read_exercises(checks):
                lines.append(f"{exercise.id} {', '.join(exercise.functions)}: {exercise.points} points")
        shipped = json.loads((folder / FILE).read_text(encoding="utf-8"))
        lines += sorted(shipped["misconceptions"])
    return lines


def broken(promised: list[str], now: list[str]) -> list[str]:
    """What a minor version promised and does not keep. What is new breaks nothing."""
    return sorted(set(promised) - set(now)) if promised[:1] == now[:1] else promised[:1]


def test_what_a_minor_version_promised_is_as_it_was() -> None:
    now = declared()
    assert len(set(now)) == len(now)
    if os.environ.get("REGOLD"):
        CONTRACT.write_text("\n".join(now) + "\n", encoding="utf-8")
    promised = CONTRACT.read_text(encoding="utf-8").splitlines()
    assert broken(promised, now) == [], "an id, a function's name or points changed: see docs/releases.md"
    if os.environ.get("GRADLINGS_RELEASE"):  # what is released is listed
        assert promised == now, "REGOLD=1 adds what is new"


def test_what_breaks_it() -> None:
    promised = ["gradlings 0.1", "1.1 make_ranks: 5 points", "1.1/as-floats"]
    assert broken(promised, [*promised, "1.2 nested_shape: 10 points"]) == []
    assert broken(promised, [promised[0], "1.1 make_ranks: 6 points", promised[2]]) == ["1.1 make_ranks: 5 points"]
    assert broken(promised, promised[:2]) == ["1.1/as-floats"]
    assert broken(promised, ["gradlings 0.2", *promised[1:]]) == ["gradlings 0.1"], "a list of an earlier minor version"
