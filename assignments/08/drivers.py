"""Drivers: they call your functions with stand-in models and with texts in pieces, and return plain values.

The first argument is your module; the others are what a failing check shows you.
"""

import torch
from torch import nn
from torch.nn import functional as F


class StandIn(nn.Module):
    """Looks like a language model and follows a rule: the next token is (last + first) modulo V. Counts its calls."""

    def __init__(self, V):
        super().__init__()
        self.V, self.calls = V, 0

    def forward(self, ids):
        self.calls += 1
        return F.one_hot((ids + ids[:, :1]) % self.V, self.V).double()


def written_until(student, V, ids, n, eos, pad):
    """What `generate_until` writes with a stand-in model that predicts (last + first) modulo V; how often it is called."""
    model = StandIn(V).eval()
    return {"ids": student.generate_until(model, ids, n, eos, pad), "calls of the model": model.calls}


def tokens_kept(student, probs, p):
    """How many tokens of each row `keep_top_p` keeps: those with a probability that is not 0, however small."""
    return (student.keep_top_p(probs, p) != 0).sum(dim=-1).tolist()


def attended_in_pieces(student, x, Wqkv, Wo, bo, H, sizes):
    """What `attend_with_cache` gives for a text that comes in pieces of these sizes, each with the cache of those before.

    Returned are the outputs of all pieces side by side, the last keys and values, and whether the first cache still holds
    what it held when it was made.
    """
    cache, outputs, first, held = None, [], None, None
    for piece in x.split(sizes, dim=1):
        out, cache = student.attend_with_cache(piece, cache, Wqkv, Wo, bo, H)
        keys, values = cache
        outputs.append(out)
        if first is None:
            first, held = (keys, values), (keys.clone(), values.clone())
    as_it_was = all(
        now.shape == then.shape and bool((now == then).all()) for now, then in zip(first, held, strict=True)
    )
    return {"outputs": torch.cat(outputs, dim=1), "keys": keys, "values": values, "first cache as it was": as_it_was}


def stepped_in_pieces(student, ids, sizes, p, cfg):
    """What `gpt_step` gives for a text that comes in pieces of these sizes, each with the caches of those before.

    Returned are the logits of all pieces side by side, how many caches there are in the end, how many keys each has, and
    whether the caches of the first piece still have the keys that they had when they were made.
    """
    cache, logits, first, held = None, [], None, None
    for piece in ids.split(sizes, dim=1):
        new, cache = student.gpt_step(piece, cache, p, cfg)
        logits.append(new)
        if first is None:
            first, held = cache, _key_counts(cache)
    return {
        "logits": torch.cat(logits, dim=1),
        "layers in the cache": len(cache),
        "tokens in the caches": _key_counts(cache),
        "first caches as they were": _key_counts(first) == held,
    }


def _key_counts(cache):
    return [keys.shape[2] for keys, _ in cache]


def tokens_written(student, p, q, n):
    """How often each token is written, with `accept_draft` for every draft of q and the middles of n pieces of u."""
    written = torch.zeros_like(p)
    for x in q.nonzero().flatten().tolist():
        for piece in range(n):
            accepted, rest = student.accept_draft(p.clone(), q.clone(), x, (piece + 0.5) / n)
            share = q[x] / n
            if accepted:
                written[x] += share
            else:
                written += share * rest
    return written


def written_with_cache(student, V, ids, n):
    """What `generate_cached` writes with a stand-in step, and how many tokens of each row each call got.

    The step predicts the sum of all tokens so far modulo V; its cache is that sum.
    """
    calls = []

    def step(new_ids, cache):
        calls.append(new_ids.shape[1])
        totals = new_ids.cumsum(1) + (0 if cache is None else cache)
        return F.one_hot(totals % V, V).double(), totals[:, -1:]

    return {"ids": student.generate_cached(step, ids, n), "tokens in each call": calls}
