"""Correct answers to assignment 03 that look different from the solution; each must get full marks."""

import math
from collections import deque
from functools import reduce
from graphlib import TopologicalSorter

import numpy as np
import torch

from gradlings.authoring import Catalogue

catalogue = Catalogue()


# --- 3.1 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("3.1", "the middle value has a name")
def chain_derivative(df, g, dg, x):
    u = g(x)
    du_dx = dg(x)
    dy_du = df(u)
    return torch.mul(dy_du, du_dx)


@catalogue.variant("3.1", "in place on its own tensor")
def chain_derivative(df, g, dg, x):
    rate = dg(x).clone()
    rate *= df(g(x))
    return rate


@catalogue.variant("3.1", "a Python number returned")
def chain_derivative(df, g, dg, x):
    return dg(x).item() * df(g(x)).item()


# --- 3.2 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("3.2", "one case for each sign")
def sigmoid(z):
    small = torch.exp(-z.abs())
    return torch.where(z >= 0, 1 / (1 + small), small / (1 + small))


@catalogue.variant("3.2", "through tanh")
def sigmoid(z):
    return 0.5 * (1 + torch.tanh(z / 2))


@catalogue.variant("3.2", "through the logarithm")
def sigmoid(z):
    return torch.exp(-torch.logaddexp(torch.zeros_like(z), -z))


@catalogue.variant("3.2", "in place on its own tensor")
def sigmoid(z):
    return z.neg().exp_().add_(1).reciprocal_()


@catalogue.variant("3.2", "number by number")
def sigmoid(z):
    result = torch.empty_like(z)
    out, numbers = [], z.flatten().tolist()
    for number in numbers:
        power = math.exp(-abs(number))
        out.append(1 / (1 + power) if number >= 0 else power / (1 + power))
    result.copy_(torch.tensor(out, dtype=z.dtype).reshape(z.shape))
    return result


@catalogue.variant("3.2", "in float64 inside")
def sigmoid(z):
    wide = z.double().clamp(-700, 700)
    return (wide.exp() / (1 + wide.exp())).to(z.dtype)


@catalogue.variant("3.2", "positive and negative entries apart")
def sigmoid(z):
    result = torch.zeros_like(z)
    positive = z > 0
    result[positive] = 1 / (1 + torch.exp(-z[positive]))
    grown = torch.exp(z[~positive])
    result[~positive] = grown / (1 + grown)
    return result


# --- 3.3 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("3.3", "the probability of what happened")
def bce(a, y):
    happened = torch.where(y == 1, a, 1 - a)
    return -torch.log(happened).clamp(min=-100).mean()


@catalogue.variant("3.3", "example by example")
def bce(a, y):
    total = 0.0
    for prediction, label in zip(a.tolist(), y.tolist(), strict=True):
        p = prediction if label == 1 else 1 - prediction
        total += min(100.0, -math.log(p)) if p > 0 else 100.0
    return torch.tensor(total / len(a), dtype=a.dtype)


@catalogue.variant("3.3", "log1p and maximum")
def bce(a, y):
    floor = torch.full_like(a, -100)
    per_example = y * torch.maximum(torch.log(a), floor) + (1 - y) * torch.maximum(torch.log1p(-a), floor)
    return -per_example.sum() / a.numel()


@catalogue.variant("3.3", "in float64 inside, as dot products")
def bce(a, y):
    p, t = a.double(), y.double()
    yes, no = p.log().clamp(min=-100), (1 - p).log().clamp(min=-100)
    return (-(t @ yes + (1 - t) @ no) / len(p)).to(a.dtype)


# --- 3.11 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("3.11", "the largest and its place")
def logsumexp(z):
    top, _ = z.max(dim=-1)
    return torch.log(torch.sum(torch.exp(z - top.unsqueeze(-1)), -1)) + top


@catalogue.variant("3.11", "sorted, so that the largest is the last")
def logsumexp(z):
    z = z.sort(dim=-1).values
    return z[..., -1] + (z - z[..., -1:]).exp().sum(-1).log()


