"""Correct answers to assignment 05 that look different from the solution; each must get full marks."""

import io
import itertools
import math
import random

import torch
from torch.nn import functional as F

from gradlings.authoring import Catalogue

catalogue = Catalogue()


# --- 5.1 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("5.1", "through .data")
def sgd_step(params, grads, lr):
    for p, g in zip(params, grads, strict=True):
        if g is not None:
            p.data = p.data - lr * g


@catalogue.variant("5.1", "by index, minus-equals")
def sgd_step(params, grads, lr):
    for i in range(len(params)):
        if grads[i] is None:
            continue
        with torch.no_grad():
            params[i] -= lr * grads[i]


@catalogue.variant("5.1", "a function without autograd, add_ with a factor")
def sgd_step(params, grads, lr):
    @torch.no_grad()
    def move(p, g):
        p.add_(g, alpha=-lr)

    for p, g in zip(params, grads, strict=True):
        if g is not None:
            move(p, g)


@catalogue.variant("5.1", "copied back from a detached result")
def sgd_step(params, grads, lr):
    for p, g in zip(params, grads, strict=True):
        if g is None:
            g = torch.zeros_like(p)
        p.detach().copy_(p.detach() - lr * g)


# --- 5.2 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("5.2", "slices written to")
def momentum_step(p, g, v, lr, mu):
    v[...] = mu * v + g
    p[...] = p - lr * v


@catalogue.variant("5.2", "operators in place")
def momentum_step(p, g, v, lr, mu):
    v *= mu
    v += g
    p -= lr * v


@catalogue.variant("5.2", "copied back from float64")
def momentum_step(p, g, v, lr, mu):
    new = mu * v.double() + g.double()
    p.copy_(p.double() - lr * new)
    v.copy_(new)


# --- 5.3 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("5.3", "averages replaced in the state")
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"] + 1
    m = beta1 * state["m"] + (1 - beta1) * g
    v = beta2 * state["v"] + (1 - beta2) * g * g
    state.update(t=t, m=m, v=v)
    p -= lr * (m / (1 - beta1**t)) / (torch.sqrt(v / (1 - beta2**t)) + eps)


@catalogue.variant("5.3", "lerp and addcdiv, as in torch")
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    state["t"] += 1
    state["m"].lerp_(g, 1 - beta1)
    state["v"].mul_(beta2).addcmul_(g, g, value=1 - beta2)
    denominator = (state["v"].sqrt() / math.sqrt(1 - beta2 ** state["t"])).add_(eps)
    p.addcdiv_(state["m"], denominator, value=-lr / (1 - beta1 ** state["t"]))


@catalogue.variant("5.3", "corrections moved into rate and eps")
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    state["t"] += 1
    state["m"] += (1 - beta1) * (g - state["m"])
    state["v"] += (1 - beta2) * (g**2 - state["v"])
    root = math.sqrt(1 - beta2 ** state["t"])
    p.sub_(lr * root / (1 - beta1 ** state["t"]) * state["m"] / (state["v"] ** 0.5 + eps * root))


@catalogue.variant("5.3", "in float64 inside")
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    state["t"] = t = state["t"] + 1
    wide = g.double()
    m = beta1 * state["m"].double() + (1 - beta1) * wide
    v = beta2 * state["v"].double() + (1 - beta2) * wide.square()
    p.copy_(p.double() - lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps))
    state["m"], state["v"] = m.to(g.dtype), v.to(g.dtype)


# --- 5.4 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("5.4", "decay of the old value, taken off afterwards")
def adamw_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    decay = lr * weight_decay * p
    adam_step(p, g, state, lr, beta1, beta2, eps)
    p -= decay


@catalogue.variant("5.4", "written out")
def adamw_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    state["t"] += 1
    m, v = state["m"], state["v"]
    m[:] = beta1 * m + (1 - beta1) * g
    v[:] = beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1 ** state["t"]), v / (1 - beta2 ** state["t"])
    p[:] = p - lr * (m_hat / (v_hat.sqrt() + eps) + weight_decay * p)


# --- 5.5 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("5.5", "cleared after the step")
def train_step(net, opt, X, y):
    loss = F.cross_entropy(net(X), y)
    loss.backward()
    opt.step()
    opt.zero_grad()
    return loss.item()


@catalogue.variant("5.5", "cleared right before backward, through the net")
def train_step(net, opt, X, y):
    net.train()
    outputs = net(X)
    loss = torch.nn.CrossEntropyLoss()(outputs, y)
    net.zero_grad(set_to_none=False)
    loss.backward()
    opt.step()
    return float(loss)


