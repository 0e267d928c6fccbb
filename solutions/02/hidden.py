"""Hidden probes of assignment 02: further inputs that submissions meet when they are graded for marks.

The checks of 2.1 and 2.2 know the answers to their own questions only, so there are none for those two.
"""

import torch

from gradlings import Rng, floats

rng = Rng(102)
KEYS = ("vocab_size", "context_length", "emb_dim", "n_heads", "n_layers", "drop_rate", "qkv_bias")


def config(vocab_size, context_length, emb_dim, n_heads, n_layers, qkv_bias=False):
    values = (vocab_size, context_length, emb_dim, n_heads, n_layers, 0.1, qkv_bias)
    return dict(zip(KEYS, values, strict=True))


LEAST = config(1, 1, 1, 1, 1)
ONE_HEAD = config(300, 300, 48, 1, 1)  # as many tokens as positions
DEEP = config(13, 8, 16, 16, 9, qkv_bias=True)
MODERN = config(32_000, 4096, 4096, 32, 32)
BACKWARDS = dict(reversed(config(19, 7, 30, 5, 2, qkv_bias=True).items()))  # a setting is known by its name
GPT_3_13B = config(50257, 2048, 5120, 40, 40)


def kept(*shape):
    """A mask that keeps about half."""
    return rng.integers(0, 2, *shape).bool()


PROBES = {
    # 2.3 to 2.8: counts of smaller and larger layers and models
    "2.3::test_with_and_without_bias": [(1, 1, True), (1, 1, False), (5, 5, True), (12_288, 49_152, True)],
    "2.4::test_both_tables": [(LEAST,), (ONE_HEAD,), (MODERN,), (BACKWARDS,)],
    "2.5::test_any_width": [(1,), (4096,), (12_288,)],
    "2.6::test_without_qkv_bias": [(LEAST,), (ONE_HEAD,), (MODERN,)],
    "2.6::test_both_values_of_qkv_bias": [(DEEP,), (BACKWARDS,), (MODERN | {"qkv_bias": True},)],
    "2.7::test_four_times_wider": [(LEAST,), (BACKWARDS,), (MODERN,)],
    "2.7::test_other_widths": [(LEAST, 1), (BACKWARDS, 8), (MODERN, 3)],
    "2.8::test_head_of_its_own": [(LEAST,), (ONE_HEAD,), (DEEP, False)],
    "2.8::test_tied_or_not": [(ONE_HEAD, True), (DEEP, True), (BACKWARDS, True), (BACKWARDS, False)],
    "2.8::test_published_models": [(GPT_3_13B, False), (GPT_3_13B, True)],
    # 2.9 counting the parameters of a module: many norms, everything frozen, a square token table
    "2.9::test_each_number_once": [(1, 1, 1, 0), (50, 8, 3, 6), (6, 6, 6, 1)],
    "2.9::test_trainable_only": [
        (6, 4, ["tokens", "mix.weight", "mix.bias"], True),
        (6, 4, ["tokens", "mix.weight", "mix.bias"], False),
        (4, 4, ["mix.weight"], True),
    ],
    # 2.10 memory: dtypes that the public probes leave out, more numbers than a float can count
    "2.10::test_bytes": [(3, torch.int16), (7, torch.int32), (10**17 + 1, torch.float64), (1, torch.uint8)],
    "2.10::test_mebibytes": [(1, torch.int16), (3 * 2**20, torch.float64), (5, torch.bool)],
    # 2.11 dropout: nothing dropped, everything dropped, larger rates, more axes
    "2.11::test_training": [
        (floats([4.0, -2.0]), torch.tensor([True, True]), 0.0, True),
        (floats([[4.0, -2.0]]), torch.tensor([[False, False]]), 0.1, True),
        (rng.normal(2, 3, 4), kept(2, 3, 4), 0.75, True),
    ],
    "2.11::test_both_modes": [
        (rng.normal(2, 3, 4), kept(2, 3, 4), 0.5, False),
        (floats([4.0, -2.0]), torch.tensor([False, False]), 0.9, False),
        (rng.normal(5, 6), kept(5, 6), 0.6, True),
    ],
}
