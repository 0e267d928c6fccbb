"""The weights that come with assignment 08: what the file holds, and that the script beside it makes such a model."""

import io
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

PROJECT = Path(__file__).parents[1]
FOLDER = PROJECT / "assignments" / "08"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(FOLDER / "weights.py"))


@pytest.fixture(scope="module")
def corpus() -> str:
    return (PROJECT / "assignments" / "06" / "corpus.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shipped() -> dict[str, np.ndarray]:
    with np.load(io.BytesIO((FOLDER / "weights.npz").read_bytes()), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def test_the_file_holds_the_numbers_of_the_tiny_gpt(script: dict[str, Any], shipped: dict[str, np.ndarray]) -> None:
    made = script["initial_parameters"](script["CONFIG"], torch.Generator())
    assert {name: array.shape for name, array in shipped.items()} == {name: tuple(p.shape) for name, p in made.items()}
    assert sum(array.size for array in shipped.values()) == 28_800
    assert {array.dtype for array in shipped.values()} == {np.dtype(np.float16)}
    assert (FOLDER / "weights.npz").stat().st_size < 60_000


def test_the_script_makes_a_model_as_good(script: dict[str, Any], corpus: str, shipped: dict[str, np.ndarray]) -> None:
    data: Tensor = script["encoded"](corpus)
    T = script["CONFIG"]["context_length"]

    def loss(p: dict[str, Tensor]) -> float:
        with torch.no_grad():
            measured: Tensor = script["loss_on"](p, script["CONFIG"], data, torch.arange(0, len(data) - T, T))
        return measured.item()

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # steps of tiny matrices: more threads are slower
    try:
        again = loss(script["trained"](corpus))
    finally:
        torch.set_num_threads(threads)
    assert loss({name: torch.from_numpy(array).float() for name, array in shipped.items()}) == pytest.approx(
        again, abs=0.02
    )
