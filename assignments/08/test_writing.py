"""The checks of assignment 08: how the next token is chosen, and how text is written without computing it all again."""

import itertools
import math

import torch
from torch import nn
from torch.nn import functional as F

from gradlings import Rng, agree, exercise, floats, leave_picture


def ids(values):
    return torch.tensor(values, dtype=torch.int64)


# 8.1


def powers_of_probabilities(logits, t):
    """p ** (1/t), added up to 1 again; at 0 each row by comparing its numbers with the largest."""
    if t < 0:
        raise ValueError("a temperature below 0")
    if t > 0:
        return F.normalize((logits.log_softmax(-1) / t).exp(), p=1, dim=-1)
    rows = [[float(i == row.index(max(row))) for i in range(len(row))] for row in logits.flatten(0, -2).tolist()]
    return torch.tensor(rows, dtype=logits.dtype, device=logits.device).reshape(logits.shape)


def some_logits(rng):
    return 3 * rng.normal(*rng.choice([(5,), (2, 4), (2, 3, 4)]))


@exercise("8.1", "with_temperature", points=5, minutes=10, difficulty=1, builds_on=("3.11",))
class TestWithTemperature:
    def test_temperatures(self, student, probes):
        """sharper and flatter than the softmax, row by row, for logits of any size"""
        two_rows = floats([[2.0, 1.0, -1.0], [0.0, 3.0, 0.5]])
        by_hand = [
            (floats([2.0, 1.0, -1.0]), 1.0),
            (two_rows, 0.5),
            (floats([2.0, 1.0, -1.0]), 4.0),
            (floats([3000.0, 2998.0, -1000.0]), 2.0),
            (floats([3.0, 1.0]), 0.01),
        ]
        ladder = probes(by_hand, random=lambda rng: (some_logits(rng), rng.choice([0.1, 0.7, 1.0, 3.0])))
        agree(student.with_temperature, ladder, powers_of_probabilities)

    def test_zero(self, student, probes):
        """t = 0: the first of the largest gets it all; ValueError below 0"""
        by_hand = [
            (floats([[1.0, 5.0], [7.0, -2.0]]), 0.0),
            (floats([[3.0, 3.0, 1.0]]), 0.0),
            (floats([[1.0, 2.0]]), -1.0),
        ]
        ladder = probes(by_hand, random=lambda rng: (some_logits(rng)[None], 0.0), n=2)
        agree(student.with_temperature, ladder, powers_of_probabilities)


# 8.2


def fewer_than_k_are_larger(logits, k):
    if k < 1:
        raise ValueError("nothing to keep")
    larger = (logits.unsqueeze(-2) > logits.unsqueeze(-1)).sum(-1)
    return logits.where(larger < k, float("-inf"))


def smallest_set_of_all(probs, p):
    """Of all sets of tokens that reach p one of the smallest, and of these the likeliest."""
    if not 0 <= p <= 1:
        raise ValueError("p is no probability")
    rows = probs.flatten(0, -2).tolist() if probs.dim() > 1 else [probs.tolist()]
    kept = []
    for row in rows:
        sets = (heaviest_set(row, size) for size in range(1, len(row) + 1))
        chosen = next((each for each in sets if sum(row[i] for i in each) >= p), range(len(row)))
        kept.append([each / sum(row[j] for j in chosen) * (i in chosen) for i, each in enumerate(row)])
    if p == 1:
        kept = rows
    return torch.tensor(kept, dtype=probs.dtype, device=probs.device).reshape(probs.shape)


def tokens_that_have_a_chance(probs, p):
    return [sum(each > 0 for each in row) for row in probs.tolist()]


def heaviest_set(row, size):
    """Of all sets of so many tokens the likeliest."""
    return max(itertools.combinations(range(len(row)), size), key=lambda chosen: sum(row[i] for i in chosen))


def logits_and_a_number(rng):
    return 3 * rng.normal(*rng.choice([(6,), (2, 5), (3, 2, 4)])), rng.size(1, 7)


def probabilities_and_a_share(rng):
    """No sum of the likeliest tokens is close to the share."""
    while True:
        probs = rng.normal(*rng.choice([(6,), (2, 5)])).mul(2).softmax(-1)
        p = float(rng.uniform(0.05, 0.98))
        sums = probs.sort(-1, descending=True).values.cumsum(-1)
        if (sums - p).abs().min() > 1e-3:
            return probs, p


