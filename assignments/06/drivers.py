"""Drivers: they call your functions with generators, models and whole training runs, and return plain values.

The first argument is your module; the others are what a failing check shows you.
"""

import contextlib

import torch
from torch import nn


@contextlib.contextmanager
def float64_by_default():
    """New parameters are float64 meanwhile, so that two correct training runs agree in many digits."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def windows_drawn(student, data, B, T, seed, n_batches):
    """What `get_batch` draws: the different rows of all batches, sorted, and how many different ones a batch has."""
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    batches = [student.get_batch(data, B, T, generator) for _ in range(n_batches)]
    x, y = batches[0]
    answer = {"shape of x": tuple(x.shape), "shape of y": tuple(y.shape)}
    most = 0
    if x.shape == y.shape == (B, T):
        rows = [torch.cat([x, y], dim=1) for x, y in batches]
        x, y = torch.cat(rows).unique(dim=0).split(T, dim=1)
        most = max(len(batch.unique(dim=0)) for batch in rows)
    return answer | {"windows": x, "their targets": y, "most different windows in a batch": most}


def draws_with_generators(student, data, B, T, seed):
    """Whether two batches of `get_batch` are equal, drawn from generators with the same or with other seeds."""

    def two_batches(own_seed):
        generator = torch.Generator().manual_seed(own_seed)
        return [torch.stack(list(student.get_batch(data, B, T, generator))) for _ in range(2)]

    torch.manual_seed(seed)
    first, second = two_batches(seed)
    again, _ = two_batches(seed)
    other, _ = two_batches(seed + 1)
    return {
        "same seed, same batch": torch.equal(first, again),
        "other seed, same batch": torch.equal(first, other),
        "second batch as the first": torch.equal(first, second),
    }


def device_of_mask(student, T, device):
    """Where `causal_mask` makes its mask; the device "meta" has shapes but no memory, and every computer has it."""
    return str(student.causal_mask(T, device).device)


def _who_depends_on_whom(function, x):
    """Entry [i, j] is True if the output at position i changes when the input at position j does."""
    before = function(x)
    changed = []
    for position in range(x.shape[1]):
        other = x.clone()
        other[:, position] = 0.5 - other[:, position] * torch.linspace(
            0.5, 1.5, x.shape[2], dtype=x.dtype, device=x.device
        )
        changed.append((function(other) - before).abs().amax(dim=(0, 2)) > 1e-9)
    return torch.stack(changed, dim=1)


def dependence_in_attention(student, x, Wqkv, Wo, bo, H):
    """Entry [i, j]: does the output of `multi_head_attention` at position i change with the input at position j?"""
    return _who_depends_on_whom(lambda changed: student.multi_head_attention(changed, Wqkv, Wo, bo, H), x)


def logits_out_of_training(student, ids, p, cfg):
    """`gpt_forward` without training, where nothing is dropped."""
    torch.manual_seed(0)
    return student.gpt_forward(ids, p, cfg)


def dependence_in_gpt(student, ids, p, cfg):
    """Entry [i, j]: do the logits of `gpt_forward` at position i change with the id at position j?"""
    torch.manual_seed(0)
    before = student.gpt_forward(ids, p, cfg)
    changed = []
    for position in range(ids.shape[1]):
        other = ids.clone()
        other[:, position] = (other[:, position] + 1) % cfg["vocab_size"]
        changed.append((student.gpt_forward(other, p, cfg) - before).abs().amax(dim=(0, 2)) > 1e-9)
    return torch.stack(changed, dim=1)


def _tensors(p):
    if isinstance(p, torch.Tensor):
        return [p]
    return [t for part in (p.values() if isinstance(p, dict) else p) for t in _tensors(part)]


def parameters_in_use(student, ids, p, cfg):
    """How many parameters the logits of `gpt_forward` depend on, and a slope of the logits along each token row."""
    torch.manual_seed(0)
    every = _tensors(p)
    for parameter in every:
        parameter.requires_grad_()
    logits = student.gpt_forward(ids, p, cfg)
    weights = torch.cos(torch.arange(logits.numel(), dtype=logits.dtype, device=logits.device)).view_as(logits)
    slopes = torch.autograd.grad((logits * weights).sum(), every, allow_unused=True)
    used = sum(t.numel() for t, slope in zip(every, slopes, strict=True) if slope is not None)
    return used, slopes[0]


def dropout_in_gpt(student, ids, p, cfg):
    """Whether two calls of `gpt_forward` agree, in training and out of it."""
    torch.manual_seed(0)
    alike = {}
    for training in (False, True):
        first, second = (student.gpt_forward(ids, p, cfg, training) for _ in range(2))
        alike["training" if training else "not training"] = torch.equal(first, second)
    return {f"same logits twice, {mode}": same for mode, same in alike.items()}


class StandIn(nn.Module):
    """Looks like a language model and follows a rule: the next token is (last + first of what it sees) modulo V.

    The tokens after that one, in a circle, have lower logits by 0.5 each. In train mode the rule is spoiled, as
    dropout would spoil a real model.
    """

    def __init__(self, V, context_length):
        super().__init__()
        self.V, self.context_length = V, context_length
        self.scale = nn.Parameter(torch.tensor(0.5))
        self.recorded = False

    def forward(self, ids):
        if ids.shape[1] > self.context_length:
            raise IndexError(f"the model got {ids.shape[1]} tokens and has {self.context_length} positions")
        best = (ids + ids[:, :1] + (1 if self.training else 0)) % self.V
        distance = (torch.arange(self.V, device=ids.device) - best.unsqueeze(-1)) % self.V
        logits = -distance * self.scale
        self.recorded = logits.requires_grad
        return logits


def continued(student, V, ids, n, context_length, top_k):
    """`generate` with a stand-in model of V tokens in eval mode; it predicts (last + first of its window) modulo V."""
    torch.manual_seed(0)
    model = StandIn(V, context_length).eval()
    return student.generate(model, ids, n, context_length, top_k, torch.Generator(ids.device).manual_seed(0))


def shares_of_tokens(student, V, ids, top_k, seed):
    """The share of rows for which `generate` appended each token, with the same stand-in model."""
    torch.manual_seed(seed)
    model = StandIn(V, ids.shape[1]).eval()
    generator = torch.Generator(ids.device).manual_seed(seed)
    last = student.generate(model, ids, 1, ids.shape[1], top_k, generator)[:, -1]
    return torch.bincount(last, minlength=V).double() / len(ids)


def tokens_drawn(student, V, ids, top_k, seed):
    """The different tokens that `generate` appended, sorted, with the same stand-in model."""
    return shares_of_tokens(student, V, ids, top_k, seed).nonzero().flatten().tolist()


def drawn_again(student, V, ids, top_k, seed):
    """Whether `generate` draws the same tokens again from a generator with the same seed."""
    torch.manual_seed(seed)
    model = StandIn(V, ids.shape[1]).eval()
    first, second = (
        student.generate(model, ids, 1, ids.shape[1], top_k, torch.Generator(ids.device).manual_seed(seed))
        for _ in range(2)
    )
    return torch.equal(first, second)


def modes_in_generate(student, V, ids, n, context_length, training):
    """`generate` with a stand-in model in train or eval mode; its mode afterwards; whether gradients were recorded."""
    model = StandIn(V, context_length).train(training)
    result = student.generate(model, ids, n, context_length, 1, torch.Generator(ids.device).manual_seed(0))
    return result, model.training, model.recorded


def _pretrained(student, cfg, text, steps, seed):
    answer = student.pretrain(cfg, text, steps, seed)
    if not (isinstance(answer, (tuple, list)) and len(answer) == 2 and isinstance(answer[0], nn.Module)):
        raise TypeError("pretrain must return a pair: the model, and the list of losses")
    return answer


def losses_on_text(student, cfg, text, steps, seed):
    """The losses of `pretrain`, with float64 parameters. A text of context_length + 1 characters is one single window."""
    torch.manual_seed(seed)
    with float64_by_default():
        _, losses = _pretrained(student, cfg, text, steps, seed)
    return list(losses)


def different_losses(student, cfg, text, steps, seed):
    """How many different losses `pretrain` gives; at learning rate 0 they differ by nothing but the batch."""
    losses = losses_on_text(student, cfg, text, steps, seed)
    return len({f"{float(loss):.8f}" for loss in losses})


def run_on_corpus(student, cfg, lines, steps, seed):
    """The first loss of `pretrain` on a text, given as its lines, and the mean of the last 20; to two decimals."""
    _, losses = _pretrained(student, cfg, "".join(lines), steps, seed)
    return round(float(losses[0]), 2), round(sum(float(loss) for loss in losses[-20:]) / 20, 2)


def run_to_look_at(student, cfg, lines, steps, seed, n_sample):
    """The losses of `pretrain`, and n_sample characters by the trained model: None where `generate` does not work."""
    text = "".join(lines)
    model, losses = _pretrained(student, cfg, text, steps, seed)
    sample = None
    with contextlib.suppress(Exception):  # no sample is no reason to fail
        tokenizer = student.CharTokenizer(text)
        start = tokenizer.encode("the ").unsqueeze(0)
        generator = torch.Generator().manual_seed(seed)
        written = student.generate(model, start, n_sample, cfg["context_length"], 3, generator)
        sample = tokenizer.decode(written[0])
    return [float(loss) for loss in losses], sample
