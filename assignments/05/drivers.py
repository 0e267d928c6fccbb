"""Drivers: they call your functions step after step, with networks, optimizers and generators, and return plain values.

The first argument is your module; the others are what a failing check shows you.
"""

import collections
import io
import itertools

import torch
from torch import nn
from torch.optim.sgd import sgd


def sgd_steps(student, params, grads, lr):
    """What several calls of `sgd_step` make of the parameters: the values of each after each step, one row per step.

    grads and lr hold what each step is called with. In the end, all parameters must still require grad.
    """
    leaves = [values.clone().requires_grad_() for values in params]
    handed_over = list(leaves)  # what happens to the list itself is of no use to a model
    after = []
    for gradients, rate in zip(grads, lr, strict=True):
        student.sgd_step(handed_over, gradients, rate)
        after.append([p.detach().clone() for p in leaves])
    values = {f"params[{i}]": torch.stack(rows) for i, rows in enumerate(zip(*after, strict=True))}
    return values | {"all require grad": all(p.requires_grad for p in leaves)}


def momentum_v(student, p, g, v, lr, mu):
    """The velocity after each of several calls of `momentum_step`, one row per step; g and lr have an entry for each."""
    return _momentum_steps(student, p, g, v, lr, mu)[1]


def momentum_p(student, p, g, v, lr, mu):
    """The parameter after each of several calls of `momentum_step`, one row per step; g and lr have an entry for each."""
    return _momentum_steps(student, p, g, v, lr, mu)[0]


def adam_state(student, p, g, lr, betas, eps):
    """What `adam_step` remembers after each of several calls; g and lr have an entry for each."""
    return _adam_steps(student.adam_step, p, g, lr, *betas, eps)[1]


def adam_p(student, p, g, lr, betas, eps):
    """The parameter after each of several calls of `adam_step`, one row per step; g and lr have an entry for each."""
    return _adam_steps(student.adam_step, p, g, lr, *betas, eps)[0]


def adamw(student, p, g, lr, betas, eps, wd):
    """The parameter and its averages after each of several calls of `adamw_step`; g and lr have an entry for each."""
    rows, state = _adam_steps(student.adamw_step, p, g, lr, *betas, eps, wd)
    return {"p": rows, "m": state["m"], "v": state["v"]}


def adam_later(student, p, g, state, lr):
    """Several calls of `adam_step`, from a state on, with the default settings: the parameter and both averages after each."""
    return _steps_by_default(student.adam_step, p, g, state, lr)


def adamw_later(student, p, g, state, lr):
    """Several calls of `adamw_step`, from a state on, with the default settings: the parameter and both averages after each."""
    return _steps_by_default(student.adamw_step, p, g, state, lr)


def train_steps(student, W, b, data, lr):
    """One call of `train_step` for each batch: a linear layer with weight W and bias b, and plain gradient descent.

    There is an entry or a row for each call. "gradient used" is what the optimizer found in `.grad` at its last step, of W and
    then of b, and 0 where there was nothing; "parameters" are W and b afterwards.
    """
    net, opt = _layer_and_optimizer(W, b, lr)
    counts, used, losses, after = [], [], [], []
    for X, y in data:
        opt.seen.clear()
        losses.append(student.train_step(net, opt, X, y))
        counts.append(len(opt.seen))
        used.append(opt.last_seen())
        after.append(_flat(net.parameters()))
    return {"step count": counts, "gradient used": torch.stack(used), "loss": losses, "parameters": torch.stack(after)}


def mlp_parameters(student, sizes):
    """The parameters of `make_mlp(sizes)`: the shape of each, by its name."""
    return {name: list(p.shape) for name, p in student.make_mlp(sizes).named_parameters()}


def mlp_outputs(student, weights, x):
    """What the network of `make_mlp` makes of x; weights[i] is the weight and the bias of layer i."""
    return _mlp(student, weights)(x).detach()


def saved_and_loaded(student, weights, x):
    """A network with these weights is saved with `weights_to_bytes`, and loaded into another with `load_weights`.

    "torch.load finds" is what the bytes hold. Then come what the second network makes of x, and what the first makes of it
    when the second has been changed afterwards.
    """
    first = _mlp(student, weights)
    data = student.weights_to_bytes(first)
    found = _content_of(data)
    answer = {"what came back": type(data).__name__, "torch.load finds": found}
    if not isinstance(found, list):
        return answer
    second = _with_first_numbers(student, weights)
    student.load_weights(second, data)
    answer["outputs of the second"] = second(x).detach()
    with torch.no_grad():
        for p in second.parameters():
            p.add_(1)
    return {**answer, "outputs of the first": first(x).detach()}