@catalogue.variant("3.11", "row by row, with Python's math")
def logsumexp(z):
    rows = z.reshape(-1, z.shape[-1]).tolist()
    sums = [max(row) + math.log(math.fsum(math.exp(score - max(row)) for score in row)) for row in rows]
    return torch.tensor(sums, dtype=z.dtype).reshape(z.shape[:-1])


@catalogue.variant("3.11", "from the logsumexp")
def softmax(z):
    return torch.exp(z - logsumexp(z).unsqueeze(-1))


@catalogue.variant("3.11", "in place on its own tensor")
def softmax(z):
    result = z - z.amax(-1, keepdim=True)
    result.exp_()
    result /= result.sum(-1, keepdim=True)
    return result


@catalogue.variant("3.11", "score by score")
def softmax(z):
    result = torch.empty_like(z)
    for place in range(z.shape[-1]):
        result[..., place] = 1 / torch.exp(z - z[..., place : place + 1]).sum(-1)
    return torch.where(z == -math.inf, torch.zeros_like(z), result)


# --- 3.4 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("3.4", "one fraction")
def bce_grad_a(a, y):
    return (a - y) / (a * (1 - a))


@catalogue.variant("3.4", "one case for each label")
def bce_grad_a(a, y):
    return torch.where(y == 1, -1 / a, 1 / (1 - a))


@catalogue.variant("3.4", "in place on its own tensor")
def bce_grad_a(a, y):
    result = (1 - y).div_(1 - a)
    result -= y / a
    return result


@catalogue.variant("3.4", "from the exponential")
def sigmoid_grad(z):
    power = torch.exp(-z)
    return power / (1 + power) ** 2


@catalogue.variant("3.4", "both sides of the sigmoid")
def sigmoid_grad(z):
    return torch.sigmoid(z) * torch.sigmoid(-z)


@catalogue.variant("3.4", "through tanh")
def sigmoid_grad(z):
    return (1 - torch.tanh(z / 2) ** 2) / 4


# --- 3.5 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("3.5", "chain rule factor by factor")
def manual_gradients(x, w, b, y):
    z = x * w + b
    a = sigmoid(z)
    dz = bce_grad_a(a, y) * sigmoid_grad(z)
    return dz * x, dz


@catalogue.variant("3.5", "one case for each label")
def manual_gradients(x, w, b, y):
    a = torch.sigmoid(x * w + b)
    dz = a - 1 if y == 1 else a
    return x * dz, dz


@catalogue.variant("3.5", "in place on its own tensor")
def manual_gradients(x, w, b, y):
    db = torch.sigmoid(w * x + b).sub_(y)
    dw = db.clone().mul_(x)
    return dw, db


@catalogue.variant("3.5", "plain Python numbers, a list returned")
def manual_gradients(x, w, b, y):
    dz = 1 / (1 + math.exp(-(float(x) * float(w) + float(b)))) - float(y)
    return [dz * float(x), dz]


# --- 3.6 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("3.6", "example by example")
def batch_gradients(X, w, b, y):
    dw, db = torch.zeros_like(w), torch.zeros_like(b)
    for row, label in zip(X, y, strict=True):
        dz = torch.sigmoid((row * w).sum() + b) - label
        dw += dz * row
        db += dz
    return dw / len(y), db / len(y)


@catalogue.variant("3.6", "weighted rows, averaged")
def batch_gradients(X, w, b, y):
    dz = torch.sigmoid((X * w).sum(dim=1) + b) - y
    return (dz[:, None] * X).mean(dim=0), dz.mean()


@catalogue.variant("3.6", "einsum")
def batch_gradients(X, w, b, y):
    dz = (torch.sigmoid(torch.einsum("nd,d->n", X, w) + b) - y) / X.shape[0]
    return torch.einsum("nd,n->d", X, dz), dz.sum()


@catalogue.variant("3.6", "columns, flattened at the end")
def batch_gradients(X, w, b, y):
    dz = torch.sigmoid(X @ w.reshape(-1, 1) + b) - y.reshape(-1, 1)
    return (X.T @ dz).flatten() / X.shape[0], dz.mean()