@catalogue.variant("5.5", "log-softmax by hand, gradients set by autograd.grad")
def train_step(net, opt, X, y):
    log_p = torch.log_softmax(net(X), dim=-1)
    loss = -log_p[torch.arange(len(y)), y].mean()
    params = list(net.parameters())
    for p, g in zip(params, torch.autograd.grad(loss, params), strict=True):
        p.grad = g
    opt.step()
    return loss.detach().item()


@catalogue.variant("5.5", "closure")
def train_step(net, opt, X, y):
    def closure():
        opt.zero_grad()
        loss = F.cross_entropy(net(X), y)
        loss.backward()
        return loss

    return opt.step(closure).item()


# --- 5.11 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("5.11", "layers appended one by one, the last one told by its number")
def make_mlp(sizes):
    class Perceptron(torch.nn.Module):
        def __init__(self, sizes):
            super().__init__()
            self.layers = torch.nn.ModuleList()
            for i in range(len(sizes) - 1):
                self.layers.append(torch.nn.Linear(sizes[i], sizes[i + 1]))

        def forward(self, x):
            for i, layer in enumerate(self.layers):
                x = layer(x)
                if i < len(self.layers) - 1:
                    x = torch.relu(x)
            return x

    return Perceptron(sizes)


@catalogue.variant("5.11", "a Sequential of linear layers, clamped between")
def make_mlp(sizes):
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.Sequential(*(torch.nn.Linear(*pair) for pair in itertools.pairwise(sizes)))

        def forward(self, x):
            first, *others = self.layers
            x = first(x)
            for layer in others:
                x = layer(x.clamp(min=0))
            return x

    return Net()


@catalogue.variant("5.11", "the bytes of a buffer")
def weights_to_bytes(net):
    with io.BytesIO() as file:
        torch.save({name: values.clone() for name, values in net.state_dict().items()}, file)
        return bytes(file.getbuffer())


@catalogue.variant("5.11", "read from the beginning")
def weights_to_bytes(net):
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    file.seek(0)
    return file.read()


@catalogue.variant("5.11", "loaded for the CPU, strict")
def load_weights(net, data):
    state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return net.load_state_dict(state, strict=True)


@catalogue.variant("5.11", "names and shapes compared, then copied one by one")
def load_weights(net, data):
    file = io.BytesIO()
    file.write(data)
    file.seek(0)
    own, loaded = net.state_dict(), torch.load(file, weights_only=True)
    if {name: v.shape for name, v in own.items()} != {name: v.shape for name, v in loaded.items()}:
        raise RuntimeError("these are the weights of another network")
    for name, values in own.items():
        values.copy_(loaded[name])


# --- 5.6 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("5.6", "means weighed with their sizes")
def accumulate_step(net, opt, micro_batches):
    sizes = [len(y) for _, y in micro_batches]
    opt.zero_grad()
    loss = 0.0
    for (X, y), n in zip(micro_batches, sizes, strict=True):
        mean = F.cross_entropy(net(X), y)
        (mean * (n / sum(sizes))).backward()
        loss += n * mean.item()
    opt.step()
    return loss / sum(sizes)


@catalogue.variant("5.6", "gradients divided at the end")
def accumulate_step(net, opt, micro_batches):
    net.zero_grad()
    total, count = 0.0, 0
    for X, y in micro_batches:
        loss = F.cross_entropy(net(X), y, reduction="sum")
        loss.backward()
        total, count = total + loss.item(), count + len(y)
    for p in net.parameters():
        p.grad /= count
    opt.step()
    opt.zero_grad()
    return total / count


@catalogue.variant("5.6", "gradients added up by hand")
def accumulate_step(net, opt, micro_batches):
    params = list(net.parameters())
    sums, total = [torch.zeros_like(p) for p in params], 0.0
    count = sum(len(y) for _, y in micro_batches)
    for X, y in reversed(micro_batches):
        loss = F.cross_entropy(net(X), y, reduction="none").sum() / count
        sums = [s + g for s, g in zip(sums, torch.autograd.grad(loss, params), strict=True)]
        total += float(loss)
    for p, s in zip(params, sums, strict=True):
        p.grad = s
    opt.step()
    return total


# --- 5.12 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("5.12", "cleared after the step")
def repaired_epoch(net, opt, batches):
    losses = []
    for X, y in batches:
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        opt.zero_grad()
        losses += [loss.item()] * len(X)
    return math.fsum(losses) / len(losses)


