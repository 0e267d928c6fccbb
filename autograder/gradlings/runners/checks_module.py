"""A file of checks as pytest collects it, with the two fixtures that checks ask for: `student` and `probes`."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from gradlings.execution.student_api import Student
from gradlings.runners.run_state import RUN_STATE

if TYPE_CHECKING:
    from gradlings.checks.probes import LadderMaker


def checks_module(path: Path, parent: pytest.Collector) -> pytest.Module:
    """Return the collector of a file of checks, in which the fixtures are known.

    A fixture of a plugin is known in every project on the machine, also in one whose tests ask for a `student` of
    their own and forgot to write it.
    """
    module: pytest.Module = pytest.Module.from_parent(parent, path=path)
    manager = module.session._fixturemanager
    holder = ModuleType(__name__)  # another one for each file: older versions of pytest read a holder only once
    vars(holder).update(student=student, probes=probes)
    if pytest.version_tuple >= (9, 1):
        manager.parsefactories(holder=holder, node=module)
    else:
        manager.parsefactories(holder, module.nodeid)
    return module


@pytest.fixture
def student(request: pytest.FixtureRequest) -> Student:
    """Return the submission: `student.sigmoid` is the student's function, `student.through("name")` a driver."""
    state = request.config.stash[RUN_STATE]
    found = state.of_item(request.node)
    if found is None:
        raise pytest.UsageError(f"{request.node.nodeid} asks for `student` but belongs to no @exercise")
    return state.student(request.node.nodeid, request.path, found[0])


@pytest.fixture
def probes(request: pytest.FixtureRequest) -> LadderMaker:
    """Return what makes a ladder of probes: hand-made ones, then seeded random ones; or the hidden ones alone."""
    state = request.config.stash[RUN_STATE]
    found = state.of_item(request.node)
    if found is None:
        raise pytest.UsageError(f"{request.node.nodeid} asks for `probes` but belongs to no @exercise")
    return state.ladder_maker(request.node.nodeid, *found)
