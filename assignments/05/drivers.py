"""Drivers: they call your functions step after step, with networks, optimisers and generators, and return plain values.

The first argument is your module; the others are what a failing check shows you.
"""

import torch
from torch import nn
from torch.optim.sgd import sgd


def sgd_steps(student, start, gradients, rates):
    """What `sgd_step` makes of parameters that begin at `start`: for each its values after each step, one row a step."""
    params = [values.clone().requires_grad_() for values in start]
    inside_the_model = list(params)
    after = []
    for grads, lr in zip(gradients, rates, strict=True):
        student.sgd_step(params, grads, lr)
        after.append([p.detach().clone() for p in inside_the_model])
    return {f"params[{i}] after each step": torch.stack(rows) for i, rows in enumerate(zip(*after, strict=True))}


def velocity_of_momentum(student, p, gradients, v, rates, mu):
    """The velocity after each call of `momentum_step`, one row a step."""
    return _momentum_steps(student, p, gradients, v, rates, mu)[1]


def parameter_of_momentum(student, p, gradients, v, rates, mu):
    """The parameter after each call of `momentum_step`, one row a step."""
    return _momentum_steps(student, p, gradients, v, rates, mu)[0]


def state_of_adam(student, p, gradients, rates, beta1, beta2, eps):
    """What `adam_step` remembers after each call: the count, and both averages, one row a step."""
    _, counts, m, v = _adam_steps(student.adam_step, p, gradients, rates, beta1, beta2, eps)
    return {"t after each step": counts, "m after each step": m, "v after each step": v}


def parameter_of_adam(student, p, gradients, rates, beta1, beta2, eps):
    """The parameter after each call of `adam_step`, one row a step."""
    return _adam_steps(student.adam_step, p, gradients, rates, beta1, beta2, eps)[0]


def adamw_steps(student, p, gradients, rates, beta1, beta2, eps, weight_decay):
    """The parameter and both averages after each call of `adamw_step`, one row a step."""
    p, _, m, v = _adam_steps(student.adamw_step, p, gradients, rates, beta1, beta2, eps, weight_decay)
    return {"p after each step": p, "m after each step": m, "v after each step": v}


def train_steps(student, weight, bias, batches, lr):
    """`train_step` on one batch after the other: a linear layer, and plain gradient descent.

    "gradient used" is the gradient of the weight that the optimiser saw at its last step in each call; 0 if there was none.
    """
    net, opt = _layer_and_optimiser(weight, bias, lr)
    losses, steps, used, weights, biases = [], [], [], [], []
    for X, y in batches:
        opt.seen.clear()
        losses.append(student.train_step(net, opt, X, y))
        steps.append(len(opt.seen))
        used.append(opt.seen[-1] if opt.seen else torch.zeros_like(weight))
        weights.append(net.weight.detach().clone())
        biases.append(net.bias.detach().clone())
    return {
        "loss": losses,
        "optimiser steps": steps,
        "gradient used": torch.stack(used),
        "weight after it": torch.stack(weights),
        "bias after it": torch.stack(biases),
    }


def accumulated_step(student, weight, bias, micro_batches, lr, old_gradient):
    """One call of `accumulate_step`: a linear layer, plain gradient descent, and gradients left over from before.

    "gradient used" is the gradient of the weight that the optimiser saw at its last step; 0 if there was none.
    """
    net, opt = _layer_and_optimiser(weight, bias, lr)
    net.weight.grad, net.bias.grad = old_gradient.clone(), old_gradient[:, 0].clone()
    sizes = []
    net.register_forward_hook(lambda net, inputs, outputs: sizes.append(len(outputs)))
    loss = student.accumulate_step(net, opt, micro_batches)
    return {
        "loss": loss,
        "largest batch in the net": max(sizes, default=0),
        "optimiser steps": len(opt.seen),
        "gradient used": opt.seen[-1] if opt.seen else torch.zeros_like(weight),
        "weight after it": net.weight.detach().clone(),
        "bias after it": net.bias.detach().clone(),
    }


def returned_norm(student, params, gradients, max_norm):
    """What `clip_gradients` returns for parameters with these gradients."""
    return student.clip_gradients(_with_gradients(params, gradients), max_norm)


def clipped_gradients(student, params, gradients, max_norm):
    """The gradients after a call of `clip_gradients`, and the parameters."""
    mine = _with_gradients(params, gradients)
    student.clip_gradients(list(mine), max_norm)
    after = {f"gradient of params[{i}]": p.grad for i, p in enumerate(mine)}
    kept = all(torch.equal(p.detach(), values) for p, values in zip(mine, params, strict=True))
    return {**after, "parameters as before": kept}


def one_epoch(student, X, y, size, seed):
    """All that `minibatches` gives, with a generator of this seed."""
    return _epoch(student, X, y, size, torch.Generator().manual_seed(seed))


