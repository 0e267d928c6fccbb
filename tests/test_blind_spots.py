"""Wrong answers that look right: each once had full marks, since no probe at home showed it. Each must lose points."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from textwrap import dedent

import pytest

from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.grading.judge_session import PUBLIC_SEED
from gradlings.model.scorecard import ExerciseScore, Verdict
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission.reader import from_source
from student_kit import PROJECT

Graders = dict[str, tuple[Assignment, Grader]]

CUT = "The values are right, but no gradient flows back"

# each of these calls the solution and cuts the graph, before it or behind it
_BEFORE = """
_whole = {name}
def {name}(*args):
    def cut(value):
        if isinstance(value, dict):
            return {{key: cut(inner) for key, inner in value.items()}}
        if isinstance(value, list):
            return [cut(inner) for inner in value]
        return value.detach() if isinstance(value, Tensor) else value
    return _whole(*map(cut, args))
"""
_BEHIND = """
_whole = {name}
def {name}(*args):
    return _whole(*args).detach()
"""
_NOT_RECORDED = """
_whole = {name}
def {name}(*args):
    with torch.no_grad():
        return _whole(*args)
"""
_THROUGH_LISTS = """
_whole = {name}
def {name}(*args):
    result = _whole(*args)
    return torch.tensor(result.tolist(), dtype=result.dtype)
