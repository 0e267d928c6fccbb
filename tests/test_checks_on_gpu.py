"""Oracles, properties and drivers of every check on the virtual GPU: with a real one, they get its tensors, too."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gradlings
from gradlings.authoring.assignment import find_assignments
from gradlings.checks import assertions
from gradlings.checks.call_variants import calls_of
from gradlings.execution.kept_settings import kept_settings
from gradlings.execution.tensor_tree import fresh, tensors_in
from gradlings.execution.virtual_gpu.finding import DeviceFinding, device_finding
from gradlings.runners.session import collected_checks
from gradlings.submission.reader import from_source

ROOT = Path(__file__).parent.parent
CALLS = 3
"""So many calls of a check are tried: on a GPU all of them would be."""


class OnTheVirtualGpu:
    """Takes the place of `agree` and `satisfies`: asks, and then tries once more on the virtual GPU what was asked."""

    def __init__(self) -> None:
        self.found: list[tuple[str, DeviceFinding]] = []
        self.tried = 0

    def note(self, what: str, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        file = inspect.getsourcefile(inspect.unwrap(function)) or ""
        with kept_settings():
            finding = device_finding(function, fresh(args), student_files=[file])
        self.tried += 1
        if finding:
            self.found.append((what, finding))

    def agree(self, function: Any, ladder: Any, oracle: Any, **options: Any) -> None:
        assertions.agree(function, ladder, oracle, **options)
        self.note_all(function, ladder, lambda args: (oracle, args))

    def satisfies(self, function: Any, ladder: Any, property: Any, **options: Any) -> None:
        assertions.satisfies(function, ladder, property, **options)
        self.note_all(function, ladder, lambda args: (property, (function.unguarded(*fresh(args)), *args)))

    def note_all(self, function: Any, ladder: Any, asked: Any) -> None:
        calls = calls_of(ladder, (), float32=False, strided=False, requires_grad=False)
        for args in [args for args in calls if any(t.is_floating_point() for t in tensors_in(args))][:CALLS]:
            name = f"{function.student.exercise.id} {function.name}"
            self.note(f"{name}, the check's", *asked(args))
            self.note(f"{name}, the solution", function.unguarded, args)


@pytest.mark.parametrize("assignment_id", [each.id for each in find_assignments(ROOT)])
def test_what_a_check_does_itself_stays_on_the_device(assignment_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = OnTheVirtualGpu()
    monkeypatch.setattr(gradlings, "agree", watch.agree)
    monkeypatch.setattr(gradlings, "satisfies", watch.satisfies)
    (assignment,) = find_assignments(ROOT, (assignment_id,))
    with collected_checks(assignment.folder) as grader:
        for source in assignment.sources:
            runner = grader.run_cells(from_source(source.text, source.path), source.checks_file)
            runner.tried_on_virtual_gpu = False
            graded = grader.check(runner, source.checks_file, seed=0)
            assert all(score.solved for score in graded.scorecard.exercises)
    assert watch.tried
    assert watch.found == []