def two_epochs(student, X, y, size, seed):
    """Two epochs with one generator of this seed, and then the first one again with another generator of the same seed."""
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):  # what a function does that draws its numbers elsewhere is repeatable, too
        torch.manual_seed(seed)
        return {
            "epoch 1": _epoch(student, X, y, size, generator),
            "epoch 2": _epoch(student, X, y, size, generator),
            "epoch 1 again": _epoch(student, X, y, size, torch.Generator().manual_seed(seed)),
        }


def loss_of_evaluate(student, weight, bias, batches):
    """What `evaluate` returns for dropout and a linear layer in training mode."""
    return student.evaluate(_net_with_dropout(weight, bias), batches)


def evaluate_and_look_around(student, weight, bias, batches, training):
    """The same, with the net in training mode or in evaluation mode, and what was left behind."""
    net = _net_with_dropout(weight, bias).train(training)
    graphs = []
    net.register_forward_hook(lambda net, inputs, outputs: graphs.append(outputs.requires_grad))
    loss = student.evaluate(net, batches)
    return {
        "loss": loss,
        "net.training afterwards": net.training,
        "dropout.training afterwards": net[0].training,
        "forward passes with a graph": sum(graphs),
    }


class _PlainDescent:
    """Gradient descent with the methods of torch.optim.SGD, and a record of the gradients that it was given.

    It calls the function that torch.optim.SGD calls. The class itself would first import PyTorch's compiler, which takes
    about as long as all checks of this assignment.
    """

    def __init__(self, params, lr):
        self.param_groups = [{"params": list(params), "lr": lr}]
        self.seen = []

    def zero_grad(self, set_to_none=True):
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    p.grad.zero_()

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            first = group["params"][0]
            self.seen.append(torch.zeros_like(first) if first.grad is None else first.grad.detach().clone())
            params = [p for p in group["params"] if p.grad is not None]
            options = {"weight_decay": 0.0, "momentum": 0.0, "dampening": 0.0, "nesterov": False, "maximize": False}
            sgd(params, [p.grad for p in params], [None] * len(params), foreach=False, lr=group["lr"], **options)
        return loss


class _HalfDropout(nn.Dropout):
    """Dropout of one half that always drops the same numbers, every second one, so that results can be compared."""

    def forward(self, x):
        if not self.training:
            return x
        kept = torch.arange(x.numel(), device=x.device).reshape(x.shape) % 2
        return x * kept / (1 - self.p)


def _linear(weight, bias):
    layer = nn.Linear(1, 1)
    layer.weight = nn.Parameter(weight.clone())
    layer.bias = nn.Parameter(bias.clone())
    return layer


def _layer_and_optimiser(weight, bias, lr):
    layer = _linear(weight, bias)
    return layer, _PlainDescent(layer.parameters(), lr)


def _net_with_dropout(weight, bias):
    return nn.Sequential(_HalfDropout(0.5), _linear(weight, bias))


def _with_gradients(params, gradients):
    """Parameters of these values, with these gradients."""
    made = [values.clone().requires_grad_() for values in params]
    for p, g in zip(made, gradients, strict=True):
        p.grad = None if g is None else g.clone()
    return made


def _momentum_steps(student, p, gradients, v, rates, mu):
    """Parameter and velocity after each call of `momentum_step`."""
    p, v = p.clone(), v.clone()
    after = []
    for g, lr in zip(gradients, rates, strict=True):
        student.momentum_step(p, g, v, lr, mu)
        after.append((p.clone(), v.clone()))
    return [torch.stack(rows) for rows in zip(*after, strict=True)]


def _adam_steps(step, p, gradients, rates, *rest):
    """Parameter, count and both averages after each call of a step of the Adam family."""
    p = p.clone()
    state = {"t": 0, "m": torch.zeros_like(p), "v": torch.zeros_like(p)}
    after = []
    for g, lr in zip(gradients, rates, strict=True):
        step(p, g, state, lr, *rest)
        after.append([p.clone(), *(_copy(state.get(name)) for name in ("t", "m", "v"))])
    p_rows, counts, *averages = zip(*after, strict=True)
    return torch.stack(p_rows), list(counts), *(_stacked(rows) for rows in averages)


def _copy(value):
    return value.detach().clone() if isinstance(value, torch.Tensor) else value


def _stacked(rows):
    """Rows of one shape as one tensor; anything else as it is."""
    alike = all(isinstance(row, torch.Tensor) and row.shape == rows[0].shape for row in rows)
    return torch.stack(rows) if alike else list(rows)


def _epoch(student, X, y, size, generator):
    """The batches of one epoch as a list of lists, or what came back instead of batches."""
    batches = student.minibatches(X, y, size, generator)
    if batches is None or isinstance(batches, torch.Tensor):
        return batches
    return [list(batch) if isinstance(batch, (tuple, list)) else batch for batch in batches]