"""
TRAINED = {
    "2.11": "apply_dropout",
    "6.3": "lm_cross_entropy",
    "6.6": "attention",
    "6.7": "multi_head_attention",
    "6.8": "layer_norm",
    "6.9": "gelu",
    "6.10": "gpt_block",
    "6.11": "gpt_forward",
}
WAYS = {"before": _BEFORE, "behind": _BEHIND, "not recorded": _NOT_RECORDED, "through lists": _THROUGH_LISTS}

PARTLY_CUT = {
    ("6.6", "the weights are fixed numbers"): """
        def attention(q, k, v, mask):
            scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
            return scores.masked_fill(~mask, -math.inf).softmax(dim=-1).detach() @ v
        """,
    ("6.7", "no gradient for the bias"): """
        _whole = multi_head_attention
        def multi_head_attention(x, Wqkv, Wo, bo, H):
            return _whole(x, Wqkv, Wo, bo.detach(), H)
        """,
    ("6.8", "mean and variance are fixed numbers"): """
        def layer_norm(x, gamma, beta, eps=1e-5):
            mean = x.detach().mean(dim=-1, keepdim=True)
            variance = x.detach().var(dim=-1, correction=0, keepdim=True)
            return gamma * (x - mean) / torch.sqrt(variance + eps) + beta
        """,
    ("6.9", "the tanh is a fixed number"): """
        def gelu(x):
            inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
            return 0.5 * x * (1 + torch.tanh(inner).detach())
        """,
    ("6.10", "the main road is cut between the halves"): """
        def gpt_block(x, p, H):
            normed = layer_norm(x, p["norm1_gamma"], p["norm1_beta"])
            x = x + multi_head_attention(normed, p["Wqkv"], p["Wo"], p["bo"], H)
            normed = layer_norm(x.detach(), p["norm2_gamma"], p["norm2_beta"])
            return x + gelu(normed @ p["W1"].T + p["b1"]) @ p["W2"].T + p["b2"]
        """,
    ("6.11", "tied by a copy"): """
        _whole = gpt_forward
        def gpt_forward(ids, p, cfg, training=False):
            return _whole(ids, {"head": p["tokens"].detach().clone()} | p, cfg, training)
        """,
}

WRONG = {
    ("1.3", "a table of seven NumPy dtypes"): """
        _whole = predict_dtype
        def predict_dtype(x):
            if isinstance(x, np.ndarray):
                assert x.dtype.name in ("bool", "uint8", "int16", "int32", "int64", "float32", "float64")
            return _whole(x)
        """,
    ("2.1", "a backslash escapes what follows"): """
        _whole = load_config
        def load_config(text):
            return {k: v.replace(chr(92), "") if isinstance(v, str) else v for k, v in _whole(text).items()}
        """,
    ("2.8", "settings by their places"): """
        _whole = gpt_params
        def gpt_params(cfg, tied=False):
            return _whole(dict(zip(KEYS, cfg.values())), tied)
        """,
    ("2.10", "rounded to a float on the way"): """
        def model_bytes(n, dtype):
            return int(float(n) * dtype.itemsize)
        """,
    ("2.3", "float weights, exact for layers of today"): """
        def linear_params(in_features, out_features, bias):
            return int(torch.tensor(in_features + bool(bias), dtype=torch.float32) * out_features)
        """,
    ("3.9", "a graph of one node is empty"): """
        _whole = topological_order
        def topological_order(node):
            return _whole(node) if node.parents else []
        """,
    ("3.10", "an input as the result gets no gradient"): """
        _whole = backprop
        def backprop(root):
            if root.parents:
                _whole(root)
        """,
    ("3.10", "exp writes into its node"): """
        def exp(node):
            node.data = math.exp(node.data)
            return Value(node.data, (node,), (node.data,))
        """,
    ("3.7", "half of h"): """
        _whole = numeric_gradient
        def numeric_gradient(f, x, h):
            return _whole(f, x, h / 2)
        """,
    ("3.7", "a step of its own"): """
        _whole = numeric_gradient
        def numeric_gradient(f, x, h):
            return _whole(f, x, 1e-5 if x.dtype == torch.float64 else 1e-2)
        """,
    ("4.3", "at most three axes"): """
        _whole = linear_backward
        def linear_backward(dout, X, W):
            assert X.dim() <= 3
            return _whole(dout, X, W)
        """,
    ("4.4", "a single label makes a row"): """
        def sigmoid_bce_backward(a, y):
            return ((a.squeeze() - y.squeeze()) / len(a)).reshape(-1, 1) if len(a) > 1 else a.squeeze(0) - y.flatten()
        """,
    ("4.7", "at most two axes"): """
        _whole = embedding_backward
        def embedding_backward(dout, idx, V):
            assert idx.dim() <= 2
            return _whole(dout, idx, V)
        """,
    ("4.9", "the network is mended in place of the step"): """
        _forward = SimpleNet.forward
        SimpleNet.forward = lambda self, x: _forward(self, x).squeeze(1)
        def fix_simple_net(net, inputs, labels):
            return chapters_step(net, inputs, labels)
        """,
    ("5.3", "no correction from step 50 on"): """
        _whole = adam_step
        def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
            if state["t"] < 49:
                return _whole(p, g, state, lr, beta1, beta2, eps)
            state["t"] += 1
            state["m"].mul_(beta1).add_((1 - beta1) * g)
            state["v"].mul_(beta2).add_((1 - beta2) * g**2)
            p.sub_(lr * state["m"] / (state["v"].sqrt() + eps))
        """,
    **{
        (exercise, f"{name}={value} by default"): f"""
        _whole = {function}
        def {function}(p, g, state, lr, {settings.replace(f"{name}={right}", f"{name}={value}")}):
            return _whole(p, g, state, lr, {", ".join(each.partition("=")[0] for each in settings.split(", "))})
        """
        for exercise, function, settings in (
            ("5.3", "adam_step", "beta1=0.9, beta2=0.999, eps=1e-8"),
            ("5.4", "adamw_step", "beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01"),
        )
        for name, right, value in (
            ("beta1", "0.9", "0.99"),
            ("beta2", "0.999", "0.99"),
            ("eps", "1e-8", "1e-7"),
            *([("weight_decay", "0.01", "0.1")] if exercise == "5.4" else []),
        )
    },
    ("5.7", "left alone up to 1 above the limit"): """
        _whole = clip_gradients
        def clip_gradients(params, max_norm):
            norm = torch.linalg.vector_norm(torch.cat([p.grad.flatten() for p in params if p.grad is not None]))
            return _whole(params, max_norm) if norm > max_norm + 1 else norm
        """,
    ("5.7", "left alone up to a third above the limit"): """
        _whole = clip_gradients
        def clip_gradients(params, max_norm):
            norm = torch.linalg.vector_norm(torch.cat([p.grad.flatten() for p in params if p.grad is not None]))
            return _whole(params, max_norm) if norm > 1.3 * max_norm else norm
        """,
    ("5.10", "asks for the number of batches"): """
        _whole = evaluate
        def evaluate(net, loader):
            assert len(loader) > 0
            return _whole(net, loader)
        """,
    ("6.6", "-10000 for infinity"): """
        def attention(q, k, v, mask):
            return (q @ k.mT / math.sqrt(q.shape[-1])).masked_fill(~mask, -1e4).softmax(dim=-1) @ v
        """,
    ("6.6", "-50 for infinity"): """
        def attention(q, k, v, mask):
            return (q @ k.mT / math.sqrt(q.shape[-1])).masked_fill(~mask, -50.0).softmax(dim=-1) @ v
        """,
    ("6.8", "another eps by default"): """
        _whole = layer_norm
        def layer_norm(x, gamma, beta, eps=1e-6):
            return _whole(x, gamma, beta, eps)
        """,
    ("6.13", "the model that comes back is a fresh one"): """
        _whole = pretrain
        def pretrain(cfg, text, steps, seed):
            return TinyGPT(cfg, seed), _whole(cfg, text, steps, seed)[1]
        """,
    ("6.12", "a source of its own without a generator"): """
        _whole = generate
        def generate(model, ids, n, context_length, top_k, generator=None):
            generator = generator or torch.Generator().manual_seed(0)
            return _whole(model, ids, n, context_length, top_k, generator)
        """,
}

RIGHT = {
    ("5.5", "insists on an optimizer of PyTorch"): """
        _whole = train_step
        def train_step(net, opt, X, y):
            assert isinstance(opt, torch.optim.Optimizer) and opt.defaults and not opt.state
            return _whole(net, opt, X, y)
        """,
}


@pytest.fixture(scope="module")
def graders() -> Iterator[Graders]:
    with ExitStack() as stack:
        found = find_assignments(PROJECT, ("01", "02", "03", "04", "05", "06"))
        yield {each.id: (each, stack.enter_context(collected_checks(each.folder))) for each in found}


def score(graders: Graders, exercise: str, code: str) -> ExerciseScore:
    """The score of the solution with some code behind it, on the public probes."""
    assignment, grader = graders[exercise.partition(".")[0].zfill(2)]
    source = assignment.main
    submission = from_source(f"{source.text}\n# %%\n{dedent(code)}\n", source.path)
    (found,) = grader.grade(submission, source.checks_file, seed=PUBLIC_SEED, only=(exercise,)).scorecard.exercises
    return found


def entries(sources: dict[tuple[str, str], str]) -> list[object]:
    return [pytest.param(exercise, code, id=f"{exercise} {why}") for (exercise, why), code in sources.items()]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("exercise", TRAINED)
def test_a_cut_graph_is_wrong_and_is_told(graders: Graders, exercise: str, way: str) -> None:
    found = score(graders, exercise, WAYS[way].format(name=TRAINED[exercise]))
    assert not found.solved
    messages = [check.message for check in found.checks if check.verdict is not Verdict.PASS]
    assert any(message.startswith(CUT) for message in messages), messages


@pytest.mark.parametrize(("exercise", "code"), entries(PARTLY_CUT))
def test_a_graph_that_is_cut_in_part_is_wrong(graders: Graders, exercise: str, code: str) -> None:
    found = score(graders, exercise, code)
    assert not found.solved
    messages = [check.message for check in found.checks if check.verdict is not Verdict.PASS]
    assert any(message.startswith("The values are right, but") for message in messages), messages


@pytest.mark.parametrize(("exercise", "code"), entries(WRONG))
def test_what_looks_right_loses_points(graders: Graders, exercise: str, code: str) -> None:
    found = score(graders, exercise, code)
    assert not found.solved
    assert not any(check.verdict is Verdict.GRADER_ERROR for check in found.checks)


@pytest.mark.parametrize(("exercise", "code"), entries(RIGHT))
def test_what_the_text_promises_can_be_relied_on(graders: Graders, exercise: str, code: str) -> None:
    assert score(graders, exercise, code).solved