FOUR = [0.1875, 0.5, 0.0625, 0.25]


@exercise("8.2", "keep_top_k", "keep_top_p", points=13, minutes=30, difficulty=2, builds_on=("6.12", "8.1"))
class TestTopKTopP:
    def test_top_k(self, student, probes):
        """keep_top_k: the k largest of each row as they are, the others -inf; ValueError below 1"""
        by_hand = [
            (floats([1.0, 4.0, -2.0, 3.0]), 2),
            (floats([[1.0, 4.0, -2.0], [9.0, -1.0, 0.5]]), 1),
            (floats([-5.0, -3.0, -4.0]), 7),
            (floats([1.0, 2.0]), 0),
        ]
        agree(student.keep_top_k, probes(by_hand, random=logits_and_a_number), fewer_than_k_are_larger)

    def test_top_p(self, student, probes):
        """keep_top_p: the token that crosses p is the last one kept, row by row; all in their places, with the sum 1"""
        two = floats([FOUR, [0.125, 0.0625, 0.8125, 0.0]])
        by_hand = [(floats(FOUR), p) for p in (0.7, 0.75, 0.3, 0.8)] + [(two, 0.8)]
        agree(student.keep_top_p, probes(by_hand, random=probabilities_and_a_share), smallest_set_of_all)
        at_the_ends = probes([(floats(FOUR), 0.0), (two, 1.0), (floats(FOUR), 1.5), (floats(FOUR), -0.5)])
        agree(student.keep_top_p, at_the_ends, smallest_set_of_all)
        # the running sum is 1 before the last token; too small a loss to be seen in the values
        tail = floats([[0.25, 1e-20, 0.75, 0.0], [1e-18, 0.5, 1e-19, 0.5]])
        agree(student.through("tokens_kept"), probes([(tail, 1.0)]), tokens_that_have_a_chance)


# 8.3


