"""Wrong implementations beside right ones, each with words the diagnosis must contain: what test_diagnosing runs."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gradlings.checks.diagnosis.diagnose import FailingCall

Values = dict[str, object]
Implementation = Callable[..., Any]


class Maker:
    """Random inputs, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.numpy = np.random.Generator(np.random.PCG64(seed))

    def sizes(self, count: int, low: int = 3, high: int = 8) -> list[int]:
        """Sizes that are pairwise different."""
        return [int(n) for n in self.numpy.choice(np.arange(low, high + 1), count, replace=False)]

    def normal(self, *shape: int) -> Tensor:
        return torch.from_numpy(np.asarray(self.numpy.normal(size=shape)))

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        return torch.from_numpy(np.asarray(self.numpy.uniform(low, high, size=shape)))

    def ints(self, low: int, high: int, *shape: int) -> Tensor:
        return torch.from_numpy(np.asarray(self.numpy.integers(low, high, size=shape)))

    def labels(self, count: int) -> Tensor:
        """0.0 and 1.0, both present."""
        values = self.ints(0, 2, count).double()
        values[0], values[1] = 0.0, 1.0
        return values


@dataclass(frozen=True)
class Misconception:
    """One wrong implementation.

    Args:
        name: what is wrong with it.
        says: words the diagnosis must contain.
        inputs: makes the arguments of one call.
        right, wrong: the two implementations; arguments by name.
        names: the names of the members of the result.
    """

    name: str
    says: str
    inputs: Callable[[Maker], Values]
    right: Implementation
    wrong: Implementation
    names: tuple[str, ...] = ()

    def failing_calls(self, seed: int, count: int = 3) -> list[FailingCall]:
        """Failing calls; inputs on which the misconception does not show are left out."""
        found: list[FailingCall] = []
        for step in range(50):
            values = self.inputs(Maker(1000 * seed + step))
            call = FailingCall(
                self.wrong(**copy.deepcopy(values)), self.right(**copy.deepcopy(values)), copy.deepcopy(values)
            )
            if not same(call.got, call.expected):
                found.append(call)
            if len(found) == count:
                break
        return found


def same(got: object, expected: object) -> bool:
    """Equal in all that is compared; requires_grad counts, too."""
    if isinstance(got, Tensor) and isinstance(expected, Tensor):
        form = ("shape", "dtype", "device", "requires_grad")
        return all(getattr(got, a) == getattr(expected, a) for a in form) and torch.allclose(
            got.detach().double(), expected.detach().double(), rtol=1e-7, atol=1e-9, equal_nan=True
        )
    if isinstance(got, Mapping) and isinstance(expected, Mapping):
        return all(same(got[key], expected[key]) for key in expected)
    if isinstance(got, tuple | list) and isinstance(expected, tuple | list):
        return len(got) == len(expected) and all(map(same, got, expected))
    return type(got) is type(expected) and got == expected


MISCONCEPTIONS: list[Misconception] = []


def misconception(
    says: str, inputs: Callable[[Maker], Values], right: Implementation, names: tuple[str, ...] = ()
) -> Callable[[Implementation], Implementation]:
    """Adds the decorated wrong implementation; its docstring says what is wrong."""

    def add(wrong: Implementation) -> Implementation:
        name = wrong.__name__ + ": " + (wrong.__doc__ or "")
        MISCONCEPTIONS.append(Misconception(name, says, inputs, right, wrong, names))
        return wrong

    return add


def wrong_as(
    name: str,
    says: str,
    inputs: Callable[[Maker], Values],
    right: Implementation,
    wrong: Implementation,
    names: tuple[str, ...] = (),
) -> None:
    """Adds a one-line wrong implementation."""
    MISCONCEPTIONS.append(Misconception(name, says, inputs, right, wrong, names))


# ---- inputs


def matrix(make: Maker) -> Values:
    n, d = make.sizes(2)
    return {"x": make.normal(n, d)}


def cube(make: Maker) -> Values:
    return {"x": make.normal(*make.sizes(3, 2, 5))}


def vector(make: Maker) -> Values:
    return {"x": make.normal(*make.sizes(1, 5, 9))}


def positive(make: Maker) -> Values:
    return {"x": make.uniform(0.2, 3.0, *make.sizes(2))}


def two_vectors(make: Maker) -> Values:
    (n,) = make.sizes(1)
    return {"p": make.normal(n), "y": make.normal(n)}


def linear(make: Maker) -> Values:
    n, d, k = make.sizes(3)
    return {"x": make.normal(n, d), "W": make.normal(d, k), "b": make.normal(k)}


