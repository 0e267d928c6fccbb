"""Correct answers to assignment 06 that look different from the solution; each must get full marks."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from gradlings.authoring import Catalogue

catalogue = Catalogue()


# --- 6.1 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("6.1", "window by window")
def next_token_pairs(ids, T):
    starts = range(len(ids) - T)
    return torch.stack([ids[s : s + T] for s in starts]), torch.stack([ids[s + 1 : s + 1 + T] for s in starts])


@catalogue.variant("6.1", "positions by broadcasting")
def next_token_pairs(ids, T):
    positions = torch.arange(len(ids) - T).unsqueeze(1) + torch.arange(T)
    return ids[positions], ids[positions + 1]


@catalogue.variant("6.1", "two shifted texts, a list returned")
def next_token_pairs(ids, T):
    return [part.unfold(0, T, 1) for part in (ids[:-1], ids[1:])]


@catalogue.variant("6.1", "Python lists")
def next_token_pairs(ids, T):
    numbers = ids.tolist()
    x = [numbers[s : s + T] for s in range(len(numbers) - T)]
    y = [[*row[1:], numbers[s + T]] for s, row in enumerate(x)]
    return torch.tensor(x), torch.tensor(y)


# --- 6.2 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("6.2", "row by row")
def get_batch(data, B, T, generator):
    starts = torch.randint(0, len(data) - T, (B,), generator=generator)
    x = torch.stack([data[s : s + T] for s in starts])
    y = torch.stack([data[s + 1 : s + T + 1] for s in starts])
    return x, y


@catalogue.variant("6.2", "from the list of all windows")
def get_batch(data, B, T, generator):
    x, y = next_token_pairs(data, T)
    rows = torch.randint(len(x), (B,), generator=generator)
    return x[rows], y[rows]


@catalogue.variant("6.2", "fractions rounded down")
def get_batch(data, B, T, generator):
    starts = (torch.rand(B, generator=generator, dtype=torch.float64) * (len(data) - T)).long()
    windows = data.unfold(0, T + 1, 1)[starts]
    return windows[:, :-1], windows[:, 1:]


# --- 6.3 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("6.3", "logsumexp minus the target's logit")
def lm_cross_entropy(logits, targets):
    picked = logits.gather(-1, targets[..., None]).squeeze(-1)
    return (torch.logsumexp(logits, dim=-1) - picked).mean()


@catalogue.variant("6.3", "one-hot targets")
def lm_cross_entropy(logits, targets):
    chosen = F.one_hot(targets, logits.shape[-1]).to(logits.dtype)
    return -(chosen * F.log_softmax(logits, dim=-1)).sum(-1).mean()


@catalogue.variant("6.3", "log_softmax twice, which changes nothing")
def lm_cross_entropy(logits, targets):
    flat = logits.flatten(0, 1).log_softmax(-1).log_softmax(-1)
    return -flat[torch.arange(len(flat), device=flat.device), targets.flatten()].mean()


@catalogue.variant("6.3", "vocabulary second")
def lm_cross_entropy(logits, targets):
    return -logits.permute(0, 2, 1).log_softmax(1).gather(1, targets.unsqueeze(1)).mean()


@catalogue.variant("6.3", "position by position")
def lm_cross_entropy(logits, targets):
    total = logits.new_zeros(())
    for row, answers in zip(logits, targets, strict=True):
        for scores, answer in zip(row, answers, strict=True):
            highest = scores.max()
            total = total + highest + (scores - highest).exp().sum().log() - scores[answer]
    return total / targets.numel()


# --- 6.4 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("6.4", "shares of the tokens as weights")
def perplexity(nll_sums, counts):
    share = counts / counts.sum()
    return torch.exp((share * (nll_sums / counts)).sum())


@catalogue.variant("6.4", "batch by batch, a Python float")
def perplexity(nll_sums, counts):
    total, tokens = 0.0, 0
    for nll, count in zip(nll_sums.tolist(), counts.tolist(), strict=True):
        total += nll
        tokens += count
    return math.exp(total / tokens)


@catalogue.variant("6.4", "product of powers")
def perplexity(nll_sums, counts):
    return torch.exp(nll_sums / counts.sum()).prod()


# --- 6.5 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("6.5", "positions compared")
def causal_mask(T, device=None):
    place = torch.arange(T, device=device)
    return place[:, None] >= place


@catalogue.variant("6.5", "not what lies above the diagonal")
def causal_mask(T, device=None):
    return ~torch.triu(torch.ones(T, T, device=device), diagonal=1).bool()


@catalogue.variant("6.5", "row by row")
def causal_mask(T, device=None):
    mask = torch.zeros(T, T, dtype=torch.bool, device=device)
    for row in range(T):
        mask[row, : row + 1] = True
    return mask


@catalogue.variant("6.5", "nested lists")
def causal_mask(T, device=None):
    return torch.tensor([[j <= i for j in range(T)] for i in range(T)], device=device)


# --- 6.6 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("6.6", "a very low score instead of minus infinity")
def attention(q, k, v, mask):
    scores = torch.matmul(q, k.mT) * q.shape[-1] ** -0.5
    return torch.matmul(torch.softmax(torch.where(mask, scores, -1e9), dim=-1), v)


@catalogue.variant("6.6", "einsum, queries scaled first")
def attention(q, k, v, mask):
    scores = torch.einsum("...id,...jd->...ij", q / math.sqrt(q.size(-1)), k)
    hidden = torch.zeros_like(scores).masked_fill(~mask, float("-inf"))
    return torch.einsum("...ij,...jd->...id", F.softmax(scores + hidden, -1), v)


@catalogue.variant("6.6", "softmax by hand")
def attention(q, k, v, mask):
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    scores = scores.masked_fill(mask.logical_not(), -torch.inf)
    weights = torch.exp(scores - scores.amax(-1, keepdim=True))
    return weights @ v / weights.sum(-1, keepdim=True)


@catalogue.variant("6.6", "masked twice, before and after")
def attention(q, k, v, mask):
    scores = (
        (q @ k.transpose(-1, -2)).div_(math.sqrt(k.shape[-1]))
        if not q.requires_grad
        else q @ k.mT / math.sqrt(k.shape[-1])
    )
    weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(-1) * mask
    return weights / weights.sum(-1, keepdim=True) @ v


@catalogue.variant("6.6", "query by query")
def attention(q, k, v, mask):
    rows = []
    for i in range(q.shape[-2]):
        seen = mask[i]
        scores = (k[..., seen, :] * q[..., i : i + 1, :]).sum(-1) / math.sqrt(q.shape[-1])
        rows.append((scores.softmax(-1)[..., None] * v[..., seen, :]).sum(-2))
    return torch.stack(rows, dim=-2)


# --- 6.7 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("6.7", "head by head")
def multi_head_attention(x, Wqkv, Wo, bo, H):
    D = x.shape[-1]
    d = D // H
    mask = causal_mask(x.shape[1], x.device)
    heads = []
    for h in range(H):
        rows = slice(h * d, (h + 1) * d)
        q, k, v = (x @ W[rows].T for W in (Wqkv[:D], Wqkv[D : 2 * D], Wqkv[2 * D :]))
        heads.append(attention(q, k, v, mask))
    return torch.cat(heads, dim=-1) @ Wo.T + bo


@catalogue.variant("6.7", "one reshape and permute")
def multi_head_attention(x, Wqkv, Wo, bo, H):
    B, T, D = x.shape
    q, k, v = F.linear(x, Wqkv).reshape(B, T, 3, H, D // H).permute(2, 0, 3, 1, 4)
    heads = attention(q, k, v, causal_mask(T, device=x.device))
    return F.linear(heads.permute(0, 2, 1, 3).flatten(2), Wo, bo)


@catalogue.variant("6.7", "heads joined by the output matrix, einsum")
def multi_head_attention(x, Wqkv, Wo, bo, H):
    D = x.shape[-1]
    W = Wqkv.reshape(3, H, D // H, D)
    q, k, v = torch.einsum("btD,nhdD->nbhtd", x, W)
    heads = attention(q, k, v, causal_mask(x.shape[1], x.device))
    return torch.einsum("bhtd,ohd->bto", heads, Wo.reshape(D, H, D // H)) + bo


# --- 6.8 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("6.8", "mean of the squares")
def layer_norm(x, gamma, beta, eps=1e-5):
    centered = x - x.mean(-1, keepdim=True)
    return centered * torch.rsqrt((centered**2).mean(-1, keepdim=True) + eps) * gamma + beta


@catalogue.variant("6.8", "unbiased=False, sums")
def layer_norm(x, gamma, beta, eps=1e-5):
    D = x.size(-1)
    mean = x.sum(-1, keepdim=True) / D
    variance = torch.var(x, dim=-1, unbiased=False, keepdim=True)
    return torch.addcmul(beta, gamma, (x - mean) / (variance + eps).sqrt())


@catalogue.variant("6.8", "in place on its own tensor, float64 inside")
def layer_norm(x, gamma, beta, eps=1e-5):
    y = x.double()
    y = y - y.mean(-1, keepdim=True)
    y = y / ((y * y).mean(-1, keepdim=True) + eps) ** 0.5
    return (y * gamma + beta).to(x.dtype)


@catalogue.variant("6.8", "row by row")
def layer_norm(x, gamma, beta, eps=1e-5):
    rows = x.reshape(-1, x.shape[-1])
    mean = torch.stack([row.mean() for row in rows])[:, None]
    variance = torch.stack([row.var(correction=0) for row in rows])[:, None]
    return ((rows - mean) / torch.sqrt(variance + eps)).reshape(x.shape) * gamma + beta


# --- 6.9 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("6.9", "through the sigmoid, which is the same")
def gelu(x):
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * torch.pow(x, 3))
    return x * torch.sigmoid(2 * inner)


@catalogue.variant("6.9", "cube factored out")
def gelu(x):
    c = (2 / torch.pi) ** 0.5
    return x * (0.5 + 0.5 * torch.tanh(c * x * (1 + 0.044715 * x.square())))


@catalogue.variant("6.9", "in place where the graph does not need the old numbers")
def gelu(x):
    inner = (0.044715 * x**3).add_(x).mul_(np.sqrt(2 / np.pi))
    return inner.tanh().add(1).mul_(x).mul_(0.5)


# --- 6.10 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("6.10", "the two halves as functions")
def gpt_block(x, p, H):
    def attend(x):
        return multi_head_attention(x, p["Wqkv"], p["Wo"], p["bo"], H)

    def think(x):
        return F.linear(gelu(F.linear(x, p["W1"], p["b1"])), p["W2"], p["b2"])

    for number, half in ((1, attend), (2, think)):
        x = x + half(layer_norm(x, p[f"norm{number}_gamma"], p[f"norm{number}_beta"]))
    return x


@catalogue.variant("6.10", "one sum at the end")
def gpt_block(x, p, H):
    a = multi_head_attention(layer_norm(x, p["norm1_gamma"], p["norm1_beta"], 1e-5), p["Wqkv"], p["Wo"], p["bo"], H)
    inner = torch.einsum("btd,ed->bte", layer_norm(x + a, p["norm2_gamma"], p["norm2_beta"], 1e-5), p["W1"])
    return torch.stack([x, a, gelu(inner + p["b1"]) @ p["W2"].mT + p["b2"]]).sum(0)


@catalogue.variant("6.10", "torch's own norm and GELU")
def gpt_block(x, p, H):
    D = x.shape[-1]
    x = x + multi_head_attention(
        F.layer_norm(x, (D,), p["norm1_gamma"], p["norm1_beta"]), p["Wqkv"], p["Wo"], p["bo"], H
    )
    inner = F.linear(F.layer_norm(x, (D,), p["norm2_gamma"], p["norm2_beta"]), p["W1"], p["b1"])
    return x + F.linear(F.gelu(inner, approximate="tanh"), p["W2"], p["b2"])


# --- 6.11 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("6.11", "embedding functions")
def gpt_forward(ids, p, cfg, training=False):
    places = torch.arange(ids.shape[1], device=ids.device)
    x = F.embedding(ids, p["tokens"]) + F.embedding(places, p["positions"]).unsqueeze(0)
    x = F.dropout(x, p=cfg["drop_rate"], training=training)
    for i in range(cfg["n_layers"]):
        x = gpt_block(x, p["blocks"][i], cfg["n_heads"])
    x = layer_norm(x, p["norm_gamma"], p["norm_beta"])
    head = p["head"] if "head" in p else p["tokens"]
    return F.linear(x, head)


@catalogue.variant("6.11", "dropout by hand, one-hot tokens")
def gpt_forward(ids, p, cfg, training=False):
    table = p["tokens"]
    x = F.one_hot(ids, len(table)).to(table.dtype) @ table + p["positions"].narrow(0, 0, ids.size(1))
    if training and cfg["drop_rate"] > 0:
        keep = torch.rand_like(x) >= cfg["drop_rate"]
        x = x * keep / (1 - cfg["drop_rate"])
    for block in p["blocks"]:
        x = gpt_block(x, block, cfg["n_heads"])
    return torch.einsum("btd,vd->btv", layer_norm(x, p["norm_gamma"], p["norm_beta"]), p.get("head", p["tokens"]))


@catalogue.variant("6.11", "a dropout layer")
def gpt_forward(ids, p, cfg, training=False):
    drop = nn.Dropout(cfg["drop_rate"]).train(training)
    x = drop(p["tokens"][ids] + p["positions"][: ids.shape[-1]])
    for block in p["blocks"]:
        x = gpt_block(x, block, H=cfg["n_heads"])
    x = layer_norm(x, p["norm_gamma"], p["norm_beta"], 1e-5)
    return x @ (p["head"] if p.get("head") is not None else p["tokens"]).transpose(0, 1)


# --- 6.12 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("6.12", "lower logits set to minus infinity")
def generate(model, ids, n, context_length, top_k, generator=None):
    was_training = model.training
    model.eval()
    for _ in range(n):
        window = ids if ids.shape[1] <= context_length else ids[:, -context_length:]
        with torch.no_grad():
            logits = model(window)[:, -1, :]
        lowest = torch.topk(logits, top_k).values[:, -1:]
        logits = torch.where(logits < lowest, -torch.inf, logits)
        following = torch.multinomial(F.softmax(logits, dim=-1), num_samples=1, generator=generator)
        ids = torch.cat((ids, following), dim=1)
    model.train(was_training)
    return ids


@catalogue.variant("6.12", "row by row, sorted")
def generate(model, ids, n, context_length, top_k, generator=None):
    mode = model.training
    model.eval()
    text = torch.empty(len(ids), ids.shape[1] + n, dtype=ids.dtype, device=ids.device)
    text[:, : ids.shape[1]] = ids
    with torch.inference_mode():
        for end in range(ids.shape[1], text.shape[1]):
            logits = model(text[:, max(0, end - context_length) : end])[:, -1]
            order = logits.argsort(dim=-1, descending=True)[:, :top_k]
            for row in range(len(text)):
                probabilities = logits[row, order[row]].softmax(0)
                text[row, end] = order[row, torch.multinomial(probabilities, 1, generator=generator)[0]]
    model.train(mode)
    return text


@catalogue.variant("6.12", "probabilities cut off and drawn by hand")
def generate(model, ids, n, context_length, top_k, generator=None):
    was_training = model.training
    try:
        model.eval()
        with torch.no_grad():
            for _ in range(n):
                probabilities = model(ids[:, -context_length:])[:, -1].softmax(-1)
                kept, tokens = probabilities.sort(dim=-1, descending=True)
                kept = kept[:, :top_k].cumsum(-1)
                dice = torch.rand(len(ids), 1, generator=generator, dtype=kept.dtype, device=ids.device) * kept[:, -1:]
                place = (dice >= kept).sum(-1, keepdim=True).clamp(max=top_k - 1)
                ids = torch.cat([ids, tokens.gather(1, place)], dim=-1)
    finally:
        model.train(was_training)
    return ids


# --- 6.13 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("6.13", "gradients cleared after the step")
def pretrain(cfg, text, steps, seed):
    ids = CharTokenizer(text).encode(text)
    model = TinyGPT(cfg, seed=seed)
    source = torch.Generator()
    source.manual_seed(seed)
    optimizer = torch.optim.Adam(list(model.parameters()), cfg["learning_rate"])
    losses = [0.0] * steps
    for step in range(steps):
        inputs, targets = get_batch(ids, cfg["batch_size"], cfg["context_length"], source)
        loss = lm_cross_entropy(model(inputs), targets)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        losses[step] = float(loss)
    return model, losses


@catalogue.variant("6.13", "torch's loss, AdamW without decay")
def pretrain(cfg, text, steps, seed):
    ids = CharTokenizer(text).encode(text)
    model = TinyGPT(cfg, seed)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=cfg["learning_rate"], weight_decay=0.0)
    history = []
    model.train()
    while len(history) < steps:
        x, y = get_batch(ids, cfg["batch_size"], cfg["context_length"], generator)
        loss = F.cross_entropy(model(x).transpose(1, 2), y)
        history.append(loss.detach().item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    return [model, history]


@catalogue.variant("6.13", "Adam by hand, windows drawn without get_batch")
def pretrain(cfg, text, steps, seed):
    x_all, y_all = next_token_pairs(CharTokenizer(text).encode(text), cfg["context_length"])
    model = TinyGPT(cfg, seed).train()
    generator = torch.Generator().manual_seed(seed)
    parameters = list(model.parameters())
    first = [torch.zeros_like(p) for p in parameters]
    second = [torch.zeros_like(p) for p in parameters]
    losses = []
    for step in range(1, steps + 1):
        rows = torch.randint(len(x_all), (cfg["batch_size"],), generator=generator)
        loss = lm_cross_entropy(model(x_all[rows]), y_all[rows])
        losses.append(loss.item())
        with torch.no_grad():
            for p, m, v, g in zip(parameters, first, second, torch.autograd.grad(loss, parameters), strict=True):
                m.mul_(0.9).add_(g, alpha=0.1)
                v.mul_(0.999).addcmul_(g, g, value=0.001)
                p -= cfg["learning_rate"] * (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)
    return model, losses


# --- 6.14 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("6.14", "validation window by window, gradients recorded and dropped")
def pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed):
    tokenizer = CharTokenizer(valid_text + train_text)
    data, held_back = tokenizer.encode(train_text), tokenizer.encode(valid_text)
    T = cfg["context_length"]
    model = TinyGPT(cfg, seed).train()
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg["learning_rate"])
    losses, valid = [], []
    for step in range(steps):
        if not step % every:
            model.eval()
            parts = [
                lm_cross_entropy(model(held_back[None, start : start + T]), held_back[None, start + 1 : start + T + 1])
                for start in range(0, len(held_back) - T, T)
            ]
            valid.append((step, float(sum(parts) / len(parts))))
            model.train()
        inputs, targets = get_batch(data, cfg["batch_size"], T, generator)
        loss = lm_cross_entropy(model(inputs), targets)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses, valid


@catalogue.variant("6.14", "sums of all tokens, every T-th of all windows")
def pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed):
    characters = CharTokenizer("".join({*train_text, *valid_text}))
    data = characters.encode(train_text)
    x_held, y_held = (
        part[:: cfg["context_length"]]
        for part in next_token_pairs(characters.encode(valid_text), cfg["context_length"])
    )
    model = TinyGPT(cfg, seed)
    generator = torch.Generator()
    generator.manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg["learning_rate"])
    losses, valid, due = [], [], 0
    for step in range(steps):
        if step == due:
            due += every
            with torch.inference_mode():
                total = F.cross_entropy(model.eval()(x_held).transpose(1, 2), y_held, reduction="sum")
            valid.append([step, total.item() / y_held.numel()])
        model.train()
        loss = lm_cross_entropy(
            *(lambda x, y: (model(x), y))(*get_batch(data, cfg["batch_size"], x_held.shape[1], generator))
        )
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return [losses, valid]


@catalogue.variant("6.14", "a copy of the model is measured at the end")
def pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed):
    tokenizer = CharTokenizer(train_text + valid_text)
    data, held_back = tokenizer.encode(train_text), tokenizer.encode(valid_text)
    T = cfg["context_length"]
    model, copy = TinyGPT(cfg, seed).train(), TinyGPT(cfg, seed).eval()
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg["learning_rate"])
    losses, states = [], {}
    for step in range(steps):
        if step % every == 0:
            states[step] = {name: value.clone() for name, value in model.state_dict().items()}
        x, y = get_batch(data, cfg["batch_size"], T, generator)
        loss = lm_cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    valid = []
    for step, state in states.items():
        copy.load_state_dict(state)
        windows = held_back.unfold(0, T + 1, T)
        with torch.no_grad():
            valid.append((step, lm_cross_entropy(copy(windows[:, :-1]), windows[:, 1:]).item()))
    return losses, valid


# --- 6.15 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("6.15", "log_softmax and nll_loss")
def repaired_loss(logits, targets):
    return F.nll_loss(logits.log_softmax(dim=-1).flatten(0, 1), targets.flatten())


@catalogue.variant("6.15", "the vocabulary as second dimension")
def repaired_loss(logits, targets):
    return F.cross_entropy(logits.permute(0, 2, 1), targets)


@catalogue.variant("6.15", "the loss of 6.3")
def repaired_loss(logits, targets):
    return lm_cross_entropy(logits, targets)


@catalogue.variant("6.15", "log_softmax before, which changes nothing")
def repaired_loss(logits, targets):
    predictions = logits.log_softmax(dim=-1)
    return F.cross_entropy(predictions.flatten(0, 1), targets.flatten())


@catalogue.variant("6.15", "logarithm of the softmax")
def repaired_loss(logits, targets):
    predictions = logits.softmax(dim=-1)
    return F.nll_loss(predictions.log().flatten(0, 1), targets.flatten())


# --- 6.16 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("6.16", "the text is rolled, not the window")
def repaired_batch(data, starts, T):
    following = data.roll(-1)
    x = torch.stack([data[start : start + T] for start in starts])
    y = torch.stack([following[start : start + T] for start in starts])
    return x, y


@catalogue.variant("6.16", "positions by broadcasting")
def repaired_batch(data, starts, T):
    positions = torch.tensor(starts)[:, None] + torch.arange(T)
    return data[positions], data[positions + 1]


@catalogue.variant("6.16", "some of all windows")
def repaired_batch(data, starts, T):
    return tuple(part[starts] for part in next_token_pairs(data, T))


@catalogue.variant("6.16", "rolled, and the last target put right")
def repaired_batch(data, starts, T):
    x = torch.stack([data[start : start + T] for start in starts])
    y = x.roll(-1, dims=1)
    for row, start in enumerate(starts):
        y[row, -1] = data[start + T]
    return x, y
