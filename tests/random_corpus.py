"""Random functions of assignments 05 and 06, right ones and wrong ones: each replaces the one of the solution.

The wrong ones give values that are possible, so that only how often each comes up tells them from right ones.
"""

from __future__ import annotations

from textwrap import dedent, indent

Corpus = dict[str, dict[str, str]]
"""Sources by exercise and by what is wrong or different."""


def _starts(how: str) -> str:
    body = indent(dedent(how).strip(), "    ")
    return f"""
def get_batch(data, B, T, generator):
    n = len(data) - T
{body}
    positions = starts[:, None] + torch.arange(T)
    return data[positions], data[positions + 1]
"""


def _epochs(how: str) -> str:
    body = indent(dedent(how).strip(), "    ")
    return f"""
def minibatches(X, y, size, generator):
    n = len(X)
{body}
    return [(X[rows], y[rows]) for rows in order.split(size)]
"""


def _dropout(
    embedded: str = "x", after: str = "x", normed: str = "x", logits: str = "x", tokens: str = "", places: str = ""
) -> str:
    """Expressions in x, the rate r and whether it is training, for each place in the model."""
    return f"""
def _mask(x, rate):
    return (torch.rand(x.shape) >= rate).to(x.dtype)


def gpt_forward(ids, p, cfg, training=False):
    r = cfg["drop_rate"] if training else 0.0
    x = p["tokens"][ids]
    x = {tokens or "x"}
    rows = x
    x = p["positions"][: ids.shape[1]].expand(x.shape)
    x = {places or "x"}
    x = rows + x
    x = {embedded}
    for block in p["blocks"]:
        x = gpt_block(x, block, cfg["n_heads"])
    x = {after}
    x = layer_norm(x, p["norm_gamma"], p["norm_beta"])
    x = {normed}
    x = x @ p.get("head", p["tokens"]).T
    return {logits}
"""


def _sampling(weights: str, draw: str = "torch.multinomial(w, 1, generator=generator)") -> str:
    """An expression for weights in the k largest logits `best`, and one for the place among them that is drawn."""
    return f"""
def generate(model, ids, n, context_length, top_k, generator=None):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        for step in range(n):
            best, tokens = model(ids[:, -context_length:])[:, -1].topk(top_k)
            w = {weights}
            choice = {draw}
            ids = torch.cat([ids, tokens.gather(1, choice)], dim=1)
    model.train(was_training)
    return ids
"""


_SOFTMAX = "best.softmax(-1)"
_DROPPED = "F.dropout(x, r)"

RIGHT: Corpus = {
    "5.9": {
        "argsort of random numbers": _epochs("order = torch.rand(n, generator=generator).argsort()"),
        "drawn one by one without replacement": _epochs(
            "order = torch.multinomial(torch.ones(n), n, replacement=False, generator=generator)"
        ),
        "Fisher-Yates": _epochs(
            """
            order = torch.arange(n)
            for i, u in enumerate(torch.rand(n, generator=generator).tolist()):
                j = i + int(u * (n - i))
                order[[i, j]] = order[[j, i]]
            """
        ),
    },
    "6.2": {
        "multinomial": _starts("starts = torch.multinomial(torch.ones(n), B, replacement=True, generator=generator)"),
        "one by one": _starts("starts = torch.cat([torch.randint(n, (1,), generator=generator) for _ in range(B)])"),
    },
    "6.11": {
        "bernoulli": _dropout("x * torch.bernoulli(torch.full_like(x, 1 - r)) / (1 - r)"),
        "a mask of random numbers": _dropout("x * _mask(x, r) / (1 - r)"),
    },
    "6.12": {
        "Gumbel": _sampling(
            "best",
            "(best - (-torch.rand(best.shape, generator=generator, dtype=best.dtype).log()).log()).argmax(-1, True)",
        ),
        "weights that are not normalized": _sampling("best.exp()"),
    },
}

