"""A float32 step costs no points, and a number that is a little wrong costs them as before."""

import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
import torch

from changed_exercises import exercises_changed
from float32_panel import PANEL, Candidate
from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.execution.float64_steps import Float64Steps
from gradlings.model.scorecard import Scorecard
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission.reader import from_source
from student_kit import PROJECT

IDS = ("02", "03", "04", "05", "06")
SLOW = ("6.13", "6.14")
"""Each trains a model; `gradlings verify` takes them with every step in float32."""


@pytest.fixture(scope="module", params=IDS)
def at_hand(request: pytest.FixtureRequest) -> Iterator[tuple[Assignment, Grader]]:
    (assignment,) = find_assignments(PROJECT, (request.param,))
    with collected_checks(assignment.folder) as grader:
        yield assignment, grader


def graded(at_hand: tuple[Assignment, Grader], candidate: Candidate) -> Scorecard:
    """The scorecard of the exercises that a candidate can have changed."""
    assignment, grader = at_hand
    source = assignment.main
    text = candidate.apply(source.text)
    only = [id for id in exercises_changed(assignment, text) if id not in SLOW]
    assert only, candidate.what
    return grader.grade(from_source(text, source.path), source.checks_file, seed=0, only=only).scorecard


def test_every_file_of_the_panel_gets_full_marks(at_hand: tuple[Assignment, Grader]) -> None:
    assignment = at_hand[0]
    candidates = [candidate for candidate in PANEL if candidate.assignment == assignment.id]
    lost = []
    for candidate in candidates:
        card = graded(at_hand, candidate)
        if not card.full_marks:
            lost.append((candidate.what, card.points))
    assert candidates
    assert lost == []


_FACTORS = (1 + 1e-6, 1 - 1e-6, 1 + 1e-5, 1 - 3e-7, 1.001)
_SCALED = {
    "02": ["(1 - p) if training"],
    "03": ["(y * log_yes + (1 - y) * log_no)", "a * (1 - a)", "dz.mean()", "X.T @ dz", "math.exp(node.data)"],
    "04": ["torch.sigmoid(z2)", "(a - y.reshape(a.shape))", "upstream.sum(dim=0)", "torch.softmax(logits, dim=1)"],
    "05": [
        "mu).add_(g)",
        "lr * v",
        "(1 - beta1) * g)",
        "(1 - beta2) * g**2",
        "max_norm / norm",
        "0.5 * (max_lr - min_lr)",
    ],
    "06": [
        "0.044715 * x**3",
        "math.sqrt(2 / math.pi)",
        "math.sqrt(q.shape[-1])",
        "variance + eps",
        "logits.log_softmax(dim=-1)",
    ],
}
_OTHERS = {
    "03": [
        ("1 / (1 + torch.exp(-z))", "1 / (1 + 1e-6 + torch.exp(-z))"),
        ("1 / (1 + torch.exp(-z))", "1 / (1 + torch.tensor(2.718281) ** -z)"),
        ("torch.log(a).clamp(min=-100)", "torch.log(a + 1e-7)"),
        ("torch.log(a).clamp(min=-100)", "torch.log(a.clamp(min=1e-7))"),
        ("-y / a + (1 - y) / (1 - a)", "-y / (a + 1e-6) + (1 - y) / (1 - a + 1e-6)"),
        ("X.T @ dz / len(y)", "X.T @ dz / (len(y) + 1e-6)"),
    ],
    "04": [
        ("- right) / len(targets)", "- right) / (len(targets) + 1e-5)"),
        ("/ len(a)", "/ (len(a) + 1e-5)"),
        ("torch.softmax(logits, dim=1)", "(torch.softmax(logits, dim=1) + 1e-6)"),
    ],
    "05": [
        ("v_hat.sqrt() + eps", "(v_hat + eps).sqrt()"),
        ("v_hat.sqrt() + eps", "v_hat.sqrt() + 1e-6"),
        ("v_hat.sqrt() + eps", "v_hat.sqrt() + torch.tensor(1e-6)"),
        ("m / (1 - beta1**t)", "(m / (1 - beta1**t) if t < 50 else m)"),
        ("v / (1 - beta2**t)", "(v / (1 - beta2**t) if t < 200 else v / (1 - beta2**200))"),
        ("math.cos(math.pi * progress)", "math.cos(3.14159 * progress)"),
        ("math.cos(math.pi * progress)", "torch.cos(torch.tensor(3.141592) * progress).item()"),
    ],
    "06": [
        ("math.sqrt(2 / math.pi)", "0.797885"),
        ("math.sqrt(2 / math.pi)", "0.7979"),
        ("math.sqrt(2 / math.pi)", "torch.tensor(0.797885)"),
        ("math.sqrt(2 / math.pi)", "torch.sqrt(torch.tensor(2 / 3.1416))"),
        ("0.044715 * x**3", "0.044714 * x**3"),
        ("0.044715 * x**3", "torch.tensor(0.044714) * x**3"),
        ("0.044715 * x**3", "0.0447 * x**3"),
        ("variance + eps", "variance + eps + 1e-6"),
        ("torch.sqrt(variance + eps)", "(torch.sqrt(variance) + eps)"),
        ("/ math.sqrt(q.shape[-1])", "/ (math.sqrt(q.shape[-1]) + 1e-6)"),
        ("/ math.sqrt(q.shape[-1])", "/ (torch.sqrt(torch.tensor(q.shape[-1])) + 1e-6)"),
        ("correction=0", "correction=1"),
    ],
}
WRONG = {
    assignment: [
        *[
            Candidate(assignment, f"{text} times {factor}", ((text, f"{factor} * {text}"),))
            for text in _SCALED[assignment]
            for factor in _FACTORS
        ],
        *[Candidate(assignment, new, ((old, new),)) for old, new in _OTHERS.get(assignment, [])],
    ]
    for assignment in IDS
}


