"""The prose of the assignments: every figure is computed, every name resolves, nothing gives an answer away."""

import ast
import importlib
import itertools
import math
import re
import runpy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.authoring.solved_cells import MAX_WORDS, address
from gradlings.authoring.verify import leaked_line
from gradlings.submission.exercise_text import solved_texts
from student_kit import PROJECT

ASSIGNMENTS = {assignment.id: assignment for assignment in find_assignments(PROJECT)}
EXERCISES = [exercise.id for assignment in ASSIGNMENTS.values() for exercise in assignment.main.exercises]
MAX_COLUMNS = 120

# ---- figures

FIGURE = re.compile(r"(?<![\w.,/-])-?(?:\d{1,3}(?:(?:,|\\,)\d{3})+(?:\.\d+)?|\d*\.\d+|\d{3,})(?!\w)")
PUBLISHED = {
    "01": {"768", "50257", "44428", "2.13"},
    "02": {"768", "1,024", "1,280", "1,600", "12,288", "2,048", "2019"},
    "03": {"50,257"},
    "04": {"768", "50,257"},
    "05": {"0.9", "0.999", "0.95", "300", "2,000", "2015", "2019", "2024"},
    "06": {"50,257", "1,024", "8,192", "18.34", "0.044715"},
    "07": {"1,024", "50257", "50,000", "128,000"},
    "08": {"1,024", "2019"},
    "09": {"768", "300", "13,000", "2021", "2024"},
}
"""Settings, years and results of others, which nothing here can compute."""
EXAMPLES = {
    "01": {"0.5", "0.1", ".0"},
    "02": {"0.1"},
    "03": {"2.0", "1000", "-1000", "-2000", "1001", "1002", "1003", "0.2", "-100", "100"},
    "04": {"1.0", "1000"},
    "05": {"0.1", "0.01", "0.001", "100", "1000", "130"},
    "06": {"1000", "100", "150", "200", "500", "512"},
    "07": {"100", "200", "1,000"},
    "08": {"0.5", "0.25", "0.1875", "0.0625", "0.3", "0.7", "0.75", "0.8", "1.2", "2.5", "1,000", "256"},
    "09": {"0.003", "0.03", "0.1", "0.5", "400", "-9000"},
}
"""Inputs that the reader is to try."""


def gpt(layers: int, emb: int, *, tied: bool = False, qkv_bias: bool = False, context: int = 1_024) -> int:
    with torch.device("meta"):
        attention = [torch.nn.Linear(emb, 3 * emb, bias=qkv_bias), torch.nn.Linear(emb, emb)]
        feedforward = [torch.nn.Linear(emb, 4 * emb), torch.nn.Linear(4 * emb, emb)]
        block = [*attention, *feedforward, torch.nn.LayerNorm(emb), torch.nn.LayerNorm(emb)]
        once = [torch.nn.Embedding(50_257, emb), torch.nn.Embedding(context, emb), torch.nn.LayerNorm(emb)]
    return layers * numel(*block) + numel(*once) + (0 if tied else 50_257 * emb)


def numel(*modules: torch.nn.Module) -> int:
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


def neuron() -> dict[str, float]:
    x, y = torch.tensor([1.1, 1.0], dtype=torch.float64)
    w, b = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (2.2, 0.0))
    z = x * w + b
    loss = torch.nn.functional.binary_cross_entropy(torch.sigmoid(z), y)
    loss.backward()  # type: ignore[no-untyped-call]
    assert w.grad is not None
    assert b.grad is not None
    return {
        "2.42": z.item(),
        "0.9183397": torch.sigmoid(z).item(),
        "0.0851879": loss.item(),
        "-0.0898263": w.grad.item(),
        "-0.0816603": b.grad.item(),
        "-0.0898": w.grad.item(),
        "-0.0817": b.grad.item(),
    }