WRONG: Corpus = {
    "5.9": {
        "rolled": _epochs("order = torch.arange(n).roll(int(torch.randint(n, (1,), generator=generator)))"),
        "every second row, from a random one on": _epochs(
            "order = (torch.randint(n, (1,), generator=generator) + torch.arange(n) * (2 if n % 2 else 3)) % n"
        ),
        "leftover rows fixed": _epochs(
            "m = n // size * size\norder = torch.cat([torch.randperm(m, generator=generator), torch.arange(m, n)])"
        ),
        "batches shuffled, and each in itself": _epochs(
            """
            parts = torch.arange(n).split(size)
            full, rest = [p for p in parts if len(p) == size], [p for p in parts if len(p) < size]
            picked = [full[k] for k in torch.randperm(len(full), generator=generator)]
            order = torch.cat([p[torch.randperm(size, generator=generator)] for p in picked] + rest)
            """
        ),
        "swapped with any row": _epochs(
            """
            order = torch.arange(n)
            for i, j in enumerate(torch.randint(n, (n,), generator=generator).tolist()):
                order[[i, j]] = order[[j, i]]
            """
        ),
        "swapped with any other row": _epochs(
            """
            order = torch.arange(n)
            for i, u in enumerate(torch.rand(n - 1, generator=generator).tolist()):
                j = i + 1 + int(u * (n - 1 - i))
                order[[i, j]] = order[[j, i]]
            """
        ),
        "first row never moves": _epochs(
            "order = torch.cat([torch.zeros(1, dtype=torch.long), 1 + torch.randperm(n - 1, generator=generator)])"
        ),
        "sorted inside batches": _epochs(
            "order = torch.cat([rows.sort().values for rows in torch.randperm(n, generator=generator).split(size)])"
        ),
        "the smaller end first": _epochs(
            "order = torch.randperm(n, generator=generator)\norder = order if order[0] < order[-1] else order.flip(0)"
        ),
        "one of eight orders": _epochs(
            """
            number = int(torch.randint(8, (1,), generator=generator))
            order = torch.randperm(n, generator=torch.Generator().manual_seed(number))
            """
        ),
        "keys that are often equal": _epochs(
            "order = torch.randint(n, (n,), generator=generator).argsort(stable=True)"
        ),
        "small keys favored": _epochs(
            "order = (torch.rand(n, generator=generator) + 0.5 * torch.arange(n) / n).argsort()"
        ),
    },
    "6.2": {
        "squared": _starts("starts = (torch.rand(B, generator=generator) ** 2 * n).long()"),
        "rounded, the ends half as often": _starts(
            "starts = torch.round(torch.rand(B, generator=generator) * (n - 1)).long()"
        ),
        "one after the other": _starts("starts = (torch.randint(n, (1,), generator=generator) + torch.arange(B)) % n"),
        "sorted": _starts("starts = torch.randint(n, (B,), generator=generator).sort().values"),
        "each twice": _starts(
            "starts = torch.randint(n, ((B + 1) // 2,), generator=generator).repeat_interleave(2)[:B]"
        ),
        "the first half again": _starts(
            "starts = torch.randint(n, ((B + 1) // 2,), generator=generator).repeat(2)[:B]"
        ),
        "the first half mirrored": _starts(
            """
            half = torch.randint(n, ((B + 1) // 2,), generator=generator)
            starts = torch.cat([half, n - 1 - half])[:B]
            """
        ),
        "one order after the other": _starts(
            "starts = torch.cat([torch.randperm(n, generator=generator) for _ in range(-(-B // n))])[:B]"
        ),
        "last start half as often": _starts(
            """
            weights = torch.ones(n)
            weights[-1] = 0.5
            starts = torch.multinomial(weights, B, replacement=True, generator=generator)
            """
        ),
        "drawn too far and clamped": _starts(
            "starts = torch.randint(n + 1, (B,), generator=generator).clamp(max=n - 1)"
        ),
        "drawn too low and clamped": _starts("starts = torch.randint(-1, n, (B,), generator=generator).clamp(min=0)"),
        "remainder of a small range": _starts("starts = torch.randint(n + n // 2, (B,), generator=generator) % n"),
        "normal, around the middle": _starts(
            "starts = (n / 2 + n / 4 * torch.randn(B, generator=generator)).long().clamp(0, n - 1)"
        ),
    },
    "6.11": {
        "survivors not scaled": _dropout("x * _mask(x, r)"),
        "survivors scaled down": _dropout("x * _mask(x, r) * (1 - r)"),
        "survivors scaled by 1 + rate": _dropout("x * _mask(x, r) * (1 + r)"),
        "survivors scaled by 1 / rate": _dropout("x * _mask(x, r) / r if training else x"),
        "always a tenth": _dropout("F.dropout(x, 0.1, training)"),
        "keep-probability": _dropout("F.dropout(x, 1 - r) if training else x"),
        "half the rate": _dropout("F.dropout(x, r / 2)"),
        "a tenth more than the rate": _dropout("F.dropout(x, 1.1 * r)"),
        "a rate of 0.02 more, scale of the rate": _dropout("x * _mask(x, r + 0.02) / (1 - r) if training else x"),
        "tokens alone": _dropout(tokens=_DROPPED),
        "positions alone": _dropout(places=_DROPPED),
        "tokens and positions, each on its own": _dropout(tokens=_DROPPED, places=_DROPPED),
        "after the blocks": _dropout(after=_DROPPED),
        "after the norm": _dropout(normed=_DROPPED),
        "on the logits": _dropout(logits=_DROPPED),
        "before the blocks and after them": _dropout(_DROPPED, after=_DROPPED),
        "twice": _dropout("F.dropout(F.dropout(x, r), r)"),
        "noise": _dropout("x + r * torch.randn(x.shape).to(x.dtype)"),
        "noise as a factor": _dropout("x * (1 + r * torch.randn(x.shape).to(x.dtype))"),
        "the same for each row of the batch": _dropout("x * _mask(x[:1], r) / (1 - r)"),
        "the same at each position": _dropout("x * _mask(x[:, :1], r) / (1 - r)"),
        "whole positions": _dropout("x * _mask(x[..., :1], r) / (1 - r)"),
        "numbers in pairs": _dropout(
            "x * _mask(x[..., ::2], r).repeat_interleave(2, -1)[..., : x.shape[-1]] / (1 - r)"
        ),
        "alpha dropout": _dropout("F.alpha_dropout(x, r, training)"),
    },
    "6.12": {
        **{
            f"temperature {t}": _sampling(f"(best / {t}).softmax(-1)")
            for t in (0.5, 0.7, 0.8, 0.9, 1.1, 1.2, 1.3, 1.5, 2.0)
        },
        "sigmoid": _sampling("torch.sigmoid(best)"),
        "logits less the lowest": _sampling("best - best.min(-1, keepdim=True).values + 1"),
        "even": _sampling("torch.ones_like(best)"),
        "softmax twice": _sampling("best.softmax(-1).softmax(-1)"),
        "softplus": _sampling("F.softplus(best)"),
        "squared probabilities": _sampling("best.softmax(-1) ** 2"),
        "roots of probabilities": _sampling("best.softmax(-1) ** 0.5"),
        "powers of 2": _sampling("2.0**best"),
        "one draw for all rows": _sampling(
            _SOFTMAX, "torch.multinomial(w[:1], 1, generator=generator).expand(len(ids), 1)"
        ),
        "one draw for two rows": _sampling(
            _SOFTMAX, "torch.multinomial(w[::2], 1, generator=generator).repeat_interleave(2, 0)[: len(ids)]"
        ),
        "one draw for all tokens of a row": _sampling(
            "best.softmax(-1)\n            u = torch.rand(len(ids), 1, generator=generator) if step == 0 else u",
            "(u > w.cumsum(-1)).sum(-1, keepdim=True).clamp(max=top_k - 1)",
        ),
        "only the first token drawn": _sampling(
            _SOFTMAX, "torch.multinomial(w, 1, generator=generator) * (1 if step == 0 else 0)"
        ),
        "the most likely one in every fourth row": _sampling(
            _SOFTMAX, "torch.multinomial(w, 1, generator=generator) * (torch.arange(len(ids)) % 4 > 0)[:, None]"
        ),
    },
}

NOT_SEEN = {("6.12", "temperature 0.9"), ("6.12", "temperature 1.1")}
"""Wrong ones that may pass: to tell them takes twice as many draws, which is too slow for code that goes row by row."""