def buffers_carried(student, mean):
    """A batch norm with this running mean, a buffer, is saved with `weights_to_bytes` and loaded into another.

    "torch.load finds" is what the bytes hold; then comes the running mean of the second.
    """
    first, second = (nn.BatchNorm1d(len(mean)).to(mean) for _ in range(2))
    first.running_mean.copy_(mean)
    data = student.weights_to_bytes(first)
    found = _content_of(data)
    if "running_mean" not in found:
        return {"torch.load finds": found}
    student.load_weights(second, data)
    return {"torch.load finds": found, "running mean of the second": second.running_mean}


def loaded_into_other(student, saved, wanted):
    """What becomes of `load_weights` when the bytes belong to a network of the sizes `saved`, and the network has `wanted`."""
    zeros = [torch.zeros(b, a) for a, b in itertools.pairwise(saved)]
    return _loading(student, {n: v for i, W in enumerate(zeros) for n, v in _named(i, W, W[:, 0])}, wanted)


def loaded_with_code(student, sizes):
    """What becomes of `load_weights` when a bias in the file is no tensor but a call, which makes one when it is read."""
    zeros = [torch.zeros(b, a) for a, b in itertools.pairwise(sizes)]
    state = {n: v for i, W in enumerate(zeros) for n, v in _named(i, W, W[:, 0])}
    return _loading(student, {**state, "layers.0.bias": _Call(sizes[1])}, sizes)


def accumulated_step(student, W, b, data, lr, old):
    """One call of `accumulate_step` with these micro-batches, on a linear layer all of whose gradients are `old` at first.

    "gradient used" is what the optimizer found in `.grad` at its last step, of W and then of b, and 0 where there was nothing.
    """
    net, opt = _layer_and_optimizer(W, b, lr)
    for p in net.parameters():
        p.grad = torch.full_like(p, old)
    sizes = []
    net.register_forward_hook(lambda net, inputs, outputs: sizes.append(len(outputs)))
    loss = student.accumulate_step(net, opt, data)
    return {
        "step count": len(opt.seen),
        "gradient used": opt.last_seen(),
        "loss": loss,
        "parameters": _flat(net.parameters()),
        "largest batch in the net": max(sizes, default=0),
    }


def repaired_epochs(student, W, b, data, lr, epochs):
    """Several calls of `repaired_epoch` with the same batches: a linear layer, and plain gradient descent.

    "gradients used" has a row for each step of the optimizer: what it found in `.grad`, of W and then of b. "loss" and
    "parameters" have an entry or a row for each call.
    """
    return _epochs(lambda net, opt: student.repaired_epoch(net, opt, data), W, b, lr, epochs)


def norm_of(student, params, grads, max_norm):
    """What `clip_gradients` returns for parameters with these gradients."""
    return student.clip_gradients(_with_gradients(params, grads), max_norm)


def clipped(student, params, grads, max_norm):
    """The gradients after a call of `clip_gradients`, and whether the parameters are what they were."""
    mine = _with_gradients(params, grads)
    student.clip_gradients(list(mine), max_norm)
    kept = all(torch.equal(p.detach(), values) for p, values in zip(mine, params, strict=True))
    return {**{f"grads[{i}]": p.grad for i, p in enumerate(mine)}, "params as before": kept}


def repaired_clipped_epochs(student, W, b, data, lr, max_norm, epochs, groups):
    """Several calls of `repaired_clipped_epoch` with the same batches: a linear layer, and plain gradient descent.

    With two groups, the optimizer has W in the first and b in the second.
    "gradients used" has a row for each step of the optimizer: what it found in `.grad`, of W and then of b. "loss" and
    "parameters" have an entry or a row for each call.
    """
    return _epochs(lambda net, opt: student.repaired_clipped_epoch(net, opt, data, max_norm), W, b, lr, epochs, groups)


def warmed_up(student, W, b, data, rates, groups):
    """One call of `repaired_warm_up`, on a linear layer: schedule(k) is rates[k], and there is a batch for each step.

    With two groups, the optimizer has W in the first and b in the second. `log` is what came back; "parameters" has a row
    for each step of the optimizer: W and then b after it.
    """
    net, opt = _layer_and_optimizer(W, b, 0.5, groups)
    log = student.repaired_warm_up(net, opt, data, lambda step: rates[step])
    after = torch.stack(opt.after) if opt.after else torch.zeros(0, W.numel() + b.numel(), dtype=W.dtype)
    return {"step count": len(opt.after), "parameters": after, "log": log}


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


def evaluated(student, W, data):
    """What `evaluate` returns for dropout and a linear layer, in training mode."""
    return student.evaluate(_net_with_dropout(W), data)


def evaluated_in_passing(student, W, data):
    """The same with batches from a Python generator: it has no length, and it can be gone through once only."""
    return student.evaluate(_net_with_dropout(W), (batch for batch in data))


