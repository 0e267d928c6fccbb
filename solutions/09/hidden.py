"""Hidden probes of assignment 09: further inputs that submissions meet when they are graded for marks."""

import torch

from gradlings import Rng, floats

rng = Rng(109)


def ids(values):
    return torch.tensor(values, dtype=torch.int64)


def changed_layer(n_in, n_out, r, *shape):
    """x, W, b, A and B; x has some axes before its last."""
    return tuple(rng.normal(*s) for s in [(*shape, n_in), (n_out, n_in), (n_out,), (r, n_in), (n_out, r)])


def chat(word, *contents):
    """One message for each letter of the word."""
    roles = {"s": "system", "u": "user", "a": "assistant", "t": "tool"}
    return [{"role": roles[letter], "content": content} for letter, content in zip(word, contents, strict=True)]


def a_run(V, D, H, n_layers, B, T, steps, lr):
    """A small model, rows whose last places are their answers, and how it is trained."""
    norm = {"norm1_gamma": (D,), "norm1_beta": (D,), "norm2_gamma": (D,), "norm2_beta": (D,)}
    matrices = {"Wqkv": (3 * D, D), "Wo": (D, D), "W1": (4 * D, D), "W2": (D, 4 * D)}
    block = norm | matrices | {"bo": (D,), "b1": (4 * D,), "b2": (D,)}
    outer = {"tokens": (V, D), "positions": (T, D), "head": (V, D), "norm_gamma": (D,), "norm_beta": (D,)}

    def draw(shapes):
        return {name: 0.3 * rng.normal(*shape) + name.endswith("gamma") for name, shape in shapes.items()}

    p = draw(outer) | {"blocks": [draw(block) for _ in range(n_layers)]}
    cfg = {"vocab_size": V, "context_length": T, "emb_dim": D, "n_heads": H, "n_layers": n_layers}
    tokens = rng.integers(0, V, B, T)
    labels = torch.where(torch.arange(T) >= T - rng.integers(1, T, B, 1), tokens, -100)
    return p, cfg, tokens, labels, steps, lr