def token_by_token(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError("no penalty")
    rows = logits.tolist()
    for row, text in zip(rows, ids.tolist(), strict=True):
        for token in set(text):
            row[token] = row[token] / penalty if row[token] > 0 else row[token] * penalty
    return torch.tensor(rows, dtype=logits.dtype, device=logits.device)


def logits_and_texts(rng):
    return 2 * rng.normal(3, 6), rng.integers(0, 6, 3, 5), float(rng.uniform(1.1, 2.0))


@exercise("8.3", "repetition_penalty", points=7, minutes=15, difficulty=2)
class TestRepetitionPenalty:
    def test_penalty(self, student, probes):
        """tokens of a row's own text, once each, less likely whatever their sign; ValueError for 0"""
        three, mixed = floats([[2.0, -1.0, 0.5]]), floats([[2.0, -1.0, 0.5], [-2.0, 3.0, 1.0]])
        by_hand = [
            (floats([[2.0, 1.0, 0.5]]), ids([[0]]), 2.0),
            (floats([[2.0, -1.0, 0.5, -3.0]]), ids([[1, 0]]), 1.5),
            (three, ids([[0, 1, 0, 0, 1]]), 1.2),
            (mixed, ids([[0, 0], [1, 2]]), 1.5),
            (floats([[2.0, -1.0]]), ids([[0, 1]]), 1.0),
            (floats([[2.0, -1.0]]), ids([[0, 1]]), 0.0),
            (floats([[2.0, -1.0]]), ids([[0, 1]]), -2.0),
            (floats([[2.0, -1.0]]), ids([[0, 1]]), 0.5),
        ]
        agree(student.repetition_penalty, probes(by_hand, random=logits_and_texts), token_by_token)


# 8.4: the stand-in model says: the next token is (last + first) modulo V


def each_row_to_its_end(V, ids, n, eos, pad):
    """Row by row, with numbers, and only then filled up."""
    written = []
    for first, *rest in ids.tolist():
        last, new = [first, *rest][-1], []
        while len(new) < n and eos not in new:
            last = (last + first) % V
            new.append(last)
        written.append(new)
    columns = max(map(len, written))
    rows = [text + new + [pad] * (columns - len(new)) for text, new in zip(ids.tolist(), written, strict=True)]
    return {"ids": torch.tensor(rows, device=ids.device), "calls of the model": columns}


def some_texts(rng):
    return 9, rng.integers(0, 9, rng.size(1, 4), rng.size(1, 3)), rng.size(0, 8), rng.size(0, 8), rng.size(0, 8)


@exercise("8.4", "generate_until", points=11, minutes=25, difficulty=2, builds_on=("6.12",))
class TestGenerateUntil:
    def test_ends(self, student, probes):
        """each row up to its eos, then pads; no column and no call of the model after the last end"""
        by_hand = [
            (10, ids([[2]]), 4, 8, 0),
            (10, ids([[1], [3]]), 6, 6, 0),
            (10, ids([[5], [2]]), 6, 0, 0),
            (10, ids([[1], [2]]), 0, 5, 0),
            (12, ids([[1], [4], [6]]), 9, 0, 3),
        ]
        agree(student.through("written_until"), probes(by_hand, random=some_texts), each_row_to_its_end)

    def test_prompts(self, student, probes):
        """an eos in the prompt ends nothing, and pad is an id like any other"""
        by_hand = [
            (10, ids([[4, 8], [1, 1]]), 4, 8, 0),
            (10, ids([[3, 0], [5, 0]]), 5, 9, 7),
            (10, ids([[1, 5]]), 3, 9, 5),
            (10, ids([[2, 8], [6, 8]]), 7, 8, 8),
        ]
        agree(student.through("written_until"), probes(by_hand), each_row_to_its_end)


# 8.5


def spread_out(*shape, step):
    """Numbers from -1 to 1 in no order that shows."""
    return torch.sin(step * torch.arange(1, 1 + math.prod(shape), dtype=torch.float64) ** 2).reshape(shape)


def whole_text_at_once(x, Wqkv, Wo, bo, H, sizes):
    """torch's own layer on all tokens; the mask of a text hides what comes later."""
    T, D = x.shape[1:]
    layer = nn.MultiheadAttention(D, H, batch_first=True, device="meta")
    zeros = x.new_zeros(3 * D)
    named = {"in_proj_weight": Wqkv, "in_proj_bias": zeros, "out_proj.weight": Wo, "out_proj.bias": bo}
    mask = nn.Transformer.generate_square_subsequent_mask(T, dtype=x.dtype, device=x.device)
    out = torch.func.functional_call(layer, named, (x, x, x), {"attn_mask": mask, "need_weights": False})[0]
    _, keys, values = (torch.einsum("btd,hkd->bhtk", x, part.reshape(H, D // H, D)) for part in Wqkv.tensor_split(3))
    return {"outputs": out, "keys": keys, "values": values, "first cache as it was": True}


def heads_and_pieces(H, d, sizes, B=2):
    D, T = H * d, sum(sizes)
    weights = 1.5 * spread_out(3 * D, D, step=1.3), spread_out(D, D, step=2.1), spread_out(D, step=0.9)
    return 2 * spread_out(B, T, D, step=0.7), *weights, H, sizes


def some_pieces(rng, T):
    sizes = []
    while sum(sizes) < T:
        sizes.append(rng.size(1, T - sum(sizes)))
    return sizes


def some_heads(rng):
    H, d, T = rng.choice([(2, 3, 5), (3, 2, 4), (1, 4, 6), (2, 4, 7)])
    D = H * d
    weights = rng.normal(3 * D, D), rng.normal(D, D), rng.normal(D)
    return rng.normal(rng.size(2, 3), T, D), *weights, H, some_pieces(rng, T)


@exercise("8.5", "attend_with_cache", points=18, minutes=40, difficulty=3, builds_on=("1.11", "6.6", "6.7"))
class TestAttendWithCache:
    def test_first_call(self, student, probes):
        """without a cache: causal attention of a whole text, and its keys and values"""
        ladder = probes([heads_and_pieces(1, 3, [3]), heads_and_pieces(2, 3, [4])])
        agree(student.through("attended_in_pieces"), ladder, whole_text_at_once)

    def test_pieces(self, student, probes):
        """a text in pieces of one and of several tokens: outputs, keys and values as of the whole text at once"""
        by_hand = [
            heads_and_pieces(2, 3, [3, 1]),
            heads_and_pieces(2, 3, [1, 1, 3]),
            heads_and_pieces(3, 2, [2, 4]),
            heads_and_pieces(2, 2, [1, 1, 1, 1], B=1),
        ]
        agree(student.through("attended_in_pieces"), probes(by_hand, random=some_heads), whole_text_at_once)


# 8.6


def gpt_at_once(ids, sizes, p, cfg):
    """torch's own transformer layer on the whole text."""
    D, T = cfg["emb_dim"], ids.shape[1]
    if cfg["context_length"] < T:
        raise ValueError("longer than the context")
    x = F.embedding(ids, p["tokens"]) + p["positions"][:T]
    layer = nn.TransformerEncoderLayer(
        D,
        cfg["n_heads"],
        4 * D,
        0.0,
        lambda x: F.gelu(x, approximate="tanh"),
        batch_first=True,
        norm_first=True,
        device="meta",
    )
    mask = nn.Transformer.generate_square_subsequent_mask(T, dtype=x.dtype, device=x.device)
    for block in p["blocks"]:
        named = {TORCH_NAMES[name]: value for name, value in block.items()}
        named["self_attn.in_proj_bias"] = x.new_zeros(3 * D)
        x = torch.func.functional_call(layer, named, (x,), {"src_mask": mask, "is_causal": True})
    logits = F.linear(F.layer_norm(x, (D,), p["norm_gamma"], p["norm_beta"]), p["head"])
    return {
        "logits": logits,
        "layers in the cache": cfg["n_layers"],
        "tokens in the caches": [T] * cfg["n_layers"],
        "first caches as they were": True,
    }


TORCH_NAMES = {
    "Wqkv": "self_attn.in_proj_weight",
    "Wo": "self_attn.out_proj.weight",
    "bo": "self_attn.out_proj.bias",
    "W1": "linear1.weight",
    "b1": "linear1.bias",
    "W2": "linear2.weight",
    "b2": "linear2.bias",
    "norm1_gamma": "norm1.weight",
    "norm1_beta": "norm1.bias",
    "norm2_gamma": "norm2.weight",
    "norm2_beta": "norm2.bias",
}


def model_of(cfg, draw):
    """Parameters of a model, in the layout of the exercise; draw(*shape) gives the numbers."""
    V, D = cfg["vocab_size"], cfg["emb_dim"]
    block = {"norm1_gamma": (D,), "norm1_beta": (D,), "Wqkv": (3 * D, D), "Wo": (D, D), "bo": (D,)}
    block |= {"norm2_gamma": (D,), "norm2_beta": (D,), "W1": (4 * D, D), "b1": (4 * D,), "W2": (D, 4 * D), "b2": (D,)}
    outside = {"tokens": (V, D), "positions": (cfg["context_length"], D), "norm_gamma": (D,), "norm_beta": (D,)}

    def drawn(shapes):
        return {name: 0.5 * draw(*shape) + name.endswith("gamma") for name, shape in shapes.items()}

    return drawn(outside | {"head": (V, D)}) | {"blocks": [drawn(block) for _ in range(cfg["n_layers"])]}


def text_in_pieces(rng, sizes, V, context_length, D, H, L, B=2):
    cfg = {"vocab_size": V, "context_length": context_length, "emb_dim": D, "n_heads": H, "n_layers": L}
    return rng.integers(0, V, B, sum(sizes)), sizes, model_of(cfg, rng.normal), cfg


def some_text_in_pieces(rng):
    sizes = [rng.size(1, 3) for _ in range(rng.size(1, 3))]
    return text_in_pieces(rng, sizes, 7, sum(sizes) + rng.size(0, 2), 6, rng.choice([1, 2, 3]), rng.size(1, 3))


@exercise("8.6", "gpt_step", points=13, minutes=30, difficulty=3, builds_on=("6.11", "8.5"), seconds=10)
class TestGptStep:
    def test_pieces(self, student, probes):
        """a text in pieces: the logits of each new token as of the whole text at once, and a cache for each layer"""
        fixed = Rng(806)
        by_hand = [
            text_in_pieces(fixed, [4], 7, 6, 6, 2, 1),
            text_in_pieces(fixed, [3, 1], 7, 6, 6, 2, 2),
            text_in_pieces(fixed, [2, 3, 1], 7, 6, 6, 3, 2),
            text_in_pieces(fixed, [1, 1, 1], 5, 8, 4, 1, 3, B=1),
        ]
        ladder = probes(by_hand, random=some_text_in_pieces, n=3)
        agree(student.through("stepped_in_pieces"), ladder, gpt_at_once)

    def test_context(self, student, probes):
        """a text that fills the context is right; ValueError where the next piece would pass its end"""
        fixed = Rng(86)
        by_hand = [
            text_in_pieces(fixed, [2, 3], 7, 5, 4, 2, 2),
            text_in_pieces(fixed, [3, 2], 7, 4, 4, 2, 1),
            text_in_pieces(fixed, [5], 7, 4, 4, 2, 2),
        ]
        agree(student.through("stepped_in_pieces"), probes(by_hand), gpt_at_once)


# 8.7

SMALL = {"emb_dim": 768, "n_heads": 12, "n_layers": 12, "context_length": 1024}
GROUPED = {"emb_dim": 4096, "n_heads": 32, "n_kv_heads": 8, "n_layers": 32, "context_length": 8192}


def bytes_of_tensors(cfg, B, T, dtype):
    """The cache itself, on a device that has no memory."""
    shape = B, cfg.get("n_kv_heads", cfg["n_heads"]), T, cfg["emb_dim"] // cfg["n_heads"]
    return sum(torch.empty(shape, dtype=dtype, device="meta").nbytes for _ in "kv" for _ in range(cfg["n_layers"]))


def some_cache(rng):
    heads = {"emb_dim": 24 * rng.size(1, 4), "n_heads": rng.choice([4, 6]), "n_kv_heads": rng.choice([1, 2])}
    cfg = heads | {"n_layers": rng.size(2, 9), "context_length": 64}
    return cfg, rng.size(2, 4), rng.size(2, 50), rng.choice([torch.float16, torch.float32, torch.int8])


@exercise("8.7", "kv_cache_bytes", points=5, minutes=10, difficulty=1, builds_on=("2.10",))
class TestKvCacheBytes:
    def test_bytes(self, student, probes):
        """keys and values of all layers, texts, tokens and heads, in any dtype, also with fewer heads of keys"""
        by_hand = [
            (SMALL | {"n_layers": 5}, 1, 7, torch.int8),
            (SMALL, 3, 100, torch.float32),
            (SMALL, 1, 1024, torch.float16),
            (GROUPED, 2, 5000, torch.bfloat16),
        ]
        agree(student.kv_cache_bytes, probes(by_hand, random=some_cache), bytes_of_tensors, exact_types=True)


# 8.8


def in_numbers(p, q, x, u):
    more = [max(0.0, large - small) for large, small in zip(p.tolist(), q.tolist(), strict=True)]
    total = math.fsum(more)
    rest = [each / total for each in more] if total else p.tolist()
    return u * q[x].item() < p[x].item(), torch.tensor(rest, dtype=p.dtype, device=p.device)


def as_the_large_model_alone(p, q, n):
    return p


def some_draft(rng):
    """The random number is not close to where the decision changes."""
    V = rng.size(3, 6)
    p, q = (rng.normal(V).mul(1.5).softmax(0) for _ in range(2))
    while True:
        x, u = rng.size(0, V - 1), float(rng.uniform(0, 1))
        if abs(u - float(p[x] / q[x])) > 1e-3:
            return p, q, x, u


LARGE, DRAFT = [0.5, 0.25, 0.125, 0.125], [0.25, 0.5, 0.25, 0.0]


@exercise("8.8", "accept_draft", points=11, minutes=25, difficulty=3, builds_on=("8.1",))
class TestAcceptDraft:
    def test_one_draft(self, student, probes):
        """the decision for one token, and what to draw from after a refusal, also where both models agree"""
        p, q = floats(LARGE), floats(DRAFT)
        by_hand = [(p, q, 1, 0.4), (p, q, 1, 0.6), (p, q, 0, 0.99), (p, floats(LARGE), 2, 0.5)]
        by_hand += [(p, q, 1, 0.4999999), (floats([0.0, 1.0]), floats([0.25, 0.75]), 0, 0.0)]
        ladder = probes(by_hand, random=some_draft)
        agree(student.accept_draft, ladder, in_numbers, names=("accepted", "rest"), exact_types=True)

    def test_all_drafts(self, student, probes):
        """over all drafts and many values of u: tokens are written as often as the large model alone would"""
        by_hand = [
            (floats([0.375, 0.625]), floats([0.5, 0.5]), 8),
            (floats(LARGE), floats(DRAFT), 8),
            (floats([0.0, 0.25, 0.75]), floats([0.5, 0.25, 0.25]), 8),
            (floats(LARGE), floats(LARGE), 8),
        ]
        agree(student.through("tokens_written"), probes(by_hand), as_the_large_model_alone)


# 8.9


def nearest_of_all(W):
    """Of the numbers from -127 to 127 the nearest, by trying all; the even ones come first, and min keeps the first."""
    levels = sorted(range(-127, 128), key=lambda level: (level % 2, abs(level)))
    scale = torch.stack([row.abs().max() / 127 if row.any() else torch.ones_like(row[0]) for row in W])
    q = [
        [min(levels, key=lambda level: abs(number / s - level)) for number in row]
        for row, s in zip(W.tolist(), scale.tolist(), strict=True)
    ]
    return torch.tensor(q, dtype=torch.int8, device=W.device), scale


def diagonal_of_scales(q, scale):
    return scale.diag() @ q.to(scale.dtype)


def some_matrix(rng):
    return (rng.normal(rng.size(2, 4), rng.size(3, 5)) * rng.uniform(0.01, 10),)


def some_whole_numbers(rng):
    return rng.integers(-127, 128, 3, 2).to(torch.int8), rng.uniform(0.01, 2, 3)


@exercise("8.9", "quantize_rows", "dequantize", points=9, minutes=20, difficulty=2)
class TestQuantize:
    def test_there(self, student, probes):
        """quantize_rows: the nearest whole numbers, halves to the even one, and a scale for each row, also of zeros"""
        by_hand = [
            (floats([[1.0, -2.0, 0.5], [0.1, 0.02, -0.07]]),),
            (floats([[127.0, 0.5, 1.5, -2.5], [-254.0, 3.0, 5.0, 0.0]]),),
            (floats([[0.0, 0.0], [3.0, -1.0]]),),
            (floats([[-5.0, 1.0], [0.3, 0.2], [7.0, 7.0]]),),
        ]
        agree(student.quantize_rows, probes(by_hand, random=some_matrix), nearest_of_all, names=("q", "scale"))

    def test_back(self, student, probes):
        """dequantize: each number times the scale of its row, in the dtype of the scales"""
        by_hand = [
            (torch.tensor([[127, -64], [3, 0], [-127, 1]], dtype=torch.int8), floats([0.5, 2.0, 0.1])),
            (torch.tensor([[100, -100], [50, 25]], dtype=torch.int8), floats([3.0, 0.25])),
        ]
        agree(student.dequantize, probes(by_hand, random=some_whole_numbers), diagonal_of_scales)


# 8.10: the stand-in step says: the next token is the sum of all tokens so far modulo V


def running_sums(V, ids, n):
    rows = ids.tolist()
    for row in rows:
        for _ in range(n):
            row.append(sum(row) % V)
    calls = [ids.shape[1], *[1] * (n - 1)] if n else []
    return {"ids": torch.tensor(rows, device=ids.device), "tokens in each call": calls}


def some_prompt(rng):
    return rng.size(5, 12), rng.integers(0, 5, rng.size(1, 3), rng.size(1, 4)), rng.size(0, 6)


@exercise("8.10", "generate_cached", points=8, minutes=20, difficulty=2, builds_on=("6.12", "8.6"), seconds=10)
class TestGenerateCached:
    def test_calls(self, student, probes):
        """the likeliest tokens, with the prompt in the first call and one token in each further one, and its cache"""
        by_hand = [
            (10, ids([[3]]), 1),
            (10, ids([[4, 1]]), 0),
            (7, ids([[2, 2]]), 6),
            (10, ids([[1, 2, 4], [5, 0, 3]]), 4),
            (11, ids([[1], [2], [3]]), 3),
        ]
        agree(student.through("written_with_cache"), probes(by_hand, random=some_prompt), running_sums)
        leave_picture(student)
