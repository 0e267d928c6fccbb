"""Drivers: they call your functions with models and generators, and return plain values.

The first argument is your module; the others are what a failing check shows you.
"""

import torch
from torch import nn
from torch.nn import functional as F


def _with_gradients(function, *args):
    """What a function gives, and the gradients of a weighted sum of it, one for each float tensor in the arguments.

    The weights are cos(0), cos(1), cos(2), ...; a gradient is None where nothing flows back.
    """
    leaves = [t.requires_grad_() for t in args if isinstance(t, torch.Tensor) and t.is_floating_point()]
    value = function(*args)
    if not (isinstance(value, torch.Tensor) and value.requires_grad):
        return value, [None] * len(leaves)
    weights = torch.cos(torch.arange(value.numel(), dtype=value.dtype, device=value.device)).view_as(value)
    return value, list(torch.autograd.grad((value * weights).sum(), leaves, allow_unused=True))


def loss_and_gradients(student, logits, labels):
    """`masked_lm_loss`, and the gradient that flows back through it."""
    return _with_gradients(student.masked_lm_loss, logits, labels)


class Block(nn.Module):
    """A part of `Model`; its head is not the head of the whole."""

    def __init__(self, n):
        super().__init__()
        self.head = nn.Linear(n, 3)
        self.norm = nn.LayerNorm(3)


class Model(nn.Module):
    """Has parameters whose names begin alike, and a module without any; n is the length of its vectors."""

    def __init__(self, n):
        super().__init__()
        self.tokens = nn.Embedding(5, n)
        self.drop = nn.Dropout()
        self.block = Block(n)
        self.block2 = nn.Linear(3, 3)
        self.head = nn.Linear(3, 5, bias=False)
        self.head_norm = nn.LayerNorm(5)


def trained_after(student, n, prefixes, frozen_before):
    """What `freeze_all_but` says of a `Model`, whether it raises a ValueError, and which parameters train afterwards."""
    model = Model(n)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name not in frozen_before)
    try:
        answer, refused = student.freeze_all_but(model, prefixes), False
    except ValueError:
        answer, refused = None, True
    trained = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    return {"ValueError": refused, "trained afterwards": trained, "answer": answer}


def changed_layer_and_gradients(student, x, W, b, A, B, alpha):
    """`lora_forward`, and the gradients of a weighted sum of its result with respect to all tensors."""
    return _with_gradients(student.lora_forward, x, W, b, A, B, alpha)


def start_of_lora(student, n_in, n_out, r, seed):
    """What `lora_init` makes, and whether generators with the same or another seed give the same A again.

    The spread is the standard deviation of all numbers of A, times the square root of n_in, to one digit.
    """
    torch.manual_seed(seed)

    def start(own_seed):
        return student.lora_init(n_in, n_out, r, torch.Generator().manual_seed(own_seed))

    A, B = start(seed)
    return {
        "shape and dtype of A": (tuple(A.shape), str(A.dtype)),
        "shape and dtype of B": (tuple(B.shape), str(B.dtype)),
        "B is all zeros": not bool(B.any()),
        "spread of A": float(f"{A.double().std().item() * n_in**0.5:.0e}"),
        "same seed, same A": torch.equal(A, start(seed)[0]),
        "other seed, same A": torch.equal(A, start(seed + 1)[0]),
    }


def numbers_of_lora(student, n_in, n_out, r, seed):
    """How many numbers of the matrix A of `lora_init` are below 0, and near 0, in standard deviations 1 / sqrt(n_in).

    "two below 0" counts pairs of numbers in rows 0 and 1, 2 and 3, ... of A that are both below 0.
    """
    A, _ = student.lora_init(n_in, n_out, r, torch.Generator().manual_seed(seed))
    z = A.detach().double() * n_in**0.5
    near = {f"within {width}": int((z.abs() < width).sum()) for width in (0.5, 1.0, 2.0)}
    below = z < 0
    pairs = int((below[0 : len(z) // 2 * 2 : 2] & below[1::2]).sum())
    return {"numbers": z.numel(), "below 0": int(below.sum()), "two below 0": pairs} | near


def merged_layer(student, x, W, b, A, B, alpha):
    """A linear layer with the matrix of `lora_merge`, applied to x."""
    return F.linear(x, student.lora_merge(W, A, B, alpha), b)


def sums_and_gradients(student, logits, ids, mask):
    """`sequence_logprob`, and the gradient of a weighted sum of its result with respect to the logits."""
    return _with_gradients(student.sequence_logprob, logits, ids, mask)


def dpo_and_slopes(student, chosen, rejected, ref_chosen, ref_rejected, beta):
    """What `dpo_loss` gives, and the slopes of the loss for all four; 0 where nothing flows back."""
    four = [t.clone().requires_grad_() for t in (chosen, rejected, ref_chosen, ref_rejected)]
    loss, accuracy = student.dpo_loss(*four, beta)
    found = torch.autograd.grad(loss, four, allow_unused=True) if loss.requires_grad else [None] * 4
    slopes = [torch.zeros_like(t) if slope is None else slope for t, slope in zip(four, found, strict=True)]
    return {
        "loss": loss.detach(),
        "accuracy": accuracy.detach() if isinstance(accuracy, torch.Tensor) else accuracy,
        "slopes of chosen": slopes[0],
        "slopes of rejected": slopes[1],
        "slopes of the reference": (slopes[2], slopes[3]),
    }


def _copied(p):
    """The parameters of a model as new tensors."""
    if isinstance(p, torch.Tensor):
        return p.clone()
    return {name: _copied(part) for name, part in p.items()} if isinstance(p, dict) else [_copied(part) for part in p]


def losses_of_tuning(student, p, cfg, ids, labels, steps, lr):
    """The losses of `fine_tune`, and the loss of the parameters that it leaves behind."""
    own = _copied(p)
    losses = student.fine_tune(own, cfg, ids, labels, steps, lr)
    with torch.no_grad():
        logits = student.gpt_forward(ids, own, cfg)
        after = F.cross_entropy(logits[:, :-1].mT, labels[:, 1:], ignore_index=-100).item()
    return {"losses": list(losses), "loss afterwards": after}


def questions_answered(student, p, cfg, ids, labels, steps, lr, questions):
    """The first and the last loss of `fine_tune`, to two decimals, and what the tuned model answers to some questions."""
    own = _copied(p)
    losses = student.fine_tune(own, cfg, ids, labels, steps, lr)
    return {
        "first loss": round(losses[0], 2),
        "last loss": round(losses[-1], 2),
        "answers": [student.answer(question, own, cfg) for question in questions],
    }