def evaluated_in_mode(student, W, data, training):
    """What `evaluate` returns for a net in training mode or in evaluation mode, and what was left behind."""
    net = _net_with_dropout(W).train(training)
    graphs = []
    net.register_forward_hook(lambda net, inputs, outputs: graphs.append(outputs.requires_grad))
    loss = student.evaluate(net, data)
    return {
        "loss": loss,
        "net.training": net.training,
        "dropout.training": net[0].training,
        "graphs built": sum(graphs),
        "autograd on afterwards": torch.is_grad_enabled(),
    }


def orders_of_epochs(student, n, size, epochs, seed):
    """The orders in which `minibatches` goes through n examples in so many epochs, counted.

    "row at place": how often row i came at place j of an epoch. "row after row": how often row j came directly after row i.
    "next epoch": how often an epoch began with row i and the next one with row j.
    """
    orders = _orders(student, n, size, epochs, seed)
    hit = (orders.unsqueeze(-1) == torch.arange(n)).double()  # epoch, place, row
    return {
        "row at place": hit.sum(0).mT,
        "row after row": (hit[:, :-1].mT @ hit[:, 1:]).sum(0),
        "next epoch": hit[0::2, 0].mT @ hit[1::2, 0],
    }


def moves_in_epochs(student, n, size, epochs, seed):
    """How often one of the rows n/5 * i to n/5 * (i + 1) - 1 came in the j-th fifth of an epoch of `minibatches`."""
    fifths = torch.arange(n) * 5 // n
    moves = 5 * fifths[_orders(student, n, size, epochs, seed)] + fifths
    return torch.bincount(moves.flatten(), minlength=25).reshape(5, 5)


def _orders(student, n, size, epochs, seed):
    """The rows of each epoch in their order; -1 where there is none."""
    X, y = torch.zeros(n, 1, dtype=torch.float64), torch.arange(n)
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    orders = torch.full((epochs, n), -1)
    for order in orders:
        labels = torch.cat([labels for _, labels in student.minibatches(X, y, size, generator)])
        order[: len(labels)] = labels[:n]
    return orders


class _PlainDescent(torch.optim.Optimizer):
    """An optimizer of PyTorch that does gradient descent, and keeps a record of the gradients that it was given.

    Each argument is the parameters of one group.

    It calls the function that torch.optim.SGD calls. The constructor of SGD, and that of Optimizer, would first import
    PyTorch's compiler, which takes longer than all checks of this assignment. So this one is set up as if it were loaded
    from a file.
    """

    def __init__(self, *groups, lr):
        groups = [{"params": list(params), "lr": lr} for params in groups]
        self.__setstate__({"defaults": {"lr": lr}, "state": collections.defaultdict(dict), "param_groups": groups})
        self.seen, self.after = [], []

    def zero_grad(self, set_to_none=True):
        for p in self._params():
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
        self.seen.append(_flat(torch.zeros_like(p) if p.grad is None else p.grad for p in self._params()))
        options = {"weight_decay": 0.0, "momentum": 0.0, "dampening": 0.0, "nesterov": False, "maximize": False}
        for group in self.param_groups:
            there = [p for p in group["params"] if p.grad is not None]
            sgd(there, [p.grad for p in there], [None] * len(there), foreach=False, lr=group["lr"], **options)
        self.after.append(_flat(self._params()))
        return loss

    def last_seen(self):
        """The gradients at the last step, one behind the other."""
        return self.seen[-1] if self.seen else torch.zeros_like(_flat(self._params()))

    def _params(self):
        return [p for group in self.param_groups for p in group["params"]]


class _HalfDropout(nn.Dropout):
    """Dropout of one half that always drops the same numbers, every second one, so that results can be compared."""

    def forward(self, x):
        if not self.training:
            return x
        kept = torch.arange(x.numel(), device=x.device).reshape(x.shape) % 2
        return x * kept / (1 - self.p)


class _Call:
    """Read from a file, it becomes what a call returns: the zeros of a bias. Another call could do anything."""

    def __init__(self, n):
        self.n = n

    def __reduce__(self):
        return torch.zeros, (self.n,)


def _sizes(weights):
    return [weights[0][0].shape[1], *(len(W) for W, _ in weights)]


def _named(i, W, b):
    """Weight and bias of layer i with their names."""
    return [(f"layers.{i}.weight", W), (f"layers.{i}.bias", b)]