PROBES = {
    # 9.1 conversations: long ones, signs that are nearly those of the template, several reasons to refuse
    "9.1::test_messages": [
        (chat("s" + "ua" * 6 + "u", *"abcdefghijklmn"), True),
        (chat("ua", "a < b | c <b|> |>", "< |end|>"), False),
        (chat("su", "\n", "\n\n"), True),
    ],
    "9.1::test_refused": [
        (chat("suauu", "a", "b", "c", "d", "e"), True),
        (chat("uasu", "a", "b", "c", "d"), True),
        (chat("ssu", "a", "b", "c"), False),
        (chat("at", "<|", "x"), True),
        (chat("uaua", "a", "b", "c", "say <|end|>"), False),
        (chat("suaua", "a", "b", "c", "d", "e"), True),
    ],
    # 9.2 labels: rows of one token, of many, answers of nothing but ends
    "9.2::test_prompt": [
        (ids([[8]]), ids([0]), ids([1])),
        (ids([[8], [9]]), ids([1, 0]), ids([1, 1])),
        (rng.integers(0, 50_257, 3, 40), ids([39, 40, 7]), ids([40, 40, 40])),
    ],
    "9.2::test_pads": [
        (ids([[0, 0, 0, 0], [0, 0, 0, 0]]), ids([1, 0]), ids([3, 1])),
        (ids([[4, 4, 4], [4, 4, 4]]), ids([2, 1]), ids([2, 2])),
        (rng.integers(0, 3, 5, 30), ids([0, 5, 10, 20, 1]), ids([30, 10, 10, 29, 2])),
    ],
    # 9.3 loss: two places, two tokens, labels at place 0, long rows beside short ones
    "9.3::test_mean": [
        (rng.normal(1, 2, 4), ids([[1, 3]])),
        (rng.normal(2, 3, 2), ids([[1, -100, 0], [0, 1, 1]])),
        (rng.normal(2, 20, 5), torch.stack([rng.integers(0, 5, 20), ids([-100] * 19 + [2])])),
    ],
    "9.3::test_nothing_counts": [
        (rng.normal(3, 2, 3), ids([[2, -100], [1, -100], [-100, -100]])),
        (rng.normal(2, 6, 3), ids([[0, -100, -100, -100, -100, -100], [-100, -100, -100, -100, -100, 2]])),
    ],
    "9.3::test_huge_logits": [(5000 * rng.normal(2, 4, 6), ids([[-100, 5, 0, 1], [2, -100, -100, 3]]))],
    # 9.4 freezing: a prefix of a prefix, the same prefix twice, names that begin alike
    "9.4::test_prefixes": [
        (5, ["block", "block.norm", "block"], ["block.norm.bias"]),
        (1, ["head_norm", "head"], ["head_norm.weight", "head.weight", "block2.bias"]),
        (3, ["block2.bias", "block.head.bias"], []),
    ],
    "9.4::test_unknown": [
        (2, ["block", "block.head.weights"], ["block2.weight"]),
        (2, ["head_norm.", "head"], []),
        (2, ["block", "drop"], ["head.weight"]),
    ],
    # 9.5 LoRA: square layers, a rank as large as the inputs, alpha below the rank, many axes
    "9.5::test_forward": [
        (*changed_layer(4, 4, 2, 3), 3.0),
        (*changed_layer(3, 2, 3, 2, 1, 4), 1.5),
        (*changed_layer(6, 5, 4, 1), 0.25),
        (*changed_layer(1, 7, 2, 5), 6.0),
    ],
    "9.5::test_start": [(600, 3, 40, 3), (200, 200, 200, 8)],
    # 9.6 merging and counting: a rank above both sizes, many layers
    "9.6::test_merge": [
        (rng.normal(3, 2), rng.normal(5, 2), rng.normal(3, 5), 10.0),
        (rng.normal(20, 30), rng.normal(4, 30), rng.normal(20, 4), 0.1),
    ],
    "9.6::test_count": [([(4096, 4096), (1024, 4096)] * 32, 16), ([(1, 1)], 1), ([(7, 50_257)], 3)],
    # 9.7 log-probabilities: two places, masks with gaps, long rows
    "9.7::test_sums": [
        (rng.normal(1, 2, 3), ids([[2, 0]]), torch.tensor([[True, True]])),
        (rng.normal(3, 2, 4), ids([[1, 0], [2, 3], [0, 0]]), torch.tensor([[True, False], [False, True], [False] * 2])),
        (rng.normal(2, 30, 5), rng.integers(0, 5, 2, 30), rng.uniform(0, 1, 2, 30) < 0.5),
    ],
    "9.7::test_huge_logits": [
        (5000 * rng.normal(2, 4, 6), rng.integers(0, 6, 2, 4), torch.tensor([[False, True, True, True]] * 2))
    ],
    # 9.8 preferences: one pair that wins, all of them, a large beta, nothing but draws
    "9.8::test_values": [
        (floats([-1.0]), floats([-9.0]), floats([-4.0]), floats([-5.0]), 2.0),
        (floats([-3.0, -8.0]), floats([-3.0, -9.0]), floats([-2.0, -7.0]), floats([-2.0, -8.0]), 0.1),
        (*(-300 * rng.uniform(0, 1, 40) for _ in range(4)), 0.05),
    ],
    "9.8::test_slopes": [
        (floats([-1.0]), floats([-9.0]), floats([-4.0]), floats([-5.0]), 2.0),
        (floats([-7.0, -7.0]), floats([-6.0, -2.0]), floats([-3.0, -3.0]), floats([-3.0, -4.0]), 0.7),
    ],
    "9.8::test_far_apart": [
        (floats([-2.0e4, -3.0]), floats([-5.0, -4.0]), floats([-9.0, -3.0e4]), floats([-9.0, -1.0]), 1.5)
    ],
    # 9.9 the run: other sizes and learning rates, one row, three blocks
    "9.9::test_losses": [a_run(9, 8, 4, 3, 1, 7, 3, 0.05), a_run(4, 6, 3, 1, 5, 4, 8, 0.0005)],
}
