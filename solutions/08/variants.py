"""Correct answers to assignment 08 that look different from the solution; each must get full marks."""

import math

import torch
from torch.nn import functional as F

from gradlings.authoring import Catalogue

catalogue = Catalogue()


# --- 8.1 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("8.1", "the largest logit subtracted")
def with_temperature(logits, t):
    if not t >= 0:
        raise ValueError("below 0")
    if not t:
        chosen = torch.zeros_like(logits)
        return chosen.scatter(-1, logits.argmax(-1, keepdim=True), 1.0)
    z = (logits - logits.amax(-1, keepdim=True)) / t
    return z.exp() / z.exp().sum(-1, keepdim=True)


@catalogue.variant("8.1", "powers of the probabilities")
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t == 0:
        places = torch.arange(logits.shape[-1], device=logits.device)
        return (places == logits.argmax(-1, keepdim=True)).to(logits)
    weights = (logits.log_softmax(-1) / t).exp()
    return weights / weights.sum(-1, keepdim=True)


@catalogue.variant("8.1", "row by row, with max")
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t > 0:
        return torch.log_softmax(logits / t, dim=-1).exp()
    rows = logits.reshape(-1, logits.shape[-1])
    answer = torch.zeros_like(rows)
    for number, row in enumerate(rows):
        answer[number, row.max(dim=0).indices] = 1
    return answer.reshape(logits.shape)


# --- 8.2 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("8.2", "how many are larger")
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError("nothing to keep")
    larger = (logits[..., None, :] > logits[..., :, None]).sum(-1)
    return torch.where(larger < k, logits, -math.inf)


@catalogue.variant("8.2", "written into minus infinities")
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError("nothing to keep")
    best, places = logits.topk(min(k, logits.shape[-1]), dim=-1)
    return torch.full_like(logits, -math.inf).scatter(-1, places, best)


@catalogue.variant("8.2", "kthvalue")
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError("nothing to keep")
    V = logits.shape[-1]
    border = logits.kthvalue(V - min(k, V) + 1, dim=-1, keepdim=True).values
    return torch.where(logits >= border, logits, torch.full_like(logits, -math.inf))


@catalogue.variant("8.2", "the mask moved by one place")
def keep_top_p(probs, p):
    if not 0 <= p <= 1:
        raise ValueError("no probability")
    if p == 1:
        return probs.clone()
    ordered, order = probs.sort(dim=-1, descending=True)
    over = ordered.cumsum(-1) >= p
    over[..., 1:] = over[..., :-1].clone()
    over[..., 0] = False
    dropped = torch.zeros_like(over).scatter(-1, order, over)
    left = probs.masked_fill(dropped, 0.0)
    return left / left.sum(-1, keepdim=True)


@catalogue.variant("8.2", "token after token")
def keep_top_p(probs, p):
    if p < 0 or p > 1:
        raise ValueError("no probability")
    rows = probs.reshape(-1, probs.shape[-1])
    answer = torch.zeros_like(rows)
    for row, target in zip(rows, answer, strict=True):
        total = 0.0
        for i in sorted(range(len(row)), key=lambda i: -float(row[i])):
            target[i] = row[i]
            total += float(row[i])
            if total >= p and p < 1:
                break
        target /= target.sum()
    return answer.reshape(probs.shape)


@catalogue.variant("8.2", "ranks, by sorting twice")
def keep_top_p(probs, p):
    if not (p >= 0 and p <= 1):
        raise ValueError("no probability")
    order = probs.argsort(dim=-1, descending=True)
    ranks = order.argsort(dim=-1)
    sums = probs.gather(-1, order).cumsum(-1)
    wanted = (sums < p).sum(-1, keepdim=True) + 1 if p < 1 else probs.shape[-1]
    kept = probs * (ranks < wanted)
    return F.normalize(kept, p=1, dim=-1)


# --- 8.3 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("8.3", "gather, and scatter back")
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError("no penalty")
    own = logits.gather(1, ids)
    return logits.scatter(1, ids, torch.where(own < 0, own * penalty, own / penalty))


@catalogue.variant("8.3", "loops over sets")
def repetition_penalty(logits, ids, penalty):
    if not penalty > 0:
        raise ValueError("no penalty")
    answer = logits.clone()
    for row, text in zip(answer, ids, strict=True):
        for token in set(text.tolist()):
            if row[token] > 0:
                row[token] /= penalty
            else:
                row[token] *= penalty
    return answer


