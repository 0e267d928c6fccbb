"""The shipped catalogue names what it knows and nothing else, and ships no code."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from gradlings.checks.misconception_match import same_observed

PROJECT = Path(__file__).parent.parent
CATALOGUES = sorted((PROJECT / "assignments").glob("[0-9]*/misconceptions.json"))
RANDOM_ANSWERS = 10_000


def perturbed(value: Any, rng: random.Random) -> Any:
    """The same structure with other numbers."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, float):
        return rng.gauss(0.0, 1.0) if rng.random() < 0.5 else value * (1 + rng.choice((-1, 1)) * rng.uniform(0.01, 0.5))
    if isinstance(value, int):
        return value
    if isinstance(value, list):
        return [perturbed(item, rng) for item in value]
    return {key: item if key in ("s", "t", "changes") else perturbed(item, rng) for key, item in value.items()}


def has_floats(value: Any) -> bool:
    if isinstance(value, float):
        return abs(value) > 1e-6
    if isinstance(value, dict):
        return any(has_floats(item) for key, item in value.items() if key != "changes")
    return isinstance(value, list) and any(map(has_floats, value))


def test_random_wrong_answers_get_no_name() -> None:
    """At least 10,000 random answers of the right form, against all entries of their check."""
    rng = random.Random(20260101)
    checks = [
        [entry["observed"] for entry in entries if entry["observed"] is not None]
        for path in CATALOGUES
        for entries in json.loads(path.read_text(encoding="utf-8"))["checks"].values()
    ]
    checks = [entries for entries in checks if any(map(has_floats, entries))]
    named = 0
    for _ in range(RANDOM_ANSWERS):
        entries = rng.choice(checks)
        answer = perturbed(rng.choice([entry for entry in entries if has_floats(entry)]), rng)
        named += any(same_observed(answer, entry) for entry in entries)
    assert named <= RANDOM_ANSWERS // 1000


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.name)
def test_entries_match_themselves_and_hold_no_code(path: Path) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    assert all("\n" not in row["sentence"] and "def " not in row["sentence"] for row in data["misconceptions"].values())
    entries = [entry for entries in data["checks"].values() for entry in entries]
    assert len(entries) > 10
    assert sum(entry["observed"] is not None for entry in entries) > len(entries) / 2
    for entry in entries:
        assert entry["id"] in data["misconceptions"]
        assert entry["observed"] is None or same_observed(entry["observed"], entry["observed"])