@catalogue.variant("5.12", "the broken one, for each batch alone")
def repaired_epoch(net, opt, batches):
    sizes = [len(y) for _, y in batches]
    losses = [broken_epoch(net, opt, [batch]) for batch in batches]
    return sum(n * loss for n, loss in zip(sizes, losses, strict=True)) / sum(sizes)


@catalogue.variant("5.12", "gradients from autograd.grad, the square by hand")
def repaired_epoch(net, opt, batches):
    params = list(net.parameters())
    squares, numbers = 0.0, 0
    for X, y in batches:
        square = (net(X) - y).pow(2)
        for p, g in zip(params, torch.autograd.grad(square.mean(), params), strict=True):
            p.grad = g
        opt.step()
        squares, numbers = squares + float(square.detach().sum()), numbers + y.numel()
    return squares / numbers


@catalogue.variant("5.12", "cleared through the net, right before backward")
def repaired_epoch(net, opt, batches):
    net.train()
    mean, seen = 0.0, 0
    for X, y in batches:
        loss = torch.nn.MSELoss()(net(X), y)
        net.zero_grad(set_to_none=False)
        loss.backward()
        opt.step()
        seen += len(y)
        mean += (loss.item() - mean) * len(y) / seen
    return mean


# --- 5.7 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("5.7", "with torch's 1e-6, new gradients")
def clip_gradients(params, max_norm):
    total = 0.0
    for p in params:
        if p.grad is not None:
            total += p.grad.pow(2).sum().item()
    norm = math.sqrt(total)
    factor = min(1.0, max_norm / (norm + 1e-6))
    for p in params:
        if p.grad is not None:
            p.grad = p.grad * factor
    return norm


