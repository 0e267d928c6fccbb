"""Drivers of assignment 02: each builds a module where the submission runs, and returns the submission's counts of it."""

import torch
from torch import nn


def count_tied_model(student, n_tokens, width, context, n_norms):
    """Counts a model whose head shares the token table's weight, and which keeps a (context, context) mask as a buffer.

    The model: token table (n_tokens, width), a linear layer (width, width) whose bias is frozen, n_norms layer norms
    two levels deep, a module that holds width factors itself, and the tied head. All tensors are float64.
    """
    model = nn.Module()
    model.tokens = nn.Embedding(n_tokens, width)
    model.mix = nn.Linear(width, width)
    model.mix.bias.requires_grad_(False)
    model.norms = nn.Sequential(nn.Sequential(*[nn.LayerNorm(width) for _ in range(n_norms)]))
    model.scale = nn.Module()
    model.scale.factors = nn.Parameter(torch.linspace(0.5, 1.5, width))
    model.head = nn.Linear(width, n_tokens, bias=False)
    model.head.weight = model.tokens.weight
    model.register_buffer("mask", torch.ones(context, context))
    return student.count_parameters(model.double())


def count_partly_frozen_model(student, n_tokens, width, frozen, trainable_only):
    """Counts a model of a token table (n_tokens, width) and a linear layer (width, width) with bias, tied to a head.

    frozen lists the parts whose requires_grad is False, among "tokens", "mix.weight" and "mix.bias". The tied head
    shares the token table's weight, and is frozen with it.
    """
    model = nn.Module()
    model.tokens = nn.Embedding(n_tokens, width)
    model.mix = nn.Linear(width, width)
    model.head = nn.Linear(width, n_tokens, bias=False)
    model.head.weight = model.tokens.weight
    weights = {"tokens": model.tokens.weight, "mix.weight": model.mix.weight, "mix.bias": model.mix.bias}
    for name in frozen:
        weights[name].requires_grad_(False)
    model.double()
    student.count_parameters(model, not trainable_only)  # leaves the module as it was
    return student.count_parameters(model, trainable_only)


def dropout_and_gradients(student, x, keep_mask, p, training):
    """`apply_dropout`, and the gradient of a weighted sum of its result."""
    return _with_gradients(student.apply_dropout, x, keep_mask, p, training)


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
