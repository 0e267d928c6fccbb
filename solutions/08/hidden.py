"""Hidden probes of assignment 08: further inputs that submissions meet when they are graded for marks."""

import torch

from gradlings import Rng, floats

rng = Rng(108)

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
}