@catalogue.variant("5.7", "norm of the norms, clamped factor")
def clip_gradients(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    norm = torch.stack([g.norm() for g in grads]).norm()
    factor = (max_norm / norm).clamp(max=1.0)
    for g in grads:
        g *= factor
    return norm


@catalogue.variant("5.7", "in float64 inside")
def clip_gradients(params, max_norm):
    there = [p for p in params if p.grad is not None]
    squares = [g * g for p in there for g in p.grad.detach().double().flatten().tolist()]
    norm = math.fsum(squares) ** 0.5
    if norm <= max_norm:
        return norm
    for p in there:
        p.grad.copy_(p.grad.double() * (max_norm / norm))
    return norm


# --- 5.13 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("5.13", "cleared after the step")
def repaired_clipped_epoch(net, opt, batches, max_norm):
    losses = []
    for X, y in batches:
        loss = F.mse_loss(net(X), y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(net.parameters()), max_norm, foreach=False)
        opt.step()
        opt.zero_grad()
        losses += [loss.item()] * len(X)
    return math.fsum(losses) / len(losses)


@catalogue.variant("5.13", "with the clipping of 5.7")
def repaired_clipped_epoch(net, opt, batches, max_norm):
    total = 0.0
    for X, y in batches:
        net.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        clip_gradients(list(net.parameters()), max_norm)
        opt.step()
        total += len(y) * float(loss)
    return total / sum(len(y) for _, y in batches)


@catalogue.variant("5.13", "one long vector, by hand")
def repaired_clipped_epoch(net, opt, batches, max_norm):
    params = list(net.parameters())
    squares, numbers = 0.0, 0
    for X, y in batches:
        square = (net(X) - y) ** 2
        grads = torch.autograd.grad(square.mean(), params)
        norm = torch.cat([g.flatten() for g in grads]).norm()
        for p, g in zip(params, grads, strict=True):
            p.grad = g * (max_norm / norm) if norm > max_norm else g
        opt.step()
        squares, numbers = squares + square.sum().item(), numbers + square.numel()
    return squares / numbers


# --- 5.8 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("5.8", "mixture of the two rates")
def lr_at(step, max_lr, min_lr, warmup, total):
    if step >= total:
        return min_lr
    if step < warmup:
        return step * (max_lr / warmup)
    weight = (1 + math.cos((step - warmup) * math.pi / (total - warmup))) / 2
    return weight * max_lr + (1 - weight) * min_lr


@catalogue.variant("5.8", "square of the cosine of half the angle")
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * (step / warmup)
    angle = math.pi * (min(step, total) - warmup) / (total - warmup)
    return min_lr + (max_lr - min_lr) * math.cos(angle / 2) ** 2


@catalogue.variant("5.8", "in torch, as a tensor")
def lr_at(step, max_lr, min_lr, warmup, total):
    if step <= warmup and warmup > 0:
        return torch.tensor(max_lr, dtype=torch.float64) * step / warmup
    done = torch.tensor((step - warmup) / (total - warmup), dtype=torch.float64).clamp(max=1.0)
    return min_lr + (max_lr - min_lr) * (1 + torch.cos(math.pi * done)) / 2


# --- 5.14 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("5.14", "all rates beforehand, groups updated, cleared after the step")
def repaired_warm_up(net, opt, batches, schedule):
    rates = [schedule(step) for step in range(len(batches))]
    losses = []
    for (X, y), rate in zip(batches, rates, strict=True):
        [group.update(lr=rate) for group in opt.param_groups]
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        opt.zero_grad()
        losses.append(loss.item())
    return list(zip(rates, losses, strict=True))


@catalogue.variant("5.14", "the rate set by a function, between backward and step")
def repaired_warm_up(net, opt, batches, schedule):
    def set_rate(rate):
        for i in range(len(opt.param_groups)):
            opt.param_groups[i]["lr"] = rate

    log, step = [], 0
    while step < len(batches):
        X, y = batches[step]
        net.zero_grad()
        loss = torch.mean((net(X) - y) ** 2)
        loss.backward()
        set_rate(schedule(step))
        opt.step()
        log += [(opt.param_groups[-1]["lr"], float(loss.detach()))]
        step += 1
    return log


@catalogue.variant("5.14", "the next rate set at the end of each round")
def repaired_warm_up(net, opt, batches, schedule):
    log = []
    rate = schedule(0)
    for group in opt.param_groups:
        group["lr"] = rate
    for step, (X, y) in enumerate(batches):
        opt.zero_grad()
        loss = torch.nn.MSELoss()(net(X), y)
        loss.backward()
        opt.step()
        log.append((rate, loss.item()))
        if step + 1 < len(batches):
            rate = schedule(step + 1)
            for group in opt.param_groups:
                group["lr"] = rate
    return log


@catalogue.variant("5.14", "the broken one, for each batch alone")
def repaired_warm_up(net, opt, batches, schedule):
    log = []
    for step, batch in enumerate(batches):
        for group in opt.param_groups:
            group["lr"] = schedule(step)
        [(_, loss)] = broken_warm_up(net, opt, [batch], schedule)
        log.append((schedule(step), loss))
    return log


# --- 5.9 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("5.9", "generator function with slices")
def minibatches(X, y, size, generator):
    order = torch.randperm(X.shape[0], generator=generator)
    X, y = X[order], y[order]
    for start in range(0, X.shape[0], size):
        yield X[start : start + size], y[start : start + size]


@catalogue.variant("5.9", "order from random numbers, lists")
def minibatches(X, y, size, generator):
    keys = torch.rand(len(X), generator=generator)
    order = torch.argsort(keys).tolist()
    batches = []
    while order:
        rows, order = order[:size], order[size:]
        batches.append([torch.stack([X[i] for i in rows]), torch.stack([y[i] for i in rows])])
    return batches


@catalogue.variant("5.9", "Python's shuffle, seeded from the generator")
def minibatches(X, y, size, generator):
    seed = int(torch.randint(2**31, (1,), generator=generator))
    rows = list(range(len(y)))
    random.Random(seed).shuffle(rows)
    for start in range(0, len(rows), size):
        piece = torch.tensor(rows[start : start + size])
        yield X.index_select(0, piece.to(X.device)), y.index_select(0, piece.to(y.device))


# --- 5.10 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("5.10", "inference mode, means weighed with their sizes")
def evaluate(net, loader):
    mode = net.training
    net.train(False)
    with torch.inference_mode():
        losses = [(F.cross_entropy(net(X), y).item(), len(y)) for X, y in loader]
    if mode:
        net.train()
    return sum(loss * n for loss, n in losses) / sum(n for _, n in losses)


@catalogue.variant("5.10", "all losses in one list, restored in any case")
def evaluate(net, loader):
    mode, losses = net.training, []
    try:
        net.eval()
        for X, y in loader:
            with torch.no_grad():
                losses += F.cross_entropy(net(X), y, reduction="none").tolist()
    finally:
        net.train(mode)
    return math.fsum(losses) / len(losses)


@catalogue.variant("5.10", "every part restored on its own")
def evaluate(net, loader):
    modes = [(part, part.training) for part in net.modules()]
    net.eval()
    total, count = 0.0, 0
    with torch.set_grad_enabled(False):
        for X, y in loader:
            log_p = net(X).log_softmax(dim=-1)
            total -= log_p.gather(1, y[:, None]).sum().item()
            count += y.numel()
    for part, mode in modes:
        part.training = mode
    return total / count