@catalogue.variant("3.6", "the bias as one more weight")
def batch_gradients(X, w, b, y):
    ones = torch.ones_like(X[:, :1])
    wide = torch.cat([X, ones], dim=1)
    gradient = wide.T @ (torch.sigmoid(wide @ torch.cat([w, b.reshape(1)])) - y) / len(wide)
    return gradient[:-1], gradient[-1]


# --- 3.7 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("3.7", "in place, each entry put back")
def numeric_gradient(f, x, h):
    gradient = torch.zeros_like(x)
    for i in range(len(x)):
        before = x[i].item()
        x[i] = before + h
        up = f(x)
        x[i] = before - h
        down = f(x)
        x[i] = before
        gradient[i] = (up - down) / (2 * h)
    return gradient


@catalogue.variant("3.7", "in place, walked back by h")
def numeric_gradient(f, x, h):
    gradient = torch.zeros_like(x)
    for i in range(x.numel()):
        x[i] += h
        gradient[i] = f(x)
        x[i] -= 2 * h
        gradient[i] -= f(x)
        x[i] += h
    return gradient / (2 * h)


@catalogue.variant("3.7", "rows of the identity matrix")
def numeric_gradient(f, x, h):
    steps = h * torch.eye(len(x), dtype=x.dtype)
    return torch.stack([(f(x + step) - f(x - step)) / (2 * h) for step in steps])


@catalogue.variant("3.7", "two copies for each entry, numbers collected in a list")
def numeric_gradient(f, x, h):
    slopes = []
    for i in range(len(x)):
        up, down = x.clone(), x.clone()
        up[i] += h
        down[i] -= h
        slopes.append((f(up).item() - f(down).item()) / (2 * h))
    return torch.tensor(slopes, dtype=x.dtype)


# --- 3.8 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("3.8", "entry by entry")
def gradcheck_error(analytic, numeric):
    worst = 0.0
    for a, n in zip(analytic.flatten().tolist(), numeric.flatten().tolist(), strict=True):
        if math.isnan(a) or math.isnan(n):
            return torch.tensor(math.inf, dtype=analytic.dtype)
        if a != 0 or n != 0:
            worst = max(worst, abs(a - n) / max(abs(a), abs(n)))
    return torch.tensor(worst, dtype=analytic.dtype)


@catalogue.variant("3.8", "NaN first, then a masked division")
def gradcheck_error(analytic, numeric):
    if torch.isnan(analytic).any() or torch.isnan(numeric).any():
        return torch.full_like(analytic, math.inf).max()
    gap = torch.abs(analytic - numeric).flatten()
    scale = torch.stack([analytic.abs().flatten(), numeric.abs().flatten()]).amax(dim=0)
    error = torch.zeros_like(gap)
    some = scale > 0
    error[some] = gap[some] / scale[some]
    return error.max()


@catalogue.variant("3.8", "the smallest positive number below")
def gradcheck_error(analytic, numeric):
    scale = torch.maximum(analytic.abs(), numeric.abs()).clamp(min=torch.finfo(analytic.dtype).tiny)
    return torch.nan_to_num((analytic - numeric).abs() / scale, nan=math.inf).max()


@catalogue.variant("3.8", "NumPy, a Python number returned")
def gradcheck_error(analytic, numeric):
    a, n = analytic.double().cpu().numpy(), numeric.double().cpu().numpy()
    scale = np.maximum(abs(a), abs(n))
    error = np.divide(abs(a - n), scale, out=np.zeros_like(a), where=scale != 0)
    return math.inf if np.isnan(error).any() else float(error.max())


# --- 3.9 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("3.9", "users counted down")
def topological_order(node):
    found, users = [node], {node: 0}
    for current in found:
        for parent in current.parents:
            if parent not in users:
                users[parent] = 0
                found.append(parent)
            users[parent] += 1
    order, ready = [], deque([node])
    while ready:
        current = ready.popleft()
        order.append(current)
        for parent in current.parents:
            users[parent] -= 1
            if users[parent] == 0:
                ready.append(parent)
    return order