@catalogue.variant("8.3", "one_hot and factors")
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError("no penalty")
    seen = F.one_hot(ids, logits.shape[1]).amax(1).bool()
    factors = torch.where(logits > 0, torch.full_like(logits, 1 / penalty), penalty)
    return logits * torch.where(seen, factors, 1.0)


# --- 8.4 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("8.4", "lists")
def generate_until(model, ids, n, eos, pad):
    rows, ended = ids.tolist(), [False] * len(ids)
    for _ in range(n):
        if all(ended):
            break
        logits = model(torch.tensor(rows, device=ids.device))[:, -1]
        for b, best in enumerate(logits.argmax(-1).tolist()):
            rows[b].append(pad if ended[b] else best)
            ended[b] = ended[b] or best == eos
    return torch.tensor(rows, device=ids.device)


@catalogue.variant("8.4", "columns collected")
def generate_until(model, ids, n, eos, pad):
    columns, alive, text = [], ids[:, 0] == ids[:, 0], ids
    while len(columns) < n and alive.any():
        new = model(text)[:, -1].max(-1).indices
        new[~alive] = pad
        alive = alive & new.ne(eos)
        columns.append(new.unsqueeze(1))
        text = torch.cat([text, new.unsqueeze(1)], dim=1)
    return torch.cat([ids, *columns], dim=1)


@catalogue.variant("8.4", "only the rows that are alive")
def generate_until(model, ids, n, eos, pad):
    rows = ids.tolist()
    alive = list(range(len(rows)))
    for _ in range(n):
        if not alive:
            break
        text = torch.tensor([rows[i] for i in alive], device=ids.device)
        for i, new in zip(list(alive), model(text)[:, -1].argmax(-1).tolist(), strict=True):
            rows[i].append(new)
            if new == eos:
                alive.remove(i)
    longest = max(map(len, rows))
    return torch.tensor([row + [pad] * (longest - len(row)) for row in rows], device=ids.device)


@catalogue.variant("8.4", "the step at which each row ends")
def generate_until(model, ids, n, eos, pad):
    t = ids.shape[1]
    end = torch.full((len(ids),), n, device=ids.device)
    while ids.shape[1] - t < min(n, int(end.max()) + 1):
        step = ids.shape[1] - t
        new = model(ids)[:, -1:].argmax(-1)
        new = new.masked_fill((end < step).unsqueeze(1), pad)
        end = torch.where((new[:, 0] == eos) & (end == n), step, end)
        ids = torch.cat((ids, new), 1)
    return ids