def _with_first_numbers(student, weights):
    """A network of `make_mlp` for these weights, without them: with its first random numbers, the same ones each time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return student.make_mlp(_sizes(weights)).to(weights[0][0])


def _mlp(student, weights):
    """A network of `make_mlp` with these numbers wherever it has parameters of the right name and shape."""
    net = _with_first_numbers(student, weights)
    own = dict(net.named_parameters())
    with torch.no_grad():
        for name, values in [pair for i, (W, b) in enumerate(weights) for pair in _named(i, W, b)]:
            if name in own and own[name].shape == values.shape:
                own[name].copy_(values)
    return net


def _content_of(data):
    """The names of the tensors that bytes hold, or what they hold instead."""
    try:
        content = torch.load(io.BytesIO(data), weights_only=True)
    except Exception:
        return "nothing"
    return sorted(content) if isinstance(content, dict) else type(content).__name__


def _loading(student, state, sizes):
    """Whether `load_weights` filled a network with a state, or which error it raised."""
    file = io.BytesIO()
    torch.save(state, file)
    try:
        student.load_weights(student.make_mlp(sizes), file.getvalue())
    except Exception as error:
        return type(error).__name__
    return "no error"


def _layer(W, b):
    layer = nn.Linear(1, 1)
    layer.weight, layer.bias = nn.Parameter(W.clone()), nn.Parameter(b.clone())
    return layer


def _layer_and_optimizer(W, b, lr, groups=1):
    """A linear layer, and an optimizer that has it in one group, or W in one and b in another."""
    layer = _layer(W, b)
    parts = [layer.parameters()] if groups == 1 else [[p] for p in layer.parameters()]
    return layer, _PlainDescent(*parts, lr=lr)


def _epochs(one_epoch, W, b, lr, epochs, groups=1):
    """What the optimizer was given in several epochs, their losses, and the parameters after each."""
    net, opt = _layer_and_optimizer(W, b, lr, groups)
    losses, after = [], []
    for _ in range(epochs):
        losses.append(one_epoch(net, opt))
        after.append(_flat(net.parameters()))
    used = torch.stack(opt.seen) if opt.seen else torch.zeros(0, len(after[0]), dtype=W.dtype)
    return {"step count": len(opt.seen), "gradients used": used, "loss": losses, "parameters": torch.stack(after)}


def _net_with_dropout(W):
    layer = nn.Linear(1, 1, bias=False)
    layer.weight = nn.Parameter(W.clone())
    return nn.Sequential(_HalfDropout(0.5), layer)


def _flat(tensors):
    """All numbers of some tensors, one behind the other."""
    return torch.cat([t.detach().flatten() for t in tensors])


def _with_gradients(params, grads):
    """Parameters of these values, with these gradients."""
    made = [values.clone().requires_grad_() for values in params]
    for p, g in zip(made, grads, strict=True):
        p.grad = None if g is None else g.clone()
    return made


def _momentum_steps(student, p, g, v, lr, mu):
    """Parameter and velocity after each call of `momentum_step`."""
    p, v = p.clone(), v.clone()
    after = []
    for gradient, rate in zip(g, lr, strict=True):
        student.momentum_step(p, gradient, v, rate, mu)
        after.append((p.clone(), v.clone()))
    return [torch.stack(rows) for rows in zip(*after, strict=True)]


def _adam_steps(step, p, g, lr, *rest):
    """The parameter after each call of a step of the Adam family, and for each entry of the state what it was then."""
    p = p.clone()
    state = {"t": 0, "m": torch.zeros_like(p), "v": torch.zeros_like(p)}
    return _steps_from(state, step, p, g, lr, *rest)


def _steps_by_default(step, p, g, state, lr):
    own = {name: value.clone() if isinstance(value, torch.Tensor) else value for name, value in state.items()}
    rows, state = _steps_from(own, step, p.clone(), g, lr)
    return {"p": rows, "m": state["m"], "v": state["v"]}


def _steps_from(state, step, p, g, lr, *rest):
    """The same from a state on; p and the state are changed."""
    after, remembered = [], {name: [] for name in state}
    for gradient, rate in zip(g, lr, strict=True):
        step(p, gradient, state, rate, *rest)
        after.append(p.clone())
        for name, rows in remembered.items():
            value = state.get(name)
            rows.append(value.detach().clone() if isinstance(value, torch.Tensor) else value)
    return torch.stack(after), {name: _stacked(rows) for name, rows in remembered.items()}


def _stacked(rows):
    """Tensors of p's shape as one tensor; anything else as a list."""
    alike = all(isinstance(row, torch.Tensor) and row.dim() > 0 and row.shape == rows[0].shape for row in rows)
    return torch.stack(rows) if alike else rows


def _epoch(student, X, y, size, generator):
    """The batches of one epoch as a list of lists, or what came back instead of batches."""
    batches = student.minibatches(X, y, size, generator)
    if batches is None or isinstance(batches, torch.Tensor):
        return batches
    return [list(batch) if isinstance(batch, (tuple, list)) else batch for batch in batches]
