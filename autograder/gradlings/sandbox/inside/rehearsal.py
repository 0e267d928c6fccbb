"""What a zygote runs before its first fork, as a worker runs a submission: nobody's code, in ordinary words.

Workers are forks, so what is imported, cached or specialized by Python here is so in all of them. Each function is
called more often than Python 3.11 to 3.13 waits before it specializes bytecode.
"""

from __future__ import annotations

from typing import Any

import torch

FILE = "rehearsal.py"
TIMES = 12
SOURCE = '''
import math

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

SCALE = 0.5


class Tree:
    """Hold a value and its parents."""

    def __init__(self, value: float, *parents: "Tree") -> None:
        self.value, self.parents = value, parents


# %%
def rows(x: Float[Tensor, "n d"], labels: Int[Tensor, " n"]) -> tuple[Float[Tensor, ""], list[float]]:
    """Loop, slice, add up and stack."""
    total = x.new_zeros(())
    for index, row in enumerate(x):
        if labels[index] > 0 and row.shape[0] > 1:
            total = total + SCALE * (row * row).sum() - row[0]
    return torch.stack([total, x.mean()]).max(), [float(value) for value in x[:, 0]]


def curve(x: Float[Tensor, "..."]) -> dict[str, Tensor]:
    """Go through elementary functions."""
    y = torch.where(x > 0, torch.exp(-x), torch.log1p(x.abs()))
    z = F.relu(x.clamp(min=-1.0)).reshape(-1)
    return {"y": y, "z": z + y.flatten(), "none": None, "n": int(math.sqrt(9.0))}


def tree(x: float, n: int) -> list[Tree]:
    """Build what cannot be sent."""
    return [Tree(x * index) for index in range(n)]


def slope(x: Tensor) -> Tensor:
    """Differentiate."""
    x = x.detach().requires_grad_()
    x.pow(2).sum().backward()
    return x.grad


def change(x: Tensor) -> np.ndarray:
    """Change an argument."""
    x[0] = 1.0
    return x.numpy()


def fail(x: Tensor) -> Tensor:
    """Raise."""
    return x @ x.reshape(7)
'''
STAND_INS = {"right": "def right():\n    pass"}
_MATRIX = torch.tensor([[0.5, -1.25, 3.0], [2.0, 0.0, 7.5]], dtype=torch.float64)
CALLS: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("rows", (_MATRIX, torch.tensor([1, 0]))),
    ("curve", (_MATRIX.float(),)),
    ("curve", (_MATRIX[0, 0],)),
    ("tree", (0.5, 3)),
    ("slope", (_MATRIX[:, 0],)),
    ("change", (_MATRIX.T.contiguous().T,)),
    ("fail", (_MATRIX,)),
)
