"""Sentences of the documents that no other test proves: what is claimed is so, and what is said to prove it exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import gradlings
from gradlings.model.exercise import read_exercises
from student_kit import PROJECT, Kit

PACKAGE = Path(gradlings.__file__).parent
CHECKS = sorted((PROJECT / "assignments").glob("[0-9]*/test_*.py"))
NOTHING_TO_ASK = {"1.0::test_counts_on", "1.1::test_four_ranks"}
"""A warm-up that is worth nothing, and a function without arguments."""


@pytest.mark.parametrize("checks", CHECKS, ids=lambda path: path.stem)
def test_every_check_meets_inputs_in_marks_that_nobody_has_seen(checks: Path) -> None:
    """It draws probes from the seed, which is secret then, or has hidden ones."""
    tree = ast.parse(checks.read_text(encoding="utf-8"))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    hidden = PROJECT / "solutions" / checks.parent.name / "hidden.py"
    keys = set(re.findall(r'^    "(\S+::\S+)":', hidden.read_text(encoding="utf-8"), re.MULTILINE))
    assert keys
    known = set()
    for exercise in read_exercises(checks):
        for method in ast.walk(classes[exercise.class_name]):
            if isinstance(method, ast.FunctionDef) and method.name.startswith("test_"):
                check = f"{exercise.id}::{method.name}"
                draws = any(isinstance(node, ast.keyword) and node.arg == "random" for node in ast.walk(method))
                if not draws and check not in keys:
                    known.add(check)
    assert known <= NOTHING_TO_ASK


NETWORK = {"aiohttp", "asyncio", "ftplib", "http", "httpx", "requests", "smtplib", "socket", "ssl", "urllib", "urllib3"}


def test_nothing_that_a_student_runs_can_reach_a_network() -> None:
    """The judge's processes talk over pairs of sockets, and `--engine dask` is told where its cluster is."""
    using = {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*.py") if set(_imported(path)) & NETWORK}
    assert using == {"sandbox"}


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


# ---- the table of docs/releases.md


def test_what_is_said_to_prove_a_claim_is_there() -> None:
    table = (PROJECT / "docs" / "releases.md").read_text(encoding="utf-8").partition("## What proves it")[2]
    proofs = [row.split(" | ")[-1] for row in table.splitlines() if row.startswith("| ")][1:]
    assert len(proofs) > 10
    commands = Kit(PROJECT).gradlings("--help").out
    for proof in proofs:
        named = re.findall(r"`([^`]+)`", proof)
        assert named, proof
        for name in named:
            command = name.split()[1] if name.startswith("gradlings ") else ""
            assert re.search(rf"\b{command}\b", commands) if command else (PROJECT / name).is_file(), name