def gelu_at_one() -> dict[str, float]:
    bracket, root = 1 + 0.044715, math.sqrt(2 / math.pi)
    tanh = math.tanh(root * bracket)
    x = torch.linspace(-6, 6, 10_001, dtype=torch.float64)
    exact, approximate = (torch.nn.functional.gelu(x, approximate=kind) for kind in ("none", "tanh"))
    return {
        "1.044715": bracket,
        "0.797885": root,
        "0.833562": root * bracket,
        "0.682384": tanh,
        "0.841192": (1 + tanh) / 2,
        "0.0005": (exact - approximate).abs().max().item(),
    }


def corpus() -> dict[str, float]:
    folder = PROJECT / "assignments" / "06"
    text = (folder / "corpus.txt").read_text(encoding="utf-8")
    pairs, firsts = Counter(itertools.pairwise(text)), Counter(text[:-1])
    seen = sum(pairs.values())
    last_only = -sum(count / seen * math.log(count / firsts[first]) for (first, _), count in pairs.items())
    assert 1.12 <= last_only < 1.13, "the text says that the loss cannot get below 1.12"
    grammar = runpy.run_path(str(folder / "corpus.py"))
    return {
        "600": text.count("\n"),
        "3.14": math.log(len(set(text))),
        "1.12": math.floor(last_only * 100) / 100,
        "0.186": grammar["entropy_per_character"](),
        "300": runpy.run_path(str(folder / "picture.py"))["STEPS"],
    }


@cache
def names_of_06() -> dict[str, Any]:
    return runpy.run_path(str(ASSIGNMENTS["06"].main.path))


def tiny_gpt() -> int:
    cfg = names_of_06()
    return sum(value.numel() for value in cfg["TinyGPT"](cfg["TINY_CONFIG"], 0).parameters())


def regression(count: int) -> tuple[Tensor, Tensor]:
    """The examples of the broken loops of assignment 05: three inputs and a target each."""
    i = torch.arange(1.0, count + 1, dtype=torch.float64)
    X = torch.stack([torch.sin(i), torch.cos(2 * i), torch.sin(3 * i)], dim=1)
    return X, (X @ torch.tensor([1, -2, 0.5], dtype=torch.float64) + 0.5 * torch.sin(5 * i))[:, None]


@cache
def loops() -> tuple[dict[str, Any], dict[str, Any]]:
    """The functions of assignment 05 and its drivers."""
    assignment = ASSIGNMENTS["05"]
    return runpy.run_path(str(assignment.main.path)), runpy.run_path(str(assignment.folder / "drivers.py"))


def losses_of_epochs(function: str, pieces: int, epochs: int, *options: float) -> list[float]:
    """The losses of some epochs with 30 examples, in pieces, from weights of 0 on, with the learning rate 0.1."""
    names, drivers = loops()
    X, y = regression(30)
    batches = list(zip(X.chunk(pieces), y.chunk(pieces), strict=True))
    net, opt = drivers["_layer_and_optimizer"](X.new_zeros(1, 3), X.new_zeros(1), 0.1)
    return [names[function](net, opt, batches, *options) for _ in range(epochs)]


def log_of_warm_up(function: str) -> list[tuple[float, float]]:
    names, drivers = loops()
    net, opt = drivers["_layer_and_optimizer"](torch.zeros(1, 3).double(), torch.zeros(1).double(), 0.3)
    log: list[tuple[float, float]] = names[function](net, opt, [regression(30)] * 6, lambda step: 0.02 * step)
    return log


@dataclass(frozen=True)
class Run:
    """A training run of 06 with a loss and batches that may be broken, and what it leads to."""

    losses: list[float]
    by_position: list[float]