@catalogue.variant("3.9", "depth first with a stack of its own")
def topological_order(node):
    order, seen, stack = [], set(), [(node, False)]
    while stack:
        current, finished = stack.pop()
        if finished:
            order.append(current)
        elif current not in seen:
            seen.add(current)
            stack.append((current, True))
            stack.extend((parent, False) for parent in current.parents)
    order.reverse()
    return order


@catalogue.variant("3.9", "put in front, searched in the list")
def topological_order(node):
    order = []

    def visit(current):
        if not any(current is other for other in order):
            for parent in reversed(current.parents):
                visit(parent)
            order.insert(0, current)

    visit(node)
    return order


@catalogue.variant("3.9", "the standard library's sorter, a tuple returned")
def topological_order(node):
    graph, waiting = {}, [node]
    while waiting:
        current = waiting.pop()
        if current not in graph:
            graph[current] = current.parents
            waiting.extend(current.parents)
    return tuple(reversed(list(TopologicalSorter(graph).static_order())))


# --- 3.10 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("3.10", "gradients collected apart, written at the end")
def backprop(root):
    gradients = {root: 1.0}
    for node in topological_order(root):
        for parent, derivative in zip(node.parents, node.local_derivatives, strict=True):
            gradients[parent] = gradients.get(parent, 0.0) + gradients[node] * derivative
    for node, gradient in gradients.items():
        node.grad = gradient


@catalogue.variant("3.10", "path by path, no order at all")
def backprop(root):
    def reset(node):
        node.grad = 0.0
        for parent in node.parents:
            reset(parent)

    def add(node, share):
        node.grad += share
        for index, parent in enumerate(node.parents):
            add(parent, share * node.local_derivatives[index])

    reset(root)
    add(root, 1.0)


@catalogue.variant("3.10", "each node asks its users")
def backprop(root):
    order = topological_order(root)
    for position, node in enumerate(order):
        node.grad = 1.0 if node is root else 0.0
        for user in order[:position]:
            shares = [d for p, d in zip(user.parents, user.local_derivatives, strict=True) if p is node]
            node.grad += reduce(lambda total, share: total + share, shares, 0.0) * user.grad


@catalogue.variant("3.10", "exp through a power of e")
def exp(node):
    power = math.e**node.data
    return Value(power, parents=(node,), local_derivatives=(power,))


@catalogue.variant("3.10", "exp with torch in float64, lists in the node")
def exp(node):
    power = torch.exp(torch.tensor(node.data, dtype=torch.float64)).item()
    return Value(power, [node], [math.exp(node.data)])


# --- 3.12 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("3.12", "a chain of ifs")
def predicted_grad(program, x):
    if program in ("leaf", "cleared"):
        return 2 * x
    if program == "twice":
        return 2 * x + 2 * x
    if program == "two terms":
        return 3 + 2 * x
    if program == "detached":
        return x
    if program == "no_grad":
        return x**2
    if program == "retained":
        return 2 * x**2
    return None


@catalogue.variant("3.12", "match")
def predicted_grad(program, x):
    match program:
        case "between" | "constant" | "before":
            return None
        case "leaf" | "cleared":
            slope = x + x
        case "twice":
            slope = 2 * (x + x)
        case "two terms":
            slope = x + x + 3
        case "detached":
            slope = x
        case "no_grad":
            slope = x * x
        case "retained":
            h = x * x
            slope = h + h
    return slope


@catalogue.variant("3.12", "a table of functions")
def predicted_grad(program, x):
    rules = {
        "leaf": lambda v: 2 * v,
        "twice": lambda v: 4 * v,
        "cleared": lambda v: 2 * v,
        "two terms": lambda v: 2 * v + 3,
        "detached": lambda v: v,
        "no_grad": lambda v: v * v,
        "between": lambda v: None,
        "retained": lambda v: 2 * v * v,
        "constant": lambda v: None,
        "before": lambda v: None,
    }
    return rules[program](x)


@catalogue.variant("3.12", "tensors of one number")
def predicted_grad(program, x):
    v = torch.tensor(x, dtype=torch.float64)
    found = {"leaf": 2 * v, "twice": 4 * v, "cleared": 2 * v, "two terms": 2 * v + 3, "detached": v}
    found |= {"no_grad": v**2, "retained": 2 * v**2}
    return found.get(program)
