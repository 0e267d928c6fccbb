"""Hidden probes of assignment 08: further inputs that submissions meet when they are graded for marks."""

import torch

from gradlings import Rng, floats

rng = Rng(108)


def ids(values):
    return torch.tensor(values, dtype=torch.int64)


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
}
