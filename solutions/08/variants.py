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
