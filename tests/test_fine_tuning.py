"""The weights that come with assignment 09, and what its text says of the run that ends it."""

import io
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from student_kit import PROJECT

FOLDER = PROJECT / "assignments" / "09"


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    return runpy.run_path(str(PROJECT / "solutions" / "09" / "tuning.py"))


@pytest.fixture(scope="module")
def corpus() -> str:
    return (PROJECT / "assignments" / "06" / "corpus.txt").read_text(encoding="utf-8")


def weights() -> bytes:
    return (FOLDER / "weights.npz").read_bytes()


def loss_on(names: dict[str, Any], p: dict[str, Any], text: str) -> float:
    """Of windows side by side, in nats per character."""
    T = names["CONFIG"]["context_length"]
    ids = names["encode"](text)
    rows = ids[: len(ids) // T * T].view(-1, T)
    with torch.no_grad():
        loss: float = names["masked_lm_loss"](names["gpt_forward"](rows, p, names["CONFIG"]), rows).item()
    return loss


def test_every_assignment_that_ships_weights_ships_the_same() -> None:
    assert {path.read_bytes() for path in Path(PROJECT, "assignments").glob("*/weights.npz")} == {weights()}
    with np.load(io.BytesIO(weights()), allow_pickle=False) as arrays:
        assert {arrays[name].dtype for name in arrays.files} == {np.dtype(np.float16)}
        assert sum(arrays[name].size for name in arrays.files) == 28_800


def test_the_model_has_read_the_corpus(names: dict[str, Any], corpus: str) -> None:
    assert sorted(set(corpus)) == list(names["CHARACTERS"])
    assert names["decode"](names["encode"](corpus)) == corpus
    assert loss_on(names, names["pretrained"](weights()), corpus) == pytest.approx(0.25, abs=0.02)


def test_the_run_teaches_answers_and_the_model_forgets(names: dict[str, Any], corpus: str) -> None:
    picture = runpy.run_path(str(FOLDER / "picture.py"))
    learned, held_out = picture["questions"]()
    assert (len(learned), len(held_out)) == (16, 8)
    p, cfg = names["pretrained"](weights()), names["CONFIG"]
    assert {names["answer"](question, p, cfg) for question in held_out} == {"\n"}, "it goes on with a new line"
    rows = [names["encode"](question + answer) for question, answer in learned.items()]
    ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    starts, lengths = ([len(each) for each in parts] for parts in (learned, rows))
    labels = names["sft_labels"](ids, torch.tensor(starts), torch.tensor(lengths))
    before = loss_on(names, p, corpus)
    losses = names["fine_tune"](p, cfg, ids, labels, 40, 0.003)
    assert losses[0] > 3
    assert losses[-1] < 0.05
    assert sum(names["answer"](question, p, cfg) == answer for question, answer in held_out.items()) >= 7
    assert loss_on(names, p, corpus) > before + 0.5