def one_neuron(make: Maker) -> Values:
    return {"x": make.normal(), "w": make.normal(), "b": make.normal(), "y": make.ints(0, 2).double()}


def batch(make: Maker) -> Values:
    n, d = make.sizes(2)
    return {"X": make.normal(n, d), "w": make.normal(d), "b": make.normal(), "y": make.labels(n)}


def square(make: Maker) -> Values:
    (n,) = make.sizes(1, 4, 7)
    return {"a": make.normal(n, n)}


def ids(make: Maker) -> Values:
    batch_size, length = make.sizes(2, 5, 9)
    return {"ids": make.ints(0, 500, batch_size, length)}


def shape(make: Maker) -> Values:
    return {"shape": tuple(make.sizes(int(make.ints(3, 6)), 2, 9))}


def config(make: Maker) -> Values:
    d, heads, layers = int(make.ints(100, 900)), int(make.ints(2, 13)), int(make.ints(2, 13))
    return {"cfg": {"emb_dim": d, "n_heads": heads, "n_layers": layers, "vocab_size": int(make.ints(1000, 60000))}}


# ---- one neuron and a batch of examples


def neuron_gradients(x: Tensor, w: Tensor, b: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    error = torch.sigmoid(w * x + b) - y
    return error * x, error


def batch_gradients(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    error = (torch.sigmoid(X @ w + b) - y) / len(y)
    return X.T @ error, error.sum()


DW_DB = ("dL/dw", "dL/db")


def _batch_misconception(name: str, says: str, change: Implementation) -> None:
    wrong_as(name, says, batch, batch_gradients, lambda X, w, b, y: change(*batch_gradients(X, w, b, y), X, y), DW_DB)


wrong_as(
    "both gradients negated",
    "dL/dw and dL/db: the value has the opposite sign",
    one_neuron,
    neuron_gradients,
    lambda x, w, b, y: tuple(-g for g in neuron_gradients(x, w, b, y)),
    DW_DB,
)


wrong_as(
    "dL/dw is dL/db",
    "dL/dw: this is what dL/db should be",
    one_neuron,
    neuron_gradients,
    lambda x, w, b, y: (neuron_gradients(x, w, b, y)[1],) * 2,
    DW_DB,
)
wrong_as(
    "swapped",
    "dL/dw and dL/db are swapped",
    one_neuron,
    neuron_gradients,
    lambda x, w, b, y: neuron_gradients(x, w, b, y)[::-1],
    DW_DB,
)
wrong_as(
    "w where x belongs",
    "Is w used where x belongs?",
    one_neuron,
    neuron_gradients,
    lambda x, w, b, y: ((torch.sigmoid(w * x + b) - y) * w, torch.sigmoid(w * x + b) - y),
    DW_DB,
)
_batch_misconception(
    "sum, not mean", "dL/dw and dL/db: every value is exactly N", lambda dw, db, X, y: (dw * len(y), db * len(y))
)
_batch_misconception("mean twice", "too small (N = X.shape[0])", lambda dw, db, X, y: (dw / len(y), db / len(y)))
_batch_misconception(
    "divided by D",
    "N/D = ",
    lambda dw, db, X, y: (dw * len(y) / X.shape[1], db * len(y) / X.shape[1]),
)
_batch_misconception("only dw is negated", "dL/dw: every value has the opposite sign", lambda dw, db, X, y: (-dw, db))
_batch_misconception("only db is a sum", "dL/db: the value is exactly N", lambda dw, db, X, y: (dw, db * len(y)))
_batch_misconception(
    "dw negated, db doubled", "dL/db: the value is exactly 2 times", lambda dw, db, X, y: (-dw, 2 * db)
)
_batch_misconception("dw as a column", "shape is", lambda dw, db, X, y: (dw[:, None], db))


@misconception("dL/db: the right answer is the sum of yours over axis 0", batch, batch_gradients, DW_DB)
def bias_per_example(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """dL/db keeps one value for each example"""
    error = (torch.sigmoid(X @ w + b) - y) / len(y)
    return X.T @ error, error


@misconception("opposite sign and is exactly N", batch, batch_gradients, DW_DB)
def negated_sum(X: Tensor, w: Tensor, b: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """label minus prediction, and summed"""
    error = y - torch.sigmoid(X @ w + b)
    return X.T @ error, error.sum()


# ---- factors


wrong_as("a square without its 2", "exactly half", matrix, lambda x: 2 * x**3, lambda x: x**3)
wrong_as("log2", "1/ln 2", positive, lambda x: x.log(), lambda x: x.log2())
wrong_as("ln for log2", "ln 2 = 0.6931", positive, lambda x: x.log2(), lambda x: x.log())
wrong_as("log10", "1/ln 10", positive, lambda x: x.log(), lambda x: x.log10())
wrong_as("percent", "exactly 100 times too large", positive, lambda x: x / x.sum(), lambda x: 100 * x / x.sum())
wrong_as(
    "mean loss in bits",
    "1/ln 2",
    positive,
    lambda x: x.log().square().mean(),
    lambda x: x.log().square().mean() / math.log(2),
)


def queries(make: Maker) -> Values:
    t, d = make.sizes(2, 3, 9)
    return {"q": make.normal(t, d), "k": make.normal(t, d)}


def scores(q: Tensor, k: Tensor) -> Tensor:
    return q @ k.T / math.sqrt(q.shape[1])


wrong_as("scores without scale", "times too large (N = q.shape[1]", queries, scores, lambda q, k: q @ k.T)
wrong_as("scores divided by d", "sqrt(N)", queries, scores, lambda q, k: q @ k.T / q.shape[1])


def dropout_inputs(make: Maker) -> Values:
    n, d = make.sizes(2, 4, 8)
    mask = make.ints(0, 2, n, d).double()
    mask[0, :2] = torch.tensor([0.0, 1.0])
    return {"x": make.normal(n, d), "keep": mask, "p": 0.1}


def dropout(x: Tensor, keep: Tensor, p: float) -> Tensor:
    return x * keep / (1 - p)


wrong_as("no scaling", "(1 - p) = 0.9", dropout_inputs, dropout, lambda x, keep, p: x * keep)
wrong_as("divided by p", "(1 - p)/p = 9", dropout_inputs, dropout, lambda x, keep, p: x * keep / p)
wrong_as("mask inverted", "0 exactly where", dropout_inputs, dropout, lambda x, keep, p: x * (1 - keep) / (1 - p))
wrong_as("mask not applied", "keep is 0", dropout_inputs, lambda x, keep, p: x * keep * 3, lambda x, keep, p: x * 3)
wrong_as(
    "an unknown constant",
    "1.37 times the right one",
    matrix,
    lambda x: x.exp(),
    lambda x: 1.37 * x.exp(),
)
wrong_as(
    "a factor that varies with the inputs",
    "one and the same number",
    matrix,
    lambda x: x.exp(),
    lambda x: x.exp() * x.abs().sum(),
)
wrong_as(
    "bytes for elements",
    "exactly 4 times too large",
    shape,
    lambda shape: torch.empty(shape).stride(),
    lambda shape: tuple(4 * n for n in torch.empty(shape).stride()),
)
wrong_as(
    "byte count of the wrong type",
    "2 times",
    config,
    lambda cfg: cfg["vocab_size"] * cfg["emb_dim"] * 2,
    lambda cfg: cfg["vocab_size"] * cfg["emb_dim"] * 4,
)
wrong_as(
    "counted once for each head",
    'cfg["n_heads"]',
    config,
    lambda cfg: 4 * cfg["emb_dim"] ** 2,
    lambda cfg: 4 * cfg["emb_dim"] ** 2 * cfg["n_heads"],
)
wrong_as(
    "MB for MiB",
    "1.0486",
    config,
    lambda cfg: cfg["vocab_size"] * cfg["emb_dim"] / 2**20,
    lambda cfg: cfg["vocab_size"] * cfg["emb_dim"] / 1e6,
)
wrong_as(
    "unbiased standard deviation",
    "N/(N-1)",
    linear,
    lambda x, W, b: x.std(-1, unbiased=False),
    lambda x, W, b: x.std(-1),
)
wrong_as(
    "layer norm with the unbiased variance",
    "sqrt((N-1)/N)",
    lambda make: {"x": make.normal(4, make.sizes(1, 5, 9)[0])},
    lambda x: (x - x.mean(-1, keepdim=True)) / x.std(-1, unbiased=False, keepdim=True),
    lambda x: (x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True),
)

# ---- terms and factors that are arguments

wrong_as("bias left out", "too small by exactly b", linear, lambda x, W, b: x @ W + b, lambda x, W, b: x @ W)
wrong_as("bias twice", "too large by exactly b", linear, lambda x, W, b: x @ W + b, lambda x, W, b: x @ W + 2 * b)
wrong_as("bias subtracted", "2 * b", linear, lambda x, W, b: x @ W + b, lambda x, W, b: x @ W - b)
wrong_as(
    "residual left out",
    "too small by exactly a",
    square,
    lambda a: a + torch.tanh(a @ a),
    lambda a: torch.tanh(a @ a),
)


def step_inputs(make: Maker) -> Values:
    (n,) = make.sizes(1)
    return {"w": make.normal(n), "g": make.normal(n), "lr": float(make.uniform(0.01, 0.5))}


wrong_as("uphill", "2 * g * lr", step_inputs, lambda w, g, lr: w - lr * g, lambda w, g, lr: w + lr * g)
wrong_as(
    "position table forgotten",
    'too small by exactly cfg["emb_dim"] * cfg["n_layers"]',
    config,
    lambda cfg: cfg["emb_dim"] * (cfg["vocab_size"] + cfg["n_layers"]),
    lambda cfg: cfg["emb_dim"] * cfg["vocab_size"],
)
wrong_as("a factor left out", "Is the factor y missing", two_vectors, lambda p, y: p.exp() * y, lambda p, y: p.exp())
wrong_as(
    "a factor too many", "the right one times y", two_vectors, lambda p, y: p.exp() * y, lambda p, y: p.exp() * y * y
)
wrong_as(
    "a(1 - a) too many",
    "a(1 - a)",
    lambda make: {"a": make.uniform(0.05, 0.95, 5), "y": make.labels(5)},
    lambda a, y: a - y,
    lambda a, y: (a - y) * a * (1 - a),
)
wrong_as("one too many everywhere", "too large by exactly 1", matrix, lambda x: x.exp(), lambda x: x.exp() + 1)
wrong_as("an offset", "off by one and the same amount", matrix, lambda x: x.exp(), lambda x: x.exp() + x.sum())

# ---- axes and shapes

wrong_as("transposed product", "transposed", matrix, lambda x: x @ x.T.exp(), lambda x: (x @ x.T.exp()).T)
wrong_as("transposed, not square", "transposed", linear, lambda x, W, b: x @ W, lambda x, W, b: (x @ W).T)
wrong_as("axes 0 and 1 swapped", "axes 0 and 1 swapped", cube, lambda x: x.exp(), lambda x: x.exp().transpose(0, 1))
wrong_as(
    ".T of three axes",
    "axes 0 and 2 swapped",
    cube,
    lambda x: x.exp(),
    lambda x: x.exp().permute(2, 1, 0),
)
wrong_as(
    "axes moved around", "axes in the order (1, 2, 0)", cube, lambda x: x.exp(), lambda x: x.exp().permute(1, 2, 0)
)


def head_inputs(make: Maker) -> Values:
    return {"x": make.normal(2, 5, 12), "H": 3}


def split_heads(x: Tensor, H: int) -> Tensor:
    return x.view(*x.shape[:2], H, -1).transpose(1, 2)


wrong_as("heads by reshape", "memory was cut anew", head_inputs, split_heads, lambda x, H: x.reshape(2, H, 5, -1))
wrong_as("heads not moved", "axes 1 and 2 swapped", head_inputs, split_heads, lambda x, H: x.view(2, 5, H, -1))
wrong_as(
    "heads merged by reshape",
    "still in their old order in memory",
    lambda make: {"o": make.normal(2, 3, 5, 4)},
    lambda o: o.transpose(1, 2).reshape(2, 5, 12),
    lambda o: o.reshape(2, 5, 12),
)
wrong_as("reshape for transpose", "memory was cut anew", matrix, lambda x: x.T, lambda x: x.reshape(x.shape[::-1]))
wrong_as(
    "(n, 1) against (n,)",
    "table of all pairs",
    two_vectors,
    lambda p, y: (p - y) ** 2,
    lambda p, y: (p[:, None] - y) ** 2,
)
wrong_as("keepdim left in", "size-1 axis too many", matrix, lambda x: x.mean(1), lambda x: x.mean(1, keepdim=True))
wrong_as("row for column", "size-1 axis", vector, lambda x: x.reshape(-1, 1), lambda x: x.reshape(1, -1))
wrong_as("flat", "Is a reshape missing", matrix, lambda x: x.exp(), lambda x: x.exp().flatten())
wrong_as(
    "sum over the wrong axis",
    "sum of x over axis 1; the right answer is its sum over axis 0",
    matrix,
    lambda x: x.sum(0),
    lambda x: x.sum(1),
)
wrong_as(
    "mean over the wrong axis of a square",
    "mean of a over axis 1; the right answer is its mean over axis 0",
    square,
    lambda a: a.mean(0),
    lambda a: a.mean(1),
)
wrong_as("max for mean", "the largest value of x", matrix, lambda x: x.mean(-1), lambda x: x.amax(-1))
wrong_as(
    "mean over everything", "the mean of the right answer over axis 0", matrix, lambda x: x.mean(0), lambda x: x.mean()
)
wrong_as(
    "hidden table, wrong axis",
    "have the same sum",
    linear,
    lambda x, W, b: (x @ W).exp().sum(0),
    lambda x, W, b: (x @ W).exp().sum(1),
)
wrong_as("reduced too much", "the mean of the right answer over", matrix, lambda x: x.exp(), lambda x: x.exp().mean(0))
wrong_as("not reduced", "is the mean of yours over all axes", matrix, lambda x: x.exp().mean(), lambda x: x.exp())
wrong_as("only the last row", "only the last slice", matrix, lambda x: x.exp(), lambda x: x.exp()[-1])
wrong_as("row not chosen", "Is an index missing", cube, lambda x: x.exp()[:, -1], lambda x: x.exp())

# ---- order and places

wrong_as("targets not shifted", "one place too late", ids, lambda ids: ids[:, 1:], lambda ids: ids[:, :-1])
wrong_as("one value short", "too few at the end", ids, lambda ids: ids * 3, lambda ids: (ids * 3)[:, :-1])
wrong_as("first value kept", "too many at the start", ids, lambda ids: ids[:, 1:], lambda ids: ids)
wrong_as("reversed", "reversed", vector, lambda x: x.cumsum(0), lambda x: x.cumsum(0).flip(0))
wrong_as("rolled", "comes back at the other", vector, lambda x: x.exp(), lambda x: x.exp().roll(1))
wrong_as("sorted", "sorted", vector, lambda x: x.exp(), lambda x: x.exp().sort().values)
wrong_as("shape reversed", "reversed", shape, lambda shape: shape, lambda shape: shape[::-1])
wrong_as(
    "strides in another order",
    "comes back at the other",
    lambda make: {"shape": tuple(make.sizes(4, 2, 9))},
    lambda shape: shape,
    lambda shape: (*shape[2:], *shape[:2]),
)
wrong_as(
    "one swap in a shape",
    "another order",
    lambda make: {"shape": tuple(make.sizes(4, 2, 99))},
    lambda shape: shape,
    lambda shape: (shape[1], shape[0], *shape[2:]),
)
wrong_as(
    "product of a shape",
    "the product of the right entries",
    lambda make: {"shape": tuple(make.sizes(4, 11, 99))},
    lambda shape: shape,
    lambda shape: math.prod(shape),
)
wrong_as(
    "shape for its product",
    "the product of your entries",
    lambda make: {"shape": tuple(make.sizes(4, 11, 99))},
    lambda shape: math.prod(shape),
    lambda shape: shape,
)
wrong_as("mask inverted (bool)", "True and False are swapped", square, lambda a: a > 0.3, lambda a: a <= 0.3)
wrong_as("causal mask missing", "above the diagonal", square, lambda a: a.exp().tril(), lambda a: a.exp())
wrong_as("diagonal hidden", "on the diagonal", square, lambda a: a.exp().tril(), lambda a: a.exp().tril(-1))
wrong_as(
    "mask transposed",
    "transposed",
    square,
    lambda a: torch.ones_like(a).tril().bool(),
    lambda a: torch.ones_like(a).triu().bool(),
)


def stops_short(x: Tensor) -> Tensor:
    result = torch.zeros_like(x)
    result[:-1] = x[:-1].exp()
    return result


wrong_as("loop stops short", "last value is 0", vector, torch.exp, stops_short)
wrong_as(
    "ReLU mask missing",
    "z is negative",
    lambda make: {"dout": make.normal(4, 6), "z": make.normal(4, 6)},
    lambda dout, z: dout * (z > 0) * 2,
    lambda dout, z: dout * 2,
)
wrong_as(
    "only the label 1",
    "y is 0",
    lambda make: {"a": make.uniform(0.1, 0.9, 9), "y": make.labels(9)},
    lambda a, y: -y / a + (1 - y) / (1 - a),
    lambda a, y: -1 / a,
)

# ---- functions of the answer, and normalization

wrong_as("sigmoid of minus z", "1 minus the right one", matrix, torch.sigmoid, lambda x: torch.sigmoid(-x))
wrong_as("upside down", "1 divided by the right one", matrix, torch.exp, lambda x: torch.exp(-x))
wrong_as(
    "no root",
    "the square of the right one",
    matrix,
    lambda x: x.square().mean(-1).sqrt(),
    lambda x: x.square().mean(-1),
)
wrong_as(
    "variance for deviation",
    "the square root of the right one",
    linear,
    lambda x, W, b: (x @ W).var(0),
    lambda x, W, b: (x @ W).std(0),
)
wrong_as(
    "perplexity without exp", "the natural log of the right one", positive, lambda x: x.mean().exp(), lambda x: x.mean()
)
wrong_as(
    "probabilities for log-probabilities",
    "exp of the right one",
    matrix,
    lambda x: x.log_softmax(-1),
    lambda x: x.softmax(-1),
)
wrong_as("absolute values", "without its sign", matrix, lambda x: x.sinh(), lambda x: x.sinh().abs())
wrong_as("ReLU at the end", "0 where that is negative", matrix, lambda x: x.sinh(), lambda x: x.sinh().relu())
wrong_as("no ReLU", "ReLU or clamp missing", linear, lambda x, W, b: (x @ W + b).relu(), lambda x, W, b: x @ W + b)
wrong_as("no sigmoid", "Is a sigmoid missing", linear, lambda x, W, b: (x @ W + b).sigmoid(), lambda x, W, b: x @ W + b)
wrong_as(
    "softmax over the wrong axis",
    "sum to 1 along axis 0, the right ones along axis 1",
    matrix,
    lambda x: x.softmax(1),
    lambda x: x.softmax(0),
)
wrong_as(
    "softmax over everything",
    "sum to 1 all together",
    matrix,
    lambda x: x.softmax(1),
    lambda x: x.exp() / x.exp().sum(),
)
wrong_as("softmax without the sum", "division by the sum missing", matrix, lambda x: x.softmax(1), lambda x: x.exp())
wrong_as("logits", "Is the softmax missing", linear, lambda x, W, b: (x @ W).softmax(-1), lambda x, W, b: x @ W)
wrong_as(
    "layer norm over the tokens",
    "variance 1 along axis 0, the right ones along axis 1",
    matrix,
    lambda x: F.layer_norm(x, x.shape[1:], eps=1e-12),
    lambda x: F.layer_norm(x.T, x.shape[:1], eps=1e-12).T,
)

# ---- form

wrong_as("wrong dtype", "float32 instead of float64", matrix, lambda x: x * 2, lambda x: (x * 2).float())
wrong_as("ints as floats", "float32 instead of int64", ids, lambda ids: ids + 1, lambda ids: (ids + 1).float())
wrong_as("cut to ints", "cut to a whole number", matrix, lambda x: 700 * x, lambda x: (700 * x).long())
wrong_as(
    "float for int", "float instead of int", config, lambda cfg: cfg["emb_dim"] * 4, lambda cfg: cfg["emb_dim"] * 4.0
)
wrong_as("other device", "on the meta device", matrix, lambda x: x * 2, lambda x: (x * 2).to("meta"))
wrong_as("graph kept", "requires_grad is True", matrix, lambda x: x * 2, lambda x: x.requires_grad_() * 2)
wrong_as("graph lost", "graph is lost", matrix, lambda x: x.requires_grad_() * 2, lambda x: x.detach() * 2)
wrong_as("float32 inside", "float32", matrix, lambda x: x.exp(), lambda x: x.float().exp().double())
wrong_as("half inside", "float16", matrix, lambda x: x.sigmoid(), lambda x: x.half().sigmoid().double())
wrong_as(
    "overflow",
    "values are NaN",
    lambda make: {"x": make.normal(5) * 10 + torch.tensor([0, 2000.0, 0, 0, 0])},
    torch.sigmoid,
    lambda x: x.exp() / (1 + x.exp()),
)
wrong_as(
    "0/0",
    "The result is NaN",
    lambda make: {"a": make.normal() * 0, "b": make.normal() * 0},
    lambda a, b: a * b,
    lambda a, b: a / b,
)
wrong_as(
    "log of 0",
    "infinite",
    lambda make: {"a": torch.cat([make.uniform(0, 1, 4), torch.zeros(1).double()])},
    lambda a: -a.log().clamp(min=-100),
    lambda a: -a.log(),
)
wrong_as("never filled", "Every value is 0", matrix, torch.exp, torch.zeros_like)
wrong_as("ones", "same number, 1", matrix, torch.exp, torch.ones_like)
wrong_as(
    "the same for every input",
    "0.25 on every failing probe",
    one_neuron,
    lambda x, w, b, y: w * x + b,
    lambda x, w, b, y: torch.tensor(0.25).double(),
)
wrong_as("input returned", "x itself, unchanged", matrix, lambda x: x.clamp(min=0.1), lambda x: x)
wrong_as(
    "scalar input returned",
    "w itself, unchanged",
    one_neuron,
    lambda x, w, b, y: (w * x + b).sigmoid(),
    lambda x, w, b, y: w,
)
wrong_as(
    "dict, one member without a mean",
    "db: every value is exactly N",
    linear,
    lambda x, W, b: {"dW": x.T @ (x @ W), "db": (x @ W).mean(0)},
    lambda x, W, b: {"dW": x.T @ (x @ W), "db": (x @ W).sum(0)},
)


# ---- held out: written after the signatures were frozen, then added here


def probabilities(make: Maker) -> Values:
    (n,) = make.sizes(1)
    return {"a": make.uniform(0.05, 0.95, n), "y": make.labels(n)}


def bce(a: Tensor, y: Tensor) -> Tensor:
    return -(y * a.log() + (1 - y) * (1 - a).log()).mean()


def layer_inputs(make: Maker) -> Values:
    n, i, o = make.sizes(3)
    return {"dout": make.normal(n, o), "X": make.normal(n, i), "W": make.normal(o, i)}


def layer_gradients(dout: Tensor, X: Tensor, W: Tensor) -> dict[str, Tensor]:
    return {"dX": dout @ W, "dW": dout.T @ X, "db": dout.sum(0)}


def class_inputs(make: Maker) -> Values:
    n, c = make.sizes(2, 3, 7)
    return {"logits": make.normal(n, c), "targets": make.ints(0, c, n)}


def class_gradient(logits: Tensor, targets: Tensor) -> Tensor:
    return (logits.softmax(1) - F.one_hot(targets, logits.shape[1])) / len(logits)


def norm_inputs(make: Maker) -> Values:
    n, d = make.sizes(2)
    return {"x": make.normal(n, d), "g": make.normal(d), "b": make.normal(d)}


def layer_norm(x: Tensor, g: Tensor, b: Tensor) -> Tensor:
    return F.layer_norm(x, g.shape, g, b)


def token_inputs(make: Maker) -> Values:
    b, t, v = make.sizes(3, 2, 7)
    return {"logits": make.normal(b, t, v), "targets": make.ints(0, v, b, t)}


def token_loss(logits: Tensor, targets: Tensor, **options: Any) -> Tensor:
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), **options)


def slopes(x: Tensor, h: float, width: float) -> Tensor:
    """Central differences of the sum of cubes plus the product, over the given width."""
    steps = h * torch.eye(len(x), dtype=x.dtype)
    return (
        torch.stack([((x + s) ** 3).sum() + (x + s).prod() - ((x - s) ** 3).sum() - (x - s).prod() for s in steps])
        / width
    )


wrong_as("loss summed", "times too large (N = a.shape[0])", probabilities, bce, lambda a, y: bce(a, y) * len(a))
wrong_as("loss without its minus", "opposite sign", probabilities, bce, lambda a, y: -bce(a, y))
wrong_as(
    "layer: dW transposed",
    "dW: this is the right answer transposed",
    layer_inputs,
    layer_gradients,
    lambda dout, X, W: {**layer_gradients(dout, X, W), "dW": X.T @ dout},
)
wrong_as(
    "layer: db averaged",
    "db: this is the mean of dout over axis 0",
    layer_inputs,
    layer_gradients,
    lambda dout, X, W: {**layer_gradients(dout, X, W), "db": dout.mean(0)},
)
wrong_as(
    "layer: db over the wrong axis",
    "db: this is the sum of dout over axis 1",
    layer_inputs,
    layer_gradients,
    lambda dout, X, W: {**layer_gradients(dout, X, W), "db": dout.sum(1)},
)
wrong_as(
    "class gradient not averaged",
    "(N = logits.shape[0])",
    class_inputs,
    class_gradient,
    lambda logits, targets: class_gradient(logits, targets) * len(logits),
)
wrong_as(
    "upstream gradient passed on",
    "z is negative",
    lambda make: {"dout": make.normal(4, 6), "z": make.normal(4, 6)},
    lambda dout, z: dout * (z > 0),
    lambda dout, z: dout,
)
wrong_as("gelu without 1/2", "2 times too large", matrix, F.gelu, lambda x: 2 * F.gelu(x))
wrong_as("dropout scales in eval", "1/(1 - p)", dropout_inputs, lambda x, keep, p: x, lambda x, keep, p: x / (1 - p))
wrong_as(
    "targets are the inputs",
    "y: this is what x should be",
    lambda make: {"ids": make.ints(0, 500, 12)},
    lambda ids: (ids[:-1], ids[1:]),
    lambda ids: (ids[:-1], ids[:-1]),
    ("x", "y"),
)
wrong_as(
    "layer norm without its shift",
    "too small by exactly b",
    norm_inputs,
    layer_norm,
    lambda x, g, b: F.layer_norm(x, g.shape, g),
)
wrong_as(
    "4 bytes for every dtype",
    "2 times too large",
    lambda make: {"n": int(make.ints(1000, 10**8))},
    lambda n: 2 * n,
    lambda n: 4 * n,
)
wrong_as(
    "2 to the mean", "2 to a power", probabilities, lambda a, y: (a.sum() + 1).exp(), lambda a, y: 2 ** (a.sum() + 1)
)
wrong_as(
    "slope over h",
    "2 times too large",
    lambda make: {"x": make.normal(4) * 2, "h": 1e-3},
    lambda x, h: slopes(x, h, 2 * h),
    lambda x, h: slopes(x, h, h),
)
wrong_as(
    "token loss summed",
    "(N = targets.numel())",
    token_inputs,
    token_loss,
    lambda logits, targets: token_loss(logits, targets, reduction="sum"),
)
wrong_as(
    "mean for sum over two axes",
    "(N = logits.shape[0] * logits.shape[2])",
    token_inputs,
    lambda logits, targets: logits.exp().sum((0, 2)),
    lambda logits, targets: logits.exp().mean((0, 2)),
)
wrong_as(
    "causal mask inverted",
    "True and False are swapped",
    square,
    lambda a: torch.ones_like(a).tril().bool(),
    lambda a: ~torch.ones_like(a).tril().bool(),
)

# Found by running the catalogues of assignments 01 to 03.
wrong_as("input for its slope", "x itself, unchanged", lambda make: {"x": make.normal()}, torch.exp, lambda x: x)
wrong_as("divided the wrong way", "(1 - p)**2", dropout_inputs, dropout, lambda x, keep, p: x * keep * (1 - p))
wrong_as(
    "KiB for MiB",
    "1024 times too large",
    config,
    lambda cfg: cfg["vocab_size"] * cfg["emb_dim"] / 2**20,
    lambda cfg: cfg["vocab_size"] * cfg["emb_dim"] / 2**10,
)

wrong_as(
    "a softmax over one number",
    "same number, 1",
    lambda make: {"x": make.normal(4, 1)},
    torch.sigmoid,
    lambda x: x.softmax(1),
)
wrong_as(
    "a small number in the denominator",
    "Where the result is wrong it is 0",
    lambda make: {"a": torch.cat([make.uniform(0, 1, 3), torch.ones(3).double()])[:, None], "s": make.normal()},
    lambda a, s: s * a.exp(),
    lambda a, s: s * a.exp() * (1 - a) / (1 - a + 1e-300),
)

# Plausible misconceptions that no signature is about: nothing may be said.
UNNAMED: list[Misconception] = []


def unnamed(name: str, inputs: Callable[[Maker], Values], right: Implementation, wrong: Implementation) -> None:
    UNNAMED.append(Misconception(name, "", inputs, right, wrong))


def embedding_gradient(idx: Tensor, dout: Tensor) -> Tensor:
    table = torch.zeros(7, dout.shape[1], dtype=dout.dtype)
    table[idx] += dout  # keeps only one of several equal indices
    return table


unnamed("loss with its arguments exchanged", probabilities, bce, lambda a, y: bce(y.clamp(0.01, 0.99), a))
unnamed("no one-hot", class_inputs, class_gradient, lambda logits, targets: logits.softmax(1) / len(logits))
unnamed(
    "repeated indices dropped",
    lambda make: {"idx": torch.cat([make.ints(0, 7, 5)] * 2), "dout": make.normal(10, 3)},
    lambda idx, dout: torch.zeros(7, 3).double().index_add(0, idx, dout),
    embedding_gradient,
)
unnamed("shift before scale", norm_inputs, layer_norm, lambda x, g, b: (F.layer_norm(x, g.shape) + b) * g)
unnamed("softmax twice", token_inputs, token_loss, lambda logits, targets: token_loss(logits.softmax(-1), targets))
unnamed(
    "attention without its scale",
    queries,
    lambda q, k: scores(q, k).softmax(-1) @ k,
    lambda q, k: (q @ k.T).softmax(-1) @ k,
)
unnamed(
    "a column among rows",
    batch,
    lambda X, w, b, y: batch_gradients(X, w, b, y)[0],
    lambda X, w, b, y: (X.T @ (torch.sigmoid(X @ w + b)[:, None] - y)).mean(1),
)
unnamed("tanh for sigmoid", matrix, torch.sigmoid, torch.tanh)
unnamed("last term left out", linear, lambda x, W, b: x @ W, lambda x, W, b: x[:, :-1] @ W[:-1])
