"""Hidden probes of assignment 06: further inputs that submissions meet when they are graded for marks."""

import torch

from gradlings import Rng, floats

rng = Rng(106)


def ids(values):
    return torch.tensor(values, dtype=torch.int64)


def text(n, V):
    return rng.integers(0, V, n)


def shuffled(n):
    return ids(rng.shuffled(range(n)))


def qkv(*shape, spread=1.0):
    return tuple(spread * rng.normal(*shape) for _ in range(3))


def every(T):
    return torch.ones(T, T, dtype=torch.bool)


def only_hidden_are_alike():
    """Two queries whose visible scores are hundreds of thousands below those of the hidden keys."""
    q, k = floats([[1000.0, 0.0], [1000.0, 0.0]]), floats([[-500.0, 0.0], [500.0, 0.0]])
    return q, k, floats([[1.0, 2.0], [-3.0, 7.0]]), every(2).tril()


def heads(B, T, H, d):
    """The arguments of multi_head_attention; weights so small that every position keeps some of the attention."""
    D = H * d
    return rng.normal(B, T, D), 0.3 * rng.normal(3 * D, D), rng.normal(D, D), rng.normal(D), H


BLOCK = {
    "norm1_gamma": (1,),
    "norm1_beta": (1,),
    "Wqkv": (3, 1),
    "Wo": (1, 1),
    "bo": (1,),
    "norm2_gamma": (1,),
    "norm2_beta": (1,),
    "W1": (4, 1),
    "b1": (4,),
    "W2": (1, 4),
    "b2": (1,),
}
"""Shapes of a block's parameters, in units of D."""


def draw(name, *shape):
    return 0.5 * rng.normal(*shape) + name.endswith("gamma")


def block_of(D):
    return {name: draw(name, *(D * size for size in shape)) for name, shape in BLOCK.items()}


def block(B, T, H, d, attention=True):
    """The arguments of gpt_block; without attention its output layer is all zeros."""
    p = block_of(H * d)
    if not attention:
        p |= {"Wo": torch.zeros_like(p["Wo"]), "bo": torch.zeros_like(p["bo"])}
    return rng.normal(B, T, H * d), p, H


def config(vocab_size, context_length, emb_dim, n_heads, n_layers, drop_rate=0.0):
    return {
        "vocab_size": vocab_size,
        "context_length": context_length,
        "emb_dim": emb_dim,
        "n_heads": n_heads,
        "n_layers": n_layers,
        "drop_rate": drop_rate,
        "qkv_bias": False,
    }


def gpt(B, T, cfg, tied=False):
    """The arguments of gpt_forward."""
    V, D = cfg["vocab_size"], cfg["emb_dim"]
    p = {
        "tokens": draw("tokens", V, D),
        "positions": draw("positions", cfg["context_length"], D),
        "blocks": [block_of(D) for _ in range(cfg["n_layers"])],
        "norm_gamma": draw("norm_gamma", D),
        "norm_beta": draw("norm_beta", D),
    }
    return rng.integers(0, V, B, T), p if tied else p | {"head": draw("head", V, D)}, cfg


def norm(*shape, eps=1e-5, spread=1.0, around=0.0):
    """The arguments of layer_norm."""
    return around + spread * rng.normal(*shape), rng.normal(shape[-1]), rng.normal(shape[-1]), eps


def watched(vocab_size, emb_dim, batch_size):
    """A config of pretrain_with_validation, for training texts of 7 characters, which are one window."""
    return config(vocab_size, 6, emb_dim, 2, 1) | {"batch_size": batch_size, "learning_rate": 0.02}