def test_there_are_a_hundred_wrong_numbers() -> None:
    assert sum(map(len, WRONG.values())) >= 100


def test_no_wrong_number_is_taken_for_a_float32_step(at_hand: tuple[Assignment, Grader]) -> None:
    assignment = at_hand[0]
    excused = []
    for candidate in WRONG[assignment.id]:
        card = graded(at_hand, candidate)
        if any("float32" in note for score in card.exercises for note in score.notes):
            excused.append(candidate.what)
    assert excused == []


@pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
def test_a_float32_step_costs_nothing_in_marks_either() -> None:
    from gradlings.grading.judge_session import JudgeSession, bundle_of

    (assignment,) = find_assignments(PROJECT, ("06",))
    source = assignment.main
    chosen = [
        candidate
        for candidate in PANEL
        if candidate.what in ("gelu: a constant of the module", "attention: sqrt of an int tensor")
    ]
    assert len(chosen) == 2
    with JudgeSession(bundle_of(assignment.folder, source.path.stem)) as session:
        for candidate in chosen:
            reply = session.judge(candidate.apply(source.text).encode(), source.path.name, seed=11)
            assert reply.card is not None, reply.fault
            assert reply.card.full_marks, candidate.what
            (note,) = {note for score in reply.card.exercises for note in score.notes}
            assert "Here float32 enters: `" in note


def test_the_note_names_the_line_at_which_digits_are_lost(tmp_path: Path) -> None:
    path = tmp_path / "step.py"
    source = dedent(
        """
        import torch
        def f(x):
            exact = torch.ones(2)
            scale = torch.tensor(0.1)
            return x * exact * scale
        """
    )
    path.write_text(source)
    names: dict[str, object] = {}
    steps = Float64Steps([str(path)])
    with steps:
        exec(compile(source, str(path), "exec"), names)
        function = names["f"]
        assert callable(function)
        result = function(torch.ones(2, dtype=torch.float64))
    assert result.tolist() == [0.1, 0.1]
    assert [breach.code for breach in steps.take()] == ["scale = torch.tensor(0.1)", "exact = torch.ones(2)"]
    assert torch.get_default_dtype() == torch.float32
    assert steps.take() == ()
