"""Correct answers to assignment 04 that look different from the solution; each must get full marks."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from gradlings.authoring import Catalogue

catalogue = Catalogue()


# --- 4.1 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("4.1", "torch's own linear layer")
def mlp_forward(X, p):
    z1 = F.linear(X, p["W1"], p["b1"])
    h = F.relu(z1)
    z2 = F.linear(h, p["W2"], p["b2"])
    return {"X": X, "z1": z1, "h": h, "z2": z2, "a": z2.sigmoid()}


@catalogue.variant("4.1", "einsum, keys in another order")
def mlp_forward(X, p):
    z1 = torch.einsum("nd,kd->nk", X, p["W1"]) + p["b1"]
    h = torch.where(z1 > 0, z1, 0.0)
    z2 = torch.einsum("nk,ok->no", h, p["W2"]) + p["b2"]
    return {"a": 1 / (1 + torch.exp(-z2)), "z2": z2, "h": h, "z1": z1, "X": X}


@catalogue.variant("4.1", "example by example")
def mlp_forward(X, p):
    rows = []
    for x in X:
        z1 = p["W1"] @ x + p["b1"]
        h = z1.clamp(min=0)
        z2 = p["W2"] @ h + p["b2"]
        rows.append((x, z1, h, z2, torch.sigmoid(z2)))
    return dict(zip(("X", "z1", "h", "z2", "a"), map(torch.stack, zip(*rows, strict=True)), strict=True))


@catalogue.variant("4.1", "in place on its own tensors")
def mlp_forward(X, p):
    z1 = (X @ p["W1"].T).add_(p["b1"])
    h = z1.clone().relu_()
    z2 = (h * p["W2"]).sum(dim=1, keepdim=True) + p["b2"]
    return {"X": X.clone(), "z1": z1, "h": h, "z2": z2, "a": z2.clone().sigmoid_()}


# --- 4.2 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("4.2", "times the switch")
def relu_backward(dout, z):
    return dout * (z > 0)


@catalogue.variant("4.2", "in place on a copy")
def relu_backward(dout, z):
    dz = dout.clone()
    dz[z <= 0] = 0
    return dz


@catalogue.variant("4.2", "masked_fill")
def relu_backward(dout, z):
    return dout.masked_fill(torch.relu(z) == 0, 0.0)


@catalogue.variant("4.2", "heaviside")
def relu_backward(dout, z):
    return torch.heaviside(z, torch.zeros_like(z)).mul_(dout)


@catalogue.variant("4.2", "number by number")
def relu_backward(dout, z):
    numbers = [d if value > 0 else 0.0 for d, value in zip(dout.flatten().tolist(), z.flatten().tolist(), strict=True)]
    return torch.tensor(numbers, dtype=dout.dtype).reshape(dout.shape)


# --- 4.3 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("4.3", "einsum with any axes in front")
def linear_backward(dout, X, W):
    return (
        torch.einsum("...o,oi->...i", dout, W),
        torch.einsum("...o,...i->oi", dout, X),
        torch.einsum("...o->o", dout),
    )


@catalogue.variant("4.3", "example by example")
def linear_backward(dout, X, W):
    dX, dW, db = torch.zeros_like(X), torch.zeros_like(W), torch.zeros_like(W[:, 0])
    rows = dX.reshape(-1, X.shape[-1])
    pairs = zip(dout.reshape(-1, dout.shape[-1]), X.reshape(-1, X.shape[-1]), strict=True)
    for n, (d, x) in enumerate(pairs):
        rows[n] = d @ W
        dW += torch.outer(d, x)
        db += d
    return rows.reshape(X.shape), dW, db


@catalogue.variant("4.3", "everything flat, shaped at the end")
def linear_backward(dout, X, W):
    d, x = dout.flatten(0, -2), X.flatten(0, -2)
    return (d @ W).reshape(X.shape), (x.T @ d).T, torch.ones(len(d), dtype=d.dtype) @ d


@catalogue.variant("4.3", "sequence by sequence, summed, a list returned")
def linear_backward(dout, X, W):
    axes = list(range(dout.dim() - 2))
    dW = dout.transpose(-1, -2) @ X
    return [torch.matmul(dout, W), dW.sum(dim=axes) if axes else dW, dout.sum(dim=[*axes, dout.dim() - 2])]


@catalogue.variant("4.3", "tensordot")
def linear_backward(dout, X, W):
    axes = list(range(X.dim() - 1))
    dX = torch.tensordot(dout, W, dims=([-1], [0]))
    return dX, torch.tensordot(dout, X, dims=(axes, axes)), dout.sum(dim=axes)


@catalogue.variant("4.3", "in float64 inside, products by broadcasting")
def linear_backward(dout, X, W):
    d, x = dout.double().reshape(-1, dout.shape[-1]), X.double().reshape(-1, X.shape[-1])
    dX = (d[:, :, None] * W.double()).sum(dim=1).reshape(X.shape)
    dW = (d[:, :, None] * x[:, None, :]).sum(dim=0)
    return dX.to(X.dtype), dW.to(W.dtype), d.sum(dim=0).to(W.dtype)


# --- 4.4 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("4.4", "view_as, divided by the number of entries")
def sigmoid_bce_backward(a, y):
    return (a - y.contiguous().view_as(a)).div(a.numel())


@catalogue.variant("4.4", "an axis added where it is missing")
def sigmoid_bce_backward(a, y):
    if y.dim() == 1:
        y = y.unsqueeze(1)
    return (a - y) / a.shape[0]


@catalogue.variant("4.4", "in a row, and back into a column")
def sigmoid_bce_backward(a, y):
    row = (a.squeeze(1) - y.flatten()) / len(y)
    return row[:, None]


@catalogue.variant("4.4", "example by example")
def sigmoid_bce_backward(a, y):
    dz = torch.empty_like(a)
    for n in range(len(a)):
        label = y[n] if y.dim() == 1 else y[n, 0]
        dz[n, 0] = (a[n, 0] - label) / len(a)
    return dz


@catalogue.variant("4.4", "one case for each label")
def sigmoid_bce_backward(a, y):
    return torch.where(y.reshape(-1, 1) == 1, a - 1, a) / len(a)


# --- 4.5 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("4.5", "all axes in one sum, then reshaped")
def unbroadcast(g, shape):
    padded = (1,) * (g.dim() - len(shape)) + tuple(shape)
    axes = [axis for axis, size in enumerate(padded) if size == 1]
    return g.sum(dim=axes).reshape(shape) if axes else g.reshape(shape)


@catalogue.variant("4.5", "from the right, then squeezed in front")
def unbroadcast(g, shape):
    for back in range(1, g.dim() + 1):
        if back > len(shape) or (shape[-back] == 1 and g.shape[-back] != 1):
            g = g.sum(dim=-back, keepdim=True)
    for _ in range(g.dim() - len(shape)):
        g = g.squeeze(0)
    return g


@catalogue.variant("4.5", "recursion over the axes")
def unbroadcast(g, shape):
    if g.dim() > len(shape):
        return unbroadcast(sum(g.unbind(0)), shape)
    if not shape:
        return g
    rows = [unbroadcast(row, shape[1:]) for row in g]
    return torch.stack([sum(rows)] if shape[0] == 1 else rows)


@catalogue.variant("4.5", "number by number, into places found with a remainder")
def unbroadcast(g, shape):
    result = torch.zeros(shape, dtype=g.dtype)
    new = g.dim() - len(shape)
    for place in np.ndindex(*g.shape):
        before = tuple(i if size > 1 else 0 for i, size in zip(place[new:], shape, strict=True))
        result[before] += g[place]
    return result


@catalogue.variant("4.5", "NumPy")
def unbroadcast(g, shape):
    array = g.cpu().numpy()
    array = array.sum(axis=tuple(range(array.ndim - len(shape))))
    axes = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return torch.from_numpy(np.asarray(array.sum(axis=axes, keepdims=True)))


# --- 4.6 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("4.6", "1 subtracted through pairs of indices")
def softmax_ce_backward(logits, targets):
    p = torch.softmax(logits, dim=-1)
    p[torch.arange(len(targets)), targets] -= 1
    return p / logits.shape[0]


@catalogue.variant("4.6", "softmax by hand, largest logit subtracted")
def softmax_ce_backward(logits, targets):
    powers = torch.exp(logits - logits.max(dim=1, keepdim=True).values)
    right = targets[:, None] == torch.arange(logits.shape[1])
    return (powers / powers.sum(dim=1, keepdim=True) - right.to(logits.dtype)) / len(logits)


@catalogue.variant("4.6", "example by example")
def softmax_ce_backward(logits, targets):
    rows = []
    for z, t in zip(logits, targets, strict=True):
        row = torch.exp(z - torch.logsumexp(z, dim=0))
        row[t] -= 1
        rows.append(row / len(logits))
    return torch.stack(rows)


@catalogue.variant("4.6", "scattered")
def softmax_ce_backward(logits, targets):
    share = 1 / len(targets)
    gradient = torch.log_softmax(logits, dim=1).exp_().mul_(share)
    return gradient.scatter_add_(1, targets[:, None], torch.full_like(gradient[:, :1], -share))


@catalogue.variant("4.6", "rows of the identity matrix")
def softmax_ce_backward(logits, targets):
    identity = torch.eye(logits.shape[1], dtype=logits.dtype)
    return (logits.softmax(1) - identity[targets]).div_(len(targets))


@catalogue.variant("4.6", "through the Jacobian of the softmax")
def softmax_ce_backward(logits, targets):
    gradient = torch.zeros_like(logits)
    for n, t in enumerate(targets.tolist()):
        p = torch.softmax(logits[n], dim=0)
        jacobian = torch.diag(p) - torch.outer(p, p)
        # -1/p_t times row t of the Jacobian, with p_t divided out so that it may be 0
        right = torch.zeros_like(p)
        right[t] = 1.0
        gradient[n] = -(right - p) if p[t] == 0 else -jacobian[t] / p[t]
    return gradient / len(targets)


# --- 4.7 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("4.7", "position by position")
def embedding_backward(dout, idx, V):
    table = torch.zeros(V, dout.shape[-1], dtype=dout.dtype)
    for token, row in zip(idx.flatten(), dout.reshape(-1, dout.shape[-1]), strict=True):
        table[token] += row
    return table


@catalogue.variant("4.7", "index_put with accumulation")
def embedding_backward(dout, idx, V):
    return dout.new_zeros(V, dout.shape[-1]).index_put_((idx,), dout, accumulate=True)


@catalogue.variant("4.7", "one-hot rows, as the matrix product it stands for")
def embedding_backward(dout, idx, V):
    chosen = F.one_hot(idx.flatten(), num_classes=V).to(dout.dtype)
    return chosen.T @ dout.flatten(0, -2)


@catalogue.variant("4.7", "scattered along the first axis")
def embedding_backward(dout, idx, V):
    rows = dout.flatten(0, -2)
    return torch.zeros(V, rows.shape[1], dtype=dout.dtype).scatter_add(0, idx.reshape(-1, 1).expand_as(rows), rows)


@catalogue.variant("4.7", "token by token")
def embedding_backward(dout, idx, V):
    return torch.stack([dout[idx == token].sum(dim=0) for token in range(V)])


@catalogue.variant("4.7", "NumPy's add.at")
def embedding_backward(dout, idx, V):
    table = np.zeros((V, dout.shape[-1]), dtype=dout.numpy().dtype)
    np.add.at(table, idx.numpy(), dout.numpy())
    return torch.from_numpy(table)


# --- 4.8 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("4.8", "products written out")
def mlp_backward(cache, p, y):
    N = y.shape[0]
    dz2 = (cache["a"] - y) / N
    dW2 = dz2.T @ cache["h"]
    db2 = dz2.sum(dim=0)
    dh = dz2 @ p["W2"]
    dz1 = dh * (cache["h"] > 0)
    dW1 = dz1.T @ cache["X"]
    db1 = dz1.sum(dim=0)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2, "dz1": dz1, "dh": dh, "dz2": dz2}


@catalogue.variant("4.8", "example by example, averaged at the end")
def mlp_backward(cache, p, y):
    N = len(y)
    total = {name: torch.zeros_like(t) for name, t in p.items()}
    dz2 = torch.zeros_like(cache["z2"])
    dh, dz1 = torch.zeros_like(cache["h"]), torch.zeros_like(cache["z1"])
    for n in range(N):
        delta2 = cache["a"][n] - y[n]
        through = delta2 * p["W2"][0]
        delta1 = torch.where(cache["z1"][n] > 0, through, torch.zeros_like(through))
        total["W2"] += torch.outer(delta2, cache["h"][n])
        total["b2"] += delta2
        total["W1"] += torch.outer(delta1, cache["X"][n])
        total["b1"] += delta1
        dz2[n], dh[n], dz1[n] = delta2 / N, through / N, delta1 / N
    return {"dz2": dz2, "dh": dh, "dz1": dz1, **{f"d{name}": t / N for name, t in total.items()}}


@catalogue.variant("4.8", "einsum, the prediction computed anew")
def mlp_backward(cache, p, y):
    g = {"dz2": (torch.sigmoid(cache["z2"]) - y).div_(len(y))}
    g["dW2"] = torch.einsum("no,nk->ok", g["dz2"], cache["h"])
    g["db2"] = torch.einsum("no->o", g["dz2"])
    g["dh"] = torch.einsum("no,ok->nk", g["dz2"], p["W2"])
    g["dz1"] = g["dh"].masked_fill(cache["z1"] <= 0, 0.0)
    g["dW1"] = torch.einsum("nk,nd->kd", g["dz1"], cache["X"])
    g["db1"] = torch.einsum("nk->k", g["dz1"])
    return g


@catalogue.variant("4.8", "in float64 inside, in place on its own copies")
def mlp_backward(cache, p, y):
    wide = {name: t.double() for name, t in cache.items()}
    dz2 = wide["a"].clone().sub_(y).div_(len(y))
    dh = dz2 * p["W2"].double()
    dz1 = dh.clone()
    dz1[wide["z1"] < 0] = 0
    found = {
        "dz2": dz2,
        "dW2": (dz2 * wide["h"]).sum(dim=0, keepdim=True),
        "db2": dz2.sum(dim=0),
        "dh": dh,
        "dz1": dz1,
        "dW1": dz1.T @ wide["X"],
        "db1": dz1.sum(dim=0),
    }
    return {name: t.to(y.dtype) for name, t in found.items()}


# --- 4.11 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("4.11", "multiplied by the switch")
def repaired_hidden_gradient(dout, z, W2):
    return (dout @ W2) * (z > 0)


@catalogue.variant("4.11", "the steps of 4.2 and 4.3")
def repaired_hidden_gradient(dout, z, W2):
    dh, _, _ = linear_backward(dout, torch.relu(z), W2)
    return relu_backward(dh, z)


@catalogue.variant("4.11", "zeros filled in")
def repaired_hidden_gradient(dout, z, W2):
    return torch.einsum("nm,mk->nk", dout, W2).masked_fill(z < 0, 0.0)


@catalogue.variant("4.11", "example by example, the slope as a number")
def repaired_hidden_gradient(dout, z, W2):
    slope = torch.heaviside(z, torch.zeros_like(z))
    return torch.stack([W2.T @ row * on for row, on in zip(dout, slope, strict=True)])


# --- 4.9 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("4.9", "labels as a column")
def fix_simple_net(net, inputs, labels):
    for param in net.parameters():
        param.grad = None
    loss = F.binary_cross_entropy(net(inputs), labels.unsqueeze(1))
    loss.backward()
    return loss.item()


@catalogue.variant("4.9", "outputs as a row, a tensor returned")
def fix_simple_net(net, inputs, labels):
    net.zero_grad(set_to_none=False)
    loss = nn.BCELoss()(net(inputs).squeeze(-1), labels)
    loss.backward()
    return loss


@catalogue.variant("4.9", "loss written out, gradients put in by hand")
def fix_simple_net(net, inputs, labels):
    a = net(inputs).flatten()
    loss = -torch.where(labels == 1, a, 1 - a).log().mean()
    params = list(net.parameters())
    for param, grad in zip(params, torch.autograd.grad(loss, params), strict=True):
        param.grad = grad
    return loss.detach()


@catalogue.variant("4.9", "example by example, gradients accumulated")
def fix_simple_net(net, inputs, labels):
    net.zero_grad()
    criterion, total = nn.BCELoss(), 0.0
    for x, label in zip(inputs, labels, strict=True):
        loss = criterion(net(x), label[None]) / len(labels)
        loss.backward()
        total += loss.item()
    return total


@catalogue.variant("4.9", "raw scores and the loss with logits")
def fix_simple_net(net, inputs, labels):
    net.zero_grad()
    scores = net.fc2(net.relu(net.fc1(inputs)))
    loss = nn.BCEWithLogitsLoss()(scores[:, 0], labels)
    loss.backward()
    return float(loss)


# --- 4.10 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("4.10", "autograd.grad, which leaves .grad alone")
def named_gradients(net, X, y):
    params = {name: param for name, param in net.named_parameters() if param.requires_grad}
    loss = nn.BCELoss()(net(X), y)
    return dict(zip(params, torch.autograd.grad(loss, list(params.values())), strict=True))


@catalogue.variant("4.10", "cleared to zeros, copied as detached tensors")
def named_gradients(net, X, y):
    net.zero_grad(set_to_none=False)
    nn.BCELoss()(net(X), y).backward()
    gradients = {}
    for name, param in net.named_parameters():
        if param.requires_grad:
            gradients[name] = param.grad.detach().clone()
    return gradients


@catalogue.variant("4.10", "taken out of .grad, nothing left behind")
def named_gradients(net, X, y):
    for param in net.parameters():
        param.grad = None
    F.binary_cross_entropy(net(X), y).backward()
    gradients = {name: param.grad for name, param in net.named_parameters() if param.grad is not None}
    for param in net.parameters():
        param.grad = None
    return gradients


@catalogue.variant("4.10", "from a copy of the network")
def named_gradients(net, X, y):
    import copy

    twin = copy.deepcopy(net)
    twin.zero_grad()
    nn.BCELoss(reduction="sum")(twin(X), y).div(len(y)).backward()
    return {name: param.grad for name, param in twin.named_parameters() if param.requires_grad}