PROBES = {
    # 6.1 all windows: a single one, a longer text, one token over and over
    "6.1::test_every_window": [(text(9, 5), 8), (text(60, 7), 9), (ids([7, 7, 7, 7]), 2), (text(12, 3), 1)],
    # 6.2 random windows: of one token, of many
    "6.2::test_which_windows": [(shuffled(8), 64, 1, 3, 12), (shuffled(16), 64, 12, 4, 12)],
    "6.2::test_generator": [(shuffled(400), 16, 20, 5)],
    # 6.3 cross-entropy: one position, a larger vocabulary, the last token every time
    "6.3::test_mean_over_all_positions": [
        (floats([[[0.3, -1.2, 0.8, 0.1]]]), ids([[3]])),
        (2 * rng.normal(2, 3, 60), 59 * torch.ones(2, 3, dtype=torch.int64)),
        (-20 + rng.normal(3, 8, 11), text(24, 11).reshape(3, 8)),
    ],
    "6.3::test_huge_logits": [
        (floats([[[-1000.0, -1002.0], [1e4, 1e4]], [[0.5, -0.5], [-900.0, 900.0]]]), ids([[1, 0], [1, 1]])),
    ],
    # 6.4 perplexity: a single token, many batches, long ones
    "6.4::test_one_batch": [(floats([2.5]), ids([1])), (floats([3.2e6]), ids([10**6]))],
    "6.4::test_unequal_batches": [
        (rng.uniform(0.5, 2.5, 40), torch.ones(40, dtype=torch.int64)),
        (floats([0.4, 9000.0]), ids([1, 5000])),
    ],
    # 6.5 the causal mask
    "6.5::test_who_may_look_where": [(13,), (64,)],
    # 6.6 attention: one position, one number a position, other axes in front, hidden keys that match far better
    "6.6::test_all_positions_visible": [
        (*qkv(1, 3), every(1)),
        (*qkv(4, 1), every(4)),
        (*qkv(3, 9, 16), every(9)),
    ],
    "6.6::test_masks": [
        only_hidden_are_alike(),
        (*qkv(3, 6, 5), every(6).triu()),  # the future only
        (*qkv(2, 1, 2, 4, 3), torch.eye(4).bool()),
        (*qkv(2, 2, 9, 16, spread=2.0), every(9).tril()),
    ],
    # 6.7 several heads: one position, one number a head, as many heads as numbers a head
    "6.7::test_one_head": [heads(1, 1, 1, 4), heads(2, 3, 1, 1), heads(3, 9, 1, 6)],
    "6.7::test_several_heads": [heads(1, 9, 4, 4), heads(2, 1, 2, 2), heads(1, 5, 6, 1)],
    # 6.8 layer norm: a single row without other axes, more axes, wide rows far from 0
    "6.8::test_rows": [norm(5), norm(2, 3, 2, 4, eps=1e-3), norm(3, 64, around=100.0), norm(2, 6, spread=50.0)],
    # 6.9 GELU
    "6.9::test_tanh_form": [(floats(-0.7),), (3 * rng.normal(2, 1, 3, 2),), (floats([1e3, -1e3, 1e-6]),)],
    # 6.10 and 6.11 blocks and models: full windows, one token, one layer and four, another number of heads
    "6.10::test_feed_forward_half": [block(1, 1, 1, 3, attention=False), block(2, 7, 3, 3, attention=False)],
    "6.10::test_whole_block": [block(1, 1, 1, 3), block(1, 9, 4, 2), block(3, 2, 2, 8)],
    "6.11::test_logits": [
        gpt(1, 6, config(8, 6, 6, 1, 4, drop_rate=0.5)),
        gpt(3, 1, config(30, 4, 8, 4, 1), tied=True),
        gpt(2, 12, config(5, 12, 12, 2, 2)),
    ],
    "6.11::test_parameters_and_past": [
        gpt(1, 6, config(8, 6, 6, 1, 4)),
        gpt(3, 4, config(30, 9, 8, 4, 1), tied=True),
    ],
    "6.11::test_dropout": [gpt(4, 6, config(8, 6, 8, 2, 1, drop_rate=0.5), tied=True)],
    # 6.12 generation: a context of one token, a long continuation, one and all tokens to choose from
    "6.12::test_most_likely": [
        (50, ids([[49], [17], [3]]), 4, 1, 1),
        (11, ids([[2, 9, 4]]), 25, 7, 1),
        (6, ids([[1, 5, 2, 3, 4, 0, 2, 5, 1]]), 1, 2, 1),
    ],
    "6.12::test_top_k": [(8, ids([[3, 1, 2]]), 1, 5), (5, ids([[4, 1]]), 5, 6)],
    "6.12::test_modes": [(11, ids([[2, 9], [0, 4]]), 4, 3, False), (11, ids([[2, 9], [0, 4]]), 4, 3, True)],
    # 6.13 training: more layers and heads, another rate
    "6.13::test_training": [
        (config(3, 9, 12, 3, 3) | {"batch_size": 1, "learning_rate": 0.005}, "abacabbcaa", 4, 77),
    ],
    # 6.14 validation: a text with a last target and nothing more, many windows, letters that one text has alone
    "6.14::test_losses": [
        (watched(5, 8, 4), "abacdab", "dcbaeb" * 5 + "a", 4, 3, 77),
        (watched(8, 12, 3), "ghabcah", "fedcbaab", 3, 2, 5),
    ],
    "6.14::test_training_is_not_disturbed": [
        (watched(4, 8, 2) | {"batch_size": 1, "learning_rate": 0.0}, "abcdbaca", "dcbabcdabcadbb", 40, 9),
    ],
    # 6.15 the repaired loss: one position, a larger vocabulary, certain and wrong
    "6.15::test_loss": [
        (floats([[[0.3, -1.2, 0.8, 0.1]]]), ids([[3]])),
        (2 * rng.normal(2, 3, 60), 59 * torch.ones(2, 3, dtype=torch.int64)),
        (floats([[[-30.0, 20.0], [4.0, 4.0]], [[0.5, -0.5], [9.0, -9.0]]]), ids([[0, 1], [1, 0]])),
    ],
    # 6.16 the repaired batch: the last window of the text, windows of one token, one row, one token over and over
    "6.16::test_windows": [
        (shuffled(30), [29 - 8, 0, 13, 13, 5], 8),
        (text(9, 5), [7], 1),
        (ids([7, 7, 7, 2]), [0, 0], 3),
    ],
}
