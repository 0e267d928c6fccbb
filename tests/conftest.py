"""Fixtures that any test may ask for."""

from pathlib import Path

import pytest

from student_kit import TINY, Kit


@pytest.fixture(scope="session")
def built_kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """The tiny kit as its author has it after `gradlings build`. Not to be changed by a test."""
    kit = Kit.copied(TINY, tmp_path_factory.mktemp("tiny"), "solutions", "assignments")
    built = kit.gradlings("build")
    assert built.code == 0, built.said
    return kit


@pytest.fixture
def author_kit(built_kit: Kit, tmp_path: Path) -> Kit:
    """A copy of the built kit with its solutions, to be edited."""
    return Kit.copied(built_kit.root, tmp_path, "solutions", "assignments")


@pytest.fixture
def kit(built_kit: Kit, tmp_path: Path) -> Kit:
    """A copy of what a student gets, to be edited: no solutions."""
    return Kit.copied(built_kit.root, tmp_path, "assignments")
