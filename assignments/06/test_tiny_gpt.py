"""The checks of assignment 06: each part of a GPT against torch's own layers, then the whole, then how it learns."""

import itertools
import math
import runpy
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from gradlings import agree, exercise, floats, leave_picture, satisfies
from gradlings.checks.behavior.gradients import gradients_agree
from gradlings.checks.behavior.statistics import implausible

HERE = Path(__file__).parent


def ids(values):
    return torch.tensor(values, dtype=torch.int64)


def causal(T, dtype=torch.float64):
    """torch's own causal mask: 0 where a position may look, minus infinity where not."""
    return nn.Transformer.generate_square_subsequent_mask(T, dtype=dtype)


# 6.1


def couples_in_windows(ids, T):
    """Each token beside the one that follows it, and then windows over these couples."""
    couples = np.stack([ids[:-1], ids[1:]])
    x, y = np.lib.stride_tricks.sliding_window_view(couples, T, axis=1)
    return torch.tensor(x), torch.tensor(y)


def any_text(rng):
    T, more = rng.sizes(2, 6, 2)
    return ids(rng.shuffled(range(10, 10 + T + more))), T


@exercise("6.1", "next_token_pairs", points=5, minutes=15, difficulty=1)
class TestNextTokenPairs:
    def test_every_window(self, student, probes):
        """every window of the text, and for each of its tokens the one that follows"""
        ladder = probes(
            [(ids([7, 4, 11, 11, 14]), 3), (ids([5, 6, 7, 8, 9, 5]), 2), (ids([3, 1, 2, 0]), 3), (ids([3, 1, 4]), 1)],
            random=any_text,
        )
        agree(student.next_token_pairs, ladder, couples_in_windows, names=("x", "y"))


# 6.2


def every_window_once(data, B, T, seed, n_batches):
    couples = torch.cat(couples_in_windows(data, T), dim=1).unique(dim=0)
    x, y = couples.split(T, dim=1)
    return {
        "shape of x": (B, T),
        "shape of y": (B, T),
        "windows": x,
        "their targets": y,
        "most different windows in a batch": len(couples),
    }


def text_and_seed(rng):
    """So many more rows than windows that every window comes up."""
    T = rng.size(2, 5)
    text = ids(rng.shuffled([0, *range(T + rng.size(2, 4))]))
    return text, 64, T, rng.size(0, 10_000), 12