def run_of_06(steps: int, loss_of: Callable[..., torch.Tensor], cut: Callable[..., tuple[torch.Tensor, ...]]) -> Run:
    names = names_of_06()
    cfg, T = names["TINY_CONFIG"], names["TINY_CONFIG"]["context_length"]
    text = (PROJECT / "assignments" / "06" / "corpus.txt").read_text(encoding="utf-8")
    data, model = names["CharTokenizer"](text).encode(text), names["TinyGPT"](cfg, 0)
    generator = torch.Generator().manual_seed(0)

    def batch(size: int) -> tuple[torch.Tensor, ...]:
        return cut(data, torch.randint(len(data) - T, (size,), generator=generator).tolist(), T)

    optimizer = torch.optim.Adam(model.parameters(), lr=cfg["learning_rate"])
    losses = []
    for _ in range(steps):
        x, y = batch(cfg["batch_size"])
        loss = loss_of(model(x), y)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    generator.manual_seed(1)
    x, y = batch(512)
    with torch.no_grad():
        each = torch.nn.functional.cross_entropy(model(x).transpose(1, 2), y, reduction="none")
    return Run(losses, each.mean(0).tolist())


@cache
def tables_of_06() -> dict[str, list[list[float]]]:
    """The figures of its tables, row by row, in float64, so that they do not depend on the machine."""
    names = names_of_06()
    lines = (PROJECT / "assignments" / "06" / "corpus.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    train, valid = "".join(lines[:6]), "".join(lines[6:12])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    try:
        right = run_of_06(150, names["repaired_loss"], names["repaired_batch"])
        softmax = run_of_06(101, names["broken_loss"], names["repaired_batch"])
        rolled = run_of_06(150, names["repaired_loss"], names["broken_batch"])
        cfg = names["TINY_CONFIG"] | {"vocab_size": len(set(train + valid))}
        both = names["pretrain_with_validation"](cfg, train, valid, 301, 50, 0)
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_num_threads(threads)
    valid_losses = dict(both[1])
    places = [position - 1 for position in (1, 2, 3, 4, 8, 16, 31, 32)]
    return {
        "6.14": [[both[0][step], valid_losses[step]] for step in (0, 50, 100, 200, 300)],
        "6.15": [[softmax.losses[step], right.losses[step]] for step in (0, 25, 100)],
        "6.16": [[run.by_position[place] for place in places] for run in (rolled, right)],
        "means": [[sum(run.by_position) / 32 for run in (rolled, right)]],
        "floor": [[math.log(math.e + 22) - 1]],  # one probability of 1 and 22 of 0, taken as logits
    }


@cache
def computed(assignment: str) -> dict[str, float]:
    emb = 768
    linear = 12 * (4 * emb * emb + 8 * emb * emb) + 50_257 * emb
    small = gpt(12, emb)
    match assignment:
        case "01":
            return {
                "130": 130,  # levels of brackets; compared with the probe below
                r"16\,777\,216": 2**24,
                r"16\,777\,217": 2**24 + 1,
                "124": linear / 1e6,
            }
        case "02":
            huge = 12 * 12 * (10**9) ** 2 / 1e20
            exact = 2 * 50_257 * 10**9 + 1_024 * 10**9 + 12 * (12 * 10**18 + 10 * 10**9) + 2 * 10**9
            assert exact == gpt_by_formula(12, 10**9)
            assert 2 * exact / 1e12 / 1e6 == pytest.approx(288, abs=0.5)
            return {
                "163,009,536": small,
                "163": small / 1e6,
                "124,412,160": gpt(12, emb, tied=True),
                "163,037,184": gpt(12, emb, qkv_bias=True),
                "124,439,808": gpt(12, emb, tied=True, qkv_bias=True),
                **{"406,212,608": gpt(24, 1_024), "354,749,440": gpt(24, 1_024, tied=True)},
                **{"838,220,800": gpt(36, 1_280), "773,891,840": gpt(36, 1_280, tied=True)},
                **{"1,637,792,000": gpt(48, 1_600), "1,557,380,800": gpt(48, 1_600, tied=True)},
                "174,604,259,328": gpt(96, 12_288, tied=True, qkv_bias=True, context=2_048),
                "144,000,101,660,000,000,000": exact,
                "1.44": huge,
                "288": 2 * exact / 1e18,
                "760": 768 // 10 * 10,
                "100": 10 / 0.1,
                "1,025": 1_024 + 1,
                "38,400": 25 * 2 * emb,
                "2048": torch.nn.TransformerEncoderLayer(4, 1).linear1.out_features,
                "7,085,568": (small - gpt(0, emb)) // 12,
                "1,048,576": 2**20,
                "652,038,144": 4 * small,
                "652.04": 4 * small / 1e6,
                "621.83": 4 * small / 2**20,
                "310.92": 2 * small / 2**20,
                "2,487.33": 16 * small / 2**20,
                "0.9": 1 - 0.1,
                "1.1111": 1 / (1 - 0.1),
            }
        case "03":
            return neuron() | {"0.5": torch.sigmoid(torch.zeros(())).item(), "163": small / 1e6, "326": 2 * 163}
        case "04":
            numbers = torch.zeros((), requires_grad=True)
            torch.maximum(numbers, torch.zeros(())).backward()  # type: ignore[no-untyped-call]
            assert numbers.grad is not None
            return {"0.5": numbers.grad.item(), "3,072": 4 * emb, "38,597,376": 50_257 * emb}
        case "05":
            last = {
                (function, pieces): losses_of_epochs(function, pieces, 5)[-1]
                for function, pieces in itertools.product(("broken_epoch", "repaired_epoch"), (1, 3, 10, 30))
            }
            assert last["broken_epoch", 1] == pytest.approx(last["repaired_epoch", 1])
            assert 3.5e11 < last["broken_epoch", 30] < 4.5e11
            unlimited = losses_of_epochs("broken_clipped_epoch", 10, 3, 100.0)
            assert losses_of_epochs("broken_clipped_epoch", 10, 3, 1.0) == unlimited
            assert losses_of_epochs("broken_clipped_epoch", 10, 3, 0.01) == unlimited
            assert losses_of_epochs("repaired_clipped_epoch", 10, 1, 0.01) == pytest.approx([2.57], abs=0.005)
            rates, losses = zip(*log_of_warm_up("broken_warm_up"), strict=True)
            right = [loss for _, loss in log_of_warm_up("repaired_warm_up")]
            assert right[0] == right[1], "a step with the rate 0 changes nothing"
            assert [round(rate, 2) for rate in rates] == [0, 0.02, 0.04, 0.06, 0.08, 0.1]
            return {
                "0.63": 1 - 0.999**1000,
                "0.0001": 0.001 * 0.1,
                "1.185": last["broken_epoch", 1],
                "0.128": last["broken_epoch", 3],
                "0.293": last["repaired_epoch", 3],
                "14.93": last["broken_epoch", 10],
                "0.144": last["repaired_epoch", 10],
                "0.192": last["repaired_epoch", 30],
                **dict(zip(("1.384", "0.285", "0.161"), unlimited, strict=True)),
                "2.57": losses[0],
                **dict(zip(("0.02", "0.04", "0.06", "0.08", "0.10"), rates[1:], strict=True)),
                **dict(zip(("2.572", "1.330", "0.721", "0.420", "0.271", "0.197"), losses, strict=True)),
            }
        case "09":
            names = runpy.run_path(str(ASSIGNMENTS["09"].main.path))
            weights = names["pretrained"]((PROJECT / "assignments" / "09" / "weights.npz").read_bytes())
            thin = names["lora_params"]([(emb, emb)] * 2 * 12, 8)
            whole = gpt(12, emb, tied=True, qkv_bias=True)
            return {
                "600": corpus()["600"],
                "28,800": sum(tensor.numel() for tensor in names["tensors_of"](weights)),
                "294,912": thin,
                "0.24": 100 * thin / whole,
                "124": whole / 1e6,
                "0.693": math.log(2),
                "-100": torch.nn.CrossEntropyLoss().ignore_index,
            }
        case "07":
            first_ids = {str(i): float(i) for i in (2**8 - 1, 2**8, 2**8 + 1, 2**8 + 2)}
            return {str(byte): float(byte) for byte in "hié词".encode()} | first_ids | {"50,257": 2**8 + 50_000 + 1}
        case "08":
            return of_writing(gpt(12, emb, tied=True, qkv_bias=True))
    tied = gpt(12, emb, tied=True, qkv_bias=True) / 1e6
    trained = {f"{value:.2f}": value for rows in tables_of_06().values() for row in rows for value in row}
    return {"27,776": tiny_gpt(), "124": tied, "10.82": math.log(50_257)} | trained | corpus() | gelu_at_one()


def of_writing(small: int) -> dict[str, float]:
    """The figures of 08; `small` is the size of GPT-2 small."""
    hot, plain, cold = (torch.softmax(torch.tensor([2.0, 1, -1]) / t, 0).tolist() for t in (4, 1, 0.5))
    texts = ("0.44", "0.35", "0.21"), ("0.71", "0.26", "0.04"), ("0.88", "0.12", "0.00")
    shown = {
        figure: p for row, ps in zip(texts, (hot, plain, cold), strict=True) for figure, p in zip(row, ps, strict=True)
    }
    two, three = 0.5 + 0.25, 0.5 + 0.25 + 0.1875
    shown |= {"0.667": 0.5 / two, "0.333": 0.25 / two, "0.9375": three}
    shown |= {"0.533": 0.5 / three, "0.267": 0.25 / three, "0.2": 0.1875 / three, "1.67": 2 / 1.2}
    q = (torch.tensor([1.0, -2, 0.5]) / (2 / 127)).round()
    steps = {"127": 2**7 - 1, "128": 2**7, "63.5": 1 / (2 / 127), "31.75": 0.5 / (2 / 127)}
    steps |= {"1.008": (q[0] * 2 / 127).item(), "0.504": (q[2] * 2 / 127).item()}
    with np.load(PROJECT / "assignments" / "08" / "weights.npz") as weights:
        numbers = sum(weights[name].size for name in weights.files)
    settings = runpy.run_path(str(PROJECT / "assignments" / "08" / "weights.py"))
    sizes = {"28,800": numbers, "300": settings["STEPS"], "249": 2 * small / 1e6}
    sizes |= {"37,748,736": 2 * 12 * 1_024 * 768 * 2, "255": 256 - 1, "32,640": sum(range(256))}
    return shown | steps | sizes


def gpt_by_formula(layers: int, emb: int) -> int:
    block = 12 * emb * emb + 10 * emb
    return (2 * 50_257 + 1_024) * emb + layers * block + 2 * emb


def prose(assignment: Assignment) -> list[str]:
    """What is written in words: prose, hints and what is told later, without code blocks, addresses and numbering."""
    source = assignment.main
    cells = [cell.source for cell in source.cells if cell.cell_type == "markdown"]
    texts = [*cells, *source.solved.values(), *(step for ladder in source.hints.values() for step in ladder)]
    return [re.sub(r"```.*?```|https?://\S+|^#+ [\d.]+ |^\d\. ", "", text, flags=re.S | re.M) for text in texts]


@pytest.mark.parametrize("id", ASSIGNMENTS)
def test_every_figure_is_computed(id: str) -> None:
    found = {figure for text in prose(ASSIGNMENTS[id]) for figure in FIGURE.findall(text)} - set(EXERCISES)
    values = computed(id)
    assert found - set(values) - PUBLISHED[id] - EXAMPLES[id] == set(), "say how it is computed"
    told_of = found | set(EXERCISES)  # a figure may look like the id of an exercise
    assert set(values) | PUBLISHED[id] | EXAMPLES[id] <= told_of, "no longer in the text"
    for figure, value in values.items():
        digits = figure.replace(r"\,", "").replace(",", "")
        decimals = len(digits.partition(".")[2])
        assert round(value, decimals) == float(digits) if decimals else round(value) == int(digits), figure


def test_shares_are_computed() -> None:
    text = " ".join(" ".join(prose(ASSIGNMENTS["02"])).split())
    feedforward = 4_722_432
    assert "two thirds of a block's parameters" in text
    assert round(feedforward / 7_085_568, 2) == 0.67
    assert "in the larger models more than half of all parameters" in text
    large = [(36, 1_280), (48, 1_600)]
    assert all(layers * (8 * emb * emb + 5 * emb) / gpt(layers, emb) > 0.5 for layers, emb in large)
    assert "token table is 31 % of all parameters" in text
    assert round(100 * 50_257 * 768 / gpt(12, 768, tied=True, qkv_bias=True)) == 31
    assert "nearly a third of the small model, and a twentieth of the largest" in text
    assert round(20 * 50_257 * 1_600 / gpt(48, 1_600, tied=True, qkv_bias=True)) == 1
    assert "about 77 of a token's 768" in text
    assert round(0.1 * 768) == 77


def told(assignment: str, *parts: str) -> None:
    text = " ".join(" ".join(prose(ASSIGNMENTS[assignment])).split())
    for part in parts:
        assert part in text, part


def test_figures_of_one_or_two_digits_are_computed() -> None:
    told("01", r"the same 32 bits mean $1.4\cdot 10^{-45}$", "31 zero bits and a one")
    assert f"{torch.tensor(1, dtype=torch.int32).view(torch.float32).item():.1e}" == "1.4e-45"

    told("03", r"For $x^3$ at 2 with $h = 10^{-4}$ that is $6 \cdot 10^{-4}$ against $10^{-8}$")
    h = 1e-4
    assert ((2 + h) ** 3 - 2**3) / h - 12 == pytest.approx(6e-4, rel=0.01)
    assert ((2 + h) ** 3 - (2 - h) ** 3) / (2 * h) - 12 == pytest.approx(1e-8, rel=0.1)

    told("03", "takes 1 instead of 6 for the gradient of $h$, and gets $dy/dx = 2$ instead of 12")
    through_g, direct = 5, 1
    assert (2 * direct, 2 * (direct + through_g)) == (2, 12)

    told("03", "$dy/dx = (2h + 1)\\cdot 2 = 26$", "keeps only the last share. If that is a 6, it says 12")
    told("03", "the sums are 6, 12 and 13, and it says $2\\cdot(6 + 12 + 13) = 62$")
    shares = [6, 6, 1]  # that h = 6 gets from h * h, twice, and from + h
    early = sum(2 * sum(shares[: number + 1]) for number in range(len(shares)))
    assert (2 * sum(shares), 2 * shares[0], early) == (26, 12, 62)

    told("03", "their exponentials are 1, 2 and 5, the sum is 8, and the probabilities are 1/8, 2/8 and 5/8")
    scores = torch.tensor([1.0, 2.0, 5.0]).log()
    assert torch.softmax(scores, 0).mul(8).tolist() == pytest.approx([1, 2, 5])

    told(
        "05",
        "it would move 3.2 times as far: $m$ would be 10 times too small",
        "$\\sqrt v$ would be 32 times too small",
    )
    first, second = 1 - 0.9, math.sqrt(1 - 0.999)
    assert [round(figure, 1) for figure in (first / second, 1 / first, 1 / second)] == [3.2, 10, 31.6]


def test_the_bug_of_the_backward_pass_shows_as_told() -> None:
    names = runpy.run_path(str(ASSIGNMENTS["04"].main.path))
    engine = runpy.run_path(str(ASSIGNMENTS["03"].main.path))
    x, y = torch.tensor([[1.0, 2.0]], dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    p = {
        "W1": torch.tensor([[0.5, 0.5], [0.5, -1.0], [1.0, 0.5], [-1.0, 0.2]], dtype=torch.float64),
        "b1": torch.zeros(4, dtype=torch.float64),
        "W2": torch.tensor([[0.4, 0.3, -0.6, -0.2]], dtype=torch.float64),
        "b2": torch.tensor([0.6], dtype=torch.float64),
    }
    cache = names["mlp_forward"](x, p)
    dz2 = names["sigmoid_bce_backward"](cache["a"], y)
    dz1 = names["hidden_gradient"](dz2, cache["z1"], p["W2"])

    def measured(name: str) -> torch.Tensor:
        def loss(numbers: torch.Tensor) -> torch.Tensor:
            a = names["mlp_forward"](x, p | {name: numbers.reshape(p[name].shape)})["a"]
            return torch.nn.functional.binary_cross_entropy(a, y)

        slopes: torch.Tensor = engine["numeric_gradient"](loss, p[name].flatten(), 1e-5)
        return slopes.reshape(p[name].shape)

    text = next(cell.source for cell in ASSIGNMENTS["04"].main.cells if "4.11 Find the bug" in cell.source)
    ours, right = (dz1.T @ x), measured("W1").round(decimals=9) + 0
    for row, column in itertools.product(range(4), range(2)):
        one, other = ours[row, column], right[row, column]
        error = engine["gradcheck_error"](one, other).round(decimals=6).item()
        assert f" W1[{row}, {column}] {one:16.4f} {other:15.4f} {error:8.1f}\n" in text + "\n"
    assert engine["gradcheck_error"](dz2.T @ cache["h"], measured("W2")) < 1e-6


def test_the_tables_of_06_are_as_told() -> None:
    tables = {name: [[f"{value:.2f}" for value in row] for row in rows] for name, rows in tables_of_06().items()}
    for name, firsts in {"6.14": (0, 50, 100, 200, 300), "6.15": (0, 25, 100)}.items():
        told("06", *(f"| {step} | {' | '.join(row)} |" for step, row in zip(firsts, tables[name], strict=True)))
    for run, row in zip(("with `broken_batch`", "with right batches"), tables["6.16"], strict=True):
        told("06", f"| {run} | {' | '.join(row)} |")
    ((rolled, right),) = tables["means"]
    told("06", f"over 512 windows the loss is {rolled} in the end, where a run with right batches has {right}.")
    told("06", f"certain and always right, `broken_loss` gives {tables['floor'][0][0]} and not 0")


def test_the_rounds_of_training_a_tokenizer_are_as_told() -> None:
    names = runpy.run_path(str(ASSIGNMENTS["07"].main.path))
    space, a, b = b" ab"
    words = [([a, a, b], 1), ([space, a, a, b], 2)]
    assert [(list(word.encode()), n) for word, n in Counter(names["split_words"]("aab aab aab")).items()] == words
    told(
        "07",
        "| 1 | aa 3, ab 3, ␣a 2 | aa → 256 |",
        "| 2 | 256 b 3, ␣ 256 2 | 256 b → 257 |",
        "| 3 | ␣ 257 2 | ␣ 257 → 258 |",
    )
    rounds = [{(a, a): 3, (a, b): 3, (space, a): 2}, {(256, b): 3, (space, 256): 2}, {(space, 257): 2}]
    merges = names["train_bpe"]("aab aab aab", 9)
    assert merges == [(a, a), (256, b), (space, 257)]
    for new_id, (counts, pair) in enumerate(zip(rounds, merges, strict=True), 256):
        assert names["count_pairs"](words) == counts
        words = [(names["merge_pair"](ids, pair, new_id), n) for ids, n in words]

    told("07", "a b c possible: ab (second), bc (first) a 256 nothing more", "gets 257 c")
    assert names["encode"]("abc", [(b, 99), (a, b)]) == [a, 256]
    told("07", "gives each byte the same chance needs 8 bits for it")
    nats = torch.tensor([10 * math.log(256)], dtype=torch.float64)
    assert float(names["bits_per_byte"](nats, ["ten bytes!"])) == pytest.approx(8)


def test_the_picture_of_the_model_is_right() -> None:
    picture = next(cell.source for cell in ASSIGNMENTS["02"].main.cells if "```text" in cell.source)
    counts = [int(number.replace(",", "")) for number in re.findall(r"\d{1,3}(?:,\d{3})+", picture)]
    head, final, block, feedforward, norm, attention, other, tables, total = counts
    assert (final, norm, other) == (1_536,) * 3
    assert block == feedforward + norm + attention + other
    assert total == head + final + 12 * block + tables == gpt(12, 768)
    for line in picture.splitlines():
        for exercise in re.findall(r" (\d\.\d+) ", line):
            assert exercise in EXERCISES


# ---- what is told once an exercise is solved


@pytest.mark.parametrize("id", ASSIGNMENTS)
def test_every_exercise_has_its_text(id: str) -> None:
    source = ASSIGNMENTS[id].main
    built = solved_texts(ASSIGNMENTS[id].folder)
    assert list(source.solved) == [exercise.id for exercise in source.exercises]
    assert built == source.solved
    for text in built.values():
        assert len(re.sub(r"\*\*|<.*>", "", text).split()) <= MAX_WORDS
        assert text.isascii(), "it is shown on plain terminals, too"
    students = (ASSIGNMENTS[id].folder / f"{source.path.stem}.py").read_text(encoding="utf-8")
    notebook = (ASSIGNMENTS[id].folder / f"{source.path.stem}.ipynb").read_text(encoding="utf-8")
    assert "Why it works." not in students + notebook


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_name_of_pytorch_resolves_and_has_its_address(exercise: str) -> None:
    text = ASSIGNMENTS[f"0{exercise[0]}"].main.solved[exercise]
    names = re.findall(r"`(torch\.[\w.]+)`", text)
    assert names
    for name in names:
        assert resolved(name) is not None, name
    assert f"\n<{address(names[0])}>" in text


def resolved(name: str) -> object:
    """The object of a dotted name; a function may have the name of the module that it comes from."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise ImportError(name)


def test_an_address_is_that_of_the_page_that_describes_a_name() -> None:
    docs = "https://docs.pytorch.org/docs/stable"
    assert address("torch.nn.functional.gelu") == f"{docs}/generated/torch.nn.functional.gelu.html"
    assert address("torch.utils.data.DataLoader") == f"{docs}/data.html#torch.utils.data.DataLoader"


# ---- nothing is given away, and everything can be read


@pytest.mark.parametrize("id", ASSIGNMENTS)
def test_no_text_holds_a_line_of_any_solution_of_its_assignment(id: str) -> None:
    source = ASSIGNMENTS[id].main
    given = "\n".join(
        cell.source for cell in source.cells if cell.cell_type == "code" and "solution" not in cell.metadata
    )
    solutions = "\n".join(source.solution_of(exercise.id) for exercise in source.exercises)
    secret = "\n".join(line for line in solutions.splitlines() if line.strip() not in given)
    for text in prose(ASSIGNMENTS[id]):
        assert not leaked_line(text, secret), text


@pytest.mark.parametrize("id", ASSIGNMENTS)
def test_no_line_is_too_long_for_an_editor(id: str) -> None:
    main = ASSIGNMENTS[id].main.path
    for path in (main, ASSIGNMENTS[id].folder / main.name):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert len(line) <= MAX_COLUMNS, f"{path}:{number}"


def test_every_kind_of_type_line_is_explained() -> None:
    """The table of assignment 01 and docs/student.md name every kind of dtype and of shape that a type line has."""
    used = {
        node.value.id
        for assignment in ASSIGNMENTS.values()
        for node in ast.walk(ast.parse(assignment.main.text))
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and "Tensor" in ast.unparse(node.slice)
    } - {"tuple", "list", "dict", "Callable", "Iterable"}
    cell = next(cell.source for cell in ASSIGNMENTS["01"].main.cells if "How to read a type line" in cell.source)
    for text in (cell, Path(PROJECT, "docs", "student.md").read_text(encoding="utf-8")):
        assert {kind for kind in used if f"`{kind}`" not in text} == set()
        assert all(shape in text for shape in ('"n d"', '"n-T T"', '"*batch n"', '"... n"', '""'))
