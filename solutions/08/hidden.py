"""Hidden probes of assignment 08: further inputs that submissions meet when they are graded for marks."""

import torch

from gradlings import Rng, floats

rng = Rng(108)


def ids(values):
    return torch.tensor(values, dtype=torch.int64)


def heads(B, H, d, sizes):
    D = H * d
    return rng.normal(B, sum(sizes), D), rng.normal(3 * D, D), rng.normal(D, D), rng.normal(D), H, sizes


def text_in_pieces(B, sizes, V, context_length, D, H, L):
    cfg = {"vocab_size": V, "context_length": context_length, "emb_dim": D, "n_heads": H, "n_layers": L}
    block = {"norm1_gamma": (D,), "norm1_beta": (D,), "Wqkv": (3 * D, D), "Wo": (D, D), "bo": (D,)}
    block |= {"norm2_gamma": (D,), "norm2_beta": (D,), "W1": (4 * D, D), "b1": (4 * D,), "W2": (D, 4 * D), "b2": (D,)}
    outside = {
        "tokens": (V, D),
        "positions": (context_length, D),
        "norm_gamma": (D,),
        "norm_beta": (D,),
        "head": (V, D),
    }

    def drawn(shapes):
        return {name: 0.5 * rng.normal(*shape) + name.endswith("gamma") for name, shape in shapes.items()}

    p = drawn(outside) | {"blocks": [drawn(block) for _ in range(L)]}
    return rng.integers(0, V, B, sum(sizes)), sizes, p, cfg


PROBES = {
    # 8.1 temperature: three axes, hugely negative logits, many rows
    "8.1::test_temperatures": [
        (2 * rng.normal(3, 2, 5), 0.3),
        (floats([[-4000.0, -4003.0], [-90.0, 4000.0]]), 1.5),
        (floats([[0.0]]), 7.0),
    ],
    "8.1::test_zero": [
        (rng.normal(2, 3, 4), 0.0),
        (floats([[-5.0, -2.0, -2.0, -7.0], [0.0, 0.0, 0.0, 0.0]]), 0.0),
        (rng.normal(2, 3), -0.25),
    ],
    # 8.2 top-k and top-p: one token, three axes, p just above and just below a sum, rows that are sorted already
    "8.2::test_top_k": [
        (floats([0.5]), 1),
        (floats([[-3.0], [2.0]]), 4),
        (rng.normal(2, 3, 6), 3),
        (floats([9.0, 7.0, -1.0, -8.0]), 3),
        (floats([1.0, 2.0, 3.0]), -1),
    ],
    "8.2::test_top_p": [
        (floats([1.0]), 0.4),
        (rng.normal(2, 3, 4).softmax(-1), 0.6),
        (floats([0.5, 0.25, 0.125, 0.125]), 0.7501),
        (floats([0.5, 0.25, 0.1875, 0.0625]), 0.7499),
        (floats([0.0625, 0.1875, 0.25, 0.5]), 0.9375),
        (floats([0.25, 0.75]), 1.0001),
        (floats([0.25, 0.75]), 0.0),
    ],
    # 8.3 penalty: a logit of exactly 0, every token seen, long texts
    "8.3::test_penalty": [
        (floats([[0.0, 1.0, -1.0]]), ids([[0, 2]]), 1.3),
        (rng.normal(2, 4), ids([[3, 1, 2, 0], [0, 1, 2, 3]]), 1.7),
        (rng.normal(4, 9), rng.integers(0, 9, 4, 40), 1.05),
        (floats([[2.0, -1.0]]), ids([[1]]), 1e-3),
    ],
    # 8.4 stopping: one row, nobody ends, all end at once, pad and eos are the same id
    "8.4::test_ends": [
        (10, ids([[7]]), 8, 9, 0),
        (11, ids([[1], [2], [3]]), 4, 10, 0),
        (10, ids([[1], [1]]), 9, 3, 0),
        (9, rng.integers(0, 9, 6, 2), 12, 4, 8),
        (10, ids([[2], [6]]), 7, 8, 8),
    ],
    "8.4::test_prompts": [
        (10, ids([[8, 8, 4], [4, 8, 8]]), 5, 8, 8),
        (12, rng.integers(0, 12, 3, 5), 10, 6, 6),
    ],
    # 8.5 attention: a text of one token, heads of one number, twelve tokens one by one
    "8.5::test_first_call": [heads(1, 2, 3, [1]), heads(3, 4, 1, [5])],
    "8.5::test_pieces": [heads(2, 3, 1, [2, 3]), heads(1, 2, 2, [1] * 12), heads(3, 2, 3, [1, 6, 2])],
    # 8.6 a step: one layer and four, as many heads as numbers, a context that is just full
    "8.6::test_pieces": [
        text_in_pieces(3, [2, 2], 5, 9, 4, 2, 1),
        text_in_pieces(1, [1, 4, 1], 6, 8, 4, 2, 4),
        text_in_pieces(2, [3, 2], 5, 7, 4, 4, 2),
    ],
    "8.6::test_context": [
        text_in_pieces(1, [2, 3], 5, 5, 4, 1, 2),
        text_in_pieces(1, [1, 1, 1, 1], 5, 3, 4, 1, 1),
        text_in_pieces(2, [5, 4], 5, 6, 4, 2, 1),
    ],
    # 8.7 bytes: a single head of keys, odd sizes, eight bytes
    "8.7::test_bytes": [
        ({"emb_dim": 64, "n_heads": 8, "n_kv_heads": 1, "n_layers": 6, "context_length": 99}, 7, 33, torch.float16),
        ({"emb_dim": 30, "n_heads": 3, "n_layers": 1, "context_length": 9}, 2, 5, torch.float64),
    ],
    # 8.8 drafts: a token that the large model never writes, two tokens, a small model that is sure
    "8.8::test_one_draft": [
        (floats([0.0, 1.0]), floats([0.5, 0.5]), 0, 0.0),
        (floats([0.25, 0.75]), floats([0.75, 0.25]), 0, 0.3),
        (floats([0.25, 0.75]), floats([0.75, 0.25]), 0, 0.35),
        (floats([0.5, 0.25, 0.25]), floats([1.0, 0.0, 0.0]), 0, 0.625),
    ],
    "8.8::test_all_drafts": [
        (floats([0.25, 0.75, 0.0]), floats([0.0, 0.5, 0.5]), 4),
        (floats([0.125, 0.875]), floats([1.0, 0.0]), 16),
    ],
    # 8.9 whole numbers: one column, tiny rows, a square matrix
    "8.9::test_there": [
        (floats([[3.0], [-0.25], [0.0]]),),
        (1e-6 * rng.normal(3, 4),),
        (rng.normal(4, 4),),
        (floats([[-1.0, 0.25, 0.5], [0.0, 0.0, -0.0]]),),
    ],
    "8.9::test_back": [
        (torch.tensor([[-127], [5]], dtype=torch.int8), floats([1e-6, 40.0])),
        (rng.integers(-127, 128, 4, 4).to(torch.int8), rng.uniform(0.5, 9, 4)),
    ],
    # 8.10 writing: a prompt of one token, many new tokens, a long prompt
    "8.10::test_calls": [(9, ids([[4]]), 40), (12, rng.integers(0, 12, 4, 20), 3), (6, ids([[5], [0]]), 0)],
}