def even_and_independent(counts, n_starts, B, T, seed):
    """Right code fails this at most 3 * FALSE_ALARM often: a test each of the starts and of two tables of pairs."""
    if [float(table.sum()) for table in counts.values()] != [B, B / 2, B / 2]:
        return "Some rows of x begin with no token from which a full window and its targets can begin."
    if wrong := implausible(counts["starts"], B, 1 / n_starts):
        return (
            f"Of {B} rows {int(counts['starts'][wrong])} begin at start {wrong[0]}; each of the {n_starts} starts should "
            f"come about {B / n_starts:.0f} times. Has each the same chance?"
        )
    for name in ("neighbors", "far apart"):
        if wrong := implausible(counts[name], B // 2, n_starts**-2):
            where = "one directly after the other" if name == "neighbors" else "half a batch apart"
            return (
                f"Of {B // 2} pairs of rows that are {where}, {int(counts[name][wrong])} begin at {wrong[0]} and {wrong[1]}; "
                f"about {B / 2 / n_starts**2:.0f} are to be expected. Is the start of a row drawn without looking at others?"
            )
    return None


def generators_do_their_work(data, B, T, seed):
    return {"same seed, same batch": True, "other seed, same batch": False, "second batch as the first": False}


def long_text_and_seed(rng):
    return ids(rng.shuffled(range(300))), rng.size(4, 9), rng.size(3, 8), rng.size(0, 10_000)


@exercise("6.2", "get_batch", points=5, minutes=15, difficulty=2, builds_on=("6.1",))
class TestGetBatch:
    def test_which_windows(self, student, probes):
        """every window of a short text turns up, the last one too, equally often; each row has a start of its own"""
        ladder = probes(
            [
                (ids([5, 6, 7, 8, 9, 5]), 64, 3, 0, 12),
                (ids([4, 2, 7, 1]), 3, 3, 1, 2),
                (ids([4, 2, 7, 1, 0, 4, 3]), 64, 2, 2, 12),
            ],
            random=text_and_seed,
            n=3,
        )
        agree(student.through("windows_drawn"), ladder, every_window_once, ordered=True)
        ladder = probes([(6, 4000, 3, 0)], random=lambda rng: (rng.size(4, 8), 4000, 4, rng.size(0, 10_000)), n=1)
        satisfies(student.through("starts_drawn"), ladder, even_and_independent)

    def test_generator(self, student, probes):
        """new windows in every batch, and the same ones again from a generator with the same seed"""
        ladder = probes(
            [(torch.arange(200) % 150, 8, 5, 0), (torch.arange(12), 64, 5, 1)], random=long_text_and_seed, n=2
        )
        agree(student.through("draws_with_generators"), ladder, generators_do_their_work)


# 6.3


def cross_entropy_in_torch(logits, targets):
    return F.cross_entropy(logits.transpose(1, 2), targets)


def any_logits(rng):
    B, T, V = rng.sizes(2, 7, 3)
    return 2 * rng.normal(B, T, V), rng.integers(0, V, B, T)


def huge_logits(rng):
    logits, targets = any_logits(rng)
    return 800 * logits, targets


@exercise(
    "6.3", "lm_cross_entropy", points=7, minutes=20, difficulty=2, forbids="crossentropy", builds_on=("3.3", "4.6")
)
class TestLmCrossEntropy:
    def test_mean_over_all_positions(self, student, probes):
        """the mean over all positions of minus the logarithm of the target's probability, and its gradient"""
        one = floats([[[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
        two = floats([[[1.0, 3.0], [0.5, -1.0], [2.0, 2.5]], [[-1.0, 0.0], [4.0, 1.0], [0.0, 0.3]]])
        unlikely = floats([[[30.0, 0.0, 1.0], [0.0, 2.0, -28.0]]])
        by_hand = [(one, ids([[0, 2]])), (two, ids([[0, 1, 1], [1, 0, 1]])), (unlikely, ids([[1, 2]]))]
        ladder = probes(by_hand, random=any_logits)
        agree(student.lm_cross_entropy, ladder, cross_entropy_in_torch, strided=True, requires_grad=True)
        ladder = probes([(two, ids([[0, 1, 1], [1, 0, 1]]))])
        gradients_agree(student.through("loss_and_gradients"), ladder, cross_entropy_in_torch)

    def test_huge_logits(self, student, probes):
        """the same for logits so large that their exponential is infinite"""
        one = floats([[[1000.0, 998.0, -1000.0], [-900.0, -900.5, -1200.0]]])
        ladder = probes([(one, ids([[1, 0]]))], random=huge_logits)
        agree(student.lm_cross_entropy, ladder, cross_entropy_in_torch, float32=False)


# 6.4


def inverse_geometric_mean(nll_sums, counts):
    """The mean of the losses of the batches, each with its share of the tokens as weight, as e to this power."""
    loss = np.average((nll_sums / counts).cpu().numpy(), weights=counts.cpu().numpy())
    return torch.full_like(nll_sums[0], math.exp(loss))


def one_batch(rng):
    count = rng.size(2, 30)
    return rng.uniform(0.2, 3.0, 1) * count, ids([count])


def unequal_batches(rng):
    counts = ids(rng.sizes(1, 20, rng.size(2, 6)))
    return rng.uniform(0.2, 3.0, len(counts)) * counts, counts


@exercise("6.4", "perplexity", points=4, minutes=10, difficulty=1, builds_on=("6.3",))
class TestPerplexity:
    def test_one_batch(self, student, probes):
        """a text in one batch; an even choice among 23 tokens has perplexity 23"""
        ladder = probes([(floats([5 * math.log(23)]), ids([5])), (floats([0.0]), ids([7]))], random=one_batch)
        agree(student.perplexity, ladder, inverse_geometric_mean)

    def test_unequal_batches(self, student, probes):
        """a text in batches of different sizes, in which every token weighs the same"""
        even = [count * math.log(50257) for count in (1024, 1024, 37)]
        ladder = probes(
            [
                (floats([6.0, 1.0]), ids([2, 5])),
                (floats(even), ids([1024, 1024, 37])),
                (floats([8.0, 20.0, 3.0]), ids([8, 8, 1])),
            ],
            random=unequal_batches,
        )
        agree(student.perplexity, ladder, inverse_geometric_mean, rtol=1e-6)  # int64 counts divide to float32


# 6.5


def lower_triangle(T):
    return causal(T).isfinite()


def same_device(T, device):
    return str(torch.device(device))


@exercise("6.5", "causal_mask", points=4, minutes=10, difficulty=1)
class TestCausalMask:
    def test_who_may_look_where(self, student, probes):
        """True where a position may look, at itself and at all before it; made on the device that is asked for"""
        ladder = probes([(4,), (1,), (2,), (7,)], random=lambda rng: (rng.size(3, 12),))
        agree(student.causal_mask, ladder, lower_triangle)
        ladder = probes([(3, "meta"), (3, "cpu")], random=lambda rng: (rng.size(2, 9), "meta"), n=1)
        agree(student.through("device_of_mask"), ladder, same_device)


# 6.6


def attention_in_torch(q, k, v, mask):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def queries_keys_values(rng, T):
    B, H, d = rng.sizes(2, 4, 3)
    return tuple(1.5 * rng.normal(B, H, T, d) for _ in range(3))


def nothing_hidden(rng):
    T = rng.size(3, 5)
    return *queries_keys_values(rng, T), torch.ones(T, T, dtype=torch.bool)


def any_mask(rng):
    """The causal mask, or one in which each query sees itself and some others."""
    T = rng.size(3, 5)
    mask = lower_triangle(T) if rng.choice([True, False]) else (rng.uniform(0, 1, T, T) < 0.5) | torch.eye(T).bool()
    return *queries_keys_values(rng, T), mask


def two_positions():
    """d = 4, so that the scale is one half."""
    q = floats([[1.0, 0.0, 2.0, -1.0], [0.5, 1.0, 0.0, 1.0]])
    k = floats([[2.0, 1.0, 0.0, 0.0], [1.0, -1.0, 1.0, 2.0]])
    return q, k, floats([[1.0, 2.0, 3.0, 4.0], [-3.0, 0.0, 5.0, 8.0]])


def best_match_hidden():
    """The visible scores of both queries are about 400,000 below those that the mask hides."""
    q, k = floats([[800.0, 0.0], [800.0, 0.0]]), floats([[-700.0, 0.0], [600.0, 0.0]])
    return q, k, floats([[1.5, -2.0], [4.0, 0.5]]), lower_triangle(2)


def three_positions():
    q = floats([[0.4, -1.2, 0.7], [1.5, 0.3, -0.6], [-0.8, 0.9, 1.1]])
    k = floats([[0.2, 1.1, -0.9], [-1.3, 0.6, 0.5], [0.7, -0.4, 1.6]])
    return q, k, floats([[1.0, 0.0, 2.0], [-1.0, 3.0, 0.5], [2.0, -2.0, 4.0]])


@exercise("6.6", "attention", points=10, minutes=30, difficulty=3, forbids="attention", builds_on=("1.8", "6.5"))
class TestAttention:
    def test_all_positions_visible(self, student, probes):
        """every query sees every key, also where scores are very large; the gradients flow back"""
        q, k, v = two_positions()
        every = torch.ones(2, 2, dtype=torch.bool)
        ladder = probes([(q, k, v, every), (300 * q, 300 * k, v, every)], random=nothing_hidden, n=3)
        agree(student.attention, ladder, attention_in_torch, requires_grad=True)
        ladder = probes([(*three_positions(), lower_triangle(3))])
        gradients_agree(student.through("attention_and_gradients"), ladder, attention_in_torch)

    def test_masks(self, student, probes):
        """hidden positions have no weight at all, however well they match, and the others share it among them"""
        mask = torch.tensor([[True, False, True], [False, True, False], [True, True, True]])
        batched = tuple(t.expand(2, 3, 3, 3) * floats([1.0, -0.5, 2.0])[:, None, None] for t in three_positions())
        ladder = probes(
            [
                (*two_positions(), lower_triangle(2)),
                best_match_hidden(),
                (*three_positions(), mask),
                (*batched, lower_triangle(3)),
            ],
            random=any_mask,
            n=3,
        )
        agree(student.attention, ladder, attention_in_torch, strided=True)


# 6.7


def multi_head_attention_in_torch(x, Wqkv, Wo, bo, H):
    D = x.shape[-1]
    layer = nn.MultiheadAttention(D, H, batch_first=True, device="meta", dtype=x.dtype)
    weights = {"in_proj_weight": Wqkv, "in_proj_bias": x.new_zeros(3 * D), "out_proj.weight": Wo, "out_proj.bias": bo}
    mask = causal(x.shape[1], x.dtype).to(x.device)
    return functional_call(layer, weights, (x, x, x), {"attn_mask": mask, "need_weights": False})[0]


def only_the_past(x, Wqkv, Wo, bo, H):
    return lower_triangle(x.shape[1]).to(x.device)


def heads_and_weights(rng, H, d):
    """Sizes that are all different, so that no axis can be taken for another."""
    D = H * d
    B, T = rng.shuffled([size for size in (2, 3, 4, 5, 7) if size not in (H, d, D)])[:2]
    return rng.normal(B, T, D), rng.normal(3 * D, D), rng.normal(D, D), rng.normal(D), H


def one_head(rng):
    return heads_and_weights(rng, 1, rng.size(2, 5))


def several_heads(rng):
    return heads_and_weights(rng, *rng.choice([(2, 3), (3, 2), (2, 4), (4, 2), (3, 4)]))


def spread_out(*shape, step):
    """Numbers between -1 and 1 without a pattern."""
    return torch.sin(step * torch.arange(1, 1 + math.prod(shape), dtype=torch.float64) ** 2).reshape(shape)


def small_heads(H, d, T=4):
    D = H * d
    x, Wqkv = 2 * spread_out(2, T, D, step=0.7), 1.5 * spread_out(3 * D, D, step=1.3)
    return x, Wqkv, spread_out(D, D, step=2.1), spread_out(D, step=0.9), H


@exercise(
    "6.7",
    "multi_head_attention",
    points=10,
    minutes=30,
    difficulty=3,
    forbids="attention",
    builds_on=("1.11", "6.5", "6.6"),
)
class TestMultiHeadAttention:
    def test_one_head(self, student, probes):
        """with a single head, where nothing has to be split"""
        ladder = probes([small_heads(1, 3, T=2), small_heads(1, 5)], random=one_head, n=3)
        agree(student.multi_head_attention, ladder, multi_head_attention_in_torch)

    def test_several_heads(self, student, probes):
        """with several heads; each output depends on its own and on earlier positions, and on no others; gradients"""
        ladder = probes([small_heads(2, 3)], random=several_heads, n=2)
        agree(student.through("dependence_in_attention"), ladder, only_the_past, float32=False)
        ladder = probes([small_heads(2, 3), small_heads(3, 2, T=5)], random=several_heads, n=3)
        agree(student.multi_head_attention, ladder, multi_head_attention_in_torch, strided=True, requires_grad=True)
        gradients_agree(
            student.through("heads_and_gradients"), probes([small_heads(2, 3)]), multi_head_attention_in_torch
        )


# 6.8


def layer_norm_in_torch(x, gamma, beta, eps=1e-5):
    return F.layer_norm(x, x.shape[-1:], gamma, beta, eps)


def any_rows(rng):
    shape = rng.sizes(2, 7, rng.size(2, 3))
    D = shape[-1]
    x = 3 * rng.normal(*shape) + 2
    return x * rng.choice([1.0, 1e-3]), rng.uniform(0.5, 2.0, D), rng.normal(D), rng.choice([1e-5, 1e-3, 0.1])


@exercise("6.8", "layer_norm", points=5, minutes=15, difficulty=2, forbids="layernorm", builds_on=("1.10",))
class TestLayerNorm:
    def test_rows(self, student, probes):
        """each row on its own: ordinary ones, nearly constant ones, and one that is constant; eps given or not; gradients"""
        gamma, beta = floats([1.5, -2.0, 0.5]), floats([0.1, 5.0, -3.0])
        rows = floats([[1.0, 3.0, 8.0], [0.5, -2.0, 0.0]])
        ladder = probes(
            [
                (rows, gamma, beta, 1e-5),
                (1e-3 * rows, gamma, beta, 1e-5),
                (1e-3 * rows, gamma, beta),
                (floats([[2.0, 2.0, 2.0], [2.0, 2.0, 5.0]]), gamma, beta, 1e-5),
                (torch.stack([rows, rows + rows.flip(0)]), gamma, beta, 0.1),
            ],
            random=any_rows,
        )
        agree(student.layer_norm, ladder, layer_norm_in_torch, strided=True, requires_grad=True)
        ladder = probes([(rows, gamma, beta, 1e-5)])
        gradients_agree(student.through("norm_and_gradients"), ladder, layer_norm_in_torch)


# 6.9


def gelu_in_torch(x):
    return F.gelu(x, approximate="tanh")


@exercise("6.9", "gelu", points=3, minutes=10, difficulty=1, forbids="gelu")
class TestGelu:
    def test_tanh_form(self, student, probes):
        """the tanh form from -6 to 6, and far out; its gradient"""
        ladder = probes(
            [
                (floats([-3.0, -1.0, 0.0, 1.0, 3.0]),),
                (torch.linspace(-6, 6, 25, dtype=torch.float64),),
                (floats([[-500.0, -20.0, 0.1], [0.01, 20.0, 500.0]]),),
            ],
            random=lambda rng: (2 * rng.normal(*rng.sizes(2, 5, 2)),),
        )
        agree(student.gelu, ladder, gelu_in_torch, requires_grad=True)
        ladder = probes([(floats([-3.0, -1.0, 0.0, 1.0, 3.0]),)])
        gradients_agree(student.through("gelu_and_gradients"), ladder, gelu_in_torch)


# 6.10 and 6.11: the model, written with torch's own transformer layers


def block_shapes(D):
    return {
        "norm1_gamma": (D,),
        "norm1_beta": (D,),
        "Wqkv": (3 * D, D),
        "Wo": (D, D),
        "bo": (D,),
        "norm2_gamma": (D,),
        "norm2_beta": (D,),
        "W1": (4 * D, D),
        "b1": (4 * D,),
        "W2": (D, 4 * D),
        "b2": (D,),
    }


def model_of(cfg, draw, tied=False):
    """Parameters of a whole model; draw(name, *shape) makes each tensor."""
    V, D = cfg["vocab_size"], cfg["emb_dim"]
    p = {
        "tokens": draw("tokens", V, D),
        "positions": draw("positions", cfg["context_length"], D),
        "blocks": [{k: draw(k, *shape) for k, shape in block_shapes(D).items()} for _ in range(cfg["n_layers"])],
        "norm_gamma": draw("norm_gamma", D),
        "norm_beta": draw("norm_beta", D),
    }
    return p if tied else p | {"head": draw("head", V, D)}


def drawn_by(rng):
    """Makes tensors that are nowhere trivial: factors around 1, shifts and biases other than 0."""
    return lambda name, *shape: 0.5 * rng.normal(*shape) + name.endswith("gamma")


@cache
def torch_layer(D, H, dtype):
    """torch's transformer layer with the norms first and the tanh GELU; its weights are put in at each call."""
    return nn.TransformerEncoderLayer(
        D,
        H,
        4 * D,
        dropout=0.0,
        activation=gelu_in_torch,
        batch_first=True,
        norm_first=True,
        device="meta",
        dtype=dtype,
    )


TORCH_NAMES = {
    "norm1_gamma": "norm1.weight",
    "norm1_beta": "norm1.bias",
    "Wqkv": "self_attn.in_proj_weight",
    "Wo": "self_attn.out_proj.weight",
    "bo": "self_attn.out_proj.bias",
    "norm2_gamma": "norm2.weight",
    "norm2_beta": "norm2.bias",
    "W1": "linear1.weight",
    "b1": "linear1.bias",
    "W2": "linear2.weight",
    "b2": "linear2.bias",
}


def block_in_torch(x, p, H):
    D = x.shape[-1]
    weights = {TORCH_NAMES[name]: value for name, value in p.items()}
    weights["self_attn.in_proj_bias"] = x.new_zeros(3 * D)
    mask = causal(x.shape[1], x.dtype).to(x.device)
    return functional_call(torch_layer(D, H, x.dtype), weights, (x,), {"src_mask": mask})


def block_probe(rng, attention=True):
    x, _, _, _, H = several_heads(rng)
    draw = drawn_by(rng)
    p = {name: draw(name, *shape) for name, shape in block_shapes(x.shape[-1]).items()}
    if not attention:
        p |= {"Wo": torch.zeros_like(p["Wo"]), "bo": torch.zeros_like(p["bo"])}
    return x, p, H


def small_block(H, d, T=4, attention=True):
    x = small_heads(H, d, T)[0]
    names = block_shapes(H * d)
    p = {k: spread_out(*s, step=0.3 * i) + k.endswith("gamma") for i, (k, s) in enumerate(names.items(), 1)}
    if not attention:
        p |= {"Wo": torch.zeros_like(p["Wo"]), "bo": torch.zeros_like(p["bo"])}
    return x, p, H


@exercise("6.10", "gpt_block", points=7, minutes=20, difficulty=2, forbids="attention", builds_on=("6.7", "6.8", "6.9"))
class TestGptBlock:
    def test_feed_forward_half(self, student, probes):
        """the second half alone: the attention's output layer is all zeros"""
        ladder = probes(
            [small_block(1, 2, T=2, attention=False)], random=lambda rng: block_probe(rng, attention=False), n=2
        )
        agree(student.gpt_block, ladder, block_in_torch)

    def test_whole_block(self, student, probes):
        """the whole block, and the gradients with respect to its input and its parameters"""
        ladder = probes([small_block(1, 2, T=2), small_block(2, 3)], random=block_probe, n=2)
        agree(student.gpt_block, ladder, block_in_torch, requires_grad=True)
        gradients_agree(student.through("block_and_gradients"), probes([small_block(2, 3)]), block_in_torch)


def config(vocab_size, context_length, emb_dim, n_heads, n_layers, drop_rate=0.1):
    return {
        "vocab_size": vocab_size,
        "context_length": context_length,
        "emb_dim": emb_dim,
        "n_heads": n_heads,
        "n_layers": n_layers,
        "drop_rate": drop_rate,
        "qkv_bias": False,
    }


def gpt_in_torch(ids, p, cfg):
    x = F.embedding(ids, p["tokens"]) + F.embedding(torch.arange(ids.shape[1], device=ids.device), p["positions"])
    for block in p["blocks"]:
        x = block_in_torch(x, block, cfg["n_heads"])
    x = F.layer_norm(x, x.shape[-1:], p["norm_gamma"], p["norm_beta"])
    return F.linear(x, p["head"] if "head" in p else p["tokens"])


def gpt_size(cfg, tied):
    """The number of parameters of such a model: layers of torch that have shapes but no memory, as in 2.8."""
    V, D = cfg["vocab_size"], cfg["emb_dim"]
    with torch.device("meta"):
        tables = [nn.Embedding(V, D), nn.Embedding(cfg["context_length"], D)]
        one = [nn.LayerNorm(D), nn.Linear(D, 3 * D, bias=cfg["qkv_bias"]), nn.Linear(D, D)]
        one += [nn.LayerNorm(D), nn.Linear(D, 4 * D), nn.Linear(4 * D, D)]
        end = [nn.LayerNorm(D), nn.Linear(D, V, bias=False)]
        if tied:
            end[1].weight = tables[0].weight
        model = nn.ModuleList([*tables, *end])

    def size(module):
        return sum(parameter.numel() for parameter in module.parameters())

    return size(model) + cfg["n_layers"] * size(nn.ModuleList(one))


def size_and_slopes(ids, p, cfg):
    tokens = p["tokens"].detach().clone().requires_grad_()
    logits = gpt_in_torch(ids, p | {"tokens": tokens}, cfg)
    weights = torch.cos(torch.arange(logits.numel(), dtype=logits.dtype, device=logits.device)).view_as(logits)
    return gpt_size(cfg, tied="head" not in p), torch.autograd.grad((logits * weights).sum(), tokens)[0]


def only_earlier_ids(ids, p, cfg):
    return lower_triangle(ids.shape[1]).to(p["tokens"].device)


def some_ids(rng, cfg):
    """Fewer tokens than the context has places, and another number of rows."""
    T = rng.size(3, cfg["context_length"] - 2)
    return rng.integers(0, cfg["vocab_size"], rng.choice([B for B in (2, 3, 4) if B != T]), T)


def gpt_probe(rng):
    H, d = rng.choice([(2, 3), (3, 2), (2, 4)])
    cfg = config(rng.size(9, 12), rng.size(6, 8), H * d, H, rng.size(2, 3))
    return some_ids(rng, cfg), model_of(cfg, drawn_by(rng), tied=rng.choice([True, False])), cfg


def small_gpt(tied, n_layers=2, drop_rate=0.1):
    cfg = config(7, 5, 4, 2, n_layers, drop_rate)
    counter = iter(range(1, 1000))
    draw = lambda name, *shape: spread_out(*shape, step=0.37 * next(counter)) + name.endswith("gamma")  # noqa: E731
    return ids([[3, 1, 4], [1, 5, 6]]), model_of(cfg, draw, tied), cfg


def only_the_sum_of_the_embeddings(rate, seed):
    """Zeros and what scales the others up; F.dropout of a number makes one of the two of it."""
    kept = F.dropout(torch.ones(1000, dtype=torch.float64), rate).max().item()
    return {"factors": [0.0, kept], "share of zeros": rate}


def at_the_rate_and_independent(counts, rate, seed):
    """Right code fails this at most 7 * FALSE_ALARM often: a test of the rate, and six of pairs that are dropped."""
    n = counts["numbers"]
    if implausible(torch.tensor(counts["dropped"]), n, rate) is not None:
        return (
            f"{counts['dropped']} of {n} numbers were dropped; at a rate of {rate} it should be about {rate * n:.0f}."
        )
    for name, both in counts.items():
        if name.startswith("both") and implausible(torch.tensor(both), n // 2, rate**2) is not None:
            return (
                f"Of {n // 2} pairs of numbers in {name.removeprefix('both, ')} {both} were dropped together; about "
                f"{rate**2 * n / 2:.0f} are to be expected. Is it drawn for each number on its own?"
            )
    return None


def alike_out_of_training_only(ids, p, cfg):
    return {"same logits twice, not training": True, "same logits twice, training": False}


@exercise("6.11", "gpt_forward", points=8, minutes=25, difficulty=2, builds_on=("2.8", "6.8", "6.10"))
class TestGptForward:
    def test_logits(self, student, probes):
        """the logits at every position, for windows shorter than the context, with a head of its own and tied"""
        ladder = probes([small_gpt(False, 1), small_gpt(True)], random=gpt_probe, n=3)
        agree(student.through("logits_out_of_training"), ladder, gpt_in_torch)

    def test_parameters_and_past(self, student, probes):
        """as many parameters in use as 2.8 counts, with their gradients; each output depends on its own and earlier tokens"""
        ladder = probes([small_gpt(False), small_gpt(True)])
        gradients_agree(student.through("logits_and_gradients"), ladder, gpt_in_torch)
        ladder = probes([small_gpt(False), small_gpt(True)], random=gpt_probe, n=1)
        names = ("parameters in use", "slopes of the token rows")
        agree(student.through("parameters_in_use"), ladder, size_and_slopes, names=names, float32=False)
        ladder = probes([small_gpt(False), small_gpt(True)])
        agree(student.through("dependence_in_gpt"), ladder, only_earlier_ids, float32=False)

    def test_dropout(self, student, probes):
        """in training, and only then, numbers of the sum of the embeddings are dropped, at the rate, and the others scaled"""
        ladder = probes([small_gpt(False, drop_rate=0.3), small_gpt(True, drop_rate=0.5)])
        agree(student.through("dropout_in_gpt"), ladder, alike_out_of_training_only, float32=False)
        ladder = probes(
            [(0.3, 0), (0.1, 1)], random=lambda rng: (rng.choice([0.2, 0.4, 0.6]), rng.size(0, 10_000)), n=1
        )
        agree(student.through("factors_in_training"), ladder, only_the_sum_of_the_embeddings)
        ladder = probes([], random=lambda rng: (rng.choice([0.3, 0.4]), rng.size(0, 10_000)), n=1)
        satisfies(student.through("dropped_in_training"), ladder, at_the_rate_and_independent)


# 6.12: the stand-in model says: the next token is (last + first of what it sees) modulo V


def by_the_rule(V, ids, n, context_length, top_k):
    rows = ids.tolist()
    for row in rows:
        for _ in range(n):
            row.append((row[-1] + row[max(0, len(row) - context_length)]) % V)
    return torch.tensor(rows)


def some_beginnings(rng):
    V, context_length = rng.sizes(5, 11, 2)
    return V, rng.integers(0, V, rng.size(2, 4), rng.size(1, 3)), context_length + rng.size(1, 4), context_length, 1


def shares_by_softmax(V, ids, top_k, seed):
    """The most likely token is (last + first) modulo V; the ones after it have logits lower by 0.5 each."""
    shares = torch.zeros(V, dtype=torch.float64)
    best = int(ids[0, -1] + ids[0, 0])
    for rank, share in enumerate(torch.softmax(-0.5 * torch.arange(top_k, dtype=torch.float64), dim=0)):
        shares[(best + rank) % V] = share
    return shares


def tokens_by_softmax(V, ids, top_k, seed):
    """Right code is called wrong less than once in 10 ** 7 times: by Hoeffding's bound for 1000 draws and 5 tokens."""
    shares = shares_by_softmax(V, ids, top_k, seed)
    return {"tokens": shares.nonzero().flatten().tolist(), "shares": shares}


def same_again(V, ids, top_k, seed):
    """The tokens of another seed are the same ones only where there is nothing to choose."""
    same = {"same generator, same tokens": True, "same global seed, same tokens": True}
    return same | {"other global seed, same tokens": top_k == 1}


def one_beginning(rng):
    V = rng.size(6, 7)
    return V, rng.integers(0, V, 1, rng.size(2, 4)), rng.size(3, 4), rng.size(0, 10_000)


def ranks_by_softmax(counts, V, ids, top_k, seed):
    """Right code fails this at most 4 * FALSE_ALARM often: a test of the ranks, and three of tables of pairs."""
    share = F.pad(torch.softmax(-torch.arange(top_k, dtype=torch.float64), dim=0), (0, V - top_k))
    pairs = {"neighbors": 1000, "far apart": 1000, "one after the other": 2000}
    totals = {"ranks": 6000, **pairs}
    if {name: int(table.sum()) for name, table in counts.items()} != totals:
        return f"Not all of the appended tokens are tokens of the model, which has {V}."
    if wrong := implausible(counts["ranks"], 6000, share):
        return (
            f"With logits lower by 1 from rank to rank, {int(counts['ranks'][wrong])} of 6000 draws gave the token of rank "
            f"{wrong[0] + 1}; the softmax over the top {top_k} makes it about {6000 * share[wrong[0]]:.0f}. "
            "What should decide how often a token comes?"
        )
    for name, n in pairs.items():
        if wrong := implausible(counts[name], n, torch.outer(share, share)):
            what = {"neighbors": "neighboring rows", "far apart": "rows far apart"}.get(name, "two tokens of one row")
            return (
                f"The draws for {what} depend on each other: of {n} pairs {int(counts[name][wrong])} gave the ranks "
                f"{wrong[0] + 1} and {wrong[1] + 1}; about {n * share[wrong[0]] * share[wrong[1]]:.0f} are to be expected. "
                "Is each token drawn anew?"
            )
    return None


def by_the_rule_and_left_as_found(V, ids, n, context_length, training):
    return by_the_rule(V, ids, n, context_length, 1), training, False, True


@exercise("6.12", "generate", points=8, minutes=25, difficulty=2, builds_on=("6.11",))
class TestGenerate:
    def test_most_likely(self, student, probes):
        """top_k = 1: the most likely token every time, also when the text grows longer than the context"""
        ladder = probes(
            [
                (10, ids([[1, 2]]), 2, 8, 1),
                (7, ids([[3, 1, 2], [5, 6, 4]]), 5, 4, 1),
                (9, ids([[1, 2, 3, 4, 5, 6]]), 2, 3, 1),
            ],
            random=some_beginnings,
        )
        agree(student.through("continued"), ladder, by_the_rule)

    def test_top_k(self, student, probes):
        """tokens from the top k only, as often as the softmax says, for each row a draw of its own"""
        ladder = probes([(6, ids([[1, 2]]), 3, 0), (4, ids([[3, 1]]), 4, 1)], random=one_beginning, n=1)
        agree(student.through("tokens_drawn"), ladder, tokens_by_softmax, rtol=0, atol=0.1)
        agree(student.through("drawn_again"), ladder, same_again)
        satisfies(student.through("ranks_drawn"), probes([(7, ids([[1, 2]]), 4, 0)]), ranks_by_softmax)

    def test_modes(self, student, probes):
        """predictions in eval mode, without gradients; the model's mode is what it was"""
        one, two = ids([[3, 1, 2]]), ids([[2, 6, 5], [0, 4, 1]])
        ladder = probes([(7, one, 2, 4, True), (7, one, 2, 4, False), (9, two, 4, 3, True), (9, two, 4, 3, False)])
        names = ("ids", "training afterwards", "gradients recorded", "autograd on afterwards")
        agree(student.through("modes_in_generate"), ladder, by_the_rule_and_left_as_found, names=names)


# 6.13

STEPS = 120
GRAMMAR = runpy.run_path(str(HERE / "corpus.py"))
CORPUS = (HERE / "corpus.txt").read_text(encoding="utf-8")
TINY = config(23, 16, 32, 4, 2, drop_rate=0.0) | {"batch_size": 8, "learning_rate": 0.01}


def tensors_of(p):
    if isinstance(p, torch.Tensor):
        return [p]
    return [t for part in (p.values() if isinstance(p, dict) else p) for t in tensors_of(part)]


def start_of(cfg, seed):
    """The parameters that the given code in tiny_gpt.py starts with, in float64."""
    generator = torch.Generator().manual_seed(seed)

    def draw(name, *shape):
        if len(shape) == 1:
            return torch.full(shape, float(name.endswith("gamma")), dtype=torch.float64)
        return (0.02 if name == "head" else 0.1) * torch.randn(shape, generator=generator, dtype=torch.float64)

    return model_of(cfg, draw)


def encoded(text, characters):
    return ids([sorted(set(characters)).index(character) for character in text])


def loss_in_torch(window, p, cfg):
    """Of a text that is one window and its last target."""
    return F.cross_entropy(gpt_in_torch(window[None, :-1], p, cfg)[0], window[1:])


def training_on_one_window(window, cfg, seed):
    """With torch's layers: the parameters and the loss before each update. Every batch holds this window only."""
    p = start_of(cfg, seed)
    every = [t.requires_grad_() for t in tensors_of(p)]
    optimizer = torch.optim.Adam(every, lr=cfg["learning_rate"])
    while True:
        loss = loss_in_torch(window, p, cfg)
        yield p, loss.item()
        for parameter, slope in zip(every, torch.autograd.grad(loss, every), strict=True):
            parameter.grad = slope
        optimizer.step()


def losses_on_one_window(cfg, text, steps, seed):
    training = training_on_one_window(encoded(text, text), cfg, seed)
    return [loss for _, loss in itertools.islice(training, steps)]


def one_window(rng):
    text = "".join(rng.shuffled("aabbcde"))
    cfg = config(5, len(text) - 1, 8, 2, rng.size(1, 2), drop_rate=0.0)
    return (
        cfg | {"batch_size": rng.size(2, 4), "learning_rate": rng.choice([0.003, 0.02])},
        text,
        5,
        rng.size(1, 10_000),
    )


SMALL = config(5, 6, 8, 2, 1, drop_rate=0.0) | {"batch_size": 3, "learning_rate": 0.01}
DROPPING = SMALL | {"drop_rate": 0.3}
FROZEN = SMALL | {"batch_size": 1, "learning_rate": 0.0}


def not_those_without_dropout(losses, cfg, text, steps, seed):
    plain = losses_on_one_window(cfg, text, steps, seed)
    if len(losses) == steps and np.allclose(losses, plain, rtol=1e-6):
        return "The losses are those of a model that drops nothing, but drop_rate is 0.3."
    return None


def two_windows_by_the_seed(cfg, text, steps, seed):
    return {"different losses": 2, "same seed, same batches": True, "other seed, same batches": False}


def next_loss_on_one_window(cfg, text, steps, seed):
    return losses_on_one_window(cfg, text, steps + 1, seed)[-1]


def learns_and_does_not_cheat(answer, cfg, lines, steps, seed):
    """The floor is known from the grammar; the ceiling is what a table of character pairs would reach."""
    start, end = answer
    nothing = math.log(cfg["vocab_size"])
    floor, ceiling = GRAMMAR["entropy_per_character"](), GRAMMAR["entropy_after"]("".join(lines), 1)
    if abs(start - nothing) > 0.1:
        return f"The first loss is {start:.2f}; a fresh model knows nothing and must start near ln V = {nothing:.2f}."
    if end < floor:
        return (
            f"The mean of the last 20 losses is {end:.2f}, below the entropy of the grammar that wrote the text, "
            f"{floor:.2f} nats a character. That is too good: does the model see what it has to predict, or always the "
            "same few characters?"
        )
    if not end < ceiling:
        return (
            f"The mean of the last 20 losses is {end:.2f}. Even a model that sees one character only can reach "
            f"{ceiling:.2f} on this text."
        )
    return None


@exercise(
    "6.13",
    "pretrain",
    points=10,
    minutes=30,
    difficulty=3,
    builds_on=("5.5", "6.2", "6.3", "6.11"),
    seconds=20,
)
class TestPretrain:
    def test_training(self, student, probes):
        """short runs number by number, and their batches; then 120 steps on corpus.txt: neither too bad nor too good"""
        losses = student.through("losses_on_text")
        two_blocks = SMALL | {"n_layers": 2}
        ladder = probes([(SMALL, "abcdeba", 6, 1), (two_blocks, "abcdeba", 2, 1)], random=one_window, n=1)
        agree(losses, ladder, losses_on_one_window, exact_types=True, float32=False, rtol=1e-6)
        satisfies(losses, probes([(DROPPING, "abcdeba", 3, 1)]), not_those_without_dropout)
        agree(student.through("batches_drawn"), probes([(FROZEN, "abcdebac", 30, 1)]), two_windows_by_the_seed)
        trained = student.through("loss_of_the_model")
        agree(trained, probes([(SMALL, "abcdeba", 6, 1)]), next_loss_on_one_window, float32=False, rtol=1e-6)
        lines = CORPUS.splitlines(keepends=True)
        ladder = probes([], random=lambda rng: (TINY, lines, STEPS, rng.size(0, 10_000)), n=1)
        satisfies(student.through("run_on_corpus"), ladder, learns_and_does_not_cheat)
        leave_picture(student)


# 6.14: again, the training text is one window, so that every batch is known


def side_by_side(held_back, T):
    """The windows with their last targets; the last target of one is the first token of the next."""
    return [held_back[start : start + T + 1] for start in range(0, len(held_back) - T, T)]


def losses_on_both(cfg, train_text, valid_text, steps, every, seed):
    window, held_back = (encoded(text, train_text + valid_text) for text in (train_text, valid_text))
    losses, valid = [], []
    for step, (p, loss) in zip(range(steps), training_on_one_window(window, cfg, seed), strict=False):
        if step in range(0, steps, every):
            parts = [loss_in_torch(part, p, cfg).item() for part in side_by_side(held_back, cfg["context_length"])]
            valid.append((step, sum(parts) / len(parts)))
        losses.append(loss)
    return {"training losses": losses, "valid": valid}


def losses_of_a_start(cfg, train_text, valid_text, steps, every, seed):
    return losses_on_both(cfg, train_text, valid_text, steps, every, seed)["valid"]


def batches_as_without_validation(cfg, train_text, valid_text, steps, seed):
    return {"different training losses": 2} | {
        f"same batches, {what}": same
        for what, same in {"validated once": True, "global source elsewhere": True, "other seed": False}.items()
    }


def any_validation(rng):
    cfg, train_text, _, seed = one_window(rng)
    T = cfg["context_length"]
    valid_text = "".join(rng.choice("abcdefg") for _ in range(rng.size(2 * T, 4 * T))) + "fg"
    return cfg | {"vocab_size": 7}, train_text, valid_text, rng.size(4, 6), rng.size(2, 3), seed


def not_in_eval_mode(losses, cfg, train_text, valid_text, steps, every, seed):
    plain = losses_on_one_window(cfg, train_text, steps, seed)
    right = sum(math.isclose(mine, its, rel_tol=1e-6) for mine, its in zip(losses, plain, strict=False))
    if right:
        return f"{right} of {steps} training losses are those of a model that drops nothing, but drop_rate is 0.3."
    return None


SEVEN = SMALL | {"vocab_size": 7}


@exercise(
    "6.14",
    "pretrain_with_validation",
    points=7,
    minutes=20,
    difficulty=2,
    builds_on=("6.2", "6.3", "6.11", "6.13"),
    seconds=20,
)
class TestPretrainWithValidation:
    def test_losses(self, student, probes):
        """training losses and validation losses number by number, where all batches are the same"""
        ladder = probes(
            [
                (SMALL, "abcdeba", "edcbaab", 3, 1, 1),
                (SMALL, "abcdeba", "edcbaabcdeabc", 7, 3, 1),
                (SEVEN, "abcdeba", "gfedcb" * 3, 3, 2, 2),
            ],
            random=any_validation,
            n=2,
        )
        both = student.through("losses_beside_validation")
        agree(both, ladder, losses_on_both, exact_types=True, float32=False, rtol=1e-6)

    def test_training_is_not_disturbed(self, student, probes):
        """batches and dropout as without validation; each validation loss as without dropout"""
        ladder = probes([(FROZEN, "abcdebac", "edcbaabcdeabc", 30, 1)])
        agree(student.through("batches_beside_validation"), ladder, batches_as_without_validation)
        still = DROPPING | {"learning_rate": 0.0}
        ladder = probes([(still, "abcdeba", "edcbaabcdeabc", 5, 2, 1)])
        agree(student.through("validation_losses"), ladder, losses_of_a_start, float32=False, rtol=1e-6)
        ladder = probes([(still, "abcdeba", "edcbaab", 4, 2, 1)])
        satisfies(student.through("training_losses"), ladder, not_in_eval_mode)
        leave_picture(student)


# 6.15


def nats_of_a_distribution(logits, targets):
    return -torch.distributions.Categorical(logits=logits).log_prob(targets).mean()


@exercise("6.15", "repaired_loss", points=3, minutes=10, difficulty=1, builds_on=("6.3",))
class TestRepairedLoss:
    def test_loss(self, student, probes):
        """the mean over all positions, as in 6.3, and its gradient"""
        one = floats([[[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
        two = floats([[[1.0, 3.0], [0.5, -1.0], [2.0, 2.5]], [[-1.0, 0.0], [4.0, 1.0], [0.0, 0.3]]])
        certain = floats([[[50.0, 0.0, 0.0, 0.0], [0.0, 0.0, 50.0, 0.0]]])
        by_hand = [(one, ids([[0, 2]])), (certain, ids([[0, 2]])), (two, ids([[0, 1, 1], [1, 0, 1]]))]
        ladder = probes(by_hand, random=any_logits)
        agree(student.repaired_loss, ladder, nats_of_a_distribution, strided=True, requires_grad=True)
        ladder = probes([(two, ids([[0, 1, 1], [1, 0, 1]]))])
        gradients_agree(student.through("repaired_loss_and_gradients"), ladder, nats_of_a_distribution)


# 6.16


def couples_at(data, starts, T):
    """The rows of all windows that begin there, from 6.1."""
    x, y = couples_in_windows(data, T)
    return x[starts], y[starts]


def text_and_starts(rng):
    T, more = rng.sizes(2, 6, 2)
    return ids(rng.shuffled(range(10, 10 + T + more))), [rng.size(0, more - 1) for _ in range(3)], T


@exercise("6.16", "repaired_batch", points=4, minutes=15, difficulty=3, builds_on=("6.1",))
class TestRepairedBatch:
    def test_windows(self, student, probes):
        """the window at each start, and for each of its tokens, also the last, the one that follows in the text"""
        ladder = probes(
            [
                (ids([7, 4, 11, 11, 14]), [1, 0], 3),
                (ids([5, 6, 7, 8, 9, 4]), [0, 2, 0], 3),
                (ids([3, 1, 4, 2]), [2, 0], 1),
                (ids([8, 2, 9]), [0], 2),
            ],
            random=text_and_starts,
        )
        agree(student.repaired_batch, ladder, couples_at, names=("x", "y"))
