"""Checks of random functions: they refuse what is drawn in a wrong way, and take whatever is drawn in a right one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import torch

from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.checks.behavior.statistics import FALSE_ALARM, implausible
from gradlings.grading.judge_session import PUBLIC_SEED
from gradlings.model.scorecard import ExerciseScore
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission.reader import from_source
from random_corpus import NOT_SEEN, RIGHT, WRONG, Corpus
from student_kit import PROJECT

Graders = dict[str, tuple[Assignment, Grader]]


@pytest.fixture(scope="module")
def graders() -> Iterator[Graders]:
    """The checks of the assignments with random functions, collected once."""
    with ExitStack() as stack:
        found = find_assignments(PROJECT, ("05", "06"))
        yield {each.id: (each, stack.enter_context(collected_checks(each.folder))) for each in found}


def score(graders: Graders, exercise: str, code: str, seed: int = PUBLIC_SEED) -> ExerciseScore:
    """The score of the solution with one function replaced."""
    assignment, grader = graders[exercise.partition(".")[0].zfill(2)]
    source = assignment.main
    submission = from_source(f"{source.text}\n# %%\n{code}\n", source.path)
    (found,) = grader.grade(submission, source.checks_file, seed=seed, only=(exercise,)).scorecard.exercises
    return found


def entries(corpus: Corpus) -> list[object]:
    return [
        pytest.param(exercise, name, code, id=f"{exercise} {name}")
        for exercise, sources in corpus.items()
        for name, code in sources.items()
    ]


def test_the_corpus_is_large_enough() -> None:
    assert sum(map(len, WRONG.values())) >= 40
    assert len(NOT_SEEN) <= 2


@pytest.mark.parametrize(("exercise", "name", "code"), entries(WRONG))
def test_wrong_ones_are_refused(graders: Graders, exercise: str, name: str, code: str) -> None:
    if (exercise, name) in NOT_SEEN:
        pytest.skip("not told from right ones at every seed")
    found = score(graders, exercise, code)
    assert not found.solved, found


@pytest.mark.parametrize(("exercise", "name", "code"), entries(RIGHT))
def test_right_ones_pass(graders: Graders, exercise: str, name: str, code: str) -> None:
    for seed in (PUBLIC_SEED, 1):
        found = score(graders, exercise, code, seed)
        assert found.solved, found


def test_counts_that_right_code_gives_are_plausible() -> None:
    assert implausible(torch.tensor([100, 110, 90]), 300, 1 / 3) is None
    assert implausible(torch.tensor([0, 300]), 300, [0.0, 1.0]) is None
    assert implausible(torch.tensor(30), 100, 0.3) is None


def test_the_farthest_count_is_named() -> None:
    assert implausible(torch.tensor([[100, 100], [0, 200]]), 400, 0.25) == (1, 0)
    assert implausible(torch.tensor([1, 99]), 100, [0.0, 1.0]) is not None  # what cannot happen, once
    assert implausible(torch.tensor(90), 100, 0.3) == ()


def test_the_bound_holds_for_a_count_of_its_own() -> None:
    """Summed over all counts that are called implausible, right code has at most the probability that is promised."""
    draws, share = 200, 0.1
    counts = torch.arange(draws + 1, dtype=torch.float64)
    logs = torch.lgamma(torch.tensor(draws + 1.0)) - torch.lgamma(counts + 1) - torch.lgamma(draws - counts + 1)
    probabilities = (logs + counts * torch.tensor(share).log() + (draws - counts) * torch.tensor(1 - share).log()).exp()
    refused = torch.tensor([implausible(torch.tensor(k), draws, share) is not None for k in range(draws + 1)])
    assert refused.any()
    assert float(probabilities[refused].sum()) <= FALSE_ALARM
