"""The script that compares a real GPU with checks, tolerances and virtual GPU, in a dry run on the CPU."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gradlings.checks.compare_leaf import Rules
from gradlings.model.observation import CallResult
from gradlings.model.scorecard import Verdict
from student_kit import TINY

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("gpu")


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    module = importlib.import_module("gpu_parts")
    monkeypatch.setattr(module, "ROOT", shutil.copytree(TINY, tmp_path / "tiny"))
    return module


def test_right_answers_and_their_errors(gpu: Any, parts: Any) -> None:
    rows: list[dict[str, Any]] = []
    parts.right("cpu", rows.append, "09")
    json.dumps(rows)
    assert all(row["right"] for row in rows), rows
    assert sum(row["is_solution"] for row in rows) == 4, "three exercises and the warm-up"
    assert len(rows) == 4 + 6
    assert "| 09 | 4 of 4 | 6 of 6 |" in gpu.right_table(rows)
    shares = {row["exercise"]: row["shares"].get("cpu") for row in rows}
    assert shares["9.2"] < 1
    assert shares["9.3"] is None, "lists of integers have no tolerance"
    assert "| 9.3 | – | – | – |" in gpu.share_table(rows)


def test_the_share_of_what_is_allowed(parts: Any) -> None:
    torch = importlib.import_module("torch")
    shares = parts.Shares()
    with shares.recorded("meta"):
        for got in (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0 + 1.05e-4]), torch.full((2,), torch.nan)):
            result = CallResult(Verdict.PASS, got, None, (got,))
            parts.assertions.value_difference(result, torch.tensor([1.0, 2.0]), Rules())
            found = dict(shares.largest)
            if not got.isnan().any():
                assert 0 <= found["cpu"] == pytest.approx(0.5 * float(got[1] > 2), abs=1e-3)
    assert found["cpu"] > 1
    assert set(found) == {"cpu"}


def test_times(gpu: Any, parts: Any) -> None:
    rows: list[dict[str, Any]] = []
    parts.seconds("cpu", rows.append, "09")
    assert len(rows) == 4
    assert all(row[mode] > 0 for row in rows for mode in ("cpu", "virtual", "device"))
    assert "| 09 | 4 |" in gpu.seconds_table(rows)


def test_labeled_functions_on_both_sides(gpu: Any, parts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["raises_as_on_the_cpu", "integer_bmm", "sum_of_copies", "convolution_and_pooling"]
    chosen = [case for case in parts.virtual_gpu_held_out.CASES if case.name in names]
    monkeypatch.setattr(parts.virtual_gpu_held_out, "CASES", chosen)
    real: list[dict[str, Any]] = []
    virtual: list[dict[str, Any]] = []
    parts.device("cpu", real.append, "0")
    parts.virtual("cpu", virtual.append)
    assert {row["case"]: row["outcome"] for row in real} == dict.fromkeys(names, "clean")
    assert {row["case"]: row["kind"] for row in virtual} == dict(
        zip(names, ["clean", "unsupported", "left", "clean"], strict=True)
    )
    shown = gpu.corpus_table(real, virtual)
    assert "Of 4 functions that the virtual GPU judges, the device does otherwise with 2." in shown
    assert "- `sum_of_copies`: the virtual GPU says left, the device: clean" in shown
    assert gpu.beside_sentence(virtual, virtual) == "Beside the device, it says the same of 4 of 4 functions."


def test_a_part_that_fails_is_told_of_and_the_others_go_on(
    gpu: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = tmp_path / "part.py"
    part.write_text(
        "import sys\nfile, start = open(sys.argv[3], 'a'), int(sys.argv[4])\n"
        "for case in range(start, 4):\n"
        "    if case == 1: sys.exit('no such luck')\n"
        "    lost = ', \"lost\": \"gone\"' if case == 2 else ''\n"
        '    print(\'{"case": "%d"%s}\' % (case, lost), file=file, flush=True)\n'
        "    if lost: sys.exit(3)\n"
    )
    monkeypatch.setattr(gpu, "PARTS", part)
    machine = gpu.Machine("cpu", tmp_path, tmp_path / "packages")
    rows = gpu.on_the_device(machine)
    assert [row["case"] for row in rows] == ["0", "number 1", "2", "3"]
    assert rows[1]["outcome"] == "died"
    assert "no such luck" in rows[1]["error"]
    assert len(machine.problems) == 2