# --- 8.5 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("8.5", "written into new memory, with rows of a triangle")
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    B, t, D = x.shape
    q, k, v = ((x @ part.T).view(B, t, H, D // H).transpose(1, 2) for part in Wqkv.chunk(3))
    s = 0 if cache is None else cache[0].shape[2]
    keys, values = (part.new_empty(B, H, s + t, D // H) for part in (k, v))
    if cache is not None:
        keys[:, :, :s], values[:, :, :s] = cache
    keys[:, :, s:], values[:, :, s:] = k, v
    mask = torch.ones(s + t, s + t, dtype=torch.bool, device=x.device).tril()[s:]
    out = F.scaled_dot_product_attention(q, keys, values, attn_mask=mask)
    return F.linear(out.transpose(1, 2).reshape(B, t, D), Wo, bo), (keys, values)


@catalogue.variant("8.5", "token by token")
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    outputs = []
    for token in x.split(1, dim=1):
        q, k, v = (split_heads(part, H) for part in (token @ Wqkv.T).chunk(3, dim=-1))
        cache = (k, v) if cache is None else (torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2))
        outputs.append(F.scaled_dot_product_attention(q, *cache))
    return merge_heads(torch.cat(outputs, dim=2)) @ Wo.T + bo, cache


@catalogue.variant("8.5", "scores by hand, tril with a diagonal")
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    q, k, v = split_heads(x @ Wqkv.T, 3 * H).chunk(3, dim=1)
    if cache:
        old_k, old_v = cache
        k, v = torch.cat((old_k, k), -2), torch.cat((old_v, v), -2)
    t, S = q.shape[-2], k.shape[-2]
    mask = x.new_ones(t, S).tril(S - t).bool()
    scores = torch.einsum("bhid,bhjd->bhij", q, k) / math.sqrt(q.shape[-1])
    out = scores.masked_fill(~mask, -math.inf).softmax(-1) @ v
    return torch.einsum("bhtd,ohd->bto", out, Wo.unflatten(1, (H, -1))) + bo, (k, v)


# --- 8.6 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("8.6", "positions by number, caches zipped")
def gpt_step(ids, cache, p, cfg):
    cache = cache or [None] * cfg["n_layers"]
    s = cache[0][0].size(2) if cache[0] else 0
    places = torch.arange(s, s + ids.size(1), device=ids.device)
    if s + ids.size(1) > cfg["context_length"]:
        raise ValueError("no room")
    x = p["tokens"][ids] + p["positions"][places]
    new = []
    for b, own in zip(p["blocks"], cache, strict=True):
        out, kept = attend_with_cache(
            layer_norm(x, b["norm1_gamma"], b["norm1_beta"]), own, b["Wqkv"], b["Wo"], b["bo"], cfg["n_heads"]
        )
        new += [kept]
        x = x + out
        hidden = F.linear(layer_norm(x, b["norm2_gamma"], b["norm2_beta"]), b["W1"], b["b1"])
        x = x + F.linear(gelu(hidden), b["W2"], b["b2"])
    return F.linear(layer_norm(x, p["norm_gamma"], p["norm_beta"]), p["head"]), new


@catalogue.variant("8.6", "with torch's attention inside")
def gpt_step(ids, cache, p, cfg):
    t, H = ids.shape[1], cfg["n_heads"]
    S = t + (cache[0][0].shape[2] if cache is not None else 0)
    if cfg["context_length"] < S:
        raise ValueError("no room")
    x = F.embedding(ids, p["tokens"]) + p["positions"][S - t : S]
    mask = torch.ones(t, S, dtype=torch.bool, device=ids.device).tril(S - t)
    kept = []
    for i, b in enumerate(p["blocks"]):
        projected = F.linear(layer_norm(x, b["norm1_gamma"], b["norm1_beta"]), b["Wqkv"])
        q, k, v = (split_heads(part, H) for part in projected.chunk(3, -1))
        if cache is not None:
            k, v = (torch.cat(pair, dim=2) for pair in zip(cache[i], (k, v), strict=True))
        kept.append((k, v))
        x = x + merge_heads(attention(q, k, v, mask)) @ b["Wo"].mT + b["bo"]
        h = layer_norm(x, b["norm2_gamma"], b["norm2_beta"])
        x = x + gelu(h @ b["W1"].mT + b["b1"]) @ b["W2"].mT + b["b2"]
    return layer_norm(x, p["norm_gamma"], p["norm_beta"]) @ p["head"].mT, kept


@catalogue.variant("8.6", "a copy of the old list, replaced layer by layer")
def gpt_step(ids, cache, p, cfg):
    new = [None] * len(p["blocks"]) if cache is None else list(cache)
    past = 0 if new[0] is None else new[0][1].shape[-2]
    rows = p["positions"][past:][: ids.shape[1]]
    if len(rows) < ids.shape[1]:
        raise ValueError("no room")
    x = p["tokens"][ids] + rows
    for i, b in enumerate(p["blocks"]):
        h = layer_norm(x, b["norm1_gamma"], b["norm1_beta"])
        h, new[i] = attend_with_cache(h, new[i], b["Wqkv"], b["Wo"], b["bo"], cfg["n_heads"])
        x = x + h
        h = layer_norm(x, b["norm2_gamma"], b["norm2_beta"]) @ b["W1"].T
        x = x + (gelu(h + b["b1"]) @ b["W2"].T + b["b2"])
    return layer_norm(x, p["norm_gamma"], p["norm_beta"]) @ p["head"].T, new


# --- 8.7 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("8.7", "element_size of an empty tensor")
def kv_cache_bytes(cfg, B, T, dtype):
    heads = cfg["n_kv_heads"] if "n_kv_heads" in cfg else cfg["n_heads"]
    width = cfg["emb_dim"] * heads // cfg["n_heads"]
    return cfg["n_layers"] * (B * T * width) * 2 * torch.empty(0, dtype=dtype).element_size()


@catalogue.variant("8.7", "tensors without memory")
def kv_cache_bytes(cfg, B, T, dtype):
    shape = B, cfg.get("n_kv_heads") or cfg["n_heads"], T, cfg["emb_dim"] // cfg["n_heads"]
    keys = torch.empty(shape, dtype=dtype, device="meta")
    return (keys.nbytes + keys.nbytes) * cfg["n_layers"]


@catalogue.variant("8.7", "layer by layer")
def kv_cache_bytes(cfg, B, T, dtype):
    d, total = cfg["emb_dim"] // cfg["n_heads"], 0
    for _ in range(cfg["n_layers"]):
        for _ in ("keys", "values"):
            total += B * cfg.get("n_kv_heads", cfg["n_heads"]) * T * d * dtype.itemsize
    return total


# --- 8.8 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("8.8", "minimum, where, multiplied out")
def accept_draft(p, q, x, u):
    more = torch.where(p > q, p - q, torch.zeros_like(p))
    rest = more / more.sum() if (p > q).any() else p.clone()
    return (p[x] > u * q[x]).item(), rest


@catalogue.variant("8.8", "lists")
def accept_draft(p, q, x, u):
    more = [max(0.0, a - b) for a, b in zip(p.tolist(), q.tolist(), strict=True)]
    total = sum(more)
    rest = p.new_tensor([each / total for each in more]) if total else p.clone()
    return u < float(p[x]) / float(q[x]), rest


@catalogue.variant("8.8", "relu and normalize")
def accept_draft(p, q, x, u):
    more = F.relu(p - q)
    rest = F.normalize(more, p=1, dim=0) if more.any() else p + 0
    return bool(torch.minimum(p[x] / q[x], torch.ones_like(p[x])) > u), rest


@catalogue.variant("8.8", "p less what both have")
def accept_draft(p, q, x, u):
    rest = p - torch.minimum(p, q)
    if torch.equal(p, q):
        rest = p.clone()
    return not u >= (p[x] / q[x]).item(), rest / rest.sum()


# --- 8.9 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("8.9", "clamped, too")
def quantize_rows(W):
    largest, _ = W.abs().max(dim=1, keepdim=True)
    scale = torch.where(largest > 0, largest / 127, torch.ones_like(largest))
    return torch.round(W / scale).clamp(-127, 127).to(torch.int8), scale.squeeze(1)


@catalogue.variant("8.9", "row by row")
def quantize_rows(W):
    q, scales = torch.zeros_like(W, dtype=torch.int8), W.new_ones(len(W))
    for i, row in enumerate(W):
        if row.abs().max() > 0:
            scales[i] = row.abs().max() / 127
        q[i] = (row / scales[i]).round()
    return q, scales


@catalogue.variant("8.9", "norms, and a mask filled")
def quantize_rows(W):
    scale = torch.linalg.vector_norm(W, ord=math.inf, dim=1) / 127
    scale = scale.masked_fill((W == 0).all(1), 1.0)
    return torch.round(W / scale[:, None]).char(), scale


@catalogue.variant("8.9", "types promoted")
def dequantize(q, scale):
    return q * scale[:, None]


@catalogue.variant("8.9", "einsum")
def dequantize(q, scale):
    return torch.einsum("ij,i->ij", q.to(scale.dtype), scale)


@catalogue.variant("8.9", "transposed twice")
def dequantize(q, scale):
    return (q.T.to(scale) * scale).T


# --- 8.10 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("8.10", "the first call before the loop")
def generate_cached(step, ids, n):
    if n == 0:
        return ids.clone()
    logits, cache = step(ids, None)
    tokens = [logits[:, -1].argmax(-1)]
    while len(tokens) < n:
        logits, cache = step(tokens[-1][:, None], cache)
        tokens.append(logits[:, -1].argmax(-1))
    return torch.cat([ids, torch.stack(tokens, 1)], 1)


@catalogue.variant("8.10", "recursion")
def generate_cached(step, ids, n):
    def go_on(text, new, cache, left):
        if left == 0:
            return text
        logits, cache = step(new, cache)
        new = logits[:, -1:].max(-1).indices
        return go_on(torch.cat([text, new], 1), new, cache, left - 1)

    return go_on(ids, ids, None, n)


@catalogue.variant("8.10", "a buffer of the whole text")
def generate_cached(step, ids, n):
    B, t = ids.shape
    text = torch.cat([ids, ids.new_zeros(B, n)], dim=1)
    cache, first = None, 0
    for place in range(t, t + n):
        logits, cache = step(text[:, first:place], cache)
        text[:, place] = logits[:, -1].argmax(-1)
        first = place
    return text
