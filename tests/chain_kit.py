"""A small assignment in which exercises call earlier ones: 9.1 has an oracle of its own, 9.2 has none."""

from __future__ import annotations

import json
from pathlib import Path

from student_kit import Kit

CHECKS = '''
import torch
from gradlings import agree, exercise, floats, satisfies


def twice_in_torch(x):
    return torch.add(x, x)


def shares(answer, x):
    return None if torch.allclose(answer.sum(), torch.ones_like(x.sum())) else "The shares do not add up to 1."


def fourfold_in_torch(x):
    return torch.full_like(x, 4) * x + 1


def largest_share(x):
    return x.amax() / x.sum()


def numbers(rng):
    return (rng.uniform(0.5, 2.0, rng.size(2, 5)),)


@exercise("9.1", "twice", points=20, seconds=2)
class TestTwice:
    def test_twice(self, student, probes):
        """every number twice as large"""
        agree(student.twice, probes([(floats([1.0, -2.0, 3.0]),)], random=numbers), twice_in_torch)


@exercise("9.2", "shared", points=20, seconds=2)
class TestShared:
    def test_shared(self, student, probes):
        """each number divided by the sum"""
        satisfies(student.shared, probes([(floats([1.0, 2.0]),)], random=numbers), shares)


@exercise("9.3", "fourfold", points=30, builds_on=("9.1",), forbids="matmul", seconds=2)
class TestFourfold:
    def test_fourfold(self, student, probes):
        """four times as large, and one more"""
        agree(student.fourfold, probes([(floats([0.5, -1.0]),)], random=numbers), fourfold_in_torch)


@exercise("9.4", "largest", points=30, builds_on=("9.2",), seconds=2)
class TestLargest:
    def test_largest(self, student, probes):
        """the largest share"""
        agree(student.largest, probes([(floats([1.0, 4.0]),)], random=numbers), largest_share)
'''
HIDDEN = """
import torch
from gradlings import floats

PROBES = {"9.3::test_fourfold": [(torch.zeros(2, 3, dtype=torch.float64),), (floats([7.0]),)]}
"""
TWICE = "def twice(x):\n    return 2 * x\n"
SHARED = "def shared(x):\n    return x / x.sum()\n"
FOURFOLD = "def fourfold(x):\n    return twice(twice(x)) + 1\n"
LARGEST = "def largest(x):\n    return shared(x).max()\n"
THREEFOLD = "def twice(x):\n    return 3 * x\n"
UNSHARED = "def shared(x):\n    return x\n"
SLIPS = "\n\n".join([THREEFOLD, UNSHARED, FOURFOLD, LARGEST])
"""Whose last two functions are right."""


def chain_kit(root: Path, text: str = SLIPS, *, solved: bool = False) -> Kit:
    """Write the assignment with a student's file; `solved` puts its solution beside it."""
    kit = Kit(root, "09", "chain")
    kit.folder.mkdir(parents=True)
    (kit.folder / "test_chain.py").write_text(CHECKS, encoding="utf-8")
    kit.module.write_text(text, encoding="utf-8")
    if solved:
        kit.sources.mkdir(parents=True)
        (kit.sources / "chain.py").write_text("\n\n".join([TWICE, SHARED, FOURFOLD, LARGEST]), encoding="utf-8")
        (kit.sources / "hidden.py").write_text(HIDDEN, encoding="utf-8")
    return kit


def in_notebook(kit: Kit) -> Kit:
    """Put the student's file into a notebook, a cell for each function."""
    cells = kit.module.read_text(encoding="utf-8").split("\n\n\n")
    notebook = {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": None,
                "id": f"c{number}",
                "metadata": {},
                "outputs": [],
                "source": text,
            }
            for number, text in enumerate(cells)
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    kit.notebook.write_text(json.dumps(notebook), encoding="utf-8")
    kit.module.unlink()
    return kit
