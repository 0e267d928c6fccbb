"""Answers that ask PyTorch or NumPy for what an exercise wants written: none earns a point."""

from __future__ import annotations

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from gradlings.runners.session import collected_checks
from gradlings.submission.reader import from_source

ROOT = Path(__file__).parents[1]

PRODUCTS = {
    "matrices": "torch.tensor(np.array(np.matrix(a.numpy()) * np.matrix(b.numpy())), dtype=a.dtype)",
    "einsum": "torch.from_numpy(np.einsum('ij,jk->ik', a.numpy(), b.numpy()))",
    "dot": "torch.from_numpy(np.dot(a.numpy(), b.numpy()))",
    "method": "torch.from_numpy(a.numpy().dot(b.numpy()))",
    "operator": "torch.from_numpy(a.numpy() @ b.numpy())",
    "matmul": "torch.from_numpy(np.matmul(a.numpy(), b.numpy()))",
    "inner": "torch.from_numpy(np.inner(a.numpy(), b.numpy().T))",
    "tensordot": "torch.from_numpy(np.tensordot(a.numpy(), b.numpy(), 1))",
    "multi_dot": "torch.from_numpy(np.linalg.multi_dot([a.numpy(), b.numpy()]))",
    "bags": """F.embedding_bag(torch.arange(len(b)).repeat(len(a), 1), b.double(), mode="sum",
        per_sample_weights=a.double()).to(a.dtype)""",
    "distances": """((a.double()[:, None]**2).sum(-1) + (b.double().T**2).sum(-1)
        - torch.cdist(a.double(), b.double().T.contiguous())**2).div(2).to(a.dtype)""",
}
ANSWERS = {
    "01": [
        *(("1.8", f"def matmul_loops(a, b):\n    return {product}") for product in PRODUCTS.values()),
        ("1.2", "def nested_shape(x):\n    torch.tensor(x)\n    return np.shape(x)"),
        (
            "1.7",
            "def row_major_strides(shape):\n    return torch.empty(shape, device='meta', dtype=torch.int8).stride()",
        ),
        ("1.7", "def row_major_strides(shape):\n    return tuple(s // 8 for s in np.empty(shape).strides)"),
        (
            "1.7",
            "def row_major_strides(shape):\n    t = torch.empty([n + 1 for n in shape], device='meta')\n"
            "    return tuple(t.select(i, 1).storage_offset() for i in range(t.dim()))",
        ),
        ("1.10", "def broadcast_shape(a, b):\n    return torch.broadcast_shapes(a, b)"),
        ("1.10", "def broadcast_shape(a, b):\n    return (torch.empty(a) + torch.empty(b)).shape"),
    ],
    "02": [
        ("2.1", f"def load_config(text):\n{body}")
        for body in (
            "    return eval(text)",
            "    exec(text, names := {})\n    return names",
            "    import ast\n    return ast.literal_eval(text)",
            "    import json\n    return json.loads(text)",
            "    def g(): pass\n    g.__annotations__ = {'a': text}\n    import typing\n"
            "    return typing.get_type_hints(g)",
        )
    ],
    "03": [
        (
            "3.5",
            "def manual_gradients(x, w, b, y):\n    w, b = w.clone().requires_grad_(), b.clone().requires_grad_()\n"
            "    node = F.binary_cross_entropy(torch.sigmoid(x * w + b), y).grad_fn\n"
            "    z = node.next_functions[0][0](node(torch.ones_like(y)))\n    return z * x, z",
        )
    ],
}
SOURCES = {"01": "tensors", "02": "gpt_config", "03": "autodiff"}


@pytest.mark.parametrize("number", ANSWERS)
def test_ready_made_answers_earn_nothing(number: str) -> None:
    """In a process of its own: an answer that asks for 24 GB leaves them reserved, and no fork comes after that."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")) as apart:
        assert apart.submit(earned_with, number).result() == []


def earned_with(number: str) -> list[tuple[str, str, int]]:
    folder, name = ROOT / "assignments" / number, SOURCES[number]
    solution = (ROOT / "solutions" / number / f"{name}.py").read_text(encoding="utf-8")
    checks = folder / f"test_{name}.py"
    earned = []
    with collected_checks(folder) as grader:
        for exercise, answer in ANSWERS[number]:
            imports = "# %%\nimport numpy as np\nimport torch\nimport torch.nn.functional as F"
            source = from_source(f"{solution}\n{imports}\n# %%\n{answer}\n", Path(f"{name}.py"))
            card = grader.grade(source, checks, seed=7, only=[exercise]).scorecard
            (score,) = (score for score in card.exercises if score.id == exercise)
            earned += [(exercise, answer, score.points)] if score.points else []
    return earned
