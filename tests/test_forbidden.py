"""The rules of an exercise: what each layer finds in a corpus of student code, and what it leaves alone."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from forbidden_corpus import CALLS, FORBIDDEN, LEGITIMATE, SOURCE, Snippet

from autograder.forbidden import RULES, Breach
from autograder.forbidden_calls import CallRecorder, merged
from autograder.forbidden_source import breaches_in_source, breaches_in_sources


def x_tensor() -> torch.Tensor:
    return torch.tensor([[0.5, 1.5], [-2.0, 3.0]], dtype=torch.float64)


class Submission:
    """Student code as the grader loads it: in a file of its own, compiled under its name."""

    def __init__(self, folder: Path, source: str) -> None:
        self.source = source
        self.file = str(folder / "student.py")
        Path(self.file).write_text(source, encoding="utf-8")
        self.names: dict[str, Any] = {"__name__": "student"}
        exec(compile(source, self.file, "exec"), self.names)

    def in_source(self, *rules: str) -> tuple[Breach, ...]:
        return breaches_in_source(self.source, ["f"], rules, self.file)

    def recorded(
        self, rules: tuple[str, ...], call: Callable[..., Any] | None = None
    ) -> tuple[Any, tuple[Breach, ...]]:
        recorder = CallRecorder(rules, {self.file})
        with recorder:
            result = (call or self.names["f"])(x_tensor())
        return result, recorder.breaches


@pytest.fixture
def submitted(tmp_path: Path) -> Callable[[str], Submission]:
    return lambda source: Submission(tmp_path, source)


def name_of(snippet: Snippet) -> str:
    return f"{snippet.rule}: {snippet.name}"


def same(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and torch.allclose(a, b, equal_nan=True) and a.dtype == b.dtype
    if type(a).__module__ == "numpy":
        return bool((a == b).all())
    return type(a) is type(b) and (len(a) == len(b) and all(map(same, a, b)) if isinstance(a, tuple | list) else a == b)


def lines(breaches: tuple[Breach, ...]) -> list[int]:
    return [breach.line for breach in breaches]


@pytest.mark.parametrize("snippet", FORBIDDEN, ids=name_of)
class TestForbiddenCode:
    def test_layers_that_see_it(self, snippet, submitted):
        submission = submitted(snippet.source)
        found = {SOURCE} if submission.in_source(snippet.rule) else set()
        found |= {CALLS} if submission.recorded((snippet.rule,))[1] else set()
        assert found == snippet.layers

    def test_lines_reported(self, snippet, submitted):
        submission = submitted(snippet.source)
        breaches = merged(submission.in_source(snippet.rule), submission.recorded((snippet.rule,))[1])
        assert lines(breaches) == snippet.lines
        for breach in breaches:
            assert breach.rule == snippet.rule
            assert breach.file == submission.file
            assert breach.code == snippet.source.split("\n")[breach.line - 1].strip()
            assert breach.what


@pytest.mark.parametrize("snippet", LEGITIMATE, ids=name_of)
class TestLegitimateCode:
    def test_source_is_no_breach(self, snippet, submitted):
        assert submitted(snippet.source).in_source(snippet.rule) == ()

    def test_run_is_no_breach(self, snippet, submitted):
        assert submitted(snippet.source).recorded((snippet.rule,))[1] == ()


@pytest.mark.parametrize("snippet", FORBIDDEN + LEGITIMATE, ids=name_of)
def test_results_are_those_of_a_plain_call(snippet, submitted):
    submission = submitted(snippet.source)
    watched, _ = submission.recorded(tuple(RULES))
    assert same(watched, submission.names["f"](x_tensor()))
